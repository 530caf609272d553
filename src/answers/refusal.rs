//! Why something was not done to an answer on record.

use pipelines::locale::Lang;

/// Why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A field that must be said; a locale key under `answers.field`.
    Missing(&'static str),
    /// Something typed that cannot be taken.
    Wrong {
        /// The field.
        field: String,
        /// What was typed.
        value: String,
    },
    /// Who wrote it does not approve it.
    Author,
    /// There is no wording that nobody approved.
    NothingWaits,
    /// It says what it said before.
    Same,
    /// It is retired already.
    Retired,
    /// Its last day is over.
    Over,
    /// Somebody changed it since it was read.
    Overtaken {
        /// The entry.
        number: i64,
        /// Who did.
        who: String,
    },
    /// It is of a unit that this person is not of.
    NotYours,
    /// The case has no answer that was published.
    NotPublished {
        /// The case.
        number: String,
    },
    /// The answer of the case is on record already.
    OnRecord {
        /// As this entry.
        number: i64,
    },
}

impl Refusal {
    /// In words.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        let field = |name: &str| {
            let key = format!("answers.field.{name}");
            if lang.has(&key) { lang.text(&key) } else { name.to_owned() }
        };
        match self {
            Self::Missing(name) => lang.fill("answers.refusal.missing", &[("field", &field(name))]),
            Self::Wrong { field: name, value } => {
                let said: [(&str, &dyn std::fmt::Display); 2] =
                    [("field", &field(name)), ("value", value)];
                lang.fill("answers.refusal.wrong", &said)
            }
            Self::Author => lang.text("answers.refusal.author"),
            Self::NothingWaits => lang.text("answers.refusal.nothing_waits"),
            Self::Same => lang.text("answers.refusal.same"),
            Self::Retired => lang.text("answers.refusal.retired"),
            Self::Over => lang.text("answers.refusal.over"),
            Self::Overtaken { number, who } => {
                lang.fill("answers.refusal.overtaken", &[("number", number), ("who", who)])
            }
            Self::NotYours => lang.text("answers.refusal.not_yours"),
            Self::NotPublished { number } => {
                lang.fill("answers.refusal.not_published", &[("number", number)])
            }
            Self::OnRecord { number } => {
                lang.fill("answers.refusal.on_record", &[("number", number)])
            }
        }
    }

    /// Whether the entry is otherwise than whoever asked believed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::NothingWaits
                | Self::Same
                | Self::Retired
                | Self::Over
                | Self::Overtaken { .. }
                | Self::NotPublished { .. }
                | Self::OnRecord { .. }
        )
    }

    /// Whether it is the person who may not.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Author | Self::NotYours)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.in_words(Lang::En))
    }
}
