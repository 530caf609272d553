//! The officer's verdict of a post: polarity, kind and urgency from one reading, and the words that decided it.
//!
//! In: a folded post. Out: [`Heads`] (log-probabilities, which another reader may be mixed into), and from them
//! a [`PolarityVerdict`] and a [`Filing`]. One linear model (`model`) of runs of characters that training kept,
//! the title once more by itself, and the lexicons' sums (`lean`). Where the lexicons speak against the verdict
//! its confidence falls and it says so. Below a level fitted on sources never seen it is in doubt and names the
//! other reading. Pure; never fails once it is loaded.

mod file;
mod grams;
mod heads;
mod lean;
mod model;
mod party;
mod training;
mod words;

use std::cell::OnceCell;

use crate::record::{Filing, Polarity, PolarityVerdict, Span, TextField};
use crate::text::{Folded, Word, fold};

use super::deep::Said;
use super::lexicon::Lexicon;
use super::model::ModelError;
use super::polarity::{Evidence, FoldedPost, Own, evidence, score};

use grams::{BETWEEN, Texts};
use heads::urgency_of;
use lean::numbers;
use model::{KINDS, Scored, URGENCIES};

pub use file::{Layer, OfficerHead};
pub use heads::{Heads, log_softmax};
pub use model::{COLUMNS, OfficerModel};
pub use party::{PartyJudge, labels as party_labels, party_rows};
pub use training::{Labels, OfficerRow, calibrated, margins_of, officer_row, train_officer};

/// The lexicons' score from which they take a side: two clear words.
const TAKES_SIDE: f32 = 1.6;
/// What is left of the confidence where lexicons and model pull apart. Chosen by the folds over sources: of the
/// posts so marked about as many more are wrong.
const AT_ODDS: f32 = 0.85;

/// The level of doubt where the deep reader had a say: it leaves 60 % sure of the posts of two folds of whole sources that neither reader
/// learned from, as the model's own level does of what it judges alone.
const BOTH_UNSURE: f32 = 0.667;

/// Judges posts as an officer would file them. Share one between threads.
pub struct OfficerJudge {
    lexicon: Lexicon,
    model: OfficerModel,
    party: Option<PartyJudge>,
}

/// What was read of one post, before anything is decided.
pub struct Reading {
    texts: Texts,
    evidence: Vec<Evidence>,
    scored: Scored,
    /// Title and body cut into words.
    cut: OnceCell<[Vec<Word>; 2]>,
    /// What the deep reader's tokens say, and what it counts.
    deep: Option<(Box<[Said]>, f32)>,
    /// The words that may be shown for a verdict, once one is asked for.
    candidates: OnceCell<Vec<words::Candidate>>,
    /// What the linear model makes of it.
    pub heads: Heads,
}

impl Reading {
    /// The same with title and body cut into words already; without it they are cut when reasons are asked for.
    #[must_use]
    pub fn with_cut(self, cut: [Vec<Word>; 2]) -> Self {
        Self { cut: OnceCell::from(cut), ..self }
    }

    /// The same with what the deep reader's tokens say, which counts `share`; an empty `said` is none.
    #[must_use]
    pub fn with_deep(self, said: Box<[Said]>, share: f32) -> Self {
        Self { deep: (!said.is_empty()).then_some((said, share)), ..self }
    }
}

impl OfficerJudge {
    /// A judge of a model file and the lexicons; `name` is for messages.
    ///
    /// # Errors
    /// [`ModelError`] naming the file.
    pub fn load(name: &str, bytes: &[u8], lexicon: Lexicon) -> Result<Self, ModelError> {
        Ok(Self { lexicon, model: OfficerModel::load(name, bytes)?, party: None })
    }

    /// The same, with a judge of what is said of a party.
    #[must_use]
    pub fn with_parties(self, party: Option<PartyJudge>) -> Self {
        Self { party, ..self }
    }

    /// Its model.
    #[must_use]
    pub fn model(&self) -> &OfficerModel {
        &self.model
    }

    /// Reads a post.
    #[must_use]
    pub fn read(&self, post: &FoldedPost<'_>) -> Reading {
        let evidence = evidence(&self.lexicon, post);
        let texts = Texts::of(post.title_folded.text(), post.body_folded.text());
        let scored = self.model.score(&texts, &numbers(&evidence));
        let heads = self.model.heads(&scored.margins);
        let (cut, candidates) = (OnceCell::new(), OnceCell::new());
        Reading { texts, evidence, scored, cut, deep: None, candidates, heads }
    }

    /// The verdict on the whole post by `heads`: those of the reading, or a mix with another reader's.
    #[must_use]
    pub fn verdict(
        &self,
        post: &FoldedPost<'_>,
        reading: &Reading,
        heads: &Heads,
    ) -> (PolarityVerdict, Filing) {
        let lean = score(&reading.evidence);
        let mut verdict = self.model.decided_from(heads, lean, self.unsure(reading));
        self.give_reasons(&mut verdict, post, reading, heads, None);
        (verdict, heads.filing(self.model.head.unsure_kind))
    }

