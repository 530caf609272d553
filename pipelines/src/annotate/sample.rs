//! Posts for the tests of this module: fictitious, with times counted in hours from one fixed instant.
//!
//! In: a slug, texts, hours. Out: posts that differ only in these. Holds no real text and reads no clock.

use chrono::{DateTime, Duration, Utc};

use crate::record::{
    AnnotatedPost, Channel, Confidence, Counts, Polarity, PolarityVerdict, Post, PostId, Published,
    Risk, StoryId, Trust,
};
use crate::text::fold;

use super::fingerprint::{fingerprint, mix};

/// The instant tests begin at.
pub(super) fn start() -> DateTime<Utc> {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

/// A post of a local news site of its own, published `hours` after [`start`].
pub(super) fn post(slug: &str, title: &str, text: &str, hours: i64) -> Post {
    let url = format!("https://{slug}.example/");
    let at = start() + Duration::hours(hours);
    let both = format!("{}\n{}", fold(title).text(), fold(text).text());
    Post {
        id: PostId::of_url(&url),
        url,
        source: "local".into(),
        channel: Channel::News,
        trust: Trust::Normal,
        site: format!("{slug}.example"),
        title: title.to_owned(),
        text: text.to_owned(),
        author: None,
        outlet: None,
        origin: None,
        published: Some(Published {
            at,
            has_time: true,
            confidence: Confidence::High,
            place: "feed".into(),
        }),
        fetched_at: at + Duration::minutes(10),
        counts: Counts::default(),
        comments: Vec::new(),
        issues: Vec::new(),
        content_hash: both.bytes().fold(7, |hash, b| mix(hash ^ u64::from(b))),
    }
}

/// The same, with fingerprint and no other verdict.
pub(super) fn annotated(slug: &str, title: &str, text: &str, hours: i64) -> AnnotatedPost {
    let post = post(slug, title, text, hours);
    AnnotatedPost {
        fingerprint: fingerprint(fold(text).text()),
        story: StoryId(post.id),
        post,
        polarity: PolarityVerdict::default(),
        words: Default::default(),
        facts: Vec::new(),
        mentions: Vec::new(),
        topics: Vec::new(),
        filing: None,
        meaning: None,
        risk: Risk::default(),
    }
}

/// A verdict without basis.
pub(super) fn verdict(polarity: Polarity, confidence: f32) -> PolarityVerdict {
    PolarityVerdict { polarity, confidence, ..PolarityVerdict::default() }
}
