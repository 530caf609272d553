//! What is claimed of people in a happening, and what became of each claim: the statuses of its posts put together.
//!
//! In: the posts of one happening. Out: one line a number of people, the gravest first. It weighs who speaks (an answer
//! before a report, a report before hearsay), never whether a number is likely.

use std::collections::BTreeMap;

use pipelines::record::{FactKind, FactStatus};

use super::digest::Quote;
use super::happening::{ClaimLine, ClaimState};
use super::input::DigestPost;
use super::ledger::Ledger;
use super::said::Claim;

/// Claims told of one happening.
const TOLD: usize = 4;

/// One post's word on a claim.
type Word<'p> = (&'p DigestPost, &'p Claim);

/// The claims of `posts`, which stand in order of time.
pub(super) fn claims(ledger: &mut Ledger, posts: &[&DigestPost]) -> Vec<ClaimLine> {
    let mut by_number: BTreeMap<(FactKind, u64), Vec<Word>> = BTreeMap::new();
    for post in posts {
        for claim in &post.said.claims {
            by_number.entry((claim.kind, claim.count)).or_default().push((post, claim));
        }
    }
    let rescued = by_number
        .keys()
        .filter(|(kind, _)| *kind == FactKind::Rescued)
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0);
    let mut numbers: Vec<_> = by_number.into_iter().collect();
    // Kinds stand from the gravest to the lightest; the larger number of a kind first.
    numbers.sort_by_key(|((kind, count), _)| (*kind, std::cmp::Reverse(*count)));
    let lines = numbers.into_iter().take(TOLD).map(|((kind, count), words)| {
        let is_out = matches!(kind, FactKind::Trapped | FactKind::Missing) && rescued >= count;
        line(ledger, (kind, count), &words, posts, is_out)
    });
    lines.collect()
}

fn line(
    ledger: &mut Ledger,
    (kind, count): (FactKind, u64),
    words: &[Word],
    posts: &[&DigestPost],
    is_out: bool,
) -> ClaimLine {
    let is = |status: FactStatus| move |word: &&Word| word.1.status == status;
    let answers = |word: &&Word| word.0.said.role.answers();
    let refuted = words.iter().filter(is(FactStatus::Refuted));
    let stated = words.iter().filter(is(FactStatus::Stated));
    let confirmed = stated.clone().find(|word| answers(word) || word.1.by.is_some());
    let denied = refuted
        .clone()
        .find(answers)
        .or_else(|| refuted.clone().next().filter(|_| confirmed.is_none()));
    let over = words.iter().find(is(FactStatus::Over));
    let (state, by) = match (denied, over, confirmed) {
        (Some(word), _, _) => (ClaimState::Refuted, Some(word)),
        (None, Some(word), _) => (ClaimState::Over, Some(word)),
        (None, None, _) if is_out => (ClaimState::Over, None),
        (None, None, Some(word)) => (ClaimState::Confirmed, Some(word)),
        (None, None, None) if stated.clone().next().is_some() => (ClaimState::Told, None),
        _ => (ClaimState::Rumoured, None),
    };
    let first = words.iter().find(|word| word.1.status.counts());
    let said = first.filter(|first| by.is_none_or(|by| by.0.id != first.0.id));
    let quoted = |ledger: &mut Ledger, word: &Word| ledger.quote(&word.1.quote, word.0);
    let settled = match by {
        Some(word) => Some(quoted(ledger, word)),
        None if state == ClaimState::Over => rescue(ledger, posts, count),
        None => None,
    };
    let house = by.map(|word| word.1.by.clone().unwrap_or_else(|| word.0.source_name.clone()));
    let by = house.or_else(|| settled.as_ref().map(|quote| quote.source.clone()));
    ClaimLine { kind, count, state, said: said.map(|word| quoted(ledger, word)), settled, by }
}

/// The words that tell of as many rescued.
fn rescue(ledger: &mut Ledger, posts: &[&DigestPost], count: u64) -> Option<Quote> {
    let words =
        posts.iter().flat_map(|post| post.said.claims.iter().map(move |claim| (*post, claim)));
    let mut words =
        words.filter(|(_, claim)| claim.kind == FactKind::Rescued && claim.count >= count);
    let (post, claim) = words.next()?;
    Some(ledger.quote(&claim.quote, post))
}
