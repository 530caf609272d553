//! How each source is: heard, failing, or silent, and why.
//!
//! In: a source and what the store knows of it. Out: one line of the health board. A reason is given where the
//! counts show one, else none; "nothing new" and "cannot be read" are never the same.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::SourceConfig;
use pipelines::locale::Lang;
use pipelines::record::{Issue, SilenceReason};

use crate::store::{PostRange, Result, SourceState, Store, Tally};

/// Weeks that "usual" is the mean of.
const WEEKS: i32 = 4;

/// Posts in a day that make a source one whose silent day tells something.
const LIVELY: f64 = 5.0;

/// Latest posts that must be without a date for dates to be gone, and those before them that had one.
const UNDATED: usize = 8;
const DATED: usize = 24;

/// How a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not crawled by config.
    Off,
    /// Not crawled yet.
    Never,
    /// The last run failed.
    Failed,
    /// It answers, and nothing of what comes is kept.
    Dropped,
    /// Nothing for longer than it may be silent, or on a day that usually brings much.
    Silent,
    /// Heard, but dates are no longer found on its pages.
    Undated,
    /// Heard.
    Good,
}

impl Standing {
    /// The name used in output and locale keys (`cli.source.standing_…`).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Never => "never",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
            Self::Silent => "silent",
            Self::Undated => "undated",
            Self::Good => "good",
        }
    }
}

/// One line of the health board.
#[derive(Clone, Debug)]
pub struct Health {
    /// How it stands.
    pub standing: Standing,
    /// What the store knows.
    pub state: SourceState,
    /// New posts in the last 24 hours.
    pub day: u64,
    /// The mean of the same 24 hours of the last four weeks it was collected in; none in its first week.
    pub usual: Option<f64>,
    /// Whole days since a post was new or changed.
    pub unchanged_days: Option<i64>,
    /// Why it is silent, where the counts show it.
    pub reason: Option<SilenceReason>,
    /// Where nothing of what came was kept: the drop reason that dominates, and how often.
    pub lost: Option<(String, u64)>,
}

impl Health {
    /// A source of a station that has not collected anything yet.
    #[must_use]
    pub fn never(source: &SourceConfig) -> Self {
        let standing = if source.enabled { Standing::Never } else { Standing::Off };
        let state = SourceState::default();
        Self {
            standing,
            state,
            day: 0,
            usual: None,
            unchanged_days: None,
            reason: None,
            lost: None,
        }
    }
}

/// How `source` is at `now`.
///
/// # Errors
/// Those of the store.
pub fn health(store: &dyn Store, source: &SourceConfig, now: DateTime<Utc>) -> Result<Health> {
    let state = store.source_state(&source.id)?;
    let tally = day_before(store, source, now)?;
    let usual = usual(store, source, &state, now)?;
    let allowed = TimeDelta::hours(i64::from(source.flatline_hours));
    let too_long =
        source.flatline_hours > 0 && state.last_post.is_some_and(|at| at < now - allowed);
    let silent = too_long || tally.kept == 0 && usual.is_some_and(|usual| usual >= LIVELY);
    let reason = reason_of(store, source, &state, &tally, now)?;
    // Pages dropped once are known ones later: a source that never kept anything is judged by all its counts.
    let never = if state.tally.kept == 0 { all_lost(&state.tally) } else { None };
    let lost = all_lost(&tally).or(never);
    let standing = match (source.enabled, &state.last_run, &state.error) {
        (false, ..) => Standing::Off,
        (_, None, _) => Standing::Never,
        (_, _, Some(_)) => Standing::Failed,
        _ if lost.is_some() => Standing::Dropped,
        _ if silent => Standing::Silent,
        _ if reason == Some(SilenceReason::DatesGone) => Standing::Undated,
        _ => Standing::Good,
    };
    let unchanged_days = state.last_change.map(|at| (now - at).num_days().max(0));
    let told = !matches!(standing, Standing::Good | Standing::Off | Standing::Never);
    let reason = reason.filter(|_| told);
    let lost = lost.filter(|_| standing == Standing::Dropped);
    Ok(Health { standing, state, day: tally.kept, usual, unchanged_days, reason, lost })
}

/// Where records came and none was kept: the drop reason that dominates, and how often. What was known already is
/// no loss, and beside known records neither are old ones.
#[must_use]
pub fn all_lost(tally: &Tally) -> Option<(String, u64)> {
    let of_no_loss = |reason: &str| matches!(reason, "duplicate" | "updated" | "not_modified");
    let knows_some = tally.dropped.iter().any(|(reason, n)| *n > 0 && of_no_loss(reason));
    let lost = tally.dropped.iter().filter(|(reason, n)| {
        *n > 0
            && !of_no_loss(reason)
            && !(knows_some && matches!(reason.as_str(), "too_old" | "purged"))
    });
    // Of equals the first by name, so that it is told the same everywhere.
    let most = lost.max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)))?;
    (tally.kept == 0).then(|| most.clone())
}

/// [`all_lost`] for an officer.
#[must_use]
pub fn lost_in_words((reason, n): &(String, u64), lang: Lang) -> String {
    let words = lang.text(&format!("record.drop.{reason}"));
    lang.fill("crawl.all_lost", &[("reason", &words), ("n", n)])
}

/// Why nothing comes from `source`, as far as its last run and the counts of its last day tell.
///
/// # Errors
/// Those of the store.
pub fn silence_reason(
    store: &dyn Store,
    source: &SourceConfig,
    now: DateTime<Utc>,
) -> Result<Option<SilenceReason>> {
    let (state, tally) = (store.source_state(&source.id)?, day_before(store, source, now)?);
    reason_of(store, source, &state, &tally, now)
}

