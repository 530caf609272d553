//! Reporting: what was said in a period, as a digest whose every sentence and figure leads to its posts.
//!
//! In: the posts, alerts and sources of a period (plain data the caller reads from the store). Out: a [`Digest`] of
//! quotations, counts and ids; a [`Paper`] of it in one language; its forms: Markdown, HTML, Word, PDF. Pure: no IO, no clock.
//! A figure that was not measured stays unmeasured, never 0; a source that failed is never silence.

mod alerts;
mod build;
mod cases;
mod claims;
mod compose;
mod digest;
mod drawing;
mod elsewhere;
mod form;
mod groups;
mod happening;
mod happenings;
mod input;
mod ledger;
pub(crate) mod markdown;
pub mod paper;
mod pdf;
pub mod rephrase;
mod said;
#[cfg(test)]
mod sample;
mod sheet;
mod sources;
mod voice;
mod why;
mod word;
mod words;
mod workbook;

pub use cases::{CaseDue, CaseInput, CaseLine, Cases};
pub use compose::compose;
pub use digest::{
    AlertLine, Change, ChannelLine, Curve, Digest, Emptiness, Figure, Happenings, HeatRow,
    PostLine, PostSet, Quote, Shares, SourceLine, SourceTotals, SubjectLine, WordLine,
};
pub use drawing::Drawing;
pub use elsewhere::{Elsewhere, ElsewhereInput, ElsewhereLine};
pub use form::{Format, render};
pub use happening::{AnswerLine, ClaimLine, ClaimState, Happening};
pub use input::{
    AlertInput, DigestInput, DigestPost, Issue, PaperHead, PeriodKind, PreviousPeriod, SourceInput,
    SourceOutcome, Tally,
};
pub use paper::Paper;
pub use pdf::{FontFace, Fonts, PdfError, render_pdf};
pub use said::{Claim, Said};
pub use voice::{OwnInput, OwnLine, OwnVoice};
pub use why::why;
pub use word::{WordError, render_word};
pub use workbook::render_workbook;
