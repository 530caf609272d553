//! Many queries against one post in one pass.
//!
//! In: queries with keys, then posts. Out: the keys of the queries each post meets, with spans. The most
//! telling literals of all queries stand in one automaton over folded text. A query is looked at when one
//! of its own was seen; whether its other literals can be there is told by a bitmap of the text's pairs of
//! characters; only what passes is asked exactly. Queries that require no literal (fields only) are asked
//! of every post. Says exactly what asking each query alone would say.

use std::collections::HashMap;

use daachorse::CharwiseDoubleArrayAhoCorasick;

use super::gate::Gate;
use super::target::{Asked, Sightings};
use super::{Query, Target};
use crate::record::Span;

/// Queries prepared to be asked together. Built anew when one changes: 10,000 take well under a second.
pub struct QuerySet<K> {
    queries: Vec<Prepared<K>>,
    /// Over the telling literals; `None` when no query requires a literal.
    automaton: Option<CharwiseDoubleArrayAhoCorasick<u32>>,
    /// The telling literals by the number that the automaton knows them by.
    numbers: HashMap<String, u32>,
    /// The queries that telling literals make worth a look, those of one literal side by side.
    wakes: Vec<Wake>,
    /// Where in `wakes` those of each telling literal begin, and where the last end.
    wakes_from: Vec<u32>,
    /// Queries that require no literal.
    always: Vec<u32>,
    /// The bit of each literal that gates speak of, in the bitmap of a text that holds it.
    bits: Vec<u16>,
}

/// One reason to look at a query, with a cheap second test before its gate is asked.
#[derive(Clone, Copy)]
struct Wake {
    query: u32,
    /// The bit of one of these literals must be set as well, if there are any.
    also: Option<[u16; 3]>,
}

struct Prepared<K> {
    key: K,
    query: Query,
    gate: Gate,
}

/// A set that cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot build the automaton of {literals} literals: {cause}")]
pub struct QuerySetError {
    literals: usize,
    cause: String,
}

impl<K> std::fmt::Debug for QuerySet<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "QuerySet({} queries, {} telling literals)",
            self.queries.len(),
            self.numbers.len()
        )
    }
}

impl<K> QuerySet<K> {
    /// Prepares `queries`. Their order is kept in what [`matches`](Self::matches) returns.
    ///
    /// # Errors
    ///
    /// When there are more literals than the automaton can hold (many millions).
    pub fn build(queries: impl IntoIterator<Item = (K, Query)>) -> Result<Self, QuerySetError> {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut literals: Vec<String> = Vec::new();
        let mut prepared = Vec::new();
        for (key, query) in queries {
            let gate = Gate::of(query.root(), &mut |text| {
                *numbers.entry(text.to_owned()).or_insert_with(|| {
                    literals.push(text.to_owned());
                    literals.len() as u32 - 1
                })
            });
            prepared.push(Prepared { key, query, gate });
        }
        let lengths: Vec<usize> = literals.iter().map(|text| text.chars().count()).collect();
        let bits: Vec<u16> = literals.iter().map(|text| bit_of(text)).collect();
        let mut telling: HashMap<String, u32> = HashMap::new();
        let mut woken: Vec<(u32, Wake)> = Vec::new();
        let mut always = Vec::new();
        for (i, entry) in prepared.iter().enumerate() {
            let mut sets = entry.gate.key_sets(&|literal| lengths[literal as usize]).into_iter();
            let Some(keys) = sets.next() else {
                always.push(i as u32);
                continue;
            };
            let wake = Wake { query: i as u32, also: second_test(sets, &bits) };
            for key in keys {
                let next = telling.len() as u32;
                let text = literals[key as usize].clone();
                woken.push((*telling.entry(text).or_insert(next), wake));
            }
        }
        woken.sort_by_key(|(key, _)| *key);
        let first = |key: usize| woken.partition_point(|(other, _)| (*other as usize) < key) as u32;
        Ok(Self {
            automaton: automaton_of(&telling)?,
            wakes_from: (0..=telling.len()).map(first).collect(),
            wakes: woken.into_iter().map(|(_, wake)| wake).collect(),
            numbers: telling,
            queries: prepared,
            always,
            bits,
        })
    }

