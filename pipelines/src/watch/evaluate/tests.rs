//! Rules over hand-made and random hits: what fires, when, and that live is rehearsal.

use proptest::prelude::*;

use super::*;
use crate::record::Severity;

fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
}

fn rule(kind: RuleKind, merge_hours: u32) -> RuleConfig {
    RuleConfig {
        id: "r".into(),
        name: "欠薪".into(),
        enabled: true,
        query: "欠薪".into(),
        kind,
        severity: Severity::Serious,
        merge_hours,
        notify: Vec::new(),
        examples: Vec::new(),
    }
}

/// A hit of post `id` at `minute` in story `story`.
fn hit(id: u64, minute: i64, story: u64) -> RuleHit {
    let story = StoryId(PostId(story));
    RuleHit { rule: "r".into(), post: PostId(id), story, at: at(minute), spans: Vec::new() }
}

/// Nothing is known but since when there are posts.
fn since(minute: i64) -> Window {
    Window { since: Some(at(minute)), ..Window::default() }
}

/// Minutes of the hits, then `(minute of firing, measured, evidence)` of each alert.
fn check(rule: &RuleConfig, minutes: &[i64], expected: &[(i64, f64, usize)]) {
    let hits: Vec<RuleHit> =
        minutes.iter().enumerate().map(|(i, m)| hit(i as u64, *m, 7)).collect();
    let found: Vec<_> = rehearse(rule, &since(0), &hits, at(10_000))
        .into_iter()
        .map(|a| ((a.fired_at - at(0)).num_minutes(), a.measured, a.evidence.len()))
        .collect();
    assert_eq!(found, expected, "{rule:?} over {minutes:?}");
}

#[test]
fn any_fires_once_a_story() {
    let any = rule(RuleKind::Any, 24);
    check(&any, &[0, 10, 1439], &[(0, 3.0, 3)]);
    check(&any, &[0, 1440, 1441], &[(0, 3.0, 3)]);
    check(&any, &[0, 1441], &[(0, 1.0, 1), (1441, 1.0, 1)]);
    let daily: Vec<i64> = (0..9).map(|day| day * 1440).collect();
    check(&any, &daily, &[(0, 8.0, 8), (8 * 1440, 1.0, 1)]);
    let alerts = rehearse(&any, &since(0), &[hit(1, 0, 1), hit(2, 5, 2), hit(3, 9, 1)], at(10));
    assert_eq!(alerts.len(), 2);
    assert_eq!(alerts[0].key, format!("r/{}@{}", StoryId(PostId(1)), at(0).timestamp()));
    assert_eq!(alerts[0].evidence[0].post, PostId(3), "newest first");
}

#[test]
fn frequency_fires_when_the_number_is_reached() {
    let often = rule(RuleKind::Frequency { count: 3, window_minutes: 60 }, 2);
    check(&often, &[0, 30, 60, 90], &[]);
    check(&often, &[0, 30, 59], &[(59, 3.0, 3)]);
    check(&often, &[0, 10, 20, 30, 100], &[(20, 4.0, 4)]);
    check(&often, &[0, 10, 20, 150, 160, 170], &[(20, 3.0, 3), (170, 3.0, 3)]);
}

#[test]
fn spikes_are_measured_against_their_own_past() {
    let kind = RuleKind::Spike { count: 3, window_minutes: 60, factor: 3.0, baseline_days: 1 };
    let spike = rule(kind, 24);
    check(&spike, &[0, 1, 2], &[]);
    let calm: Vec<i64> = (0..24).map(|hour| hour * 60).collect();
    check(&spike, &[&calm[..], &[1441, 1442, 1443]].concat(), &[]);
    check(&spike, &[&calm[..], &[1441, 1442, 1443, 1444]].concat(), &[(1444, 4.0, 4)]);
}

#[test]
fn silence_fires_once_and_again_after_a_hit() {
    let silent = rule(RuleKind::Flatline { window_minutes: 60 }, 0);
    check(&silent, &[], &[(60, 0.0, 0)]);
    check(&silent, &[50, 100, 200], &[(160, 0.0, 0), (260, 0.0, 0)]);
}

#[test]
fn a_silence_whose_last_posts_come_late_is_told_once() {
    let silent = rule(RuleKind::Flatline { window_minutes: 60 }, 0);
    let looks = |last: i64, told: Option<i64>, now: i64| {
        let known = Window { last_before: Some(at(0)), ..Window::default() };
        let Firing::New(mut alert) = evaluate(&silent, &known, &[], at(100)).remove(0) else {
            panic!("an hour without a post fires")
        };
        alert.told.since = told.map(at);
        let window = Window { alerts: vec![alert], last_before: Some(at(last)), ..known };
        evaluate(&silent, &window, &[], at(now)).len()
    };
    // A post of minute 30 comes after minute 100: the source was silent at minute 100 all the same.
    assert_eq!(looks(30, Some(100), 110), 0);
    // One of minute 50 had ended the silence that was told at minute 100, until minute 110.
    assert_eq!(looks(50, Some(100), 110), 1);
    assert_eq!(looks(30, None, 110), 1, "by an older version");
    assert_eq!(looks(30, Some(9_000), 110), 1, "by a clock that was ahead");
}

