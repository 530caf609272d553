//! What a book keeps of a post: numbers to compare by, no text.
//!
//! In: an annotated post. Out: its place in time, its sketch, and the profile of headline and lead. A function of the
//! post alone.

use super::super::fingerprint::{SKETCH, mix, resemblance};
use super::super::happening::{Judge, Order, Telling};
use super::super::headline::{Profile, same_happening};
use super::Place;
use crate::record::{
    AnnotatedPost, FactStatus, Fingerprint, Meaning, Mention, Polarity, PostKind, StoryId,
};
use crate::text::fold;

/// Characters of headline and lead that are compared.
const PROFILE_CHARS: usize = 64;
/// A headline of fewer characters is helped out by the lead; a longer one is diluted by it.
const SHORT_HEADLINE: usize = 10;
/// Rare words a post is looked up by.
const TERM_KEYS: usize = 40;
/// Characters of a text that are folded for its lead.
const LEAD_READ: usize = 320;
/// Smallest shingles a post is looked up by: near copies with half in common share one with 99.6 %.
const SHINGLE_KEYS: usize = 8;
/// What headlines must score where bodies are so short that a site's footer may be most of them.
const SHORT_COPY_SCORE: f32 = 0.3;
/// Shingles from which a body speaks for itself.
const LONG_BODY: f32 = 60.0;
/// The same for two posts of one site, whose footer may be most of a short text: on a public feed of 2,897
/// posts, footers alone had put 104 pages of one newspaper into one story.
const LONG_BODY_OF_ONE_SITE: f32 = 300.0;
/// Kinds of posts that tell of trouble or answer for it.
const TROUBLE: [PostKind; 5] = [
    PostKind::Grievance,
    PostKind::Accident,
    PostKind::Misconduct,
    PostKind::Rumour,
    PostKind::Response,
];
/// Shorter bodies are no proof of copying (转发微博).
const COPY_SHINGLES: usize = 8;

/// A post in the book.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) place: Place,
    pub(super) story: StoryId,
    pub(super) content: u64,
    pub(super) fingerprint: Fingerprint,
    pub(super) profile: Profile,
    pub(super) telling: Telling,
    /// What it is about, where the deep reader told.
    pub(super) meaning: Option<Meaning>,
    terms: Vec<u32>,
    claims: Vec<u64>,
    troubles: Vec<u64>,
    /// Whether the profile holds words of the lead, the headline being short.
    has_lead: bool,
    /// Hash of the site it stands on.
    pub(super) site: u32,
}

impl Member {
    /// The time of a post (never later than it was fetched) and its id.
    pub(super) fn place_of(post: &AnnotatedPost) -> Place {
        (post.post.time().min(post.post.fetched_at).timestamp(), post.post.id)
    }

    /// A post as the book keeps it, and the order in which it says what it tells.
    pub(super) fn read(post: &AnnotatedPost, judge: &Judge) -> (Self, Order) {
        let (words, has_lead) = headline_and_lead(post);
        let text = &post.post.text;
        let end = text.char_indices().nth(LEAD_READ).map_or(text.len(), |(at, _)| at);
        let (telling, order) =
            Telling::read(fold(&post.post.title).text(), fold(&text[..end]).text());
        let member = Self {
            place: Self::place_of(post),
            story: StoryId(post.post.id),
            content: post.post.content_hash,
            fingerprint: post.fingerprint.clone(),
            terms: if telling.says_something() {
                judge.keys(&telling, TERM_KEYS)
            } else {
                Vec::new()
            },
            claims: claims(post),
            troubles: troubles(post),
            profile: Profile::of(&words, PROFILE_CHARS),
            telling,
            meaning: post.meaning.clone(),
            has_lead,
            site: hashed(0, &post.post.site) as u32,
        };
        (member, order)
    }

    pub(super) fn content_keys(&self) -> &[u64] {
        if has_own_words(&self.fingerprint) { std::slice::from_ref(&self.content) } else { &[] }
    }

    pub(super) fn shingle_keys(&self) -> &[u32] {
        let sketch = &self.fingerprint.sketch;
        &sketch[..sketch.len().min(SHINGLE_KEYS)]
    }

