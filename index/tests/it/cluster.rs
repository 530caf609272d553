//! The cluster finds exactly the posts that the in-memory matcher accepts, and answers as the index of a folder does.
//!
//! Against a real OpenSearch node, passed over by name where none can be had; the newest version as well where there is a
//! Java for it. `GUANLAN_CLUSTER_CASES` and `GUANLAN_NEWEST_CASES` set the number of queries.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use index::{
    Change, ClusterFault, ClusterPlace, Facet, Index, IndexError, IndexedPost, Light, Login,
    RebuildLock, SearchIndex, SearchOptions, SearchResults, Sort, WriterOptions, examine,
};
use pipelines::query::{Query, parse};
use pipelines::record::PostId;

use crate::agreement::{Reached, corpus, setting};
use crate::completeness::{Piece, asked_for, folded_texts, holders, pieces, texts};
use crate::data::shared;
use crate::dice::Dice;
use crate::lab::{Lab, post};
use crate::opensearch::{self, Node, holder, until};

/// Queries asked of one corpus before the next is made.
const QUERIES_A_CORPUS: u64 = 400;

/// Who ask at the same time.
const ASKERS: u64 = 4;

static NODE: LazyLock<Option<Node>> = LazyLock::new(|| opensearch::node(opensearch::OLDEST));
/// Held by tests that keep the whole machine at work, one at a time.
static MACHINE: Mutex<()> = Mutex::new(());
static NAMES: AtomicU32 = AtomicU32::new(1);

fn at(address: &str) -> ClusterPlace {
    ClusterPlace {
        addresses: vec![address.to_owned()],
        name: format!("t{}", NAMES.fetch_add(1, Ordering::SeqCst)),
        login: Login::Nobody,
        ca: None,
        shards: 2,
        replicas: 0,
        timeout: Duration::from_secs(30),
        dir: std::env::temp_dir().join(format!("guanlan-index-{}", std::process::id())),
    }
}

/// A place of one's own on the node; none where there is no node.
fn place() -> Option<ClusterPlace> {
    NODE.as_ref().map(|node| at(&node.address))
}

/// The posts of `lab` in the cluster as well.
fn twin(lab: &Lab, place: &ClusterPlace) -> Index {
    let index = Index::open_or_create(place.clone(), &lab.segmenter).unwrap();
    let mut writer = index.writer(WriterOptions::default()).unwrap();
    let posts = lab.shelf.posts.values().cloned();
    let changes: Vec<Change> = posts.map(|p| Change::Put(Box::new(p))).collect();
    writer.apply(&changes).unwrap();
    writer.commit(1).unwrap();
    index
}

fn ids(results: &SearchResults) -> Vec<u64> {
    let mut ids: Vec<u64> = results.hits.iter().map(|hit| hit.post.0).collect();
    ids.sort_unstable();
    ids
}

fn found(index: &Index, query: &Query, lab: &Lab) -> Vec<u64> {
    let options = SearchOptions { limit: 4_000, group_by_story: false, ..Default::default() };
    let results = index.search(query, &options, Some(&lab.shelf)).unwrap();
    assert_eq!(results.posts, Some(results.hits.len() as u64));
    ids(&results)
}

/// The same lines, pages, counts and days as the index of the folder.
fn check_answers(lab: &Lab, twin: &Index, query: &Query, dice: &mut Dice, text: &str) {
    let mut options = SearchOptions {
        limit: *dice.pick(&[2, 5, 100]),
        sort: *dice.pick(&[Sort::Newest, Sort::Newest, Sort::Risk, Sort::Heat]),
        group_by_story: !dice.one_in(3),
        facets: [&Facet::ALL[..], &[Facet::Keyword]].concat(),
        histogram: Some(8 * 3600),
        ..SearchOptions::default()
    };
    loop {
        let expected = lab.index.search(query, &options, Some(&lab.shelf)).unwrap();
        let answered = twin.search(query, &options, Some(&lab.shelf)).unwrap();
        assert_eq!(answered, expected, "`{text}` {options:?}");
        let Some(next) = expected.next else { break };
        options.after = Some(next);
    }
    options = SearchOptions { sort: Sort::Relevance, limit: 100, ..Default::default() };
    let ranked = twin.search(query, &options, Some(&lab.shelf)).unwrap();
    assert!(ranked.hits.windows(2).all(|two| two[0].score >= two[1].score), "`{text}`");
    let expected = lab.index.search(query, &options, Some(&lab.shelf)).unwrap();
    assert_eq!((ranked.posts, ranked.stories), (expected.posts, expected.stories));
}

