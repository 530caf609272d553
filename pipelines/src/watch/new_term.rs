//! `new_term`: a word that the station had never seen before stands in several hits.
//!
//! In: hits with the new words of their posts, and since when each word is known. Out: the same firings as of
//! `frequency`, one lane a word; the word stands in the alert's key. A word is new for `new_days` after the first
//! post that had it, and only where the station has collected for as long before: else everything would be new.
//! Words that public texts have are never new.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::evaluate::{Firing, Window, days, evaluate};
use super::{RuleConfig, RuleKind};
use crate::record::{Alert, AnnotatedPost, PostId, RuleHit};
use crate::words::Rarity;

/// The keywords of a post that public texts do not have.
#[must_use]
pub fn rare_terms(post: &AnnotatedPost) -> Vec<String> {
    let rare = post.words.keywords.iter().filter(|k| !Rarity::shipped().knows(&k.word));
    rare.map(|k| k.word.clone()).collect()
}

/// The word an alert of such a rule is about.
#[must_use]
pub fn term_of<'a>(rule: &RuleConfig, alert: &'a Alert) -> Option<&'a str> {
    let rest = alert.key.strip_prefix(rule.id.as_str())?.strip_prefix('/')?;
    rest.rsplit_once('@').map(|(term, _)| term)
}

/// What is known of words: those of each post, and the time of the first post that had each.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// By post, as [`rare_terms`] gives them.
    pub of: HashMap<PostId, Vec<String>>,
    /// By word.
    pub first_seen: BTreeMap<String, DateTime<Utc>>,
}

impl Terms {
    /// The hits of each of `wanted`, in the order of `hits`.
    fn having<'a>(
        &self,
        hits: &[RuleHit],
        wanted: &[&'a String],
    ) -> HashMap<&'a str, Vec<RuleHit>> {
        let mut having: HashMap<&str, Vec<RuleHit>> =
            wanted.iter().map(|term| (term.as_str(), Vec::new())).collect();
        for hit in hits {
            for term in self.of.get(&hit.post).into_iter().flatten() {
                if let Some(of_term) = having.get_mut(term.as_str())
                    && of_term.last().is_none_or(|last: &RuleHit| last.post != hit.post)
                {
                    of_term.push(hit.clone());
                }
            }
        }
        having
    }

    /// The words of `hit` that are new when it comes.
    fn new_at<'a>(
        &'a self,
        hit: &RuleHit,
        new_days: u32,
        since: Option<DateTime<Utc>>,
    ) -> impl Iterator<Item = &'a String> {
        let new_from = hit.at - days(new_days);
        let has_past = since.is_some_and(|since| since <= new_from);
        let terms = self.of.get(&hit.post).filter(|_| has_past);
        terms
            .into_iter()
            .flatten()
            .filter(move |term| self.first_seen.get(*term).is_none_or(|first| *first > new_from))
    }
}

