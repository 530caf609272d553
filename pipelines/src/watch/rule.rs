//! A rule as written in config. The enum of kinds is the schema.

use serde::{Deserialize, Serialize};

use crate::record::{RuleId, Severity};

/// One rule.
///
/// Unknown keys are refused by the schema of config, not here: serde cannot do it beside a flattened kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RuleConfig {
    /// Stable id.
    pub id: RuleId,
    /// The name shown in alerts.
    pub name: String,
    /// Whether it is watched.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What it looks for, in the query language.
    pub query: String,
    /// When hits become an alert.
    #[serde(flatten)]
    pub kind: RuleKind,
    /// The grade of its alerts.
    #[serde(default)]
    pub severity: Severity,
    /// Firings of a window rule within this many hours of the first, and hits of a story within so many of one another, are one alert.
    #[serde(default = "day")]
    pub merge_hours: u32,
    /// Names of notifiers in config; the default ones where empty.
    #[serde(default)]
    pub notify: Vec<String>,
    /// Texts that must hit or miss; `guanlan check` runs them.
    #[serde(default, rename = "example")]
    pub examples: Vec<Example>,
}

fn yes() -> bool {
    true
}

fn day() -> u32 {
    24
}

/// The closed set of rule kinds; `kind = "…"` in config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RuleKind {
    /// Any matching post.
    Any,
    /// At least `count` matching posts within `window_minutes`.
    Frequency {
        /// How many.
        count: u32,
        /// Within how long.
        window_minutes: u32,
    },
    /// More than `factor` times the usual number of its own past, and at least `count`.
    Spike {
        /// How many at least.
        count: u32,
        /// Within how long.
        window_minutes: u32,
        /// Times the mean of the same window over the past `baseline_days`.
        factor: f64,
        /// Days of past to compare with.
        baseline_days: u32,
    },
    /// No matching post for `window_minutes`.
    Flatline {
        /// How long.
        window_minutes: u32,
    },
    /// A word that the station had never seen stands in at least `count` matching posts within `window_minutes`.
    NewTerm {
        /// How many.
        count: u32,
        /// Within how long.
        window_minutes: u32,
        /// How long a word counts as new after it was first seen; the station must have collected for as long before.
        new_days: u32,
    },
    /// The first matching post ever, or after `quiet_days` without one.
    FirstMention {
        /// Days without one.
        quiet_days: u32,
    },
}

/// A text with what is expected of it, in a rule or topic file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Optional title.
    #[serde(default)]
    pub title: String,
    /// The text.
    pub text: String,
    /// Whether the query must match it.
    pub hit: bool,
}
