//! Whether two headlines (or short leads) tell of the same happening.
//!
//! In: folded text. Out: a [`Profile`] of what makes it particular (characters, pairs and triples of them,
//! numbers, latin words, titles in 《》, each weighed by its rarity), and from two profiles a score from 0
//! to 1. A small linear model decides; its weights are learned by `examples/learn_stories.rs` and stand in
//! `config/models/stories.bin`. It compares words, not meaning: a happening told in wholly other words is
//! missed, which is the price of calling few strangers the same.

use std::sync::LazyLock;

use super::fingerprint::mix;

/// Kinds of terms, in the order in which a profile holds them.
const KINDS: usize = 6;
const SINGLE: usize = 0;
const PAIR: usize = 1;
const TRIPLE: usize = 2;
const NUMBER: usize = 3;
const LATIN: usize = 4;
const WORK: usize = 5;

/// Features that are not particular terms.
pub(super) const DENSE: usize = 41;
/// Slots for the weight of particular shared characters and pairs.
pub(super) const SPARSE: usize = 1 << 14;
/// Slots of the table of frequent terms.
pub(super) const FREQUENT: usize = 1 << 16;

/// What makes a short text particular. About four bytes for each term.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// 24 bits of hash, then 8 bits of weight; ascending within each kind.
    terms: Box<[u32]>,
    ends: [u16; KINDS],
    sums: [f32; KINDS],
    chars: u16,
}

impl Profile {
    /// Reads a folded text, at most `max_chars` characters of it.
    #[must_use]
    pub fn of(folded: &str, max_chars: usize) -> Self {
        Self::with(&MODEL, folded, max_chars)
    }

    pub(super) fn with(model: &Model, folded: &str, max_chars: usize) -> Self {
        let mut terms: [Vec<u32>; KINDS] = Default::default();
        let mut chars = 0;
        visit_terms(
            folded,
            max_chars,
            |kind, hash| terms[kind].push(model.packed(hash)),
            &mut chars,
        );
        let mut profile = Self { chars, ..Self::default() };
        let mut all = Vec::with_capacity(terms.iter().map(Vec::len).sum());
        for (kind, terms) in terms.iter_mut().enumerate() {
            terms.sort_unstable();
            terms.dedup();
            profile.sums[kind] = terms.iter().map(|t| weight(*t)).sum();
            all.extend_from_slice(terms);
            profile.ends[kind] = u16::try_from(all.len()).unwrap_or(u16::MAX);
        }
        profile.terms = all.into_boxed_slice();
        profile
    }

    fn kind(&self, kind: usize) -> &[u32] {
        let start = if kind == 0 { 0 } else { self.ends[kind - 1] as usize };
        &self.terms[start..self.ends[kind] as usize]
    }

    /// Characters read.
    #[must_use]
    pub fn chars(&self) -> usize {
        self.chars as usize
    }
}

/// Calls `found` with kind and hash of every term of the first `max_chars` characters.
pub(super) fn visit_terms(
    folded: &str,
    max_chars: usize,
    mut found: impl FnMut(usize, u64),
    chars: &mut u16,
) {
    let (mut previous, mut before) = (None, None);
    let mut run: (u64, usize) = (0, usize::MAX);
    let mut work: Option<u64> = None;
    for c in folded.chars().take(max_chars).chain(std::iter::once('\n')) {
        *chars += u16::from(c != '\n');
        let kind = match c {
            '0'..='9' => NUMBER,
            'a'..='z' => LATIN,
            '.' if run.1 == NUMBER => NUMBER,
            _ => usize::MAX,
        };
        if kind != run.1 && run.1 != usize::MAX {
            found(run.1, mix(run.0));
            run = (0, usize::MAX);
        }
        if kind != usize::MAX {
            run = (hash_next(run.0, c), kind);
        }
        match c {
            '《' => work = Some(WORK as u64),
            '》' => {
                if let Some(hash) = work.take() {
                    found(WORK, mix(hash));
                }
            }
            c => work = work.map(|hash| hash_next(hash, c)),
        }
        let single = is_han(c).then_some(c);
        if let Some(c) = single {
            found(SINGLE, hash_of(SINGLE, &[c]));
            if let Some(b) = previous {
                found(PAIR, hash_of(PAIR, &[b, c]));
                if let Some(a) = before {
                    found(TRIPLE, hash_of(TRIPLE, &[a, b, c]));
                }
            }
        }
        before = previous.filter(|_| single.is_some());
        previous = single;
    }
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn hash_next(hash: u64, c: char) -> u64 {
    mix(hash ^ (u64::from(c as u32) + 0x9e37_79b9))
}

fn hash_of(kind: usize, chars: &[char]) -> u64 {
    chars.iter().fold(kind as u64 + 1, |hash, c| hash_next(hash, *c))
}

fn weight(term: u32) -> f32 {
    (term & 0xff) as f32 / WEIGHT_SCALE
}

/// A weight of 1 (a factor e of rarity) in the eight bits it is kept in.
pub(super) const WEIGHT_SCALE: f32 = 16.0;

/// The learned weights.
pub(super) struct Model {
    /// By the low 16 bits of a term's hash: 8 more bits as a check, then its weight. Zero: empty.
    pub(super) frequent: Vec<(u8, u8)>,
    /// Weight of a term that is not in `frequent`.
    pub(super) rare: u8,
    pub(super) bias: f32,
    pub(super) dense: [f32; DENSE],
    pub(super) sparse: Vec<f32>,
    pub(super) threshold: f32,
}

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    Model::read(include_bytes!("../../../config/models/stories.bin"))
        .expect("the shipped story weights are whole (tested)")
});

