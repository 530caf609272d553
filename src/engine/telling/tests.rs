//! Routes, escalation and what is put off, on a store of their own.

use pipelines::record::{Severity, Told};

use super::*;
use crate::config::{NotifierKind, Overrides};
use crate::engine::query_context;
use crate::store::SqliteStore;

fn way(name: &str, default: bool) -> NotifierConfig {
    let (name, quiet) = (name.to_owned(), None);
    NotifierConfig { name, default, quiet, workday_only: false, kind: NotifierKind::Log }
}

fn route(name: &str, notify: &[&str], escalate: &[&str]) -> RouteConfig {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    RouteConfig {
        name: name.to_owned(),
        query: None,
        rules: vec!["accident".into()],
        severity: Some(Severity::Serious),
        notify: owned(notify),
        escalate_minutes: 30,
        escalate: owned(escalate),
    }
}

fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-26T02:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

fn alert(rule: &str, severity: Severity) -> Alert {
    Alert {
        key: format!("{rule}/1"),
        rule: rule.into(),
        story: None,
        window_start: at(0),
        fired_at: at(0),
        measured: 3.0,
        threshold: 1.0,
        evidence: Vec::new(),
        because: None,
        told: Told { posts: 3, severity, since: Some(at(0)), ..Told::default() },
        severity,
        state: AlertState::Open,
    }
}

struct House {
    store: SqliteStore,
    config: Config,
    _dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data_dir = Some(dir.path().to_owned());
        let mut config = Config::shipped(&Overrides { data_dir, ..Overrides::default() });
        config.notifiers = vec![way("all", true), way("desk", false), way("boss", false)];
        config.routes = vec![route("accidents", &["desk"], &["boss"])];
        let store = SqliteStore::open(&dir.path().join("guanlan.db")).unwrap();
        Self { store, config, _dir: dir }
    }

    fn with(&self, work: impl Fn(&Teller, &dyn StoreWrite) -> Result<()>) {
        let context = query_context(&self.config, at(0));
        let read = |route: &RouteConfig| {
            route.query.as_deref().map(|text| pipelines::query::parse(text, &context).unwrap())
        };
        let routes: Vec<_> = self.config.routes.iter().map(read).collect();
        let teller = Teller { config: &self.config, routes: &routes };
        self.store.write(&mut |write| work(&teller, write)).unwrap();
    }

    fn tell(&self, alert: &Alert, again: Option<Growth>, minute: i64) {
        let telling = Telling { rule: None, in_words: None, again };
        self.with(|teller, write| {
            write.put_alert(alert, at(minute))?;
            teller.tell(write, alert, telling, at(minute))
        });
    }

    fn look(&self, minute: i64) {
        self.with(|teller, write| {
            teller.look_at_unattended(&self.store, write, &|_| None, at(minute))
        });
    }

    /// Key of each message so far, with the way in it.
    fn told(&self) -> Vec<String> {
        let waiting = self.store.deliveries("pending", DateTime::<Utc>::MAX_UTC, 99).unwrap();
        let mut keys = waiting.into_iter().map(|delivery| {
            let body: serde_json::Value = serde_json::from_str(&delivery.body).unwrap();
            body["key"].as_str().unwrap().to_owned()
        });
        let mut keys: Vec<String> = keys.by_ref().collect();
        keys.sort();
        keys
    }
}

#[test]
fn a_route_that_fits_is_taken_and_all_others_go_the_default_way() {
    let house = House::new();
    house.tell(&alert("accident", Severity::Serious), None, 0);
    house.tell(&alert("praise", Severity::Serious), None, 0);
    let small = Alert { key: "accident/2".to_owned(), ..alert("accident", Severity::Ordinary) };
    house.tell(&small, None, 0);
    assert_eq!(house.told(), ["accident/1@desk", "accident/2@all", "praise/1@all"]);
}

#[test]
fn a_rule_that_names_its_way_takes_no_route() {
    let house = House::new();
    let rule = RuleConfig {
        id: "accident".into(),
        name: "事故".to_owned(),
        enabled: true,
        query: "冒顶".to_owned(),
        kind: pipelines::watch::RuleKind::Any,
        severity: Severity::Serious,
        merge_hours: 24,
        notify: vec!["boss".to_owned()],
        examples: Vec::new(),
    };
    house.with(|teller, write| {
        let telling = Telling { rule: Some(&rule), in_words: None, again: None };
        teller.tell(write, &alert("accident", Severity::Serious), telling, at(0))
    });
    assert_eq!(house.told(), ["accident/1@boss"]);
}

