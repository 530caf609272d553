//! Joins everything that is judged of one post.
//!
//! In: a [`Post`] and `now`. Out: an [`AnnotatedPost`] that stands alone in its own story (which story it
//! joins is for [`StoryBook`](super::StoryBook) to say). Each text is folded once. It knows of no other
//! post, reads no clock and no file, and never fails once it is loaded.

use chrono::{DateTime, Utc};

use crate::query::{Context, Named, Target};
use crate::record::{
    AnnotatedPost, Channel, Fact, Mention, PolarityVerdict, Post, Risk, Span, StoryId, Subject,
    TextField, TopicHit,
};
use crate::text::Folded;

use super::AnnotateError;
use super::classify::{ClassHit, Classifier};
use super::facts::facts;
use super::fingerprint::fingerprint;
use super::lexicon::Lexicon;
use super::model::Model;
use super::polarity::{FoldedPost, PolarityJudge};
use super::quantities::quantities;
use super::risk::{self, Counted, RiskInput, TopicWeight};
use super::subjects::SubjectFinder;
use super::topic::TopicConfig;
use super::topics::TopicSet;
use crate::text::Segmenter;
use crate::words::{Cutter, FoldedTexts};

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
}

/// Judges posts. Share one between threads.
pub struct Annotator {
    finder: SubjectFinder,
    cutter: Cutter,
    topics: TopicSet,
    judge: PolarityJudge,
    /// Kinds of company risk; asked of posts that name a subject.
    risk_kinds: Option<Classifier>,
    /// Classes of citizens' messages; asked of channels where citizens write.
    petition_kinds: Option<Classifier>,
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
        let judge = PolarityJudge::load(&config.lexicons, &config.models)?;
        let classifier = |wanted: &str| {
            let named = |(_, bytes): &&(String, Vec<u8>)| Model::name_of(bytes) == Some(wanted);
            let model = config.models.iter().find(named);
            model.map(|(name, bytes)| Classifier::load(name, bytes)).transpose()
        };
        let (risk_kinds, petition_kinds) = (classifier("risk")?, classifier("petitions")?);
        let cutter = cutter(&config)?;
        let finder = SubjectFinder::new(config.subjects)?;
        Ok(Self { finder, cutter, topics, judge, risk_kinds, petition_kinds })
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
        let texts = Texts::of(&post);
        let words = self.cutter.cut(FoldedTexts {
            title: texts.target.folded_title(),
            body: texts.target.folded_body(),
        });
        let (polarity, mentions) = self.polarity(&texts);
        let topics = self.topics.hits(&texts.target, &self.classes(&texts, !mentions.is_empty()));
        let fingerprint = fingerprint(texts.target.folded_body().text());
        let facts = facts(&texts.both());
        let counted = counted_beside(&texts, &facts);
        let story = StoryId(post.id);
        let risk = Risk::default();
        drop(texts);
        let mut annotated = AnnotatedPost {
            post,
            words,
            facts,
            polarity,
            mentions,
            topics,
            risk,
            fingerprint,
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

    fn assess(&self, annotated: &AnnotatedPost, counted: &[Counted], story_posts: u32) -> Risk {
        let topics: Vec<(&TopicHit, &TopicWeight)> = annotated
            .topics
            .iter()
            .filter_map(|hit| Some((hit, self.topics.weight(&hit.topic)?)))
            .collect();
        risk::assess(&RiskInput {
            post: &annotated.post,
            polarity: &annotated.polarity,
            mentions: &annotated.mentions,
            topics: &topics,
            counted,
            story_posts,
        })
    }

    /// The polarity of the whole and, in the order of config, of each subject that is named.
    fn polarity(&self, texts: &Texts<'_>) -> (PolarityVerdict, Vec<Mention>) {
        let mut spans: Vec<Vec<Span>> = vec![Vec::new(); self.subjects().len()];
        for (field, original, folding) in texts.both() {
            for Named { subject, range } in self.finder.find(original, folding) {
                spans[subject].push(span_of(field, folding, &range));
            }
        }
        let named: Vec<(&Subject, Vec<Span>)> =
            self.subjects().iter().zip(spans).filter(|(_, spans)| !spans.is_empty()).collect();
        let places: Vec<&[Span]> = named.iter().map(|(_, spans)| spans.as_slice()).collect();
        let (whole, verdicts) = self.judge.judge(&texts.folded(), &places);
        let mentions = named.into_iter().zip(verdicts);
        let mentions = mentions.map(|((subject, spans), polarity)| Mention {
            subject: subject.id.clone(),
            spans,
            polarity,
        });
        (whole, mentions.collect())
    }

    /// What trained classifiers say. Each knows only its kind of text and would name a class of any other.
    fn classes(&self, texts: &Texts<'_>, names_subject: bool) -> Vec<ClassHit> {
        let is_citizens = matches!(
            texts.post.channel,
            Channel::Gov | Channel::Forum | Channel::Qa | Channel::Weibo
        );
        let risk_kinds = self.risk_kinds.as_ref().filter(|_| names_subject);
        let petition_kinds = self.petition_kinds.as_ref().filter(|_| is_citizens);
        let asked = risk_kinds.into_iter().chain(petition_kinds);
        asked.flat_map(|classifier| classifier.classify(&texts.folded())).collect()
    }
}

/// The stage of words, with the names of the subjects kept whole.
fn cutter(config: &AnnotatorConfig) -> Result<Cutter, AnnotateError> {
    let files = config.lexicons.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let lexicon = Lexicon::read(files).map_err(super::polarity::JudgeError::from)?;
    let names = config.subjects.iter().flat_map(|s| s.names().map(str::to_owned));
    Ok(Cutter::new(Segmenter::new(names), lexicon))
}

/// The people and money named in a post: people whose number is refuted, or who are safe by now, do not count.
pub(super) fn counted(texts: &Texts<'_>) -> Vec<Counted> {
    counted_beside(texts, &facts(&texts.both()))
}

fn counted_beside(texts: &Texts<'_>, facts: &[Fact]) -> Vec<Counted> {
    let mut all = Vec::new();
    for (field, original, folding) in texts.both() {
        for quantity in quantities(original, folding) {
            let span = span_of(field, folding, &quantity.range);
            if facts.iter().any(|fact| fact.span == span && !fact.status.counts()) {
                continue;
            }
            let (start, end) = folding.original_span(quantity.range.start, quantity.range.end);
            let words = original[start..end].to_owned();
            all.push(Counted { kind: quantity.kind, value: quantity.value, words });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::explain::{explain, severity_reason};
    use super::super::sample::{post, start};
    use super::*;
    use crate::locale::Lang;
    use crate::record::{AnnotatedPost, Severity};

    fn annotator() -> Annotator {
        let subject = |id: &str, name: &str, short: &[&str], parent: Option<&str>| Subject {
            id: id.into(),
            name: name.into(),
            short_names: short.iter().map(|s| (*s).to_owned()).collect(),
            parent: parent.map(Into::into),
            ..Subject::default()
        };
        let topic = |id: &str, query: &str, risk: f32| TopicConfig {
            id: id.into(),
            name: id.into(),
            name_en: id.into(),
            query: Some(query.to_owned()),
            labels: Vec::new(),
            risk,
            examples: Vec::new(),
        };
        let lexicon = include_str!("../../../config/lexicons/safety.tsv");
        Annotator::load(AnnotatorConfig {
            subjects: vec![
                subject("group", "云岭矿业集团有限公司", &["云岭矿业"], None),
                subject("nanguan", "云岭矿业南关煤矿", &["南关煤矿"], Some("group")),
            ],
            topics: vec![
                topic("safety/accident", "透水|(矿工 同句 被困)", 35.0),
                topic("good/honour", "荣获", -8.0),
            ],
            lexicons: vec![("safety.tsv".into(), lexicon.into())],
            models: Vec::new(),
        })
        .unwrap()
    }

    fn judge(title: &str, text: &str) -> AnnotatedPost {
        annotator().annotate(post("a", title, text, 0), start())
    }

    const FLOOD: &str = "１１月２０日，南關煤礦井下发生透水。\n12名矿工被困，云岭矿业已启动救援。";

    /// Every verdict's words, as (why, word).
    fn words(judged: &AnnotatedPost) -> Vec<String> {
        let mut spans: Vec<Span> = judged.mentions.iter().flat_map(|m| m.spans.clone()).collect();
        let topics = judged.topics.iter().flat_map(|t| &t.basis).map(|b| b.span);
        spans.extend(topics);
        let text = |span: Span| match span.field {
            TextField::Title => &judged.post.title,
            TextField::Body => &judged.post.text,
        };
        spans.into_iter().map(|s| text(s)[s.start as usize..s.end as usize].to_owned()).collect()
    }

    #[test]
    fn everything_is_judged_and_rests_on_its_words() {
        let judged = judge("南关煤矿透水12人被困", FLOOD);
        let named: Vec<&str> = judged.mentions.iter().map(|m| m.subject.as_str()).collect();
        assert_eq!(named, ["group", "nanguan"]);
        let words = words(&judged);
        for word in ["云岭矿业", "南关煤矿", "南關煤礦", "透水"] {
            assert!(words.iter().any(|w| w == word), "{word} in {words:?}");
        }
        assert_eq!(judged.topics[0].topic.as_str(), "safety/accident");
        let casualties = judged.risk.parts.iter().find(|p| p.name == "casualties").unwrap();
        assert_eq!(casualties.from, "12人被困、12名矿工被困");
        assert_eq!(judged.risk.severity, Severity::Serious.max(judged.risk.severity));
        assert_eq!(judged.story, StoryId(judged.post.id));
        assert!(!judged.fingerprint.sketch.is_empty());
    }

    #[test]
    fn a_post_about_nobody_we_watch_has_low_risk() {
        let judged = judge("外省一煤矿透水12人被困", "12名矿工被困。");
        assert!(judged.mentions.is_empty());
        assert!(judged.risk.score < 25, "{:?}", judged.risk);
        assert_eq!(judged.risk.severity, Severity::Ordinary);
    }

    #[test]
    fn a_spreading_story_raises_the_risk() {
        let judged = judge("南关煤矿透水", "南关煤矿井下发生透水");
        let annotator = annotator();
        assert_eq!(annotator.reassess(&judged, 1), judged.risk);
        assert!(annotator.reassess(&judged, 64).score >= judged.risk.score);
        assert!(annotator.reassess(&judged, 64).parts.iter().any(|p| p.name == "speed"));
    }

    #[test]
    fn explanations_are_told_in_words_in_both_languages() {
        let judged = judge("南关煤矿透水12人被困", FLOOD);
        let told = explain(&annotator(), &judged, Lang::Zh);
        for part in ["南关煤矿", "被困 12 人", "因为出现“透水", "达到 80 分", "风险"]
        {
            assert!(told.contains(part), "{part} in:\n{told}");
        }
        let told = explain(&annotator(), &judged, Lang::En);
        for part in ["12 trapped", "because it says “透水", "reaches 80", "Risk"] {
            assert!(told.contains(part), "{part} in:\n{told}");
        }
        // A text left with a place or a key in it is a gap in the locale.
        assert!(!told.contains('{') && !told.contains("annotate."), "{told}");
        let graded = judge("南关煤矿透水致11人遇难", "南关煤矿井下透水");
        assert!(severity_reason(&graded, Lang::Zh).contains("第三条"));
        assert!(severity_reason(&judge("好天气", "今天天气不错"), Lang::Zh).contains("没有提到"));
    }

    #[test]
    fn empty_texts_are_judged_too() {
        let judged = judge("", "");
        assert_eq!((judged.risk.score, judged.topics.len()), (0, 0));
    }

    #[test]
    fn one_annotator_serves_many_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&annotator());
    }
}
