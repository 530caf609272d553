//! What comes in: who may change what, what is refused, and that one truth is answered.

use std::sync::Arc;

use chrono::TimeDelta;
use pipelines::record::{
    Channel, Comment, Confidence, Correction, Counts, Fingerprint, Meaning, Polarity,
    PolarityVerdict, Published, Risk, Said, StoryId, Trust,
};

use super::*;
use crate::store::{Store, lab};

/// These two have one id: found in six processor minutes by walking through addresses of one's own.
const TWINS: [&str; 2] =
    ["http://127.0.0.1:18080/c/a6867c0e633f64f4", "http://127.0.0.1:18080/c/ce9fd56dc4fb215a"];

fn start() -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

fn post(url: &str, source: &str, text: &str) -> AnnotatedPost {
    let id = PostId::of_url(url);
    AnnotatedPost {
        story: StoryId(id),
        polarity: PolarityVerdict::default(),
        words: Default::default(),
        facts: Vec::new(),
        mentions: Vec::new(),
        topics: Vec::new(),
        filing: None,
        risk: Risk::default(),
        fingerprint: Fingerprint::default(),
        meaning: None,
        post: Post {
            id,
            url: url.to_owned(),
            source: source.into(),
            channel: Channel::News,
            trust: Trust::Normal,
            site: "good.example".to_owned(),
            title: text.chars().take(8).collect(),
            text: text.to_owned(),
            author: None,
            outlet: None,
            origin: None,
            published: None,
            fetched_at: start(),
            counts: Counts::default(),
            comments: Vec::new(),
            issues: Vec::new(),
            content_hash: text.bytes().fold(7, |h, b| u64::from(b) ^ h.rotate_left(9)),
        },
    }
}

fn claimed(url: &str, source: &str, text: &str) -> AnnotatedPost {
    let mut claimed = post(url, source, text);
    claimed.post.issues.push(Issue::ClaimedAddress);
    claimed
}

struct Lab {
    _dir: tempfile::TempDir,
    store: Arc<dyn Store>,
}

impl Lab {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = lab::open(dir.path());
        Self { _dir: dir, store }
    }

    fn put(&self, post: &AnnotatedPost) -> (Inserted, AnnotatedPost) {
        let foretold = self.store.reception(&post.post).unwrap();
        let mut answer = None;
        self.store
            .write(&mut |write| {
                answer = Some(write.put_post(post)?);
                Ok(())
            })
            .unwrap();
        let answer = answer.unwrap();
        assert_eq!(foretold, answer.0, "what would become of it is what becomes of it");
        answer
    }

    fn stored(&self, url: &str) -> AnnotatedPost {
        self.store.post(PostId::of_url(url)).unwrap().unwrap()
    }
}

const URL: &str = "https://good.example/a";

#[test]
fn two_addresses_with_one_id_cost_one_post_not_the_station() {
    let lab = Lab::new();
    let [first, second] = TWINS.map(|url| post(url, "evil", url));
    assert_eq!(first.post.id, second.post.id);
    assert_eq!(lab.put(&first).0, Inserted::New);
    assert_eq!(lab.put(&second).0, Inserted::Collision);
    assert_eq!(lab.stored(TWINS[0]).post.url, TWINS[0]);
    // The end of the one is not the end of the other.
    lab.store.write(&mut |write| write.mark_gone(TWINS[1], start()).map(drop)).unwrap();
    assert!(lab.store.marks(first.post.id).unwrap().gone.is_none());
}

#[test]
fn what_a_post_is_about_is_stored_shortly_and_need_not_be_known() {
    let lab = Lab::new();
    let mut told = post(URL, "good", "河水恢复清澈");
    let plain = serde_json::to_string(&told).unwrap();
    assert!(!plain.contains("meaning"), "{plain}");
    let numbers = (0..128).map(|n| (n as f32 - 60.0).sin()).collect::<Vec<_>>();
    told.meaning = Meaning::of([7, 9], &numbers);
    assert!(serde_json::to_string(&told).unwrap().len() < plain.len() + 200);
    lab.put(&told);
    assert_eq!(lab.stored(URL), told);
    lab.put(&post("https://good.example/b", "good", "河水有毒"));
    assert_eq!(lab.stored("https://good.example/b").meaning, None);
}

#[test]
fn another_feed_cannot_rewrite_a_post() {
    let lab = Lab::new();
    lab.put(&post(URL, "good", "河水恢复清澈"));
    for claim in [claimed(URL, "evil", "河水有毒"), post(URL, "beside", "河水发臭")] {
        assert_eq!(lab.put(&claim).0, Inserted::Foreign);
    }
    assert_eq!(lab.put(&claimed(URL, "copies", "河水恢复清澈")).0, Inserted::Duplicate);
    let stored = lab.stored(URL);
    assert_eq!((stored.post.source.as_str(), stored.post.text.as_str()), ("good", "河水恢复清澈"));
    assert_eq!(lab.put(&post(URL, "good", "河水恢复清澈，鱼回来了")).0, Inserted::Edited);
}

