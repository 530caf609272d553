//! Joins everything that is judged of one post.
//!
//! In: a [`Post`] and `now`. Out: an [`AnnotatedPost`] that stands alone in its own story (which story it
//! joins is for [`StoryBook`](super::StoryBook) to say). Each text is folded once. It knows of no other
//! post, reads no clock and no file, and never fails once it is loaded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};

use crate::query::{Context, Named, Target};
use crate::record::{
    AnnotatedPost, Channel, Filing, Mention, PolarityVerdict, Post, Risk, SourceId, Span, StoryId,
    Subject, TextField, TopicHit,
};
use crate::text::{Folded, fold};

mod counting;
mod loading;

use super::AnnotateError;
use super::classify::{ClassHit, Classifier};
use super::deep::{About, DeepReader, Heard, SHARE};
use super::dense::DenseHead;
use super::facts::facts;
use super::fingerprint::fingerprint;
use super::layer::SourceLayer;
use super::model::Model;
use super::officer::{Heads, OfficerJudge, Reading};
use super::polarity::{FoldedPost, PolarityJudge};
use super::risk::{self, Counted, RiskInput, TopicWeight};
use super::subjects::SubjectFinder;
use super::topic::TopicConfig;
use super::topics::TopicSet;
use crate::text::Word;
use crate::words::{Cutter, FoldedTexts};
pub(super) use counting::counted;
use counting::{counted_beside, numbers, refutes};
use loading::{cutter, officer};

/// What an [`Annotator`] is made of, as read from config.
#[derive(Clone, Debug, Default)]
pub struct AnnotatorConfig {
    /// The enterprise and its units.
    pub subjects: Vec<Subject>,
    /// Class trees and themes.
    pub topics: Vec<TopicConfig>,
    /// Polarity lexicons: name of the file, text.
    pub lexicons: Vec<(String, String)>,
    /// Trained models: name of the file, bytes. Which is which stands in their heads; a missing one is done
    /// without.
    pub models: Vec<(String, Vec<u8>)>,
    /// The deep reader's file, if it is to be asked: name, bytes.
    pub deep: Option<(String, Cow<'static, [u8]>)>,
}

/// Judges posts. Share one between threads.
pub struct Annotator {
    finder: SubjectFinder,
    cutter: Cutter,
    topics: TopicSet,
    /// Polarity where no officer's model is loaded.
    judge: PolarityJudge,
    /// Polarity, kind and urgency as an officer files them.
    officer: Option<OfficerJudge>,
    /// Asked where the officer's judge is unsure, and what a post is about.
    deep: Option<DeepReader>,
    /// Kinds of company risk; asked of posts that name a subject.
    risk_kinds: Option<Classifier>,
    /// Classes of citizens' messages; asked of channels where citizens write.
    petition_kinds: Option<Classifier>,
    /// What officers' corrections say of sources.
    layers: RwLock<Arc<HashMap<SourceId, SourceLayer>>>,
}

/// The two texts of a post, folded once.
pub(super) struct Texts<'a> {
    post: &'a Post,
    target: Target<'a>,
}

impl<'a> Texts<'a> {
    pub(super) fn of(post: &'a Post) -> Self {
        Self { post, target: Target::of_post(post) }
    }

    fn folded(&self) -> FoldedPost<'_> {
        FoldedPost {
            title: &self.post.title,
            body: &self.post.text,
            title_folded: self.target.folded_title(),
            body_folded: self.target.folded_body(),
        }
    }

    pub(super) fn both(&self) -> [(TextField, &'a str, &Folded); 2] {
        [
            (TextField::Title, self.post.title.as_str(), self.target.folded_title()),
            (TextField::Body, self.post.text.as_str(), self.target.folded_body()),
        ]
    }
}

/// The span of a folded range.
pub(super) fn span_of(field: TextField, folding: &Folded, range: &std::ops::Range<usize>) -> Span {
    let (start, end) = folding.original_span(range.start, range.end);
    let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { field, start: short(start), end: short(end) }
}

