//! `guanlan rule rehearse`: what it counts is what a search finds, what it predicts is what the live path
//! fires, and a marked sample binds the rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use guanlan::config::{Config, Overrides};
use guanlan::engine::rehearsal::Past;
use guanlan::engine::{Clock, DataDir, Station, import, nobody, segmenter};
use guanlan::store::{PostRange, Store};
use index::Index;
use pipelines::crawl::{FileFormat, SourceConfig, parse_map};
use pipelines::record::{Alert, RuleId};
use pipelines::watch::RuleKind;

use crate::lab::{Dice, Lab, stored};

#[test]
fn a_rehearsal_counts_its_hits_and_a_marked_sample_is_checked_ever_after() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    crate::demo::kept(&lab);
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

[[rule]]
id = "fresh"
name = "新词"
query = "停产 | 投诉"
kind = "new_term"
count = 2
window_minutes = 2880
new_days = 3
merge_hours = 12
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

/// Days that are lived through, look by look, the posts of each look brought in at its time.
struct Life<'a> {
    lab: &'a Lab,
    secs: Arc<AtomicI64>,
    begin: DateTime<Utc>,
    dice: Dice,
    told: Vec<String>,
    count: usize,
}

impl<'a> Life<'a> {
    fn new(lab: &'a Lab, end: DateTime<Utc>) -> Self {
        let begin = end - TimeDelta::days(DAYS);
        let secs = Arc::new(AtomicI64::new(begin.timestamp()));
        Self { lab, secs, begin, dice: Dice(7), told: Vec::new(), count: 0 }
    }

    /// One station for these looks.
    fn live(&mut self, config: Config, looks: RangeInclusive<i64>) {
        let clock: Clock = {
            let secs = self.secs.clone();
            Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap())
        };
        let source: SourceConfig = toml::from_str(
            "id = \"s\"\nname = \"s\"\nkind = \"files\"\npath = \"x\"\nformat = \"jsonl\"",
        )
        .unwrap();
        let map = parse_map("id=id,text=text,published_at=at").unwrap();
        let before = self.begin + TimeDelta::hours(STEP * (looks.start() - 1));
        self.secs.store(before.timestamp(), Ordering::SeqCst);
        let station = Station::open(config, clock, nobody()).unwrap();
        station.look_at_silence(before).unwrap();
        for look in looks {
            let now = self.begin + TimeDelta::hours(STEP * look);
            self.secs.store(now.timestamp(), Ordering::SeqCst);
            let rows = rows(&mut self.dice, &mut self.told, now, self.count);
            let path = self.lab.write("rows.jsonl", &rows);
            let taken = import::file(&station.collector, &path, FileFormat::Jsonl, &map, &source);
            let tally = taken.unwrap().tally;
            assert_eq!(tally.kept, tally.received, "{tally:?}");
            self.count += tally.kept as usize;
            station.look_at_silence(now).unwrap();
        }
        station.close().unwrap();
    }
}

/// The rules of every kind, in the laboratory.
fn config_of(lab: &Lab) -> Config {
    lab.write("rules/r.toml", RULES);
    let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
    let config = Config::load(Some(lab.path()), &overrides);
    config.unwrap_or_else(|p| panic!("{}", p.render(pipelines::locale::Lang::En)))
}

/// What the live path fired.
fn fired_by_rule(store: &dyn Store) -> BTreeMap<RuleId, Vec<Alert>> {
    let mut fired: BTreeMap<RuleId, Vec<Alert>> = BTreeMap::new();
    for stored in store.alerts(&PostRange::default(), 100_000).unwrap() {
        fired.entry(stored.alert.rule.clone()).or_default().push(stored.alert);
    }
    fired
}

fn keys(alerts: impl Iterator<Item = Alert>) -> BTreeSet<String> {
    alerts.map(|alert| alert.key).collect()
}

#[test]
fn the_alerts_predicted_are_those_that_the_live_path_fires() {
    let lab = Lab::fast();
    let config = config_of(&lab);
    let end = Utc::now().trunc_subsecs(0);
    Life::new(&lab, end).live(config.clone(), 1..=DAYS * 24 / STEP);

    let store = stored(&lab.data());
    let index = Index::open_read_only(DataDir(lab.data()).index(), &segmenter(&config)).unwrap();
    let past = Past { config: &config, store: &*store, index: &index };
    let mut fired = fired_by_rule(&*store);
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

/// Looks without a post before the rules are added: longer than any of them merges what follows an alert.
const QUIET: i64 = 6;
/// Days that the rules live after that.
const LATE: u32 = 7;

#[test]
fn a_rule_added_late_starts_with_its_past() {
    let lab = Lab::fast();
    let mut late = config_of(&lab);
    let counts_back = |kind: &RuleKind| {
        matches!(
            kind,
            RuleKind::Spike { .. } | RuleKind::FirstMention { .. } | RuleKind::NewTerm { .. }
        )
    };
    late.rules.retain(|rule| counts_back(&rule.kind));
    assert_eq!(late.rules.len(), 4);
    let before = Config { rules: Vec::new(), ..late.clone() };
    let end = Utc::now().trunc_subsecs(0);
    let mut life = Life::new(&lab, end);
    let added = (DAYS - i64::from(LATE)) * 24 / STEP;
    life.live(before, 1..=added - QUIET);
    life.live(late.clone(), added + 1..=DAYS * 24 / STEP);

    let store = stored(&lab.data());
    let index = Index::open_read_only(DataDir(lab.data()).index(), &segmenter(&late)).unwrap();
    let past = Past { config: &late, store: &*store, index: &index };
    let mut fired = fired_by_rule(&*store);
    for rule in &late.rules {
        let predicted = past.rehearse(rule, LATE, end).unwrap().alerts;
        let fired = fired.remove(&rule.id).unwrap_or_default();
        // What was said before the rule was there is no first mention any more.
        assert_eq!(fired.is_empty(), rule.id.as_str() == "ever", "{}: {fired:?}", rule.id);
        assert_eq!(keys(fired.into_iter()), keys(predicted.into_iter()), "{}", rule.id);
    }
}
