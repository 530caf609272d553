//! The cases of a period: whose move each is, until when, and by how much it is late.
//!
//! In: cases as they stood at its end. Out: lines, those that are late first, then first due; counts of them. A case says
//! nothing of its own here but what people wrote into its head: number, title, state, unit, clock.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use pipelines::record::{PostId, Severity, StoryId};
use serde::Serialize;

use super::digest::Figure;
use super::input::DigestPost;
use super::ledger::Ledger;
use crate::cases::counted::Counted;
use crate::cases::{Clock, State};

/// Posts named of one case; the figure beside them leads to all.
const NAMED: usize = 2;

/// The deadline of a case that comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CaseDue {
    /// What has to be done by then.
    pub clock: Clock,
    /// When.
    pub at: DateTime<Utc>,
    /// Minutes by which it is late, as its clock counts them; 0 where it is not.
    pub late_minutes: i64,
    /// Whether it stands still.
    pub is_held: bool,
}

/// A case as it stood at the end of the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseInput {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// Its grade.
    pub grade: Severity,
    /// The unit that handles it, else those it concerns; empty where none was named.
    pub unit: String,
    /// Who approves the answer; empty where nobody was named.
    pub approver: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it was answered.
    pub answered: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// The deadline that comes first; none where none runs.
    pub due: Option<CaseDue>,
    /// The posts it is about.
    pub posts: Vec<PostId>,
    /// The happenings it is about, those of its posts included.
    pub stories: Vec<StoryId>,
}

/// A case in a digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseLine {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// Its grade.
    pub grade: Severity,
    /// The unit that handles it, else those it concerns.
    pub unit: String,
    /// Who approves the answer.
    pub approver: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it was answered.
    pub answered: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// The deadline that comes first.
    pub due: Option<CaseDue>,
    /// The posts it is about, as far as they are of the digest.
    pub evidence: Figure,
    /// The numbers of the first of them.
    pub posts: Vec<usize>,
    /// The happenings it is about.
    pub stories: Vec<StoryId>,
}

impl CaseLine {
    /// Whether nothing is to be done any more.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Closed | State::Dismissed)
    }

    /// Whether its first deadline is over.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.due.is_some_and(|due| due.late_minutes > 0)
    }
}

/// The cases of a period.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cases {
    /// Those that had not ended: late ones first, then first due, then those that wait for no deadline. Then those that
    /// ended in the period.
    pub lines: Vec<CaseLine>,
    /// That had not ended.
    pub open: usize,
    /// Whose first deadline was over.
    pub late: usize,
    /// Opened in the period.
    pub opened: usize,
    /// Answered in the period.
    pub answered: usize,
    /// Ended in the period.
    pub ended: usize,
    /// Grievances among them by unit.
    pub grievances: Vec<(String, Counted)>,
}

/// The lines of all cases, and their counts.
pub(super) fn cases(ledger: &mut Ledger) -> Cases {
    let input = ledger.input;
    let mut all: Vec<&CaseInput> = input.cases.iter().collect();
    let order = |case: &&CaseInput| {
        let late = case.due.filter(|due| due.late_minutes > 0).map_or(0, |due| due.late_minutes);
        let is_ended = matches!(case.state, State::Closed | State::Dismissed);
        let due = case.due.filter(|due| !due.is_held).map(|due| due.at);
        (is_ended, std::cmp::Reverse(late), due.is_none(), due, case.number.clone())
    };
    all.sort_by_key(order);
    let within =
        |at: &Option<DateTime<Utc>>| at.is_some_and(|at| (input.from..input.to).contains(&at));
    let lines: Vec<CaseLine> = all.into_iter().map(|case| line(ledger, case)).collect();
    let count = |of: &dyn Fn(&CaseLine) -> bool| lines.iter().filter(|line| of(line)).count();
    Cases {
        open: count(&|line| !line.is_ended()),
        late: count(&|line| !line.is_ended() && line.is_late()),
        opened: count(&|line| within(&Some(line.opened))),
        answered: count(&|line| within(&line.answered)),
        ended: count(&|line| within(&line.ended)),
        grievances: input.grievances.clone(),
        lines,
    }
}

fn line(ledger: &mut Ledger, case: &CaseInput) -> CaseLine {
    let mut known = HashSet::new();
    let posts: Vec<&DigestPost> = case
        .posts
        .iter()
        .filter(|id| known.insert(**id))
        .filter_map(|id| ledger.post(*id))
        .collect();
    let evidence = ledger.figure(&["digest.set.case", &case.number], posts.iter().copied());
    CaseLine {
        number: case.number.clone(),
        title: case.title.clone(),
        state: case.state,
        grade: case.grade,
        unit: case.unit.clone(),
        approver: case.approver.clone(),
        opened: case.opened,
        answered: case.answered,
        ended: case.ended,
        due: case.due,
        evidence,
        posts: posts.iter().take(NAMED).map(|post| ledger.cite(post.id)).collect(),
        stories: case.stories.clone(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::super::{Digest, sample};
    use super::*;

    #[test]
    fn late_cases_lead_and_ended_ones_stand_last() {
        let mut input = sample::input();
        let model = input.cases[0].clone();
        let case = |number: &str, state, due: Option<CaseDue>| CaseInput {
            number: number.to_owned(),
            state,
            due,
            ended: (state == State::Closed).then_some(input.to - Duration::hours(1)),
            ..model.clone()
        };
        let due = |hours: i64, late_minutes| {
            Some(CaseDue {
                clock: Clock::Handle,
                at: input.to + Duration::hours(hours),
                late_minutes,
                is_held: false,
            })
        };
        input.cases = vec![
            case("2026-0001", State::Closed, None),
            case("2026-0002", State::Watching, None),
            case("2026-0003", State::InHand, due(20, 0)),
            case("2026-0004", State::Review, due(2, 0)),
            case("2026-0005", State::Assigned, due(-3, 180)),
        ];
        let cases = Digest::build(&input).cases;
        let numbers: Vec<&str> = cases.lines.iter().map(|line| &line.number[5..]).collect();
        assert_eq!(numbers, ["0005", "0004", "0003", "0002", "0001"]);
        assert_eq!((cases.open, cases.late, cases.ended), (4, 1, 1));
    }

    #[test]
    fn a_case_names_the_posts_it_is_about() {
        let input = sample::input();
        let digest = Digest::build(&input);
        let line = &digest.cases.lines[0];
        assert!(!line.posts.is_empty() && line.evidence.value >= Some(line.posts.len() as u64));
        let case = input.cases.iter().find(|case| case.number == line.number).unwrap();
        for number in &line.posts {
            assert!(case.posts.contains(&digest.posts[number - 1].id));
        }
    }
}
