//! Models of bad news and for whom.
//!
//! In: `polarity/target-*` sets. Out: the models `target` and `whom` with cross-validated figures of both
//! together, as a row is scored: right when the news is rightly bad or not and, if bad, the parties are equal.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use pipelines::annotate::model::{GramSpec, Grams, Model, largest};
use pipelines::annotate::target::{TargetJudge, party_features};
use pipelines::annotate::train::{Recipe, Row, cross_validate, folds, sharpness, train};
use pipelines::text::fold;
use serde_json::Value;

use super::{Made, TrainOptions, Trained};
use crate::eval::sets::{names, sets, text};

const PARTS: usize = 5;

struct Case {
    text: String,
    parties: Vec<String>,
    bad_for: Vec<bool>,
    is_bad: bool,
}

fn case(row: &Value) -> Case {
    let named = names(row, "entities");
    let bad: BTreeSet<&str> = names(row, "negative_entities").into_iter().collect();
    Case {
        text: fold(text(row, "text")).text().to_owned(),
        parties: named.iter().map(|n| fold(n).text().to_owned()).collect(),
        bad_for: named.iter().map(|n| bad.contains(n)).collect(),
        is_bad: row["negative"].as_bool().unwrap_or_default(),
    }
}

fn labels() -> Vec<String> {
    vec!["bad".to_owned(), "fine".to_owned()]
}

fn text_row(case: &Case, spec: &GramSpec) -> Row {
    let features = Grams::of("", &case.text, spec).counted().to_vec();
    Row { features, label: usize::from(!case.is_bad), weight: 1.0 }
}

fn party_rows(case: &Case) -> Vec<Row> {
    let parties: Vec<&str> = case.parties.iter().map(String::as_str).collect();
    let features = party_features(&case.text, &parties);
    let mut seen = BTreeSet::new();
    let rows = features.into_iter().zip(&case.bad_for).zip(&parties);
    rows.filter(|(_, name)| seen.insert(**name))
        .map(|((features, bad), _)| Row { features, label: usize::from(!*bad), weight: 1.0 })
        .collect()
}

fn recipes(seed: u64) -> (Recipe, Recipe) {
    let recipe = |name: &str, cost| Recipe {
        name: name.to_owned(),
        grams: GramSpec::default(),
        cut: 2,
        cost,
        balance: 0.0,
        passes: 20,
        seed,
    };
    (recipe("target", 1.0), recipe("whom", 2.0))
}

/// Both models, of the folder's `target` sets.
pub(super) fn target(data: &Path, options: &TrainOptions) -> Result<Vec<Made>> {
    let sets: Vec<_> = sets(data, "polarity")?.into_iter().filter(|s| s.kind == "target").collect();
    let cases: Vec<Case> = sets.iter().flat_map(|s| &s.rows).map(case).collect();
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let (text_recipe, party_recipe) = recipes(options.seed);
    let rows: Vec<Row> = cases.iter().map(|c| text_row(c, &text_recipe.grams)).collect();
    let margins = cross_validate(&rows, &[], &labels(), &text_recipe, PARTS)?;
    let truth: Vec<usize> = rows.iter().map(|r| r.label).collect();
    let bad = sharpened(train(&rows, &labels(), &text_recipe)?, sharpness(&margins, &truth));
    let bad_cases: Vec<&Case> = cases.iter().filter(|c| c.is_bad).collect();
    let party: Vec<Row> = bad_cases.iter().flat_map(|c| party_rows(c)).collect();
    let whom = train(&party, &labels(), &party_recipe)?;
    let figures = together(&cases, &truth, options.seed)?;
    let from: BTreeMap<String, String> = sets
        .iter()
        .map(|s| {
            (s.path.file_name().unwrap_or_default().to_string_lossy().into(), s.digest.clone())
        })
        .collect();
    let about = |rows: usize, figures| Trained {
        rows,
        labels: 2,
        bytes: 0,
        learned_from: from.clone(),
        figures,
    };
    let guess: Vec<usize> = margins.iter().map(|m| largest(m)).collect();
    let alone = pipelines::annotate::train::macro_f1(&truth, &guess).0;
    let first = BTreeMap::from([("accuracy".to_owned(), alone)]);
    Ok(vec![
        Made { about: about(rows.len(), first), model: bad, beside: None },
        Made { about: about(party.len(), figures), model: whom, beside: None },
    ])
}

fn sharpened(model: Model, sharpness: f32) -> Model {
    let mut head = model.head().clone();
    head.sharpness = sharpness;
    model.with_head(head)
}

/// Cross-validated figures of both models together.
fn together(cases: &[Case], truth: &[usize], seed: u64) -> Result<BTreeMap<String, f32>> {
    let (text_recipe, party_recipe) = recipes(seed);
    let part = folds(truth, PARTS, seed);
    let (mut rows_right, mut hits, mut said, mut meant) = (0usize, 0usize, 0usize, 0usize);
    let (mut sets_right, mut accurate) = (0usize, 0usize);
    for held in 0..PARTS {
        let kept: Vec<&Case> =
            cases.iter().zip(&part).filter(|(_, p)| **p != held).map(|(c, _)| c).collect();
        let texts: Vec<Row> = kept.iter().map(|c| text_row(c, &text_recipe.grams)).collect();
        let parties: Vec<Row> =
            kept.iter().filter(|c| c.is_bad).flat_map(|c| party_rows(c)).collect();
        let judge = TargetJudge::of(
            train(&texts, &labels(), &text_recipe)?,
            train(&parties, &labels(), &party_recipe)?,
        );
        for (case, _) in cases.iter().zip(&part).filter(|(_, p)| **p == held) {
            let names: Vec<&str> = case.parties.iter().map(String::as_str).collect();
            let news = judge.judge(&case.text, &names);
            said += usize::from(news.is_bad);
            meant += usize::from(case.is_bad);
            hits += usize::from(news.is_bad && case.is_bad);
            accurate += usize::from(news.is_bad == case.is_bad);
            sets_right += usize::from(case.is_bad && news.whom == case.bad_for);
            let right = news.is_bad == case.is_bad && (!case.is_bad || news.whom == case.bad_for);
            rows_right += usize::from(right);
        }
    }
    let all = cases.len() as f32;
    Ok(BTreeMap::from([
        ("row_accuracy".to_owned(), rows_right as f32 / all),
        ("negative_f1".to_owned(), 2.0 * hits as f32 / (said + meant).max(1) as f32),
        ("negative_accuracy".to_owned(), accurate as f32 / all),
        ("parties_right_when_bad".to_owned(), sets_right as f32 / meant.max(1) as f32),
    ]))
}
