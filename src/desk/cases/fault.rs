//! Why a step of a case was not taken, beyond what the machine says: somebody was first, or it is somebody else's.

use chrono_tz::Tz;
use pipelines::locale::Lang;

use crate::cases::Refusal;
use crate::desk::DeskError;

/// Why a step of a case was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseFault {
    /// The machine refuses.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Whose times.
        zone: Tz,
    },
    /// Somebody changed it since it was read.
    Overtaken {
        /// The case.
        number: String,
        /// Who.
        who: String,
        /// What they did: a name of the table.
        step: &'static str,
        /// When, in local time.
        at: String,
    },
    /// It is in the hands of a unit that this person is not of.
    NotYours {
        /// The case.
        number: String,
        /// The unit's name.
        unit: String,
    },
    /// Answers of this grade are approved by a leader.
    GradeLeader,
    /// There is a case of it that has not ended.
    Already {
        /// Its number.
        number: String,
    },
    /// The other case has ended.
    Ended {
        /// Its number.
        number: String,
    },
}

impl CaseFault {
    /// In words.
    #[must_use]
    pub fn in_words(&self, lang: Lang) -> String {
        match self {
            Self::Refused { refusal, zone } => refusal.in_words(lang, *zone),
            Self::Overtaken { number, who, step, at } => {
                let step = lang.text(&format!("cases.step.{step}"));
                let said: [(&str, &dyn std::fmt::Display); 4] =
                    [("number", number), ("who", who), ("step", &step), ("at", at)];
                lang.fill("cases.refusal.overtaken", &said)
            }
            Self::NotYours { number, unit } => {
                lang.fill("cases.refusal.not_yours", &[("number", number), ("unit", unit)])
            }
            Self::GradeLeader => lang.text("cases.refusal.grade_leader"),
            Self::Already { number } => lang.fill("cases.refusal.already", &[("number", number)]),
            Self::Ended { number } => lang.fill("cases.refusal.ended", &[("number", number)]),
        }
    }

    /// Whether the case is otherwise than whoever asked believed.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let late = matches!(self, Self::Refused { refusal: Refusal::NotNow { .. }, .. });
        late || matches!(self, Self::Overtaken { .. } | Self::Already { .. } | Self::Ended { .. })
    }

    /// Whether it is the person who may not.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::NotYours { .. } | Self::GradeLeader)
    }
}

impl std::fmt::Display for CaseFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(&self.in_words(Lang::En))
    }
}

impl From<CaseFault> for DeskError {
    fn from(fault: CaseFault) -> Self {
        Self::Case(Box::new(fault))
    }
}
