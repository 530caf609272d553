//! What near copies share: a simhash and a min-wise sketch over character shingles of the folded body.
//!
//! In: a folded body. Out: [`Fingerprint`]; from two of them how alike the bodies are, and whether one
//! lies within the other. Only letters, digits and CJK count, so that punctuation, blanks and emoji that an
//! editor changes do not matter. It never reads the title: a changed headline leaves it as it is.

use crate::record::Fingerprint;

/// Characters in a shingle. Four are seldom shared by chance and survive a changed word nearby.
const SHINGLE: usize = 4;
/// Hashes kept in a sketch: the standard error of an estimated resemblance is at most 1/(2√48) = 0.07.
pub const SKETCH: usize = 48;

/// The fingerprint of a folded body. An empty body gives the empty fingerprint.
#[must_use]
pub fn fingerprint(folded: &str) -> Fingerprint {
    let mut smallest = Smallest::default();
    let mut votes = Votes::default();
    let mut window = [0u32; SHINGLE];
    let mut filled = 0;
    for c in folded.chars().filter(|c| counts(*c)) {
        window.rotate_left(1);
        window[SHINGLE - 1] = c as u32;
        filled += 1;
        if filled >= SHINGLE {
            let hash = hash_of(&window);
            votes.add(hash);
            smallest.add((hash >> 32) as u32);
        }
    }
    if filled > 0 && filled < SHINGLE {
        let hash = hash_of(&window);
        votes.add(hash);
        smallest.add((hash >> 32) as u32);
    }
    Fingerprint { simhash: votes.simhash(), sketch: smallest.into_sorted() }
}

/// Letters, digits and CJK; all else is left to editors.
fn counts(c: char) -> bool {
    match c {
        '\u{4e00}'..='\u{9fff}' | 'a'..='z' | '0'..='9' => true,
        c if c.is_ascii() => false,
        c => c.is_alphanumeric(),
    }
}

fn hash_of(window: &[u32; SHINGLE]) -> u64 {
    window.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &c| mix(hash ^ u64::from(c)))
}

/// The finaliser of splitmix64: every bit of the input moves every bit of the output.
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The smallest distinct hashes seen: a buffer that is sorted and cut when it is full.
#[derive(Default)]
struct Smallest {
    kept: Vec<u32>,
    bound: Option<u32>,
}

impl Smallest {
    fn add(&mut self, hash: u32) {
        if self.bound.is_some_and(|bound| hash >= bound) {
            return;
        }
        self.kept.push(hash);
        if self.kept.len() >= 4 * SKETCH {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.kept.sort_unstable();
        self.kept.dedup();
        self.kept.truncate(SKETCH);
        if self.kept.len() == SKETCH {
            self.bound = self.kept.last().copied();
        }
    }

    fn into_sorted(mut self) -> Vec<u32> {
        self.cut();
        self.kept.shrink_to_fit();
        self.kept
    }
}

/// Counts of one-bits for each of 64 places, eight counters to a word, emptied before they run over.
struct Votes {
    packed: [u64; 8],
    pending: u32,
    ones: [u32; 64],
    total: u32,
}

impl Default for Votes {
    fn default() -> Self {
        Self { packed: [0; 8], pending: 0, ones: [0; 64], total: 0 }
    }
}

impl Votes {
    fn add(&mut self, hash: u64) {
        // Lane k of packed[shift] counts bit 8k + shift.
        for (shift, lanes) in self.packed.iter_mut().enumerate() {
            *lanes += (hash >> shift) & 0x0101_0101_0101_0101;
        }
        self.pending += 1;
        self.total += 1;
        if self.pending == 255 {
            self.empty();
        }
    }

    fn empty(&mut self) {
        for (shift, lanes) in self.packed.iter_mut().enumerate() {
            for (lane, count) in lanes.to_le_bytes().into_iter().enumerate() {
                self.ones[8 * lane + shift] += u32::from(count);
            }
            *lanes = 0;
        }
        self.pending = 0;
    }

    fn simhash(mut self) -> u64 {
        self.empty();
        let bits = self.ones.iter().enumerate();
        bits.filter(|(_, ones)| **ones * 2 > self.total).fold(0, |hash, (bit, _)| hash | (1 << bit))
    }
}

/// How two bodies relate, estimated from their fingerprints.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resemblance {
    /// Share of all their shingles that both have, 0 to 1.
    pub common: f32,
    /// Share of the shorter one's shingles that the longer one has, 0 to 1.
    pub within: f32,
    /// Shingles of the shorter one, estimated.
    pub shorter: f32,
    /// Shingles of the shorter over those of the longer, 0 to 1.
    pub size_ratio: f32,
}

