//! The alerts of a period with the posts they rest on.
//!
//! In: alerts with their rules. Out: one line each, gravest first, then newest. An evidence post that is no
//! longer stored is counted as missing, not left out in silence.

use std::cmp::Reverse;

use super::digest::AlertLine;
use super::input::{AlertInput, DigestPost};
use super::ledger::Ledger;

/// Posts named of one alert; the figure beside them leads to all.
const NAMED: usize = 2;

/// The lines of all alerts.
pub(super) fn alert_lines(ledger: &mut Ledger) -> Vec<AlertLine> {
    let mut alerts: Vec<&AlertInput> = ledger.input.alerts.iter().collect();
    alerts.sort_by_key(|a| (Reverse((a.alert.severity, a.alert.fired_at)), a.alert.key.clone()));
    alerts.into_iter().map(|alert| alert_line(ledger, alert)).collect()
}

fn alert_line(ledger: &mut Ledger, input: &AlertInput) -> AlertLine {
    let alert = &input.alert;
    let rule_name =
        input.rule.as_ref().map_or_else(|| alert.rule.to_string(), |rule| rule.name.clone());
    let stored: Vec<&DigestPost> =
        alert.evidence.iter().filter_map(|e| ledger.post(e.post)).collect();
    let evidence = ledger.figure(&["digest.set.alert", &rule_name], stored.iter().copied());
    AlertLine {
        key: alert.key.clone(),
        severity: alert.severity,
        state: alert.state,
        state_since: input.state_since,
        fired_at: alert.fired_at,
        headline: stored.iter().rev().max_by_key(|p| p.risk).map(|p| p.title.clone()),
        evidence,
        posts: stored.iter().take(NAMED).map(|p| ledger.cite(p.id)).collect(),
        missing: alert.evidence.len() - stored.len(),
        rule: input.rule.clone(),
        alert: alert.clone(),
        rule_name,
    }
}

#[cfg(test)]
mod tests {
    use pipelines::record::{Evidence, PostId, Severity};

    use super::super::{Digest, sample};

    #[test]
    fn the_gravest_alert_stands_first_and_names_its_posts() {
        let digest = Digest::build(&sample::input());
        assert_eq!(digest.alerts[0].severity, Severity::Major);
        for alert in &digest.alerts {
            assert!(
                alert.evidence.value >= Some(alert.posts.len() as u64) && !alert.posts.is_empty()
            );
            assert!(alert.headline.is_some());
            assert_eq!(alert.missing, 0);
        }
    }

    #[test]
    fn evidence_that_is_gone_is_counted() {
        let mut input = sample::input();
        let key = input.alerts[0].alert.key.clone();
        input.alerts[0].alert.evidence.push(Evidence { post: PostId(1), spans: Vec::new() });
        let digest = Digest::build(&input);
        let line = digest.alerts.iter().find(|a| a.key == key).unwrap();
        assert_eq!(line.missing, 1);
    }
}
