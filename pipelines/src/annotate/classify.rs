//! Trained classes: what a post is about.
//!
//! In: folded title and text. Out: the likely classes with probability and the words they rest on. The labels are those of its model; a topic of
//! `config/topics` names the label it stands for. Never fails once loaded.

use crate::record::{Basis, Span, TextField};

use super::deep::About;
use super::dense::DenseHead;
use super::model::{Grams, Model, ModelError, Stretch};
use super::polarity::FoldedPost;

/// Words shown a class.
const MOST_WORDS: usize = 5;
/// Classes less likely than this are not spoken of: no topic takes them, and their words are dear to find.
pub(super) const LEAST: f32 = 0.5;

/// A trained classifier. Share one between threads.
pub struct Classifier {
    model: Model,
    /// What the deep reader's states say of the same question.
    beside: Option<DenseHead>,
}

/// A class and why.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassHit {
    /// The label.
    pub label: String,
    /// 0 to 1; all classes together make 1.
    pub probability: f32,
    /// The words it rests on, strongest first; only of the likeliest class.
    pub basis: Vec<Basis>,
}

impl Classifier {
    /// Reads a model file; `name` is for messages.
    ///
    /// # Errors
    /// [`ModelError`] naming the file.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(Self::of(Model::load(name, bytes)?))
    }

    /// A classifier of a model at hand.
    #[must_use]
    pub fn of(model: Model) -> Self {
        Self { model, beside: None }
    }

    /// The same, with a head over the deep reader's states; left out where it knows other labels.
    #[must_use]
    pub fn beside(self, head: Option<DenseHead>) -> Self {
        let beside = head.filter(|head| head.top().labels == self.model.labels());
        Self { beside, ..self }
    }

    /// Its model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The likeliest label of folded texts, and its probability; `about` is what the deep reader says of the post.
    #[must_use]
    pub fn label(&self, title: &str, body: &str, about: Option<&About>) -> (&str, f32) {
        let grams = Grams::of(title, body, self.model.spec());
        let shares = self.shares(&self.model.score(&grams).margins, about);
        let best = super::model::largest(&shares);
        (&self.model.labels()[best], shares[best])
    }

    fn shares(&self, margins: &[f32], about: Option<&About>) -> Vec<f32> {
        let linear = self.model.probabilities(margins);
        match self.beside.as_ref().zip(about) {
            Some((head, about)) => head.mixed(&linear, about),
            None => linear,
        }
    }

    /// The likely classes of a post, likeliest first; `about` is what the deep reader says of it.
    #[must_use]
    pub fn classify(&self, post: &FoldedPost<'_>, about: Option<&About>) -> Vec<ClassHit> {
        let grams = Grams::of(post.title_folded.text(), post.body_folded.text(), self.model.spec());
        let score = self.model.score(&grams);
        let shares = self.shares(&score.margins, about);
        let mut order: Vec<usize> = (0..shares.len()).filter(|at| shares[*at] >= LEAST).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
        let hits = order.iter().enumerate().map(|(rank, &label)| {
            let words = if rank == 0 {
                self.model.explain(&grams, &score, label, MOST_WORDS)
            } else {
                Vec::new()
            };
            ClassHit {
                label: self.model.labels()[label].clone(),
                probability: shares[label],
                basis: words.iter().map(|s| basis_of(s, post)).collect(),
            }
        });
        hits.collect()
    }
}

fn basis_of(stretch: &Stretch, post: &FoldedPost<'_>) -> Basis {
    let (field, folding) = match stretch.field {
        0 => (TextField::Title, post.title_folded),
        _ => (TextField::Body, post.body_folded),
    };
    let (start, end) = folding.original_span(stretch.start as usize, stretch.end as usize);
    let span = Span { field, start: start as u32, end: end as u32 };
    Basis { span, weight: stretch.weight, why: "model".to_owned() }
}
