//! The project's own posts about the fictitious group (`data/domain/own.jsonl`) and its own happenings
//! (`data/happenings/own.jsonl`): that they are what they claim to be, and how well they are judged.
//!
//! In: the two sets, `floors.toml`, the subjects of the demo. The texts were written for this project and no
//! model learns from them, so that judging is measured where the shared data is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chrono::DateTime;
use guanlan::eval::happenings::{self, Happenings, stories};
use guanlan::eval::sets::{Set, read, text};
use guanlan::eval::{EvalOptions, score_set};
use pipelines::annotate::Annotator;
use pipelines::record::{Post, PostId, Subject};
use serde::Deserialize;

const KINDS: [&str; 13] = [
    "grievance",
    "accident",
    "misconduct",
    "rumour",
    "response",
    "praise",
    "achievement",
    "policy",
    "market",
    "question",
    "opinion",
    "chat",
    "ad",
];

pub(crate) fn set(name: &str) -> Set {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data").join(name);
    read(&path).expect("the own set reads")
}

/// The shipped annotator, which knows the group of the demo.
pub(crate) fn annotator() -> &'static Annotator {
    static LOADED: OnceLock<Annotator> = OnceLock::new();
    LOADED.get_or_init(loaded)
}

fn loaded() -> Annotator {
    #[derive(Deserialize)]
    struct Demo {
        subject: Vec<Subject>,
    }
    let demo: Demo = toml::from_str(include_str!("../../src/demo/config/guanlan.toml")).unwrap();
    let mut config = EvalOptions::shipped().judges;
    config.subjects = demo.subject;
    Annotator::load(config).unwrap()
}

/// A post with these two texts, of a forum.
pub(crate) fn post(at: usize, title: &str, body: &str) -> Post {
    let url = format!("import:own/{at}");
    let json = serde_json::json!({
        "id": PostId::of_url(&url), "url": url, "source": "own", "channel": "forum", "trust": "normal",
        "site": "own", "title": title, "text": body, "author": null, "outlet": null, "origin": null,
        "published": null, "fetched_at": "2026-11-20T00:00:00Z", "counts": {}, "comments": [], "issues": [],
        "content_hash": at,
    });
    serde_json::from_value(json).unwrap()
}

#[test]
fn the_own_posts_are_labelled_as_the_guide_says() {
    let rows = set("domain/own.jsonl").rows;
    assert!(rows.len() >= 600, "{}", rows.len());
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut ids, mut texts) = (BTreeSet::new(), BTreeSet::new());
    let mut parties = 0;
    for row in &rows {
        let id = text(row, "id");
        assert!(ids.insert(id), "{id} stands twice");
        assert!(texts.insert((text(row, "title"), text(row, "text"))), "{id} repeats a text");
        assert!(!text(row, "text").is_empty(), "{id} says nothing");
        *kinds.entry(text(row, "kind")).or_default() += 1;
        let polarity = text(row, "polarity");
        assert!(["negative", "neutral", "positive"].contains(&polarity), "{id}: {polarity}");
        assert!(row["urgency"].as_u64().is_some_and(|u| u <= 3), "{id}: urgency");
        for party in row["parties"].as_array().unwrap() {
            parties += 1;
            let name = text(party, "name");
            let is_written =
                [text(row, "title"), text(row, "text")].iter().any(|t| t.contains(name));
            assert!(is_written, "{id} does not write {name}");
        }
    }
    assert!(parties > 300, "{parties} parties");
    for kind in KINDS {
        assert!(kinds.get(kind).is_some_and(|n| *n >= 20), "too few of {kind}: {kinds:?}");
    }
    assert_eq!(kinds.len(), KINDS.len(), "{kinds:?}");
}

#[test]
fn the_own_happenings_are_three_to_twelve_posts_each_and_their_near_misses_are_apart() {
    let rows = set("happenings/own.jsonl").rows;
    let mut posts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut of: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for row in &rows {
        let happening = row["happening"].as_str();
        assert!(
            of.insert(text(row, "id"), happening).is_none(),
            "{} stands twice",
            text(row, "id")
        );
        if let Some(happening) = happening {
            *posts.entry(happening).or_default() += 1;
        }
    }
    assert!(posts.len() >= 40, "{}", posts.len());
    for (happening, n) in &posts {
        assert!((3..=12).contains(n), "{happening} has {n} posts");
    }
    let near = set("happenings/near-misses-own.jsonl").rows;
    assert!(near.len() >= 30, "{}", near.len());
    for row in &near {
        let (a, b) = (of[text(row, "a")], of[text(row, "b")]);
        assert!(
            a.is_none() || a != b,
            "{} and {} are one happening",
            text(row, "a"),
            text(row, "b")
        );
        assert!(!text(row, "why").is_empty());
    }
}

#[test]
fn the_own_posts_are_judged_as_an_officer_files_them() {
    let score = score_set(&set("domain/own.jsonl"), annotator(), 0).expect("there are posts");
    super::hold(&serde_json::to_value(&score).unwrap(), "own-posts");
    assert_eq!(score.evidence.unsupported, 0, "verdicts without a word that speaks for them");
}

#[test]
fn the_own_happenings_are_told_from_what_only_looks_alike() {
    let all = happenings::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data"));
    let mut own =
        all.unwrap().into_iter().find(|set| set.name == "own.jsonl").expect("the own set");
    let hold = |own: &Happenings, table: &str| {
        let score = happenings::score(own, &[stories(own, None)], &vec![0; own.posts.len()]);
        super::hold(&serde_json::to_value(&score).unwrap(), table);
        let most = super::floors("own-near-misses-at-most")[table];
        assert_eq!(score.near_misses, 40, "every near miss is among the items");
        assert!(score.near_misses_joined as f64 <= most, "{table}: {score:?}");
    };
    for post in &mut own.posts {
        *post = annotator().annotate(post.post.clone(), DateTime::UNIX_EPOCH);
    }
    // As a station has them: read deeply, with who is named and how many are dead or trapped.
    hold(&own, "own-happenings-annotated");
    // As `guanlan eval` has them: what they are about is known, and nothing else.
    for post in &mut own.posts {
        (post.mentions, post.facts) = (Vec::new(), Vec::new());
    }
    hold(&own, "own-happenings");
}
