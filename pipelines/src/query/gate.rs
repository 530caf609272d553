//! What a text must contain for a query to have a chance: the cheap test before the exact one.
//!
//! In: a tree. Out: its required literals (one of them must occur as a plain substring of the folded
//! title or body), and a [`Gate`] over all its literals. Both may say yes too often, never no wrongly.

use super::ast::{Literal, Node, Pattern};

/// A boolean sketch of a query over numbers of literals: what must be seen for it to be worth asking.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gate {
    /// Nothing can be told beforehand.
    Open,
    /// This literal must be seen.
    Seen(u32),
    /// All of these gates must open.
    All(Vec<Gate>),
    /// At least so many of these must open.
    AtLeast(usize, Vec<Gate>),
}

impl Gate {
    /// The gate of `node`; `number` names a literal.
    pub(super) fn of(node: &Node, number: &mut impl FnMut(&str) -> u32) -> Self {
        match node {
            Node::All(parts) => {
                Self::all(parts.iter().map(|part| Self::of(part, number)).collect())
            }
            Node::Any(parts) => {
                Self::at_least(1, parts.iter().map(|part| Self::of(part, number)).collect())
            }
            Node::AtLeast { count, of } => {
                Self::at_least(*count, of.iter().map(|part| Self::of(part, number)).collect())
            }
            Node::Text(test) => Self::of_pattern(&test.pattern, number),
            Node::Words(test) => {
                Self::all(test.words.iter().map(|word| Self::Seen(number(&word.text))).collect())
            }
            Node::Not(_) | Node::Field(_) => Self::Open,
        }
    }

    fn of_pattern(pattern: &Pattern, number: &mut impl FnMut(&str) -> u32) -> Self {
        match pattern {
            Pattern::Literal(literal) | Pattern::Word(literal) => Self::Seen(number(&literal.text)),
            Pattern::Regex(regexp) => {
                Self::all(regexp.required.iter().map(|text| Self::Seen(number(text))).collect())
            }
            Pattern::Alias(alias) => {
                let seen = |name: &Literal| Self::Seen(number(&name.text));
                Self::at_least(1, alias.names.iter().map(seen).collect())
            }
            Pattern::Either(patterns) => {
                let gates = patterns.iter().map(|pattern| Self::of_pattern(pattern, number));
                Self::at_least(1, gates.collect())
            }
            Pattern::Near { left, right, .. } | Pattern::Same { left, right, .. } => {
                let left = Self::of_pattern(left, number);
                Self::all(vec![left, Self::of_pattern(right, number)])
            }
        }
    }

    fn all(mut gates: Vec<Gate>) -> Self {
        gates.retain(|gate| *gate != Self::Open);
        match gates.len() {
            0 => Self::Open,
            1 => gates.remove(0),
            _ => Self::All(gates),
        }
    }

    fn at_least(count: usize, mut gates: Vec<Gate>) -> Self {
        let of_old = gates.len();
        gates.retain(|gate| *gate != Self::Open);
        // Those that are always open count from the beginning.
        let count = count.saturating_sub(of_old - gates.len());
        match (count, gates.len()) {
            (0, _) => Self::Open,
            (1, 1) => gates.remove(0),
            _ => Self::AtLeast(count, gates),
        }
    }

    /// Whether the literals `seen` open it.
    pub(super) fn opens(&self, seen: &impl Fn(u32) -> bool) -> bool {
        match self {
            Self::Open => true,
            Self::Seen(literal) => seen(*literal),
            Self::All(gates) => gates.iter().all(|gate| gate.opens(seen)),
            Self::AtLeast(count, gates) => {
                gates.iter().filter(|gate| gate.opens(seen)).take(*count).count() >= *count
            }
        }
    }

    /// Whether its [`key_sets`](Self::key_sets) say all: it opens if one literal of each is seen.
    pub(super) fn is_conjunction(&self) -> bool {
        let is_seen = |gate: &Self| matches!(gate, Self::Seen(_));
        match self {
            Self::Open | Self::Seen(_) => true,
            Self::All(gates) => gates.iter().all(Self::is_conjunction),
            Self::AtLeast(count, gates) => *count == 1 && gates.iter().all(is_seen),
        }
    }

    /// Literals of which one must be seen for the gate to open, the most telling choice; `None` if there
    /// are none. `weight` says how telling a literal is, longer ones more.
    pub(super) fn keys(&self, weight: &impl Fn(u32) -> usize) -> Option<Vec<u32>> {
        self.key_sets(weight).into_iter().next()
    }

    /// Sets of literals, the most telling first: of each set one must be seen for the gate to open.
    pub(super) fn key_sets(&self, weight: &impl Fn(u32) -> usize) -> Vec<Vec<u32>> {
        match self {
            Self::Open => Vec::new(),
            Self::Seen(literal) => vec![vec![*literal]],
            Self::All(gates) => {
                let mut sets: Vec<Vec<u32>> =
                    gates.iter().flat_map(|gate| gate.key_sets(weight)).collect();
                sets.sort_by_key(|keys| std::cmp::Reverse(worth(keys, weight)));
                sets
            }
            Self::AtLeast(count, gates) => {
                let keys: Option<Vec<Vec<u32>>> =
                    gates.iter().map(|gate| gate.keys(weight)).collect();
                let Some(mut keys) = keys else { return Vec::new() };
                // If `count` of n open, one of any n - count + 1 does: take the most telling ones.
                keys.sort_by_key(|keys| std::cmp::Reverse(worth(keys, weight)));
                keys.truncate(gates.len() + 1 - count);
                let mut union = keys.concat();
                union.sort_unstable();
                union.dedup();
                vec![union]
            }
        }
    }
}

/// A set of alternatives is as telling as its least telling member; of equals, the smaller set.
fn worth(keys: &[u32], weight: &impl Fn(u32) -> usize) -> (usize, std::cmp::Reverse<usize>) {
    let least = keys.iter().map(|key| weight(*key)).min().unwrap_or(0);
    (least, std::cmp::Reverse(keys.len()))
}

/// The literals one of which must occur in the folded title or body (as a plain substring) for `node` to
/// be met; `None` if there is no such set.
pub(super) fn required(node: &Node) -> Option<Vec<String>> {
    let mut literals: Vec<String> = Vec::new();
    let gate = Gate::of(node, &mut |text| {
        let known = literals.iter().position(|literal| literal == text);
        known.unwrap_or_else(|| {
            literals.push(text.to_owned());
            literals.len() - 1
        }) as u32
    });
    let weight = |literal: u32| literals[literal as usize].chars().count();
    let keys = gate.keys(&weight)?;
    Some(keys.into_iter().map(|key| literals[key as usize].clone()).collect())
}
