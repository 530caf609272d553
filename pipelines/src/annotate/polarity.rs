//! Polarity of a post as a whole and of what is said of each subject in it.
//!
//! In: a post's folded title and body and where its subjects are named. Out: a [`PolarityVerdict`] for the post
//! and one a subject, each with the words it rests on. Two judges are heard: the lexicons that officers
//! edit (`rules`) and a trained model, one for news (a title and a text) and one for short posts; where no
//! model is loaded, the lexicons judge alone. [`Neutral`](Polarity::Neutral) when unsure. Never fails.

mod rules;

use crate::record::{Basis, Polarity, PolarityVerdict, Span, TextField};
use crate::text::{Folded, fold, sentences};

use super::deep::About;
use super::dense::DenseHead;
use super::lexicon::{Lexicon, LexiconError};
use super::model::{Grams, Model, ModelError, largest, softmax};

pub use rules::Evidence;
pub(super) use rules::{evidence, score};

/// Below this probability a verdict that is not neutral becomes neutral. Chosen so that less than one in
/// fifty verdicts on the development sets changes; it is for texts unlike any the models saw.
const UNSURE: f32 = 0.36;
/// Words shown a verdict.
const MOST_WORDS: usize = 6;
/// Without a model, the lexicon score from which a text is not neutral.
const LEXICON_ALONE: f32 = 0.8;
/// A body from which on a text with a title is read as news.
const NEWS_FROM_BYTES: usize = 24;

/// A post's two texts with their foldings.
#[derive(Clone, Copy)]
pub struct FoldedPost<'a> {
    /// The title as it is.
    pub title: &'a str,
    /// The text as it is.
    pub body: &'a str,
    /// `fold(title)`
    pub title_folded: &'a Folded,
    /// `fold(body)`
    pub body_folded: &'a Folded,
}

/// Judges polarity. Share one between threads.
pub struct PolarityJudge {
    lexicon: Lexicon,
    short: Option<Model>,
    news: Option<Model>,
}

