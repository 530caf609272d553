//! Models that read a whole text: polarity of short posts and of news, kinds of company risk, classes of petition.
//!
//! In: sets. Out: models with cross-validated figures. The recipes' numbers were found by cross-validation on
//! the open sets; `config/models/README.md` lists what was tried.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::lexicon::Lexicon;
use pipelines::annotate::model::{GramSpec, Head, Model, largest};
use pipelines::annotate::polarity::{FoldedPost, lexicon_score, shares_of};
use pipelines::annotate::train::{
    LabelledText, Recipe, Row, cross_validate, folds, labels_of, macro_f1, offsets, rows_of,
    sharpness, shifted, train,
};
use pipelines::text::fold;
use serde_json::Value;

use super::dense::{Asked, PULL};
use super::{Made, TrainOptions, Trained};
use crate::eval::sets::{Set, sets, text};

type Maker = fn(&Path, &TrainOptions, &Ground) -> Result<Vec<Made>>;

/// What is at hand beside the sets.
pub(super) struct Ground {
    pub(super) lexicon: Lexicon,
    /// Tells what posts are like to heads beside the models; none: none are made.
    pub(super) deep: Option<DeepReader>,
}

pub(super) const MAKERS: [(&str, Maker); 4] =
    [("weibo", weibo), ("news", news), ("risk", risk), ("petitions", petitions)];

/// What the lexicons' score may count; chosen by cross-validation.
const LEXICON_WEIGHTS: [f32; 6] = [0.0, 0.1, 0.2, 0.3, 0.45, 0.6];
const PARTS: usize = 5;
/// Features of one row only are left out.
const CUT: usize = 2;

fn recipe(name: &str, grams: GramSpec, cost: f32, balance: f32, seed: u64) -> Recipe {
    Recipe { name: name.to_owned(), grams, cut: CUT, cost, balance, passes: 15, seed }
}

fn of_kind(data: &Path, folder: &str, kind: &str) -> Result<Vec<Set>> {
    Ok(sets(data, folder)?.into_iter().filter(|s| s.kind == kind).collect())
}

fn learned_from(sets: &[Set]) -> BTreeMap<String, String> {
    let name = |s: &Set| s.path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
    sets.iter().map(|s| (name(s), s.digest.clone())).collect()
}

fn labelled(title: &str, body: &str, label: &str, weight: f32) -> LabelledText {
    LabelledText {
        title: fold(title).text().to_owned(),
        text: fold(body).text().to_owned(),
        label: label.to_owned(),
        weight,
    }
}

fn corrections(options: &TrainOptions, model: &str) -> Vec<LabelledText> {
    let own = options.corrections.iter().filter(|c| c.model == model);
    own.map(|c| labelled(&c.title, &c.text, &c.label, c.weight)).collect()
}

/// Emotions are learned, polarity is what they sum to: it tells anger from grief and is more often right.
fn weibo(data: &Path, options: &TrainOptions, ground: &Ground) -> Result<Vec<Made>> {
    let sets = of_kind(data, "polarity", "weibo")?;
    let label = |row: &Value| match row["polarity"].as_str() {
        Some(polarity) => format!("{polarity}/{}", text(row, "emotion")),
        None => "none/surprise".to_owned(),
    };
    let read = |set: &Set, weight: f32| -> Vec<LabelledText> {
        set.rows.iter().map(|r| labelled("", text(r, "text"), &label(r), weight)).collect()
    };
    // the larger set is of one theme; the other is like what comes, so it counts double and is what is measured
    let always: Vec<_> =
        sets.iter().filter(|s| s.for_training).flat_map(|s| read(s, 1.0)).collect();
    let held: Vec<_> = sets.iter().filter(|s| !s.for_training).flat_map(|s| read(s, 2.0)).collect();
    let grams = GramSpec { longest: 3, ..GramSpec::default() };
    let recipe = recipe("weibo", grams, 0.2, 0.0, options.seed);
    let texts = |for_training: bool| -> Vec<(&str, &str)> {
        let rows = sets.iter().filter(|s| s.for_training == for_training).flat_map(|s| &s.rows);
        rows.map(|row| ("", text(row, "text"))).collect()
    };
    let asked = Asked { always: &texts(true), held: &texts(false), share: 0.5, pull: PULL };
    polarity(&always, &held, &recipe, options, ground, (learned_from(&sets), asked))
}

fn news(data: &Path, options: &TrainOptions, ground: &Ground) -> Result<Vec<Made>> {
    let sets = of_kind(data, "polarity", "news")?;
    let rows = sets.iter().flat_map(|s| &s.rows).filter(|r| r["polarity"].is_string());
    let texts: Vec<_> = rows.clone().map(|r| (text(r, "title"), text(r, "text"))).collect();
    let held: Vec<LabelledText> = rows
        .map(|r| labelled(text(r, "title"), text(r, "text"), text(r, "polarity"), 1.0))
        .collect();
    let grams = GramSpec {
        letters_only: true,
        fields_apart: true,
        title_weight: 1.5,
        ..GramSpec::default()
    };
    let recipe = recipe("news", grams, 0.3, 1.0, options.seed);
    let asked = Asked { always: &[], held: &texts, share: 0.6, pull: PULL };
    polarity(&[], &held, &recipe, options, ground, (learned_from(&sets), asked))
}

