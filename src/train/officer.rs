//! The model of the officer's verdicts, with figures on posts held out and on whole sources held out.
//!
//! In: `domain/posts-train*.jsonl`, `domain/source-folds.json`, corrections. Out: the file of the model and its
//! figures. Heads are calibrated on margins of sources that were held out; for a figure, on those of the other folds
//! only. The source of a post is its id without the last part.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use parties::{Judged, PartyCase};
use pipelines::annotate::lexicon::Lexicon;
use pipelines::annotate::officer::{
    COLUMNS, Labels, OfficerModel, OfficerRow, calibrated, margins_of, officer_row, train_officer,
};
use pipelines::annotate::polarity::FoldedPost;
use pipelines::annotate::train::{folds, macro_f1};
use pipelines::record::{Polarity, PostKind};
use pipelines::text::fold;
use serde_json::Value;

mod parties;

use super::{Filed, TrainOptions, Trained};
use crate::eval::auc;
use crate::eval::sets::{sets, text};

const FOLDS: usize = 5;
/// The share of posts that the level of doubt leaves sure, on sources never seen.
const SURE: f32 = 0.6;

/// A row and where it stands in the folds.
struct Case {
    row: OfficerRow,
    /// Its fold of sources, where its source is in one.
    of_source: Option<usize>,
    is_first_set: bool,
    picked: Picked,
    party: Option<PartyCase>,
}

/// How a post came into its set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Picked {
    /// Any of its source.
    Random,
    /// Because a judge was unsure of it.
    Unsure,
    /// Read for the project (`config/models/labels.tsv`), or corrected at this station: learned from, never counted in a figure, so that figures with
    /// and without these compare.
    Read,
}

impl Picked {
    fn of(row: &Value) -> Self {
        match text(row, "picked") {
            "unsure" => Self::Unsure,
            "read" => Self::Read,
            _ => Self::Random,
        }
    }
}

/// What was made, the bytes of its file, and the file.
pub(super) type MadeFile = (Trained, Vec<u8>, &'static str);

/// The labels of a row of the set; none where it lacks one.
pub(crate) fn labels_of(row: &Value) -> Option<Labels> {
    let polarity = Polarity::parse(text(row, "polarity"))?;
    let kind = PostKind::parse(text(row, "kind"))?;
    Some(Labels {
        polarity: Polarity::ALL.iter().position(|p| *p == polarity)?,
        kind: PostKind::ALL.iter().position(|k| *k == kind)?,
        urgency: u8::try_from(row["urgency"].as_u64()?).ok().filter(|u| *u <= 3)?,
    })
}

/// The model, of the folder's `domain` sets; none where it has none.
pub(super) fn officer(
    data: &Path,
    options: &TrainOptions,
    lexicon: &Lexicon,
) -> Result<Vec<MadeFile>> {
    let sets: Vec<_> = sets(data, "domain")?.into_iter().filter(|s| s.for_training).collect();
    if sets.is_empty() {
        return Ok(Vec::new());
    }
    let source_folds = source_folds(&data.join("domain/source-folds.json"))?;
    let mut cases = Vec::new();
    for set in &sets {
        let is_first_set = set.path.file_stem().is_some_and(|s| s == "posts-train");
        for case in &set.rows {
            let Some(labels) = labels_of(case) else { continue };
            let source = text(case, "id").rsplit_once('-').map_or("", |(source, _)| source);
            let party = parties::case(case);
            let row = ready(lexicon, text(case, "title"), text(case, "text"), labels, 1.0);
            let of_source = source_folds.get(source).copied();
            let picked = Picked::of(case);
            cases.push(Case { row, of_source, is_first_set, picked, party });
        }
    }
    for Filed { title, text, labels, weight } in &options.filed {
        let row = ready(lexicon, title, text, *labels, *weight);
        let (picked, party) = (Picked::Read, None);
        cases.push(Case { row, of_source: None, is_first_set: false, picked, party });
    }
    let mut about = Trained {
        rows: cases.len(),
        labels: 3 + 13 + 4,
        learned_from: sets
            .iter()
            .map(|s| {
                let name = s.path.file_name().unwrap_or_default().to_string_lossy();
                (name.into_owned(), s.digest.clone())
            })
            .collect(),
        ..Trained::default()
    };
    let (model, judged) = measured(&cases, options, &mut about.figures);
    let bytes = model.to_bytes()?;
    about.bytes = bytes.len();
    let named: Vec<Judged<'_>> = judged
        .iter()
        .filter_map(|(at, margins)| {
            let polarity = model.heads(margins).polarity().0;
            Some((cases[*at].party.as_ref()?, *margins, polarity))
        })
        .collect();
    let mut made = vec![(about.clone(), bytes, "officer.gom")];
    if !named.is_empty() {
        let (party, figures) = parties::party(&named, options.seed)?;
        let bytes = party.to_bytes()?;
        let learned_from = about.learned_from;
        let (rows, bytes_of) = (named.len(), bytes.len());
        let about = Trained { rows, labels: 3, bytes: bytes_of, learned_from, figures };
        made.push((about, bytes, "party.glm"));
    }
    Ok(made)
}

fn ready(lexicon: &Lexicon, title: &str, body: &str, labels: Labels, weight: f32) -> OfficerRow {
    let (title_folded, body_folded) = (fold(title), fold(body));
    let post = FoldedPost { title, body, title_folded: &title_folded, body_folded: &body_folded };
    officer_row(lexicon, &post, labels, weight)
}

fn source_folds(path: &Path) -> Result<BTreeMap<String, usize>> {
    let Ok(text) = std::fs::read_to_string(path) else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&text).with_context(|| format!("cannot read {}", path.display()))
}

