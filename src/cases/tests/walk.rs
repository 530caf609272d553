//! The machine walked at random (`GUANLAN_CASE_STEPS`, 3,000 unless set), and what the table promises looked at after each step.

use chrono::TimeDelta;

use super::super::*;
use super::{fold, policy, start};

const PEOPLE: [&str; 4] = ["王", "李", "赵", "陈"];

/// splitmix64, as in the integration tests.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What somebody types into the fields of a step: mostly something, at times nothing, at times nonsense.
fn typed(line: &Line, dice: &mut Dice, now: DateTime<Utc>) -> Fields {
    let mut fields = Fields::new();
    for field in line.fields {
        let skips = if field.must { 12 } else { 2 };
        if dice.below(skips) == 0 {
            continue;
        }
        let value = match field.form {
            _ if dice.below(30) == 0 => "???".to_owned(),
            Form::Choice(known) => (*dice.of(known)).to_owned(),
            Form::Grade => dice.of(&pipelines::record::Severity::ALL).as_str().to_owned(),
            Form::Unit | Form::Units => (*dice.of(&["a", "b"])).to_owned(),
            Form::Case => (*dice.of(&["2026-0001", "2026-0002"])).to_owned(),
            Form::Address => "https://www.example.com/a".to_owned(),
            Form::Time => (now + TimeDelta::hours(dice.below(400) as i64 - 100)).to_rfc3339(),
            Form::Line => (*dice.of(&PEOPLE)).to_owned(),
            Form::Text => "说明".to_owned(),
        };
        fields.insert(field.name.to_owned(), value);
    }
    fields
}

/// What must be known where a case is, by hand and not from the table.
fn must_be_known(state: State) -> &'static [&'static str] {
    match state {
        State::New | State::Verifying => &["title", "origin"],
        State::Assigned => {
            &["facts", "found", "originals", "kind", "units", "grade", "main", "ask"]
        }
        State::InHand => &["facts", "originals", "grade", "main", "ask"],
        State::Review => &["facts", "grade", "main", "measures", "result", "approver"],
        State::Approved | State::Answered | State::Watching => {
            &["facts", "grade", "main", "measures", "approver"]
        }
        State::Closed => &["facts", "grade", "outcome", "lesson", "rule_changed"],
        State::Dismissed => &["title"],
    }
}

fn holds(before: Option<&Case>, event: &Event, case: &Case, policy: &Policy) {
    let line = table::line(event.step);
    let from = event.from.is_none_or(|from| line.from.contains(&from));
    let back = event.step == Step::CallBack && event.to == State::InHand;
    let to = line.to.map_or(event.from == Some(event.to) || back, |to| to == event.to);
    assert!(from && to, "the table lacks {:?} from {:?} to {:?}", event.step, event.from, event.to);
    for name in must_be_known(case.state) {
        assert!(
            !case.field(name).is_empty(),
            "{:?} without {name} after {:?}",
            case.state,
            event.step
        );
    }
    assert_eq!(case.version, before.map_or(0, |case| case.version) + 1);
    assert!(
        before.is_none_or(|before| before.updated <= case.updated && before.opened == case.opened)
    );
    for run in &case.clocks {
        assert!(run.since <= run.due, "{run:?}");
        assert!(run.stopped.is_none_or(|at| at <= case.updated), "{run:?}");
    }
    // What runs has run as long as before, or longer, unless this step reckoned it anew.
    // What was published earlier than it was registered ends its clock then.
    let anew = [Step::Verify, Step::GrantTime, Step::Publish];
    for (was, is) in before.map(|b| &b.clocks).into_iter().flatten().zip(&case.clocks) {
        assert_eq!((was.clock, was.since), (is.clock, is.since), "a run is kept");
        let (then, now) = (before.unwrap().updated, case.updated);
        let is_later = was.percent(then, policy) <= is.percent(now, policy);
        assert!(
            is_later || anew.contains(&event.step),
            "{was:?} ran backwards to {is:?} by {:?}",
            event.step
        );
        assert!(was.due <= is.due || event.step == Step::Verify, "{was:?} {is:?}");
    }
    if case.is_ended() {
        assert!(case.clocks.iter().all(|run| !run.is_running()), "{case:?}");
    }
    if matches!(case.state, State::Approved | State::Answered) {
        let (draft, approval) = (case.drafts.last().unwrap(), case.approval.as_ref().unwrap());
        assert!(draft.author != approval.who && draft.hash == approval.hash);
    }
}

/// Steps of a walk: 3,000, or as the environment says.
fn steps() -> usize {
    std::env::var("GUANLAN_CASE_STEPS").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

#[test]
fn a_walk_at_random_never_leaves_the_table() {
    let (policy, mut dice) = (policy(), Dice(7));
    let mut now = start();
    let mut case: Option<Case> = None;
    let (mut taken, mut seen) = (0, std::collections::HashSet::new());
    for _ in 0..steps() {
        // A clock that mostly goes on, at times leaps, at times goes back.
        let minutes = match dice.below(12) {
            0 => -(dice.below(3_000) as i64),
            1 => dice.below(20_000) as i64,
            _ => dice.below(90) as i64,
        };
        now += TimeDelta::minutes(minutes);
        let open: Vec<&Line> = match &case {
            None => vec![table::line(Step::Open)],
            // A walk that only tried what fits would not see what is refused.
            Some(_) if dice.below(5) == 0 => TABLE.iter().collect(),
            Some(case) => TABLE.iter().filter(|line| line.from.contains(&case.state)).collect(),
        };
        // Ends and remarks are open everywhere: taken as they come they would leave nothing else.
        let leads = |line: &&&Line| {
            line.to != Some(State::Dismissed)
                && ![Step::Note, Step::Absorb, Step::Escalate].contains(&line.step)
        };
        let likely: Vec<&Line> = open.iter().filter(leads).copied().collect();
        let open = if likely.is_empty() || dice.below(8) == 0 { open } else { likely };
        let line = **dice.of(&open);
        let order = Order {
            step: line.step,
            fields: typed(&line, &mut dice, now),
            who: PEOPLE[dice.below(PEOPLE.len())],
            now,
        };
        let Ok(event) = plan(case.as_ref(), &order, &policy) else { continue };
        let after = fold(case.clone(), "2026-0001", &event);
        holds(case.as_ref(), &event, &after, &policy);
        seen.insert(event.to);
        taken += 1;
        let stored: Event = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
        assert_eq!(stored, event);
        let is_over = after.is_ended() && dice.below(3) == 0;
        case = (!is_over).then_some(after);
    }
    assert!(taken > steps() / 4, "only {taken} steps were taken");
    assert_eq!(seen.len(), State::ALL.len(), "{seen:?}");
}
