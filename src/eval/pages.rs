//! Scores the reading of pages against hand-made truth.
//!
//! In: a folder of `<slug>/{page.html, expected.json}`. Out: shares of right bodies, dates, titles and
//! authors, speed, and the worst pages. The body of the set `forum` is the whole thread (first post, replies, and the
//! title where the truth begins with it), of all others the main text. Body: multiset of character 4-grams over letters, digits and
//! ideographs, lower case; precision, recall and F1 per page, mean over pages. Date: same calendar day (labels
//! without a day are compared as far as they go). Title and author: equal without blanks and punctuation.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use pipelines::extract::{Judge, ReadOptions, read_page_by};
use pipelines::record::{Found, Page, SourceId, Verdict};
use serde::Serialize;
use serde_json::Value;

use crate::train::pages::{Example, learn, learn_by_site};
use tally::Tally;

mod tally;

/// Figures of the page set; shares are 0 to 1, 0 where nothing is labelled.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PagesScore {
    /// Pages scored.
    pub n: usize,
    /// Mean share of extracted 4-grams that are in the truth.
    pub precision: f64,
    /// Mean share of the truth's 4-grams that were extracted.
    pub recall: f64,
    /// Mean of the pages' F1.
    pub f1: f64,
    /// The same over all pages but forums.
    pub article_f1: f64,
    /// The same over forum pages.
    pub forum_f1: f64,
    /// The same over pages whose truth says how it was made (those added after the rules were written).
    pub new_f1: f64,
    /// The same over those of them whose truth is not what several extractors agree on.
    pub hard_f1: f64,
    /// Share of pages with a body label whose F1 is below 0.8.
    pub lost: f64,
    /// Pages and mean F1 by the set of the truth.
    pub sets: BTreeMap<String, SetScore>,
    /// The figures again, each page read by a reader that learned from no page of its site. Only these tell how good
    /// the reader is on sites it has not seen: the shipped one has learned from all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_site: Option<Box<PagesScore>>,
    /// Share of dated pages whose day is right.
    pub date_right: f64,
    /// Share of dated pages given another day.
    pub date_wrong: f64,
    /// Share of titled pages whose title is right.
    pub title_right: f64,
    /// Share of pages with a named author where author or outlet is right.
    pub author_right: f64,
    /// Pages read per second of CPU time, one thread, best of three rounds.
    pub per_second: f64,
    /// The longest single page, milliseconds of CPU time.
    pub slowest_ms: f64,
    /// Pages with a body label, and how they did, worst first.
    pub worst: Vec<WorstPage>,
}

/// A set of pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SetScore {
    /// Pages with a body label.
    pub n: usize,
    /// Mean F1.
    pub f1: f64,
}

/// One page and what went wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstPage {
    /// Folder name.
    pub slug: String,
    /// The truth's set.
    pub set: String,
    /// Body precision, recall, F1; absent where the truth has no body.
    pub body: Option<(f64, f64, f64)>,
    /// `field: expected ≠ found` for each wrong field.
    pub wrong: Vec<String>,
}

/// Scores every page of a folder with the shipped reader. A folder without pages gives `n == 0`.
///
/// # Errors
/// A folder or file that cannot be read, or truth that is not JSON.
pub fn score(dir: &Path) -> anyhow::Result<PagesScore> {
    let cases = load(dir)?;
    Ok(score_cases(&cases, |_| Judge::shipped(), ROUNDS))
}

/// Scores every page of a folder, each with a reader that has learned from no page of its site.
///
/// # Errors
/// As [`score`].
pub fn score_by_site(dir: &Path, seed: u64) -> anyhow::Result<PagesScore> {
    let cases = load(dir)?;
    let labelled: Vec<usize> =
        (0..cases.len()).filter(|&i| text_of(&cases[i].truth, "body").is_some()).collect();
    let sites: Vec<String> = cases.iter().map(Case::site).collect();
    let examples: Vec<Example<'_>> = labelled
        .iter()
        .filter_map(|&i| {
            Some(Example {
                page: &cases[i].page,
                text: text_of(&cases[i].truth, "body")?,
                site: &sites[i],
            })
        })
        .collect();
    let (judges, folds) = learn_by_site(&examples, seed);
    let mut fold_of: HashMap<&str, usize> = HashMap::new();
    for (&i, fold) in labelled.iter().zip(folds) {
        fold_of.insert(&sites[i], fold);
    }
    let judge = |i: usize| &judges[fold_of.get(sites[i].as_str()).copied().unwrap_or(0)];
    Ok(score_cases(&cases, judge, 1))
}