/// The alerts that fire or grow when `new` hits come, as [`evaluate`] says it for other kinds; nothing for those.
#[must_use]
pub fn evaluate_terms(
    rule: &RuleConfig,
    window: &Window,
    new: &[RuleHit],
    terms: &Terms,
    now: DateTime<Utc>,
) -> Vec<Firing> {
    let RuleKind::NewTerm { count, window_minutes, new_days } = rule.kind else {
        return Vec::new();
    };
    let counting =
        RuleConfig { kind: RuleKind::Frequency { count, window_minutes }, ..rule.clone() };
    let mut candidates: Vec<&String> =
        new.iter().flat_map(|hit| terms.new_at(hit, new_days, window.since)).collect();
    candidates.sort_unstable();
    candidates.dedup();
    let (mut before, mut fresh) =
        (terms.having(&window.hits, &candidates), terms.having(new, &candidates));
    let mut firings = Vec::new();
    for term in candidates {
        let alerts = window.alerts.iter().filter(|a| term_of(rule, a) == Some(term)).cloned();
        let mut known = before.remove(term.as_str()).unwrap_or_default();
        // A rehearsal is handed days at once: at some of their hits the word was not new yet, or is no more. Those fire
        // nothing, and the earlier ones count beside those that do.
        let all = fresh.remove(term.as_str()).unwrap_or_default();
        let is_new = |hit: &RuleHit| terms.new_at(hit, new_days, window.since).any(|t| t == term);
        let (new, other): (Vec<RuleHit>, Vec<RuleHit>) = all.into_iter().partition(is_new);
        let last = new.iter().map(|hit| hit.at).max();
        known.extend(other.into_iter().filter(|hit| Some(hit.at) <= last));
        let lane = Window {
            hits: known,
            alerts: alerts.collect(),
            last_before: window.last_before,
            since: window.since,
        };
        for firing in evaluate(&counting, &lane, &new, now) {
            firings.push(match firing {
                Firing::New(mut alert) => {
                    alert.key = format!("{}/{term}@{}", rule.id, alert.fired_at.timestamp());
                    Firing::New(alert)
                }
                grown @ (Firing::Grown(_) | Firing::Joined(_)) => grown,
            });
        }
    }
    firings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Severity, StoryId};

    fn rule() -> RuleConfig {
        RuleConfig {
            id: "fresh".into(),
            name: "新词".into(),
            enabled: true,
            query: String::new(),
            kind: RuleKind::NewTerm { count: 3, window_minutes: 1440, new_days: 7 },
            severity: Severity::Ordinary,
            merge_hours: 24,
            notify: Vec::new(),
            examples: Vec::new(),
        }
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::days(20_000) + chrono::Duration::hours(hours)
    }

    fn hit(post: u64, hours: i64) -> RuleHit {
        let post = PostId(post);
        let spans = Vec::new();
        RuleHit { rule: "fresh".into(), post, story: StoryId(post), at: at(hours), spans }
    }

    fn terms(of: &[(u64, &str)], first: &[(&str, i64)]) -> Terms {
        let mut terms = Terms::default();
        for (post, term) in of {
            terms.of.entry(PostId(*post)).or_default().push((*term).to_owned());
        }
        terms.first_seen = first.iter().map(|(t, h)| ((*t).to_owned(), at(*h))).collect();
        terms
    }

    fn fired(terms: &Terms, since: i64, hits: &[RuleHit]) -> Vec<String> {
        let window = Window { since: Some(at(since)), ..Window::default() };
        let firings = evaluate_terms(&rule(), &window, hits, terms, at(100));
        firings
            .iter()
            .map(|firing| match firing {
                Firing::New(alert) | Firing::Grown(alert) | Firing::Joined(alert) => {
                    term_of(&rule(), alert).unwrap().to_owned()
                }
            })
            .collect()
    }

    #[test]
    fn three_posts_with_a_word_never_seen_fire_once_and_name_it() {
        let hits = [hit(1, 0), hit(2, 1), hit(3, 2)];
        let told = terms(
            &[(1, "熔岩门"), (2, "熔岩门"), (3, "熔岩门"), (3, "别的词")],
            &[("熔岩门", 0), ("别的词", 2)],
        );
        assert_eq!(fired(&told, -24 * 30, &hits), ["熔岩门"]);
        // A station that began yesterday knows nothing; a word known for a month is not new.
        assert!(fired(&told, -24, &hits).is_empty());
        let old = terms(&[(1, "旧词"), (2, "旧词"), (3, "旧词")], &[("旧词", -24 * 30)]);
        assert!(fired(&old, -24 * 60, &hits).is_empty());
    }

    #[test]
    fn hits_in_several_batches_make_one_alert_that_grows() {
        let told = terms(&[(1, "甲乙"), (2, "甲乙"), (3, "甲乙"), (4, "甲乙")], &[("甲乙", 0)]);
        let window = Window { since: Some(at(-1000)), ..Window::default() };
        let first = [hit(1, 0), hit(2, 1), hit(3, 2)];
        let fired = evaluate_terms(&rule(), &window, &first, &told, at(3));
        let [Firing::New(alert)] = &fired[..] else { panic!("{fired:?}") };
        let later = Window { hits: first.to_vec(), alerts: vec![alert.clone()], ..window };
        let grown = evaluate_terms(&rule(), &later, &[hit(4, 3)], &told, at(4));
        assert!(matches!(&grown[..], [Firing::Grown(same)] if same.key == alert.key), "{grown:?}");
    }
}
