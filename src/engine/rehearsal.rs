//! A rule held to the past: what it would have hit, and which alerts it would have fired.
//!
//! In: a rule, the index, the store, a number of days. Out: hits with their counts, and alerts. The function
//! that fires alerts live decides here too, and is told what the live path would have known: hits from
//! before the days asked for, as far as the rule looks back, and since when there are posts. Times and
//! stories of hits are the index's own; a text is read only where the index cannot tell a hit without it.

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use index::{Facet, Hit, Index, SearchIndex, SearchOptions, SearchResults};
use pipelines::query::{Query, parse_rule};
use pipelines::record::{Alert, RuleHit};
use pipelines::watch::{
    RuleConfig, RuleKind, Terms, Window, evaluate_terms, fired, lookback, rare_terms, rehearse,
};

use super::rebuild::StoredPosts;
use super::watching::SINCE;
use crate::config::Config;
use crate::store::{PostRange, Store};

/// What a station remembers.
pub struct Past<'a> {
    /// Its config, for names and zone.
    pub config: &'a Config,
    /// Its store.
    pub store: &'a dyn Store,
    /// Its index.
    pub index: &'a Index,
}

/// What came of a rehearsal.
pub struct Rehearsed {
    /// The query as read.
    pub query: Query,
    /// The posts of the days asked for, newest first, with counts by source, polarity and day.
    pub results: SearchResults,
    /// The alerts of those days, in order of firing.
    pub alerts: Vec<Alert>,
}

impl Past<'_> {
    /// Rehearses `rule` over the `days` before `now`.
    ///
    /// # Errors
    /// A query that cannot be read; a broken store or index.
    pub fn rehearse(
        &self,
        rule: &RuleConfig,
        days: u32,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Rehearsed> {
        let (query, results) = self.hits(&rule.query, days, now)?;
        let begin = now - TimeDelta::days(i64::from(days));
        let from = begin - lookback(rule);
        let earlier = self.posts(&query, (Some(from), Some(begin)), &self.all_hits()?)?;
        let mut before = Window { since: self.since()?, ..Window::default() };
        if matches!(rule.kind, RuleKind::FirstMention { .. } | RuleKind::Flatline { .. }) {
            let newest = SearchOptions { limit: 1, totals: false, ..self.all_hits()? };
            let found = self.posts(&query, (None, Some(from)), &newest)?;
            before.last_before = found.hits.first().map(|hit| hit.time);
        }
        let hits = earlier.hits.iter().chain(&results.hits).map(|hit| rule_hit(rule, hit));
        let hits: Vec<RuleHit> = hits.collect();
        let mut alerts = match rule.kind {
            RuleKind::NewTerm { .. } => {
                let terms = self.terms(&hits)?;
                fired(evaluate_terms(rule, &before, &hits, &terms, now))
            }
            _ => rehearse(rule, &before, &hits, now),
        };
        alerts.retain(|alert| alert.fired_at >= begin);
        Ok(Rehearsed { query, results, alerts })
    }

    /// The posts of the `days` before `now` that meet the query `text`, and the query as read.
    ///
    /// # Errors
    /// As [`Self::rehearse`].
    pub fn hits(
        &self,
        text: &str,
        days: u32,
        now: DateTime<Utc>,
    ) -> anyhow::Result<(Query, SearchResults)> {
        let query = parse_rule(text, &super::query_context(self.config, now))
            .with_context(|| format!("cannot read `{text}`"))?;
        let begin = now - TimeDelta::days(i64::from(days));
        let options = SearchOptions {
            facets: vec![Facet::Source, Facet::Polarity],
            histogram: Some(super::zone_offset_secs(self.config, now)),
            ..self.all_hits()?
        };
        let results = self.posts(&query, (Some(begin), None), &options)?;
        Ok((query, results))
    }

    /// The rare words of the hits' posts, and since when each is known.
    fn terms(&self, hits: &[RuleHit]) -> anyhow::Result<Terms> {
        let mut terms = Terms::default();
        for hit in hits {
            if let Some(post) = self.store.post(hit.post)? {
                terms.of.insert(hit.post, rare_terms(&post));
            }
        }
        let mut asked: Vec<&str> = terms.of.values().flatten().map(String::as_str).collect();
        asked.sort_unstable();
        asked.dedup();
        terms.first_seen = self.store.terms_since(&asked)?;
        Ok(terms)
    }

    fn all_hits(&self) -> anyhow::Result<SearchOptions> {
        let limit = usize::try_from(self.index.posts()?).unwrap_or(usize::MAX - 1).max(1);
        Ok(SearchOptions { limit, group_by_story: false, ..SearchOptions::default() })
    }

    fn posts(
        &self,
        query: &Query,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        options: &SearchOptions,
    ) -> anyhow::Result<SearchResults> {
        let within = query.during(from, to, self.config.station.zone);
        Ok(self.index.search(&within, options, Some(&StoredPosts(self.store)))?)
    }

    /// Since when there are posts that the rule could have hit: what the live path goes by, or the first
    /// post, where older ones were brought in.
    fn since(&self) -> anyhow::Result<Option<DateTime<Utc>>> {
        let collecting = self.store.state(SINCE)?;
        let collecting = collecting.map(|text| text.parse::<DateTime<Utc>>()).transpose()?;
        let mut first = None;
        self.store.each_post(&PostRange::default(), &mut |post| {
            first = Some(post.post.time());
            false
        })?;
        Ok(collecting.into_iter().chain(first).min())
    }
}

fn rule_hit(rule: &RuleConfig, hit: &Hit) -> RuleHit {
    let (post, story, at) = (hit.post, hit.story, hit.time);
    RuleHit { rule: rule.id.clone(), post, story, at, spans: Vec::new() }
}
