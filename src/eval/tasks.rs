//! The judges on their sets: polarity by kind of text, bad news and for whom, kinds of risk, classes of petition.
//!
//! In: sets as read and the loaded judges. Out: scores. Each row is judged as a post of that shape would be: a
//! row with a title is news, one without is a short post; the name of the file decides nothing but under
//! which name the figure stands.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use pipelines::annotate::AnnotatorConfig;
use pipelines::annotate::classify::Classifier;
use pipelines::annotate::deep::{About, DeepReader};
use pipelines::annotate::dense::DenseHead;
use pipelines::annotate::model::Model;
use pipelines::annotate::polarity::{FoldedPost, PolarityJudge};
use pipelines::annotate::target::TargetJudge;
use pipelines::record::Polarity;
use pipelines::text::fold;
use serde_json::Value;

use super::PolarityReport;
use super::score::{ClassScore, Judged, Tally, TargetTally};
use super::sets::{Set, names, text};

/// The loaded judges; a task whose model is not shipped is not scored.
pub(super) struct Judges {
    polarity: PolarityJudge,
    target: Option<TargetJudge>,
    risk: Option<Classifier>,
    petitions: Option<Classifier>,
    /// The deep reader and what was learned of its states.
    deep: Option<DeepReader>,
    heads: Vec<DenseHead>,
    learned_from: BTreeSet<String>,
}

impl Judges {
    pub(super) fn load(config: &AnnotatorConfig, figures: Option<&str>) -> Result<Self> {
        let AnnotatorConfig { lexicons, models, .. } = config;
        let bytes = |name: &str| {
            let of_name = models.iter().find(|(_, b)| Model::name_of(b) == Some(name));
            of_name.map(|(_, bytes)| bytes.as_slice())
        };
        let target = match (bytes("target"), bytes("whom")) {
            (Some(bad), Some(whom)) => Some(TargetJudge::load(bad, whom)?),
            _ => None,
        };
        let risk = bytes("risk").map(|b| Classifier::load("risk", b)).transpose()?;
        let deep = config.deep.clone().map(|(_, bytes)| DeepReader::of(bytes));
        let heads = DenseHead::among(models)?;
        let beside = heads.iter().find(|head| head.top().name == "petitions").cloned();
        let petitions = bytes("petitions").map(|b| Classifier::load("petitions", b)).transpose()?;
        let petitions = petitions.map(|classes| classes.beside(beside));
        let learned_from = figures.map_or(Ok(BTreeSet::new()), digests)?;
        let polarity = PolarityJudge::load(lexicons, models)?;
        Ok(Self { polarity, target, risk, petitions, deep, heads, learned_from })
    }

    /// What the deep reader says of a text, where there are heads that make something of it.
    fn about(&self, title: &str, text: &str) -> Option<About> {
        self.deep.as_ref().filter(|_| !self.heads.is_empty())?.about(title, text)
    }

    pub(super) fn saw(&self, set: &Set) -> bool {
        self.learned_from.contains(&set.digest)
    }
}

/// The digests of all sets that the models of `figures.json` learned from.
fn digests(figures: &str) -> Result<BTreeSet<String>> {
    let figures: Value = serde_json::from_str(figures).context("models/figures.json")?;
    let models = figures["models"].as_object().into_iter().flat_map(|m| m.values());
    let sets = models.filter_map(|m| m["learned_from"].as_object()).flat_map(|s| s.values());
    Ok(sets.filter_map(|d| d.as_str().map(str::to_owned)).collect())
}

/// The kind a row is scored under: by the name of its file, and where that tells nothing by its form.
fn kind_of<'a>(set: &'a Set, row: &Value) -> &'a str {
    match set.kind.as_str() {
        known @ ("weibo" | "news" | "target" | "implicit" | "emoticon") => known,
        _ if row.get("negative_entities").is_some() => "target",
        _ if row.get("emotion").is_some() => "weibo",
        _ if !text(row, "title").is_empty() => "news",
        other => other,
    }
}

