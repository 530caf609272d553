//! The project's own posts about the fictitious group (`data/domain/own.jsonl`) and its own happenings
//! (`data/happenings/own.jsonl`): that they are what they claim to be, and how well they are judged.
//!
//! In: the two sets, `floors.toml`, the subjects of the demo. The texts were written for this project and no
//! model learns from them, so that judging is measured where the shared data is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use guanlan::eval::EvalOptions;
use guanlan::eval::sets::{Set, read, text};
use pipelines::annotate::Annotator;
use pipelines::record::{AnnotatedPost, Post, PostId, Subject};
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

fn set(name: &str) -> Set {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval/data").join(name);
    read(&path).expect("the own set reads")
}

/// An annotator that knows the group of the demo.
pub(crate) fn annotator() -> Annotator {
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

fn judged() -> Vec<(serde_json::Value, AnnotatedPost)> {
    let annotator = annotator();
    let now = chrono::DateTime::UNIX_EPOCH;
    let rows = set("domain/own.jsonl").rows.into_iter().enumerate();
    rows.map(|(at, row)| {
        let judged = annotator.annotate(post(at, text(&row, "title"), text(&row, "text")), now);
        (row, judged)
    })
    .collect()
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
    let (mut tally, mut kinds) = (Confusion::default(), Confusion::default());
    let mut risk = Vec::new();
    for (row, judged) in judged() {
        tally.add(text(&row, "polarity"), judged.polarity.polarity.as_str());
        let filing = judged.filing.expect("the shipped model judges kinds");
        kinds.add(text(&row, "kind"), filing.kind.as_str());
        let act = row["urgency"].as_u64().is_some_and(|urgency| urgency >= 2);
        risk.push((f32::from(judged.risk.score), act));
        let shown = judged.shown().0;
        assert!(shown.is_supported(), "{} rests on {:?}", text(&row, "id"), shown.basis);
    }
    eprintln!("own posts, polarity: {:.3} / {:.3}", tally.accuracy(), tally.macro_f1());
    let floors = super::floors("own-posts");
    let figures = [
        ("polarity.accuracy", tally.accuracy()),
        ("polarity.macro_f1", tally.macro_f1()),
        ("kind.accuracy", kinds.accuracy()),
        ("kind.macro_f1", kinds.macro_f1()),
        ("risk.auc", guanlan::eval::auc(&risk)),
    ];
    for (figure, value) in figures {
        assert!(value >= floors[figure], "{figure} is {value:.3}, its floor {}", floors[figure]);
    }
}

/// Counts by (label, verdict).
#[derive(Default)]
pub(crate) struct Confusion(BTreeMap<(String, String), f64>);

impl Confusion {
    pub(crate) fn add(&mut self, label: &str, verdict: &str) {
        *self.0.entry((label.to_owned(), verdict.to_owned())).or_default() += 1.0;
    }

    fn sum(&self, wanted: impl Fn(&str, &str) -> bool) -> f64 {
        self.0.iter().filter(|((l, v), _)| wanted(l, v)).map(|(_, n)| n).sum()
    }

    pub(crate) fn accuracy(&self) -> f64 {
        self.sum(|l, v| l == v) / self.sum(|_, _| true)
    }

    /// Mean F1 over the labels that occur.
    pub(crate) fn macro_f1(&self) -> f64 {
        let labels: BTreeSet<&str> = self.0.keys().map(|(l, _)| l.as_str()).collect();
        let f1 = |c: &str| {
            2.0 * self.sum(|l, v| l == c && v == c)
                / (self.sum(|l, _| l == c) + self.sum(|_, v| v == c))
        };
        labels.iter().map(|c| f1(c)).sum::<f64>() / labels.len() as f64
    }
}
