//! `guanlan alerts`: what fired, why, and what became of it; `--ack` and `--close` move one on, `resend` lets what
//! could not be delivered wait again.

mod resend;

use std::io::Write;

use clap::{Args, Subcommand};
use pipelines::record::AlertState;
use serde_json::{Map, Value, json};

use super::output::Table;
use super::{Format, Globals, Outcome, open};
use crate::desk::Desk;
use crate::desk::alerts::AlertRow;

/// Alerts shown with their reasons, their posts, and the days they are of.
const SHOWN: usize = 20;
const SHOWN_POSTS: usize = 3;
const SHOWN_DAYS: u32 = 3_660;

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
    #[arg(long, value_name = "ID", conflicts_with_all = ["ack", "close"])]
    put_off: Option<i64>,
    #[arg(long, value_name = "N", default_value_t = 24, requires = "put_off")]
    hours: u32,
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
        if let Some(id) = self.put_off {
            return put_off(id, self.hours, globals, out);
        }
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let alerts = match desk.alerts(&open::who(globals), self.days, None, self.limit) {
            Ok(alerts) => alerts,
            Err(error) => return open::refused(error, globals.lang),
        };
        if alerts.is_empty() && globals.format == Format::Table {
            let days = self.days;
            writeln!(out, "{}", globals.lang.fill("cli.alerts.none", &[("days", &days)]))?;
            return Ok(Outcome::Good);
        }
        let rows = alerts.iter().map(|alert| row(alert, &desk, globals)).collect();
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

/// The latest alerts with their reasons, for people; answers how many there are.
pub fn show_reasons(desk: &Desk, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<usize> {
    let (lang, who) = (globals.lang, open::who(globals));
    let alerts = desk.alerts(&who, SHOWN_DAYS, None, usize::MAX)?;
    for alert in alerts.iter().take(SHOWN) {
        let severity = lang.text(&format!("record.severity.{}", alert.severity.as_str()));
        let time = open::shown_time(alert.fired, desk.config.station.zone);
        let args: [(&str, &dyn std::fmt::Display); 4] = [
            ("severity", &severity),
            ("rule", &alert.rule_name),
            ("time", &time),
            ("why", &alert.why),
        ];
        writeln!(out, "  {}", lang.fill("cli.alerts.line", &args))?;
        for post in desk.alert(&who, alert.id)?.posts.iter().take(SHOWN_POSTS) {
            let title: String = post.title.iter().map(|piece| piece.text.as_str()).collect();
            writeln!(out, "    · {title}  {}", post.url)?;
        }
    }
    Ok(alerts.len())
}

fn put_off(id: i64, hours: u32, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
    let desk = match open::desk(globals)? {
        Ok(desk) => desk,
        Err(outcome) => return Ok(outcome),
    };
    if let Err(error) = desk.put_off(&open::who(globals), id, hours) {
        return open::refused(error, globals.lang);
    }
    let said: [(&str, &dyn std::fmt::Display); 2] = [("id", &id), ("hours", &hours)];
    writeln!(out, "{}", globals.lang.fill("cli.alerts.put_off", &said))?;
    Ok(Outcome::Good)
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

fn row(alert: &AlertRow, desk: &Desk, globals: &Globals) -> Map<String, Value> {
    let table = globals.format == Format::Table;
    let named = |kind: &str, name: &str| {
        if table { globals.lang.text(&format!("record.{kind}.{name}")) } else { name.to_owned() }
    };
    let fired = if table {
        open::shown_time(alert.fired, desk.config.station.zone)
    } else {
        alert.fired.to_rfc3339()
    };
    let first = alert.newest.as_ref();
    let first = first.map(|line| line.title.iter().map(|p| p.text.as_str()).collect::<String>());
    let Value::Object(row) = json!({
        "id": alert.id,
        "key": alert.key,
        "fired_at": fired,
        "updated_at": alert.updated.to_rfc3339(),
        "severity": named("severity", alert.severity.as_str()),
        "rule": alert.rule,
        "rule_name": alert.rule_name,
        "query": alert.query,
        "measured": alert.measured,
        "threshold": alert.threshold,
        "posts": alert.posts,
        "state": named("alert_state", alert.state.as_str()),
        "story": alert.story,
        "evidence": alert.evidence,
        "first": first,
    }) else {
        unreachable!("an object literal")
    };
    row
}