/// The model of all rows, its heads calibrated, and margins of rows by models that did not learn from them; the
/// figures of the folds are written down.
fn measured(
    cases: &[Case],
    options: &TrainOptions,
    figures: &mut BTreeMap<String, f32>,
) -> (OfficerModel, Vec<(usize, [f32; COLUMNS])>) {
    let by_source: Vec<usize> =
        (0..cases.len()).filter(|i| cases[*i].of_source.is_some()).collect();
    let fold_of = |at: usize| cases[at].of_source.unwrap_or(FOLDS);
    let margins = held_out(cases, &by_source, &fold_of, options.seed);
    let labels: Vec<Labels> = by_source.iter().map(|i| cases[*i].row.labels).collect();
    let all: Vec<&OfficerRow> = cases.iter().map(|c| &c.row).collect();
    let model = train_officer(&all, options.seed);
    if by_source.is_empty() {
        return (model, Vec::new());
    }
    let (mut outcome, mut at_random) = (Outcome::default(), Outcome::default());
    for held in 0..FOLDS {
        let (mine, others): (Vec<usize>, Vec<usize>) =
            (0..by_source.len()).partition(|i| fold_of(by_source[*i]) == held);
        let of = |at: &[usize]| -> (Vec<[f32; COLUMNS]>, Vec<Labels>) {
            at.iter().map(|i| (margins[*i], labels[*i])).unzip()
        };
        let (other_margins, other_labels) = of(&others);
        let judge = calibrated(model.clone(), &other_margins, &other_labels);
        for (case, margins) in mine.iter().map(|i| (&cases[by_source[*i]], &margins[*i])) {
            if case.picked != Picked::Read {
                outcome.add(&judge, margins, &case.row);
            }
            if case.picked == Picked::Random {
                at_random.add(&judge, margins, &case.row);
            }
        }
    }
    outcome.tell("sources", figures);
    at_random.tell("sources_at_random", figures);
    let level = outcome.level(SURE);
    let model = calibrated(model, &margins, &labels).with_doubt(level.0, level.1);
    let by_post: Vec<usize> = (0..cases.len()).filter(|i| cases[*i].is_first_set).collect();
    let kinds: Vec<usize> = by_post.iter().map(|i| cases[*i].row.labels.kind).collect();
    let mut part = vec![FOLDS; cases.len()];
    let parts = folds(&kinds, FOLDS, options.seed);
    by_post.iter().zip(parts).for_each(|(at, p)| part[*at] = p);
    let of_posts = held_out(cases, &by_post, &|at| part[at], options.seed);
    let mut outcome = Outcome::default();
    by_post.iter().zip(&of_posts).for_each(|(at, m)| outcome.add(&model, m, &cases[*at].row));
    outcome.tell("posts", figures);
    let judged = by_source.into_iter().zip(margins).chain(by_post.into_iter().zip(of_posts));
    (model, judged.collect())
}

