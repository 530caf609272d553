//! The types handed from stage to stage, one per stage.
//!
//! In: nothing. Out: plain data with serde. These types hold no behaviour beyond their own invariants,
//! know of no store, index or network, and never change a text once it is read.

mod alert;
mod annotated;
mod correction;
mod fact;
mod filing;
mod id;
mod page;
mod post;
mod severity;
mod source;
mod subject;
mod words;

pub use alert::{Alert, AlertState, Evidence, RuleHit, SilenceReason, Told};
pub use annotated::{
    AnnotatedPost, Basis, Fingerprint, Mention, PolarityVerdict, Risk, RiskPart, Span, StoryId,
    TextField, TopicHit,
};
pub use correction::{Correction, Said, correct};
/// What a post is about, as the encoder tells it.
pub use encoder::Meaning;
pub use fact::{Fact, FactKind, FactStatus};
pub use filing::{Filing, PostKind};
pub use id::{PostId, RuleId, SourceId, SubjectId, TopicId};
pub use page::{FetchJob, Page, Validators};
pub use post::{
    Author, Comment, Confidence, Counts, DropReason, Found, FoundComment, Issue, Post, Published,
    Verdict, is_future,
};
pub use severity::{Polarity, Severity};
pub use source::{Channel, Trust};
pub use subject::Subject;
pub use words::{Keyword, PostWords, SentimentWord};
