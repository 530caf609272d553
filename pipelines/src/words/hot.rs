//! Hot words: what is written more often in a period than in the one before.
//!
//! In: how many posts of each period have each keyword. Out: words in order of how surprising their rise is (Dunning's
//! log-likelihood ratio of the two shares), so that neither a word that is always frequent nor one that two posts
//! share leads the list. Without a period before, the order is that of counts.

use std::collections::HashMap;

use serde::Serialize;

/// Posts a hot word has at least.
const LEAST: u64 = 2;

/// One word of a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HotWord {
    /// The word, folded.
    pub word: String,
    /// Posts of the period that have it.
    pub posts: u64,
    /// Posts of the period before.
    pub before: u64,
    /// How surprising the rise is; 0 where there is nothing to compare with.
    pub rise: f64,
}

/// A period: how many posts it has, and how many of them have each keyword.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// All posts.
    pub posts: u64,
    /// By keyword.
    pub words: HashMap<String, u64>,
}

impl Counts {
    /// Adds one post by its keywords.
    pub fn add<'a>(&mut self, keywords: impl IntoIterator<Item = &'a str>) {
        self.posts += 1;
        for word in keywords {
            *self.words.entry(word.to_owned()).or_default() += 1;
        }
    }
}

/// Up to `limit` words that rose against the period before.
#[must_use]
pub fn hot_words(now: &Counts, before: &Counts, limit: usize) -> Vec<HotWord> {
    let mut hot: Vec<HotWord> = now
        .words
        .iter()
        .filter(|(_, posts)| **posts >= LEAST)
        .filter_map(|(word, posts)| {
            let was = before.words.get(word).copied().unwrap_or(0);
            let rise = rise((*posts, now.posts), (was, before.posts))?;
            Some(HotWord { word: word.clone(), posts: *posts, before: was, rise })
        })
        .collect();
    hot.sort_by(|a, b| {
        let by_rise = b.rise.total_cmp(&a.rise).then(b.posts.cmp(&a.posts));
        by_rise.then_with(|| a.word.cmp(&b.word))
    });
    hot.truncate(limit);
    hot
}

/// The log-likelihood ratio of two shares (posts with the word, all posts); none where the share fell or stayed.
fn rise((now, all): (u64, u64), (was, all_before): (u64, u64)) -> Option<f64> {
    if all_before == 0 {
        return Some(0.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 posts")]
    let [now, all, was, all_before] = [now, all, was, all_before].map(|n| n as f64);
    if now / all <= was / all_before {
        return None;
    }
    let expected = |total: f64| total * (now + was) / (all + all_before);
    let term =
        |seen: f64, expected: f64| if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
    Some(2.0 * (term(now, expected(all)) + term(was, expected(all_before))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(posts: u64, words: &[(&str, u64)]) -> Counts {
        Counts { posts, words: words.iter().map(|(w, n)| ((*w).to_owned(), *n)).collect() }
    }

    fn check(now: &Counts, before: &Counts, expected: &[&str]) {
        let hot = hot_words(now, before, 10);
        assert_eq!(hot.iter().map(|h| h.word.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_rose_leads_and_what_is_always_there_does_not() {
        let now = counts(100, &[("冒顶", 20), ("工资", 42), ("停电", 2), ("食堂", 1), ("绿化", 3)]);
        let before = counts(100, &[("工资", 40), ("绿化", 9)]);
        check(&now, &before, &["冒顶", "停电", "工资"]);
        assert_eq!(hot_words(&now, &before, 1).len(), 1);
    }

    #[test]
    fn without_a_past_the_order_is_that_of_counts() {
        check(&counts(9, &[("工资", 4), ("冒顶", 6)]), &Counts::default(), &["冒顶", "工资"]);
        check(&Counts::default(), &counts(5, &[("工资", 4)]), &[]);
    }
}
