//! An index in a temporary directory with its posts beside it, as the store would have them.

use std::cell::Cell;
use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use index::{
    Change, Index, IndexedPost, PostSource, SearchIndex, SearchOptions, SearchResults, Writer,
    WriterOptions,
};
use pipelines::query::{Context, Query, Target, parse};
use pipelines::record::{
    AnnotatedPost, Channel, Confidence, Counts, Fingerprint, PolarityVerdict, Post, PostId,
    Published, Risk, SourceId, StoryId, Subject, SubjectId, Trust,
};
use pipelines::text::Segmenter;

pub const SMALL: WriterOptions = WriterOptions { threads: 1, memory_bytes: 16 << 20 };

/// The present of all tests.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_312_800, 0).unwrap()
}

/// The context of all tests: two subjects, one with namesakes.
pub fn context() -> Context {
    let subjects = vec![
        Subject {
            id: SubjectId("nanguan".into()),
            name: "南关煤矿".into(),
            short_names: vec!["南关".into()],
            codes: vec!["NG5".into()],
            exclude: vec!["南关区".into(), "长春".into()],
            ..Subject::default()
        },
        Subject {
            id: SubjectId("yunling".into()),
            name: "云岭矿业".into(),
            short_names: vec!["云岭".into()],
            ..Subject::default()
        },
    ];
    Context { subjects, ..Context::at(now()) }
}

/// A plain post; tests change what they are about.
pub fn post(id: u64, title: &str, text: &str) -> IndexedPost {
    let at = now() - TimeDelta::minutes(i64::try_from(id % 100_000).unwrap());
    let post = Post {
        id: PostId(id),
        url: format!("https://news.example.com/{id}"),
        source: SourceId("daily".into()),
        channel: Channel::News,
        trust: Trust::Normal,
        site: "news.example.com".into(),
        title: title.into(),
        text: text.into(),
        author: None,
        outlet: None,
        origin: None,
        published: Some(Published {
            at,
            has_time: true,
            confidence: Confidence::High,
            place: "feed".into(),
        }),
        fetched_at: now(),
        counts: Counts::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash: 0,
    };
    let post = AnnotatedPost {
        story: StoryId(post.id),
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
    };
    IndexedPost { post, heat: 0.0, case: None }
}

/// Posts by id, and how many were asked for.
#[derive(Default)]
pub struct Shelf {
    pub posts: HashMap<u64, IndexedPost>,
    pub fetched: Cell<usize>,
}

impl PostSource for Shelf {
    fn posts(
        &self,
        ids: &[PostId],
    ) -> Result<Vec<IndexedPost>, Box<dyn std::error::Error + Send + Sync>> {
        self.fetched.set(self.fetched.get() + ids.len());
        Ok(ids.iter().filter_map(|id| self.posts.get(&id.0).cloned()).collect())
    }
}

pub struct Lab {
    pub dir: tempfile::TempDir,
    pub segmenter: Segmenter,
    pub index: Index,
    pub writer: Option<Writer>,
    pub shelf: Shelf,
    pub context: Context,
}

impl Lab {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let context = context();
        let segmenter = context.segmenter.clone();
        let index = Index::open_or_create(dir.path(), &segmenter).unwrap();
        let writer = Some(index.writer(SMALL).unwrap());
        Self { dir, segmenter, index, writer, shelf: Shelf::default(), context }
    }

    pub fn with(posts: impl IntoIterator<Item = IndexedPost>) -> Self {
        let mut lab = Self::new();
        lab.put(posts);
        lab.commit(1);
        lab
    }

    pub fn put(&mut self, posts: impl IntoIterator<Item = IndexedPost>) {
        let changes: Vec<Change> = posts
            .into_iter()
            .map(|p| {
                self.shelf.posts.insert(p.post.post.id.0, p.clone());
                Change::Put(Box::new(p))
            })
            .collect();
        self.writer.as_mut().unwrap().apply(&changes).unwrap();
    }

    pub fn delete(&mut self, id: u64) {
        self.shelf.posts.remove(&id);
        self.writer.as_mut().unwrap().apply(&[Change::Delete(PostId(id))]).unwrap();
    }

    pub fn commit(&mut self, cursor: u64) {
        self.writer.as_mut().unwrap().commit(cursor).unwrap();
    }

    pub fn query(&self, query: &str) -> Query {
        parse(query, &self.context).unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    pub fn search(&self, query: &str, options: &SearchOptions) -> SearchResults {
        let query = self.query(query);
        self.index.search(&query, options, Some(&self.shelf)).unwrap()
    }

    /// Ids found by the index, ascending.
    pub fn found(&self, query: &Query) -> Vec<u64> {
        let options =
            SearchOptions { limit: 10_000, group_by_story: false, ..SearchOptions::default() };
        let results = self.index.search(query, &options, Some(&self.shelf)).unwrap();
        let mut ids: Vec<u64> = results.hits.iter().map(|h| h.post.0).collect();
        assert_eq!(results.posts, Some(ids.len() as u64));
        ids.sort_unstable();
        ids
    }

    /// Ids that the in-memory matcher accepts, ascending.
    pub fn matched(&self, query: &Query) -> Vec<u64> {
        let mut ids: Vec<u64> = self
            .shelf
            .posts
            .values()
            .filter(|p| {
                let mut target = Target::new(&p.post).segmented_by(&self.segmenter);
                target.facts.heat = Some(f64::from(p.heat));
                target.facts.cases = p.case.as_deref().into_iter().collect();
                query.accepts(&target)
            })
            .map(|p| p.post.post.id.0)
            .collect();
        ids.sort_unstable();
        ids
    }
}