const MAGIC: &[u8; 8] = b"GLSTORY1";

impl Model {
    fn packed(&self, hash: u64) -> u32 {
        let (tag, known) = self.frequent[(hash & 0xffff) as usize];
        let weight = if known > 0 && tag == (hash >> 16) as u8 { known } else { self.rare };
        ((hash >> 24) as u32 & 0x00ff_ffff) << 8 | u32::from(weight)
    }

    /// Reads what [`Model::write`] wrote; `None` where it is something else or cut.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(MAGIC)?;
        let mut floats = |count: usize| -> Option<Vec<f32>> {
            let (head, tail) = rest.split_at_checked(count * 4)?;
            rest = tail;
            Some(head.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect())
        };
        let head = floats(4)?;
        let dense = floats(DENSE)?;
        let (sparse, frequent) = rest.split_at_checked(SPARSE)?;
        let pairs = frequent.as_chunks::<2>().0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "written as u8"
        )]
        let rare = head[2] as u8;
        (pairs.len() == FREQUENT).then(|| Self {
            frequent: pairs.iter().map(|p| (p[0], p[1])).collect(),
            rare,
            bias: head[0],
            threshold: head[1],
            dense: dense.try_into().unwrap_or([0.0; DENSE]),
            sparse: sparse.iter().map(|b| f32::from(b.cast_signed()) * head[3]).collect(),
        })
    }

    /// The bytes of `config/models/stories.bin`: little-endian f32 (bias, threshold, rare, step of the sparse
    /// weights, dense weights), then one signed byte for each sparse weight, then the frequent terms.
    #[expect(clippy::cast_possible_truncation, reason = "scaled to a signed byte")]
    pub(super) fn write(&self) -> Vec<u8> {
        let step = self.sparse.iter().fold(0.0f32, |m, w| m.max(w.abs())) / 127.0;
        let mut bytes = MAGIC.to_vec();
        let head = [self.bias, self.threshold, f32::from(self.rare), step];
        for value in head.iter().chain(&self.dense) {
            bytes.extend(value.to_le_bytes());
        }
        let steps = self.sparse.iter().map(|w| if step > 0.0 { (w / step).round() } else { 0.0 });
        bytes.extend(steps.map(|s| (s as i8).cast_unsigned()));
        bytes.extend(self.frequent.iter().flat_map(|(tag, weight)| [*tag, *weight]));
        bytes
    }

    pub(super) fn score(&self, a: &Profile, b: &Profile) -> f32 {
        let mut sum = self.bias;
        let dense = features(a, b, |slot| sum += self.sparse[slot] * SPARSE_VALUE);
        sum += dense.iter().zip(&self.dense).map(|(x, w)| x * w).sum::<f32>();
        1.0 / (1.0 + (-sum).exp())
    }
}

/// What a particular shared term counts, beside features of about 1.
pub(super) const SPARSE_VALUE: f32 = 0.1;

/// 0 to 1: how likely two texts tell of the same happening. Symmetric.
#[must_use]
pub fn same_happening(a: &Profile, b: &Profile) -> f32 {
    MODEL.score(a, b)
}

/// From this score on two headlines count as the same happening; learned with the weights so that nine of
/// ten such pairs are right.
#[must_use]
pub fn same_happening_threshold() -> f32 {
    MODEL.threshold
}

#[derive(Clone, Copy, Default)]
struct Shared {
    sum: f32,
    count: f32,
    top: [f32; 3],
}

