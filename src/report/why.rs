//! Why an alert fired, in one sentence: what was measured and what the rule asks for.
//!
//! In: an alert and its rule. Out: a sentence. Claims nothing the alert does not hold.

use pipelines::locale::Lang;
use pipelines::record::Alert;
use pipelines::watch::{RuleConfig, RuleKind};

/// The reason of `alert` in words. Without its rule only the figures are told.
#[must_use]
pub fn why(rule: Option<&RuleConfig>, alert: &Alert, lang: Lang) -> String {
    let measured = alert.measured.round();
    let threshold = alert.threshold;
    let Some(rule) = rule else {
        return lang.fill("digest.why.gone", &[("measured", &measured), ("threshold", &threshold)]);
    };
    match &rule.kind {
        RuleKind::Any => lang.fill("digest.why.any", &[("measured", &measured)]),
        RuleKind::Frequency { window_minutes, .. } => lang.fill(
            "digest.why.frequency",
            &[
                ("window", &span(*window_minutes, lang)),
                ("measured", &measured),
                ("threshold", &threshold),
            ],
        ),
        RuleKind::Spike { window_minutes, factor, baseline_days, .. } => lang.fill(
            "digest.why.spike",
            &[
                ("window", &span(*window_minutes, lang)),
                ("measured", &measured),
                ("threshold", &threshold),
                ("factor", factor),
                ("days", baseline_days),
            ],
        ),
        RuleKind::Flatline { window_minutes } => {
            let told =
                lang.fill("digest.why.flatline", &[("window", &span(*window_minutes, lang))]);
            match alert.because {
                Some(because) => {
                    let because = lang.text(&format!("record.silence.{}", because.as_str()));
                    lang.fill("digest.why.because", &[("told", &told), ("because", &because)])
                }
                None => told,
            }
        }
        RuleKind::NewTerm { window_minutes, .. } => lang.fill(
            "digest.why.new_term",
            &[
                ("term", &pipelines::watch::term_of(rule, alert).unwrap_or_default()),
                ("window", &span(*window_minutes, lang)),
                ("measured", &measured),
            ],
        ),
        RuleKind::FirstMention { quiet_days } => {
            lang.fill("digest.why.first_mention", &[("days", quiet_days)])
        }
    }
}

/// Minutes in the largest unit that divides them.
fn span(minutes: u32, lang: Lang) -> String {
    let (key, count) = match minutes {
        m if m >= 1440 && m % 1440 == 0 => ("digest.span.days", m / 1440),
        m if m >= 60 && m % 60 == 0 => ("digest.span.hours", m / 60),
        m => ("digest.span.minutes", m),
    };
    lang.fill(key, &[("count", &count)])
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};
    use pipelines::record::{AlertState, Severity};

    use super::*;

    fn check(kind: RuleKind, measured: f64, threshold: f64, expected: &str) {
        let at = Utc.with_ymd_and_hms(2026, 11, 22, 0, 0, 0).unwrap();
        let rule = RuleConfig {
            id: "r".into(),
            name: "规则".into(),
            enabled: true,
            query: "欠薪".into(),
            kind,
            severity: Severity::Serious,
            merge_hours: 24,
            notify: Vec::new(),
            examples: Vec::new(),
        };
        let alert = Alert {
            key: "r:1".into(),
            rule: "r".into(),
            story: None,
            window_start: at,
            fired_at: at,
            measured,
            threshold,
            evidence: Vec::new(),
            because: None,
            told: Default::default(),
            severity: Severity::Serious,
            state: AlertState::Open,
        };
        assert_eq!(why(Some(&rule), &alert, Lang::Zh), expected);
        assert!(why(None, &alert, Lang::Zh).contains("规则已删除"));
    }

    #[test]
    fn reasons_are_told_in_words() {
        check(RuleKind::Any, 2.0, 1.0, "出现即报：窗口内有 2 条信息符合规则");
        check(
            RuleKind::Frequency { count: 5, window_minutes: 4320 },
            6.0,
            5.0,
            "3 天内有 6 条信息符合规则，达到 5 条的阈值",
        );
        check(
            RuleKind::Spike { count: 10, window_minutes: 90, factor: 3.0, baseline_days: 14 },
            40.0,
            12.5,
            "90 分钟内有 40 条信息符合规则，超过阈值 12.5 条（近 14 天同长时段均值的 3 倍）",
        );
        check(RuleKind::Flatline { window_minutes: 120 }, 0.0, 0.0, "已有 2 小时没有信息符合规则");
        check(RuleKind::FirstMention { quiet_days: 30 }, 1.0, 1.0, "30 天以来首次有信息符合规则");
    }
}