impl Annotator {
    /// Builds the automata and reads lexicons and models.
    ///
    /// # Errors
    /// Whatever in `config` cannot be used, named with its place.
    pub fn load(config: AnnotatorConfig) -> Result<Self, AnnotateError> {
        // Topics may not depend on the present, so any will do.
        let context =
            Context { subjects: config.subjects.clone(), ..Context::at(DateTime::UNIX_EPOCH) };
        let topics = TopicSet::new(&config.topics, &context)?;
        let officer = officer(&config)?;
        // The older models judge their own sets; beside an officer's they have no say.
        let heard = if officer.is_some() { &[] } else { config.models.as_slice() };
        let judge = PolarityJudge::load(&config.lexicons, heard)?;
        let classifier = |wanted: &str| {
            let named = |(_, bytes): &&(String, Vec<u8>)| Model::name_of(bytes) == Some(wanted);
            let model = config.models.iter().find(named);
            model.map(|(name, bytes)| Classifier::load(name, bytes)).transpose()
        };
        let (risk_kinds, petition_kinds) = (classifier("risk")?, classifier("petitions")?);
        let cutter = cutter(&config)?;
        let deep =
            config.deep.filter(|_| officer.is_some()).map(|(_, bytes)| DeepReader::of(bytes));
        let mut heads = DenseHead::among(&config.models)?.into_iter();
        let beside = heads.find(|head| head.top().name == "petitions");
        let petition_kinds = petition_kinds.map(|kinds| kinds.beside(beside));
        let finder = SubjectFinder::new(config.subjects)?;
        let layers = RwLock::default();
        Ok(Self {
            finder,
            cutter,
            topics,
            judge,
            officer,
            deep,
            risk_kinds,
            petition_kinds,
            layers,
        })
    }

    /// From now on judges posts of these sources with these layers over the models, and no others.
    pub fn wear(&self, layers: HashMap<SourceId, SourceLayer>) {
        *self.layers.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(layers);
    }

    /// What the models make of a post without any layer, as a layer learns of it; none without an officer's model.
    #[must_use]
    pub fn bare_heads(&self, post: &Post) -> Option<Heads> {
        let texts = Texts::of(post);
        let heads = self.officer.as_ref()?.read(&texts.folded()).heads;
        let heard = self.deep.as_ref().map(|deep| deep.heard(&texts.folded(), &heads).heads);
        Some(heard.unwrap_or(heads))
    }

    /// The subjects it knows, in the order of config.
    #[must_use]
    pub fn subjects(&self) -> &[Subject] {
        self.finder.subjects()
    }

    /// The topics it knows.
    #[must_use]
    pub fn topics(&self) -> &TopicSet {
        &self.topics
    }

    /// Judges one post. `now` is the time of judging.
    #[must_use]
    pub fn annotate(&self, post: Post, _now: DateTime<Utc>) -> AnnotatedPost {
        self.annotated(post, self.deep.as_ref())
    }

    /// The same without the deep reader: where many posts wait.
    #[must_use]
    pub fn annotate_fast(&self, post: Post, _now: DateTime<Utc>) -> AnnotatedPost {
        self.annotated(post, None)
    }

    /// How many posts the deep reader has read; nothing where there is none.
    #[must_use]
    pub fn deep_asked(&self) -> Option<u64> {
        self.deep.as_ref().map(DeepReader::asked)
    }