pub(super) fn polarity(sets: &[Set], judges: &Judges, worst: usize) -> Option<PolarityReport> {
    let mut tallies: std::collections::BTreeMap<String, Tally> = Default::default();
    let mut target = TargetTally::default();
    for set in sets {
        for row in &set.rows {
            let kind = kind_of(set, row);
            if kind == "target" {
                target.seen |= judges.saw(set);
                if let Some(judge) = &judges.target {
                    of_target(row, judge, &mut target);
                }
            } else if let Some(expected) = row["polarity"].as_str() {
                let tally = tallies.entry(kind.to_owned()).or_default();
                tally.seen |= judges.saw(set);
                of_polarity(row, expected, judges, tally);
            }
        }
    }
    let scored = tallies.into_iter().filter_map(|(kind, t)| Some((kind, t.score(worst)?)));
    let report = PolarityReport { kinds: scored.collect(), target: target.score(worst) };
    (!report.kinds.is_empty() || report.target.is_some()).then_some(report)
}

fn of_polarity(row: &Value, expected: &str, judges: &Judges, tally: &mut Tally) {
    let (title, body) = (text(row, "title"), text(row, "text"));
    let (title_folded, body_folded) = (fold(title), fold(body));
    let post = FoldedPost { title, body, title_folded: &title_folded, body_folded: &body_folded };
    let about = judges.about(title, body);
    let beside = about.as_ref().map(|about| (judges.heads.as_slice(), about));
    let verdict = judges.polarity.polarity(&post, beside);
    let found = match verdict.polarity {
        Polarity::Negative => "negative",
        Polarity::Neutral => "neutral",
        Polarity::Positive => "positive",
    };
    let shown = if title.is_empty() { body } else { title };
    let confidence = verdict.confidence;
    tally.add(&Judged { id: text(row, "id"), text: shown, expected, found, confidence });
}

fn of_target(row: &Value, judge: &TargetJudge, tally: &mut TargetTally) {
    let body = fold(text(row, "text"));
    let named = names(row, "entities");
    let folded: Vec<String> = named.iter().map(|n| fold(n).text().to_owned()).collect();
    let parties: Vec<&str> = folded.iter().map(String::as_str).collect();
    let news = judge.judge(body.text(), &parties);
    let bad: BTreeSet<&str> =
        named.iter().zip(&news.whom).filter(|(_, bad)| **bad).map(|(n, _)| *n).collect();
    let truth: BTreeSet<&str> = names(row, "negative_entities").into_iter().collect();
    let is_bad = row["negative"].as_bool().unwrap_or_default();
    let told = |is_bad: bool, of: &BTreeSet<&str>| {
        if is_bad { format!("{of:?}") } else { "fine".to_owned() }
    };
    let (expected, found) = (told(is_bad, &truth), told(news.is_bad, &bad));
    let confidence = (news.probability - 0.5).abs() * 2.0;
    let judged = Judged {
        id: text(row, "id"),
        text: text(row, "text"),
        expected: &expected,
        found: &found,
        confidence,
    };
    tally.add(&judged, is_bad, news.is_bad);
}

/// Judged by the text alone: in the open set a row that names no company is always one without event, so that
/// the `subject` would give the answer away.
pub(super) fn risk(sets: &[Set], judges: &Judges, worst: usize) -> Option<ClassScore> {
    let classifier = judges.risk.as_ref()?;
    let mut tally = Tally::default();
    for set in sets {
        for row in set.rows.iter().filter(|r| r["kind"].is_string()) {
            tally.seen |= judges.saw(set);
            let body = fold(text(row, "text"));
            let (found, confidence) = classifier.label("", body.text(), None);
            tally.add(&Judged {
                id: text(row, "id"),
                text: text(row, "text"),
                expected: text(row, "kind"),
                found,
                confidence,
            });
        }
    }
    tally.score(worst)
}

pub(super) fn petitions(sets: &[Set], judges: &Judges, worst: usize) -> Option<ClassScore> {
    let classifier = judges.petitions.as_ref()?;
    let mut tally = Tally::default();
    for set in sets {
        for row in set.rows.iter().filter(|r| r["category"].is_string()) {
            tally.seen |= judges.saw(set);
            let (title, body) = (fold(text(row, "title")), fold(text(row, "text")));
            let about = judges.about(text(row, "title"), text(row, "text"));
            let (found, confidence) = classifier.label(title.text(), body.text(), about.as_ref());
            tally.add(&Judged {
                id: text(row, "id"),
                text: text(row, "title"),
                expected: text(row, "category"),
                found,
                confidence,
            });
        }
    }
    tally.score(worst)
}