/// The same from what was read already: the counts of all time and of the last day.
fn reason_of(
    store: &dyn Store,
    source: &SourceConfig,
    state: &SourceState,
    tally: &Tally,
    now: DateTime<Utc>,
) -> Result<Option<SilenceReason>> {
    if let Some((kind, _)) = &state.error {
        return Ok(Some(of_error(kind)));
    }
    if state.last_run.is_none_or(|at| at < now - TimeDelta::days(1)) {
        return Ok(Some(SilenceReason::NotAsked));
    }
    let dropped =
        |reason: &str| tally.dropped.iter().find(|(name, _)| name == reason).map_or(0, |(_, n)| *n);
    let texts = tally.kept;
    Ok(match () {
        () if dropped("robots") > texts => Some(SilenceReason::Robots),
        () if dropped("other_host") > texts => Some(SilenceReason::OtherHost),
        () if dropped("walled") > texts => Some(SilenceReason::Walled),
        () if dropped("too_short") + dropped("not_an_article") > texts => {
            Some(SilenceReason::TextTooShort)
        }
        () if dates_gone(store, source)? => Some(SilenceReason::DatesGone),
        () if dropped("too_old") > texts => Some(SilenceReason::TooOld),
        () if texts == 0 || state.last_post.is_some_and(|at| at < now - TimeDelta::days(1)) => {
            Some(SilenceReason::NothingNew)
        }
        () => None,
    })
}

fn of_error(kind: &str) -> SilenceReason {
    match kind {
        "no_links" | "not_this" => SilenceReason::LayoutChanged,
        "walled" => SilenceReason::Walled,
        "robots" | "robots_unreachable" => SilenceReason::Robots,
        "gone" => SilenceReason::EntryGone,
        _ => SilenceReason::Unreachable,
    }
}

/// The latest posts have no date, and those before them had.
fn dates_gone(store: &dyn Store, source: &SourceConfig) -> Result<bool> {
    let posts = store.latest_posts(&source.id, UNDATED + DATED)?;
    let (new, old) = posts.split_at(posts.len().min(UNDATED));
    let share = |posts: &[pipelines::record::AnnotatedPost]| {
        let without = posts.iter().filter(|p| p.post.issues.contains(&Issue::NoDate)).count();
        without as f64 / posts.len().max(1) as f64
    };
    Ok(old.len() >= UNDATED && share(new) > 0.8 && share(old) < 0.3)
}

fn day_before(store: &dyn Store, source: &SourceConfig, at: DateTime<Utc>) -> Result<Tally> {
    // Counts are by the hour, and both ends of a range are counted: 23 hours back make 24.
    let range = PostRange { from: Some(at - TimeDelta::hours(23)), until: Some(at) };
    store.source_tally(&source.id, &range)
}

fn usual(
    store: &dyn Store,
    source: &SourceConfig,
    state: &SourceState,
    now: DateTime<Utc>,
) -> Result<Option<f64>> {
    let (mut sum, mut weeks) = (0.0, 0.0);
    for week in 1..=WEEKS {
        let then = now - TimeDelta::weeks(i64::from(week));
        if state.since.is_none_or(|since| since > then - TimeDelta::days(1)) {
            break;
        }
        sum += day_before(store, source, then)?.kept as f64;
        weeks += 1.0;
    }
    Ok((weeks > 0.0).then(|| sum / weeks))
}

/// Why a source is not well, for an officer: what went wrong, what was lost, or why it is silent.
#[must_use]
pub fn reason_in_words(health: &Health, lang: Lang) -> Option<String> {
    let failed = health.state.error.as_ref().filter(|_| health.standing == Standing::Failed);
    if let Some((kind, said)) = failed {
        return Some(trouble_in_words(kind, said, lang));
    }
    let lost = health.lost.as_ref().map(|lost| lost_in_words(lost, lang));
    lost.or_else(|| health.reason.map(|r| lang.text(&format!("record.silence.{}", r.as_str()))))
}

/// What went wrong with a run, for an officer: the kind in her words, with what the machine said.
#[must_use]
pub fn trouble_in_words(kind: &str, said: &str, lang: Lang) -> String {
    let bare = bare(said);
    match words_of(kind, lang) {
        Some(words) => lang.fill("crawl.trouble", &[("words", &words), ("said", &bare)]),
        None => bare.to_owned(),
    }
}

/// What the machine said, without the words of our own log around it: the kind is told before it already.
fn bare(said: &str) -> &str {
    let starts_so = ["failed ", "cannot fetch "].iter().any(|start| said.starts_with(start));
    if !starts_so {
        return said;
    }
    // An address has a colon of its own, which no blank follows.
    said.rsplit_once(": ").map_or(said, |(_, cause)| cause)
}

/// A kind of error, refusal or drop in an officer's words; the name itself where there are none.
#[must_use]
pub fn kind_in_words(kind: &str, lang: Lang) -> String {
    words_of(kind, lang).unwrap_or_else(|| kind.to_owned())
}

fn words_of(kind: &str, lang: Lang) -> Option<String> {
    let places = [
        format!("crawl.error.{kind}"),
        format!("crawl.refusal.{kind}"),
        format!("record.drop.{kind}"),
        format!("crawl.entry.{kind}"),
    ];
    places.iter().find_map(|place| lang.get(place)).map(str::to_owned)
}