#[test]
fn known_hits_of_an_alert_keep_their_words() {
    let any = rule(RuleKind::Any, 24);
    let words =
        vec![crate::record::Span { field: crate::record::TextField::Body, start: 3, end: 5 }];
    let first = [RuleHit { spans: words.clone(), ..hit(1, 0, 1) }];
    let Firing::New(alert) = evaluate(&any, &Window::default(), &first, at(6)).remove(0) else {
        panic!("the first hit fires")
    };
    let window = Window { hits: vec![hit(1, 0, 1)], alerts: vec![alert], ..Window::default() };
    let grown = evaluate(&any, &window, &[hit(2, 5, 1)], at(7));
    let [Firing::Grown(alert)] = &grown[..] else { panic!("{grown:?}") };
    assert_eq!((alert.evidence[1].post, &alert.evidence[1].spans), (PostId(1), &words));
}

#[test]
fn first_mentions() {
    let ever = rule(RuleKind::FirstMention { quiet_days: 0 }, 1);
    check(&ever, &[5, 50, 5000], &[(5, 2.0, 2)]);
    let after_quiet = rule(RuleKind::FirstMention { quiet_days: 1 }, 1);
    check(&after_quiet, &[5, 1000, 3000], &[(5, 1.0, 1), (3000, 1.0, 1)]);
}

#[test]
fn evaluating_again_adds_nothing() {
    let any = rule(RuleKind::Any, 24);
    let hits = [hit(1, 0, 1), hit(2, 5, 1)];
    let Firing::New(alert) = evaluate(&any, &Window::default(), &hits, at(6)).remove(0) else {
        panic!("the first hit fires")
    };
    let window = Window { hits: hits.to_vec(), alerts: vec![alert], ..Window::default() };
    assert!(evaluate(&any, &window, &hits, at(7)).is_empty());
}

#[test]
fn a_late_post_joins_the_alert_or_completes_the_number() {
    let any = rule(RuleKind::Any, 24);
    let early = [hit(1, 100, 1)];
    let Firing::New(alert) = evaluate(&any, &Window::default(), &early, at(100)).remove(0) else {
        panic!("the first hit fires")
    };
    let key = alert.key.clone();
    let window = Window { hits: early.to_vec(), alerts: vec![alert], ..Window::default() };
    let late = evaluate(&any, &window, &[hit(2, 50, 1)], at(101));
    assert!(
        matches!(&late[..], [Firing::Grown(a)] if a.key == key && a.measured == 2.0),
        "{late:?}"
    );

    let often = rule(RuleKind::Frequency { count: 3, window_minutes: 60 }, 24);
    let window = Window { hits: vec![hit(1, 10, 1), hit(2, 20, 1)], ..Window::default() };
    let late = evaluate(&often, &window, &[hit(3, 5, 1)], at(101));
    assert!(matches!(&late[..], [Firing::New(a)] if a.fired_at == at(20)), "{late:?}");
}

/// One happening is one alert however its posts come: what came first, last or between.
#[test]
fn a_story_whose_posts_come_in_any_order_ends_with_one_alert() {
    let any = rule(RuleKind::Any, 24);
    let minutes = [0, 800, 1300, 1450, 1600, 2900];
    let hits: Vec<RuleHit> = minutes.iter().zip(1..).map(|(m, id)| hit(id, *m, 1)).collect();
    let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
    for next in 0..hits.len() {
        orders = orders
            .iter()
            .flat_map(|order| {
                (0..=order.len()).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, next);
                    longer
                })
            })
            .collect();
    }
    for order in orders {
        let mut stored: Vec<Alert> = Vec::new();
        let mut known: Vec<RuleHit> = Vec::new();
        for i in &order {
            let window =
                Window { hits: known.clone(), alerts: stored.clone(), ..Window::default() };
            for firing in evaluate(&any, &window, &hits[*i..=*i], at(3000)) {
                match firing {
                    Firing::New(alert) => stored.push(alert),
                    Firing::Joined(alert) => stored.retain(|other| other.key != alert.key),
                    Firing::Grown(alert) => {
                        let place = stored.iter().position(|other| other.key == alert.key);
                        stored[place.expect("what grows was stored")] = alert;
                    }
                }
            }
            known.push(hits[*i].clone());
        }
        let evidence: Vec<_> = stored.iter().map(|alert| alert.evidence.len()).collect();
        assert_eq!(evidence, [6], "{order:?}: {stored:#?}");
    }
}

