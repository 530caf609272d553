//! Answers a query: totals, counts by property and day, and the page.
//!
//! In: a query, how it is to be answered, where posts are. Out: `SearchResults` with the same meaning as those of a
//! folder. What takes more than one request is asked of one state of the index, kept by the cluster meanwhile. A shard that
//! fails, an answer that is not whole and a count that may be short are faults.

use chrono::{NaiveDate, TimeDelta};
use pipelines::query::Query;
use pipelines::text::Segmenter;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Body, Client};
use super::dialect::{ClusterDialect, Effort, all, any, object, on, phrase};
use super::document::{id_of, id_term};
use super::fault::ClusterFault;
use super::lines;
use crate::answer::{DayCount, Facet, FacetCounts, SearchOptions, SearchResults, Sort};
use crate::compile::{Compiler, Doubt, Part};
use crate::error::IndexError;
use crate::index::PostSource;
use crate::verify::{VERIFY_BATCH, accepted};
use crate::words::words_asked;

/// Values of a facet asked for at once.
const VALUES: usize = 4_000;
/// Values of a facet beyond that, a request.
const MORE_VALUES: usize = 10_000;
/// Ids in one list of terms; a cluster takes 65,536.
const IDS: usize = 60_000;
/// How long a state of the index is kept for the next request.
const KEPT: &str = "1m";
const DAY_MICROS: i64 = 86_400_000_000;

/// A query as the cluster is asked it.
pub(super) struct Asking<'a> {
    client: &'a Client,
    index: &'a str,
    /// Which posts.
    filter: Value,
    must_not: Vec<Value>,
    /// What adds to the score.
    ranks: Vec<Value>,
    /// The state of the index that is asked.
    state: Option<String>,
}

impl<'a> Asking<'a> {
    /// Posts of `filter` in `index`.
    pub fn of(client: &'a Client, index: &'a str, filter: Value) -> Self {
        let (must_not, ranks, state) = (Vec::new(), Vec::new(), None);
        Self { client, index, filter, must_not, ranks, state }
    }

    fn with(&self, filter: Value, must_not: Vec<Value>) -> Self {
        let (ranks, state) = (self.ranks.clone(), self.state.clone());
        Self { client: self.client, index: self.index, filter, must_not, ranks, state }
    }

    /// Those that are posts of `other` as well.
    pub fn within(&self, other: Value) -> Self {
        self.with(all(vec![self.filter.clone(), other]), self.must_not.clone())
    }

    /// Those that are no posts of `other`.
    pub fn without(&self, other: Value) -> Self {
        self.with(self.filter.clone(), [self.must_not.as_slice(), &[other]].concat())
    }

    /// How many there are.
    pub fn count(&self) -> Result<u64, IndexError> {
        total(&self.ask(json!({"size": 0, "track_total_hits": true}))?)
    }

    /// One request, whole or a fault.
    pub fn ask(&self, body: Value) -> Result<Value, IndexError> {
        self.ask_for(body, "")
    }

    /// The same for counts of buckets, which need not be sent themselves.
    pub fn counting(&self, body: Value) -> Result<Value, IndexError> {
        self.ask_for(body, "&filter_path=-aggregations.*.buckets")
    }

    fn ask_for(&self, mut body: Value, more: &str) -> Result<Value, IndexError> {
        // The document of the position has no time.
        let filter = vec![self.filter.clone(), json!({"exists": {"field": "time"}})];
        let parts = [
            ("filter", filter.into()),
            ("must_not", self.must_not.clone().into()),
            ("should", self.ranks.clone().into()),
        ];
        body["query"] = object([("bool", object(parts))]);
        body["_source"] = false.into();
        let how = if self.ranks.is_empty() { "query_then_fetch" } else { "dfs_query_then_fetch" };
        let mut path =
            format!("_search?allow_partial_search_results=false&search_type={how}{more}");
        match &self.state {
            Some(state) => body["pit"] = json!({"id": state, "keep_alive": KEPT}),
            // Copies take up a commit later than the first of each shard.
            None => path = format!("{}/{path}&preference=_primary", self.index),
        }
        let answer = self.client.expect(&Method::POST, &path, &Body::Json(body), self.index)?;
        whole(answer)
    }

    /// Asks the same of one state of the index from now on.
    fn keep_state(&mut self) -> Result<(), IndexError> {
        let path = format!(
            "{}/_search/point_in_time?keep_alive={KEPT}&preference=_primary&allow_partial_pit_creation=false",
            self.index
        );
        let kept = self.client.expect(&Method::POST, &path, &Body::Nothing, self.index)?;
        self.state = kept["pit_id"].as_str().map(str::to_owned);
        Ok(())
    }

