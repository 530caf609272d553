//! A post as a query sees it: two texts, folded when first asked for, and the facts that fields test.
//!
//! In: an annotated post, or texts and facts given one by one. Out: folded text, places, sentences, words,
//! each computed once. Borrowed from the post; holds no query and judges nothing.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};

use crate::record::{
    AnnotatedPost, Channel, Polarity, Post, SourceId, StoryId, SubjectId, TextField, TopicId,
};
use crate::text::{Folded, Segmenter, Splits, Word, fold, paragraphs, sentences};

/// What queries are matched against.
#[derive(Debug)]
pub struct Target<'a> {
    pub(super) title: TargetText<'a>,
    pub(super) body: TargetText<'a>,
    /// What fields test.
    pub facts: Facts<'a>,
}

/// What fields test. A fact that is not given meets no test.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// Source of the post.
    pub source: Option<&'a SourceId>,
    /// Its channel.
    pub channel: Option<Channel>,
    /// Host of its address.
    pub site: Option<&'a str>,
    /// Topics it belongs to.
    pub topics: Vec<&'a TopicId>,
    /// Subjects it speaks of.
    pub subjects: Vec<&'a SubjectId>,
    /// Polarity of the whole.
    pub polarity: Option<Polarity>,
    /// Risk, 0 to 100.
    pub risk: Option<u8>,
    /// Its story.
    pub story: Option<StoryId>,
    /// [`Post::time`].
    pub time: Option<DateTime<Utc>>,
    /// Heat of its story, which the post itself does not know.
    pub heat: Option<f64>,
    /// Cases it belongs to, which the post itself does not know.
    pub cases: Vec<&'a str>,
}

/// One text of a target.
#[derive(Debug)]
pub(super) struct TargetText<'a> {
    pub field: TextField,
    original: &'a str,
    segmenter: Option<&'a Segmenter>,
    folded: OnceLock<Folded>,
    char_starts: OnceLock<Vec<u32>>,
    sentences: OnceLock<Splits>,
    paragraphs: OnceLock<Splits>,
    words: OnceLock<Vec<Word>>,
}

impl<'a> Target<'a> {
    /// An annotated post; heat and cases can be added to [`facts`](Self::facts).
    #[must_use]
    pub fn new(post: &'a AnnotatedPost) -> Self {
        let mut target = Self::of_post(&post.post);
        target.facts.topics = post.topics.iter().map(|hit| &hit.topic).collect();
        target.facts.subjects = post.mentions.iter().map(|mention| &mention.subject).collect();
        target.facts.polarity = Some(post.polarity.polarity);
        target.facts.risk = Some(post.risk.score);
        target.facts.story = Some(post.story);
        target
    }

    /// A post before it was judged: polarity, topics, subjects, risk and story are not given.
    #[must_use]
    pub fn of_post(post: &'a Post) -> Self {
        let facts = Facts {
            source: Some(&post.source),
            channel: Some(post.channel),
            site: Some(&post.site),
            time: Some(post.time()),
            ..Facts::default()
        };
        Self::of_texts(&post.title, &post.text, facts)
    }

    /// Two texts and facts.
    #[must_use]
    pub fn of_texts(title: &'a str, body: &'a str, facts: Facts<'a>) -> Self {
        Self {
            title: TargetText::new(TextField::Title, title),
            body: TargetText::new(TextField::Body, body),
            facts,
        }
    }

    /// Uses `segmenter` for `word:`; without it, one that knows no user words.
    #[must_use]
    pub fn segmented_by(mut self, segmenter: &'a Segmenter) -> Self {
        self.title.segmenter = Some(segmenter);
        self.body.segmenter = Some(segmenter);
        self
    }

    /// The folded title.
    #[must_use]
    pub fn folded_title(&self) -> &Folded {
        self.title.folded()
    }

    /// The folded body.
    #[must_use]
    pub fn folded_body(&self) -> &Folded {
        self.body.folded()
    }
}

impl<'a> TargetText<'a> {
    fn new(field: TextField, original: &'a str) -> Self {
        Self {
            field,
            original,
            segmenter: None,
            folded: OnceLock::new(),
            char_starts: OnceLock::new(),
            sentences: OnceLock::new(),
            paragraphs: OnceLock::new(),
            words: OnceLock::new(),
        }
    }