fn polarity(
    always: &[LabelledText],
    held: &[LabelledText],
    recipe: &Recipe,
    options: &TrainOptions,
    ground: &Ground,
    (learned_from, asked): (BTreeMap<String, String>, Asked<'_>),
) -> Result<Vec<Made>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let samples = asked.polarities(always, held);
    let always = [always, &corrections(options, &recipe.name)].concat();
    let labels = labels_of(always.iter().chain(held).map(|t| t.label.as_str()));
    let always_rows = rows_of(&always, &labels, &recipe.grams);
    let rows = rows_of(held, &labels, &recipe.grams);
    let margins = cross_validate(&rows, &always_rows, &labels, recipe, PARTS)?;
    let scores: Vec<f32> = held.iter().map(|t| score_of(&ground.lexicon, t)).collect();
    let all: Vec<Row> = always_rows.into_iter().chain(rows.clone()).collect();
    let mut model = train(&all, &labels, recipe)?;
    let truth: Vec<usize> = rows.iter().map(|r| r.label).collect();
    model = with_head(model, |head| head.sharpness = sharpness(&margins, &truth));
    let cases = PolarityCases::of(&labels, &truth, margins, scores);
    let (weight, _) = LEXICON_WEIGHTS
        .iter()
        .map(|weight| {
            model = with_head(model.clone(), |head| head.lexicon_weight = *weight);
            (*weight, cases.figure(&model))
        })
        .fold((0.0, 0.0), |best, next| if next.1 > best.1 { next } else { best });
    model = with_head(model, |head| head.lexicon_weight = weight);
    let judge = |margins: &[f32]| {
        let (score, margins) = margins.split_last().unwrap_or((&0.0, &[]));
        largest(&shares_of(&model, margins, *score))
    };
    let (mut found, accuracy, f1) = offsets(&cases.margins, &cases.truth, &cases.group_of, &judge);
    found.pop();
    let model = with_head(model, |head| head.bias = shifted(&head.bias, &found));
    let mut figures = BTreeMap::from([
        ("accuracy".to_owned(), accuracy),
        ("macro_f1".to_owned(), f1),
        ("lexicon_weight".to_owned(), weight),
    ]);
    let shares = |margins: &Vec<f32>| {
        let (score, margins) = margins.split_last().unwrap_or((&0.0, &[]));
        shares_of(&model, margins, *score).to_vec()
    };
    let linear: Vec<Vec<f32>> = cases.margins.iter().map(shares).collect();
    let parts = folds(&truth, PARTS, recipe.seed);
    let beside = samples.head(&recipe.name, &linear, &parts, ground.deep.as_ref(), &mut figures);
    let about = Trained { rows: all.len(), labels: labels.len(), learned_from, figures, bytes: 0 };
    Ok(vec![Made { model, beside, about }])
}

/// Rows of polarity as cross-validation left them: margins with the lexicons' score as the last number.
struct PolarityCases {
    margins: Vec<Vec<f32>>,
    truth: Vec<usize>,
    group_of: Vec<usize>,
}

/// The group of labels that are no polarity, and of the lexicons' score: never given an offset of their own.
const NO_POLARITY: usize = 3;

impl PolarityCases {
    fn of(labels: &[String], truth: &[usize], margins: Vec<Vec<f32>>, scores: Vec<f32>) -> Self {
        let names = ["negative", "neutral", "positive"];
        let group = |label: &String| {
            names.iter().position(|n| label.split('/').next() == Some(n)).unwrap_or(NO_POLARITY)
        };
        let mut group_of: Vec<usize> = labels.iter().map(group).collect();
        let mut cases = Self { margins: Vec::new(), truth: Vec::new(), group_of: Vec::new() };
        for ((label, mut margins), score) in truth.iter().zip(margins).zip(scores) {
            if group_of[*label] != NO_POLARITY {
                margins.push(score);
                cases.margins.push(margins);
                cases.truth.push(group_of[*label]);
            }
        }
        group_of.push(NO_POLARITY + 1);
        cases.group_of = group_of;
        cases
    }

    /// Accuracy plus macro-F1.
    fn figure(&self, model: &Model) -> f32 {
        let guess: Vec<usize> = self
            .margins
            .iter()
            .filter_map(|margins| margins.split_last())
            .map(|(score, margins)| largest(&shares_of(model, margins, *score)))
            .collect();
        let (accuracy, f1) = macro_f1(&self.truth, &guess);
        accuracy + f1
    }
}

