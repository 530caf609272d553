//! From folded text to features: runs of one to four characters by keys of 32 bits, with the bytes they stand on.
//!
//! In: folded title and body. Out: [`Grams`]. Names after `@` and addresses become one sign each and runs of
//! digits one digit, since what matters is that they stand there; a model may ask to see letters only.
//! Looks at the first [`MOST_CHARS`] characters of each field and no further.

use serde::{Deserialize, Serialize};

/// Characters of a field that are looked at. Of the sets measured here 99 % of texts end before it, and
/// news says what it says at its head.
const MOST_CHARS: usize = 1200;
const TEXT_BEGINS: char = '\u{2}';
pub(in crate::annotate) const TEXT_ENDS: char = '\u{5}';
const SOMEBODY: char = '\u{3}';
const ADDRESS: char = '\u{4}';

/// How a model wants its features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GramSpec {
    /// Longest run in characters.
    pub longest: usize,
    /// Letters only: no digits, signs, blanks.
    pub letters_only: bool,
    /// Title and body have features apart.
    pub fields_apart: bool,
    /// What a feature of the title counts against one of the body.
    pub title_weight: f32,
}

impl Default for GramSpec {
    fn default() -> Self {
        Self { longest: 4, letters_only: false, fields_apart: false, title_weight: 1.0 }
    }
}

/// One character that is looked at, and the bytes of the folded text it stands for.
#[derive(Clone, Copy, Debug)]
pub(in crate::annotate) struct Seen {
    pub sign: char,
    pub start: u32,
    pub end: u32,
}

/// One occurrence of a feature: characters `first..first + length` of its field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gram {
    /// The feature.
    pub key: u32,
    first: u32,
    length: u8,
    field: u8,
}

/// The features of one text.
#[derive(Clone, Debug, Default)]
pub struct Grams {
    seen: [Vec<Seen>; 2],
    grams: Vec<Gram>,
    counted: Vec<(u32, f32)>,
}

impl Grams {
    /// The features of a folded title and body, as `spec` wants them.
    #[must_use]
    pub fn of(title: &str, body: &str, spec: &GramSpec) -> Self {
        let mut grams = Self::default();
        for (field, text) in [title, body].into_iter().enumerate() {
            if !text.is_empty() {
                grams.seen[field] = look(text, spec.letters_only, MOST_CHARS);
                grams.take(field, spec);
            }
        }
        grams.count(spec);
        grams
    }

    /// Each key once, ascending, with its damped count.
    #[must_use]
    pub fn counted(&self) -> &[(u32, f32)] {
        &self.counted
    }

    fn take(&mut self, field: usize, spec: &GramSpec) {
        let seed = if spec.fields_apart { 0x51_7c_c1 * (field as u64 + 1) } else { 0 };
        let seen = &self.seen[field];
        self.grams.reserve(seen.len() * spec.longest);
        for first in 0..seen.len() {
            let mut hash = SEED ^ seed;
            for (more, one) in seen[first..].iter().take(spec.longest).enumerate() {
                hash = stir(hash, one.sign as u64);
                self.grams.push(Gram {
                    key: settle(hash),
                    first: first as u32,
                    length: more as u8 + 1,
                    field: field as u8,
                });
            }
        }
    }

    fn count(&mut self, spec: &GramSpec) {
        let mut keys: Vec<u64> =
            self.grams.iter().map(|g| u64::from(g.key) << 1 | u64::from(g.field)).collect();
        keys.sort_unstable();
        let mut at = 0;
        while at < keys.len() {
            let key = keys[at] >> 1;
            let (mut in_title, mut in_body) = (0f32, 0f32);
            while at < keys.len() && keys[at] >> 1 == key {
                if keys[at] & 1 == 0 {
                    in_title += 1.0
                } else {
                    in_body += 1.0
                }
                at += 1;
            }
            let count = in_title * spec.title_weight + in_body;
            let damped = if count > 1.0 { 1.0 + count.ln() } else { count };
            self.counted.push((u32::try_from(key).unwrap_or(u32::MAX), damped));
        }
    }

