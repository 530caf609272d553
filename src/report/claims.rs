//! What is claimed of people in a happening, and what became of each claim: the statuses of its posts put together.
//!
//! In: the posts of one happening. Out: one line a number of people, the gravest first. It weighs who speaks (an answer
//! before a report, a report before hearsay), never whether a number is likely.

use std::collections::BTreeMap;

use pipelines::record::{Channel, FactKind, FactStatus, Trust};

use super::digest::Quote;
use super::happening::{ClaimLine, ClaimState};
use super::input::DigestPost;
use super::ledger::Ledger;
use super::said::Claim;

/// Claims told of one happening.
const TOLD: usize = 3;

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
    let mut lines: Vec<ClaimLine> = Vec::new();
    for ((kind, count), words) in numbers {
        let is_out = matches!(kind, FactKind::Trapped | FactKind::Missing) && rescued >= count;
        let state = state(&words, is_out);
        // Three dead and three trapped of one rumour are refuted once.
        let again = |line: &ClaimLine| {
            line.state == ClaimState::Refuted && state.0 == line.state && line.count == count
        };
        if lines.len() < TOLD && !lines.iter().any(again) {
            lines.push(line(ledger, (kind, count), &words, posts, state));
        }
    }
    lines
}

/// What became of a claim, and by whose word.
fn state<'w, 'p>(words: &'w [Word<'p>], is_out: bool) -> (ClaimState, Option<&'w Word<'p>>) {
    let is = |status: FactStatus| words.iter().filter(move |word| word.1.status == status);
    let answers = |word: &&Word| word.0.said.role.answers();
    let confirmed = is(FactStatus::Stated).find(|word| answers(word) || word.1.by.is_some());
    // Where answers speak both ways, the one of more weight counts; of equals, what is stated.
    let weight = |word: &&Word| match word.0.channel {
        Channel::Gov => 3,
        _ if word.0.said.trust == Trust::High => 2,
        _ => 1,
    };
    let heaviest = |status| is(status).filter(answers).rev().max_by_key(weight);
    let denial = heaviest(FactStatus::Refuted);
    let heavier =
        heaviest(FactStatus::Stated).map(|word| weight(&word)) >= denial.map(|word| weight(&word));
    let denied = match confirmed {
        Some(_) if heavier => None,
        Some(_) => denial,
        None => denial.or_else(|| is(FactStatus::Refuted).next()),
    };
    match (denied, is(FactStatus::Over).next(), confirmed) {
        (Some(word), _, _) => (ClaimState::Refuted, Some(word)),
        (None, Some(word), _) => (ClaimState::Over, Some(word)),
        (None, None, _) if is_out => (ClaimState::Over, None),
        (None, None, Some(word)) => {
            (ClaimState::Confirmed, Some(heaviest(FactStatus::Stated).unwrap_or(word)))
        }
        (None, None, None) if is(FactStatus::Stated).next().is_some() => (ClaimState::Told, None),
        (None, None, None) => (ClaimState::Rumoured, None),
    }
}

fn line(
    ledger: &mut Ledger,
    (kind, count): (FactKind, u64),
    words: &[Word],
    posts: &[&DigestPost],
    (state, by): (ClaimState, Option<&Word>),
) -> ClaimLine {
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