/// What was asked by all askers together.
#[derive(Default)]
struct Asked {
    seeds: AtomicU64,
    queries: AtomicU64,
    reached: Mutex<Reached>,
}

/// Asks of one corpus, told by `seed`, until `cases` were asked of all.
fn ask_a_corpus(node: &Node, seed: u64, cases: u64, asked: &Asked) {
    let mut dice = Dice::new(seed);
    let (lab, tongue) = corpus(&mut dice);
    let mut posts: Vec<IndexedPost> = lab.shelf.posts.values().cloned().collect();
    posts.sort_by_key(|p| p.post.post.id);
    if posts.is_empty() {
        return;
    }
    // Parts that answer apart cost as much as everything else: one corpus in four is in two of them.
    let shards = if seed.is_multiple_of(4) { 2 } else { 1 };
    let place = ClusterPlace { shards, ..at(&node.address) };
    let twin = twin(&lab, &place);
    for _ in 0..QUERIES_A_CORPUS {
        let depth = dice.below(4);
        let text = tongue.query(&mut dice, &posts, depth);
        let Ok(query) = parse(&text, &lab.context) else { continue };
        let nth = asked.queries.fetch_add(1, Ordering::Relaxed);
        if nth >= cases {
            break;
        }
        let matched = lab.matched(&query);
        let answer = found(&twin, &query, &lab);
        assert_eq!(answer, matched, "seed {seed}: `{text}`\n{:#?}", query.root());
        if nth.is_multiple_of(200) {
            check_answers(&lab, &twin, &query, &mut dice, &text);
        }
        asked.reached.lock().unwrap().note(&text, !answer.is_empty());
    }
    // Thousands of parts would weigh on the node; what stays of a failed one says more.
    opensearch::request(node, "DELETE", &format!("/{}-s*", place.name), "");
}

/// Asks `cases` queries of the node. Several ask at a time, as most of a query's time is waiting for an answer.
fn ask(node: &Node, cases: u64) {
    let first = setting("GUANLAN_PROPERTY_SEED", 500_001);
    let asked = Asked::default();
    std::thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| {
                while asked.queries.load(Ordering::Relaxed) < cases {
                    let seed = first + asked.seeds.fetch_add(1, Ordering::Relaxed);
                    ask_a_corpus(node, seed, cases, &asked);
                }
            });
        }
    });
    let corpora = asked.seeds.into_inner();
    let reached = asked.reached.into_inner().unwrap();
    eprintln!("{cases} cases in {corpora} corpora: {reached}");
    reached.expect_all(cases);
}

#[test]
fn cluster_folder_and_matcher_find_the_same_posts() {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = NODE.as_ref() {
        ask(node, setting("GUANLAN_CLUSTER_CASES", 20_000));
    }
}

#[test]
fn the_newest_cluster_finds_them_as_well() {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(node) = opensearch::node(opensearch::NEWEST) {
        ask(&node, setting("GUANLAN_NEWEST_CASES", 3_000));
    }
}

#[test]
fn every_literal_of_real_texts_is_found_in_the_cluster() {
    let (Some(place), Some(dir)) = (place(), shared("")) else { return };
    // A sample of the texts; `GUANLAN_COMPLETENESS` takes all.
    let is_full = std::env::var("GUANLAN_COMPLETENESS").is_ok();
    let all: Vec<_> = texts(&dir).into_iter().step_by(if is_full { 1 } else { 20 }).collect();
    let folded = folded_texts(&all);
    let pieces = pieces(&folded, 2_000);
    let expected = holders(&folded, &pieces);
    let mut lab = Lab::new();
    lab.shelf.posts = all.iter().zip(1u64..).map(|((t, b), id)| (id, post(id, t, b))).collect();
    let twin = twin(&lab, &place);
    let mut hits = 0;
    for (piece, expected) in pieces.iter().zip(expected) {
        let Piece { text, .. } = piece;
        let query = parse(&asked_for(piece), &lab.context).unwrap();
        let options = SearchOptions { limit: 60_000, group_by_story: false, ..Default::default() };
        let results = twin.search(&query, &options, Some(&lab.shelf)).unwrap();
        assert_eq!(ids(&results), expected, "`{text}`");
        hits += expected.len();
    }
    eprintln!(
        "{} substrings over {} texts: no miss, no extra; {hits} hits",
        pieces.len(),
        all.len()
    );
}

