//! What an answer looks like: order, lines per story, pages, facets, days, ranks, offers.

use chrono::TimeDelta;
use index::{Facet, IndexError, IndexedPost, SearchIndex, SearchOptions, Sort};
use pipelines::record::{Channel, PostId, SourceId, StoryId};

use crate::lab::{Lab, now, post};

/// Post `id`, `hours` old, in `story`, from `source`.
fn told(id: u64, hours: i64, story: u64, source: &str) -> IndexedPost {
    let mut p = post(id, "井下透水", "三人被困，救援正在进行。");
    p.post.story = StoryId(PostId(story));
    p.post.post.source = SourceId(source.into());
    p.post.post.published.as_mut().unwrap().at = now() - TimeDelta::hours(hours);
    p
}

fn ids(lab: &Lab, query: &str, options: &SearchOptions) -> Vec<u64> {
    lab.search(query, options).hits.iter().map(|h| h.post.0).collect()
}

fn ungrouped() -> SearchOptions {
    SearchOptions { group_by_story: false, ..SearchOptions::default() }
}

#[test]
fn newest_first_one_line_per_story() {
    let lab = Lab::with([
        told(1, 9, 1, "daily"),
        told(2, 2, 1, "board"),
        told(3, 5, 3, "board"),
        told(4, 1, 4, "daily"),
    ]);
    let results = lab.search("透水", &SearchOptions::default());
    let lines: Vec<_> = results
        .hits
        .iter()
        .map(|h| (h.post.0, h.in_story, h.first.post.0, h.first.source.as_str()))
        .collect();
    assert_eq!(lines, [(4, 1, 4, "daily"), (2, 2, 1, "daily"), (3, 1, 3, "board")]);
    assert_eq!((results.posts, results.stories), (Some(4), Some(3)));
    assert_eq!(ids(&lab, "透水", &ungrouped()), [4, 2, 3, 1]);
}

#[test]
fn the_first_page_of_stories_is_the_beginning_of_all_of_them() {
    // Few times and many posts of a story: ties everywhere, in several segments.
    let mut lab = Lab::new();
    let mut dice = crate::dice::Dice::new(11);
    for round in 1..=4 {
        let ids = (1..=60).map(|n| round * 1_000 + n);
        lab.put(ids.map(|id| told(id, dice.below(7) as i64, 1 + dice.below(40) as u64, "daily")));
        lab.commit(round);
    }
    lab.delete(1_007);
    lab.commit(9);
    // Beyond the longest page each story has its line from the beginning.
    let every = lab.search("透水", &SearchOptions { limit: 500, ..Default::default() });
    assert_eq!(every.posts, Some(239));
    for limit in [1, 2, 7, 20, 39, 100] {
        let page = lab.search("透水", &SearchOptions { limit, ..Default::default() });
        assert_eq!(page.hits, every.hits[..limit.min(every.hits.len())], "{limit}");
        assert_eq!((page.posts, page.stories), (every.posts, every.stories));
        assert_eq!(page.next.is_some(), limit < every.hits.len(), "{limit}");
    }
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    // Many of one time, so that ties are met.
    let lab = Lab::with((1..=57).map(|i| told(i, (i % 4) as i64, 1 + i / 2, "daily")));
    for sort in [Sort::Newest, Sort::Relevance, Sort::Risk, Sort::Heat] {
        for group_by_story in [false, true] {
            let whole = SearchOptions { limit: 100, sort, group_by_story, ..Default::default() };
            let expected = ids(&lab, "透水", &whole);
            let mut page = SearchOptions { limit: 5, ..whole };
            let mut found = Vec::new();
            loop {
                let results = lab.search("透水", &page);
                found.extend(results.hits.iter().map(|h| h.post.0));
                assert_eq!(results.posts, Some(57));
                let Some(next) = results.next else { break };
                page.after = Some(next.to_string().parse().unwrap());
            }
            assert_eq!(found, expected, "{sort:?} {group_by_story}");
        }
    }
}

