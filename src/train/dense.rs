//! Heads over the deep reader's states beside the linear models of the older sets, learned on the same parts.
//!
//! In: the texts of a set as they are, labels, what the linear model says of each row that it did not learn from, and the
//! deep reader. Out: a head of all rows, and figures of both mixed on rows that neither learned from; no head where the mix is no
//! better than the linear model alone.

use std::collections::BTreeMap;

use pipelines::annotate::deep::DeepReader;
use pipelines::annotate::dense::{DenseHead, DenseRow, DenseTop, learn};
use pipelines::annotate::model::largest;
use pipelines::annotate::train::{LabelledText, macro_f1};

/// What a weight of one costs against one post: the numbers are many and the posts few.
pub(super) const PULL: f32 = 300.0;
const POLARITIES: [&str; 3] = ["negative", "neutral", "positive"];

/// The texts of a set as they are, title and text of each, and what a head over their states shall count.
pub(super) struct Asked<'a> {
    /// Always learned from.
    pub(super) always: &'a [(&'a str, &'a str)],
    /// Judged by a head that did not learn from them.
    pub(super) held: &'a [(&'a str, &'a str)],
    /// What the head counts beside the linear model.
    pub(super) share: f32,
    /// See [`learn`].
    pub(super) pull: f32,
}

/// A text with its label, and what it counts.
struct Sample<'a> {
    text: (&'a str, &'a str),
    label: usize,
    weight: f32,
}

/// Texts to learn a head from.
pub(super) struct Samples<'a> {
    labels: Vec<String>,
    always: Vec<Sample<'a>>,
    held: Vec<(usize, Sample<'a>)>,
    share: f32,
    pull: f32,
}

impl<'a> Asked<'a> {
    /// By polarity: finer labels are what stands before their stroke, those of no polarity are left out.
    pub(super) fn polarities(self, always: &[LabelledText], held: &[LabelledText]) -> Samples<'a> {
        let place =
            |label: &str| POLARITIES.iter().position(|p| label.split('/').next() == Some(p));
        self.samples(always, held, &POLARITIES.map(str::to_owned), &place)
    }

    /// By the labels as they are.
    pub(super) fn classes(self, held: &[LabelledText], labels: &[String]) -> Samples<'a> {
        self.samples(&[], held, labels, &|label| labels.iter().position(|l| l == label))
    }

    fn samples(
        self,
        always: &[LabelledText],
        held: &[LabelledText],
        labels: &[String],
        place: &dyn Fn(&str) -> Option<usize>,
    ) -> Samples<'a> {
        let of = |texts: &[(&'a str, &'a str)], labelled: &[LabelledText]| -> Vec<_> {
            let both = texts.iter().zip(labelled).enumerate();
            both.filter_map(|(at, (text, labelled))| {
                let label = place(&labelled.label)?;
                Some((at, Sample { text: *text, label, weight: labelled.weight }))
            })
            .collect()
        };
        let held = of(self.held, held);
        let always = of(self.always, always).into_iter().map(|(_, sample)| sample).collect();
        Samples { labels: labels.to_vec(), always, held, share: self.share, pull: self.pull }
    }
}

impl Samples<'_> {
    /// The head, where it is worth having. `linear` are the linear model's shares of the rows that are held out, `parts`
    /// says in which part each row of the set was; `deep.accuracy` and `deep.macro_f1` are noted.
    pub(super) fn head(
        &self,
        name: &str,
        linear: &[Vec<f32>],
        parts: &[usize],
        deep: Option<&DeepReader>,
        figures: &mut BTreeMap<String, f32>,
    ) -> Option<DenseHead> {
        let deep = deep?;
        let rows = |samples: &mut dyn Iterator<Item = &Sample<'_>>| -> Option<Vec<DenseRow>> {
            let read = |s: &Sample<'_>| {
                let states = deep.about(s.text.0, s.text.1)?.states.into();
                Some(DenseRow { states, label: s.label, weight: s.weight })
            };
            samples.map(read).collect()
        };
        let always = rows(&mut self.always.iter())?;
        let held = rows(&mut self.held.iter().map(|(_, sample)| sample))?;
        let part_of: Vec<usize> = self.held.iter().map(|(at, _)| parts[*at]).collect();
        let top = DenseTop {
            name: name.to_owned(),
            labels: self.labels.clone(),
            width: held.first()?.states.len(),
            share: self.share,
            encoder: deep.encoder()?.mark()?,
        };
        let learned = |kept: &[&DenseRow]| {
            DenseHead::of(top.clone(), learn(kept, self.labels.len(), self.pull))
        };
        let mut mixed = vec![0; held.len()];
        for part in 0..=parts.iter().copied().max()? {
            let kept = held.iter().zip(&part_of).filter(|(_, p)| **p != part).map(|(row, _)| row);
            let head = learned(&always.iter().chain(kept).collect::<Vec<_>>());
            for at in (0..held.len()).filter(|at| part_of[*at] == part) {
                mixed[at] = largest(&head.mix(&linear[at], &held[at].states));
            }
        }
        let truth: Vec<usize> = held.iter().map(|row| row.label).collect();
        let alone: Vec<usize> = linear.iter().map(|shares| largest(shares)).collect();
        let (accuracy, f1) = macro_f1(&truth, &mixed);
        figures.insert("deep.accuracy".to_owned(), accuracy);
        figures.insert("deep.macro_f1".to_owned(), f1);
        let before = macro_f1(&truth, &alone);
        let is_better = accuracy + f1 > before.0 + before.1;
        is_better.then(|| learned(&always.iter().chain(&held).collect::<Vec<_>>()))
    }
}