    /// Rumours of how many people died or are trapped with a subject, spread or taken back: who refutes a number tells of the
    /// happening that was rumoured, in whatever words.
    pub(super) fn claim_keys(&self) -> &[u64] {
        &self.claims
    }

    /// Which of our subjects has which trouble: a plant that fouls a river is written of in many words.
    pub(super) fn troubles(&self) -> &[u64] {
        &self.troubles
    }

    pub(super) fn term_keys(&self) -> &[u32] {
        &self.terms
    }

    /// Whether both bodies are long enough to be compared without their headlines.
    fn is_long_with(&self, other: &Self) -> bool {
        let shorter = self.fingerprint.sketch.len().min(other.fingerprint.sketch.len());
        let wanted = if self.site == other.site { LONG_BODY_OF_ONE_SITE } else { LONG_BODY };
        shorter >= SKETCH && resemblance(&self.fingerprint, &other.fingerprint).shorter >= wanted
    }

    /// Whether what the words of both have in common can be more than a frame their site puts around texts.
    pub(super) fn words_are_its_own(&self, other: &Self) -> bool {
        self.site != other.site || !(self.has_lead || other.has_lead)
    }

    /// Whether two near copies are copies for more than a footer. What stands word for word on two sites is, under whatever
    /// headlines.
    pub(super) fn is_true_copy(&self, other: &Self) -> bool {
        self.is_long_with(other)
            || (self.site != other.site && self.fingerprint == other.fingerprint)
            || (self.words_are_its_own(other)
                && same_happening(&self.profile, &other.profile) > SHORT_COPY_SCORE)
    }
}

/// Whether a text is long enough for another of the same words to be its copy.
pub(super) fn has_own_words(fingerprint: &Fingerprint) -> bool {
    fingerprint.sketch.len() >= COPY_SHINGLES
}

/// The hash of a text that follows what `seed` is the hash of.
fn hashed(seed: u64, text: &str) -> u64 {
    text.bytes().fold(seed, |hash, byte| mix(hash ^ (u64::from(byte) + 1)))
}

/// A key for each subject named with each topic, of a post that tells of something amiss or answers for it. Two
/// achievements of one plant in a week are two.
fn troubles(post: &AnnotatedPost) -> Vec<u64> {
    let is_trouble = post.filing.is_some_and(|filing| TROUBLE.contains(&filing.kind));
    if !is_trouble || post.polarity.polarity == Polarity::Positive {
        return Vec::new();
    }
    let of = |subject: &Mention| {
        let subject = hashed(1, subject.subject.as_str());
        post.topics.iter().map(move |topic| hashed(subject, topic.topic.as_str()))
    };
    let mut keys: Vec<u64> = post.mentions.iter().flat_map(of).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// A key for each subject named and each toll that is rumoured or refuted.
fn claims(post: &AnnotatedPost) -> Vec<u64> {
    let is_claim = |status| matches!(status, FactStatus::Rumoured | FactStatus::Refuted);
    let tolls = post.facts.iter().filter(|fact| fact.is_toll() && is_claim(fact.status));
    let mut keys: Vec<u64> = tolls
        .flat_map(|fact| {
            let subjects = post.mentions.iter();
            subjects.map(|mention| hashed(mix(fact.count), mention.subject.as_str()))
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The folded headline, with the lead where the headline is short; and whether the lead is in it. Our own names are words like
/// others: which mine it is, is what tells two accidents apart.
fn headline_and_lead(post: &AnnotatedPost) -> (String, bool) {
    let mut text = fold(&post.post.title).text().to_owned();
    let has_lead = text.chars().count() < SHORT_HEADLINE;
    if has_lead {
        let body = &post.post.text;
        let end = body.char_indices().nth(2 * PROFILE_CHARS).map_or(body.len(), |(at, _)| at);
        let lead = fold(&body[..end]);
        let lead = lead.text().strip_prefix(text.as_str()).unwrap_or(lead.text());
        text.push('。');
        text.push_str(lead);
    }
    (text, has_lead)
}
