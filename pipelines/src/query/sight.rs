//! What one pass over a post saw of all the literals of a set.
//!
//! In: the literals of all queries by number, then posts. Out: every place at which each literal stands in
//! title and body, overlapping ones too, and which were seen at all. The tables are used again for the next
//! post and need no clearing, sorting or allocating for it. Asks no query.

use std::sync::{Mutex, PoisonError};

use super::ast::{Literal, Node, Pattern};
use super::explain::{children, visit};
use super::places::Ends;
use super::trie::Trie;
use super::{Query, Target};

/// The literals of a set, and tables to note their sightings in.
pub(super) struct Lookout {
    trie: Trie,
    literals: usize,
    /// Tables that no post is using just now.
    spare: Mutex<Vec<Sightings>>,
}

impl Lookout {
    /// Looks out for `literals`, which are numbered from 0.
    pub(super) fn new(literals: &[(&str, u32)]) -> Self {
        Self { trie: Trie::new(literals), literals: literals.len(), spare: Mutex::default() }
    }

    /// How many literals there are.
    pub(super) fn len(&self) -> usize {
        self.literals
    }

    /// Goes over the texts of `target`.
    pub(super) fn look(&self, target: &Target) -> Sightings {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut sightings = spare.unwrap_or_else(|| Sightings::new(self.literals));
        sightings.forget();
        let Sightings { title, body, seen, found } = &mut sightings;
        for (table, text) in [(title, target.folded_title()), (body, target.folded_body())] {
            self.trie.find(text.text(), |literal, start| {
                if table.add(literal, start) && seen.insert(literal) {
                    found.push(literal);
                }
            });
        }
        sightings
    }

    /// Keeps the tables for another post.
    pub(super) fn done(&self, sightings: Sightings) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(sightings);
    }
}

/// The numbers of the literals that stand in one query.
///
/// A literal is known by where its text lies in memory, which is quicker to ask than the text: the query
/// that these were made of must live and not change as long as they. Any other literal has no number.
pub(super) struct Names(Vec<Name>);

/// A literal of one query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    address: usize,
    pub number: u32,
    pub ends: Ends,
}

impl Names {
    /// Asks `number` for every literal that a test of `query` may ask for, wherever it stands.
    pub(super) fn of(query: &Query, number: &mut impl FnMut(&str) -> u32) -> Self {
        let mut names = Vec::new();
        let mut see = |literal: &Literal| {
            let address = literal.text.as_ptr().addr();
            names.push(Name { address, number: number(&literal.text), ends: Ends::of(literal) });
        };
        visit(query.root(), &mut |pattern| match pattern {
            Pattern::Literal(literal) | Pattern::Word(literal) => see(literal),
            Pattern::Alias(alias) => alias.names.iter().for_each(&mut see),
            _ => {}
        });
        let mut nodes = vec![query.root()];
        while let Some(node) = nodes.pop() {
            nodes.extend(children(node));
            if let Node::Words(test) = node {
                test.words.iter().for_each(&mut see);
            }
        }
        names.sort_unstable_by_key(|name| name.address);
        Self(names)
    }

    pub(super) fn of_literal(&self, literal: &Literal) -> Option<Name> {
        let address = literal.text.as_ptr().addr();
        let place = self.0.binary_search_by_key(&address, |name| name.address).ok()?;
        Some(self.0[place])
    }
}

/// What was seen of one post.
pub(super) struct Sightings {
    pub title: Table,
    pub body: Table,
    /// Literals that stand in either text.
    pub seen: Bits,
    /// The same, each once, in order of their first sight.
    pub found: Vec<u32>,
}

impl Sightings {
    fn new(literals: usize) -> Self {
        let (title, body) = (Table::new(literals), Table::new(literals));
        Self { title, body, seen: Bits(vec![0; literals / 64 + 1]), found: Vec::new() }
    }

