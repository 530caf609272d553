//! Cases in the store: a step planned and logged, and what the station does by itself when a clock runs out.
//!
//! In: a case, an order, the time. Out: a line of the log with the case after it; at 75, 100 and 150 percent of a clock
//! one line and one message to the ways out of its unit (`[[cases.unit]]`), else those of `[cases] notify`. A message has a key of its own, so that a restart
//! or a leap of the clock sends none twice; while the clock is doubted nothing is told.

use chrono::{DateTime, Utc};
use pipelines::record::SubjectId;
use serde_json::json;

use super::shared::Shared;
use crate::cases::machine::{fold, plan, run_outs};
use crate::cases::{Case, Fields, Order, Policy, Refusal, Run, Step, words};
use crate::config::Config;
use crate::notify::{Message, MessageKind};
use crate::store::{CaseRow, Store, StoreError, StoreWrite};

/// Who the station is in a case's log.
pub const STATION: &str = "station";

/// Why a step was not logged.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The machine refuses.
    #[error("{0}")]
    Refused(Refusal),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A case that cannot be written or read: a defect.
    #[error("a case is no JSON")]
    Json(#[from] serde_json::Error),
}

/// The limits of config, with its calendar.
#[must_use]
pub fn policy(config: &Config) -> Policy {
    Policy {
        limits: config.cases.clone(),
        calendar: config.calendar.clone(),
        zone: config.station.zone,
    }
}

/// Plans a step, logs it, and puts the case as it is after it, with the audit line.
///
/// # Errors
/// `Refused` where the machine refuses; nothing was written then.
pub fn log_step(
    write: &dyn StoreWrite,
    case: Option<&Case>,
    number: &str,
    order: &Order,
    policy: &Policy,
) -> Result<Case, StepError> {
    let event = plan(case, order, policy).map_err(StepError::Refused)?;
    let after = fold(case.cloned(), number, &event);
    let stored = CaseRow {
        number: after.number.clone(),
        version: after.version,
        state: after.state.as_str().to_owned(),
        opened: after.opened,
        updated: after.updated,
        record: serde_json::to_string(&after)?,
    };
    let hash = write.put_case(&stored, &serde_json::to_string(&event)?)?;
    let from = event.from.map_or("nothing", |state| state.as_str());
    let (step, to, who) = (event.step.as_str(), event.to.as_str(), order.who);
    let detail = format!("{step}: {from} -> {to} line {hash} by {who}");
    write.audit_by(order.now, who, "case", number, &detail)?;
    Ok(after)
}

/// Looks at the clocks of all cases that have not ended, and tells of those that have run out further than was told.
///
/// # Errors
/// Those of the store.
pub(super) fn look_at_clocks(shared: &Shared) -> anyhow::Result<()> {
    tell_of_clocks(&*shared.store, &shared.config, shared.now())
}

fn tell_of_clocks(store: &dyn Store, config: &Config, now: DateTime<Utc>) -> anyhow::Result<()> {
    let policy = policy(config);
    for row in store.cases()? {
        let case: Case = serde_json::from_str(&row.record)?;
        if case.is_ended() || run_outs(&case, now, &policy).is_empty() {
            continue;
        }
        // What fails half-way is taken back: a clock that is noted as told and was not would never be told.
        store.write(&mut |write| {
            tell(write, &row.number, config, &policy, now).map_err(|error| match error {
                StepError::Store(error) => error,
                other => StoreError::Corrupt { what: row.number.clone(), cause: other.to_string() },
            })
        })?;
    }
    Ok(())
}

