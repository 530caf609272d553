//! The lines of an answer from the cluster: posts, or stories.
//!
//! In: what is asked, and the order. Out: the lines of the page and one more if there is one, and how many stories
//! there are. Posts come in order, in batches; a story stands where its best post stands. Stories that are known are left out
//! of the next batch, so that a long one costs no more than a short one. All of it is asked of one state of the index.

use std::collections::HashMap;

use chrono::DateTime;
use pipelines::record::StoryId;
use serde_json::{Value, json};

use super::answer::Asking;
use super::dialect::on;
use super::document::{id_of, id_term};
use super::fault::ClusterFault;
use crate::answer::{First, Hit, PageToken, SearchOptions, Sort};
use crate::error::IndexError;
use crate::order::{from_heat_key, from_order_i64, heat_key, order_i64};

/// Posts asked for at once.
pub(super) const BATCH: usize = 5_000;
/// Posts asked for at once where stories are looked for.
const STORY_BATCH: (usize, usize) = (50, 1_000);
/// Stories that are left out of the next batch at most; a query takes no more terms.
const MOST_LEFT_OUT: usize = 60_000;
/// Stories counted by one request at most; a cluster makes 65,535 buckets unless told otherwise.
const COUNTED_AT_ONCE: u64 = 40_000;

/// A line, and its place in the order.
pub(super) type Placed = (PageToken, Hit);

/// What lines are made of.
pub(super) const COLUMNS: [&str; 4] = ["id", "story", "time", "source"];

/// The order of posts; within a story that of its posts.
fn order(options: &SearchOptions) -> Vec<Value> {
    let down = |field: &str| on_order(field, "desc");
    let mut order: Vec<Value> = match options.sort {
        Sort::Newest => vec![],
        Sort::Relevance => vec![down("_score")],
        Sort::Risk => vec![down("risk")],
        Sort::Heat => vec![down("heat")],
    };
    order.push(down("time"));
    order.extend(options.group_by_story.then(|| down("story")));
    order.push(down("id"));
    order
}

fn on_order(field: &str, way: &str) -> Value {
    json!({field: {"order": way}})
}

/// Where to go on behind `token`.
fn behind(token: PageToken, options: &SearchOptions) -> Vec<Value> {
    let low = u32::try_from(token.key).unwrap_or(u32::MAX);
    let mut values: Vec<Value> = match options.sort {
        Sort::Newest => vec![],
        Sort::Relevance => vec![f64::from(f32::from_bits(low)).into()],
        Sort::Risk => vec![low.into()],
        Sort::Heat => vec![f64::from(from_heat_key(low)).into()],
    };
    values.push(from_order_i64(token.time).into());
    if options.group_by_story {
        // Behind all posts of its story that stand at the same place.
        values.extend([id_term(token.post).into(), "".into()]);
    } else {
        values.push(id_term(token.post).into());
    }
    values
}

/// A post as the cluster shows it.
struct Shown {
    token: PageToken,
    hit: Hit,
    source: String,
    after: Vec<Value>,
}

fn broken(what: &str) -> IndexError {
    let why = format!("a hit without `{what}`");
    ClusterFault::Answer { status: 200, why }.into()
}