/// Margins of the rows at `judged` by models that learned from all rows of another fold.
fn held_out(
    cases: &[Case],
    judged: &[usize],
    fold_of: &dyn Fn(usize) -> usize,
    seed: u64,
) -> Vec<[f32; COLUMNS]> {
    let mut margins = vec![[0f32; COLUMNS]; judged.len()];
    for held in 0..FOLDS {
        let kept: Vec<&OfficerRow> =
            (0..cases.len()).filter(|at| fold_of(*at) != held).map(|at| &cases[at].row).collect();
        let model = train_officer(&kept, seed);
        for (margins, at) in margins.iter_mut().zip(judged).filter(|(_, at)| fold_of(**at) == held)
        {
            *margins = margins_of(&model, &cases[*at].row);
        }
    }
    margins
}

/// What was judged of rows that were held out.
#[derive(Default)]
struct Outcome {
    polarity: (Vec<usize>, Vec<usize>),
    kind: (Vec<usize>, Vec<usize>),
    today: Vec<(f32, bool)>,
    confidence: Vec<f32>,
    kind_confidence: Vec<f32>,
}

impl Outcome {
    fn add(&mut self, model: &OfficerModel, margins: &[f32; COLUMNS], row: &OfficerRow) {
        let heads = model.heads(margins);
        let verdict = model.decided(&heads, row.lean);
        let filing = heads.filing(0.0);
        let place = |p: Polarity| Polarity::ALL.iter().position(|q| *q == p).unwrap_or_default();
        self.polarity.0.push(row.labels.polarity);
        self.polarity.1.push(place(verdict.polarity));
        self.kind.0.push(row.labels.kind);
        let kind = PostKind::ALL.iter().position(|k| *k == filing.kind).unwrap_or_default();
        self.kind.1.push(kind);
        self.today.push((filing.today, row.labels.urgency >= 2));
        self.confidence.push(verdict.confidence);
        self.kind_confidence.push(filing.kind_confidence);
    }

    /// The confidences of polarity and of kind that `share` of the rows reach.
    fn level(&self, share: f32) -> (f32, f32) {
        let at = |confidence: &[f32]| {
            let mut sorted = confidence.to_vec();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted.get((sorted.len() as f32 * share) as usize).copied().unwrap_or_default()
        };
        (at(&self.confidence), at(&self.kind_confidence))
    }

    fn tell(&self, of: &str, figures: &mut BTreeMap<String, f32>) {
        let mut tell = |name: &str, value: f32| {
            figures.insert(format!("{of}.{name}"), value);
        };
        let (accuracy, f1) = macro_f1(&self.polarity.0, &self.polarity.1);
        tell("polarity.accuracy", accuracy);
        tell("polarity.macro_f1", f1);
        let (accuracy, f1) = macro_f1(&self.kind.0, &self.kind.1);
        tell("kind.accuracy", accuracy);
        tell("kind.macro_f1", f1);
        tell("urgency.auc", auc(&self.today) as f32);
        let level = self.level(SURE).0;
        let rows = self.polarity.0.iter().zip(&self.polarity.1).zip(&self.confidence);
        let sure: Vec<bool> = rows.filter(|(_, c)| **c > level).map(|((t, g), _)| t == g).collect();
        let right = sure.iter().filter(|right| **right).count();
        tell("sure60.accuracy", right as f32 / sure.len().max(1) as f32);
    }
}

#[cfg(test)]
#[path = "officer/tests.rs"]
mod tests;
