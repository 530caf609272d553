//! A new rule starts with its past: what it would have hit in the posts that are there, as far back as it looks.
//!
//! In: rules and the store. Out: their hits, stored without alerts and without a message, so that a spike knows its usual
//! and a first mention what was mentioned: live then does what a rehearsal says. A rule whose query or kind
//! was changed starts anew. It fires nothing.

use chrono::{DateTime, Utc};
use pipelines::query::{Query, QuerySet, Target};
use pipelines::record::RuleHit;
use pipelines::text::{Segmenter, hex};
use pipelines::watch::{RuleConfig, RuleKind, lookback};
use sha2::{Digest, Sha256};

use crate::store::{PostRange, Store};

/// The states that say with which query and kind a rule has its past.
const PAST: &str = "rule-past:";

/// Stores the past hits of the rules that are new or were changed.
///
/// # Errors
/// Those of the store; queries that cannot be looked for together.
pub(super) fn remember(
    store: &dyn Store,
    rules: &[(&RuleConfig, &Query)],
    segmenter: &Segmenter,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let mut new = Vec::new();
    for (rule, query) in rules {
        let name = format!("{PAST}{}", rule.id);
        let mark = mark_of(rule);
        if store.state(&name)?.as_ref() != Some(&mark) {
            new.push((*rule, *query, name, mark));
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    // Nobody knows when the first mention was without looking at all of it.
    let from = |rule: &RuleConfig| match rule.kind {
        RuleKind::FirstMention { .. } => None,
        _ => Some(now - lookback(rule)),
    };
    let from_all = new.iter().map(|(rule, ..)| from(rule)).min().flatten();
    let set = QuerySet::build(new.iter().map(|(_, query, ..)| (*query).clone()).enumerate())?;
    let mut hits = Vec::new();
    store.each_post(&PostRange { from: from_all, until: None }, &mut |post| {
        let target = Target::new(&post).segmented_by(segmenter);
        for (number, spans) in set.matches(&target) {
            let rule = new[*number].0;
            let (at, story) = (post.post.time(), post.story);
            if from(rule).is_none_or(|from| at >= from) {
                hits.push(RuleHit { rule: rule.id.clone(), post: post.post.id, story, at, spans });
            }
        }
        true
    })?;
    store.write(&mut |write| {
        for (rule, _, name, mark) in &new {
            // The hits of another query are not this one's past.
            if write.state(name)?.is_some() {
                write.forget_hits(&rule.id)?;
            }
            write.put_state(name, mark)?;
        }
        hits.iter().try_for_each(|hit| write.put_hit(hit).map(|_| ()))
    })?;
    Ok(())
}

fn mark_of(rule: &RuleConfig) -> String {
    hex(&Sha256::digest(format!("{} {:?}", rule.query, rule.kind))[..8])
}