    /// Lets go of it. What is not let go of ends by itself a minute later.
    fn leave_state(&mut self) {
        if let Some(state) = self.state.take() {
            let body = Body::Json(json!({"pit_id": [state]}));
            let _ = self.client.ask(&Method::DELETE, "_search/point_in_time", &body);
        }
    }

    /// Leaves out what the matcher says does not match.
    fn verified(
        &mut self,
        doubt: &Doubt<Value>,
        query: &Query,
        posts: &dyn PostSource,
        segmenter: &Segmenter,
    ) -> Result<(), IndexError> {
        let doubtful = match doubt {
            Doubt::In(doubts) => self.within(any(doubts.clone())),
            _ => self.with(self.filter.clone(), Vec::new()),
        };
        let (mut good, mut bad): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
        let mut after: Option<Value> = None;
        loop {
            let size = 4 * VERIFY_BATCH;
            let mut body = json!({
                "size": size, "sort": [{"id": "asc"}], "docvalue_fields": ["id", "heat"],
                "track_total_hits": false,
            });
            if let Some(after) = &after {
                body["search_after"] = after.clone();
            }
            let answer = doubtful.ask(body)?;
            let found = answer["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
            let asked: Vec<(u64, f64)> = found.iter().filter_map(id_and_heat).collect();
            for batch in asked.chunks(VERIFY_BATCH) {
                let accepted = accepted(query, batch, posts, segmenter)?;
                for (id, _) in batch {
                    if accepted.contains(id) { good.push(*id) } else { bad.push(*id) }
                }
            }
            after = found.last().map(|last| last["sort"].clone());
            if found.len() < size {
                break;
            }
        }
        if matches!(doubt, Doubt::Everywhere) && good.len() <= bad.len() {
            self.filter = any_id(&good);
        } else if !bad.is_empty() {
            self.must_not.push(any_id(&bad));
        }
        Ok(())
    }
}

fn id_and_heat(found: &Value) -> Option<(u64, f64)> {
    let id = found["fields"]["id"][0].as_str().and_then(id_of)?;
    Some((id.0, found["fields"]["heat"][0].as_f64()?))
}

fn any_id(ids: &[u64]) -> Value {
    let list = |ids: &[u64]| {
        let terms: Vec<String> = ids.iter().map(|id| id_term(*id)).collect();
        on("terms", "id", terms)
    };
    any(ids.chunks(IDS).map(list).collect())
}

/// Refuses an answer of which a part is missing.
fn whole(answer: Value) -> Result<Value, IndexError> {
    let shards = &answer["_shards"];
    let failed = shards["failed"].as_u64().unwrap_or(u64::MAX);
    if failed > 0 || answer["timed_out"].as_bool() != Some(false) {
        let why = shards["failures"][0]["reason"]["reason"].as_str().unwrap_or("no time");
        let total = shards["total"].as_u64().unwrap_or(0);
        return Err(ClusterFault::Partial { failed, total, why: why.to_owned() }.into());
    }
    Ok(answer)
}

fn total(answer: &Value) -> Result<u64, IndexError> {
    let total = &answer["hits"]["total"];
    match (total["value"].as_u64(), total["relation"].as_str()) {
        (Some(posts), Some("eq")) => Ok(posts),
        _ => {
            let why = "a total that is not exact".to_owned();
            Err(ClusterFault::Answer { status: 200, why }.into())
        }
    }
}

/// What is asked, how it is to be answered, where posts are.
pub(super) type Asked<'a> = (&'a Query, &'a SearchOptions, Option<&'a dyn PostSource>);

/// Answers a query; one of more clauses than the cluster takes is asked with fewer, and more posts are looked into.
pub(super) fn answer(
    client: &Client,
    index: &str,
    segmenter: &Segmenter,
    asked: Asked<'_>,
) -> Result<SearchResults, IndexError> {
    for effort in [Effort::Full, Effort::Plain] {
        match answer_by(effort, client, index, segmenter, asked) {
            Err(IndexError::Cluster(ClusterFault::TooLarge { .. })) => {}
            done => return done,
        }
    }
    answer_by(Effort::Loose, client, index, segmenter, asked)
}

fn answer_by(
    effort: Effort,
    client: &Client,
    index: &str,
    segmenter: &Segmenter,
    (query, options, posts): Asked<'_>,
) -> Result<SearchResults, IndexError> {
    let compiled = Compiler { dialect: ClusterDialect(effort) }.node(query.root());
    let mut asking = Asking::of(client, index, compiled.query);
    let is_doubtful = !matches!(compiled.doubt, Doubt::Nowhere);
    if is_doubtful || options.group_by_story || options.limit >= lines::BATCH {
        asking.keep_state()?;
    }
    let answered = (|| {
        if is_doubtful {
            let posts = posts.ok_or(IndexError::NeedsPosts)?;
            asking.verified(&compiled.doubt, query, posts, segmenter)?;
        }
        if options.sort == Sort::Relevance {
            asking.ranks = ranks(&words_asked(query.root(), segmenter));
        }
        results(&asking, options)
    })();
    asking.leave_state();
    answered
}

