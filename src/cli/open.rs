//! What commands begin with: the config read, the station opened, or the store opened for reading.
//!
//! In: the global options. Out: opened things, or problems shown as the officer can mend them.

use std::sync::Arc;

use chrono_tz::Tz;
use pipelines::locale::Lang;
use pipelines::query::{Context, Query};

use super::standing::{self, Asked};
use super::{Globals, Outcome};
use crate::config::{Config, Overrides};
use crate::desk::{Desk, DeskError, Who};
use crate::engine::{DataDir, open_or_make_store, open_store, system_clock};
use crate::store::{Marks, SqliteStore, Store as _};

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

/// A config and the store it points at, for reading.
pub struct Reading {
    /// The config.
    pub config: Config,
    /// Where things lie.
    pub dir: DataDir,
    /// The store.
    pub store: SqliteStore,
}

impl Reading {
    /// The index, for reading, and how far it is behind.
    ///
    /// # Errors
    /// An index that cannot be asked, each with its way out.
    pub fn index(&self) -> anyhow::Result<Asked> {
        standing::asked(self)
    }
}

/// Opens for reading; works beside a running station.
pub fn reading(globals: &Globals) -> anyhow::Result<Result<Reading, Outcome>> {
    let config = match load(globals, true) {
        Ok(config) => config,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let store = open_store(&config.station.data_dir)?;
    let dir = DataDir(config.station.data_dir.clone());
    Ok(Ok(Reading { config, dir, store }))
}

/// The desk of a data directory, for acts; works beside a running station.
pub fn desk(globals: &Globals) -> anyhow::Result<Result<Desk, Outcome>> {
    let config = match config(globals) {
        Ok(config) => config,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let store = open_store(&config.station.data_dir)?;
    Ok(Ok(Desk::new(Arc::new(config), Arc::new(store), system_clock())))
}

/// The same for acts on people, which may come before anything was collected: the store is made where there is none.
pub fn people_desk(globals: &Globals) -> anyhow::Result<Result<Desk, Outcome>> {
    let config = match load(globals, true) {
        Ok(config) => config,
        Err(outcome) => return Ok(Err(outcome)),
    };
    let store = open_or_make_store(&config.station.data_dir)?;
    Ok(Ok(Desk::new(Arc::new(config), Arc::new(store), system_clock())))
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
    eprintln!("{}", error.in_words(lang));
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

/// The zone and names a query is read with.
pub fn query_context(config: &Config) -> Context {
    crate::engine::query_context(config, chrono::Utc::now())
}

/// Reads a query; `Err` is the exit status after the error was shown with its place.
pub fn query(text: &str, config: &Config, globals: &Globals) -> Result<Query, Outcome> {
    parsed(text, &query_context(config), globals)
}

/// The same of the posts of a store: a source that nothing came from is an error, with those there are.
pub fn query_of_posts(
    text: &str,
    reading: &Reading,
    globals: &Globals,
) -> anyhow::Result<Result<Query, Outcome>> {
    let stored_sources = Some(reading.store.source_ids()?);
    let context = Context { stored_sources, ..query_context(&reading.config) };
    Ok(parsed(text, &context, globals))
}

fn parsed(text: &str, context: &Context, globals: &Globals) -> Result<Query, Outcome> {
    pipelines::query::parse(text, context).map_err(|error| {
        eprintln!("{}", error.render(text, globals.lang));
        Outcome::Usage
    })
}

/// A time as shown: local, to the minute.
pub fn shown_time(at: chrono::DateTime<chrono::Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// What became of a post's page since it was stored, for people; nothing where it stands as it was.
pub fn marks_in_words(marks: &Marks, lang: Lang, zone: Tz) -> Option<String> {
    let said =
        [("edited", marks.edited), ("gone", marks.gone)].into_iter().filter_map(|(name, at)| {
            let at = shown_time(at?, zone);
            Some(lang.fill(&format!("cli.mark.{name}"), &[("at", &at)]))
        });
    Some(said.collect::<Vec<_>>().join("  ")).filter(|line| !line.is_empty())
}

/// Seconds that local time is ahead of UTC now: the days of histograms.
pub fn zone_offset_secs(config: &Config) -> i32 {
    crate::engine::zone_offset_secs(config, chrono::Utc::now())
}