fn shared(a: &[u32], b: &[u32], mut each: impl FnMut(u32)) -> Shared {
    let mut shared = Shared::default();
    let (mut i, mut j) = (0, 0);
    while let (Some(&x), Some(&y)) = (a.get(i), b.get(j)) {
        if x == y {
            let w = weight(x);
            shared.sum += w;
            shared.count += 1.0;
            let mut w = w;
            for top in &mut shared.top {
                if w > *top {
                    std::mem::swap(top, &mut w);
                }
            }
            each(x);
        }
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    shared
}

/// The features of a pair; `each` gets the slots of the particular terms they share.
pub(super) fn features(a: &Profile, b: &Profile, mut each: impl FnMut(usize)) -> [f32; DENSE] {
    let mut out = [0.0; DENSE];
    let mut at = 0;
    let mut put = |value: f32| {
        out[at] = value;
        at += 1;
    };
    let mut all = [Shared::default(); KINDS];
    let mut ratios = [(0.0f32, 0.0f32); KINDS];
    for kind in 0..KINDS {
        all[kind] = shared(a.kind(kind), b.kind(kind), |term| {
            if kind <= PAIR {
                each((term >> 8) as usize & (SPARSE - 1));
            }
        });
        let (x, y) = (a.sums[kind], b.sums[kind]);
        let of_less = if x.min(y) > 0.0 { all[kind].sum / x.min(y) } else { 0.0 };
        let of_both = if x + y > 0.0 { 2.0 * all[kind].sum / (x + y) } else { 0.0 };
        ratios[kind] = (of_less, of_both);
        if kind < WORK {
            for value in [of_less, of_both, all[kind].sum / 100.0] {
                put(value);
            }
        }
    }
    for value in all[PAIR].top.into_iter().chain(all[TRIPLE].top) {
        put(value / 10.0);
    }
    let numbers = (a.kind(NUMBER).len() as f32, b.kind(NUMBER).len() as f32);
    let missing = (numbers.0 - all[NUMBER].count, numbers.1 - all[NUMBER].count);
    put(missing.0.max(missing.1) / 5.0);
    put(missing.0.min(missing.1) / 5.0);
    put(numbers.0.min(numbers.1) / 5.0);
    let works = a.kind(WORK).len().min(b.kind(WORK).len());
    put(all[WORK].count);
    put(f32::from(works > 0 && all[WORK].count == 0.0));
    let (short, long) =
        (f32::from(a.chars.min(b.chars)).ln_1p(), f32::from(a.chars.max(b.chars)).ln_1p());
    put(short / 5.0);
    put(long / 5.0);
    let apart = (a.sums[PAIR] - all[PAIR].sum, b.sums[PAIR] - all[PAIR].sum);
    put(apart.0.min(apart.1) / 100.0);
    put(apart.0.max(apart.1) / 100.0);
    let ((pair_less, pair_both), (single_less, single_both)) = (ratios[PAIR], ratios[SINGLE]);
    for value in [
        pair_both.powi(2),
        pair_both.powi(3),
        pair_less.powi(2),
        pair_less.powi(3),
        single_less.powi(2),
        single_both.powi(2),
        all[PAIR].sum.sqrt() / 10.0,
        all[TRIPLE].sum.sqrt() / 10.0,
        pair_less * short / 5.0,
        all[PAIR].sum * pair_both / 100.0,
        all[TRIPLE].sum * ratios[TRIPLE].1 / 100.0,
    ] {
        put(value);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    fn check(a: &str, b: &str, same: bool) {
        let profile = |text: &str| Profile::of(fold(text).text(), 160);
        let (a_profile, b_profile) = (profile(a), profile(b));
        let score = same_happening(&a_profile, &b_profile);
        assert_eq!(score >= same_happening_threshold(), same, "{score} {a} | {b}");
        let back = same_happening(&b_profile, &a_profile);
        assert!((score - back).abs() < 1e-5, "the score is symmetric");
    }

    #[test]
    fn headlines_of_one_happening_score_high() {
        check("云岭南关镇一煤矿透水12人被困", "云岭南关镇煤矿透水事故12人被困，救援持续", true);
        check("云岭热电前三季度净利润下降12%", "云岭热电发布三季报：净利润同比下降12%", true);
        check("云岭市通报透水事故：3人遇难", "云岭透水事故3人遇难，负责人被控制", true);
    }

    #[test]
    fn other_happenings_score_low() {
        check("云岭南关镇一煤矿透水12人被困", "云岭南关镇煤矿停产整顿通知", false);
        check("云岭矿业职工运动会闭幕", "云岭矿业职工食堂开张", false);
        check("云岭矿业拖欠工程款3200万元", "选煤厂代表队夺得拔河冠军", false);
        check("", "", false);
    }

    #[test]
    fn the_shipped_weights_are_whole_and_write_back_as_they_were() {
        let shipped = include_bytes!("../../../config/models/stories.bin");
        let model = Model::read(shipped).unwrap();
        assert_eq!(model.write(), shipped);
        assert!(Model::read(&shipped[..shipped.len() - 1]).is_none());
        assert!(Model::read(b"something else").is_none());
        assert!(model.threshold > 0.5 && model.threshold < 1.0);
    }
}
