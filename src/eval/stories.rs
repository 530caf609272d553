//! Do two headlines tell of the same happening?
//!
//! In: a file of pairs (`a`, `b`, `same`), one JSON object a line. Out: precision, recall and F1 of `same`, and
//! the pairs judged most wrongly. Judges with the shipped weights and threshold; it learns nothing.

use std::path::Path;

use anyhow::Context as _;
use pipelines::annotate::{HEADLINE_CHARS, Profile, same_happening, same_happening_threshold};
use pipelines::text::fold;
use serde::{Deserialize, Serialize};

/// How well pairs are judged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StoryScore {
    /// Of the pairs called the same, the share that is.
    pub precision: f64,
    /// Of the pairs that are the same, the share called so.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Pairs.
    pub n: usize,
    /// Wrongly judged pairs, the surest mistake first.
    #[serde(skip)]
    pub wrong: Vec<WrongPair>,
}

/// A pair that was judged wrongly.
#[derive(Clone, Debug, PartialEq)]
pub struct WrongPair {
    /// The score it got, 0 to 1.
    pub score: f32,
    /// The truth.
    pub same: bool,
    /// The one headline.
    pub a: String,
    /// The other.
    pub b: String,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    same: bool,
}

/// Scores the pairs of a file.
///
/// # Errors
/// A file that cannot be read, or a line that is no pair, named by its number.
pub fn score(path: &Path) -> anyhow::Result<StoryScore> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read pairs `{}`", path.display()))?;
    let mut pairs = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let pair: Pair = serde_json::from_str(line)
            .with_context(|| format!("no pair in `{}` line {number}", path.display()))?;
        pairs.push(pair);
    }
    Ok(score_pairs(pairs))
}

fn score_pairs(pairs: Vec<Pair>) -> StoryScore {
    let profile = |text: &str| Profile::of(fold(text).text(), HEADLINE_CHARS);
    let threshold = same_happening_threshold();
    let n = pairs.len();
    let (mut right, mut called, mut same_pairs) = (0usize, 0usize, 0usize);
    let mut wrong = Vec::new();
    for Pair { a, b, same } in pairs {
        let score = same_happening(&profile(&a), &profile(&b));
        let is_called = score >= threshold;
        right += usize::from(is_called && same);
        called += usize::from(is_called);
        same_pairs += usize::from(same);
        if is_called != same {
            wrong.push(WrongPair { score, same, a, b });
        }
    }
    wrong.sort_by(|x, y| (y.score - threshold).abs().total_cmp(&(x.score - threshold).abs()));
    let share = |of: usize| if of > 0 { right as f64 / of as f64 } else { 0.0 };
    let (precision, recall) = (share(called), share(same_pairs));
    let f1 = if right > 0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    StoryScore { precision, recall, f1, n, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_as_the_rules_say() {
        let pair = |a: &str, b: &str, same| Pair { a: a.into(), b: b.into(), same };
        let score = score_pairs(vec![
            pair("云岭南关镇一煤矿透水12人被困", "云岭南关镇煤矿透水事故12人被困，救援持续", true),
            pair("云岭热电前三季度净利润下降12%", "云岭热电三季报：净利润同比下降12%", false),
            pair("云岭矿业职工运动会闭幕", "矿区今日有雨", true),
            pair("云岭矿业职工运动会闭幕", "矿区今日有雨", false),
        ]);
        assert_eq!((score.precision, score.recall, score.f1, score.n), (0.5, 0.5, 0.5, 4));
        assert_eq!(score.wrong.len(), 2);
    }
}
