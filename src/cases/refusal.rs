//! Why a step was not taken, as data and in the officer's words.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use pipelines::locale::Lang;

use super::table::{State, Step};

/// Why a step was not taken; nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The table has no such step from where the case is.
    NotNow {
        /// The step.
        step: Step,
        /// Where the case is; none where there is none.
        state: Option<State>,
    },
    /// A field that must be said.
    Missing(&'static str),
    /// What stands in a field cannot be taken.
    Wrong {
        /// The field.
        field: String,
        /// As typed.
        value: String,
    },
    /// An extension was asked for before.
    Once,
    /// No extension waits for a word on it.
    NothingAsked,
    /// The time for it is over.
    TooLate(DateTime<Utc>),
    /// The time for it has not come.
    TooEarly(DateTime<Utc>),
    /// The author of an answer neither approves nor returns it.
    Author,
    /// It waits for somebody else: it has to go on first.
    Waiting,
    /// An answer or the reason why there is none, not both.
    EitherAnswer,
    /// Nobody is to be called back.
    NoCall,
    /// A case cannot become part of itself, or of one that is dismissed.
    Itself,
}

impl Refusal {
    /// In words; times in `zone`.
    #[must_use]
    pub fn in_words(&self, lang: Lang, zone: Tz) -> String {
        let named = |kind: &str, name: &str| lang.text(&format!("cases.{kind}.{name}"));
        let when = |at: &DateTime<Utc>| at.with_timezone(&zone).format("%m-%d %H:%M").to_string();
        match self {
            Self::NotNow { step, state } => {
                let state = state.map_or_else(String::new, |state| named("state", state.as_str()));
                let step = named("step", step.as_str());
                lang.fill("cases.refusal.not_now", &[("step", &step), ("state", &state)])
            }
            Self::Missing(field) => {
                lang.fill("cases.refusal.missing", &[("field", &named("field", field))])
            }
            Self::Wrong { field, value } => {
                let key = format!("cases.field.{field}");
                let field = if lang.has(&key) { lang.text(&key) } else { field.clone() };
                lang.fill("cases.refusal.wrong", &[("field", &field), ("value", value)])
            }
            Self::TooLate(at) => lang.fill("cases.refusal.too_late", &[("at", &when(at))]),
            Self::TooEarly(at) => lang.fill("cases.refusal.too_early", &[("at", &when(at))]),
            Self::Once => lang.text("cases.refusal.once"),
            Self::NothingAsked => lang.text("cases.refusal.nothing_asked"),
            Self::Author => lang.text("cases.refusal.author"),
            Self::Waiting => lang.text("cases.refusal.waiting"),
            Self::EitherAnswer => lang.text("cases.refusal.either_answer"),
            Self::NoCall => lang.text("cases.refusal.no_call"),
            Self::Itself => lang.text("cases.refusal.itself"),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.in_words(Lang::En, Tz::UTC))
    }
}

impl std::error::Error for Refusal {}
