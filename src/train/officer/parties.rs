//! The model of what is said of a party, with figures by row.
//!
//! In: rows that name parties, each with the margins of its post by a model that did not learn from it. Out: the
//! model `party` and the share of rows whose parties spoken ill of are all found and no other.

use std::collections::BTreeMap;

use anyhow::Result;
use pipelines::annotate::model::{GramSpec, Model};
use pipelines::annotate::officer::{COLUMNS, PartyJudge, party_labels, party_rows};
use pipelines::annotate::train::{Recipe, Row, cross_validate, folds, sharpness, train};
use pipelines::record::Polarity;
use pipelines::text::fold;
use serde_json::Value;

use crate::eval::sets::text;

const FOLDS: usize = 5;

/// A post and the parties it names.
pub(super) struct PartyCase {
    text: String,
    names: Vec<String>,
    /// Places in `Polarity::ALL`.
    truth: Vec<usize>,
}

/// The parties of a row of the set; none where it names none.
pub(super) fn case(row: &Value) -> Option<PartyCase> {
    let parties = row["parties"].as_array().filter(|p| !p.is_empty())?;
    let place = |p: &Value| {
        let polarity = Polarity::parse(text(p, "polarity"))?;
        Polarity::ALL.iter().position(|q| *q == polarity)
    };
    Some(PartyCase {
        text: joined(fold(text(row, "title")).text(), fold(text(row, "text")).text()),
        names: parties.iter().map(|p| fold(text(p, "name")).text().to_owned()).collect(),
        truth: parties.iter().map(place).collect::<Option<_>>()?,
    })
}

/// Title and text as the judge of parties reads them.
fn joined(title: &str, body: &str) -> String {
    if title.is_empty() { body.to_owned() } else { format!("{title}。{body}") }
}

/// A case, the margins of its post, and the polarity they make.
pub(super) type Judged<'a> = (&'a PartyCase, [f32; COLUMNS], Polarity);

/// The model of all `cases`, and its figures by `FOLDS` folds of posts.
pub(super) fn party(cases: &[Judged<'_>], seed: u64) -> Result<(Model, BTreeMap<String, f32>)> {
    let recipe = Recipe {
        name: PartyJudge::NAME.to_owned(),
        grams: GramSpec::default(),
        cut: 2,
        cost: 0.2,
        balance: 0.0,
        passes: 15,
        seed,
    };
    let labels: Vec<String> = party_labels().map(str::to_owned).collect();
    let rows_of = |(case, margins, post): &Judged<'_>| -> Vec<Row> {
        let names: Vec<&str> = case.names.iter().map(String::as_str).collect();
        party_rows(&case.text, &names, margins, *post, &case.truth)
    };
    let rows: Vec<Vec<Row>> = cases.iter().map(rows_of).collect();
    let all: Vec<Row> = rows.iter().flatten().cloned().collect();
    let margins = cross_validate(&all, &[], &labels, &recipe, FOLDS)?;
    let truth: Vec<usize> = all.iter().map(|r| r.label).collect();
    let sharp = sharpness(&margins, &truth);
    let worst: Vec<usize> =
        cases.iter().map(|c| c.0.truth.iter().copied().min().unwrap_or(1)).collect();
    let part = folds(&worst, FOLDS, seed);
    let (mut right, mut ill_rows) = (0usize, 0usize);
    for held in 0..FOLDS {
        let kept = rows.iter().zip(&part).filter(|(_, p)| **p != held).flat_map(|(r, _)| r);
        let kept: Vec<Row> = kept.cloned().collect();
        let Some(judge) = PartyJudge::of(train(&kept, &labels, &recipe)?) else { continue };
        for ((case, margins, post), _) in cases.iter().zip(&part).filter(|(_, p)| **p == held) {
            let names: Vec<&str> = case.names.iter().map(String::as_str).collect();
            let found = judge.heads(&case.text, &names, margins, *post);
            let is_ill = |logs: &[f32; 3]| logs[0] > logs[1] && logs[0] > logs[2];
            let rows = found.iter().zip(&case.truth);
            right += usize::from(rows.clone().all(|(logs, truth)| is_ill(logs) == (*truth == 0)));
            ill_rows += usize::from(case.truth.contains(&0));
        }
    }
    let model = train(&all, &labels, &recipe)?;
    let mut head = model.head().clone();
    head.sharpness = sharp;
    let figures = BTreeMap::from([
        ("row_accuracy".to_owned(), right as f32 / cases.len().max(1) as f32),
        ("rows".to_owned(), cases.len() as f32),
        ("rows_with_ill".to_owned(), ill_rows as f32),
    ]);
    Ok((model.with_head(head), figures))
}