fn shown(found: &Value, options: &SearchOptions) -> Result<Shown, IndexError> {
    let column = |name: &str| found["fields"][name].get(0).ok_or_else(|| broken(name));
    let id = |name: &str| column(name)?.as_str().and_then(id_of).ok_or_else(|| broken(name));
    let (post, story) = (id("id")?, id("story")?);
    let micros = column("time")?.as_i64().ok_or_else(|| broken("time"))?;
    let source = column("source")?.as_str().unwrap_or_default().to_owned();
    let sort = found["sort"].as_array().cloned().unwrap_or_default();
    let first = sort.first().and_then(Value::as_f64);
    let key = match options.sort {
        Sort::Newest => order_i64(micros),
        Sort::Relevance => {
            let score = first.ok_or_else(|| broken("score"))? as f32;
            u64::from(score.max(0.0).to_bits())
        }
        Sort::Risk => first.ok_or_else(|| broken("risk"))? as u64,
        Sort::Heat => u64::from(heat_key(first.ok_or_else(|| broken("heat"))?)),
    };
    let score = match options.sort {
        Sort::Relevance => f32::from_bits(u32::try_from(key).unwrap_or(0)),
        _ => 0.0,
    };
    let time = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    let by = if options.group_by_story { story.0 } else { post.0 };
    let token = PageToken { key, time: order_i64(micros), post: by };
    let first = First { post, source: source.clone(), time };
    let hit = Hit { post, story: StoryId(post), time, score, in_story: 1, first };
    let hit = Hit { story: StoryId(story), ..hit };
    Ok(Shown { token, hit, source, after: sort })
}

/// The request for `size` posts in order, behind `after`.
fn batch(options: &SearchOptions, size: usize, after: Option<&[Value]>) -> Value {
    let mut body = json!({
        "size": size,
        "sort": order(options),
        "docvalue_fields": COLUMNS,
        "track_total_hits": false,
    });
    if let Some(after) = after {
        body["search_after"] = after.into();
    }
    body
}

/// How many posts the first request asks for.
pub(super) fn first_size(options: &SearchOptions) -> usize {
    let wanted = options.limit.saturating_add(1);
    match options.group_by_story {
        false => wanted.min(BATCH),
        true => wanted.saturating_mul(2).clamp(STORY_BATCH.0, STORY_BATCH.1),
    }
}

/// The first request: also what totals and counts come with.
pub(super) fn first_batch(options: &SearchOptions) -> Value {
    let after = options.after.map(|token| behind(token, options));
    batch(options, first_size(options), after.as_deref())
}

/// The lines that begin with what the first request found.
pub(super) fn lines(
    asking: &Asking<'_>,
    options: &SearchOptions,
    first: &Value,
) -> Result<Vec<Placed>, IndexError> {
    let found = hits(first);
    match options.group_by_story {
        true => stories(asking, options, found),
        false => posts(asking, options, found),
    }
}

fn hits(answer: &Value) -> &[Value] {
    answer["hits"]["hits"].as_array().map_or(&[], Vec::as_slice)
}

fn posts(
    asking: &Asking<'_>,
    options: &SearchOptions,
    found: &[Value],
) -> Result<Vec<Placed>, IndexError> {
    let wanted = options.limit.saturating_add(1);
    let mut lines: Vec<Placed> = Vec::with_capacity(found.len());
    let (mut found, mut size) = (found.to_vec(), first_size(options));
    loop {
        let mut last = None;
        for one in &found {
            let one = shown(one, options)?;
            last = Some(one.after);
            lines.push((one.token, one.hit));
        }
        let is_end = found.len() < size || lines.len() >= wanted;
        let Some(last) = last.filter(|_| !is_end) else { break };
        size = (wanted - lines.len()).min(BATCH);
        found = hits(&asking.ask(batch(options, size, Some(&last)))?).to_vec();
    }
    lines.truncate(wanted);
    Ok(lines)
}

fn stories(
    asking: &Asking<'_>,
    options: &SearchOptions,
    found: &[Value],
) -> Result<Vec<Placed>, IndexError> {
    let wanted = options.limit.saturating_add(1);
    let mut lines: Vec<Placed> = Vec::new();
    let mut known: HashMap<u64, ()> = HashMap::new();
    let mut left_out: Vec<String> = Vec::new();
    let (mut found, size) = (found.to_vec(), first_size(options));
    loop {
        let (mut fresh, mut last) = (Vec::new(), None);
        for one in &found {
            let one = shown(one, options)?;
            let story = one.hit.story.0.0;
            last = Some(one.after);
            if known.insert(story, ()).is_none() {
                fresh.push(story);
            }
        }
        let mut sheets = sheets(asking, options, &fresh)?;
        for story in &fresh {
            let Some(line) = sheets.remove(story) else { return Err(broken("story")) };
            // Else it stood on a page before: this is not its best post.
            if options.after.is_none_or(|after| line.0 < after) {
                lines.push(line);
            }
        }
        let is_end = found.len() < size || lines.len() >= wanted;
        let Some(last) = last.filter(|_| !is_end) else { break };
        left_out.extend(fresh.iter().map(|story| id_term(*story)));
        let from = left_out.len().saturating_sub(MOST_LEFT_OUT);
        let others = asking.without(on("terms", "story", left_out[from..].to_vec()));
        found = hits(&others.ask(batch(options, size, Some(&last)))?).to_vec();
    }
    lines.truncate(wanted);
    Ok(lines)
}

