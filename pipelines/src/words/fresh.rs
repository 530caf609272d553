//! New words: strings of two to six characters that several texts have, that hold together and stand freely.
//!
//! In: the folded texts of a period, and who is known already. Out: candidates, most frequent first; whether one
//! was ever written before is for the caller to ask of the index, which finds every substring. **Cohesion** is the
//! least, over all ways to cut the string in two, of ln(p(whole) / (p(left) × p(right))) over −ln p(whole): 0 where
//! the parts meet by chance, 1 where neither is ever seen without the other. **Freedom** is the smaller entropy (nats) of what stands before and
//! after it; the edge of a clause is a neighbour of its own. What begins or ends with a word that says nothing
//! (的, 我们), and what stands only within one longer string, is left out.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::rarity::Rarity;
use crate::text::Segmenter;

const LONGEST: usize = 6;
/// Chance meetings (发生 with 在, 公司 with 的) stay well below it.
const COHESION: f64 = 0.6;
/// Less than three neighbours on a side in equal parts (ln 3 = 1.1) is the inside of something longer.
const FREEDOM: f64 = 1.0;
/// Pieces of the cut that a new word may be made of.
const PIECES: usize = 3;

/// A string that is frequent and free.
#[derive(Clone, Debug, PartialEq)]
pub struct FreshWord {
    /// The string, folded.
    pub word: String,
    /// How many of the texts have it.
    pub texts: u32,
    /// See the header; 0.6 to 1.
    pub cohesion: f64,
    /// See the header; at least 1.
    pub freedom: f64,
}

#[derive(Default)]
struct Count {
    texts: u32,
    times: u32,
    last: u32,
}

/// Finds up to `limit` candidates that at least `least` of `texts` (folded) have and that `is_known` does not know.
#[must_use]
pub fn fresh_words(
    texts: &[&str],
    segmenter: &Segmenter,
    least: u32,
    limit: usize,
    is_known: impl Fn(&str) -> bool,
) -> Vec<FreshWord> {
    let mut grams: FxHashMap<&str, Count> = FxHashMap::default();
    let mut total = 0u32;
    for (text, number) in texts.iter().zip(1u32..) {
        for run in runs(text) {
            let starts = boundaries(run);
            total += u32::try_from(starts.len() - 1).unwrap_or(u32::MAX);
            each_gram(run, &starts, |gram, _, _| {
                let count = grams.entry(gram).or_default();
                count.times += 1;
                count.texts += u32::from(count.last != number);
                count.last = number;
            });
        }
    }
    let chance =
        |gram: &str| grams.get(gram).map_or(1.0, |c| f64::from(c.times)) / f64::from(total.max(1));
    let mut held: BTreeMap<&str, (u32, f64)> = grams
        .iter()
        .filter(|(gram, count)| count.texts >= least && gram.chars().nth(1).is_some())
        .map(|(gram, count)| (*gram, (count.texts, cohesion(gram, chance))))
        .filter(|(gram, (_, cohesion))| *cohesion >= COHESION && !is_known(gram))
        .collect();
    held.retain(|gram, _| is_word_like(gram, segmenter));
    let freedoms = freedoms(texts, &held);
    let mut fresh: Vec<FreshWord> = held
        .iter()
        .filter_map(|(gram, (texts, cohesion))| {
            let freedom = *freedoms.get(gram)?;
            let word = (*gram).to_owned();
            let found = FreshWord { word, texts: *texts, cohesion: *cohesion, freedom };
            (freedom >= FREEDOM).then_some(found)
        })
        .collect();
    fresh.sort_by(|a, b| {
        let longer = b.word.len().cmp(&a.word.len());
        b.texts.cmp(&a.texts).then(longer).then_with(|| a.word.cmp(&b.word))
    });
    without_parts(&fresh, limit)
}

/// Parts of a longer word that is (nearly) as frequent are dropped.
fn without_parts(fresh: &[FreshWord], limit: usize) -> Vec<FreshWord> {
    let is_part = |a: &FreshWord, b: &FreshWord| {
        a.word.len() < b.word.len() && b.word.contains(&a.word) && a.texts * 2 <= b.texts * 3
    };
    let kept = fresh.iter().filter(|a| !fresh.iter().any(|b| is_part(a, b)));
    kept.take(limit).cloned().collect()
}