#[test]
fn a_position_is_noted_behind_its_posts_and_a_rebuild_leaves_no_gap() {
    let Some(place) = place() else { return };
    let lab = Lab::new();
    let missing = Index::open_read_only(place.clone(), &lab.segmenter).unwrap();
    assert!(matches!(missing.refresh(), Err(IndexError::Missing { .. })));
    let index = Index::open_or_create(place.clone(), &lab.segmenter).unwrap();
    assert_eq!(index.position().unwrap(), 0.into());
    let put = |id| Change::Put(Box::new(post(id, "通报", "瓦斯")));
    let mut writer = index.writer(WriterOptions::default()).unwrap();
    writer.apply(&[put(1), put(2), Change::Delete(PostId(9))]).unwrap();
    assert_eq!(found_count(&index, &lab), 0, "nothing is shown before a commit");
    writer.commit(7).unwrap();
    writer.apply(&[put(2), Change::Delete(PostId(1))]).unwrap();
    writer.commit(9).unwrap();
    assert_eq!((index.cursor().unwrap(), found_count(&index, &lab)), (9, 1));
    assert_eq!(index.posts().unwrap(), 1);
    let lock = RebuildLock::take(place.clone()).unwrap();
    let fresh = (1..=2_500).map(|id| {
        if id == 1_500 {
            assert_eq!(found_count(&index, &lab), 1, "the old one answers until then");
        }
        Ok::<_, std::io::Error>(post(id, "通报", "瓦斯"))
    });
    let mut told = Vec::new();
    let count = Index::rebuild(&lock, WriterOptions::default(), 42, fresh, &mut |n| told.push(n));
    assert_eq!((count.unwrap(), told), (2_500, vec![1_000, 2_000, 2_500]));
    // Who had the old one open goes on with the new one; a late writer is told.
    assert_eq!(found_count(&index, &lab), 2_500);
    assert!(matches!(writer.commit(10), Err(IndexError::Superseded)));
    index.refresh().unwrap();
    assert_eq!(index.cursor().unwrap(), 42);
    let broken = [Ok(post(1, "通报", "透水")), Err(std::io::Error::other("the store is gone"))];
    let failed = Index::rebuild(&lock, WriterOptions::default(), 50, broken, &mut |_| {});
    assert!(matches!(failed, Err(IndexError::Posts(_))));
    assert_eq!((index.cursor().unwrap(), found_count(&index, &lab)), (42, 2_500));
    let health = place.health().unwrap();
    assert_eq!((health.light, health.lacking), (Light::Green, 0));
    examine(place, Duration::MAX).unwrap().whole().unwrap();
}

fn found_count(index: &Index, lab: &Lab) -> u64 {
    let options = SearchOptions { limit: 1, ..Default::default() };
    index.search(&lab.query("瓦斯"), &options, None).unwrap().posts.unwrap()
}

#[test]
fn a_blank_is_no_sign() {
    let Some(place) = place() else { return };
    let lab = Lab::with([post(1, "通报", "3.5 3.1"), post(2, "通报", "3.5-3.1")]);
    let twin = twin(&lab, &place);
    for (query, expected) in [("\"5 3\"", vec![1]), ("\"5-3\"", vec![2]), ("\"3.5 3.\"", vec![1])] {
        assert_eq!(found(&twin, &lab.query(query), &lab), expected, "{query}");
    }
}

#[test]
fn many_posts_come_in_batches_and_many_values_in_pages() {
    let Some(place) = place() else { return };
    let lab = Lab::with((1..=11_000).map(|id| {
        let mut p = post(id, "通报", "瓦斯");
        p.post.post.site = format!("s{}.example.com", id % 4_500);
        p.post.story.0 = PostId(1 + id % 9_000);
        p
    }));
    let twin = twin(&lab, &place);
    let query = lab.query("瓦斯");
    for group_by_story in [false, true] {
        let limit = if group_by_story { 30 } else { 10_900 };
        let facets = vec![Facet::Site];
        let options = SearchOptions { limit, group_by_story, facets, ..Default::default() };
        let expected = lab.index.search(&query, &options, None).unwrap();
        assert_eq!(twin.search(&query, &options, None).unwrap(), expected);
    }
}