#[test]
fn who_is_above_is_told_once_of_an_alert_that_nobody_looked_at() {
    let house = House::new();
    let open = alert("accident", Severity::Serious);
    house.tell(&open, None, 0);
    house.look(29);
    assert_eq!(house.told(), ["accident/1@desk"]);
    house.look(30);
    house.look(31);
    assert_eq!(house.told(), ["accident/1+unattended@boss", "accident/1@desk"]);
    let house = House::new();
    house.tell(&Alert { state: AlertState::Acknowledged, ..open.clone() }, None, 0);
    house.look(31);
    assert_eq!(house.told(), ["accident/1@desk"], "somebody looks after it");
    let house = House::new();
    house.tell(&open, None, 0);
    house.look(9 * 24 * 60);
    assert_eq!(house.told(), ["accident/1@desk"], "what is old is no news");
}

#[test]
fn what_is_put_off_is_quiet_until_its_time_unless_it_becomes_graver() {
    let house = House::new();
    let open = alert("praise", Severity::Serious);
    house.tell(&open, None, 0);
    let name = format!("{SNOOZE}{}", open.key);
    let until = at(60).to_rfc3339();
    house.store.write(&mut |write| write.put_state(&name, &until)).unwrap();
    house.tell(&open, Some(Growth::Doubled), 10);
    assert_eq!(house.told(), ["praise/1@all"]);
    house.tell(&open, Some(Growth::Graver), 20);
    house.look(59);
    assert_eq!(house.told(), ["praise/1+graver3@all", "praise/1@all"]);
    house.look(60);
    house.look(61);
    let woken = format!("praise/1+woken{}@all", at(60).timestamp());
    assert_eq!(house.told(), ["praise/1+graver3@all".to_owned(), woken, "praise/1@all".to_owned()]);
    assert!(house.store.states(SNOOZE).unwrap().is_empty());
}

#[test]
fn quiet_hours_put_a_message_off_and_lose_none() {
    let mut house = House::new();
    // 10:00 to 10:59 in Shanghai.
    house.config.notifiers[0].quiet = Some("09:00-12:00".to_owned());
    house.tell(&alert("praise", Severity::Serious), None, 0);
    assert_eq!(house.store.deliveries("pending", at(119), 9).unwrap().len(), 0);
    assert_eq!(house.store.deliveries("pending", at(120), 9).unwrap().len(), 1);
    let grave = Alert { key: "praise/2".to_owned(), ..alert("praise", Severity::Major) };
    house.tell(&grave, None, 0);
    assert_eq!(house.store.deliveries("pending", at(0), 9).unwrap().len(), 1);
}

fn shift(name: &str, hours: &str, ways: &[&str]) -> crate::config::DutyConfig {
    crate::config::DutyConfig {
        name: name.to_owned(),
        people: vec!["周岚".to_owned()],
        notify: ways.iter().map(|way| (*way).to_owned()).collect(),
        weekdays: Vec::new(),
        dates: Vec::new(),
        hours: Some(hours.to_owned()),
        units: Vec::new(),
    }
}

#[test]
fn whoever_is_on_duty_at_that_time_is_told_and_the_next_shift_of_what_nobody_has_looked_at() {
    let mut house = House::new();
    house.config.routes = vec![route("accidents", &["duty"], &["duty", "boss"])];
    // 10:00 in Shanghai at minute 0; the shift changes at 10:20 and at 12:00, and nobody comes after 14:00.
    house.config.duties = vec![
        shift("early", "08:00-10:20", &["desk"]),
        shift("late", "10:20-12:00", &["night"]),
        shift("bare", "12:00-14:00", &[]),
    ];
    house.config.notifiers.push(way("night", false));
    let open = alert("accident", Severity::Serious);
    house.tell(&open, None, 0);
    assert_eq!(house.told(), ["accident/1@desk"]);
    let second = Alert { key: "accident/2".to_owned(), ..open };
    house.tell(&second, None, 20);
    assert_eq!(house.told(), ["accident/1@desk", "accident/2@night"]);
    let mark = |way: &str| format!("accident/1+unattended@{way}");
    house.look(30);
    house.look(31);
    let told = house.told();
    let of_first = told.iter().filter(|key| key.starts_with("accident/1+")).collect::<Vec<_>>();
    assert_eq!(of_first, [&mark("boss"), &mark("night")], "who is there now, once");
    // Who has no way of their own, and a time without anybody, are told by the default way.
    house.look(130);
    house.look(300);
    assert!(house.told().contains(&mark("all")), "{:?}", house.told());
    let before = house.told();
    house.look(301);
    assert_eq!(house.told(), before);
}
