//! Reporting: what was said in a period, as a digest whose every figure leads to its posts.
//!
//! In: the posts, alerts and source counts of a period (plain data the caller reads from the store). Out: a
//! [`Digest`] of counts and ids without markup, and its renderings in Markdown and HTML. Pure: no IO, no clock.
//! A figure that was not measured stays unmeasured, never 0; a source that failed is never silence.

mod alerts;
mod build;
mod chart;
mod digest;
mod input;
pub(crate) mod markdown;
mod render;
#[cfg(test)]
mod sample;
mod sources;
mod stories;
mod why;
mod word;
mod words;

pub use digest::{
    AlertLine, Change, ChannelLine, Curve, Digest, Emptiness, Figure, PostLine, PostSet, Shares,
    SourceLine, SourceTotals, StoryLine, SubjectLine, WordLine,
};
pub use input::{
    AlertInput, DigestInput, DigestPost, PeriodKind, PreviousPeriod, SourceInput, SourceOutcome,
    Tally,
};
pub use render::{Format, ReportError, render};
pub use why::why;
pub use word::{WordError, render_word};
