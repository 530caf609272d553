//! Judging: what a post is about, how it speaks of us, how grave it is, and which story it belongs to.
//!
//! In: posts, `now`, and what config says (subjects, topics, lexicons, models). Out: [`AnnotatedPost`]s
//! whose every verdict carries the words it rests on. Pure: no file, no clock, no store; it judges subjects
//! and happenings, never persons.
//!
//! [`AnnotatedPost`]: crate::record::AnnotatedPost

mod annotator;
pub mod classify;
pub mod deep;
pub mod dense;
mod explain;
mod facts;
mod fingerprint;
mod happening;
mod headline;
mod headline_training;
mod heat;
pub mod layer;
pub mod lexicon;
pub mod model;
mod names;
mod numerals;
pub mod officer;
pub mod polarity;
mod quantities;
mod risk;
mod role;
#[cfg(test)]
mod sample;
mod stories;
mod subjects;
pub mod target;
mod topic;
mod topics;
pub mod train;

pub use annotator::{Annotator, AnnotatorConfig};
pub use explain::{explain, severity_reason, shown_words};
pub use fingerprint::{Resemblance, fingerprint, is_near_copy, resemblance};
pub use happening::{Commons, Judge};
pub use headline::{Profile, same_happening, same_happening_threshold};
pub use headline_training::{HEADLINE_CHARS, LabelledPair, StoryModel};
pub use heat::{HALF_LIFE_HOURS, post_heat, story_heat};
pub use names::{Name, NameKind, names};
pub use quantities::{Quantity, QuantityKind, quantities};
pub use risk::{Counted, RiskInput, SeverityReason, TopicWeight, assess, severity};
pub use role::{Role, role_of};
pub use stories::{
    Assigned, Lesson, Level, StoryBook, StoryChange, StoryConfig, StorySummary, summarize,
};
pub use subjects::SubjectFinder;
pub use topic::TopicConfig;
pub use topics::{BrokenExample, TopicSet, broken_examples};

use crate::record::{SubjectId, TopicId};

/// Why an annotator cannot be made. Judging itself never fails.
#[derive(Debug, thiserror::Error)]
pub enum AnnotateError {
    /// Two subjects with one id.
    #[error("subject `{0}` is defined twice")]
    SameSubject(SubjectId),
    /// Two subjects that are called the same.
    #[error("subjects `{first}` and `{second}` are both called `{name}`")]
    SameName {
        /// The name.
        name: String,
        /// The one that has it first.
        first: SubjectId,
        /// The other.
        second: SubjectId,
    },
    /// A parent that is no subject.
    #[error("subject `{subject}` belongs to `{parent}`, which is not defined")]
    NoSuchParent {
        /// The unit.
        subject: SubjectId,
        /// What it claims to belong to.
        parent: SubjectId,
    },
    /// A unit that belongs to itself in the end.
    #[error("subject `{0}` belongs to itself through its parents")]
    CircleOfParents(SubjectId),
    /// Two topics with one id.
    #[error("topic `{0}` is defined twice")]
    SameTopic(TopicId),
    /// A topic whose query cannot be used.
    #[error("topic `{topic}`: {message}")]
    TopicQuery {
        /// The topic.
        topic: TopicId,
        /// What is wrong with its query, with the place marked.
        message: String,
    },
    /// A lexicon or model of polarity that cannot be read.
    #[error(transparent)]
    Judge(#[from] polarity::JudgeError),
    /// A head over the deep reader's states that cannot be read.
    #[error(transparent)]
    Dense(#[from] dense::DenseError),
    /// A model of classes that cannot be read.
    #[error(transparent)]
    Model(#[from] model::ModelError),
    /// The automaton of names could not be built.
    #[error("cannot build the automaton of names: {0}")]
    Automaton(String),
}
