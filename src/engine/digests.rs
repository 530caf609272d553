//! Digests on schedule and on demand: from the store to files, once per period.
//!
//! In: the digests of config, or a period. Out: `<id>-<date>.md`, `.html` and `.docx` under the data directory, written
//! beside and renamed so that a reader never sees half of one. What goes into a digest is read here; what it
//! says is `report`'s business.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use pipelines::record::TopicId;

use super::health::{all_lost, lost_in_words, silence_reason, trouble_in_words};
use super::station::Station;
use crate::config::{Config, Period};
use crate::report::{
    AlertInput, Digest, DigestInput, DigestPost, Format, PeriodKind, PreviousPeriod, SourceInput,
    SourceOutcome, Tally, render, render_word,
};
use crate::store::{PostRange, Role, Store};

/// Posts an appendix lists at most.
const LISTED_POSTS: usize = 200;

/// Topics whose negative posts are grievances of staff and neighbours.
const GRIEVANCES: [&str; 8] = [
    "labour",
    "environment",
    "construction",
    "education",
    "health",
    "trade",
    "transport",
    "service",
];

/// A digest to be written.
#[derive(Clone, Debug)]
pub struct Order {
    /// Part of the file name.
    pub id: String,
    /// The title; a standard one where absent.
    pub title: Option<String>,
    /// What kind of span.
    pub period: PeriodKind,
    /// Start, included.
    pub from: DateTime<Utc>,
    /// End, not included.
    pub to: DateTime<Utc>,
}

