//! Tallies: what was right, what was not, and the surest mistakes.
//!
//! In: truth and guess of each row. Out: accuracy and macro-F1 over the labels present among truth or guesses
//! (as the usual tools count), and mistakes, surest first.

use std::collections::BTreeMap;

use serde::Serialize;

/// A classification scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClassScore {
    /// Share right.
    pub accuracy: f64,
    /// Mean F1 of the labels.
    pub macro_f1: f64,
    /// Rows.
    pub n: usize,
    /// F1 by label.
    pub f1: BTreeMap<String, f64>,
    /// A shipped model learned from this very file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// The surest mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worst: Vec<Mistake>,
}

/// A row judged wrongly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Its id.
    pub id: String,
    /// How sure the judge was.
    pub confidence: f32,
    /// The truth.
    pub expected: String,
    /// The judgement.
    pub found: String,
    /// The beginning of the text.
    pub text: String,
}

/// Bad news and for whom, scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TargetScore {
    /// Rows where the news is rightly bad or not and, if bad, the parties are equal.
    pub row_accuracy: f64,
    /// F1 of "bad".
    pub negative_f1: f64,
    /// Rows where the news is rightly bad or not.
    pub accuracy: f64,
    /// Rows.
    pub n: usize,
    /// A shipped model learned from this very file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// The surest mistakes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub worst: Vec<Mistake>,
}

/// Counts rows as they come.
#[derive(Default)]
pub(super) struct Tally {
    pairs: Vec<(String, String)>,
    mistakes: Vec<Mistake>,
    pub(super) seen: bool,
}

/// One row as the tally wants it.
pub(super) struct Judged<'a> {
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    pub(super) expected: &'a str,
    pub(super) found: &'a str,
    pub(super) confidence: f32,
}

impl Judged<'_> {
    fn mistake(&self) -> Mistake {
        Mistake {
            id: self.id.to_owned(),
            confidence: self.confidence,
            expected: self.expected.to_owned(),
            found: self.found.to_owned(),
            text: self.text.chars().take(80).collect(),
        }
    }
}

impl Tally {
    pub(super) fn add(&mut self, row: &Judged<'_>) {
        self.pairs.push((row.expected.to_owned(), row.found.to_owned()));
        if row.expected != row.found {
            self.mistakes.push(row.mistake());
        }
    }

    pub(super) fn score(mut self, worst: usize) -> Option<ClassScore> {
        let n = self.pairs.len();
        if n == 0 {
            return None;
        }
        let right = self.pairs.iter().filter(|(e, f)| e == f).count();
        // label: rightly found, expected or found
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (expected, found) in &self.pairs {
            counts.entry(expected.clone()).or_default().1 += 1;
            let entry = counts.entry(found.clone()).or_default();
            entry.1 += 1;
            entry.0 += usize::from(expected == found);
        }
        let f1: BTreeMap<String, f64> = counts
            .into_iter()
            .map(|(label, (hit, either))| (label, 2.0 * hit as f64 / either as f64))
            .collect();
        let macro_f1 = f1.values().sum::<f64>() / f1.len() as f64;
        sort(&mut self.mistakes, worst);
        Some(ClassScore {
            accuracy: right as f64 / n as f64,
            macro_f1,
            n,
            f1,
            seen: self.seen,
            worst: self.mistakes,
        })
    }
}

/// Counts rows of bad news.
#[derive(Default)]
pub(super) struct TargetTally {
    n: usize,
    rows_right: usize,
    accurate: usize,
    hit: usize,
    said: usize,
    meant: usize,
    mistakes: Vec<Mistake>,
    pub(super) seen: bool,
}

impl TargetTally {
    /// `expected` and `found` name the parties, or are `fine`.
    pub(super) fn add(&mut self, row: &Judged<'_>, is_bad: bool, found_bad: bool) {
        self.n += 1;
        self.meant += usize::from(is_bad);
        self.said += usize::from(found_bad);
        self.hit += usize::from(is_bad && found_bad);
        self.accurate += usize::from(is_bad == found_bad);
        if row.expected == row.found {
            self.rows_right += 1;
        } else {
            self.mistakes.push(row.mistake());
        }
    }

    pub(super) fn score(mut self, worst: usize) -> Option<TargetScore> {
        if self.n == 0 {
            return None;
        }
        sort(&mut self.mistakes, worst);
        let share = |part: usize| part as f64 / self.n as f64;
        Some(TargetScore {
            row_accuracy: share(self.rows_right),
            negative_f1: 2.0 * self.hit as f64 / (self.said + self.meant).max(1) as f64,
            accuracy: share(self.accurate),
            n: self.n,
            seen: self.seen,
            worst: self.mistakes,
        })
    }
}

fn sort(mistakes: &mut Vec<Mistake>, most: usize) {
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.id.cmp(&b.id)));
    mistakes.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&str, &str)], accuracy: f64, macro_f1: f64) {
        let mut tally = Tally::default();
        for (expected, found) in pairs {
            tally.add(&Judged { id: "1", text: "瓦斯", expected, found, confidence: 0.5 });
        }
        let score = tally.score(9).unwrap();
        assert!((score.accuracy - accuracy).abs() < 1e-9, "{score:?}");
        assert!((score.macro_f1 - macro_f1).abs() < 1e-9, "{score:?}");
        assert_eq!(score.worst.len(), pairs.iter().filter(|(a, b)| a != b).count());
    }

    #[test]
    fn counts_as_the_usual_tools_do() {
        check(&[("a", "a"), ("b", "b")], 1.0, 1.0);
        check(&[("a", "a"), ("b", "a")], 0.5, (2.0 / 3.0 + 0.0) / 2.0);
        check(&[("a", "c")], 0.0, 0.0);
        assert!(Tally::default().score(1).is_none());
    }
}
