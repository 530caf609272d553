//! What commands begin with: the config read, the desk opened, who acts; and what is said where that fails.
//!
//! In: the global options. Out: opened things, or problems shown as the officer can mend them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use pipelines::locale::Lang;

use super::{Format, Globals, Outcome};
use crate::config::{Config, Overrides};
use crate::desk::{Desk, DeskError, Who};

/// The config of `--config`, of the current folder, of the data directory, or the shipped one; `Err` is the
/// exit status after the problems were shown.
pub fn config(globals: &Globals) -> Result<Config, Outcome> {
    load(globals, false)
}

fn load(globals: &Globals, reads_only: bool) -> Result<Config, Outcome> {
    let data_dir = globals.data_dir.clone();
    let overrides = Overrides { data_dir, reads_only, ..Overrides::default() };
    let loaded = Config::load(globals.config.as_deref(), &overrides);
    loaded.map_err(|problems| {
        eprintln!("{}", problems.render(globals.lang));
        Outcome::Bad
    })
}

/// The desk of a data directory for asking; works beside a running station, and needs no secret of config.
///
/// # Errors
/// Nothing was collected yet; a store that cannot be opened.
pub fn reading(globals: &Globals) -> anyhow::Result<Result<Desk, Outcome>> {
    load(globals, true).map(Desk::open).map_or_else(|outcome| Ok(Err(outcome)), |desk| desk.map(Ok))
}

/// The same for acts that may send something.
///
/// # Errors
/// As of [`reading`].
pub fn desk(globals: &Globals) -> anyhow::Result<Result<Desk, Outcome>> {
    config(globals).map(Desk::open).map_or_else(|outcome| Ok(Err(outcome)), |desk| desk.map(Ok))
}

/// The same for acts on people, which may come before anything was collected: the store is made where there is none.
///
/// # Errors
/// A store that cannot be opened or made.
pub fn people_desk(globals: &Globals) -> anyhow::Result<Result<Desk, Outcome>> {
    let made = load(globals, true).map(Desk::open_or_make);
    made.map_or_else(|outcome| Ok(Err(outcome)), |desk| desk.map(Ok))
}

/// Wrong usage and refusals of the desk on one side, failures of the machine on the other.
pub type Told = Result<anyhow::Result<Outcome>, DeskError>;

/// What is done at that desk by whoever runs the command; a refusal in words.
///
/// # Errors
/// A store that cannot be opened or made; what the work fails of.
pub fn at_people_desk(
    globals: &Globals,
    work: impl FnOnce(&Desk, &Who) -> Told,
) -> anyhow::Result<Outcome> {
    let desk = match people_desk(globals)? {
        Ok(desk) => desk,
        Err(outcome) => return Ok(outcome),
    };
    work(&desk, &who(globals)).unwrap_or_else(|error| refused(error, globals.lang))
}

/// `field=words`, each.
///
/// # Errors
/// `Value` for what has no `=`.
pub fn fields(said: &[String]) -> Result<BTreeMap<String, String>, DeskError> {
    let pair = |text: &String| {
        let wrong = || DeskError::Value { what: "case_field", value: text.clone() };
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        Ok((name.trim().to_owned(), value.to_owned()))
    };
    said.iter().map(pair).collect()
}

/// Who acts on a command line: the account, as the system names it. It owns the data directory, so it may all.
pub fn who(globals: &Globals) -> Who {
    let account = std::env::var("USER").ok().filter(|name| !name.trim().is_empty());
    Who::owner(account.unwrap_or_else(|| "command line".to_owned()), globals.lang)
}

/// What an act that was not done is told as, and the exit status; a broken part goes on as the failure it is.
///
/// # Errors
/// `Broken`.
pub fn refused(error: DeskError, lang: Lang) -> anyhow::Result<Outcome> {
    let outcome = match &error {
        DeskError::Query { .. } | DeskError::Value { .. } => Outcome::Usage,
        DeskError::Broken(_) => return Err(error.into()),
        _ => Outcome::Bad,
    };
    eprintln!("{}", pipelines::text::visible(&error.in_words(lang)));
    Ok(outcome)
}

/// Says that there is no way out of this name, and which there are.
pub fn no_notifier(desk: &Desk, name: &str, lang: Lang) -> Outcome {
    let names = desk.config.notifiers.iter().map(|n| n.name.as_str());
    let names = names.collect::<Vec<_>>().join(", ");
    let said: [(&str, &dyn std::fmt::Display); 2] = [("name", &name), ("names", &names)];
    eprintln!("{}", lang.fill("cli.alerts.no_notifier", &said));
    Outcome::Usage
}

/// Says that an answer is not all there is, since so many changes are not in the index yet: before a table, or beside
/// rows.
///
/// # Errors
/// Those of `out`.
pub fn say_lag(
    behind: u64,
    globals: &Globals,
    out: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    if behind == 0 {
        return Ok(());
    }
    let line = globals.lang.fill("cli.index.lags", &[("lacking", &behind)]);
    match globals.format {
        Format::Table => writeln!(out, "{line}")?,
        _ => eprintln!("{line}"),
    }
    Ok(())
}

/// A time as shown: local, to the minute.
pub fn shown_time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// What became of a post's page since it was stored, for people; nothing where it stands as it was.
pub fn marks_in_words(
    (edited, gone): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    lang: Lang,
    zone: Tz,
) -> Option<String> {
    let said = [("edited", edited), ("gone", gone)].into_iter().filter_map(|(name, at)| {
        let at = shown_time(at?, zone);
        Some(lang.fill(&format!("cli.mark.{name}"), &[("at", &at)]))
    });
    Some(said.collect::<Vec<_>>().join("  ")).filter(|line| !line.is_empty())
}