/// The span of `period` that ends at `to`.
#[must_use]
pub fn span(
    period: Period,
    to: DateTime<Utc>,
    config: &Config,
) -> (PeriodKind, DateTime<Utc>, DateTime<Utc>) {
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

/// Writes every digest whose time has come since it was last written, once.
///
/// # Errors
/// The store, or a file that cannot be written.
pub fn write_due(station: &Station, now: DateTime<Utc>) -> anyhow::Result<()> {
    for digest in &station.config.digests {
        let state = format!("digest:{}", digest.id);
        let last = match station.store.state(&state)? {
            Some(text) => text
                .parse::<DateTime<Utc>>()
                .context("cannot read when a digest was last written")?,
            None => {
                // A new station has no past to report on: it begins with the next time.
                station.store.write(&mut |write| write.put_state(&state, &now.to_rfc3339()))?;
                continue;
            }
        };
        let Some(due) = station.config.digest_schedule(digest).due(last, now) else { continue };
        let (period, from, to) = span(digest.period, due, &station.config);
        let order = Order { id: digest.id.clone(), title: digest.title.clone(), period, from, to };
        let written = write(&station.config, &*station.store, &order, now, &station.dir.digests())?;
        tracing::info!(digest = %digest.id, files = ?written, "digest written");
        station.store.write(&mut |write| {
            write.put_state(&state, &due.to_rfc3339())?;
            write.audit(now, "digest", &digest.id, &due.to_rfc3339())
        })?;
    }
    Ok(())
}

/// Writes one digest in Markdown, HTML and Word; answers the files.
///
/// # Errors
/// The store, or a file that cannot be written.
pub fn write(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
    dir: &Path,
) -> anyhow::Result<Vec<PathBuf>> {
    let digest = Digest::build(&input(config, store, order, now)?);
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let day = order.to.with_timezone(&config.station.zone).format("%Y-%m-%d");
    let mut files = Vec::new();
    let lang = config.station.lang;
    let forms = [
        ("md", render(&digest, lang, Format::Markdown)?.into_bytes()),
        ("html", render(&digest, lang, Format::Html)?.into_bytes()),
        ("docx", render_word(&digest, lang)?),
    ];
    for (ending, bytes) in forms {
        let path = dir.join(format!("{}-{day}.{ending}", order.id));
        let half = path.with_extension(format!("{ending}.part"));
        std::fs::write(&half, bytes)
            .and_then(|()| std::fs::rename(&half, &path))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        files.push(path);
    }
    Ok(files)
}

fn input(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<DigestInput> {
    let name_of = |id: &pipelines::record::SourceId| {
        config.sources.iter().find(|s| s.id == *id).map_or(id.0.clone(), |s| s.name.clone())
    };
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let mut posts = Vec::new();
    store.each_post(&range, &mut |post| {
        posts.push(DigestPost::of(&post, &name_of(&post.post.source)));
        true
    })?;
    posts.iter_mut().try_for_each(|post| mark(store, post))?;
    let mut alerts = Vec::new();
    let mut other_posts = Vec::new();
    for stored in store.alerts(&range, usize::MAX)? {
        for evidence in &stored.alert.evidence {
            let listed = |list: &[DigestPost]| list.iter().any(|p| p.id == evidence.post);
            if listed(&posts) || listed(&other_posts) {
                continue;
            }
            if let Some(post) = store.post(evidence.post)? {
                let mut post = DigestPost::of(&post, &name_of(&post.post.source));
                mark(store, &mut post)?;
                other_posts.push(post);
            }
        }
        let rule = super::watching::rule_of(config, &stored.alert.rule);
        alerts.push(AlertInput { alert: stored.alert, rule, state_since: Some(stored.updated_at) });
    }
    Ok(DigestInput {
        title: order.title.clone(),
        organisation: config.station.name.clone(),
        period: order.period,
        from: order.from,
        to: order.to,
        zone: config.station.zone,
        generated_at: now,
        posts,
        other_posts,
        previous: previous(store, order)?,
        subjects: config.subjects.iter().map(|s| (s.id.clone(), s.name.clone())).collect(),
        grievance_topics: GRIEVANCES.iter().map(|id| TopicId::from(*id)).collect(),
        alerts,
        sources: Some(sources(config, store, order, now)?),
        listed_posts: LISTED_POSTS,
    })
}

/// What became of the page of `post`, and the hash of the page it was read from as it was served.
fn mark(store: &dyn Store, post: &mut DigestPost) -> anyhow::Result<()> {
    let marks = store.marks(post.id)?;
    (post.edited_at, post.gone_at) = (marks.edited, marks.gone);
    let exhibits = store.evidence(post.id)?;
    let page = exhibits.into_iter().rev().find(|exhibit| exhibit.role == Role::Page);
    post.page_sha256 = page.map(|exhibit| exhibit.record.payload);
    Ok(())
}

/// Counts of the span before; absent where this station did not collect yet, since then it was not measured.
fn previous(store: &dyn Store, order: &Order) -> anyhow::Result<Option<PreviousPeriod>> {
    let from = order.from - (order.to - order.from);
    let since = store.state(super::watching::SINCE)?;
    let since = since.map(|text| text.parse::<DateTime<Utc>>()).transpose();
    let since = since.context("cannot read since when this station collects")?;
    if since.is_none_or(|since| since > from) {
        return Ok(None);
    }
    let mut tally = Tally::default();
    let mut stories = std::collections::HashSet::new();
    store.each_post(&PostRange { from: Some(from), until: Some(order.from) }, &mut |post| {
        let post = DigestPost::of(&post, "");
        if post.is_about_us() {
            tally.posts += 1;
            match post.polarity() {
                pipelines::record::Polarity::Negative => tally.negative += 1,
                pipelines::record::Polarity::Neutral => tally.neutral += 1,
                pipelines::record::Polarity::Positive => tally.positive += 1,
            }
            stories.insert(post.story);
        }
        true
    })?;
    tally.stories = stories.len() as u64;
    Ok(Some(PreviousPeriod { tally }))
}

fn sources(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<SourceInput>> {
    let lang = config.station.lang;
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let mut inputs = Vec::new();
    for source in config.sources.iter().filter(|s| s.enabled) {
        let state = store.source_state(&source.id)?;
        let tally = store.source_tally(&source.id, &range)?;
        let silent = TimeDelta::hours(i64::from(source.flatline_hours));
        let is_silent =
            source.flatline_hours > 0 && state.last_post.is_none_or(|at| at < now - silent);
        let outcome = match (&state.error, state.last_run) {
            (_, None) => SourceOutcome::NotRun,
            (Some((kind, text)), _) if tally.kept > 0 => {
                SourceOutcome::Partial { reason: trouble_in_words(kind, text, lang) }
            }
            (Some((kind, text)), _) => {
                SourceOutcome::Failed { reason: trouble_in_words(kind, text, lang) }
            }
            (None, Some(_)) if is_silent => {
                let reason = silence_reason(store, source, now)?;
                let reason = reason.map(|r| lang.text(&format!("record.silence.{}", r.as_str())));
                SourceOutcome::Silent { since: state.last_post, reason }
            }
            (None, Some(_)) => match all_lost(&tally) {
                Some(lost) => SourceOutcome::Partial { reason: lost_in_words(&lost, lang) },
                None => SourceOutcome::Good,
            },
        };
        let measured = state.last_run.is_some();
        inputs.push(SourceInput {
            id: source.id.clone(),
            name: source.name.clone(),
            channel: source.channel,
            outcome,
            received: measured.then_some(tally.received),
            kept: measured.then_some(tally.kept),
            dropped: measured.then(|| {
                let reason = |name: &str| {
                    pipelines::record::DropReason::ALL.into_iter().find(|r| r.as_str() == name)
                };
                tally.dropped.iter().filter_map(|(name, n)| Some((reason(name)?, *n))).collect()
            }),
            failed: measured.then(|| tally.failed_total()),
        });
    }
    Ok(inputs)
}
