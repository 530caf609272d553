//! What the lexicons say of a text, as a few numbers for the model.
//!
//! In: evidence of the lexicons' rules (negation, degree, contrast, irony already applied). Out: one number for
//! each domain, side and field, so that the model learns what a word of that domain is worth. Knows no weight itself.

use super::super::polarity::Evidence;
use crate::record::TextField;

/// Domains of the shipped lexicons; any other counts as `general`.
const DOMAINS: [&str; 9] = [
    "company",
    "discipline",
    "emoticon",
    "environment",
    "experience",
    "general",
    "labour",
    "praise",
    "safety",
];
const GENERAL: usize = 5;

/// Numbers a text: domain × ill and well × title and body, then irony and accusing questions.
pub(super) const EXTRAS: usize = DOMAINS.len() * 4 + 2;

/// What a number counts against a run of characters; of 0.1 and 0.3 the folds find 0.1.
const WEIGHT: f32 = 0.1;

/// The place of a piece of evidence among the numbers.
pub(super) fn place(evidence: &Evidence) -> usize {
    match evidence.rule {
        "irony" => DOMAINS.len() * 4,
        "rhetorical" => DOMAINS.len() * 4 + 1,
        _ => {
            let domain = DOMAINS.iter().position(|d| *d == evidence.domain).unwrap_or(GENERAL);
            let is_body = usize::from(evidence.span.field == TextField::Body);
            domain * 4 + is_body * 2 + usize::from(evidence.weight > 0.0)
        }
    }
}

/// The numbers of a text.
pub(super) fn numbers(evidence: &[Evidence]) -> [f32; EXTRAS] {
    let mut sums = [0f32; EXTRAS];
    for one in evidence {
        sums[place(one)] += one.weight.abs();
    }
    sums.map(|sum| WEIGHT * sum.ln_1p())
}