    /// Stretches of two to four characters on which most weight lies, `worth` telling what all occurrences of a key
    /// of this damped count are worth. A run's worth is spread over its characters.
    pub(super) fn stretches(
        &self,
        most: usize,
        worth: impl Fn(u32, f32) -> f32,
    ) -> Vec<super::Stretch> {
        let mut spread = self.seen.clone().map(|seen| vec![0f32; seen.len()]);
        // What one occurrence of each key is worth: its damped count is 1 + ln of how often it is there.
        let of_one = |(key, damped): &(u32, f32)| {
            let times = if *damped > 1.0 { (damped - 1.0).exp() } else { 1.0 };
            worth(*key, damped.max(1.0)) / times
        };
        let worths: Vec<f32> = self.counted.iter().map(of_one).collect();
        for gram in &self.grams {
            let found = self.counted.binary_search_by_key(&gram.key, |c| c.0);
            let Some(share) = found.ok().map(|at| worths[at]).filter(|w| *w != 0.0) else {
                continue;
            };
            let share = share / f32::from(gram.length);
            let first = gram.first as usize;
            for cell in &mut spread[gram.field as usize][first..first + gram.length as usize] {
                *cell += share;
            }
        }
        let is_word = |seen: &Vec<Seen>| seen.iter().map(|s| s.sign.is_alphanumeric()).collect();
        let words: [Vec<bool>; 2] = [is_word(&self.seen[0]), is_word(&self.seen[1])];
        let mut candidates: Vec<(f32, Gram)> = Vec::new();
        for gram in self.grams.iter().filter(|g| g.length >= 2) {
            let range = gram.first as usize..gram.first as usize + gram.length as usize;
            if words[gram.field as usize][range.clone()].contains(&false) {
                continue;
            }
            let weight: f32 = spread[gram.field as usize][range].iter().sum();
            if weight > 0.0 {
                candidates.push((weight, *gram));
            }
        }
        self.loudest(candidates, most)
    }

    fn loudest(&self, mut candidates: Vec<(f32, Gram)>, most: usize) -> Vec<super::Stretch> {
        candidates.sort_by(|a, b| {
            b.0.total_cmp(&a.0).then((a.1.field, a.1.first).cmp(&(b.1.field, b.1.first)))
        });
        let mut chosen: Vec<super::Stretch> = Vec::new();
        for (weight, gram) in candidates {
            let signs = &self.seen[gram.field as usize][gram.first as usize..];
            let (start, end) = (signs[0].start, signs[gram.length as usize - 1].end);
            let field = gram.field;
            if chosen.iter().all(|c| c.field != field || end <= c.start || start >= c.end) {
                chosen.push(super::Stretch { field, start, end, weight });
            }
            if chosen.len() == most {
                break;
            }
        }
        chosen
    }
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// Hashing is part of the model format: a change makes every model file useless.
pub(in crate::annotate) fn stir(hash: u64, next: u64) -> u64 {
    (hash ^ next).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

/// The key of a hash.
pub(in crate::annotate) fn settle(hash: u64) -> u32 {
    ((hash ^ (hash >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// The key of a feature that has a name of its own.
pub(in crate::annotate) fn named_key(name: &str) -> u32 {
    NamedKey::begin(name).end()
}

/// The key of a feature whose name comes in pieces.
pub(in crate::annotate) struct NamedKey(u64);

impl NamedKey {
    pub fn begin(name: &str) -> Self {
        let mut key = Self(SEED);
        key.add(name);
        key
    }

    pub fn add(&mut self, piece: &str) {
        self.0 = piece.bytes().fold(self.0, |hash, byte| stir(hash, u64::from(byte)));
    }

    pub fn end(self) -> u32 {
        settle(self.0)
    }
}

/// The signs of a folded text, at most `most` and one for each end.
pub(in crate::annotate) fn look(text: &str, letters_only: bool, most: usize) -> Vec<Seen> {
    let mut seen = Vec::with_capacity(text.len().min(most * 3) / 3 + 8);
    seen.push(Seen { sign: TEXT_BEGINS, start: 0, end: 0 });
    let mut rest = text.char_indices().peekable();
    while let Some((start, c)) = rest.next() {
        if seen.len() > most {
            break;
        }
        let (sign, length) = match c {
            '@' => name_after(&text[start + 1..]).map_or(('@', 1), |n| (SOMEBODY, n + 1)),
            'h' if text[start..].starts_with("http") => (ADDRESS, address(&text[start..])),
            c if c.is_ascii_digit() => ('0', c.len_utf8()),
            c if c.is_whitespace() => (' ', c.len_utf8()),
            c => (c, c.len_utf8()),
        };
        let end = start + length;
        while rest.next_if(|(at, _)| *at < end).is_some() {}
        let kept = !letters_only || sign.is_alphabetic();
        let again = matches!(sign, '0' | ' ') && seen.last().is_some_and(|l| l.sign == sign);
        if kept && !again {
            seen.push(Seen { sign, start: start as u32, end: end as u32 });
        }
    }
    let end = text.len() as u32;
    seen.push(Seen { sign: TEXT_ENDS, start: end, end });
    seen
}

/// Bytes of the name that begins here and ends at a colon, a blank or the end; none if there is no such name.
fn name_after(text: &str) -> Option<usize> {
    let mut length = 0;
    for (at, c) in text.char_indices().take(20) {
        if !(c.is_alphanumeric() || c == '_' || c == '-') {
            return matches!(c, ':' | ' ').then_some(at);
        }
        length = at + c.len_utf8();
    }
    (length == text.len()).then_some(length)
}

fn address(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_graphic()).unwrap_or(text.len())
}
