//! Words of a period: what is written more often than in the period before, and what was never written before.
//!
//! In: a number of days, and a query that narrows down the posts. Out: hot words with their counts in both periods,
//! new words with theirs. Hot words are keywords, counted by the index; new words are looked for in the texts of the
//! period, and are new where the index, which finds every substring, has no older post with them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use index::{Facet, SearchIndex, SearchOptions, SearchResults};
use pipelines::locale::Lang;
use pipelines::query::Query;
use pipelines::text::{fold, is_dictionary_word};
use pipelines::words::{Counts, HotWord, Rarity, fresh_words, hot_words};
use serde::Serialize;

use super::today::ALL;
use super::{Act, Desk, DeskError, Result, Who};
use crate::config::Config;
use crate::engine::StoredPosts;

/// Texts in which new words are looked for: the newest of the period.
const TEXTS: usize = 2_000;
/// Characters of each.
const TEXT_CHARS: usize = 300;
/// Posts that a new word must stand in.
const LEAST: u32 = 3;
/// Candidates that the index is asked about.
const CANDIDATES: usize = 60;
/// Days asked for at most.
const MOST_DAYS: u32 = 366;

/// A string that nobody wrote before the period.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct NewWord {
    /// The string, folded.
    pub word: String,
    /// Posts of the period that have it, of those looked at.
    pub posts: u32,
}

/// The words of a period.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Words {
    /// Start of the period.
    pub from: DateTime<Utc>,
    /// Its end.
    pub to: DateTime<Utc>,
    /// Its posts.
    pub posts: u64,
    /// Posts of the period before, which is as long.
    pub before: u64,
    /// Most surprising first.
    #[schema(value_type = Vec<Object>)]
    pub hot: Vec<HotWord>,
    /// Most frequent first. Empty where there are no older posts to tell new from old.
    pub new: Vec<NewWord>,
    /// Changes that the index has not taken up.
    pub behind: u64,
}

impl Desk {
    /// The words of the last `days`, of posts that meet `query` (all where absent), `limit` of each list.
    ///
    /// # Errors
    /// A query that cannot be read, no or too many days; a broken store or index.
    pub fn words(&self, who: &Who, query: Option<&str>, days: u32, limit: usize) -> Result<Words> {
        self.check(who, Act::Search)?;
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(DeskError::Value { what: "days", value: days.to_string() });
        }
        let asked = self.query_of(who, query.unwrap_or(ALL))?;
        let (to, span) = (self.now(), TimeDelta::days(i64::from(days)));
        let from = to - span;
        let (hot, now, before) = self.hot_words(&asked, (from - span, from, to), limit)?;
        let new = self.new_words(&asked, from, limit)?;
        let (_, behind) = self.asked()?;
        Ok(Words { from, to, posts: now.posts, before: before.posts, hot, new, behind })
    }

    /// The hot words of a span and the counts of it and of the one before.
    pub(super) fn hot_words(
        &self,
        query: &Query,
        (before, from, to): (DateTime<Utc>, DateTime<Utc>, DateTime<Utc>),
        limit: usize,
    ) -> Result<(Vec<HotWord>, Counts, Counts)> {
        let now = self.keyword_counts(query, from, to)?;
        let was = self.keyword_counts(query, before, from)?;
        Ok((hot_words(&now, &was, limit), now, was))
    }

    fn keyword_counts(
        &self,
        query: &Query,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Counts> {
        let options = SearchOptions {
            limit: 1,
            group_by_story: false,
            facets: vec![Facet::Keyword],
            ..SearchOptions::default()
        };
        let found = self.found(query, (Some(from), Some(to)), &options)?;
        let counts = found.facets.into_iter().flat_map(|facet| facet.counts);
        let words: HashMap<String, u64> = counts.collect();
        Ok(Counts { posts: found.posts.unwrap_or(0), words })
    }

    fn new_words(&self, query: &Query, from: DateTime<Utc>, limit: usize) -> Result<Vec<NewWord>> {
        let options = SearchOptions {
            limit: TEXTS,
            group_by_story: false,
            totals: false,
            ..SearchOptions::default()
        };
        let found = self.found(query, (Some(from), None), &options)?;
        let mut texts = Vec::new();
        for hit in &found.hits {
            if let Some(post) = self.store.post(hit.post)? {
                let start: String = post.post.text.chars().take(TEXT_CHARS).collect();
                texts.push(fold(&format!("{}。{start}", post.post.title)).text().to_owned());
            }
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let segmenter = crate::engine::segmenter(&self.config);
        let names = self.config.subjects.iter().flat_map(|s| s.names().map(fold));
        let names: Vec<String> = names.map(|name| name.text().to_owned()).collect();
        let known = |word: &str| {
            is_dictionary_word(word)
                || Rarity::shipped().knows(word)
                || names.iter().any(|name| name.contains(word) || word.contains(name.as_str()))
        };
        let mut new = Vec::new();
        let has_past = self.has_older(&self.query(ALL)?, from)?;
        for fresh in fresh_words(&texts, &segmenter, LEAST, CANDIDATES, known) {
            if new.len() == limit || !has_past {
                break;
            }
            // Letters only, so that nothing in it is a sign of the language.
            if !self.has_older(&self.query(&format!("“{}”", fresh.word))?, from)? {
                new.push(NewWord { word: fresh.word, posts: fresh.texts });
            }
        }
        Ok(new)
    }

    /// Whether a post before `from` meets `query`.
    fn has_older(&self, query: &Query, from: DateTime<Utc>) -> Result<bool> {
        let options = SearchOptions {
            limit: 1,
            group_by_story: false,
            totals: false,
            ..SearchOptions::default()
        };
        Ok(!self.found(query, (None, Some(from)), &options)?.hits.is_empty())
    }

    fn found(
        &self,
        query: &Query,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        options: &SearchOptions,
    ) -> Result<SearchResults> {
        let within = query.during(from, to, self.config.station.zone);
        let (index, _) = self.asked()?;
        Ok(index.search(&within, options, Some(&StoredPosts(&*self.store)))?)
    }
}

/// What a query means: its tree, its meaning in words, its cost, what names stand for. It needs no store.
///
/// # Errors
/// `Query` with the place of the fault.
pub fn explain_query(config: &Config, text: &str, lang: Lang) -> Result<String> {
    let context = crate::engine::query_context(config, crate::engine::system_clock()());
    let query = pipelines::query::parse(text, &context)
        .map_err(|error| DeskError::Query { query: text.to_owned(), error })?;
    Ok(query.explain(lang).trim_end().to_owned())
}