/// What of a post speaks for it: words of two characters and more, in title and body.
fn ranks(words: &[String]) -> Vec<Value> {
    let words = words.iter().filter(|word| word.chars().nth(1).is_some());
    words.flat_map(|word| [Part::Title, Part::Body].map(|part| phrase(part, word))).collect()
}

fn results(asking: &Asking<'_>, options: &SearchOptions) -> Result<SearchResults, IndexError> {
    let mut body = lines::first_batch(options);
    let counts = counts(options);
    let all_counted = options.totals || options.group_by_story;
    body["track_total_hits"] = all_counted.into();
    if counts.as_object().is_some_and(|counts| !counts.is_empty()) {
        body["aggs"] = counts;
    }
    let first = asking.ask(body)?;
    let mut lines = lines::lines(asking, options, &first)?;
    let more = lines.len() > options.limit;
    lines.truncate(options.limit);
    let next = lines.last().filter(|_| more).map(|(token, _)| *token);
    let is_all = options.after.is_none() && !more;
    let posts = match all_counted {
        true => Some(total(&first)?),
        false => is_all.then_some(lines.len() as u64),
    };
    let stories = match (options.group_by_story, posts) {
        (true, _) if is_all => Some(lines.len() as u64),
        (true, Some(posts)) => Some(lines::story_count(asking, posts)?),
        _ => None,
    };
    let mut facets = Vec::with_capacity(options.facets.len());
    for facet in &options.facets {
        facets.push(facet_counts(asking, *facet, &first["aggregations"][facet.field()])?);
    }
    let histogram = match options.histogram {
        Some(offset_secs) => days(&first["aggregations"]["days"], i64::from(offset_secs)),
        None => Vec::new(),
    };
    let hits = lines.into_iter().map(|(_, hit)| hit).collect();
    Ok(SearchResults { posts, stories, hits, facets, histogram, next })
}

/// What is counted beside the page.
fn counts(options: &SearchOptions) -> Value {
    let mut counts = json!({});
    for facet in &options.facets {
        let field = facet.field();
        counts[field] = json!({"terms": {"field": field, "size": VALUES}});
    }
    if let Some(offset_secs) = options.histogram {
        let offset = (-i64::from(offset_secs) * 1_000_000).rem_euclid(DAY_MICROS);
        counts["days"] = json!({"histogram": {
            "field": "time", "interval": DAY_MICROS, "offset": offset, "min_doc_count": 1,
        }});
    }
    counts
}

fn facet_counts(
    asking: &Asking<'_>,
    facet: Facet,
    found: &Value,
) -> Result<FacetCounts, IndexError> {
    let is_all = found["sum_other_doc_count"].as_u64() == Some(0)
        && found["doc_count_error_upper_bound"].as_u64() == Some(0);
    let mut counts: Vec<(String, u64)> = Vec::new();
    let mut take = |buckets: &Value, key: fn(&Value) -> &Value| {
        for bucket in buckets.as_array().into_iter().flatten() {
            let name = key(bucket).as_str().unwrap_or_default().to_owned();
            counts.push((name, bucket["doc_count"].as_u64().unwrap_or(0)));
        }
    };
    if is_all {
        take(&found["buckets"], |bucket| &bucket["key"]);
    } else {
        let mut after = Value::Null;
        loop {
            let by = json!([{"value": {"terms": {"field": facet.field()}}}]);
            let mut pages = json!({"composite": {"size": MORE_VALUES, "sources": by}});
            if !after.is_null() {
                pages["composite"]["after"] = after;
            }
            let body = json!({"size": 0, "track_total_hits": false, "aggs": {"values": pages}});
            let answer = asking.ask(body)?;
            let values = &answer["aggregations"]["values"];
            take(&values["buckets"], |bucket| &bucket["key"]["value"]);
            after = values["after_key"].clone();
            if after.is_null() {
                break;
            }
        }
    }
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(FacetCounts { facet, counts })
}

fn days(found: &Value, offset_secs: i64) -> Vec<DayCount> {
    let buckets = found["buckets"].as_array();
    let day = |bucket: &Value| {
        let begin = bucket["key"].as_f64()? as i64 + offset_secs * 1_000_000;
        let days = TimeDelta::try_days(begin.div_euclid(DAY_MICROS))?;
        let day = NaiveDate::default().checked_add_signed(days)?;
        Some(DayCount { day, posts: bucket["doc_count"].as_u64()? })
    };
    buckets.into_iter().flatten().filter_map(day).collect()
}
