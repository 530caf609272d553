//! People at the desk: the table of acts and roles walked whole, coming in and being kept out, what bounds show.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use guanlan::cases::Step;
use guanlan::config::{Config, Overrides};
use guanlan::desk::cases::opening::CaseOrder;
use guanlan::desk::corrections::Wanted;
use guanlan::desk::digests::DigestAsk;
use guanlan::desk::login::Caller;
use guanlan::desk::people::TokenOrder;
use guanlan::desk::saved::{Audience, SavedOrder};
use guanlan::desk::{Act, Desk, DeskError, Role, Scope, Who};
use guanlan::store::{ReadPeople as _, SqliteStore};
use pipelines::locale::Lang;
use pipelines::record::{AlertState, Polarity};

use crate::lab::Lab;

const GOOD: &str = "a phrase that nobody guesses";

/// A desk on an empty store with a clock that a test moves.
struct Room {
    desk: Desk,
    store: Arc<SqliteStore>,
    secs: Arc<AtomicI64>,
    _lab: Lab,
}

impl Room {
    fn new() -> Self {
        let lab = Lab::new();
        std::fs::create_dir_all(lab.data()).unwrap();
        let overrides = Overrides { data_dir: Some(lab.data()), ..Overrides::default() };
        let store = Arc::new(SqliteStore::open(&lab.data().join("guanlan.db")).unwrap());
        let secs = Arc::new(AtomicI64::new(1_800_000_000));
        let moved = secs.clone();
        let clock = Arc::new(move || {
            DateTime::<Utc>::from_timestamp(moved.load(Ordering::SeqCst), 0).unwrap()
        });
        let desk = Desk::new(Arc::new(Config::shipped(&overrides)), store.clone(), clock);
        Self { desk, store, secs, _lab: lab }
    }

    fn pass(&self, time: TimeDelta) {
        self.secs.fetch_add(time.num_seconds(), Ordering::SeqCst);
    }

    fn with_administrator() -> Self {
        let room = Self::new();
        room.desk.add_person(&owner(), "admin", Role::Administrator, &[], GOOD).unwrap();
        room
    }

    fn log_in(&self, name: &str, password: &str, address: &str) -> Result<String, DeskError> {
        self.desk.log_in(name, password, &caller(address), None)
    }
}

fn owner() -> Who {
    Who::owner("owner", Lang::En)
}

fn caller(address: &str) -> Caller {
    Caller { address: address.to_owned(), agent: "a browser".to_owned() }
}

fn of(role: Role, scope: Scope) -> Who {
    Who { role, scope, ..owner() }
}

fn search_for(audience: Audience) -> SavedOrder {
    SavedOrder { name: "x".to_owned(), query: "x".to_owned(), audience }
}

/// A case by hand that says nothing.
fn by_hand() -> CaseOrder {
    CaseOrder { origin: "hand".to_owned(), ..CaseOrder::default() }
}

fn step(desk: &Desk, who: &Who, step: Step) -> Result<(), DeskError> {
    desk.step_case(who, "2026-0009", 1, step, &Default::default()).map(drop)
}