/// Learns the reader from all labelled pages of a folder.
///
/// # Errors
/// As [`score`].
pub fn learn_reader(dir: &Path, seed: u64) -> anyhow::Result<Judge> {
    let cases = load(dir)?;
    let sites: Vec<String> = cases.iter().map(Case::site).collect();
    let examples: Vec<Example<'_>> = cases
        .iter()
        .zip(&sites)
        .filter_map(|(c, site)| {
            Some(Example { page: &c.page, text: text_of(&c.truth, "body")?, site })
        })
        .collect();
    Ok(learn(&examples, seed))
}

fn load(dir: &Path) -> anyhow::Result<Vec<Case>> {
    let mut slugs: Vec<_> = std::fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    slugs.sort_by_key(std::fs::DirEntry::file_name);
    let mut cases = Vec::new();
    for slug in slugs {
        let truth = slug.path().join("expected.json");
        if truth.is_file() {
            let truth: Value = serde_json::from_slice(&std::fs::read(truth)?)?;
            let body = std::fs::read(slug.path().join("page.html"))?;
            let name = slug.file_name().to_string_lossy().into_owned();
            cases.push(Case { page: page_of(&truth, body), slug: name, truth });
        }
    }
    Ok(cases)
}

/// Rounds of reading, the fastest of which is the speed.
const ROUNDS: usize = 3;

struct Case {
    slug: String,
    truth: Value,
    page: Page,
}

impl Case {
    /// The site as it is registered: all of `sina.com.cn` is one, every `*.github.io` one of its own. A page whose
    /// site is unknown is one of its own.
    fn site(&self) -> String {
        let address = text_of(&self.truth, "url").or_else(|| text_of(&self.truth, "url_guess"));
        let host = text_of(&self.truth, "host").or_else(|| address?.split('/').nth(2));
        let Some(host) = host else { return self.slug.clone() };
        let parts: Vec<&str> = host.split('.').collect();
        let second = parts.len().checked_sub(2).map_or("", |at| parts[at]);
        let is_public = matches!(second, "com" | "net" | "org" | "edu" | "gov" | "sh")
            && parts.last().is_some_and(|p| p.len() == 2);
        let kept = if host.ends_with(".github.io") || is_public { 3 } else { 2 };
        parts[parts.len().saturating_sub(kept)..].join(".")
    }
}

fn page_of(truth: &Value, body: Vec<u8>) -> Page {
    let url = truth["url"].as_str().unwrap_or_default().to_owned();
    Page {
        url: url.clone(),
        requested_url: url,
        source: SourceId::default(),
        status: 200,
        headers: Vec::new(),
        body,
        fetched_at: evaluation_time(),
        sha256: [0; 32],
    }
}

/// The "now" of the evaluation, fixed so that figures do not depend on the day of the run.
fn evaluation_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a constant in range")
}

fn score_cases<'a>(
    cases: &[Case],
    judge: impl Fn(usize) -> &'a Judge,
    rounds: usize,
) -> PagesScore {
    let options = ReadOptions::new(evaluation_time());
    let mut score = PagesScore { n: cases.len(), ..PagesScore::default() };
    let mut tally = Tally::default();
    let mut found = Vec::new();
    let mut slowest = Duration::ZERO;
    let mut best = Duration::MAX;
    for round in 0..rounds {
        let start = cpu_time();
        for (i, case) in cases.iter().enumerate() {
            let one = cpu_time();
            let verdict = read_page_by(judge(i), &case.page, &options);
            slowest = slowest.max(cpu_time().saturating_sub(one));
            if round == 0 {
                found.push(match verdict {
                    Verdict::Keep(found) => found,
                    Verdict::Drop(_) => Found::default(),
                });
            }
        }
        best = best.min(cpu_time().saturating_sub(start));
    }
    for (case, found) in cases.iter().zip(&found) {
        score.worst.push(tally.add(case, found));
    }
    score.per_second = cases.len() as f64 / best.as_secs_f64().max(1e-9);
    score.slowest_ms = slowest.as_secs_f64() * 1000.0;
    tally.fill(&mut score);
    let key = |w: &WorstPage| w.body.map_or(1.0, |b| b.2) - w.wrong.len() as f64;
    score.worst.sort_by(|a, b| key(a).total_cmp(&key(b)));
    score
}