    fn forget(&mut self) {
        self.title.hits.clear();
        self.body.hits.clear();
        for literal in self.found.drain(..) {
            self.seen.0[literal as usize / 64] = 0;
        }
    }
}

/// A set of literals.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn has(&self, literal: u32) -> bool {
        self.0[literal as usize / 64] & (1 << (literal % 64)) != 0
    }

    /// Whether it was not there before.
    fn insert(&mut self, literal: u32) -> bool {
        let is_new = !self.has(literal);
        self.0[literal as usize / 64] |= 1 << (literal % 64);
        is_new
    }
}

/// The sightings in one text: of each literal a chain from its first to its last.
pub(super) struct Table {
    /// Where the chain of each literal begins. What an earlier post left here does not stand the test of
    /// [`Table::first`]: a literal has one chain, and notes its beginning here.
    firsts: Vec<u32>,
    hits: Vec<Hit>,
}

struct Hit {
    literal: u32,
    start: u32,
    /// The next of the same literal; `END` after the last.
    next: u32,
    /// In the first of a chain: the last.
    last: u32,
}

const END: u32 = u32::MAX;

impl Table {
    fn new(literals: usize) -> Self {
        Self { firsts: vec![END; literals], hits: Vec::new() }
    }

    /// The first hit of `literal`, if there is one in this text.
    fn first(&self, literal: u32) -> Option<u32> {
        let first = self.firsts[literal as usize];
        self.hits.get(first as usize).is_some_and(|hit| hit.literal == literal).then_some(first)
    }

    /// Whether it is the first of its literal in this text.
    fn add(&mut self, literal: u32, start: u32) -> bool {
        let here = self.hits.len() as u32;
        let first = self.first(literal);
        match first {
            None => self.firsts[literal as usize] = here,
            Some(first) => {
                let last = std::mem::replace(&mut self.hits[first as usize].last, here);
                self.hits[last as usize].next = here;
            }
        }
        self.hits.push(Hit { literal, start, next: END, last: here });
        first.is_none()
    }

    /// First bytes in the folded text, ascending.
    pub(super) fn starts(&self, literal: u32) -> Starts<'_> {
        Starts { hits: &self.hits, next: self.first(literal).unwrap_or(END) }
    }
}

/// Iterates over the places of one literal.
pub(super) struct Starts<'t> {
    hits: &'t [Hit],
    next: u32,
}

impl Iterator for Starts<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let hit = self.hits.get(self.next as usize)?;
        self.next = hit.next;
        Some(hit.start as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::Facts;

    fn lookout(literals: &[&str]) -> Lookout {
        Lookout::new(&literals.iter().copied().zip(0..).collect::<Vec<_>>())
    }

    fn check(lookout: &Lookout, title: &str, body: &str, expected: &[(u32, &[usize], &[usize])]) {
        let sightings = lookout.look(&Target::of_texts(title, body, Facts::default()));
        let mut found = sightings.found.clone();
        found.sort_unstable();
        assert_eq!(found, expected.iter().map(|(n, ..)| *n).collect::<Vec<_>>());
        for literal in 0..lookout.len() as u32 {
            let of = expected.iter().find(|(n, ..)| *n == literal);
            let (title, body) = of.map_or((&[][..], &[][..]), |(_, title, body)| (*title, *body));
            assert_eq!(sightings.title.starts(literal).collect::<Vec<_>>(), title);
            assert_eq!(sightings.body.starts(literal).collect::<Vec<_>>(), body);
            assert_eq!(sightings.seen.has(literal), of.is_some());
        }
        lookout.done(sightings);
    }

    #[test]
    fn nothing_of_a_post_is_left_for_the_next() {
        let lookout = lookout(&["aa", "b", "aab"]);
        check(&lookout, "b", "aaab", &[(0, &[], &[0, 1]), (1, &[0], &[3]), (2, &[], &[1])]);
        check(&lookout, "", "c", &[]);
        check(&lookout, "aa", "", &[(0, &[0], &[])]);
    }
}
