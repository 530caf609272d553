//! What a post is about: topics found by query, and by trained classes where config names their labels.
//!
//! In: topics as written in config, and posts. Out: [`TopicHit`]s with the words they rest on. A query hit
//! is certain (confidence 1); a trained class counts from a probability on. A topic whose query tests
//! polarity, risk, subjects, other topics or the present is refused at load: those are judged after topics,
//! or change without the post. It invents no topic.

use std::collections::HashMap;

use crate::query::{Context, FieldTest, QuerySet, Target, parse};
use crate::record::{Basis, Span, TopicHit, TopicId};

use super::AnnotateError;
use super::classify::ClassHit;
use super::risk::TopicWeight;
use super::topic::TopicConfig;

/// Probability from which a trained class makes a topic: at one half it is likelier than all others
/// together.
const TRAINED_FROM: f32 = super::classify::LEAST;

/// Topics prepared to be asked together.
pub struct TopicSet {
    queries: QuerySet<usize>,
    by_label: HashMap<String, Vec<usize>>,
    topics: Vec<(TopicId, TopicWeight)>,
    by_id: HashMap<TopicId, usize>,
}

/// An example of a topic that does not turn out as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenExample {
    /// The topic.
    pub topic: TopicId,
    /// The text of the example.
    pub text: String,
    /// Whether it was to hit.
    pub hit: bool,
}

impl TopicSet {
    /// Reads the queries of `topics` against `context` (subjects for `@name`, zone).
    ///
    /// # Errors
    /// The first topic whose query cannot be read or may not stand there, and two topics with one id.
    pub fn new(topics: &[TopicConfig], context: &Context) -> Result<Self, AnnotateError> {
        let mut queries = Vec::new();
        let mut by_label: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_id = HashMap::new();
        for (index, topic) in topics.iter().enumerate() {
            if by_id.insert(topic.id.clone(), index).is_some() {
                return Err(AnnotateError::SameTopic(topic.id.clone()));
            }
            for label in &topic.labels {
                by_label.entry(label.clone()).or_default().push(index);
            }
            if let Some(query) = read_query(topic, context)? {
                queries.push((index, query));
            }
        }
        let queries =
            QuerySet::build(queries).map_err(|e| AnnotateError::Automaton(e.to_string()))?;
        let topics = topics.iter().map(|t| (t.id.clone(), weight_of(t))).collect();
        Ok(Self { queries, by_label, topics, by_id })
    }

    /// The topics of a post, most confident first, then in the order of config. `classes` are what trained
    /// classifiers say of it.
    #[must_use]
    pub fn hits(&self, target: &Target, classes: &[ClassHit]) -> Vec<TopicHit> {
        let mut found: HashMap<usize, TopicHit> = HashMap::new();
        for (&index, spans) in self.queries.matches(target) {
            let hit =
                self.hit(index, 1.0, spans.into_iter().map(|s| self.basis(index, s)).collect());
            found.insert(index, hit);
        }
        for class in classes.iter().filter(|class| class.probability >= TRAINED_FROM) {
            for &index in self.by_label.get(&class.label).into_iter().flatten() {
                found
                    .entry(index)
                    .or_insert_with(|| self.hit(index, class.probability, class.basis.clone()));
            }
        }
        let mut hits: Vec<(usize, TopicHit)> = found.into_iter().collect();
        hits.sort_by(|(i, a), (j, b)| b.confidence.total_cmp(&a.confidence).then(i.cmp(j)));
        hits.into_iter().map(|(_, hit)| hit).collect()
    }

    /// What a topic weighs for risk.
    #[must_use]
    pub fn weight(&self, topic: &TopicId) -> Option<&TopicWeight> {
        self.by_id.get(topic).map(|index| &self.topics[*index].1)
    }

    fn hit(&self, index: usize, confidence: f32, basis: Vec<Basis>) -> TopicHit {
        TopicHit { topic: self.topics[index].0.clone(), confidence, basis }
    }

    fn basis(&self, index: usize, span: Span) -> Basis {
        Basis { span, weight: 1.0, why: format!("query:{}", self.topics[index].0) }
    }
}

/// Runs the examples of `topics`; the ones that do not turn out as written. `guanlan check` shows them.
///
/// # Errors
/// As [`TopicSet::new`].
pub fn broken_examples(
    topics: &[TopicConfig],
    context: &Context,
) -> Result<Vec<BrokenExample>, AnnotateError> {
    let mut broken = Vec::new();
    for topic in topics {
        let Some(query) = read_query(topic, context)? else { continue };
        for example in &topic.examples {
            let target = Target::of_texts(&example.title, &example.text, Default::default());
            if query.accepts(&target) != example.hit {
                broken.push(BrokenExample {
                    topic: topic.id.clone(),
                    text: example.text.clone(),
                    hit: example.hit,
                });
            }
        }
    }
    Ok(broken)
}