/// Why a judge cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// A lexicon.
    #[error(transparent)]
    Lexicon(#[from] LexiconError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

impl PolarityJudge {
    /// Reads lexicons (name of the file, text) and models (name of the file, bytes). Of the models it takes
    /// those whose head is named `weibo` and `news`; both may be absent.
    ///
    /// # Errors
    /// [`JudgeError`] naming the file.
    pub fn load(
        lexicons: &[(String, String)],
        models: &[(String, Vec<u8>)],
    ) -> Result<Self, JudgeError> {
        let lexicon = Lexicon::read(lexicons.iter().map(|(n, t)| (n.as_str(), t.as_str())))?;
        let mut judge = Self { lexicon, short: None, news: None };
        for (name, bytes) in models {
            match Model::name_of(bytes) {
                Some("weibo") => judge.short = Some(polarity_model(name, bytes)?),
                Some("news") => judge.news = Some(polarity_model(name, bytes)?),
                _ => {}
            }
        }
        Ok(judge)
    }

    /// A judge of given parts, as training needs it.
    #[must_use]
    pub fn of(lexicon: Lexicon, short: Option<Model>, news: Option<Model>) -> Self {
        Self { lexicon, short, news }
    }

    /// Judges a post and each of `subjects`, given as the spans at which it is named. A subject is judged by
    /// the sentences that name it.
    #[must_use]
    pub fn judge(
        &self,
        post: &FoldedPost<'_>,
        subjects: &[&[Span]],
    ) -> (PolarityVerdict, Vec<PolarityVerdict>) {
        let evidence = rules::evidence(&self.lexicon, post);
        let whole = self.verdict(post, &evidence, (true, None));
        let of_subjects =
            subjects.iter().map(|spans| self.of_subject(post, &evidence, spans, &whole));
        let of_subjects = of_subjects.collect();
        (whole, of_subjects)
    }

    /// The verdict alone, without the model's words: what `guanlan eval` needs. With what the deep reader says of the post, the
    /// head of these that stands beside the model for its shape is heard as well.
    #[must_use]
    pub fn polarity(
        &self,
        post: &FoldedPost<'_>,
        beside: Option<(&[DenseHead], &About)>,
    ) -> PolarityVerdict {
        let evidence = rules::evidence(&self.lexicon, post);
        self.verdict(post, &evidence, (false, beside))
    }

    fn model_for(&self, post: &FoldedPost<'_>) -> Option<&Model> {
        if is_news(post) { self.news.as_ref().or(self.short.as_ref()) } else { self.short.as_ref() }
    }

    fn verdict(
        &self,
        post: &FoldedPost<'_>,
        evidence: &[Evidence],
        (with_words, beside): (bool, Option<(&[DenseHead], &About)>),
    ) -> PolarityVerdict {
        let lexicon_score = rules::score(evidence);
        let Some(model) = self.model_for(post) else {
            return lexicon_verdict(lexicon_score, evidence);
        };
        let grams = Grams::of(post.title_folded.text(), post.body_folded.text(), model.spec());
        let score = model.score(&grams);
        let mut shares = shares_of(model, &score.margins, lexicon_score);
        let named = |head: &&DenseHead| head.top().name == model.head().name;
        if let Some((heads, about)) = beside
            && let Some(head) = heads.iter().find(named)
        {
            let mixed = head.mixed(&shares, about);
            shares = std::array::from_fn(|at| mixed[at]);
        }
        let (polarity, confidence) = decide(shares);
        let mut basis: Vec<Basis> = evidence.iter().map(Evidence::basis).collect();
        if with_words && polarity != Polarity::Neutral {
            let label = loudest_label(model, &score.margins, polarity);
            let sign = if polarity == Polarity::Negative { -1.0 } else { 1.0 };
            for stretch in model.explain(&grams, &score, label, MOST_WORDS) {
                let (field, folding) = match stretch.field {
                    0 => (TextField::Title, post.title_folded),
                    _ => (TextField::Body, post.body_folded),
                };
                let (start, end) =
                    folding.original_span(stretch.start as usize, stretch.end as usize);
                let span = Span { field, start: start as u32, end: end as u32 };
                if basis.iter().all(|b| !overlap(&b.span, &span)) {
                    let weight = sign * stretch.weight;
                    basis.push(Basis { span, weight, why: "model".to_owned() });
                }
            }
        }
        PolarityVerdict { polarity, confidence, basis: strongest(basis), ..Default::default() }
    }

    /// From the sentences that name the subject; when all of them do, the verdict on the whole stands.
    fn of_subject(
        &self,
        post: &FoldedPost<'_>,
        evidence: &[Evidence],
        spans: &[Span],
        whole: &PolarityVerdict,
    ) -> PolarityVerdict {
        let own = Own::of(post, spans);
        if own.is_all {
            return whole.clone();
        }
        let evidence: Vec<Evidence> =
            evidence.iter().filter(|e| own.holds(&e.span)).cloned().collect();
        let (title, body) = (fold(&own.title), fold(&own.body));
        let part = FoldedPost {
            title: &own.title,
            body: &own.body,
            title_folded: &title,
            body_folded: &body,
        };
        let verdict = self.verdict(&part, &evidence, (false, None));
        let sign = verdict.polarity;
        let model_words = whole.basis.iter().filter(|b| b.why == "model" && own.holds(&b.span));
        let agreeing = model_words.filter(|_| sign == whole.polarity).cloned();
        let basis = strongest(verdict.basis.into_iter().chain(agreeing).collect());
        PolarityVerdict { basis, ..verdict }
    }
}

/// The sentences that name a subject.
pub(super) struct Own {
    pub title: String,
    pub body: String,
    pub ranges: Vec<(TextField, u32, u32)>,
    pub is_all: bool,
}

impl Own {
    pub fn of(post: &FoldedPost<'_>, spans: &[Span]) -> Self {
        let mut own =
            Self { title: String::new(), body: String::new(), ranges: Vec::new(), is_all: true };
        for (field, text) in [(TextField::Title, post.title), (TextField::Body, post.body)] {
            for (start, end) in sentences(text).spans() {
                let inside = |s: &Span| {
                    s.field == field && (s.start as usize) < end && (s.end as usize) > start
                };
                if spans.iter().any(inside) {
                    own.ranges.push((field, start as u32, end as u32));
                    let to = if field == TextField::Title { &mut own.title } else { &mut own.body };
                    to.push_str(&text[start..end]);
                } else {
                    own.is_all = false;
                }
            }
        }
        own
    }

    pub fn holds(&self, span: &Span) -> bool {
        self.ranges.iter().any(|(f, a, b)| *f == span.field && *a <= span.start && span.end <= *b)
    }
}

/// News has a title of its own and a text; a short post has one of the two, or says the same in both.
fn is_news(post: &FoldedPost<'_>) -> bool {
    let (title, body) = (post.title_folded.text(), post.body_folded.text());
    !title.is_empty()
        && body.len() >= NEWS_FROM_BYTES
        && !(body.len() < 420 && body.starts_with(title))
}

fn polarity_model(name: &str, bytes: &[u8]) -> Result<Model, ModelError> {
    let model = Model::load(name, bytes)?;
    for needed in ["negative", "neutral", "positive"] {
        if !model.labels().iter().any(|l| polarity_name(l) == needed) {
            return Err(ModelError::Label { name: name.to_owned(), label: needed.to_owned() });
        }
    }
    Ok(model)
}

/// Labels may be finer than polarity: `negative/angry`. What is in no polarity (`none/surprise`) has no say.
fn polarity_name(label: &str) -> &str {
    label.split('/').next().unwrap_or(label)
}

fn place(polarity_name: &str) -> Option<usize> {
    ["negative", "neutral", "positive"].iter().position(|n| *n == polarity_name)
}

/// Shares of negative, neutral and positive: the finer labels summed, the lexicons' score joined.
#[must_use]
pub fn shares_of(model: &Model, margins: &[f32], lexicon_score: f32) -> [f32; 3] {
    let lean = model.head().lexicon_weight * (lexicon_score / 3.0).tanh();
    let leaning: Vec<f32> = model
        .labels()
        .iter()
        .zip(margins)
        .map(|(label, margin)| match place(polarity_name(label)) {
            Some(0) => margin - lean,
            Some(2) => margin + lean,
            Some(_) => *margin,
            None => f32::NEG_INFINITY,
        })
        .collect();
    let mut shares = [0f32; 3];
    for (label, share) in model.labels().iter().zip(softmax(&leaning, model.head().sharpness)) {
        if let Some(at) = place(polarity_name(label)) {
            shares[at] += share;
        }
    }
    shares
}

/// The lexicons' score of a post: below zero is ill, usually between -6 and 6.
#[must_use]
pub fn lexicon_score(lexicon: &Lexicon, post: &FoldedPost<'_>) -> f32 {
    rules::score(&rules::evidence(lexicon, post))
}

fn decide(shares: [f32; 3]) -> (Polarity, f32) {
    let best = largest(&shares);
    let polarity = [Polarity::Negative, Polarity::Neutral, Polarity::Positive][best];
    if shares[best] < UNSURE {
        return (Polarity::Neutral, shares[1]);
    }
    (polarity, shares[best])
}

fn loudest_label(model: &Model, margins: &[f32], polarity: Polarity) -> usize {
    let wanted = match polarity {
        Polarity::Negative => 0,
        Polarity::Neutral => 1,
        Polarity::Positive => 2,
    };
    let masked: Vec<f32> = model
        .labels()
        .iter()
        .zip(margins)
        .map(|(l, m)| if place(polarity_name(l)) == Some(wanted) { *m } else { f32::NEG_INFINITY })
        .collect();
    largest(&masked)
}

fn lexicon_verdict(score: f32, evidence: &[Evidence]) -> PolarityVerdict {
    let polarity = if score <= -LEXICON_ALONE {
        Polarity::Negative
    } else if score >= LEXICON_ALONE {
        Polarity::Positive
    } else {
        Polarity::Neutral
    };
    let confidence = 0.5 + 0.4 * (score.abs() / 6.0).tanh();
    let basis = strongest(evidence.iter().map(Evidence::basis).collect());
    PolarityVerdict { polarity, confidence, basis, ..Default::default() }
}

fn overlap(a: &Span, b: &Span) -> bool {
    a.field == b.field && a.start < b.end && b.start < a.end
}

fn strongest(mut basis: Vec<Basis>) -> Vec<Basis> {
    basis.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then(a.span.cmp(&b.span)));
    basis.truncate(MOST_WORDS * 2);
    basis
}

#[cfg(test)]
mod tests;
