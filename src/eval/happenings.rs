//! Do the stories hold what people call one happening?
//!
//! In: a set of items (`title`, `text`, `published_at`, `source`, `happening`), pairs that only look alike (`a`, `b`), a judge.
//! Out: how the stories agree with the happenings when all items come in by time, as pairs and as B³; how many near misses
//! ended up in one story. By folds: each happening is judged by a judge that has not seen it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::{Judge, StoryBook, StoryConfig, fingerprint};
use pipelines::record::{
    AnnotatedPost, Channel, Confidence, Counts, PolarityVerdict, Post, PostId, Published, Risk,
    StoryId, Trust,
};
use pipelines::text::fold;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::sets::{self, Set, text};

/// How well stories are found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HappeningScore {
    /// Of the pairs of items in one story, the share that tells of one happening.
    pub pair_precision: f64,
    /// Of the pairs that tell of one happening, the share in one story.
    pub pair_recall: f64,
    /// B³ precision, over the items that stand with others in truth or answer.
    pub b3_precision: f64,
    /// B³ recall, likewise.
    pub b3_recall: f64,
    /// Harmonic mean of the two.
    pub b3_f1: f64,
    /// Pairs that look alike and are not the same.
    pub near_misses: usize,
    /// How many of them are in one story.
    pub near_misses_joined: usize,
    /// Items.
    pub n: usize,
    /// Whether the judge learned from this very set: then the figures are of five folds over happenings, each judged
    /// by one that has not seen it, with the bounds that are shipped.
    pub by_folds: bool,
}

/// A labelled set.
pub struct Happenings {
    /// The items as posts, in the order of the file.
    pub posts: Vec<AnnotatedPost>,
    /// The happening of each; none where it is alone.
    pub truth: Vec<Option<String>>,
    /// Pairs that look alike and are not the same, as places in `posts`.
    pub near_misses: Vec<(usize, usize)>,
    /// First 16 hex digits of the file's SHA-256.
    pub digest: String,
    /// Its name.
    pub name: String,
}

impl Happenings {
    /// The same, its items read deeply: what they are about is known where `deep` can tell.
    #[must_use]
    pub fn read_by(mut self, deep: Option<&DeepReader>) -> Self {
        for post in &mut self.posts {
            post.meaning =
                deep.and_then(|deep| deep.about(&post.post.title, &post.post.text)?.meaning);
        }
        self
    }
}

/// The sets of items of `dir/happenings`, each with the near misses that name its items.
///
/// # Errors
/// A file that cannot be read, or an item without a time, with its place.
pub fn read(dir: &Path) -> Result<Vec<Happenings>> {
    let (near, items): (Vec<Set>, Vec<Set>) =
        sets::sets(dir, "happenings")?.into_iter().partition(|set| set.kind == "near");
    items
        .iter()
        .map(|set| {
            of_set(set, &near).with_context(|| format!("no items in {}", set.path.display()))
        })
        .collect()
}

fn of_set(set: &Set, near: &[Set]) -> Result<Happenings> {
    let mut posts = Vec::new();
    let mut truth = Vec::new();
    let mut place: HashMap<&str, usize> = HashMap::new();
    for (row, line) in set.rows.iter().zip(1..) {
        place.insert(text(row, "id"), posts.len());
        posts.push(item(row).with_context(|| format!("line {line}"))?);
        truth.push(row["happening"].as_str().map(str::to_owned));
    }
    let pairs = near.iter().flat_map(|set| &set.rows);
    let near_misses =
        pairs.filter_map(|row| Some((*place.get(text(row, "a"))?, *place.get(text(row, "b"))?)));
    let name = set.path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    let near_misses = near_misses.collect();
    Ok(Happenings { near_misses, posts, truth, digest: set.digest.clone(), name })
}

/// A row as a post of its source, published on its day.
fn item(row: &Value) -> Result<AnnotatedPost> {
    let (id, source, at) = (text(row, "id"), text(row, "source"), text(row, "published_at"));
    let at =
        time_of(at).with_context(|| format!("`{id}` has no time in `published_at`: `{at}`"))?;
    Ok(post_of((id, source), (text(row, "title"), text(row, "text")), at))
}

