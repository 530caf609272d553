//! `guanlan rule rehearse`: what it counts is what a search finds, what it predicts is what the live path
//! fires, and a marked sample binds the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::rehearsal::Past;
use guanlan::engine::{Clock, DataDir, Station, import, nobody, segmenter};
use guanlan::store::PostRange;
use index::Index;
use pipelines::crawl::{FileFormat, SourceConfig, parse_map};
use pipelines::record::{Alert, RuleId};

use crate::lab::{Dice, Lab, stored};

#[test]
fn a_rehearsal_counts_its_hits_and_a_marked_sample_is_checked_ever_after() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    lab.run(&["--quiet", "demo", "--keep", "--data-dir", data]).good();
    let run = lab.run(&["--data-dir", data, "rule", "rehearse", "pay", "--days", "30"]).good();
    let first = run.out.lines().next().unwrap();
    assert!(!first.contains(": 0 posts") && !first.contains(" 0 alerts"), "{first}");
    let id = run
        .out
        .lines()
        .find_map(|l| {
            l.trim()
                .split("  ")
                .next()
                .filter(|w| w.len() == 16 && w.bytes().all(|b| b.is_ascii_hexdigit()))
        })
        .unwrap();
    lab.run(&["--data-dir", data, "rule", "rehearse", "pay", "--mark", id]).good();
    // The rule still matches the sample: check says so until the query is mended.
    let check = lab.run(&["--data-dir", data, "check"]);
    assert_eq!(check.code, Some(1), "{}{}", check.out, check.err);
}

/// One rule of every kind, and one that only the texts can decide.
const RULES: &str = r#"
[[rule]]
id = "any"
name = "欠薪"
query = "欠薪"
kind = "any"
merge_hours = 30

[[rule]]
id = "near"
name = "矿灯"
query = "矿灯 NEAR/4 损坏"
kind = "any"

[[rule]]
id = "frequency"
name = "停产"
query = "停产 -演练"
kind = "frequency"
count = 3
window_minutes = 720
merge_hours = 12

[[rule]]
id = "spike"
name = "投诉"
query = "投诉"
kind = "spike"
count = 3
window_minutes = 720
factor = 1.8
baseline_days = 4
merge_hours = 12

[[rule]]
id = "flatline"
name = "通报"
query = "通报"
kind = "flatline"
window_minutes = 2000
merge_hours = 6

[[rule]]
id = "first"
name = "透水"
query = "透水"
kind = "first_mention"
quiet_days = 2
merge_hours = 6

[[rule]]
id = "ever"
name = "冒顶"
query = "冒顶"
kind = "first_mention"
quiet_days = 0
"#;

/// Days lived through, and hours between two looks.
const DAYS: i64 = 20;
const STEP: i64 = 6;

/// What may stand in a text, and of how many texts in a hundred.
const WORDS: [(&str, usize); 9] = [
    ("欠薪", 20),
    ("矿灯无故损坏", 10),
    ("矿灯已经全部检查，没有一盏损坏", 10),
    ("停产", 25),
    ("演练", 10),
    ("投诉", 25),
    ("通报", 5),
    ("透水", 5),
    ("冒顶", 3),
];

/// Rows of the hours before `now`, in order of time. One in four tells again what an earlier one told.
fn rows(dice: &mut Dice, told: &mut Vec<String>, now: DateTime<Utc>, first: usize) -> String {
    let mut secs: Vec<usize> =
        (0..dice.below(10)).map(|_| dice.below(STEP as usize * 3600)).collect();
    secs.sort_unstable();
    let mut out = String::new();
    for (n, sec) in secs.iter().enumerate() {
        let text = match dice.below(4) {
            0 if !told.is_empty() => told[dice.below(told.len())].clone(),
            _ => {
                let mut text = String::new();
                for _ in 0..40 {
                    text.extend(char::from_u32(0x4e00 + dice.below(3_000) as u32));
                }
                for (word, share) in WORDS {
                    if dice.below(100) < share {
                        let _ = write!(text, "。{word}");
                    }
                }
                told.push(text.clone());
                text
            }
        };
        let at = now - TimeDelta::hours(STEP) + TimeDelta::seconds(*sec as i64 + 1);
        let row = serde_json::json!({ "id": first + n, "text": text, "at": at.to_rfc3339() });
        let _ = writeln!(out, "{row}");
    }
    out
}

/// Lives through the days, look by look, the posts of each look brought in at its time.
fn live(lab: &Lab, config: Config, end: DateTime<Utc>) {
    let begin = end - TimeDelta::days(DAYS);
    let secs = Arc::new(AtomicI64::new(begin.timestamp()));
    let clock: Clock = {
        let secs = secs.clone();
        Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap())
    };
    let source: SourceConfig = toml::from_str(
        "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
    )
    .unwrap();
    let map = parse_map("id=id,text=text,published_at=at").unwrap();
    let station = Station::open(config, clock, nobody()).unwrap();
    station.look_at_silence(begin).unwrap();
    let (mut dice, mut told, mut count) = (Dice(7), Vec::new(), 0);
    for look in 1..=DAYS * 24 / STEP {
        let now = begin + TimeDelta::hours(STEP * look);
        secs.store(now.timestamp(), Ordering::SeqCst);
        let path = lab.write("rows.jsonl", &rows(&mut dice, &mut told, now, count));
        let taken = import::file(&station.collector, &path, FileFormat::Jsonl, &map, &source);
        let tally = taken.unwrap().tally;
        assert_eq!(tally.kept, tally.received, "{tally:?}");
        count += tally.kept as usize;
        station.look_at_silence(now).unwrap();
    }
    station.close().unwrap();
}

fn keys(alerts: impl Iterator<Item = Alert>) -> BTreeSet<String> {
    alerts.map(|alert| alert.key).collect()
}

#[test]
fn the_alerts_predicted_are_those_that_the_live_path_fires() {
    let lab = Lab::new();
    lab.write("guanlan.toml", "[station]\ncontact = \"desk@example.com\"\n");
    lab.write("rules/r.toml", RULES);
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::load(Some(lab.path()), &overrides);
    let config = config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)));
    let end = Utc::now().trunc_subsecs(0);
    live(&lab, config.clone(), end);

    let store = stored(&lab.data());
    let index = Index::open_read_only(DataDir(lab.data()).index(), &segmenter(&config)).unwrap();
    let past = Past { config: &config, store: &*store, index: &index };
    let mut fired: BTreeMap<RuleId, Vec<Alert>> = BTreeMap::new();
    for stored in store.alerts(&PostRange::default(), 100_000).unwrap() {
        fired.entry(stored.alert.rule.clone()).or_default().push(stored.alert);
    }
    for rule in &config.rules {
        let fired = fired.remove(&rule.id).unwrap_or_default();
        assert!(!fired.is_empty(), "{} must fire for the test to mean anything", rule.id);
        // All of the past, and days that begin in the midst of it.
        for days in [30, 9, 4] {
            let predicted = past.rehearse(rule, days, end).unwrap().alerts;
            let begin = end - TimeDelta::days(i64::from(days));
            let expected = fired.iter().filter(|alert| alert.fired_at >= begin).cloned();
            assert_eq!(keys(predicted.into_iter()), keys(expected), "{} over {days}", rule.id);
        }
        if rule.id.as_str() == "near" {
            let data = lab.data();
            let run = lab.run(&["--data-dir", data.to_str().unwrap(), "rule", "rehearse", "near"]);
            let said = run.good().out;
            assert!(said.contains(&format!("{} alerts", fired.len())), "{said}");
        }
    }
}
