//! `guanlan alerts`: what fired, why, and what became of it; `--ack` and `--close` move one on, `resend` lets what
//! could not be delivered wait again.

mod resend;

use std::io::Write;

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use pipelines::record::{AlertState, Severity};
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::engine::watching::rule_of;
use crate::report;
use crate::store::{PostRange, Store, StoredAlert};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct AlertsArgs {
    #[arg(long, default_value_t = 30)]
    days: u32,
    #[arg(long, default_value_t = 50)]
    limit: usize,
    #[arg(long, value_name = "ID")]
    ack: Option<i64>,
    #[arg(long, value_name = "ID", conflicts_with = "ack")]
    close: Option<i64>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    Resend(resend::ResendArgs),
}

impl AlertsArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        if let Some(Action::Resend(args)) = &self.action {
            return args.run(globals, out);
        }
        if let Some((id, state)) = self.change() {
            return set_state(id, state, globals, out);
        }
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let from = Utc::now() - TimeDelta::days(i64::from(self.days));
        let range = PostRange { from: Some(from), until: None };
        let alerts = reading.store.alerts(&range, self.limit)?;
        if alerts.is_empty() && globals.format == Format::Table {
            let days = self.days;
            writeln!(out, "{}", globals.lang.fill("cli.alerts.none", &[("days", &days)]))?;
            return Ok(Outcome::Good);
        }
        let rows = alerts
            .iter()
            .map(|a| row(a, &reading, globals))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let table = Table {
            columns: vec![
                ("id", "cli.alerts.id"),
                ("fired_at", "cli.alerts.fired_at"),
                ("severity", "cli.alerts.severity"),
                ("rule_name", "cli.alerts.rule"),
                ("measured", "cli.alerts.measured"),
                ("threshold", "cli.alerts.threshold"),
                ("posts", "cli.alerts.posts"),
                ("state", "cli.alerts.state"),
                ("first", "cli.alerts.first"),
            ],
            rows,
        };
        table.write(globals.format, globals.lang, out)?;
        Ok(Outcome::Good)
    }

    fn change(&self) -> Option<(i64, AlertState)> {
        let ack = self.ack.map(|id| (id, AlertState::Acknowledged));
        ack.or(self.close.map(|id| (id, AlertState::Closed)))
    }
}

/// Every alert with its reason, for people.
pub fn show_reasons(globals: &Globals, out: &mut dyn Write) -> anyhow::Result<()> {
    let Ok(reading) = open::reading(globals)? else { return Ok(()) };
    let lang = globals.lang;
    for stored in reading.store.alerts(&PostRange::default(), 20)? {
        let alert = &stored.alert;
        let rule = rule_of(&reading.config, &alert.rule);
        let name = rule.as_ref().map_or(alert.rule.as_str(), |r| r.name.as_str());
        let severity = lang.text(&format!("record.severity.{}", alert.severity.as_str()));
        let time = open::shown_time(alert.fired_at, reading.config.station.zone);
        let why = report::why(rule.as_ref(), alert, lang);
        writeln!(
            out,
            "  {}",
            lang.fill("cli.alerts.line", &[("severity", &severity), ("rule", &name), ("time", &time), ("why", &why)])
        )?;
        for evidence in alert.evidence.iter().take(3) {
            if let Some(post) = reading.store.post(evidence.post)? {
                writeln!(out, "    · {}  {}", post.post.title, post.post.url)?;
            }
        }
    }
    Ok(())
}

fn set_state(
    id: i64,
    state: AlertState,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let desk = match open::desk(globals)? {
        Ok(desk) => desk,
        Err(outcome) => return Ok(outcome),
    };
    if let Err(error) = desk.move_alert(&open::who(globals), id, state) {
        return open::refused(error, globals.lang);
    }
    let state = globals.lang.text(&format!("record.alert_state.{}", state.as_str()));
    let said = [("id", &id as &dyn std::fmt::Display), ("state", &state)];
    writeln!(out, "{}", globals.lang.fill("cli.alerts.changed", &said))?;
    Ok(Outcome::Good)
}

fn row(
    stored: &StoredAlert,
    reading: &open::Reading,
    globals: &Globals,
) -> anyhow::Result<Map<String, Value>> {
    let alert = &stored.alert;
    let table = globals.format == Format::Table;
    let rule = rule_of(&reading.config, &alert.rule);
    let named = |kind: &str, name: &str| {
        if table { globals.lang.text(&format!("record.{kind}.{name}")) } else { name.to_owned() }
    };
    let first = match alert.evidence.first() {
        Some(evidence) => reading.store.post(evidence.post)?,
        None => None,
    };
    let severity: Severity = alert.severity;
    let fired = if table {
        open::shown_time(alert.fired_at, reading.config.station.zone)
    } else {
        alert.fired_at.to_rfc3339()
    };
    let Value::Object(row) = json!({
        "id": stored.id,
        "key": alert.key,
        "fired_at": fired,
        "updated_at": stored.updated_at.to_rfc3339(),
        "severity": named("severity", severity.as_str()),
        "rule": alert.rule,
        "rule_name": rule.as_ref().map_or(alert.rule.0.clone(), |r| r.name.clone()),
        "query": rule.as_ref().map(|r| r.query.clone()),
        "measured": alert.measured,
        "threshold": alert.threshold,
        "posts": stored.hits,
        "state": named("alert_state", alert.state.as_str()),
        "story": alert.story,
        "evidence": alert.evidence,
        "first": first.map(|p| p.post.title),
    }) else {
        unreachable!("an object literal")
    };
    Ok(row)
}
