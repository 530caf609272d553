//! One transaction that holds several readings of one post.

use pipelines::crawl::{FileFormat, SourceConfig, SourceKind};
use pipelines::record::{Confidence, Found, FoundComment, PostId, Published};

use crate::config::{Config, Overrides};
use crate::engine::step::Step;
use crate::engine::{Station, nobody, system_clock};

const TEXT: &str = "霁河下游的居民反映，选煤厂排水口附近的河水连续三天发黑，岸边留下一层煤泥水的黑泥，县里表示已经派人取样。";

fn thread(replies: usize) -> Found {
    let reply = |n| FoundComment { author: None, text: format!("第{n}楼"), published_at: None };
    Found {
        title: Some("河水发黑".to_owned()),
        text: Some(TEXT.to_owned()),
        comments: (0..replies).map(reply).collect(),
        ..Found::default()
    }
}

/// A fresh station and a source of files.
fn station(dir: &std::path::Path) -> (Station, SourceConfig) {
    let data_dir = Some(dir.join("data"));
    let config = Config::shipped(&Overrides { data_dir, ..Overrides::default() });
    let (path, format) = (String::new(), FileFormat::Jsonl);
    let kind = SourceKind::Files { path, format, map: Default::default() };
    (Station::open(config, system_clock(), nobody()).unwrap(), SourceConfig::new("s", "s", kind))
}

#[test]
fn a_text_that_comes_back_after_weeks_is_in_the_story_it_was_in() {
    let dir = tempfile::tempdir().unwrap();
    let (station, source) = station(dir.path());
    let now = chrono::Utc::now();
    let take = |url: &str, days: i64| {
        let at = now - chrono::TimeDelta::days(days);
        let published = Some(Published {
            at,
            has_time: true,
            confidence: Confidence::High,
            place: String::new(),
        });
        let mut step = Step::new(&source.id, now);
        let found = Found { published, ..thread(0) };
        step.take(station.collector.stages.item(url, found, &source, now));
        assert_eq!(station.collector.committer.commit_blocking(step).unwrap().kept, 1);
        station.store.post(PostId::of_url(url)).unwrap().unwrap().story
    };
    let first = take("https://bbs.example/t/1", 60);
    let second = take("https://copy.example/1", 30);
    let third = take("https://other.example/1", 0);
    assert_eq!((second, third), (first, first));
    station.close().unwrap();
}

#[test]
fn a_thread_that_is_new_and_grows_within_one_batch_keeps_its_replies() {
    let dir = tempfile::tempdir().unwrap();
    let (station, source) = station(dir.path());
    let now = chrono::Utc::now();
    let mut step = Step::new(&source.id, now);
    let url = "https://bbs.example/t/1";
    // The copy is company: the first post is written again with the risk that company makes.
    for (url, found) in [(url, thread(1)), ("https://copy.example/1", thread(0)), (url, thread(3))]
    {
        step.take(station.collector.stages.item(url, found, &source, now));
    }
    let tally = station.collector.committer.commit_blocking(step).unwrap();
    assert_eq!((tally.kept, tally.dropped_total()), (2, 1), "{tally:?}");
    let stored = station.store.post(PostId::of_url(url)).unwrap().unwrap();
    assert_eq!(stored.post.comments.len(), 3);
    assert_ne!(
        station.store.story_posts(stored.story, 9).unwrap().len(),
        1,
        "they must keep company for the test to mean anything"
    );
    station.close().unwrap();
}