    pub(super) fn folded(&self) -> &Folded {
        self.folded.get_or_init(|| fold(self.original))
    }

    pub(super) fn text(&self) -> &str {
        self.folded().text()
    }

    pub(super) fn original(&self) -> &'a str {
        self.original
    }

    /// Characters of folded text before the byte `at`.
    pub(super) fn position(&self, at: usize) -> usize {
        let starts = self
            .char_starts
            .get_or_init(|| self.text().char_indices().map(|(at, _)| at as u32).collect());
        starts.partition_point(|start| (*start as usize) < at)
    }

    /// The number of the sentence that the folded byte `at` lies in.
    pub(super) fn sentence_of(&self, at: usize) -> usize {
        self.sentences
            .get_or_init(|| sentences(self.original))
            .index_of(self.folded().original_start(at))
    }

    /// The number of the paragraph that the folded byte `at` lies in.
    pub(super) fn paragraph_of(&self, at: usize) -> usize {
        self.paragraphs
            .get_or_init(|| paragraphs(self.original))
            .index_of(self.folded().original_start(at))
    }

    /// Whether a segmented word begins at `start` and one ends at `end` (folded bytes).
    pub(super) fn is_on_words(&self, start: usize, end: usize) -> bool {
        let words = self
            .words
            .get_or_init(|| self.segmenter.unwrap_or_else(|| plain_segmenter()).words(self.text()));
        words.binary_search_by_key(&start, |word| word.start).is_ok()
            && words.binary_search_by_key(&end, |word| word.end).is_ok()
    }
}

/// A target with what one pass over it already saw, if there was one.
#[derive(Clone, Copy)]
pub(super) struct Asked<'t, 'a> {
    pub target: &'t Target<'a>,
    pub sightings: Option<&'t Sightings<'t>>,
}

/// Where an automaton saw its literals: every occurrence of each, overlapping ones too.
pub(super) struct Sightings<'t> {
    /// The literals it knows, by number.
    pub numbers: &'t HashMap<String, u32>,
    /// Number and first folded byte, in this order, in the title.
    pub title: Vec<(u32, u32)>,
    /// The same in the body.
    pub body: Vec<(u32, u32)>,
}

/// Numbers of literals, and their sightings in one text.
type Seen<'t> = (&'t HashMap<String, u32>, &'t [(u32, u32)]);

/// One text as it is asked.
#[derive(Clone, Copy)]
pub(super) struct View<'t, 'a> {
    text: &'t TargetText<'a>,
    sightings: Option<Seen<'t>>,
}

impl<'t, 'a> Asked<'t, 'a> {
    pub(super) fn plain(target: &'t Target<'a>) -> Self {
        Self { target, sightings: None }
    }

    pub(super) fn title(self) -> View<'t, 'a> {
        let sightings = self.sightings.map(|seen| (seen.numbers, seen.title.as_slice()));
        View { text: &self.target.title, sightings }
    }

    pub(super) fn body(self) -> View<'t, 'a> {
        let sightings = self.sightings.map(|seen| (seen.numbers, seen.body.as_slice()));
        View { text: &self.target.body, sightings }
    }
}

impl<'t> View<'t, '_> {
    /// Where `literal` was seen, if that was looked for.
    pub(super) fn sighted(&self, literal: &str) -> Option<&'t [(u32, u32)]> {
        let (numbers, seen) = self.sightings?;
        let number = *numbers.get(literal)?;
        let first = seen.partition_point(|(other, _)| *other < number);
        let count = seen[first..].partition_point(|(other, _)| *other == number);
        Some(&seen[first..first + count])
    }

    /// The folded text, for as long as the target lives.
    pub(super) fn folded_text(&self) -> &'t str {
        self.text.folded().text()
    }
}

impl<'a> Deref for View<'_, 'a> {
    type Target = TargetText<'a>;

    fn deref(&self) -> &Self::Target {
        self.text
    }
}

fn plain_segmenter() -> &'static Segmenter {
    static PLAIN: OnceLock<Segmenter> = OnceLock::new();
    PLAIN.get_or_init(Segmenter::default)
}
