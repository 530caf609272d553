//! Whatever the corpus and the query: the index finds exactly the posts that the in-memory matcher accepts.

use index::{Facet, SearchIndex, SearchOptions};
use pipelines::query::{Query, parse};

use crate::dice::Dice;
use crate::lab::Lab;
use crate::speech::Tongue;

/// Queries asked of one corpus before the next is made.
const QUERIES_A_CORPUS: u64 = 50;

/// What must have stood in a query that met something, for the test to have looked at it.
const REACHED: &[&str] = &[
    " NEAR/",
    "ONEAR/",
    "同句",
    "SAMES",
    "同段",
    "SAMEP",
    " OF (",
    ",}",
    "word:",
    "words:(",
    ")/",
    "@",
    "title:",
    "body:",
    "source:",
    "channel:",
    "site:",
    "topic:",
    "keyword:",
    "subject:",
    "polarity:",
    "reading:",
    "kind:",
    "urgency:",
    "unsure:",
    "risk:",
    "story:",
    "case:",
    "published:",
    "heat:",
    "|",
    "OR",
    "AND",
    "-(",
    "NOT",
    "*",
    "難",
    "Ａ",
    "　",
    "\n",
    "😀",
    "\u{200b}",
];

/// What stood in queries that met something.
#[derive(Default)]
pub struct Reached {
    hits: u64,
    times: Vec<u64>,
}

impl Reached {
    /// Notes a query, and whether it met a post.
    pub fn note(&mut self, text: &str, met: bool) {
        self.times.resize(REACHED.len(), 0);
        if met {
            self.hits += 1;
            for (mark, times) in REACHED.iter().zip(&mut self.times) {
                *times += u64::from(text.contains(mark));
            }
        }
    }

    /// Fails where something was never met by so many queries.
    pub fn expect_all(&self, asked: u64) {
        let is_all = self.times.iter().all(|times| *times > 0);
        assert!(asked < 1_000 || is_all, "not reached: {self}");
        assert!(self.hits * 4 > asked, "too few queries meet anything: {} of {asked}", self.hits);
    }
}

impl std::fmt::Display for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reached: Vec<_> = REACHED.iter().zip(&self.times).collect();
        write!(f, "{} with hits; met something with {reached:?}", self.hits)
    }
}

/// `GUANLAN_PROPERTY_CASES` sets the number of cases; `GUANLAN_PROPERTY_SEED` begins elsewhere.
pub fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |v| v.parse().expect("a number"))
}

pub fn corpus(dice: &mut Dice) -> (Lab, Tongue) {
    let tongue = Tongue::new(dice);
    let mut lab = Lab::new();
    for round in 1..=dice.between(1, 3) {
        // The same ids come again: updates; some go: deletions.
        let posts: Vec<_> = (0..dice.between(1, 12))
            .map(|_| {
                let id = dice.between(1, 25) as u64;
                tongue.post(dice, id)
            })
            .collect();
        lab.put(posts);
        if dice.one_in(2) {
            let id = dice.between(1, 25) as u64;
            lab.delete(id);
        }
        lab.commit(round as u64);
    }
    (lab, tongue)
}

/// Totals, groups, facets and days must tell of the same posts.
fn check_counts(lab: &Lab, query: &Query, ids: &[u64]) {
    let options = SearchOptions {
        limit: 1000,
        facets: [&Facet::ALL[..], &[Facet::Keyword]].concat(),
        histogram: Some(8 * 3600),
        ..SearchOptions::default()
    };
    let results = lab.index.search(query, &options, Some(&lab.shelf)).unwrap();
    let posts = ids.len() as u64;
    assert_eq!(results.posts, Some(posts));
    assert_eq!(results.stories, Some(results.hits.len() as u64));
    assert_eq!(results.hits.iter().map(|h| h.in_story).sum::<u64>(), posts);
    assert!(results.hits.windows(2).all(|w| w[0].time >= w[1].time));
    assert!(results.hits.iter().all(|h| h.first.time <= h.time));
    assert_eq!(results.histogram.iter().map(|d| d.posts).sum::<u64>(), posts);
    for facet in &results.facets {
        let sum: u64 = facet.counts.iter().map(|(_, n)| n).sum();
        let is_filed = |id: &&u64| lab.shelf.posts[id].post.filing.is_some();
        match facet.facet {
            Facet::Topic | Facet::Subject | Facet::Keyword => {}
            // Posts that no officer's judge has read have neither.
            Facet::Kind | Facet::Urgency => {
                assert_eq!(sum, ids.iter().filter(is_filed).count() as u64, "{facet:?}")
            }
            _ => assert_eq!(sum, posts, "{facet:?}"),
        }
    }
}

#[test]
fn index_and_matcher_find_the_same_posts() {
    let cases = setting("GUANLAN_PROPERTY_CASES", 1_000);
    let first = setting("GUANLAN_PROPERTY_SEED", 1);
    let (mut asked, mut refused) = (0u64, 0u64);
    let mut reached = Reached::default();
    let mut seed = first;
    while asked < cases {
        let mut dice = Dice::new(seed);
        let (lab, tongue) = corpus(&mut dice);
        let posts: Vec<_> = lab.shelf.posts.values().cloned().collect();
        let mut posts = posts;
        posts.sort_by_key(|p| p.post.post.id);
        for _ in 0..QUERIES_A_CORPUS {
            if posts.is_empty() {
                break;
            }
            let depth = dice.below(4);
            let text = tongue.query(&mut dice, &posts, depth);
            let Ok(query) = parse(&text, &lab.context) else {
                refused += 1;
                continue;
            };
            let (found, matched) = (lab.found(&query), lab.matched(&query));
            assert_eq!(
                found,
                matched,
                "seed {seed}: `{text}`\n{:#?}\n{:#?}",
                query.root(),
                posts
                    .iter()
                    .filter(|p| found.contains(&p.post.post.id.0)
                        != matched.contains(&p.post.post.id.0))
                    .collect::<Vec<_>>()
            );
            if asked % 7 == 0 {
                check_counts(&lab, &query, &found);
            }
            asked += 1;
            reached.note(&text, !found.is_empty());
        }
        seed += 1;
    }
    eprintln!("{asked} cases in {} corpora, {refused} refused, {reached}", seed - first);
    reached.expect_all(asked);
    assert!(refused < asked, "too many queries are refused: {refused}");
}
