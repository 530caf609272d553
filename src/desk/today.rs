//! The day at a glance: what is new, what is open, which happenings matter, which sources are in trouble.
//!
//! In: the time. Out: counts of the last 24 hours beside the day before and the same day of the week before,
//! happenings by risk, open alerts, troubled sources, and how far the index is behind. Every count is of stored
//! posts that the search named beside it finds.

use chrono::{DateTime, TimeDelta, Utc};
use index::{Facet, SearchIndex, SearchOptions, SearchResults, Sort};
use pipelines::query::Query;
use pipelines::record::{AlertState, Polarity};
use pipelines::words::HotWord;
use serde::Serialize;

use super::alerts::AlertRow;
use super::cases::{CaseAsk, CaseRow};
use super::digests::WaitingDigest;
use super::line::{PostLine, SNIPPET_CHARS};
use super::search::Day;
use super::sources::SourceRow;
use super::{Act, Desk, Result, Who};
use crate::engine::StoredPosts;

/// Happenings on the page.
const HAPPENINGS: usize = 10;

/// Hot words on the page.
const WORDS: usize = 24;

/// Open alerts on the page.
const ALERTS: usize = 10;

/// Days whose open alerts are shown and counted.
const ALERT_DAYS: u32 = 30;

/// Days of the curve.
const CURVE_DAYS: i64 = 14;

/// Every post: the widest span that the language can name.
pub(super) const ALL: &str = "published:1970-01-01..2199-12-31";

/// Posts of a span.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Volume {
    /// All.
    pub posts: u64,
    /// Those judged negative.
    pub negative: u64,
    /// Those judged positive.
    pub positive: u64,
}

/// The page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Today {
    /// As of when.
    pub now: DateTime<Utc>,
    /// The last 24 hours.
    pub day: Volume,
    /// The 24 hours before.
    pub day_before: Volume,
    /// The same 24 hours a week before.
    pub week_before: Volume,
    /// Posts by local day.
    pub curve: Vec<Day>,
    /// Happenings of the last 24 hours, highest risk first.
    pub happenings: Vec<PostLine>,
    /// How many there are.
    pub stories: u64,
    /// Words that rose against the day before.
    #[schema(value_type = Vec<Object>)]
    pub words: Vec<HotWord>,
    /// Open alerts of the last 30 days.
    pub alerts: Vec<AlertRow>,
    /// How many of them there are.
    pub open_alerts: usize,
    /// Cases whose clocks run out, worst first.
    pub cases: Vec<CaseRow>,
    /// Digests that wait for this person's word.
    pub waiting_digests: Vec<WaitingDigest>,
    /// Sources to look at.
    pub troubled: Vec<SourceRow>,
    /// All sources.
    pub sources: usize,
    /// Posts stored in all.
    pub posts: u64,
    /// Changes that the index has not taken up.
    pub behind: u64,
    /// Messages that wait to be sent, and that were given up.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub outbox: (usize, usize),
}

/// What is asked of a span: each only costs what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Its happenings, and how its posts are spoken in.
    Happenings,
    /// How many posts, and how they are spoken in.
    Volume,
    /// Posts by day.
    Curve,
}

impl Desk {
    /// The day as of now.
    ///
    /// # Errors
    /// A broken store or index.
    pub fn today(&self, who: &Who) -> Result<Today> {
        self.check(who, Act::SeeToday)?;
        let now = self.now();
        let day = TimeDelta::days(1);
        let latest = self.span(who, (now - day, now), Of::Happenings)?;
        let curve = self.span(who, (now - TimeDelta::days(CURVE_DAYS), now), Of::Curve)?;
        let alerts = self.alerts(who, ALERT_DAYS, Some(AlertState::Open), ALERTS)?;
        // Who may not see the board is told nothing of it here.
        let board = if who.may(Act::SeeSources) { self.sources(who)? } else { Vec::new() };
        let (_, behind) = self.asked()?;
        let (words, ..) =
            self.hot_words(&self.query_of(who, ALL)?, (now - day * 2, now - day, now), WORDS)?;
        Ok(Today {
            now,
            day: volume(&latest),
            day_before: volume(&self.span(who, (now - day * 2, now - day), Of::Volume)?),
            week_before: volume(&self.span(who, (now - day * 8, now - day * 7), Of::Volume)?),
            curve: curve
                .histogram
                .iter()
                .map(|day| Day { day: day.day.to_string(), posts: day.posts })
                .collect(),
            happenings: latest
                .hits
                .iter()
                .map(|hit| self.line_of(hit, None, SNIPPET_CHARS))
                .filter_map(Result::transpose)
                .collect::<Result<_>>()?,
            stories: latest.stories.unwrap_or(0),
            words,
            alerts,
            open_alerts: self.open_alerts(who, ALERT_DAYS)?,
            cases: self.late_cases(who)?,
            waiting_digests: self.waiting_digests(who)?,
            sources: board.len(),
            troubled: board.into_iter().filter(|row| row.troubled).collect(),
            posts: self.store.post_count()?,
            behind,
            outbox: self.outbox_counts()?,
        })
    }

    fn late_cases(&self, who: &Who) -> Result<Vec<CaseRow>> {
        let late = CaseAsk { state: "late".to_owned(), q: String::new() };
        let mut rows = self.cases(who, &late)?;
        rows.truncate(ALERTS);
        Ok(rows)
    }

    /// Posts stored, and open alerts of the last 30 days: what a page looks at now and then.
    ///
    /// # Errors
    /// A broken store.
    pub fn pulse(&self, who: &Who) -> Result<(u64, usize)> {
        self.check(who, Act::SeeToday)?;
        Ok((self.store.post_count()?, self.open_alerts(who, ALERT_DAYS)?))
    }

    fn span(
        &self,
        who: &Who,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        of: Of,
    ) -> Result<SearchResults> {
        let query: Query = self.query_of(who, ALL)?;
        let within = query.during(Some(from), Some(to), self.config.station.zone);
        let options = SearchOptions {
            limit: if of == Of::Happenings { HAPPENINGS } else { 1 },
            sort: Sort::Risk,
            after: None,
            group_by_story: of == Of::Happenings,
            facets: if of == Of::Curve { Vec::new() } else { vec![Facet::Polarity] },
            histogram: (of == Of::Curve)
                .then(|| crate::engine::zone_offset_secs(&self.config, self.now())),
            totals: of != Of::Curve,
        };
        let (index, _) = self.asked()?;
        Ok(index.search(&within, &options, Some(&StoredPosts(&*self.store)))?)
    }
}

fn volume(results: &SearchResults) -> Volume {
    let of = |polarity: Polarity| {
        let counts = results.facets.iter().flat_map(|facet| &facet.counts);
        counts.filter(|(value, _)| value == polarity.as_str()).map(|(_, n)| n).sum()
    };
    Volume {
        posts: results.posts.unwrap_or(0),
        negative: of(Polarity::Negative),
        positive: of(Polarity::Positive),
    }
}
