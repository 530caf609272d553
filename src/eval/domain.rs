//! The officer's verdicts measured on posts that readers filed: polarity, kind, urgency, parties, and how sure.
//!
//! In: sets of `domain/` and an annotator as the product has it. Out: [`DomainScore`] a set. Every row is judged as
//! a post of its texts would be; its parties as they are written. A file that is absent has no score.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::record::{AnnotatedPost, Polarity};
use serde::Serialize;
use serde_json::Value;

use super::evidence::EvidenceScore;
use super::score::{ClassScore, Judged, Tally};
use super::sets::{Set, read, text};
use super::speed::post;

/// One set, scored.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DomainScore {
    /// How she files it.
    pub polarity: ClassScore,
    /// What it is.
    pub kind: ClassScore,
    /// Order by the chance that somebody must act today.
    pub urgency: Order,
    /// Order by the risk score, as lists show it.
    pub risk: Order,
    /// Parties spoken ill of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parties: Option<PartyScore>,
    /// Posts whose polarity is not in doubt.
    pub sure: SureScore,
    /// How verdicts stand to the words shown for them.
    #[serde(flatten)]
    pub evidence: EvidenceScore,
    /// A shipped model learned from this very file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
}

/// How well a number puts posts that need somebody today before others.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Order {
    /// Area under the curve.
    pub auc: f64,
}

/// Rows whose parties spoken ill of are all found, and no other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PartyScore {
    /// Share of the rows that name a party.
    pub row_accuracy: f64,
    /// Rows.
    pub n: usize,
}

/// Posts whose polarity is not in doubt.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SureScore {
    /// Share of all.
    pub share: f64,
    /// Share of these that are right.
    pub accuracy: f64,
}

/// The scores of a folder: `domain`, `domain_new_sources`, `domain_replies`.
pub(super) type Scores = [Option<DomainScore>; 3];

/// Scores what `dir/domain` has.
pub(super) fn score(
    dir: &Path,
    judges: &AnnotatorConfig,
    saw: &dyn Fn(&Set) -> bool,
    worst: usize,
) -> Result<Scores> {
    let folder = dir.join("domain");
    let mut scores = Scores::default();
    if !folder.is_dir() {
        return Ok(scores);
    }
    let annotator = Annotator::load(judges.clone())?;
    let names = [&["posts-test", "posts-train"][..], &["posts-new-sources"], &["posts-replies"]];
    for (score, names) in scores.iter_mut().zip(names) {
        let paths = names.iter().map(|name| folder.join(format!("{name}.jsonl")));
        if let Some(path) = paths.into_iter().find(|path| path.is_file()) {
            let set = read(&path)?;
            *score = score_set(&set, &annotator, worst);
            if let Some(score) = score {
                score.seen = saw(&set);
            }
        }
    }
    Ok(scores)
}

#[derive(Default)]
struct Tallies {
    polarity: Tally,
    kind: Tally,
    today: Vec<(f32, bool)>,
    risk: Vec<(f32, bool)>,
    parties: (usize, usize),
    sure: (usize, usize),
    evidence: EvidenceScore,
    n: usize,
}

/// Scores one set by `annotator`; nothing where it has no row. `worst` mistakes are listed.
#[must_use]
pub fn score_set(set: &Set, annotator: &Annotator, worst: usize) -> Option<DomainScore> {
    let mut all = Tallies::default();
    for row in &set.rows {
        all.add(row, annotator);
    }
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    Some(DomainScore {
        polarity: all.polarity.score(worst)?,
        kind: all.kind.score(worst)?,
        urgency: Order { auc: auc(&all.today) },
        risk: Order { auc: auc(&all.risk) },
        parties: (all.parties.1 > 0).then(|| PartyScore {
            row_accuracy: share(all.parties.0, all.parties.1),
            n: all.parties.1,
        }),
        sure: SureScore {
            share: share(all.sure.1, all.n),
            accuracy: share(all.sure.0, all.sure.1),
        },
        evidence: all.evidence,
        seen: false,
    })
}

impl Tallies {
    fn add(&mut self, row: &Value, annotator: &Annotator) {
        let (title, body) = (text(row, "title"), text(row, "text"));
        let judged = annotator.annotate(post(self.n, title, body), chrono::DateTime::UNIX_EPOCH);
        self.n += 1;
        let expected = text(row, "polarity");
        let verdict = &judged.polarity;
        let found = verdict.polarity.as_str();
        let (id, shown) = (text(row, "id"), if title.is_empty() { body } else { title });
        let confidence = verdict.confidence;
        self.polarity.add(&Judged { id, text: shown, expected, found, confidence });
        let told = judged.shown().0;
        self.evidence.add(if told.is_supported() { verdict } else { told });
        if !verdict.is_unsure() {
            self.sure.1 += 1;
            self.sure.0 += usize::from(found == expected);
        }
        let act = row["urgency"].as_u64().is_some_and(|urgency| urgency >= 2);
        self.risk.push((f32::from(judged.risk.score), act));
        if let Some(filing) = &judged.filing {
            self.today.push((filing.today, act));
            let (expected, found) = (text(row, "kind"), filing.kind.as_str());
            let confidence = filing.kind_confidence;
            self.kind.add(&Judged { id, text: shown, expected, found, confidence });
        }
        self.parties(row, &judged, annotator);
    }

    fn parties(&mut self, row: &Value, judged: &AnnotatedPost, annotator: &Annotator) {
        let Some(parties) = row["parties"].as_array().filter(|p| !p.is_empty()) else { return };
        let names: Vec<&str> = parties.iter().map(|p| text(p, "name")).collect();
        let verdicts = annotator.judge_names(&judged.post, &names);
        let found: BTreeSet<&str> = names
            .iter()
            .zip(&verdicts)
            .filter(|(_, v)| v.polarity == Polarity::Negative)
            .map(|(name, _)| *name)
            .collect();
        let truth: BTreeSet<&str> = parties
            .iter()
            .filter(|p| text(p, "polarity") == "negative")
            .map(|p| text(p, "name"))
            .collect();
        self.parties.1 += 1;
        self.parties.0 += usize::from(found == truth);
    }
}

/// Area under the curve of (number, is one): the chance that one of those that are has the larger number.
#[must_use]
pub fn auc(rows: &[(f32, bool)]) -> f64 {
    let mut sorted: Vec<(f32, bool)> = rows.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut above, mut area) = (0f64, 0f64, 0f64);
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let is = equal.iter().filter(|r| r.1).count() as f64;
        let is_not = equal.len() as f64 - is;
        area += is * (below + is_not / 2.0);
        below += is_not;
        above += is;
    }
    if above == 0.0 || below == 0.0 { 0.5 } else { area / (above * below) }
}

#[cfg(test)]
mod tests {
    use super::auc;

    #[test]
    fn ties_count_half() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        close(auc(&[(0.1, false), (0.9, true)]), 1.0);
        close(auc(&[(0.9, false), (0.1, true)]), 0.0);
        close(auc(&[(0.5, false), (0.5, true)]), 0.5);
        close(auc(&[(0.5, true)]), 0.5);
        close(auc(&[(0.1, false), (0.4, true), (0.4, false), (0.8, true)]), 0.875);
    }
}
