//! Why an alert fired, in words.
//!
//! In: a rule and its alert. Out: one sentence with what was measured and what was asked for, in either
//! language. Looks at no post.

use super::{RuleConfig, RuleKind};
use crate::locale::Lang;
use crate::record::Alert;

/// Why `alert` fired, in one sentence.
#[must_use]
pub fn reason(rule: &RuleConfig, alert: &Alert, lang: Lang) -> String {
    let (key, window, extra) = match &rule.kind {
        RuleKind::Any => ("any", 0, 0),
        RuleKind::Frequency { window_minutes, .. } => ("frequency", *window_minutes, 0),
        RuleKind::Spike { window_minutes, baseline_days, .. } => {
            ("spike", *window_minutes, *baseline_days)
        }
        RuleKind::Flatline { window_minutes } => ("flatline", *window_minutes, 0),
        RuleKind::NewTerm { window_minutes, .. } => ("new_term", *window_minutes, 0),
        RuleKind::FirstMention { quiet_days } => ("first_mention", 0, *quiet_days),
    };
    let span = match (window % 1440, window % 60) {
        (0, _) => lang.fill("watch.days", &[("count", &(window / 1440))]),
        (_, 0) => lang.fill("watch.hours", &[("count", &(window / 60))]),
        _ => lang.fill("watch.minutes", &[("count", &window)]),
    };
    let (measured, threshold) = (round(alert.measured), round(alert.threshold));
    lang.fill(
        &format!("watch.reason.{key}"),
        &[
            ("rule", &rule.name),
            ("window", &span),
            ("measured", &measured),
            ("threshold", &threshold),
            ("days", &extra),
            ("term", &super::term_of(rule, alert).unwrap_or_default()),
        ],
    )
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