    /// How many queries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.queries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queries.is_empty()
    }

    /// The queries that `target` meets, in the order they were given, with their words.
    #[must_use]
    pub fn matches(&self, target: &Target) -> Vec<(&K, Vec<Span>)> {
        let sightings = Sightings {
            numbers: &self.numbers,
            title: self.sightings(target.folded_title().text()),
            body: self.sightings(target.folded_body().text()),
        };
        let asked = Asked { target, sightings: Some(&sightings) };
        let candidates = self.candidates(&sightings, target);
        let entries = candidates.into_iter().map(|i| &self.queries[i as usize]);
        entries.filter_map(|e| e.query.matches_asked(asked).map(|spans| (&e.key, spans))).collect()
    }

    /// Every occurrence of every literal: its number and first byte, in this order.
    fn sightings(&self, text: &str) -> Vec<(u32, u32)> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let hits = automaton.find_overlapping_iter(text);
        let mut seen: Vec<(u32, u32)> = hits.map(|hit| (hit.value(), hit.start() as u32)).collect();
        seen.sort_unstable();
        seen
    }

    /// Numbers of the queries worth asking, ascending.
    fn candidates(&self, sightings: &Sightings, target: &Target) -> Vec<u32> {
        let mut out = self.always.clone();
        let mut found: Vec<u32> = Vec::new();
        for (literal, _) in sightings.title.iter().chain(&sightings.body) {
            if found.last() != Some(literal) {
                found.push(*literal);
            }
        }
        if found.is_empty() {
            return out;
        }
        let pairs = Pairs::of([target.folded_title().text(), target.folded_body().text()]);
        let may_hold = |literal: u32| pairs.has(self.bits[literal as usize]);
        for literal in found {
            let (from, to) =
                (self.wakes_from[literal as usize], self.wakes_from[literal as usize + 1]);
            for wake in &self.wakes[from as usize..to as usize] {
                let is_likely = wake.also.is_none_or(|also| also.iter().any(|bit| pairs.has(*bit)));
                if is_likely && self.queries[wake.query as usize].gate.opens(&may_hold) {
                    out.push(wake.query);
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn automaton_of(
    telling: &HashMap<String, u32>,
) -> Result<Option<CharwiseDoubleArrayAhoCorasick<u32>>, QuerySetError> {
    if telling.is_empty() {
        return Ok(None);
    }
    let mut patterns: Vec<(&str, u32)> =
        telling.iter().map(|(text, number)| (text.as_str(), *number)).collect();
    patterns.sort_unstable_by_key(|(_, number)| *number);
    CharwiseDoubleArrayAhoCorasick::with_values(patterns)
        .map(Some)
        .map_err(|cause| QuerySetError { literals: telling.len(), cause: cause.to_string() })
}

/// The bits of the first of `sets` that is small enough to be looked at at once, filled up with its last.
fn second_test(mut sets: impl Iterator<Item = Vec<u32>>, bits: &[u16]) -> Option<[u16; 3]> {
    let set = sets.find(|set| (1..=3).contains(&set.len()))?;
    Some(std::array::from_fn(|i| bits[set[i.min(set.len() - 1)] as usize]))
}

/// Which characters, and which pairs of neighbours, texts hold: hashed into 65,536 bits, so it may say yes
/// wrongly (about one time in fifty for a text of 600 characters), never no.
struct Pairs(Vec<u64>);

impl Pairs {
    fn of(texts: [&str; 2]) -> Self {
        let mut pairs = Self(vec![0; 1 << 10]);
        for text in texts {
            let mut before = None;
            for c in text.chars() {
                pairs.set(hash(c, None));
                if let Some(before) = before {
                    pairs.set(hash(before, Some(c)));
                }
                before = Some(c);
            }
        }
        pairs
    }

    fn set(&mut self, bit: u16) {
        self.0[usize::from(bit) / 64] |= 1 << (bit % 64);
    }

    fn has(&self, bit: u16) -> bool {
        self.0[usize::from(bit) / 64] & (1 << (bit % 64)) != 0
    }
}

/// The bit that is set for every text which holds `literal`: that of its first two characters.
fn bit_of(literal: &str) -> u16 {
    let mut chars = literal.chars();
    let first = chars.next().unwrap_or(' ');
    hash(first, chars.next())
}

fn hash(first: char, second: Option<char>) -> u16 {
    let mixed = (first as u32).wrapping_mul(0x9E37_79B1)
        ^ second.map_or(0x1234_5678, |c| (c as u32).wrapping_mul(0x85EB_CA6B)).rotate_left(9);
    (mixed.wrapping_mul(0xC2B2_AE35) >> 16) as u16
}