/// CPU time of this thread where the system tells it, else the time of day: other work on the machine does not count.
fn cpu_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|t| t.split(' ').next().and_then(|n| n.parse().ok()));
    nanos.map_or_else(
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        Duration::from_nanos,
    )
}

/// Title, first post and replies.
fn whole_thread(found: &Found) -> String {
    let mut text = found.title.clone().unwrap_or_default();
    // A question without words of its own has its title as text.
    if found.text != found.title {
        text.push('\n');
    }
    text + &posts(found)
}

/// First post and replies; the title only where the truth begins with it (truths taken by a selector for posts do not).
fn thread(found: &Found, expected: &str) -> String {
    let title = bare(found.title.as_deref().unwrap_or_default());
    if !title.is_empty() && bare(expected).starts_with(&title) {
        return whole_thread(found);
    }
    posts(found)
}

fn posts(found: &Found) -> String {
    let first = found.text.as_deref().filter(|_| found.text != found.title);
    let all: Vec<&str> =
        first.into_iter().chain(found.comments.iter().map(|c| c.text.as_str())).collect();
    all.join("\n")
}

fn right(hit: bool, field: &str, expected: &str, got: &str, wrong: &mut Vec<String>) -> f64 {
    if !hit {
        wrong.push(format!("{field}: {expected} ≠ {got}"));
    }
    f64::from(u8::from(hit))
}

fn text_of<'a>(truth: &'a Value, key: &str) -> Option<&'a str> {
    truth[key].as_str().filter(|s| !s.is_empty())
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// Without blanks and punctuation, in lower case.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn local_day(at: DateTime<Utc>) -> (i32, u32, u32) {
    use chrono::Datelike;
    let day = at.with_timezone(&chrono_tz_shanghai());
    (day.year(), day.month(), day.day())
}

/// Mainland pages are labelled in their own time; China has kept UTC+8 throughout the years labelled.
fn chrono_tz_shanghai() -> chrono::FixedOffset {
    chrono::FixedOffset::east_opt(8 * 3600).expect("a constant in range")
}

/// Whether a label (`2005-3-21 11:21`, `2003-5`, `2018`) and a day agree as far as the label goes.
fn same_day(label: &str, day: &(i32, u32, u32)) -> bool {
    let date = label.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<i64> = date.split('-').filter_map(|p| p.parse().ok()).collect();
    let given = [i64::from(day.0), i64::from(day.1), i64::from(day.2)];
    !parts.is_empty() && parts.iter().zip(given).all(|(a, b)| *a == b)
}

/// Precision, recall and F1 over multisets of 4-grams.
fn overlap(expected: &str, got: &str) -> (f64, f64, f64) {
    let truth = grams(expected);
    let found = grams(got);
    let shared: usize =
        found.iter().map(|(g, n)| (*n).min(truth.get(g).copied().unwrap_or(0))).sum();
    let share = |of: &HashMap<[char; 4], usize>| {
        let total: usize = of.values().sum();
        if total == 0 { 0.0 } else { shared as f64 / total as f64 }
    };
    let (precision, recall) = (share(&found), share(&truth));
    let sum = precision + recall;
    (precision, recall, if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 })
}

fn grams(text: &str) -> HashMap<[char; 4], usize> {
    let chars: Vec<char> = bare(text).chars().collect();
    let mut counts = HashMap::new();
    for window in chars.windows(4) {
        *counts.entry([window[0], window[1], window[2], window[3]]).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::{overlap, same_day};

    #[test]
    fn overlap_counts_multisets_without_blanks_and_marks() {
        let check = |a: &str, b: &str, expected: (f64, f64)| {
            let (p, r, _) = overlap(a, b);
            assert_eq!((p, r), expected, "{a} / {b}");
        };
        check("安全生产月", "安全， 生产月", (1.0, 1.0));
        check("安全生产月", "安全生产", (1.0, 0.5));
        check("安全生产", "安全生产月", (0.5, 1.0));
        check("安全生产", "", (0.0, 0.0));
    }

    #[test]
    fn labels_are_compared_as_far_as_they_go() {
        for (label, hit) in [
            ("2005-3-21 11:21", true),
            ("2005-03-21T00:00:00", true),
            ("2005", true),
            ("2005-04", false),
            ("", false),
        ] {
            assert_eq!(same_day(label, &(2005, 3, 21)), hit, "{label}");
        }
    }
}