/// Compares two fingerprints; all zero where one is empty.
#[must_use]
pub fn resemblance(a: &Fingerprint, b: &Fingerprint) -> Resemblance {
    let none = Resemblance { common: 0.0, within: 0.0, shorter: 0.0, size_ratio: 0.0 };
    if a.sketch.is_empty() || b.sketch.is_empty() {
        return none;
    }
    let (mut i, mut j, mut seen, mut both) = (0, 0, 0u32, 0u32);
    // A bottom sketch is exact where the text is short: then all of both is walked.
    let limit = if is_whole(a) && is_whole(b) { u32::MAX } else { SKETCH as u32 };
    while seen < limit && (i < a.sketch.len() || j < b.sketch.len()) {
        let (x, y) = (a.sketch.get(i), b.sketch.get(j));
        match (x, y) {
            (Some(x), Some(y)) if x == y => {
                both += 1;
                i += 1;
                j += 1;
            }
            (Some(x), Some(y)) if x < y => i += 1,
            (Some(_), Some(_)) => j += 1,
            // Past the end of a full sketch nothing is known of that text.
            (Some(_), None) if is_whole(b) => i += 1,
            (None, Some(_)) if is_whole(a) => j += 1,
            _ => break,
        }
        seen += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 96")]
    let common = both as f32 / seen.max(1) as f32;
    let (size_a, size_b) = (size(a), size(b));
    let (shorter, longer) = (size_a.min(size_b), size_a.max(size_b));
    let shared = common / (1.0 + common) * (shorter + longer);
    Resemblance {
        common,
        within: (shared / shorter).min(1.0),
        shorter,
        size_ratio: shorter / longer,
    }
}

fn is_whole(f: &Fingerprint) -> bool {
    f.sketch.len() < SKETCH
}

/// Distinct shingles of the text: exact for short texts, else from the largest hash kept.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn size(f: &Fingerprint) -> f32 {
    let kept = f.sketch.len() as f32;
    match f.sketch.last() {
        Some(&last) if !is_whole(f) && last > 0 => (kept - 1.0) / (last as f32 / u32::MAX as f32),
        _ => kept,
    }
}

/// Whether two bodies are copies of one another up to a cut lead, an added line or light edits.
///
/// Half of all shingles in common, or (a long piece cut out of a longer text) nearly all of the shorter one.
#[must_use]
pub fn is_near_copy(a: &Fingerprint, b: &Fingerprint) -> bool {
    let r = resemblance(a, b);
    // Below 12 shingles (15 characters) a greeting would make strangers copies.
    r.shorter >= 12.0
        && (r.common >= 0.5 || (r.within >= 0.8 && r.size_ratio >= 0.25 && r.shorter >= 60.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    const BODY: &str = "本报云岭11月20日电 记者从云岭矿业集团获悉，该集团所属南关煤矿今年前十个月实现安全生产三百天，\
        原煤产量突破四百万吨，同比增长百分之八。集团党委书记在现场会上表示，要继续把安全放在第一位，落实全员责任制，\
        加大智能化改造投入，让矿工少下井、不下井。据介绍，南关煤矿近三年共投入二点六亿元，建成六个智能化工作面，\
        井下作业人员减少四成。职工代表老李说，过去下井靠力气，现在靠按钮，家里人放心多了。";

    fn check(a: &str, b: &str, near: bool) {
        let (a, b) = (fingerprint(fold(a).text()), fingerprint(fold(b).text()));
        assert_eq!(is_near_copy(&a, &b), near, "{:?}", resemblance(&a, &b));
        assert_eq!(is_near_copy(&b, &a), near);
    }

    #[test]
    fn light_edits_are_near_copies() {
        check(BODY, BODY, true);
        check(BODY, &format!("编者按：安全是最大的效益。\n{BODY}\n（责任编辑：小云）"), true);
        let cut = BODY.split_once('，').unwrap().1;
        check(BODY, cut, true);
        check(BODY, &BODY.replace("三百天", "300天").replace("表示", "强调"), true);
        check(BODY, &BODY.replace('，', " ，\n"), true);
        let half: String = BODY.chars().take(90).collect();
        check(BODY, &half, true);
    }

    #[test]
    fn other_texts_are_not() {
        let other = "云岭热电有限公司发布公告，十一月十五日起城区全面供暖，居民如遇室温不达标可拨打客服热线，\
            公司承诺两小时内上门测温。今年公司更换老旧管网十二公里，新增换热站四座。";
        check(BODY, other, false);
        check("转发微博", "转发微博", false);
        check("", "", false);
    }

    #[test]
    fn simhashes_of_near_copies_are_near() {
        let a = fingerprint(fold(BODY).text()).simhash;
        let b = fingerprint(fold(&BODY.replace("三百天", "300天")).text()).simhash;
        assert!((a ^ b).count_ones() <= 8);
    }
}
