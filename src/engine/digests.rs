//! Digests on schedule and on demand: from the store to files, once per period.
//!
//! In: the digests of config, or a period. Out: `<id>-<date>.md`, `.html`, `.docx`, `.pdf` and `.xlsx` under the data
//! directory, and messages about them; one that has to be approved waits for that (`approval`). What goes into a digest is read here; what
//! it says is `report`'s business.

pub mod approval;
mod files;
pub mod fonts;
mod gather;
mod model;

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use pipelines::record::{StoryId, SubjectId, TopicId};

use super::shared::Shared;
use crate::config::{Config, DigestConfig, Form, NotifierConfig, Period};
use crate::notify::{DigestNotice, Enclosure, Message, digest_message};
use crate::report::{Issue, PeriodKind};

pub use files::{Written, write};

/// What a digest is narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Everything about us.
    All,
    /// A unit and those below it.
    Unit(SubjectId),
    /// A topic and those under it.
    Topic(TopicId),
    /// One happening.
    Story(StoryId),
}

/// A digest to be written.
#[derive(Clone, Debug)]
pub struct Order {
    /// The name of its files, without their endings.
    pub name: String,
    /// The title; a standard one where absent.
    pub title: Option<String>,
    /// What it is.
    pub period: PeriodKind,
    /// Start, included.
    pub from: DateTime<Utc>,
    /// End, not included.
    pub to: DateTime<Utc>,
    /// What it is narrowed to.
    pub focus: Focus,
    /// Its number, where it has one.
    pub issue: Option<Issue>,
    /// The forms it is written in.
    pub forms: Vec<Form>,
}

impl Order {
    /// One of everything about us, named by `id` and the day of its last moment.
    #[must_use]
    pub fn of_all(id: &str, (period, from, to): Span, config: &Config) -> Self {
        let name = format!("{id}-{}", day(to, config));
        let (focus, forms) = (Focus::All, Form::ALL.to_vec());
        Self { name, title: None, period, from, to, focus, issue: None, forms }
    }
}

impl Order {
    /// That of a digest of config, of its period that ends at `to`.
    #[must_use]
    pub fn of_config(digest: &DigestConfig, to: DateTime<Utc>, config: &Config) -> Self {
        let focus = match (&digest.unit, &digest.topic) {
            (Some(unit), _) => Focus::Unit(unit.as_str().into()),
            (None, Some(topic)) => Focus::Topic(topic.as_str().into()),
            (None, None) => Focus::All,
        };
        let title = digest.title.clone();
        let is_written = |form: &Form| {
            // The station itself shows these.
            matches!(form, Form::Md | Form::Html)
                || digest.forms.is_empty()
                || digest.forms.contains(form)
        };
        let forms = Form::ALL.into_iter().filter(is_written).collect();
        Self {
            title,
            focus,
            forms,
            ..Self::of_all(&digest.id, span(digest.period, to, config), config)
        }
    }
}

/// What a digest is, its start and its end.
pub type Span = (PeriodKind, DateTime<Utc>, DateTime<Utc>);

/// The day a digest that ends at `to` is about: that of its last moment.
fn day(to: DateTime<Utc>, config: &Config) -> String {
    let last = to - TimeDelta::seconds(1);
    last.with_timezone(&config.station.zone).format("%Y-%m-%d").to_string()
}

/// The name of a digest that is made by hand of the time up to `now`: beside that of the whole day.
#[must_use]
pub fn name_of_now(id: &str, now: DateTime<Utc>, config: &Config) -> String {
    format!("{id}-{}", now.with_timezone(&config.station.zone).format("%Y-%m-%d-%H%M"))
}

/// The span of `period` that ends at `to`.
#[must_use]
pub fn span(period: Period, to: DateTime<Utc>, config: &Config) -> Span {
    match period {
        Period::Day => (PeriodKind::Day, to - TimeDelta::hours(24), to),
        Period::Week => (PeriodKind::Week, to - TimeDelta::days(7), to),
        Period::Month => {
            let zone = config.station.zone;
            let this = to.with_timezone(&zone).date_naive().with_day(1).unwrap_or_default();
            let last = (this - TimeDelta::days(1)).with_day(1).unwrap_or_default();
            let start = |day: chrono::NaiveDate| {
                let midnight = day.and_time(chrono::NaiveTime::MIN);
                zone.from_local_datetime(&midnight)
                    .earliest()
                    .map_or(to, |at| at.with_timezone(&Utc))
            };
            (PeriodKind::Month, start(last), start(this))
        }
    }
}

fn mark(digest: &DigestConfig) -> String {
    format!("digest:{}", digest.id)
}

