//! Turns, budgets, pauses, and what a host is remembered by.

use super::*;

fn at(secs: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + secs, 0).unwrap()
}

fn policy() -> FetchPolicy {
    FetchPolicy { daily_budget: 3, longest_wait: Duration::from_secs(5), ..FetchPolicy::new("") }
}

#[tokio::test(start_paused = true)]
async fn turns_are_a_delay_apart_and_the_far_ones_are_handed_back() {
    let host = Host::new(1, HostMemory::default());
    let (clock, delay) = (Clock::starting(at(0)), Duration::from_secs(4));
    let start = Instant::now();
    assert_eq!(host.reserve(delay, &policy(), &clock).unwrap(), start);
    assert_eq!(host.reserve(delay, &policy(), &clock).unwrap(), start + delay);
    let far = host.reserve(delay, &policy(), &clock).unwrap_err();
    assert_eq!(far, FetchOutcome::Refused { until: at(8), because: Refusal::Turn });
}

#[tokio::test(start_paused = true)]
async fn the_delay_holds_across_a_restart() {
    let delay = Duration::from_secs(4);
    let memory = HostMemory { last_asked: Some(at(-1)), ..HostMemory::default() };
    let host = Host::new(1, memory);
    let turn = host.reserve(delay, &policy(), &Clock::starting(at(0))).unwrap();
    assert_eq!(turn - Instant::now(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn the_budget_is_for_a_day() {
    let host = Host::new(1, HostMemory::default());
    for _ in 0..3 {
        host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(0))).unwrap();
    }
    let refused = host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(0))).unwrap_err();
    let FetchOutcome::Refused { until, because: Refusal::Budget } = refused else { panic!() };
    assert!(until > at(0) && until <= at(86_400));
    host.reserve(Duration::ZERO, &policy(), &Clock::starting(until)).unwrap();
}

#[test]
fn backoff_doubles_is_remembered_and_ends_with_an_answer() {
    let host = Host::new(1, HostMemory::default());
    let until = |o: FetchOutcome| match o {
        FetchOutcome::Refused { until, .. } => until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until(host.back_off(&policy(), None, at(0))), at(60));
    assert_eq!(until(host.back_off(&policy(), None, at(60))), at(180));
    assert_eq!(until(host.back_off(&policy(), Some(at(1000)), at(180))), at(1000));
    let json = serde_json::to_string(&host.take_changed().unwrap()).unwrap();
    let again = Host::new(1, serde_json::from_str(&json).unwrap());
    assert!(again.admits(&policy(), at(999)).is_err());
    assert!(again.admits(&policy(), at(1001)).is_ok());
    again.answered();
    assert_eq!(until(again.back_off(&policy(), None, at(2000))), at(2060));
}

#[test]
fn who_asks_to_be_asked_at_once_is_left_alone_for_longer_each_time() {
    let host = Host::new(1, HostMemory::default());
    let mut now = 0;
    for pause in [60, 120, 240] {
        let refused = host.back_off(&policy(), Some(at(now)), at(now));
        let until = at(now + pause);
        assert_eq!(refused, FetchOutcome::Refused { until, because: Refusal::Backoff });
        now += pause;
    }
    let past = host.back_off(&policy(), Some(at(-9_000)), at(now));
    let until = at(now + 480);
    assert_eq!(past, FetchOutcome::Refused { until, because: Refusal::Backoff });
}

#[tokio::test(start_paused = true)]
async fn what_a_clock_ahead_noted_of_a_host_counts_as_now() {
    let host = Host::new(1, HostMemory::default());
    let (year, now) = (365 * 86_400, Clock::starting(at(0)));
    for _ in 0..3 {
        host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(year))).unwrap();
    }
    host.learn_robots(RobotsStanding::None { status: 404 }, &policy(), at(year));
    let refused = host.reserve(Duration::ZERO, &policy(), &now).unwrap_err();
    let FetchOutcome::Refused { because: Refusal::Budget, until } = refused else { panic!() };
    assert!(until <= at(86_400), "the budget of the wrong day is that of today: {until}");
    assert!(host.with_robots(&policy(), at(86_401), |_| ()).is_none(), "robots are read anew");
    let host = Host::new(1, HostMemory::default());
    host.reserve(Duration::ZERO, &policy(), &Clock::starting(at(year))).unwrap();
    host.back_off(&policy(), None, at(year));
    assert!(host.admits(&policy(), at(0)).is_err());
    assert!(host.admits(&policy(), at(61)).is_ok());
}

#[test]
fn an_unreachable_robots_keeps_the_one_read_before() {
    let host = Host::new(1, HostMemory::default());
    let gone = || RobotsStanding::Unreachable { cause: "500".into(), tries: 0 };
    host.learn_robots(gone(), &policy(), at(0));
    assert!(host.with_robots(&policy(), at(59), |k| k.is_reached()) == Some(false));
    host.learn_robots(RobotsStanding::None { status: 404 }, &policy(), at(60));
    host.learn_robots(gone(), &policy(), at(86_500));
    assert!(host.with_robots(&policy(), at(86_559), |k| k.is_reached()) == Some(true));
    assert!(host.with_robots(&policy(), at(86_561), |k| k.is_reached()).is_none());
}