/// Does `act` at the desk with things that are not there: what matters is whether the check lets it through.
fn attempt(desk: &Desk, who: &Who, act: Act) -> Result<(), DeskError> {
    let ask = guanlan::desk::search::Ask { query: "x".to_owned(), ..Default::default() };
    match act {
        Act::SeeToday => desk.pulse(who).map(drop),
        Act::Search => desk.search(who, &ask).map(drop),
        Act::KeepSearch => desk.save_search(who, &search_for(Audience::Private)).map(drop),
        Act::ShareSearch => desk.save_search(who, &search_for(Audience::All)).map(drop),
        Act::SeePost => desk.post(who, "00", None).map(drop),
        Act::SeeStory => desk.story(who, "00").map(drop),
        Act::SeeAlerts => desk.alerts(who, 30, None, 10).map(drop),
        Act::SeeRules => desk.rules(who).map(drop),
        Act::SeeConfig => desk.own_entries(who, "rule").map(drop),
        Act::EditConfig => desk.drop_entry(who, "rule", "none").map(drop),
        Act::Rehearse => desk.rehearse_query(who, "x", 30).map(drop),
        Act::SeeSources => desk.sources(who).map(drop),
        Act::RunSource => desk.run_source(who, "none"),
        Act::SeeDeliveries => desk.deliveries(who, None, None).map(drop),
        Act::Resend => desk.resend(who, None, None).map(drop),
        Act::SendTest => desk.send_test(who, "none").map(drop),
        Act::SeeStation => desk.station(who).map(drop),
        Act::SeeDigests => desk.digests(who).map(drop),
        Act::Correct => desk.correct(who, "00", &Wanted::polarity(Polarity::Neutral)).map(drop),
        Act::GroupStories => desk.merge_stories(who, "00", "01").map(drop),
        Act::MoveAlert => desk.move_alert(who, 1, AlertState::Closed),
        Act::FalseAlarm => desk.false_alarm(who, 1).map(drop),
        Act::ApproveDigest => desk.approve_digest(who, "none"),
        Act::WriteDigest => desk.write_digest(who, &DigestAsk::default()).map(drop),
        Act::Export => desk.export(who, "x", guanlan::desk::export::ExportForm::Csv).map(drop),
        Act::HandEvidence => desk.evidence(who, "00").map(drop),
        Act::SeePeople => desk.people(who).map(drop),
        Act::ManagePeople => desk.disable_person(who, "nobody", true),
        Act::SeeAudit => desk.audit(who, &Default::default()).map(drop),
        Act::SeeCases => desk.case(who, "2026-0009").map(drop),
        Act::OpenCase => desk.open_case(who, &by_hand()).map(drop),
        Act::DirectCase => step(desk, who, Step::Accept),
        Act::HandleCase => step(desk, who, Step::Sign),
        Act::ApproveCase => step(desk, who, Step::Approve),
        Act::ExportCases => {
            desk.case_ledger(who, None, guanlan::desk::export::ExportForm::Csv).map(drop)
        }
        Act::SeeAnswers => desk.answers(who, &Default::default()).map(drop),
        Act::WriteAnswer => desk.add_answer(who, &Default::default()).map(drop),
        Act::ApproveAnswer => desk.approve_answer(who, 999, 1).map(drop),
        Act::SeeDuty => desk.duty(who, 7).map(drop),
        Act::OwnAccount => desk.change_password(who, "x", GOOD, &caller("192.0.2.1")),
    }
}