fn post_of(
    (id, source): (&str, &str),
    (title, body): (&str, &str),
    at: DateTime<Utc>,
) -> AnnotatedPost {
    let url = format!("import:{source}/{id}");
    let folded = fold(body);
    let whole = format!("{}\n{}", fold(title).text(), folded.text());
    let hash = Sha256::digest(whole.as_bytes());
    let content_hash = hash.iter().take(8).fold(0, |sum, b| sum << 8 | u64::from(*b));
    let post = Post {
        id: PostId::of_url(&url),
        url,
        source: source.into(),
        channel: Channel::News,
        trust: Trust::Normal,
        site: source.to_owned(),
        title: title.to_owned(),
        text: body.to_owned(),
        author: None,
        outlet: None,
        origin: None,
        published: Some(Published {
            at,
            has_time: false,
            confidence: Confidence::High,
            place: "import".into(),
        }),
        fetched_at: at + TimeDelta::minutes(10),
        counts: Counts::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash,
    };
    AnnotatedPost {
        fingerprint: fingerprint(folded.text()),
        story: StoryId(post.id),
        post,
        words: Default::default(),
        facts: Vec::new(),
        filing: None,
        meaning: None,
        polarity: PolarityVerdict::default(),
        mentions: Vec::new(),
        topics: Vec::new(),
        risk: Risk::default(),
    }
}

/// A headline without a text, as a post of its own site, so many hours after a fixed instant.
pub(crate) fn headline(id: &str, title: &str, hour: i64) -> AnnotatedPost {
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hour);
    post_of((id, id), (title, ""), at)
}

fn time_of(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(at) = text.parse::<DateTime<Utc>>() {
        return Some(at);
    }
    let day = text.get(..10)?.parse::<NaiveDate>().ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc())
}

/// The story of each item when all come in by time; `None`: the shipped judge.
#[must_use]
pub fn stories(set: &Happenings, judge: Option<Arc<Judge>>) -> Vec<StoryId> {
    let config = StoryConfig::default();
    let mut book = match judge {
        Some(judge) => StoryBook::judged_by(config, judge),
        None => StoryBook::new(config),
    };
    let mut order: Vec<usize> = (0..set.posts.len()).collect();
    order.sort_by_key(|i| (set.posts[*i].post.time(), *i));
    let mut story: HashMap<PostId, StoryId> = HashMap::new();
    for i in order {
        let assigned = book.assign(std::slice::from_ref(&set.posts[i]));
        story.extend(assigned.stories);
        for change in assigned.changes {
            if let pipelines::annotate::StoryChange::Merged { from, into, .. } = change {
                story.values_mut().filter(|s| **s == from).for_each(|s| *s = into);
            }
        }
    }
    set.posts.iter().map(|post| story[&post.post.id]).collect()
}

/// Scores stories. `answers` are the stories of each fold's judge, `fold_of` says which of them speaks for an item; a pair
/// across two folds counts half in each.
#[must_use]
pub fn score(set: &Happenings, answers: &[Vec<StoryId>], fold_of: &[usize]) -> HappeningScore {
    let mut same: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, happening) in set.truth.iter().enumerate() {
        if let Some(happening) = happening {
            same.entry(happening).or_default().push(i);
        }
    }
    let true_pairs: usize = same.values().map(|items| items.len() * (items.len() - 1) / 2).sum();
    let is_same = |a: usize, b: usize| set.truth[a].is_some() && set.truth[a] == set.truth[b];
    let share = |fold: usize, a: usize, b: usize| {
        (f64::from(u8::from(fold_of[a] == fold)) + f64::from(u8::from(fold_of[b] == fold))) / 2.0
    };
    let (mut right, mut called, mut joined) = (0.0, 0.0, 0.0);
    let (mut precision, mut recall, mut counted) = (0.0, 0.0, 0.0);
    for (fold, answer) in answers.iter().enumerate() {
        let mut told: HashMap<StoryId, Vec<usize>> = HashMap::new();
        for (i, story) in answer.iter().enumerate() {
            told.entry(*story).or_default().push(i);
        }
        for items in told.values() {
            for (at, &a) in items.iter().enumerate() {
                for &b in &items[..at] {
                    called += share(fold, a, b);
                    right += if is_same(a, b) { share(fold, a, b) } else { 0.0 };
                }
            }
        }
        for i in (0..answer.len()).filter(|i| fold_of[*i] == fold) {
            let with = &told[&answer[i]];
            let truth = set.truth[i].as_deref().map_or(1, |happening| same[happening].len());
            if with.len() == 1 && truth == 1 {
                continue;
            }
            let own = with.iter().filter(|j| **j == i || is_same(i, **j)).count() as f64;
            precision += own / with.len() as f64;
            recall += own / truth as f64;
            counted += 1.0;
        }
        for &(a, b) in set.near_misses.iter().filter(|(a, b)| answer[*a] == answer[*b]) {
            joined += share(fold, a, b);
        }
    }
    let of = |part: f64, all: f64| if all > 0.0 { part / all } else { 0.0 };
    let (p, r) = (of(precision, counted), of(recall, counted));
    HappeningScore {
        pair_precision: of(right, called),
        pair_recall: of(right, true_pairs as f64),
        b3_precision: p,
        b3_recall: r,
        b3_f1: of(2.0 * p * r, p + r),
        near_misses: set.near_misses.len(),
        near_misses_joined: joined.ceil() as usize,
        n: set.posts.len(),
        by_folds: answers.len() > 1,
    }
}