#[test]
fn what_comes_after_a_closed_alert_is_told_and_what_somebody_took_up_stays() {
    let any = rule(RuleKind::Any, 24);
    let first = [hit(1, 0, 1), hit(2, 1000, 1)];
    let Firing::New(mut alert) = evaluate(&any, &Window::default(), &first, at(1000)).remove(0)
    else {
        panic!("the first hit fires")
    };
    let next = |alert: &Alert| {
        let window =
            Window { hits: first.to_vec(), alerts: vec![alert.clone()], ..Window::default() };
        evaluate(&any, &window, &[hit(3, 2000, 1)], at(2000))
    };
    assert!(matches!(&next(&alert)[..], [Firing::Grown(_)]));
    alert.state = AlertState::Closed;
    assert!(matches!(&next(&alert)[..], [Firing::New(_)]));

    alert.state = AlertState::Open;
    let mut second = Alert { key: "r/b".into(), fired_at: at(2100), ..alert.clone() };
    let bridged = |first_alert: &Alert, second: &Alert| {
        let known = vec![hit(1, 0, 1), hit(4, 2100, 1)];
        let alerts = vec![first_alert.clone(), second.clone()];
        let window = Window { hits: known, alerts, ..Window::default() };
        evaluate(&any, &window, &first[1..], at(2200))
    };
    assert!(
        matches!(&bridged(&alert, &second)[..], [Firing::Grown(a), Firing::Joined(b)] if a.key == alert.key && b.key == "r/b")
    );
    second.state = AlertState::Acknowledged;
    assert!(matches!(&bridged(&alert, &second)[..], [Firing::Grown(a)] if a.key == alert.key));
    second.state = AlertState::Open;
    alert.state = AlertState::Closed;
    let firings = bridged(&alert, &second);
    assert!(!firings.iter().any(|firing| matches!(firing, Firing::Joined(_))), "{firings:?}");
}

fn any_rule() -> impl Strategy<Value = RuleConfig> {
    let kind = prop_oneof![
        Just(RuleKind::Any),
        (1..5u32, 1..90u32)
            .prop_map(|(count, window_minutes)| RuleKind::Frequency { count, window_minutes }),
        (1..4u32, 10..90u32, 1..3u32).prop_map(|(count, window_minutes, baseline_days)| {
            RuleKind::Spike { count, window_minutes, factor: 1.5, baseline_days }
        }),
        (1..200u32).prop_map(|window_minutes| RuleKind::Flatline { window_minutes }),
        (0..3u32).prop_map(|quiet_days| RuleKind::FirstMention { quiet_days }),
    ];
    (kind, 0..6u32).prop_map(|(kind, merge_hours)| rule(kind, merge_hours))
}

/// Feeds `hits` in batches as the engine does: of hits and alerts only what lies within the lookback.
fn live(rule: &RuleConfig, hits: &[RuleHit], cuts: &[usize], end: DateTime<Utc>) -> Vec<Alert> {
    let mut stored: Vec<Alert> = Vec::new();
    let mut done = 0;
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (hits.len() + 1)).collect();
    cuts.push(hits.len());
    cuts.sort_unstable();
    for cut in cuts {
        let new = &hits[done..cut];
        let is_last = cut == hits.len();
        let now = if is_last { end } else { hits[..cut].last().map_or(at(0), |hit| hit.at) };
        let from = new.first().map_or(now, |hit| hit.at) - lookback(rule);
        let (old, recent): (Vec<RuleHit>, Vec<RuleHit>) =
            hits[..done].iter().cloned().partition(|hit| hit.at < from);
        let window = Window {
            hits: recent,
            alerts: stored
                .iter()
                .enumerate()
                .filter(|(i, a)| a.fired_at >= from || i + 1 == stored.len())
                .map(|(_, a)| a.clone())
                .collect(),
            last_before: old.iter().map(|hit| hit.at).max(),
            since: Some(at(0)),
        };
        for firing in evaluate(rule, &window, new, now) {
            match firing {
                Firing::New(alert) => stored.push(alert),
                Firing::Grown(alert) => {
                    let place = stored.iter().position(|a| a.key == alert.key);
                    stored[place.expect("what grows was stored")] = alert;
                }
                Firing::Joined(alert) => panic!("in order nothing joins: {alert:?}"),
            }
        }
        done = cut;
    }
    stored.sort_by(|a, b| (a.fired_at, &a.key).cmp(&(b.fired_at, &b.key)));
    stored
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn live_in_batches_is_rehearsal(
        rule in any_rule(),
        gaps in prop::collection::vec((0..400i64, 0..3u64), 0..40),
        cuts in prop::collection::vec(0..50usize, 0..6),
    ) {
        let mut minute = 0;
        let hits: Vec<RuleHit> = gaps
            .iter()
            .enumerate()
            .map(|(i, (gap, story))| {
                minute += gap * gap / 400;
                hit(i as u64, minute, *story)
            })
            .collect();
        let end = at(minute + 300);
        let rehearsed = rehearse(&rule, &since(0), &hits, end);
        let lived = live(&rule, &hits, &cuts, end);
        prop_assert_eq!(&rehearsed, &lived);
        let keys: HashSet<&String> = rehearsed.iter().map(|alert| &alert.key).collect();
        prop_assert_eq!(keys.len(), rehearsed.len(), "keys differ");
    }
}