/// In one transaction: a line of the log and the messages of each clock of a case.
fn tell(
    write: &dyn StoreWrite,
    number: &str,
    config: &Config,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Result<(), StepError> {
    let Some(row) = write.case_now(number)? else { return Ok(()) };
    let mut case: Case = serde_json::from_str(&row.record)?;
    for (run, percent) in run_outs(&case, now, policy) {
        let fields = Fields::from([
            ("clock".to_owned(), run.clock.as_str().to_owned()),
            ("percent".to_owned(), percent.to_string()),
        ]);
        let order = Order { step: Step::Escalate, fields, who: STATION, now };
        case = log_step(write, Some(&case), number, &order, policy)?;
        let (names, units) = told(&case, config);
        for way in config.ways_with_duty(&names, &units, now) {
            let message = message(&case, &run, percent, config, policy, now);
            let key = format!("{}@{}", message.key, way.name);
            write.enqueue(&key, &way.name, &message.json(), now)?;
        }
    }
    Ok(())
}

/// The ways by which a case is told, and its units: the unit's own that answers for it, else those of the units that it is
/// about; each from itself upwards, and the general ones where none has any.
fn told(case: &Case, config: &Config) -> (Vec<String>, Vec<SubjectId>) {
    let named = match case.field("main") {
        "" => case.field("units"),
        main => main,
    };
    let units: Vec<SubjectId> = named.split_whitespace().map(SubjectId::from).collect();
    let above = |id: &SubjectId| {
        config.subjects.iter().find(|subject| subject.id == *id).and_then(|s| s.parent.clone())
    };
    let own = |unit: &SubjectId| {
        // Config refuses circles.
        let mut up = std::iter::successors(Some(unit.clone()), above);
        up.find_map(|id| config.cases.unit.iter().find(|ways| ways.id == id))
    };
    let names: Vec<String> =
        units.iter().filter_map(own).flat_map(|ways| ways.notify.clone()).collect();
    (if names.is_empty() { config.cases.notify.clone() } else { names }, units)
}

fn message(
    case: &Case,
    run: &Run,
    percent: u32,
    config: &Config,
    policy: &Policy,
    now: DateTime<Utc>,
) -> Message {
    let lang = config.station.lang;
    let grade = lang.text(&format!("record.severity.{}", case.grade().as_str()));
    let state = lang.text(&format!("cases.state.{}", case.state.as_str()));
    let id = case.field("main");
    let unit = config.subjects.iter().find(|subject| subject.id.as_str() == id);
    let unit = unit.map_or(id, |subject| subject.name.as_str());
    let clock = words::left(run, now, policy, lang);
    let due = run.due.with_timezone(&config.station.zone).format("%m-%d %H:%M");
    let said: [(&str, &dyn std::fmt::Display); 7] = [
        ("number", &case.number),
        ("grade", &grade),
        ("clock", &clock),
        ("title", &crate::report::markdown::escape(case.field("title"))),
        ("state", &state),
        ("unit", &unit),
        ("due", &due),
    ];
    Message {
        key: format!(
            "case/{}/{}@{}/{percent}",
            case.number,
            run.clock.as_str(),
            run.since.timestamp()
        ),
        kind: MessageKind::Case,
        title: lang.fill("cases.message.title", &said),
        body_markdown: lang.fill("cases.message.body", &said),
        data: json!({
            "case": case.number, "state": case.state, "grade": case.grade(), "unit": id,
            "clock": run.clock, "percent": percent, "due": run.due,
        }),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::config::Overrides;
    use crate::store::{OutboxAsk, ReadCases as _, SqliteStore};

    /// A case opened at a time, of which the clocks are told to the log.
    fn opened(dir: &std::path::Path) -> (SqliteStore, Config, DateTime<Utc>) {
        let mut config = Config::shipped(&Overrides::default());
        config.cases.notify = vec!["log".to_owned()];
        let opened: DateTime<Utc> = "2026-11-20T07:00:00Z".parse().unwrap();
        let fields = [("title", "冒顶"), ("origin", "hand"), ("suggested", "major")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let order =
            Order { step: Step::Open, fields: Fields::from(fields), who: "王", now: opened };
        let store = SqliteStore::open(&dir.join("guanlan.db")).unwrap();
        store
            .write(&mut |write| {
                log_step(write, None, "2026-0001", &order, &policy(&config)).unwrap();
                Ok(())
            })
            .unwrap();
        (store, config, opened)
    }

    #[test]
    fn a_clock_that_runs_out_is_told_once_a_step_whatever_the_clock_and_restarts_do() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("guanlan.db");
        let (store, config, opened) = opened(dir.path());
        drop(store);
        // Verification of a grave matter: an hour. Minutes after opening, and the messages there are then.
        for (minutes, expected) in [
            (44, 0),
            (46, 1),
            (46, 1),
            (61, 2),
            (50, 2),
            (91, 3),
            (95, 3),
            (60 * 24, 3),
            (60 * 37, 4),
        ] {
            // Each look by a station that was started anew.
            let store = SqliteStore::open(&path).unwrap();
            tell_of_clocks(&store, &config, opened + TimeDelta::minutes(minutes)).unwrap();
            let told = store.outbox(&OutboxAsk { limit: 100, ..OutboxAsk::default() }).unwrap();
            assert_eq!(told.len(), expected, "after {minutes} minutes: {told:?}");
        }
        let store = SqliteStore::open(&path).unwrap();
        let log = store.case_log(Some("2026-0001")).unwrap();
        assert_eq!(log.len(), 5, "each with a line of its own");
    }

    #[test]
    fn a_unit_is_told_by_its_own_ways_else_by_those_above_it_else_by_the_general_ones() {
        let mut config = Config::shipped(&Overrides::default());
        let unit = |id: &str, parent: Option<&str>| pipelines::record::Subject {
            id: id.into(),
            name: id.to_owned(),
            parent: parent.map(Into::into),
            ..Default::default()
        };
        config.subjects = vec![
            unit("group", None),
            unit("mine", Some("group")),
            unit("pit", Some("mine")),
            unit("chem", Some("group")),
        ];
        config.cases.notify = vec!["general".to_owned()];
        let ways = |id: &str, name: &str| crate::cases::clock::UnitWays {
            id: id.into(),
            notify: vec![name.to_owned()],
        };
        config.cases.unit = vec![ways("mine", "mines"), ways("gone", "x")];
        let dir = tempfile::tempdir().unwrap();
        let (store, ..) = opened(dir.path());
        let stored = store.case("2026-0001").unwrap().unwrap();
        for (main, units, expected) in [
            ("mine", "chem", "mines"),
            ("pit", "", "mines"),
            ("", "chem pit", "mines"),
            ("chem", "mine", "general"),
            ("removed", "", "general"),
            ("", "", "general"),
        ] {
            let mut case: Case = serde_json::from_str(&stored.record).unwrap();
            case.fields.insert("main".to_owned(), main.to_owned());
            case.fields.insert("units".to_owned(), units.to_owned());
            assert_eq!(told(&case, &config).0.join(" "), expected, "{main} {units}");
        }
    }

    #[test]
    fn a_message_that_cannot_be_queued_leaves_no_clock_noted_as_told() {
        let dir = tempfile::tempdir().unwrap();
        let (store, config, opened) = opened(dir.path());
        let database = rusqlite::Connection::open(dir.path().join("guanlan.db")).unwrap();
        let refusing =
            "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END";
        database.execute_batch(refusing).unwrap();
        let late = opened + TimeDelta::minutes(61);
        assert!(tell_of_clocks(&store, &config, late).is_err());
        assert_eq!(store.case_log(Some("2026-0001")).unwrap().len(), 1, "nothing half-done");
        database.execute_batch("DROP TRIGGER full").unwrap();
        tell_of_clocks(&store, &config, late).unwrap();
        let told = store.outbox(&OutboxAsk { limit: 9, ..OutboxAsk::default() }).unwrap();
        assert_eq!(told.len(), 1, "told when it can be: {told:?}");
    }
}
