//! The enterprise and its units, as written in config.

use serde::{Deserialize, Serialize};

use super::SubjectId;

/// One monitored subject with everything it is called by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subject {
    /// Stable id, used in queries as `subject:id` and `@id`.
    pub id: SubjectId,
    /// Full registered name.
    pub name: String,
    /// Short names in use.
    pub short_names: Vec<String>,
    /// Stock codes, abbreviations in latin letters.
    pub codes: Vec<String>,
    /// Spellings by sound or shape that people use to dodge filters.
    pub homophones: Vec<String>,
    /// Places it is at; they help to tell it from a namesake.
    pub places: Vec<String>,
    /// Words that, when they surround a short name, mean a namesake.
    pub exclude: Vec<String>,
    /// The unit it belongs to.
    pub parent: Option<SubjectId>,
}

impl Subject {
    /// Every name it is called by, full name first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.name.as_str())
            .chain(self.short_names.iter().map(String::as_str))
            .chain(self.codes.iter().map(String::as_str))
            .chain(self.homophones.iter().map(String::as_str))
            .filter(|n| !n.is_empty())
    }
}
