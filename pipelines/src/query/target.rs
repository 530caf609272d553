//! A post as a query sees it: two texts, folded when first asked for, and the facts that fields test.
//!
//! In: an annotated post, or texts and facts given one by one. Out: folded text, words, what shares a
//! sentence; texts are folded and cut once. Borrowed from the post; holds no query and judges nothing.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

use super::ast::{Literal, Unit};
use super::naming::{Named, Naming};
use super::places::Ends;
use super::sight::{Names, Sightings, Starts, Table};
use crate::record::{
    AnnotatedPost, Channel, Filing, Polarity, Post, SourceId, StoryId, SubjectId, TextField,
    TopicId,
};
use crate::text::{Folded, Segmenter, Word, fold, share_paragraph, share_sentence};

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
    /// What it is about, folded.
    pub keywords: Vec<&'a str>,
    /// Subjects it speaks of.
    pub subjects: Vec<&'a SubjectId>,
    /// The polarity shown: for the subject where one is named, else of the post.
    pub polarity: Option<Polarity>,
    /// The other reading, where that is in doubt.
    pub other: Option<Polarity>,
    /// Kind and urgency.
    pub filing: Option<Filing>,
    /// Whether that polarity is in doubt.
    pub is_unsure: Option<bool>,
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
    words: OnceLock<Vec<Word>>,
    /// Where subjects are named, by the finder that was first asked for.
    named: OnceLock<(Arc<Naming>, Vec<Named>)>,
}

impl<'a> Target<'a> {
    /// An annotated post; heat and cases can be added to [`facts`](Self::facts).
    #[must_use]
    pub fn new(post: &'a AnnotatedPost) -> Self {
        let mut target = Self::of_post(&post.post);
        target.facts.topics = post.topics.iter().map(|hit| &hit.topic).collect();
        target.facts.keywords = post.words.keywords.iter().map(|k| k.word.as_str()).collect();
        target.facts.subjects = post.mentions.iter().map(|mention| &mention.subject).collect();
        let (shown, _) = post.shown();
        target.facts.polarity = Some(shown.polarity);
        target.facts.other = shown.other;
        target.facts.is_unsure = Some(shown.is_unsure());
        target.facts.filing = post.filing;
        target.facts.risk = Some(post.risk.score);
        target.facts.story = Some(post.story);
        target
    }

    /// A post before it was judged: polarity, topics, keywords, subjects, risk and story are not given.
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
            words: OnceLock::new(),
            named: OnceLock::new(),
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

    /// Where `naming` finds its subjects.
    pub(super) fn named(&self, naming: &Arc<Naming>) -> Cow<'_, [Named]> {
        let find = || naming.places(self.original, self.folded());
        let (finder, named) = self.named.get_or_init(|| (naming.clone(), find()));
        if Arc::ptr_eq(finder, naming) { Cow::Borrowed(named) } else { Cow::Owned(find()) }
    }

    /// Whether the folded bytes `a` and `b` lie in one sentence or paragraph of the original.
    pub(super) fn are_in_one(&self, unit: Unit, a: usize, b: usize) -> bool {
        let (a, b) = (self.folded().original_start(a), self.folded().original_start(b));
        match unit {
            Unit::Sentence => share_sentence(self.original, a, b),
            Unit::Paragraph => share_paragraph(self.original, a, b),
        }
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
    seen: Option<(&'t Names, &'t Sightings)>,
}

/// One text as it is asked.
#[derive(Clone, Copy)]
pub(super) struct View<'t, 'a> {
    text: &'t TargetText<'a>,
    seen: Option<(&'t Names, &'t Table)>,
}

impl<'t, 'a> Asked<'t, 'a> {
    pub(super) fn plain(target: &'t Target<'a>) -> Self {
        Self { target, seen: None }
    }

    /// With the sightings in this very target, for the query that `names` is of.
    pub(super) fn seen(target: &'t Target<'a>, names: &'t Names, sightings: &'t Sightings) -> Self {
        Self { target, seen: Some((names, sightings)) }
    }

    pub(super) fn title(self) -> View<'t, 'a> {
        let seen = self.seen.map(|(names, seen)| (names, &seen.title));
        View { text: &self.target.title, seen }
    }

    pub(super) fn body(self) -> View<'t, 'a> {
        let seen = self.seen.map(|(names, seen)| (names, &seen.body));
        View { text: &self.target.body, seen }
    }
}

impl<'t> View<'t, '_> {
    /// Where the text of `literal` was seen, if that was looked for, and what it wants of its ends.
    pub(super) fn sighted(&self, literal: &Literal) -> Option<(Starts<'t>, Ends)> {
        let (names, table) = self.seen?;
        names.of_literal(literal).map(|name| (table.starts(name.number), name.ends))
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