/// Of each of `stories` its line: how many of its posts are hits, the best, the earliest.
fn sheets(
    asking: &Asking<'_>,
    options: &SearchOptions,
    stories: &[u64],
) -> Result<HashMap<u64, Placed>, IndexError> {
    if stories.is_empty() {
        return Ok(HashMap::new());
    }
    let one = |order: Vec<Value>| {
        json!({"top_hits": {
            "size": 1, "sort": order, "_source": false, "docvalue_fields": COLUMNS,
        }})
    };
    let earliest = vec![on_order("time", "asc"), on_order("id", "asc")];
    let names: Vec<String> = stories.iter().map(|story| id_term(*story)).collect();
    let body = json!({
        "size": 0,
        "track_total_hits": false,
        "aggs": {"stories": {
            "terms": {"field": "story", "size": stories.len()},
            "aggs": {"best": one(order(options)), "first": one(earliest)},
        }},
    });
    let answer = asking.within(on("terms", "story", names)).ask(body)?;
    let buckets = answer["aggregations"]["stories"]["buckets"].as_array();
    let mut sheets = HashMap::new();
    let plain = SearchOptions { sort: Sort::Newest, ..options.clone() };
    for bucket in buckets.into_iter().flatten() {
        let best = &bucket["best"]["hits"]["hits"][0];
        let Shown { token, mut hit, .. } = shown(best, options)?;
        let first = shown(&bucket["first"]["hits"]["hits"][0], &plain)?;
        hit.in_story = bucket["doc_count"].as_u64().unwrap_or(0);
        hit.first = First { post: first.hit.post, source: first.source, time: first.hit.time };
        sheets.insert(hit.story.0.0, (token, hit));
    }
    Ok(sheets)
}

/// How many stories the hits, which are `posts`, belong to.
pub(super) fn story_count(asking: &Asking<'_>, posts: u64) -> Result<u64, IndexError> {
    let mut slices = posts.div_ceil(COUNTED_AT_ONCE).max(1);
    loop {
        let mut counted = Some(0);
        for slice in 0..slices {
            let Some(before) = counted else { break };
            counted = in_slice(asking, slice, slices)?.map(|stories| before + stories);
        }
        match counted {
            Some(stories) => return Ok(stories),
            // Ids are spread evenly, but not quite.
            None => slices *= 2,
        }
    }
}

/// How many of the stories of one slice are hit; none where they are more than can be counted at once.
fn in_slice(asking: &Asking<'_>, slice: u64, slices: u64) -> Result<Option<u64>, IndexError> {
    let mut terms = json!({"field": "story", "size": COUNTED_AT_ONCE});
    if slices > 1 {
        terms["include"] = json!({"partition": slice, "num_partitions": slices});
    }
    let answer = asking.counting(json!({
        "size": 0,
        "track_total_hits": false,
        "aggs": {
            "stories": {"terms": terms},
            "count": {"stats_bucket": {"buckets_path": "stories>_count"}},
        },
    }))?;
    let counted = &answer["aggregations"];
    let is_all = counted["stories"]["sum_other_doc_count"].as_u64() == Some(0);
    Ok(is_all.then(|| counted["count"]["count"].as_u64().unwrap_or(0)))
}