/// When `digest` was last written, or begun with; a time after `now` is that of a clock that was ahead.
fn last_written(
    shared: &Shared,
    digest: &DigestConfig,
    now: DateTime<Utc>,
) -> anyhow::Result<Option<DateTime<Utc>>> {
    let last = shared.store.state(&mark(digest))?;
    let last = last.map(|text| text.parse::<DateTime<Utc>>()).transpose();
    Ok(last.context("cannot read when a digest was last written")?.map(|at| at.min(now)))
}

/// Whether the time of `digest` has come since it was last written.
///
/// # Errors
/// The store.
pub fn is_due(shared: &Shared, digest: &DigestConfig, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let Some(last) = last_written(shared, digest, now)? else { return Ok(true) };
    Ok(shared.config.digest_schedule(digest).due(last, now).is_some())
}

/// Writes `digest` if its time has come since it was last written, once, and tells of it.
///
/// # Errors
/// The store, or a file that cannot be written; it is still due then.
pub fn write_due(shared: &Shared, digest: &DigestConfig) -> anyhow::Result<()> {
    let now = shared.now();
    let mark = mark(digest);
    let Some(last) = last_written(shared, digest, now)? else {
        // A new station has no past to report on: it begins with the next time.
        return Ok(shared.store.write(&mut |write| write.put_state(&mark, &now.to_rfc3339()))?);
    };
    let Some(due) = shared.config.digest_schedule(digest).due(last, now) else { return Ok(()) };
    let issue = next_issue(shared, digest, due)?;
    let order = Order { issue: Some(issue), ..Order::of_config(digest, due, &shared.config) };
    let written = write(&shared.config, &*shared.store, &order, now, &shared.dir.digests())?;
    tracing::info!(digest = %digest.id, files = ?written.files, "digest written");
    if written.lacks_fonts {
        tracing::warn!(digest = %digest.id, "no Chinese font found, so that there is no PDF");
    }
    let waiting = digest.approve.then(|| approval::Waiting::of(digest, &order, &written, now));
    let messages = match waiting {
        Some(_) => Vec::new(),
        None => messages(&shared.config, digest, &day(order.to, &shared.config), &written),
    };
    Ok(shared.store.write(&mut |write| {
        write.put_state(&mark, &due.to_rfc3339())?;
        if let Some(waiting) = &waiting {
            waiting.put(write)?;
        }
        write.put_state(&issue_mark(digest), &format!("{} {}", issue.year, issue.number))?;
        write.audit(now, "digest", &digest.id, &due.to_rfc3339())?;
        for (notifier, message) in &messages {
            write.enqueue(&message.key, notifier, &message.json(), now)?;
        }
        Ok(())
    })?)
}

fn issue_mark(digest: &DigestConfig) -> String {
    format!("issue:{}", digest.id)
}

/// The number of the next issue of `digest`, counted within the year of `due`.
fn next_issue(shared: &Shared, digest: &DigestConfig, due: DateTime<Utc>) -> anyhow::Result<Issue> {
    let year = due.with_timezone(&shared.config.station.zone).year();
    let last = shared.store.state(&issue_mark(digest))?;
    let last = last.as_deref().and_then(|text| text.split_once(' '));
    let last =
        last.filter(|(of, _)| of.parse() == Ok(year)).map(|(_, number)| number.parse::<u32>());
    let last = last.transpose().context("cannot read the number of the last issue")?;
    Ok(Issue { year, number: last.unwrap_or(0) + 1 })
}

/// What is told of a finished digest, by each of its ways out.
fn messages(
    config: &Config,
    digest: &DigestConfig,
    day: &str,
    written: &Written,
) -> Vec<(String, Message)> {
    let place = written.files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let lang = config.station.lang;
    let named = |path: &PathBuf| {
        let end = path.extension()?.to_str()?;
        let name = format!("{} {day}.{end}", written.title).replace(['/', '\\', ':', '"'], "_");
        // A ledger is asked for, not sent.
        matches!(end, "html" | "docx" | "pdf").then(|| Enclosure { name, path: path.clone() })
    };
    let notice = DigestNotice {
        title: &written.title,
        place: &place,
        markdown: &written.markdown,
        summary_heading: &written.summary,
        files: written.files.iter().filter_map(named).collect(),
        lang,
    };
    let message = |notifier: &NotifierConfig| {
        let key = format!("digest:{}:{day}@{}", digest.id, notifier.name);
        (notifier.name.clone(), digest_message(key, &notice))
    };
    config.notifiers(&digest.notify).map(message).collect()
}
