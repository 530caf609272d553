//! Learns the reader of pages from labelled ones, and says how good it is on sites it has not seen.
//!
//! In: a folder of `<slug>/{page.html, expected.json}`. Out: the trees of the reader, and the reader of each fold for
//! cross-validation: no site stands on both sides. Every page counts alike however long it is, and a site of many
//! pages counts for less than as many sites. Reads no page that has no labelled text.

use std::collections::HashMap;

use pipelines::extract::{Judge, Trees, page_lines};
use pipelines::record::Page;
use sha2::{Digest, Sha256};

use super::boost::{self, Boost};
use super::labels::{bare, labels};

/// Parts of the cross-validation.
pub const FOLDS: usize = 5;

/// A labelled page.
pub struct Example<'a> {
    /// The page.
    pub page: &'a Page,
    /// Its true text.
    pub text: &'a str,
    /// The site it is of.
    pub site: &'a str,
}

/// Learns from examples.
#[must_use]
pub fn learn(examples: &[Example<'_>], seed: u64) -> Judge {
    Table::of(examples).learn(|_| true, seed)
}

/// For each fold a reader that has seen none of its sites, and for each example its fold.
#[must_use]
pub fn learn_by_site(examples: &[Example<'_>], seed: u64) -> (Vec<Judge>, Vec<usize>) {
    let folds = folds(examples);
    let table = Table::of(examples);
    let (table, fold_of) = (&table, &folds);
    let judges = std::thread::scope(|scope| {
        let learning: Vec<_> = (0..FOLDS)
            .map(|fold| scope.spawn(move || table.learn(|n| fold_of[n] != fold, seed)))
            .collect();
        let made = learning.into_iter().map(|one| one.join());
        made.map(|one| one.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    (judges, folds)
}

/// The part each example falls into: whole sites, the largest first, each into the smallest part so far.
fn folds(examples: &[Example<'_>]) -> Vec<usize> {
    let mut sites: HashMap<&str, usize> = HashMap::new();
    for example in examples {
        *sites.entry(example.site).or_default() += 1;
    }
    let mut order: Vec<(&str, usize)> = sites.into_iter().collect();
    order.sort_by_key(|(site, pages)| {
        (std::cmp::Reverse(*pages), <[u8; 32]>::from(Sha256::digest(site)))
    });
    let mut sizes = [0; FOLDS];
    let mut fold_of: HashMap<&str, usize> = HashMap::new();
    for (site, pages) in order {
        let fold = (0..FOLDS).min_by_key(|f| sizes[*f]).unwrap_or(0);
        sizes[fold] += pages;
        fold_of.insert(site, fold);
    }
    examples.iter().map(|e| fold_of[e.site]).collect()
}

/// All lines of all examples.
struct Table {
    width: usize,
    seen: usize,
    figures: Vec<f32>,
    labels: Vec<bool>,
    weights: Vec<f32>,
    example: Vec<usize>,
}

impl Table {
    fn of(examples: &[Example<'_>]) -> Self {
        let mut pages: HashMap<&str, f32> = HashMap::new();
        for example in examples {
            *pages.entry(example.site).or_default() += 1.0;
        }
        let mut table = Self {
            width: 0,
            seen: 0,
            figures: Vec::new(),
            labels: Vec::new(),
            weights: Vec::new(),
            example: Vec::new(),
        };
        for (n, example) in examples.iter().enumerate() {
            let lines = page_lines(example.page);
            if lines.lines.is_empty() {
                continue;
            }
            (table.width, table.seen) = (lines.width, lines.seen);
            let (is_text, letters) = labels(&lines.lines, example.text);
            let page = (bare(example.text).chars().count().max(100) as f32).powf(0.8);
            let site = pages[example.site].sqrt();
            table.weights.extend(letters.iter().map(|&letters| match letters {
                0 => 0.0,
                _ => (letters.min(300) as f32 + 4.0) * 20.0 / (page * site),
            }));
            table.labels.extend(is_text);
            table.example.extend(std::iter::repeat_n(n, lines.lines.len()));
            table.figures.extend(lines.figures);
        }
        table
    }

    fn learn(&self, wanted: impl Fn(usize) -> bool, seed: u64) -> Judge {
        let lines: Vec<usize> = (0..self.labels.len())
            .filter(|&i| wanted(self.example[i]) && self.weights[i] > 0.0)
            .collect();
        let labels: Vec<bool> = lines.iter().map(|&i| self.labels[i]).collect();
        let weights: Vec<f32> = lines.iter().map(|&i| self.weights[i]).collect();
        let trees = |width: usize, how: &Boost, seed: u64| -> Trees {
            let row = |i: usize| &self.figures[i * self.width..][..width];
            let figures: Vec<f32> = lines.iter().flat_map(|&i| row(i)).copied().collect();
            let rows = boost::Rows { width, figures: &figures, labels: &labels, weights: &weights };
            boost::learn(&rows, how, seed)
        };
        Judge {
            told: trees(self.width, &Boost::TOLD, seed),
            untold: trees(self.seen, &Boost::UNTOLD, seed + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Example, FOLDS, folds};
    use pipelines::record::{Page, SourceId};

    #[test]
    fn no_site_stands_on_both_sides() {
        let page = Page {
            url: String::new(),
            requested_url: String::new(),
            source: SourceId::default(),
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
            fetched_at: chrono::DateTime::UNIX_EPOCH,
            sha256: [0; 32],
        };
        let sites: Vec<String> = (0..40).map(|n| format!("s{}.example", n % 13)).collect();
        let examples: Vec<Example<'_>> =
            sites.iter().map(|site| Example { page: &page, text: "", site }).collect();
        let folds = folds(&examples);
        for (a, site) in sites.iter().enumerate() {
            for b in a..sites.len() {
                assert!(site != &sites[b] || folds[a] == folds[b]);
            }
        }
        assert!((0..FOLDS).all(|f| folds.contains(&f)));
    }
}
