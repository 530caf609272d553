//! A walk through the index: from posts to an answer, to a mark in the text.
//!
//! `cargo run -p guanlan-index --example search`

use std::error::Error;

use chrono::{DateTime, TimeDelta, Utc};
use index::{
    Change, Facet, Index, IndexedPost, PostSource, SearchIndex, SearchOptions, WriterOptions,
    highlight,
};
use pipelines::query::{Context, Target, parse};
use pipelines::record::{
    AnnotatedPost, Author, Channel, Counts, Fingerprint, PolarityVerdict, Post, PostId, Risk,
    SourceId, StoryId, TextField, Trust,
};

fn main() -> Result<(), Box<dyn Error>> {
    // The index is a projection of the store; here three posts stand for the store.
    let now = DateTime::from_timestamp(1_795_312_800, 0).unwrap_or_default();
    let store = Store(vec![
        post(
            1,
            now - TimeDelta::hours(5),
            "雲嶺礦業回應停工",
            "南關煤礦昨日瓦\n斯超限，井下人員已全部撤出。",
        ),
        post(
            2,
            now - TimeDelta::hours(2),
            "南关煤矿恢复生产",
            "经检查，瓦斯浓度正常。企业称将举一反三。",
        ),
        post(3, now - TimeDelta::hours(1), "食堂上新菜", "职工点赞。"),
    ]);

    // One writer. A commit carries the store's cursor, so that after a crash the station knows from where
    // to go on; re-adding what is there already is harmless.
    let dir = std::env::temp_dir().join(format!("guanlan-example-{}", std::process::id()));
    let context = Context::at(now);
    let index = Index::open_or_create(&dir, &context.segmenter)?;
    let mut writer = index.writer(WriterOptions { threads: 1, memory_bytes: 16 << 20 })?;
    let changes: Vec<Change> = store.0.iter().cloned().map(|p| Change::Put(Box::new(p))).collect();
    writer.apply(&changes)?;
    writer.commit(3)?;

    // One language for search and rules. 瓦斯 is found in the first post although a line break cuts it and
    // the post is written in traditional characters.
    let query = parse("瓦斯 (超限 | 正常)", &context)?;
    let options = SearchOptions {
        facets: vec![Facet::Source],
        histogram: Some(8 * 3600),
        ..SearchOptions::default()
    };
    let results = index.search(&query, &options, Some(&store))?;
    println!("{} posts in {} stories", results.posts.unwrap_or(0), results.stories.unwrap_or(0));

    // The index answers with ids. What is shown comes from the store, marked by the in-memory matcher,
    // which agrees with the index on every post.
    for hit in &results.hits {
        let Some(found) = store.0.iter().find(|p| p.post.post.id == hit.post) else { continue };
        let spans = query.matches(&Target::new(&found.post)).unwrap_or_default();
        let post = &found.post.post;
        let title = highlight::mark_all(&post.title, TextField::Title, &spans);
        let piece = highlight::snippet(&post.text, TextField::Body, &spans, 24);
        println!("{}  {}", hit.time.format("%m-%d %H:%M"), title.render("[", "]"));
        println!("    {}", piece.render("[", "]"));
    }
    assert_eq!(results.posts, Some(2));

    drop(writer);
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

/// A store of posts in memory. The index asks it only for queries that look into texts.
struct Store(Vec<IndexedPost>);

impl PostSource for Store {
    fn posts(&self, ids: &[PostId]) -> Result<Vec<IndexedPost>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.iter().filter(|p| ids.contains(&p.post.post.id)).cloned().collect())
    }
}

fn post(n: u64, at: DateTime<Utc>, title: &str, text: &str) -> IndexedPost {
    let url = format!("https://news.example.com/{n}");
    let id = PostId::of_url(&url);
    let post = Post {
        id,
        url,
        source: SourceId("daily".into()),
        channel: Channel::News,
        trust: Trust::Normal,
        site: "news.example.com".into(),
        title: title.into(),
        text: text.into(),
        author: Some(Author::Official("云岭日报".into())),
        outlet: None,
        origin: None,
        published: None,
        fetched_at: at,
        counts: Counts::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash: 0,
    };
    let post = AnnotatedPost {
        post,
        polarity: PolarityVerdict::default(),
        words: Default::default(),
        facts: Vec::new(),
        mentions: Vec::new(),
        topics: Vec::new(),
        filing: None,
        risk: Risk::default(),
        fingerprint: Fingerprint::default(),
        meaning: None,
        story: StoryId(id),
    };
    IndexedPost { post, heat: 0.0, case: None }
}