#[test]
fn a_cluster_that_is_away_or_hangs_is_told_and_never_an_empty_answer() {
    let Some(mut node) = opensearch::node(opensearch::OLDEST) else { return };
    let mut place = at(&node.address);
    place.timeout = Duration::from_secs(6);
    let lab = Lab::new();
    let index = Index::open_or_create(place.clone(), &lab.segmenter).unwrap();
    let mut writer = index.writer(WriterOptions::default()).unwrap();
    let put = |id| Change::Put(Box::new(post(id, "通报", "瓦斯")));
    writer.apply(&[put(1), put(2)]).unwrap();
    writer.commit(2).unwrap();
    let ask = || index.search(&lab.query("瓦斯"), &SearchOptions::default(), None);
    node.hold(true);
    let slow = ask().unwrap_err();
    assert!(matches!(slow, IndexError::Cluster(ClusterFault::Slow { .. })), "{slow}");
    node.hold(false);
    assert_eq!(ask().unwrap().posts, Some(2));
    node.kill();
    let away = ask().unwrap_err();
    assert!(matches!(away, IndexError::Cluster(ClusterFault::Away { .. })), "{away}");
    assert!(!away.is_lost());
    assert!(writer.apply(&[put(3)]).is_err());
    // Another station may be opened meanwhile: it is told when it asks.
    let late = Index::open_read_only(place, &lab.segmenter).unwrap();
    assert!(matches!(late.refresh(), Err(IndexError::Cluster(ClusterFault::Away { .. }))));
    node.start_again();
    let back = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        index.cursor().ok()
    });
    assert_eq!(back, Some(2), "everything that was committed is there");
    let mut writer = index.writer(WriterOptions::default()).unwrap();
    writer.apply(&[put(2), put(3)]).unwrap();
    writer.commit(3).unwrap();
    assert_eq!((ask().unwrap().posts, late.cursor().unwrap()), (Some(3), 3));
}

#[test]
fn a_copy_that_was_away_has_everything_when_it_is_the_only_one() {
    let _alone = MACHINE.lock().unwrap_or_else(PoisonError::into_inner);
    if opensearch::free_memory_mb() < 3_000 {
        opensearch::skipped("three search nodes: less than 3 GB of memory is free");
        return;
    }
    let Some(mut nodes) = opensearch::cluster(opensearch::OLDEST, 3) else { return };
    let place = ClusterPlace {
        addresses: nodes.iter().map(|node| node.address.clone()).collect(),
        shards: 1,
        replicas: 1,
        ..at(&nodes[0].address)
    };
    let lab = Lab::new();
    let index = Index::open_or_create(place.clone(), &lab.segmenter).unwrap();
    let mut writer = index.writer(WriterOptions::default()).unwrap();
    let mut write = |from, to, cursor: u64| {
        let put = |id| Change::Put(Box::new(post(id, "通报", "瓦斯")));
        writer.apply(&(from..to).map(put).collect::<Vec<_>>()).unwrap();
        writer.commit(cursor).unwrap();
    };
    write(1, 1_001, 1);
    let is_green = || place.health().ok().filter(|health| health.light == Light::Green);
    until("a copy", is_green);
    let copy = holder(&nodes, 0, &place.name, "r");
    nodes[copy].kill();
    write(1_001, 3_001, 2);
    assert_eq!(found_count(&index, &lab), 3_000);
    nodes[copy].start_again();
    until("the copy again", is_green);
    let first = holder(&nodes, copy, &place.name, "p");
    assert_ne!(first, copy);
    nodes[first].kill();
    let ask = || {
        let options = SearchOptions { limit: 1, ..Default::default() };
        index.search(&lab.query("瓦斯"), &options, None).ok().and_then(|found| found.posts)
    };
    // Whatever is answered is whole.
    assert_eq!(until("an answer", ask), 3_000);
    assert_eq!((index.posts().unwrap(), index.cursor().unwrap()), (3_000, 2));
}