fn score_of(lexicon: &Lexicon, labelled: &LabelledText) -> f32 {
    let (title, body) = (fold(&labelled.title), fold(&labelled.text));
    lexicon_score(
        lexicon,
        &FoldedPost {
            title: &labelled.title,
            body: &labelled.text,
            title_folded: &title,
            body_folded: &body,
        },
    )
}

fn with_head(model: Model, change: impl FnOnce(&mut Head)) -> Model {
    let mut head = model.head().clone();
    change(&mut head);
    model.with_head(head)
}

/// Classes by a text alone.
fn classes(
    held: &[LabelledText],
    always: &[LabelledText],
    recipe: &Recipe,
    learned_from: BTreeMap<String, String>,
    beside: Option<(Asked<'_>, &DeepReader)>,
) -> Result<Made> {
    let labels = labels_of(held.iter().map(|t| t.label.as_str()));
    let rows = rows_of(held, &labels, &recipe.grams);
    let always = rows_of(always, &labels, &recipe.grams);
    let margins = cross_validate(&rows, &always, &labels, recipe, PARTS)?;
    let truth: Vec<usize> = rows.iter().map(|r| r.label).collect();
    let guess: Vec<usize> = margins.iter().map(|m| largest(m)).collect();
    let (accuracy, f1) = macro_f1(&truth, &guess);
    let all: Vec<Row> = rows.into_iter().chain(always).collect();
    let model = with_head(train(&all, &labels, recipe)?, |head| {
        head.sharpness = sharpness(&margins, &truth);
    });
    let mut figures =
        BTreeMap::from([("accuracy".to_owned(), accuracy), ("macro_f1".to_owned(), f1)]);
    let beside = beside.and_then(|(asked, deep)| {
        let linear: Vec<Vec<f32>> = margins.iter().map(|m| model.probabilities(m)).collect();
        let parts = folds(&truth, PARTS, recipe.seed);
        let samples = asked.classes(held, &labels);
        samples.head(&recipe.name, &linear, &parts, Some(deep), &mut figures)
    });
    let about = Trained { rows: all.len(), labels: labels.len(), learned_from, figures, bytes: 0 };
    Ok(Made { model, beside, about })
}

/// By the text alone; see `eval::tasks` on why the company named beside it is not used.
fn risk(data: &Path, options: &TrainOptions, _: &Ground) -> Result<Vec<Made>> {
    let sets = of_kind(data, "risk", "company")?;
    let rows = sets.iter().flat_map(|s| &s.rows);
    let held: Vec<LabelledText> =
        rows.map(|r| labelled("", text(r, "text"), text(r, "kind"), 1.0)).collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let recipe = recipe("risk", GramSpec::default(), 0.5, 0.5, options.seed);
    Ok(vec![classes(&held, &corrections(options, "risk"), &recipe, learned_from(&sets), None)?])
}

fn petitions(data: &Path, options: &TrainOptions, ground: &Ground) -> Result<Vec<Made>> {
    let sets = of_kind(data, "petitions", "classified")?;
    let rows = sets.iter().flat_map(|s| &s.rows);
    let texts: Vec<_> = rows.clone().map(|r| (text(r, "title"), text(r, "text"))).collect();
    let held: Vec<LabelledText> = rows
        .map(|r| labelled(text(r, "title"), text(r, "text"), text(r, "category"), 1.0))
        .collect();
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let mut always = seeds(SEEDS)?;
    always.extend(class_tree(data)?);
    always.extend(corrections(options, "petitions"));
    let grams =
        GramSpec { longest: 3, letters_only: true, title_weight: 4.0, ..GramSpec::default() };
    let recipe = recipe("petitions", grams, 0.5, 0.5, options.seed);
    let asked = Asked { always: &[], held: &texts, share: 0.4, pull: PULL };
    let beside = ground.deep.as_ref().map(|deep| (asked, deep));
    Ok(vec![classes(&held, &always, &recipe, learned_from(&sets), beside)?])
}

/// Weight of a seed word against a labelled message.
const SEED_WEIGHT: f32 = 0.5;
const TREE_WEIGHT: f32 = 0.3;

/// Words written for each class, since few messages are labelled.
const SEEDS: &str = include_str!("../../config/models/seeds-petitions.tsv");

fn seeds(text: &str) -> Result<Vec<LabelledText>> {
    let mut seeds = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let (label, words) = line.split_once('\t').context("a seed line without a tab")?;
        seeds.extend(words.split(' ').map(|word| labelled(word, "", label, SEED_WEIGHT)));
    }
    Ok(seeds)
}

/// The names of the class tree as texts of their class.
fn class_tree(data: &Path) -> Result<Vec<LabelledText>> {
    let trees = of_kind(data, "petitions", "category")?;
    let rows = trees.iter().flat_map(|s| &s.rows);
    Ok(rows
        .map(|r| {
            let name = format!("{} {}", text(r, "二级分类"), text(r, "三级分类"));
            labelled(&name, "", text(r, "一级分类"), TREE_WEIGHT)
        })
        .collect())
}
