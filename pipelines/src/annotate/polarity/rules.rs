//! The lexicons' own reading: negation, degree, contrast, accusing questions, irony.
//!
//! In: a folded post. Out: [`Evidence`], one for each word that speaks well or ill, on the bytes of the original
//! it stands on, and the sum of it. A negator or a degree word acts on what follows it in its clause, within
//! [`REACH`] characters. Knows no grammar beyond that and says so by small weights.

use crate::record::{Basis, Span, TextField};
use crate::text::Folded;

use super::super::lexicon::{Found, Lexicon, Role};
use super::FoldedPost;

/// How many characters before a word a negator or degree word may stand.
const REACH: usize = 5;
/// What a negated word keeps of its weight, turned: 不好 is less bad than 坏.
const TURNED: f32 = -0.8;
/// What stands before 但是 and after it counts so much.
const BEFORE_CONTRAST: f32 = 0.5;
const AFTER_CONTRAST: f32 = 1.3;
/// A word of the title says what the post is about.
const IN_TITLE: f32 = 1.5;
/// Praise in an ironic sentence.
const IRONIC: f32 = -0.5;

/// A word that speaks for a polarity.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// On the original.
    pub span: Span,
    /// The bytes of the folded text that it stands on.
    pub folded: (u32, u32),
    /// Below zero is ill.
    pub weight: f32,
    /// The word as the lexicon has it.
    pub word: String,
    /// The domain of its lexicon line.
    pub domain: String,
    /// `lexicon`, `negated`, `irony`, `rhetorical`, `emoticon`.
    pub rule: &'static str,
}

impl Evidence {
    pub(in crate::annotate) fn basis(&self) -> Basis {
        let why = format!("{}:{}", self.rule, self.word);
        Basis { span: self.span, weight: self.weight, why }
    }
}

/// All evidence of a post, in the order of the text.
pub(in crate::annotate) fn evidence(lexicon: &Lexicon, post: &FoldedPost<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    let fields = [(TextField::Title, post.title_folded), (TextField::Body, post.body_folded)];
    for (field, folding) in fields {
        let found: Vec<Found<'_>> = lexicon.find(folding.text()).collect();
        let mut at = 0;
        while at < found.len() {
            let sentence_end = next_stop(folding.text(), found[at].start);
            let upto = at + found[at..].partition_point(|f| f.start < sentence_end);
            let upto = upto.max(at + 1);
            of_sentence(&found[at..upto], field, folding, &mut all);
            at = upto;
        }
    }
    all
}

/// The sum, damped so that a long text is not graver than a short one for its length alone.
pub(in crate::annotate) fn score(evidence: &[Evidence]) -> f32 {
    let sum: f32 = evidence.iter().map(|e| e.weight).sum();
    let loud: f32 = evidence.iter().map(|e| e.weight.abs()).sum();
    if loud > 0.0 { sum / loud.sqrt() } else { 0.0 }
}

fn of_sentence(found: &[Found<'_>], field: TextField, folding: &Folded, all: &mut Vec<Evidence>) {
    let ironic = found.iter().any(|f| f.entry.role == Role::Irony);
    let turn = found.iter().rposition(|f| f.entry.role == Role::Contrast);
    for (at, hit) in found.iter().enumerate() {
        let (sign, mut rule) = match hit.entry.role {
            Role::Sentiment(sign) => (f32::from(sign), "lexicon"),
            Role::Rhetorical => (-1.0, "rhetorical"),
            _ => continue,
        };
        let mut weight = sign * hit.entry.strength;
        if hit.entry.domain == "emoticon" {
            rule = "emoticon";
        } else if rule == "lexicon" {
            let (factor, negated) = before(found, at, folding.text());
            weight *= factor;
            if negated {
                rule = "negated";
            }
        }
        if ironic && weight > 0.0 {
            (weight, rule) = (weight * IRONIC, "irony");
        }
        weight *= match turn {
            Some(turn) if at < turn => BEFORE_CONTRAST,
            Some(_) => AFTER_CONTRAST,
            None => 1.0,
        };
        if field == TextField::Title {
            weight *= IN_TITLE;
        }
        let (start, end) = folding.original_span(hit.start, hit.end);
        let span = Span { field, start: start as u32, end: end as u32 };
        all.push(Evidence {
            span,
            folded: (hit.start as u32, hit.end as u32),
            weight,
            word: hit.entry.word.clone(),
            domain: hit.entry.domain.clone(),
            rule,
        });
    }
}

/// The factor that negators and degree words before `found[at]` give it, and whether it is turned.
fn before(found: &[Found<'_>], at: usize, text: &str) -> (f32, bool) {
    let mut factor = 1.0;
    let mut turns = 0;
    let mut from = found[at].start;
    for near in found[..at].iter().rev() {
        let between = &text[near.end..from];
        let far = between.chars().count() > REACH || between.chars().any(ends_clause);
        if far || matches!(near.entry.role, Role::Sentiment(_) | Role::Contrast) {
            break;
        }
        match near.entry.role {
            Role::Negator => turns += 1,
            Role::Degree => factor *= near.entry.strength,
            _ => {}
        }
        from = near.start;
    }
    let negated = turns % 2 == 1;
    (if negated { factor * TURNED } else { factor }, negated)
}

fn ends_clause(c: char) -> bool {
    matches!(c, ',' | ';' | ':' | '、' | '。' | '!' | '?' | '…' | '~' | '(' | ')' | '/')
}

/// The byte after the sentence in which `from` lies.
fn next_stop(text: &str, from: usize) -> usize {
    let stop = text[from..].find(['。', '!', '?', '…', ';']);
    stop.map_or(text.len(), |at| from + at)
}