    fn annotated(&self, post: Post, deep: Option<&DeepReader>) -> AnnotatedPost {
        let texts = Texts::of(&post);
        let (words, cut) = self.cutter.cut_whole(FoldedTexts {
            title: texts.target.folded_title(),
            body: texts.target.folded_body(),
        });
        let Verdicts { polarity, filing, about, mentions } = self.verdicts(&texts, cut, deep);
        let classes = self.classes(&texts, !mentions.is_empty(), about.as_ref());
        let topics = self.topics.hits(&texts.target, &classes);
        let fingerprint = fingerprint(texts.target.folded_body().text());
        let numbers = numbers(&texts);
        let facts = facts(&texts.both(), &numbers);
        let counted = counted_beside(&texts, &numbers, &facts);
        let story = StoryId(post.id);
        let risk = Risk::default();
        drop(texts);
        let mut annotated = AnnotatedPost {
            post,
            words,
            facts,
            polarity,
            filing,
            mentions,
            topics,
            risk,
            fingerprint,
            meaning: about.and_then(|about| about.meaning),
            story,
        };
        annotated.risk = self.assess(&annotated, &counted, 1);
        annotated
    }

    /// Judges the risk of a post anew, now that its story has `story_posts` posts in the last 24 hours.
    #[must_use]
    pub fn reassess(&self, annotated: &AnnotatedPost, story_posts: u32) -> Risk {
        self.assess(annotated, &counted(&Texts::of(&annotated.post)), story_posts)
    }

    /// The same for a post whose verdicts were changed, in the company it had when its risk was last judged.
    #[must_use]
    pub fn reassess_alone(&self, annotated: &AnnotatedPost) -> Risk {
        self.reassess(annotated, risk::story_posts(&annotated.risk))
    }

    fn assess(&self, annotated: &AnnotatedPost, counted: &[Counted], story_posts: u32) -> Risk {
        let topics: Vec<(&TopicHit, &TopicWeight)> = annotated
            .topics
            .iter()
            .filter_map(|hit| Some((hit, self.topics.weight(&hit.topic)?)))
            .collect();
        risk::assess(&RiskInput {
            post: &annotated.post,
            polarity: &annotated.polarity,
            filing: annotated.filing.as_ref(),
            mentions: &annotated.mentions,
            topics: &topics,
            counted,
            refutes: refutes(&annotated.facts),
            story_posts,
        })
    }

    /// What is judged of the whole and, in the order of config, of each subject that is named.
    fn verdicts(
        &self,
        texts: &Texts<'_>,
        cut: [Vec<Word>; 2],
        deep: Option<&DeepReader>,
    ) -> Verdicts {
        let mut spans: Vec<Vec<Span>> = vec![Vec::new(); self.subjects().len()];
        for (field, original, folding) in texts.both() {
            for Named { subject, range } in self.finder.find(original, folding) {
                spans[subject].push(span_of(field, folding, &range));
            }
        }
        let named: Vec<(&Subject, Vec<Span>)> =
            self.subjects().iter().zip(spans).filter(|(_, spans)| !spans.is_empty()).collect();
        let places: Vec<&[Span]> = named.iter().map(|(_, spans)| spans.as_slice()).collect();
        let judged = self.judged(texts, Some(cut), &places, deep);
        let mentions = named.into_iter().zip(judged.of_subjects);
        let mentions = mentions.map(|((subject, spans), polarity)| Mention {
            subject: subject.id.clone(),
            spans,
            polarity,
        });
        let mentions = mentions.collect();
        let Judged { polarity, filing, about, .. } = judged;
        Verdicts { polarity, filing, about, mentions }
    }

    /// The polarity of each name in a post, wherever it stands in it; of a name that does not, that of the post.
    #[must_use]
    pub fn judge_names(&self, post: &Post, names: &[&str]) -> Vec<PolarityVerdict> {
        let texts = Texts::of(post);
        let spans_of = |name: &&str| -> Vec<Span> {
            let name = fold(name);
            let both = texts.both().into_iter();
            let found = both.flat_map(|(field, _, folding)| {
                let at = folding.text().match_indices(name.text());
                let ends = at.map(|(start, found)| start..start + found.len());
                ends.map(move |range| span_of(field, folding, &range))
            });
            found.collect()
        };
        let spans: Vec<Vec<Span>> = names.iter().filter(|n| !n.is_empty()).map(spans_of).collect();
        let places: Vec<&[Span]> = spans.iter().map(Vec::as_slice).collect();
        self.judged(&texts, None, &places, self.deep.as_ref()).of_subjects
    }