#[test]
fn a_claim_keeps_its_text_until_the_house_itself_speaks() {
    let lab = Lab::new();
    let known = || lab.store.known_urls(&[URL.to_owned()]).unwrap()[0];
    assert_eq!(lab.put(&claimed(URL, "gateway", "河水有毒")).0, Inserted::New);
    assert_eq!(lab.stored(URL).post.source.as_str(), "gateway");
    assert!(!known(), "a claim must not keep the house's own page from being asked for");
    assert_eq!(lab.put(&claimed(URL, "other", "河水发臭")).0, Inserted::Foreign);
    assert_eq!(lab.put(&post(URL, "good", "河水恢复清澈")).0, Inserted::Edited);
    assert_eq!(lab.stored(URL).post.source.as_str(), "good");
    assert!(known());
    assert_eq!(lab.put(&claimed(URL, "gateway", "河水有毒")).0, Inserted::Foreign);
    assert_eq!(lab.stored(URL).post.text, "河水恢复清澈");
}

#[test]
fn what_the_store_mends_is_what_is_answered() {
    let lab = Lab::new();
    lab.put(&post(URL, "good", "工资没有发"));
    let id = PostId::of_url(URL);
    let story = StoryId(PostId(77));
    lab.store
        .write(&mut |write| {
            write.set_story(&[id], story)?;
            let (said, by) = (Said::Polarity(Polarity::Positive), String::new());
            write.put_correction(&Correction { post: id, said, by, at: start() })
        })
        .unwrap();
    let mut edited = post(URL, "good", "工资没有发，改了");
    edited.post.fetched_at = start() + TimeDelta::days(3);
    let (inserted, answered) = lab.put(&edited);
    assert_eq!(inserted, Inserted::Edited);
    assert_eq!(answered, lab.stored(URL));
    assert_eq!(answered.polarity.polarity, Polarity::Positive);
    assert_eq!((answered.story, answered.post.fetched_at), (story, start()));
}

#[test]
fn a_thread_that_grew_is_answered_with_its_replies() {
    let lab = Lab::new();
    lab.put(&post(URL, "good", "今天停水吗"));
    let mut grown = post(URL, "good", "今天停水吗");
    grown.post.comments.push(Comment { text: "停".into(), published_at: None, author: None });
    let (inserted, answered) = lab.put(&grown);
    assert_eq!((inserted, answered.post.comments.len()), (Inserted::Grown, 1));
    assert_eq!(lab.put(&grown).0, Inserted::Duplicate);
}

#[test]
fn a_post_purged_on_purpose_does_not_come_back() {
    let lab = Lab::new();
    let rumour = post(URL, "good", "不实消息");
    lab.put(&rumour);
    lab.store.write(&mut |write| write.bury_post(rumour.post.id, start()).map(drop)).unwrap();
    assert_eq!(lab.put(&rumour).0, Inserted::Purged);
    assert_eq!(lab.store.post_count().unwrap(), 0);
}

#[test]
fn a_page_that_ended_behind_a_redirect_ends_its_post() {
    let lab = Lab::new();
    let asked = "https://good.example/go?id=1";
    let job = pipelines::record::FetchJob::new(asked, &"good".into(), start());
    lab.store
        .write(&mut |write| {
            write.add_jobs(std::slice::from_ref(&job))?;
            let (_, post) = write.put_post(&post(URL, "good", "通知"))?;
            write.mark_served(asked, Some(post.post.id))?;
            write.mark_gone(asked, start()).map(drop)
        })
        .unwrap();
    assert!(lab.store.marks(PostId::of_url(URL)).unwrap().gone.is_some());
}

#[test]
fn a_time_in_the_future_neither_sorts_nor_counts_as_its_own() {
    let lab = Lab::new();
    let mut ahead = post(URL, "good", "明年的通知");
    let at = start() + TimeDelta::days(365);
    let confidence = Confidence::High;
    ahead.post.published = Some(Published { at, has_time: true, confidence, place: "feed".into() });
    lab.put(&ahead);
    assert_eq!(lab.stored(URL).post.time(), start());
    assert_eq!(lab.store.post_times(&"good".into(), start(), 9).unwrap(), [start()]);
}

#[test]
fn posts_are_found_by_the_beginning_of_their_id() {
    let lab = Lab::new();
    let mut ids = Vec::new();
    for n in 0..300 {
        let post = post(&format!("https://good.example/{n}"), "good", &format!("第{n}条"));
        ids.push(post.post.id);
        lab.put(&post);
    }
    for digits in [1, 2, 3, 16] {
        for id in ids.iter().step_by(37) {
            let prefix = id.to_string()[..digits].to_owned();
            let mut expected = ids
                .iter()
                .copied()
                .filter(|id| id.to_string().starts_with(&prefix))
                .collect::<Vec<_>>();
            expected.sort_by_key(|id| id.0.cast_signed());
            assert_eq!(lab.store.posts_by_prefix(&prefix, 1_000).unwrap(), expected, "{prefix}");
        }
    }
    assert!(lab.store.posts_by_prefix("%", 9).unwrap().is_empty());
}
