//! Digests on schedule and on demand: from the store to files, once per period.
//!
//! In: the digests of config, or a period. Out: `<id>-<date>.md`, `.html` and `.docx` under the data directory, written
//! beside and renamed so that a reader never sees half of one. What goes into a digest is read here; what it
//! says is `report`'s business.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use pipelines::record::TopicId;
use pipelines::words::Counts;

use super::health::{all_lost, lost_in_words, silence_reason, trouble_in_words};
use super::shared::Shared;
use crate::config::{Config, DigestConfig, NotifierConfig, Period};
use crate::notify::{DigestNotice, Enclosure, Message, digest_message};
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
    let (period, from, to) = span(digest.period, due, &shared.config);
    let order = Order { id: digest.id.clone(), title: digest.title.clone(), period, from, to };
    let written = write(&shared.config, &*shared.store, &order, now, &shared.dir.digests())?;
    tracing::info!(digest = %digest.id, files = ?written.files, "digest written");
    let messages = messages(shared, digest, &order, &written);
    Ok(shared.store.write(&mut |write| {
        write.put_state(&mark, &due.to_rfc3339())?;
        write.audit(now, "digest", &digest.id, &due.to_rfc3339())?;
        for (notifier, message) in &messages {
            write.enqueue(&message.key, notifier, &message.json(), now)?;
        }
        Ok(())
    })?)
}

/// What is told of a finished digest, by each of its ways out.
fn messages(
    shared: &Shared,
    digest: &DigestConfig,
    order: &Order,
    written: &Written,
) -> Vec<(String, Message)> {
    let config = &shared.config;
    let day = order.to.with_timezone(&config.station.zone).format("%Y-%m-%d");
    let place = written.files.first().map(|path| path.display().to_string()).unwrap_or_default();
    let lang = config.station.lang;
    let named = |path: &PathBuf| {
        let end = path.extension()?.to_str()?;
        let name = format!("{} {day}.{end}", written.title).replace(['/', '\\', ':', '"'], "_");
        (end != "md").then(|| Enclosure { name, path: path.clone() })
    };
    let notice = DigestNotice {
        title: &written.title,
        place: &place,
        markdown: &written.markdown,
        summary_heading: &lang.text("digest.heading.summary"),
        files: written.files.iter().filter_map(named).collect(),
        lang,
    };
    let message = |notifier: &NotifierConfig| {
        let key = format!("digest:{}:{day}@{}", digest.id, notifier.name);
        (notifier.name.clone(), digest_message(key, &notice))
    };
    config.notifiers(&digest.notify).map(message).collect()
}

/// A digest on disk.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its files: Markdown, HTML, Word.
    pub files: Vec<PathBuf>,
    /// Its title, as it stands in them.
    pub title: String,
    /// The whole in Markdown.
    pub markdown: String,
}

/// Writes one digest in Markdown, HTML and Word.
///
/// # Errors
/// The store, or a file that cannot be written.
pub fn write(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
    dir: &Path,
) -> anyhow::Result<Written> {
    let digest = Digest::build(&input(config, store, order, now)?);
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let day = order.to.with_timezone(&config.station.zone).format("%Y-%m-%d");
    let mut files = Vec::new();
    let lang = config.station.lang;
    let markdown = render(&digest, lang, Format::Markdown)?;
    let forms = [
        ("md", markdown.clone().into_bytes()),
        ("html", render(&digest, lang, Format::Html)?.into_bytes()),
        ("docx", render_word(&digest, lang)?),
    ];
    for (ending, bytes) in forms {
        let path = dir.join(format!("{}-{day}.{ending}", order.id));
        put(&path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        files.push(path);
    }
    // The names are on disk before the store says that they are.
    std::fs::File::open(dir)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync `{}`", dir.display()))?;
    let heading = markdown.lines().find_map(|line| line.strip_prefix("# "));
    let title = digest.title.unwrap_or_else(|| heading.unwrap_or(&order.id).trim().to_owned());
    Ok(Written { files, title, markdown })
}

/// Writes beside and renames, so that neither a reader nor a power cut sees half of a file.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".part");
    let mut file = std::fs::File::create(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&half, path)
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
    posts.iter_mut().try_for_each(|post| mark_page(store, post))?;
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
                mark_page(store, &mut post)?;
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
fn mark_page(store: &dyn Store, post: &mut DigestPost) -> anyhow::Result<()> {
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
    let (mut tally, mut words) = (Tally::default(), Counts::default());
    let mut stories = std::collections::HashSet::new();
    store.each_post(&PostRange { from: Some(from), until: Some(order.from) }, &mut |post| {
        let post = DigestPost::of(&post, "");
        if post.is_about_us() {
            tally.posts += 1;
            words.add(post.keywords.iter().map(String::as_str));
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
    Ok(Some(PreviousPeriod { tally, words }))
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
