//! What of people and money in a post counts for its risk.
//!
//! In: the texts of a post, its quantities and facts. Out: what counts. Nothing is assessed here.

use crate::record::{Fact, FactStatus};

use super::super::facts::facts;
use super::super::quantities::{Quantity, quantities};
use super::super::risk::Counted;
use super::{Texts, span_of};

/// Whether a toll that was rumoured is taken back and none stands.
pub(super) fn refutes(facts: &[Fact]) -> bool {
    let mut tolls = facts.iter().filter(|fact| fact.is_toll()).peekable();
    tolls.peek().is_some()
        && tolls.all(|fact| !fact.status.counts())
        && facts.iter().any(|fact| fact.is_toll() && fact.status == FactStatus::Refuted)
}

/// The people and money named in a post: people whose number is refuted, or who are safe by now, do not count.
pub(in super::super) fn counted(texts: &Texts<'_>) -> Vec<Counted> {
    let numbers = numbers(texts);
    counted_beside(texts, &numbers, &facts(&texts.both(), &numbers))
}

/// The quantities of title and text.
pub(super) fn numbers(texts: &Texts<'_>) -> [Vec<Quantity>; 2] {
    texts.both().map(|(_, original, folding)| quantities(original, folding))
}

pub(super) fn counted_beside(
    texts: &Texts<'_>,
    numbers: &[Vec<Quantity>; 2],
    facts: &[Fact],
) -> Vec<Counted> {
    let mut all = Vec::new();
    for ((field, original, folding), found) in texts.both().into_iter().zip(numbers) {
        for quantity in found {
            let span = span_of(field, folding, &quantity.range);
            if facts.iter().any(|fact| fact.span == span && !fact.status.counts()) {
                continue;
            }
            let (start, end) = folding.original_span(quantity.range.start, quantity.range.end);
            let words = original[start..end].to_owned();
            all.push(Counted { kind: quantity.kind, value: quantity.value, words });
        }
    }
    all
}