fn read_query(
    topic: &TopicConfig,
    context: &Context,
) -> Result<Option<crate::query::Query>, AnnotateError> {
    let Some(source) = &topic.query else { return Ok(None) };
    let refused = |message: String| AnnotateError::TopicQuery { topic: topic.id.clone(), message };
    let query = parse(source, context)
        .map_err(|error| refused(error.render(source, crate::locale::Lang::En)))?;
    let judged_later = query.fields().into_iter().any(|test| {
        matches!(
            test,
            FieldTest::Topic(_)
                | FieldTest::Subject(_)
                | FieldTest::Polarity(_)
                | FieldTest::Reading(_)
                | FieldTest::Risk(_)
                | FieldTest::Story(_)
                | FieldTest::Heat(_)
                | FieldTest::Case(_)
        )
    });
    if judged_later || query.depends_on_now() {
        return Err(refused(
            "a topic can test texts, source, channel, site and fixed times only".into(),
        ));
    }
    Ok(Some(query))
}

fn weight_of(topic: &TopicConfig) -> TopicWeight {
    let branch = topic.id.as_str().split('/').next().unwrap_or_default().to_owned();
    TopicWeight {
        points: topic.risk,
        name: topic.name.clone(),
        name_en: topic.name_en.clone(),
        branch,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct TopicFile {
        topic: Vec<TopicConfig>,
    }

    /// Every topic shipped in `config/topics`.
    fn shipped() -> Vec<TopicConfig> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/topics");
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: &std::path::PathBuf| {
            let text = std::fs::read_to_string(path).unwrap();
            toml::from_str::<TopicFile>(&text).unwrap_or_else(|e| panic!("{path:?}: {e}")).topic
        };
        paths.iter().flat_map(read).collect()
    }

    fn context() -> Context {
        Context::at("2026-11-22T00:00:00Z".parse().unwrap())
    }

    fn topic(id: &str, query: Option<&str>, labels: &[&str]) -> TopicConfig {
        TopicConfig {
            id: id.into(),
            name: id.into(),
            name_en: id.into(),
            query: query.map(str::to_owned),
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
            risk: 10.0,
            examples: Vec::new(),
        }
    }

    #[test]
    fn every_shipped_example_turns_out_as_written() {
        let topics = shipped();
        assert!(topics.len() >= 40);
        let broken = broken_examples(&topics, &context()).unwrap();
        assert!(broken.is_empty(), "{broken:#?}");
        for topic in topics.iter().filter(|t| t.query.is_some()) {
            let has = |hit: bool| topic.examples.iter().any(|e| e.hit == hit);
            assert!(
                has(true) && has(false),
                "{} wants an example to hit and one to miss",
                topic.id
            );
        }
    }

    #[test]
    fn shipped_topics_have_parents_names_and_sane_weights() {
        let topics = shipped();
        TopicSet::new(&topics, &context()).unwrap();
        for topic in &topics {
            assert!(!topic.name.is_empty() && topic.name_en.is_ascii(), "{}", topic.id);
            assert!((-20.0..=40.0).contains(&topic.risk), "{}", topic.id);
            if let Some((parent, _)) = topic.id.as_str().rsplit_once('/') {
                assert!(
                    topics.iter().any(|t| t.id.as_str() == parent),
                    "{} has no parent",
                    topic.id
                );
            }
        }
    }

    #[test]
    fn queries_are_certain_and_trained_classes_fill_the_gaps() {
        let topics =
            [topic("pay", Some("欠薪"), &["劳动"]), topic("law", None, &["涉嫌违法", "违规"])];
        let set = TopicSet::new(&topics, &context()).unwrap();
        let class = |label: &str, probability: f32| ClassHit {
            label: label.into(),
            probability,
            basis: Vec::new(),
        };
        let classes = [class("涉嫌违法", 0.8), class("劳动", 0.6), class("违规", 0.3)];
        let target = Target::of_texts("", "南关煤矿欠薪", Default::default());
        let hits = set.hits(&target, &classes);
        let names: Vec<(&str, f32)> =
            hits.iter().map(|h| (h.topic.as_str(), h.confidence)).collect();
        assert_eq!(names, [("pay", 1.0), ("law", 0.8)]);
        assert_eq!(&"南关煤矿欠薪"[hits[0].basis[0].span.start as usize..], "欠薪");
    }

    #[test]
    fn broken_topics_are_refused_by_name() {
        let refused = |topics: &[TopicConfig]| match TopicSet::new(topics, &context()) {
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        };
        assert!(refused(&[topic("pay", Some("(欠薪"), &[])]).contains("topic `pay`"));
        assert!(refused(&[topic("pay", Some("欠薪 polarity:negative"), &[])]).contains("can test"));
        let twice = [topic("pay", None, &[]), topic("pay", None, &[])];
        assert!(refused(&twice).contains("topic `pay`"));
    }
}