#[test]
fn the_table_of_acts_and_roles_holds_at_the_desk() {
    let room = Room::with_administrator();
    for (act, changes, roles) in Act::TABLE {
        for role in Role::ALL {
            for scope in [Scope::Read, Scope::Write] {
                let expected = roles.contains(&role) && (scope == Scope::Write || !changes);
                let done = attempt(&room.desk, &of(role, scope), act);
                let is_refused = matches!(done, Err(DeskError::Forbidden { .. }));
                assert_eq!(!is_refused, expected, "{act:?} by {role:?} with {scope:?}: {done:?}");
                if let Err(error) = done {
                    for lang in [Lang::Zh, Lang::En] {
                        assert!(
                            !error.in_words(lang).contains("desk."),
                            "{}",
                            error.in_words(lang)
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn who_may_come_in_does_and_nobody_else() {
    let room = Room::with_administrator();
    let desk = &room.desk;
    let secret = room.log_in("admin", GOOD, "192.0.2.1").unwrap();
    let who = desk.session(&secret, Lang::En).unwrap().unwrap();
    assert_eq!((who.name.as_str(), who.role), ("admin", Role::Administrator));
    for (name, password) in [("admin", "wrong"), ("nobody", GOOD), ("", ""), ("ADMIN", GOOD)] {
        let refused = room.log_in(name, password, "192.0.2.2").unwrap_err();
        assert!(matches!(refused, DeskError::NotLetIn), "{name}: {refused}");
    }
    assert!(desk.session("00", Lang::En).unwrap().is_none());
    let stored = room.store.sessions(None).unwrap();
    assert_ne!(stored[0].hash, secret, "the store holds no secret");
    desk.log_out(&who, &secret).unwrap();
    assert!(desk.session(&secret, Lang::En).unwrap().is_none());
}

#[test]
fn a_session_ends_by_rest_by_age_by_hand_and_with_the_account() {
    let room = Room::with_administrator();
    let desk = &room.desk;
    let secret = room.log_in("admin", GOOD, "192.0.2.1").unwrap();
    let is_in = |secret: &str| desk.session(secret, Lang::En).unwrap().is_some();
    for _ in 0..3 {
        room.pass(TimeDelta::minutes(470));
        assert!(is_in(&secret), "who works is not sent away");
    }
    room.pass(TimeDelta::minutes(481));
    assert!(!is_in(&secret), "rest");

    let secret = room.log_in("admin", GOOD, "192.0.2.1").unwrap();
    for _ in 0..23 {
        room.pass(TimeDelta::hours(7));
        assert!(is_in(&secret));
    }
    room.pass(TimeDelta::hours(8));
    assert!(!is_in(&secret), "age");

    let before = room.log_in("admin", GOOD, "192.0.2.1").unwrap();
    let after = desk.log_in("admin", GOOD, &caller("192.0.2.1"), Some(&before)).unwrap();
    assert!(before != after && !is_in(&before) && is_in(&after), "rotated");
    let listed = desk.sessions(&owner(), Some("admin")).unwrap();
    assert_eq!(listed.len(), 1, "sessions that ended are forgotten: {listed:?}");
    desk.end_session(&owner(), &listed[0].id).unwrap();
    assert!(!is_in(&after), "by hand");

    desk.add_person(&owner(), "wang", Role::Officer, &[], GOOD).unwrap();
    let secret = room.log_in("wang", GOOD, "192.0.2.1").unwrap();
    desk.disable_person(&owner(), "wang", true).unwrap();
    assert!(!is_in(&secret), "disabled");
    assert!(room.log_in("wang", GOOD, "192.0.2.1").is_err());
    desk.disable_person(&owner(), "wang", false).unwrap();
    assert!(!is_in(&secret), "an ended session does not come back");
    let secret = room.log_in("wang", GOOD, "192.0.2.1").unwrap();
    desk.set_password(&owner(), "wang", "quite another phrase").unwrap();
    assert!(!is_in(&secret), "another password");
}

#[test]
fn failed_logins_wait_by_account_and_by_address_also_after_a_restart() {
    let room = Room::with_administrator();
    for _ in 0..5 {
        let refused = room.log_in("admin", "wrong", "192.0.2.9").unwrap_err();
        assert!(matches!(refused, DeskError::NotLetIn), "{refused}");
    }
    let waits = |room: &Room, name: &str, address: &str| {
        matches!(room.log_in(name, GOOD, address), Err(DeskError::Wait { .. }))
    };
    assert!(waits(&room, "admin", "192.0.2.9"), "the right password too");
    assert!(waits(&room, "admin", "198.51.100.1"), "from anywhere");
    // Another desk on the same store: the station was started anew.
    let clock = {
        let secs = room.secs.clone();
        Arc::new(move || DateTime::from_timestamp(secs.load(Ordering::SeqCst), 0).unwrap())
    };
    let again = Desk::new(room.desk.config.clone(), room.store.clone(), clock);
    let refused = again.log_in("admin", GOOD, &caller("198.51.100.1"), None).unwrap_err();
    assert!(matches!(refused, DeskError::Wait { .. }), "{refused}");
    room.pass(TimeDelta::seconds(31));
    assert!(room.log_in("admin", GOOD, "198.51.100.1").is_ok());

    let mut refused = 0;
    for n in 0..40 {
        let name = format!("name{n}");
        refused += u32::from(waits(&room, &name, "203.0.113.5"));
    }
    assert!(refused >= 19, "an address that tries names waits: {refused}");
    assert!(!waits(&room, "admin", "198.51.100.2"), "others do not wait for it");
}

#[test]
fn there_is_always_an_administrator() {
    let room = Room::new();
    let desk = &room.desk;
    let none = |done: Result<(), DeskError>| {
        assert!(matches!(done, Err(DeskError::LastAdministrator)), "{done:?}")
    };
    none(desk.add_person(&owner(), "wang", Role::Officer, &[], GOOD));
    assert!(desk.people(&owner()).unwrap().is_empty());
    desk.add_person(&owner(), "admin", Role::Administrator, &[], GOOD).unwrap();
    none(desk.disable_person(&owner(), "admin", true));
    none(desk.change_role(&owner(), "admin", Role::Officer, &[]));
    let again = desk.add_person(&owner(), "admin", Role::Officer, &[], GOOD);
    assert!(matches!(again, Err(DeskError::Taken { .. })), "{again:?}");
    for (name, password) in [("a b", GOOD), ("a\nb", GOOD), ("", GOOD), ("li", "short")] {
        assert!(desk.add_person(&owner(), name, Role::Officer, &[], password).is_err(), "{name:?}");
    }
    desk.add_person(&owner(), "second", Role::Administrator, &[], GOOD).unwrap();
    desk.disable_person(&owner(), "admin", true).unwrap();
    let lines = desk.audit(&owner(), &Default::default()).unwrap().lines;
    assert_eq!(lines.len(), 3, "what was refused is not in it: {lines:?}");
    assert!(lines.iter().all(|line| line.who.as_deref() == Some("owner")));
}

#[test]
fn the_first_address_is_good_once_and_for_a_day() {
    let room = Room::new();
    let desk = &room.desk;
    let old = desk.first_secret().unwrap().unwrap();
    let secret = desk.first_secret().unwrap().unwrap();
    let make = |secret: &str| desk.make_first(secret, "admin", GOOD, &caller("192.0.2.1"));
    assert!(matches!(make(&old), Err(DeskError::NotLetIn)), "the one before is good for nothing");
    room.pass(TimeDelta::hours(25));
    assert!(matches!(make(&secret), Err(DeskError::NotLetIn)), "a day is over");
    let secret = desk.first_secret().unwrap().unwrap();
    assert!(matches!(
        desk.make_first(&secret, "admin", "weak", &caller("192.0.2.1")),
        Err(DeskError::Password { .. })
    ));
    make(&secret).unwrap();
    assert!(matches!(make(&secret), Err(DeskError::NotLetIn)), "once");
    assert!(desk.first_secret().unwrap().is_none() && desk.has_people().unwrap());
}

#[test]
fn a_token_acts_within_its_scope_until_it_ends() {
    let room = Room::with_administrator();
    let desk = &room.desk;
    let order =
        |scope, days| TokenOrder { user: "admin".into(), label: "script".into(), scope, days };
    let (id, secret) = desk.make_token(&owner(), &order(Scope::Read, 7)).unwrap();
    let bearer = desk.token_bearer(&secret, Lang::En).unwrap().unwrap();
    assert!(bearer.may(Act::Search) && !bearer.may(Act::Export) && !bearer.may(Act::ManagePeople));
    assert!(room.store.tokens().unwrap().iter().all(|token| !secret.contains(&token.hash)));
    assert!(desk.session(&secret, Lang::En).unwrap().is_none(), "a token is no cookie");
    desk.revoke_token(&owner(), id).unwrap();
    assert!(desk.token_bearer(&secret, Lang::En).unwrap().is_none());
    assert!(desk.revoke_token(&owner(), id).is_err());
    let (_, secret) = desk.make_token(&owner(), &order(Scope::Write, 7)).unwrap();
    assert!(desk.token_bearer(&secret, Lang::En).unwrap().unwrap().may(Act::Export));
    room.pass(TimeDelta::days(8));
    assert!(desk.token_bearer(&secret, Lang::En).unwrap().is_none(), "over");
    for days in [0, 367] {
        assert!(desk.make_token(&owner(), &order(Scope::Read, days)).is_err());
    }
}
