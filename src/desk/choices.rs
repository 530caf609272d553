//! What an officer may say of a post: every kind and urgency, and the topics and subjects that it is on or may be put on.
//!
//! In: a post. Out: names to choose from, in the language of who asks. What is said of it is taken in `corrections`.

use pipelines::record::{AnnotatedPost, Filing, Polarity, PostKind};
use serde::Serialize;

use super::{Act, Desk, Result, Who};

/// A topic or subject to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// As corrections name it.
    pub id: String,
    /// As officers know it.
    pub name: String,
}

/// Topics or subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choices {
    /// Those of the post, which can be taken away, also where config no longer has them.
    pub on: Vec<Choice>,
    /// All others of config, which can be added.
    pub off: Vec<Choice>,
}

/// What may be said of one post.
#[derive(Clone, Debug, Serialize)]
pub struct Correctable {
    /// Every polarity.
    pub polarities: Vec<&'static str>,
    /// Every kind.
    pub kinds: Vec<&'static str>,
    /// Every urgency.
    pub urgencies: Vec<u8>,
    /// Its topics, and the others.
    pub topics: Choices,
    /// Whom it is about, and the others.
    pub subjects: Choices,
}

impl Desk {
    /// What may be said of a post.
    ///
    /// # Errors
    /// `Unknown`; a broken store.
    pub fn correctable(&self, who: &Who, id: &str) -> Result<Correctable> {
        self.check(who, Act::SeePost)?;
        let AnnotatedPost { topics, mentions, .. } = self.post_named(who, id)?;
        let on_topics = topics.iter().map(|hit| hit.topic.as_str());
        let on_subjects = mentions.iter().map(|mention| mention.subject.as_str());
        let all_topics = self.config.topics.iter().map(|topic| topic.id.as_str());
        let all_subjects = self.config.subjects.iter().map(|subject| subject.id.as_str());
        Ok(Correctable {
            polarities: Polarity::ALL.map(Polarity::as_str).to_vec(),
            kinds: PostKind::ALL.map(PostKind::as_str).to_vec(),
            urgencies: (0..=Filing::MOST_URGENT).collect(),
            topics: self.choices(who, "topic", on_topics, all_topics),
            subjects: self.choices(who, "subject", on_subjects, all_subjects),
        })
    }

    fn choices<'a>(
        &self,
        who: &Who,
        field: &str,
        on: impl Iterator<Item = &'a str>,
        all: impl Iterator<Item = &'a str>,
    ) -> Choices {
        let choice = |id: &str| Choice { id: id.to_owned(), name: self.value_name(who, field, id) };
        let mut known: Vec<&str> = Vec::new();
        on.for_each(|id| known.extend((!known.contains(&id)).then_some(id)));
        let off = all.filter(|id| !known.contains(id)).map(choice).collect();
        Choices { on: known.into_iter().map(choice).collect(), off }
    }
}
