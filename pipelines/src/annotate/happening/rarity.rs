//! How rare a word is: in Chinese at large, and among the posts of the last days here.
//!
//! In: tellings that come and go, and the shipped table of frequent words. Out: the weight of a word, the lower of the
//! two rarities: what everybody says tells nothing, and neither does what every post of this station says (its
//! enterprise, 本报讯). The counts are a function of the posts in the book, not of their order.

use super::Telling;

/// Slots of the shipped table: 17 bits of a hash, with 8 more as a check.
pub(super) const SLOTS: usize = 1 << 17;
/// Slots of the counts of the window.
const COUNTS: usize = 1 << 18;
/// A weight of 1 (a factor e of rarity) in the eight bits it is kept in.
const SCALE: f32 = 20.0;
/// How many posts the shipped table speaks for while the station has few of its own.
const PRIOR: f32 = 400.0;

/// Frequent words with their weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table {
    /// Check and weight; a weight of zero is an empty slot.
    slots: Vec<(u8, u8)>,
    rarest: u8,
}

impl Table {
    /// The weight of a word in Chinese at large.
    pub(super) fn weight(&self, word: u32) -> f32 {
        let (check, weight) = self.slots[word as usize & (SLOTS - 1)];
        let known = weight > 0 && check == (word >> 17) as u8;
        f32::from(if known { weight } else { self.rarest }) / SCALE
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.rarest);
        out.extend(self.slots.iter().flat_map(|(check, weight)| [*check, *weight]));
    }

    pub(super) fn read(bytes: &[u8], at: &mut usize) -> Option<Self> {
        let rarest = *bytes.get(*at)?;
        let slots = bytes.get(*at + 1..*at + 1 + 2 * SLOTS)?;
        *at += 1 + 2 * SLOTS;
        Some(Self {
            rarest,
            slots: slots.as_chunks::<2>().0.iter().map(|s| (s[0], s[1])).collect(),
        })
    }
}

/// Counts words of texts at large, for the shipped table.
#[derive(Debug, Default)]
pub struct Commons {
    counts: rustc_hash::FxHashMap<u32, u32>,
    texts: u32,
}

/// Words in fewer texts count as the rarest.
const LEAST_TEXTS: u32 = 4;

impl Commons {
    /// Counts the words of a folded post.
    pub fn add(&mut self, title: &str, text: &str) {
        let telling = Telling::read(title, text).0;
        for word in telling.words.iter().chain(&telling.numbers) {
            *self.counts.entry(*word).or_default() += 1;
        }
        self.texts += 1;
    }

    /// The table: of words that share a slot the most frequent.
    pub(super) fn table(&self) -> Table {
        let weight = |texts: u32| {
            let rarity = (f64::from(self.texts.max(1)) / (f64::from(texts) + 0.7)).ln();
            (rarity * f64::from(SCALE)).clamp(1.0, 255.0) as u8
        };
        let mut table = Table { slots: vec![(0, 0); SLOTS], rarest: weight(LEAST_TEXTS / 2) };
        let mut words: Vec<(u32, u32)> = self.counts.iter().map(|(w, n)| (*n, *w)).collect();
        words.sort_unstable();
        for (texts, word) in words.into_iter().filter(|(texts, _)| *texts >= LEAST_TEXTS) {
            table.slots[word as usize & (SLOTS - 1)] = ((word >> 17) as u8, weight(texts));
        }
        table
    }
}

/// How often words stand in the posts of the window.
#[derive(Debug, Default)]
pub(in super::super) struct Rarity {
    counts: Vec<u32>,
    posts: u32,
}

impl Rarity {
    pub(in super::super) fn add(&mut self, telling: &Telling) {
        self.counts.resize(COUNTS, 0);
        for word in telling.words.iter().chain(&telling.numbers) {
            self.counts[slot(*word)] += 1;
        }
        self.posts += 1;
    }

    pub(in super::super) fn remove(&mut self, telling: &Telling) {
        for word in telling.words.iter().chain(&telling.numbers) {
            let count = &mut self.counts[slot(*word)];
            *count = count.saturating_sub(1);
        }
        self.posts = self.posts.saturating_sub(1);
    }
}

fn slot(word: u32) -> usize {
    (word >> 14) as usize & (COUNTS - 1)
}

/// Weights as of now.
#[derive(Clone, Copy)]
pub(in super::super) struct Weighed<'a> {
    table: &'a Table,
    window: &'a Rarity,
    /// Posts of the window and of the prior, in logarithm.
    all: f32,
}

impl<'a> Weighed<'a> {
    pub(super) fn new(table: &'a Table, window: &'a Rarity) -> Self {
        Self { table, window, all: (window.posts as f32 + PRIOR).ln() }
    }

    /// The weight of a word, 0 or more.
    pub(in super::super) fn of(&self, word: u32) -> f32 {
        let at_large = self.table.weight(word);
        let here = self.window.counts.get(slot(word)).copied().unwrap_or(0) as f32;
        let expected = PRIOR * (-at_large).exp();
        (self.all - (here + 0.4 + expected).ln()).clamp(0.0, at_large)
    }
}
