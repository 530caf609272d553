//! Many queries against one post in one pass.
//!
//! In: queries with keys, then posts. Out: the keys of the queries each post meets, with spans. All literals
//! of all queries stand in one trie over folded text. A query is looked at when one of its most telling
//! literals was seen, asked when all that its [`Gate`] wants was seen, and reads what the pass saw instead of
//! the text. Queries that require no literal (fields only) are asked of every post. Says exactly what asking
//! each query alone would say.

use std::collections::HashMap;

use super::gate::Gate;
use super::sight::{Lookout, Names, Sightings};
use super::target::Asked;
use super::{Query, Target};
use crate::record::Span;

/// Queries prepared to be asked together. Built anew when one changes: 10,000 take well under a second.
pub struct QuerySet<K> {
    queries: Vec<Prepared<K>>,
    lookout: Lookout,
    /// The queries that each literal makes worth a look, those of one literal side by side.
    wakes: Vec<Wake>,
    /// Where in `wakes` those of each literal begin, and where the last end.
    wakes_from: Vec<u32>,
    /// Queries that require no literal.
    always: Vec<u32>,
}

/// One reason to look at a query, with a cheap second test before its gate is asked.
#[derive(Clone, Copy)]
struct Wake {
    query: u32,
    /// One of these literals must be seen as well: the waking one itself where nothing can be told.
    also: [u32; 3],
}

struct Prepared<K> {
    key: K,
    query: Query,
    names: Names,
    /// `None` where the wakes already tell all that it would.
    gate: Option<Gate>,
}

/// A set that cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot look out for literals of {chars} characters in all: {MAX_CHARS} at most")]
pub struct QuerySetError {
    chars: usize,
}

/// Most characters of all literals of a set together: nodes of the trie are told apart by 31 bits.
const MAX_CHARS: usize = 1 << 30;

impl<K> std::fmt::Debug for QuerySet<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuerySet({} queries, {} literals)", self.queries.len(), self.lookout.len())
    }
}

impl<K> QuerySet<K> {
    /// Prepares `queries`. Their order is kept in what [`matches`](Self::matches) returns.
    ///
    /// # Errors
    ///
    /// When the literals have more than a thousand million characters.
    pub fn build(queries: impl IntoIterator<Item = (K, Query)>) -> Result<Self, QuerySetError> {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut lengths: Vec<usize> = Vec::new();
        let mut number = |text: &str| {
            if let Some(number) = numbers.get(text) {
                return *number;
            }
            numbers.insert(text.to_owned(), lengths.len() as u32);
            lengths.push(text.chars().count());
            lengths.len() as u32 - 1
        };
        let mut prepared = Vec::new();
        for (key, query) in queries {
            let gate = Gate::of(query.root(), &mut number);
            let names = Names::of(&query, &mut number);
            prepared.push(Prepared { key, query, names, gate: Some(gate) });
        }
        let chars: usize = lengths.iter().sum();
        if chars > MAX_CHARS {
            return Err(QuerySetError { chars });
        }
        let (wakes, wakes_from, always) = wakes_of(&mut prepared, &lengths);
        let literals: Vec<(&str, u32)> =
            numbers.iter().map(|(text, n)| (text.as_str(), *n)).collect();
        let lookout = Lookout::new(&literals);
        Ok(Self { queries: prepared, lookout, wakes, wakes_from, always })
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
        let sightings = self.lookout.look(target);
        let entries = self.candidates(&sightings).into_iter().map(|i| &self.queries[i as usize]);
        let met = entries.filter_map(|entry| {
            if entry.gate.as_ref().is_some_and(|gate| !gate.opens(&|l| sightings.seen.has(l))) {
                return None;
            }
            let asked = Asked::seen(target, &entry.names, &sightings);
            entry.query.matches_asked(asked).map(|spans| (&entry.key, spans))
        });
        let met = met.collect();
        self.lookout.done(sightings);
        met
    }

    /// Numbers of the queries worth asking, ascending.
    fn candidates(&self, sightings: &Sightings) -> Vec<u32> {
        let mut out = self.always.clone();
        let seen = &sightings.seen;
        for literal in &sightings.found {
            let literal = *literal as usize;
            let (from, to) = (self.wakes_from[literal], self.wakes_from[literal + 1]);
            for wake in &self.wakes[from as usize..to as usize] {
                let [a, b, c] = wake.also.map(|literal| seen.has(literal));
                if a | b | c {
                    out.push(wake.query);
                }
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

/// The wakes ordered by literal, where those of each literal begin, and the queries that nothing wakes.
fn wakes_of<K>(prepared: &mut [Prepared<K>], lengths: &[usize]) -> (Vec<Wake>, Vec<u32>, Vec<u32>) {
    let mut woken: Vec<(u32, Wake)> = Vec::new();
    let mut always = Vec::new();
    for (query, entry) in (0..).zip(prepared) {
        let Some(gate) = entry.gate.take() else { continue };
        let mut sets = gate.key_sets(&|literal| lengths[literal as usize]).into_iter();
        let Some(keys) = sets.next() else {
            always.push(query);
            continue;
        };
        // The first of the others that is small enough to be looked at at once, filled up with its last.
        let others = sets.len();
        let second = sets.find(|set| (1..=3).contains(&set.len()));
        let is_told = gate.is_conjunction() && others == usize::from(second.is_some());
        let also = second.map(|set| std::array::from_fn(|i| set[i.min(set.len() - 1)]));
        woken.extend(
            keys.into_iter().map(|key| (key, Wake { query, also: also.unwrap_or([key; 3]) })),
        );
        entry.gate = (!is_told).then_some(gate);
    }
    woken.sort_by_key(|(key, _)| *key);
    let first = |key: usize| woken.partition_point(|(other, _)| (*other as usize) < key) as u32;
    let from = (0..=lengths.len()).map(first).collect();
    (woken.into_iter().map(|(_, wake)| wake).collect(), from, always)
}