#[test]
fn a_page_without_totals_is_the_same_page() {
    let lab = Lab::with((1..=40).map(|i| told(i, (i % 7) as i64, i, "daily")));
    let quick = SearchOptions { totals: false, ..ungrouped() };
    assert_eq!(ids(&lab, "透水", &quick), ids(&lab, "透水", &ungrouped()));
    assert!(lab.search("透水", &quick).next.is_some());
}

#[test]
fn facets_and_days_count_posts() {
    let mut posts = [told(1, 1, 1, "daily"), told(2, 30, 1, "board"), told(3, 31, 3, "board")];
    posts[1].post.post.channel = Channel::Forum;
    let lab = Lab::with(posts);
    let options = SearchOptions {
        facets: vec![Facet::Source, Facet::Channel, Facet::Topic],
        histogram: Some(8 * 3600),
        ..SearchOptions::default()
    };
    let results = lab.search("透水", &options);
    let counts: Vec<_> = results.facets.iter().map(|f| f.counts.clone()).collect();
    let named = |all: &[(&str, u64)]| -> Vec<(String, u64)> {
        all.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect()
    };
    assert_eq!(counts[0], named(&[("board", 2), ("daily", 1)]));
    assert_eq!(counts[1], named(&[("news", 2), ("forum", 1)]));
    assert_eq!(counts[2], named(&[]));
    // 14:00 of the 22nd in Beijing, 30 and 31 hours before it the morning of the 21st.
    let days: Vec<_> = results.histogram.iter().map(|d| (d.day.to_string(), d.posts)).collect();
    assert_eq!(days.iter().map(|d| d.1).sum::<u64>(), 3);
    assert_eq!(days.len(), 2);
}

#[test]
fn words_rank_by_how_much_is_said_of_them() {
    let lab = Lab::with([
        post(1, "通报", "瓦斯超限一次，其余时间生产正常，各项工作有序推进，职工情绪稳定。"),
        post(2, "瓦斯", "瓦斯超限！瓦斯抽采泵停，瓦斯浓度升高，撤人。"),
        post(3, "食堂", "新菜上市。"),
    ]);
    let options = SearchOptions { sort: Sort::Relevance, ..ungrouped() };
    let results = lab.search("words:(瓦斯超限)", &options);
    let found: Vec<_> = results.hits.iter().map(|h| h.post.0).collect();
    assert_eq!(found, [2, 1]);
    assert!(results.hits[0].score > results.hits[1].score && results.hits[1].score > 0.0);
}

#[test]
fn words_are_offered_where_the_literal_is_missing() {
    let lab = Lab::with([post(1, "通报", "瓦斯检查员今天发现超限"), post(2, "通报", "瓦斯正常")]);
    assert_eq!(lab.search("\"瓦斯超限\"", &ungrouped()).posts, Some(0));
    assert_eq!(lab.index.words_available("瓦斯超限").unwrap(), 1);
    assert_eq!(lab.index.words_available("。").unwrap(), 0);
}

#[test]
fn only_queries_into_texts_fetch_posts() {
    let lab = Lab::with([post(1, "通报", "瓦斯超限3次，瓦斯抽采。"), post(2, "通报", "透水")]);
    for query in [
        "瓦斯",
        "瓦斯 NEAR/20 抽采",
        "瓦斯{2,}",
        "瓦斯 同句 抽采",
        "瓦*",
        "-瓦斯 通报",
        "@南关 | 瓦斯",
    ] {
        let _ = lab.search(query, &ungrouped());
        assert_eq!(lab.shelf.fetched.get(), 0, "{query}");
    }
    assert_eq!(ids(&lab, "/超限[0-9]次/", &ungrouped()), [1]);
    assert_eq!(lab.shelf.fetched.get(), 1, "only the candidate is fetched");
    let query = lab.query("/超限[0-9]次/");
    let refused = lab.index.search(&query, &ungrouped(), None);
    assert!(matches!(refused, Err(IndexError::NeedsPosts)));
}