    /// What is judged of the whole, and of each subject by where it is named.
    fn judged(
        &self,
        texts: &Texts<'_>,
        cut: Option<[Vec<Word>; 2]>,
        places: &[&[Span]],
        deep: Option<&DeepReader>,
    ) -> Judged {
        let post = texts.folded();
        let Some(officer) = &self.officer else {
            let (polarity, of_subjects) = self.judge.judge(&post, places);
            return Judged { polarity, filing: None, about: None, of_subjects };
        };
        let reading = officer.read(&post);
        let alone = || Heard { heads: reading.heads, said: Box::default(), about: None };
        let Heard { heads, said, about } =
            deep.map_or_else(alone, |deep| deep.heard(&post, &reading.heads));
        let reading = reading.with_deep(said, SHARE);
        let reading = cut.into_iter().fold(reading, Reading::with_cut);
        let verdicts = |heads: &Heads| {
            let (polarity, filing) = officer.verdict(&post, &reading, heads);
            let of_subject =
                |at: &&[Span]| officer.of_subject(&post, &reading, &polarity, heads, at);
            let of_subjects: Vec<_> = places.iter().map(of_subject).collect();
            (polarity, filing, of_subjects)
        };
        let (mut polarity, mut filing, mut of_subjects) = verdicts(&heads);
        let layers = self.layers.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(layer) = layers.get(&texts.post.source) {
            let (bare, bare_filing, bare_subjects) =
                (polarity, filing, std::mem::take(&mut of_subjects));
            (polarity, filing, of_subjects) = verdicts(&layer.over(&heads));
            let unsure = officer.unsure(&reading);
            tell_apart(&mut polarity, &bare, unsure);
            let both = of_subjects.iter_mut().zip(&bare_subjects);
            both.for_each(|(is, was)| tell_apart(is, was, unsure));
            filing.unlayered = Some(bare_filing.kind).filter(|kind| *kind != filing.kind);
        }
        Judged { polarity, filing: Some(filing), about, of_subjects }
    }

    /// What trained classifiers say. Each knows only its kind of text and would name a class of any other.
    fn classes(
        &self,
        texts: &Texts<'_>,
        names_subject: bool,
        about: Option<&About>,
    ) -> Vec<ClassHit> {
        let is_citizens = matches!(
            texts.post.channel,
            Channel::Gov | Channel::Forum | Channel::Qa | Channel::Weibo
        );
        let risk_kinds = self.risk_kinds.as_ref().filter(|_| names_subject);
        let petition_kinds = self.petition_kinds.as_ref().filter(|_| is_citizens);
        let asked = risk_kinds.into_iter().chain(petition_kinds);
        asked.flat_map(|classifier| classifier.classify(&texts.folded(), about)).collect()
    }
}

/// Notes in a verdict what it was without the layer, where that is another. It rests on what officers said of its like then: that its
/// words say something else is no doubt.
fn tell_apart(verdict: &mut PolarityVerdict, bare: &PolarityVerdict, unsure: f32) {
    verdict.unlayered = Some(bare.polarity).filter(|polarity| *polarity != verdict.polarity);
    if verdict.unlayered.is_some() && verdict.at_odds {
        verdict.at_odds = false;
        verdict.other = verdict.other.filter(|_| verdict.confidence < unsure);
    }
}

/// What is judged of a post as a whole and, one after another, of those it names.
struct Judged {
    polarity: PolarityVerdict,
    filing: Option<Filing>,
    about: Option<About>,
    of_subjects: Vec<PolarityVerdict>,
}

/// The same with the subjects it names.
struct Verdicts {
    polarity: PolarityVerdict,
    filing: Option<Filing>,
    about: Option<About>,
    mentions: Vec<Mention>,
}

#[cfg(test)]
mod tests;