/// Stretches without punctuation, blanks or digits.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty())
}

fn boundaries(run: &str) -> Vec<usize> {
    run.char_indices().map(|(at, _)| at).chain([run.len()]).collect()
}

/// Tells each string of one to six characters with the bytes it begins and ends at.
fn each_gram<'a>(run: &'a str, starts: &[usize], mut tell: impl FnMut(&'a str, usize, usize)) {
    for from in 0..starts.len() - 1 {
        for to in from + 1..=(from + LONGEST).min(starts.len() - 1) {
            tell(&run[starts[from]..starts[to]], starts[from], starts[to]);
        }
    }
}

fn cohesion(gram: &str, chance: impl Fn(&str) -> f64) -> f64 {
    let whole = chance(gram);
    let cuts = gram.char_indices().skip(1).map(|(at, _)| gram.split_at(at));
    let least = cuts.map(|(a, b)| (whole / (chance(a) * chance(b))).ln());
    least.fold(f64::INFINITY, f64::min) / -whole.ln()
}

/// Few pieces, and neither end of it a word that says nothing.
fn is_word_like(gram: &str, segmenter: &Segmenter) -> bool {
    let pieces = segmenter.words(gram);
    let says = |piece: Option<&crate::text::Word>| {
        piece.is_some_and(|p| Rarity::shipped().weight(&gram[p.start..p.end]) > 0.0)
    };
    pieces.len() <= PIECES && says(pieces.first()) && says(pieces.last())
}

/// The smaller entropy of the neighbours, of each string of `held`.
fn freedoms<'a>(texts: &[&str], held: &BTreeMap<&'a str, (u32, f64)>) -> BTreeMap<&'a str, f64> {
    type Sides = (BTreeMap<char, u32>, BTreeMap<char, u32>, u32, u32);
    let mut sides: BTreeMap<&str, Sides> = BTreeMap::new();
    for text in texts {
        for run in runs(text) {
            each_gram(run, &boundaries(run), |gram, start, end| {
                let Some((gram, _)) = held.get_key_value(gram) else { return };
                let (left, right, free_left, free_right) = sides.entry(*gram).or_default();
                match run[..start].chars().next_back() {
                    Some(c) => *left.entry(c).or_default() += 1,
                    None => *free_left += 1,
                }
                match run[end..].chars().next() {
                    Some(c) => *right.entry(c).or_default() += 1,
                    None => *free_right += 1,
                }
            });
        }
    }
    sides
        .into_iter()
        .map(|(gram, (left, right, free_left, free_right))| {
            (gram, entropy(&left, free_left).min(entropy(&right, free_right)))
        })
        .collect()
}

/// Nats; each edge of a clause is a neighbour of its own.
fn entropy(neighbours: &BTreeMap<char, u32>, edges: u32) -> f64 {
    let all = f64::from(neighbours.values().sum::<u32>() + edges);
    let part = |n: u32| -f64::from(n) / all * (f64::from(n) / all).ln();
    neighbours.values().map(|n| part(*n)).sum::<f64>() + f64::from(edges) * part(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_dictionary_word;

    fn found(texts: &[&str]) -> Vec<String> {
        let known = |word: &str| is_dictionary_word(word);
        let fresh = fresh_words(texts, &Segmenter::default(), 3, 10, known);
        fresh.into_iter().map(|w| w.word).collect()
    }

    #[test]
    fn a_nickname_that_several_write_is_found_and_its_parts_are_not() {
        let fresh = found(&[
            "大家都在说熔岩门,到底怎么回事",
            "熔岩门又上热搜了",
            "请问熔岩门后来怎样",
            "他们管这件事叫熔岩门。今天下雨",
            "今天天气不错,我去散步",
        ]);
        assert_eq!(fresh, ["熔岩门"]);
    }

    #[test]
    fn known_words_and_what_one_text_says_are_not_new() {
        assert!(found(&["今天下雨了", "昨天下雨", "可能下雨吧", "下雨"]).is_empty());
        assert!(found(&["熔岩门熔岩门,熔岩门", "别的话", "又一句"]).is_empty());
        assert!(found(&[]).is_empty());
    }
}
