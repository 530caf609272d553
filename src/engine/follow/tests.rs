//! What the follower outlives: an index that another writes to, that is taken away, that is damaged.
//!
//! A store and an index in a folder, no station around them; waits are for what the follower tells.

use std::sync::mpsc;

use chrono::Utc;
use pipelines::record::{
    AnnotatedPost, Channel, Counts, Fingerprint, PolarityVerdict, Post, PostId, Risk, SourceId,
    StoryId, Trust,
};
use pipelines::text::Segmenter;

use super::*;
use crate::store::SqliteStore;

fn post(id: u64) -> AnnotatedPost {
    let post = Post {
        id: PostId(id),
        url: format!("https://news.example.com/{id}"),
        source: SourceId("daily".into()),
        channel: Channel::News,
        trust: Trust::Normal,
        site: "news.example.com".into(),
        title: "通报".into(),
        text: "瓦斯超限".into(),
        author: None,
        outlet: None,
        origin: None,
        published: None,
        fetched_at: Utc::now(),
        counts: Counts::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash: id,
    };
    AnnotatedPost {
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
    }
}

/// A follower at work, and what it was told; no wait is longer than nothing.
struct Lab {
    dir: tempfile::TempDir,
    store: Arc<dyn Store>,
    nudge: Nudge,
    damaged: Arc<AtomicBool>,
    told: mpsc::Receiver<Option<String>>,
    follower: Option<std::thread::JoinHandle<Result<(), FollowError>>>,
}

impl Lab {
    /// `before` is done to the directory of the index before anything follows.
    fn start(before: impl FnOnce(&Index)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&dir.path().join("guanlan.db")).unwrap());
        let index_dir = dir.path().join("index");
        let index = Index::open_or_create(&index_dir, &Segmenter::default()).unwrap();
        before(&index);
        let (tell, told) = mpsc::channel();
        let nudge = Nudge::default();
        let damaged = Arc::<AtomicBool>::default();
        let follower = Follower {
            store: store.clone(),
            index: Arc::new(index),
            place: index_dir.into(),
            clock: Arc::new(Utc::now),
            told: Box::new(move |told| {
                tell.send(told.map(ToString::to_string)).unwrap();
                Duration::ZERO
            }),
            damaged: damaged.clone(),
        };
        let follower = std::thread::spawn({
            let nudge = nudge.clone();
            move || follower.follow(&nudge)
        });
        Self { dir, store, nudge, damaged, told, follower: Some(follower) }
    }

    /// One whose follower has the index open and is at work: it had to wait for it first, and said so.
    fn at_work() -> Self {
        let mut taken = None;
        let lab =
            Self::start(|index| taken = Some(index.writer(WriterOptions::default()).unwrap()));
        assert!(lab.told.recv().unwrap().unwrap().contains("another process"));
        drop(taken);
        while lab.told.recv().unwrap().is_some() {}
        lab
    }

    /// A new post.
    fn change(&self, id: u64) {
        self.store.write(&mut |write| write.put_post(&post(id)).map(|_| ())).unwrap();
        self.nudge.nudge();
    }

    /// Waits for the failure that `part` is said of, and until it is over.
    fn outlives(&self, part: &str) {
        let failed = self.told.recv().unwrap().expect("a failure comes first");
        assert!(failed.contains(part), "{failed}");
        while self.told.recv().unwrap().is_some() {}
    }

    fn ends_level(mut self, posts: u64) {
        self.nudge.end(Ending::CaughtUp);
        self.follower.take().unwrap().join().unwrap().unwrap();
        let dir = self.dir.path().join("index");
        let index = Index::open_read_only(&dir, &Segmenter::default()).unwrap();
        let stands = standing(&*self.store, &index).unwrap();
        assert_eq!((stands, index.posts().unwrap()), (Standing::Level, posts));
        examine(&dir, Duration::MAX).unwrap().whole().unwrap();
    }
}

#[test]
fn an_index_that_another_writes_to_is_followed_once_it_is_free() {
    let lab = Lab::at_work();
    lab.change(1);
    lab.ends_level(1);
}

#[test]
fn an_index_taken_away_under_the_follower_is_rebuilt_and_followed_on() {
    let lab = Lab::at_work();
    lab.change(1);
    // Moved, not deleted piece by piece, which races with who writes there.
    std::fs::rename(lab.dir.path().join("index"), lab.dir.path().join("gone")).unwrap();
    lab.change(2);
    lab.outlives("");
    lab.change(3);
    lab.ends_level(3);
}

#[test]
fn an_index_found_damaged_is_rebuilt() {
    let lab = Lab::at_work();
    lab.change(1);
    lab.damaged.store(true, Ordering::SeqCst);
    lab.change(2);
    lab.outlives("damaged");
    lab.ends_level(2);
}
