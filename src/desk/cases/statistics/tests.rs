//! The counts against cases written by hand.

use chrono::TimeDelta;

use super::*;
use crate::cases::machine::fold;
use crate::cases::{Clock, Event, Fields, Run, Step};

fn case(number: &str, opened: DateTime<Utc>, said: &[(&str, &str)]) -> Case {
    let fields: Fields =
        said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let event = Event {
        seq: 1,
        at: opened,
        who: "王".to_owned(),
        step: Step::Open,
        from: None,
        to: State::New,
        fields,
        clocks: Vec::new(),
    };
    fold(None, number, &event)
}

fn handled(mut case: Case, due_hours: i64, ended_hours: Option<i64>) -> Case {
    let at = |hours| case.opened + TimeDelta::hours(hours);
    case.clocks.push(Run {
        clock: Clock::Handle,
        since: case.opened,
        due: at(due_hours),
        working: false,
        paused_secs: 0,
        held: None,
        stopped: ended_hours.map(at),
    });
    case.answered = ended_hours.map(at);
    case
}

#[test]
fn in_time_overdue_and_satisfied_are_counted_as_they_stand() {
    let opened: DateTime<Utc> = "2026-11-20T07:00:00Z".parse().unwrap();
    let satisfied = case("2026-0001", opened, &[("satisfied", "mostly")]);
    let not = case("2026-0002", opened, &[("satisfied", "no")]);
    let cases = [
        handled(satisfied, 48, Some(20)),
        handled(not, 48, Some(60)),
        // One that is past its time, one that is not, neither answered.
        handled(case("2026-0003", opened, &[]), 48, None),
        handled(case("2026-0004", opened, &[]), 480, None),
    ];
    let counted = row(&cases.iter().collect::<Vec<_>>(), opened + TimeDelta::hours(100));
    let expected = Counted {
        cases: 4,
        answered: 2,
        in_time: 1,
        overdue: 1,
        in_time_percent: Some(33),
        median_hours: Some(60),
        called: 2,
        satisfied: 1,
    };
    assert_eq!(counted.counted, expected);
    assert_eq!(row(&[], opened).counted.in_time_percent, None, "of none there is no rate");
}

#[test]
fn a_grade_that_differs_is_told_with_its_reason_and_direction() {
    let opened: DateTime<Utc> = "2026-11-20T07:00:00Z".parse().unwrap();
    let of = |suggested, grade| {
        let said = [("suggested", suggested), ("grade", grade), ("grade_why", "w"), ("title", "t")];
        differing(&case("2026-0001", opened, &said))
    };
    assert_eq!(of("major", "major"), None);
    assert_eq!(of("", "major"), None, "nothing was suggested");
    let lowered = of("major", "ordinary").unwrap();
    assert!(!lowered.raised && lowered.why == "w");
    assert!(of("ordinary", "critical").unwrap().raised);
}