    /// Adds the words it rests on. Where they do not speak for it, it is in doubt, however sure the numbers are.
    fn give_reasons(
        &self,
        verdict: &mut PolarityVerdict,
        post: &FoldedPost<'_>,
        reading: &Reading,
        heads: &Heads,
        within: Option<&Own>,
    ) {
        let reasons = words::reasons(&self.model, post, reading, verdict.polarity, within);
        verdict.basis = reasons.basis;
        if !reasons.hold {
            verdict.confidence *= if verdict.at_odds { 1.0 } else { AT_ODDS };
            verdict.at_odds = true;
            verdict.other.get_or_insert(heads.polarity().2);
        }
    }

    /// The probability below which a polarity is in doubt.
    #[must_use]
    pub fn unsure(&self, reading: &Reading) -> f32 {
        let own = self.model.head.unsure;
        if reading.deep.is_some() { own.max(BOTH_UNSURE) } else { own }
    }

    /// The verdict on a subject by the judge of parties; without one, and of a subject that is named nowhere, that of the
    /// post (`whole`).
    #[must_use]
    pub fn of_subject(
        &self,
        post: &FoldedPost<'_>,
        reading: &Reading,
        whole: &PolarityVerdict,
        heads: &Heads,
        spans: &[Span],
    ) -> PolarityVerdict {
        let (Some(first), Some(party)) = (spans.first(), &self.party) else {
            return whole.clone();
        };
        let name = if first.field == TextField::Title { post.title } else { post.body };
        let name = fold(&name[first.start as usize..first.end as usize]);
        self.of_party(party, post, reading, heads, &name, &Own::of(post, spans))
    }

    fn of_party(
        &self,
        party: &PartyJudge,
        post: &FoldedPost<'_>,
        reading: &Reading,
        heads: &Heads,
        name: &Folded,
        own: &Own,
    ) -> PolarityVerdict {
        let (title, body) = (post.title_folded.text(), post.body_folded.text());
        let text =
            if title.is_empty() { body.to_owned() } else { format!("{title}{BETWEEN}{body}") };
        let of = party.heads(&text, &[name.text()], &reading.scored.margins, heads.polarity().0);
        let polarity = of.first().map_or(heads.polarity, |of| moved(of, reading, heads));
        let in_own = reading.evidence.iter().filter(|e| own.holds(&e.span)).cloned();
        let lean = score(&in_own.collect::<Vec<_>>());
        let of_party = Heads { polarity, ..*heads };
        let mut verdict = self.model.decided_from(&of_party, lean, self.unsure(reading));
        let within = (!own.is_all).then_some(own);
        self.give_reasons(&mut verdict, post, reading, &Heads { polarity, ..*heads }, within);
        verdict
    }
}

/// The judge of parties knows the linear judge's margins alone: what another reader makes of the post beyond them counts for
/// the party as well, in full.
fn moved(of: &[f32; 3], reading: &Reading, heads: &Heads) -> [f32; 3] {
    let mut odds = *of;
    for (odd, (mixed, linear)) in
        odds.iter_mut().zip(heads.polarity.iter().zip(&reading.heads.polarity))
    {
        *odd += mixed - linear;
    }
    log_softmax(&odds)
}

impl OfficerModel {
    /// The same with other levels of doubt, of polarity and of kind.
    #[must_use]
    pub fn with_doubt(mut self, polarity: f32, kind: f32) -> Self {
        (self.head.unsure, self.head.unsure_kind) = (polarity, kind);
        self
    }

    /// The polarity of `heads` without its words, `lean` being the lexicons' score.
    #[must_use]
    pub fn decided(&self, heads: &Heads, lean: f32) -> PolarityVerdict {
        self.decided_from(heads, lean, self.head.unsure)
    }

    /// The same, in doubt below a probability of `unsure`.
    fn decided_from(&self, heads: &Heads, lean: f32, unsure: f32) -> PolarityVerdict {
        let (polarity, mut confidence, mut other) = heads.polarity();
        let side = match lean {
            l if l <= -TAKES_SIDE => Some(Polarity::Negative),
            l if l >= TAKES_SIDE => Some(Polarity::Positive),
            _ => None,
        };
        let at_odds = side.is_some_and(|side| side != polarity);
        if at_odds {
            confidence *= AT_ODDS;
            other = side.unwrap_or(other);
        }
        let is_unsure = confidence < unsure;
        PolarityVerdict {
            polarity,
            confidence,
            basis: Vec::new(),
            other: is_unsure.then_some(other),
            at_odds,
            unlayered: None,
        }
    }

    /// Log-probabilities of margins.
    #[must_use]
    pub fn heads(&self, margins: &[f32; COLUMNS]) -> Heads {
        let mut at_least = [0f32; 3];
        for ((odds, margin), [slope, offset]) in
            at_least.iter_mut().zip(&margins[URGENCIES..]).zip(&self.head.urgency)
        {
            *odds = slope * margin + offset;
        }
        Heads {
            polarity: log_softmax(&self.head.polarity.apply(&margins[..KINDS])),
            kind: log_softmax(&self.head.kind.apply(&margins[KINDS..URGENCIES])),
            urgency: urgency_of(at_least),
        }
    }
}
