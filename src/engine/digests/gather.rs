//! What a digest is made from, read from the store: the posts about us, alerts with their evidence, the period before, and
//! how collecting went.
//!
//! In: an order. Out: a [`DigestInput`]. Of posts that name nobody only their number is read.

mod around;
mod cases;

use std::collections::HashSet;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use pipelines::locale::Lang;
use pipelines::record::{AnnotatedPost, SubjectId, TopicId};
use pipelines::words::Counts;

use super::super::health::{all_lost, kind_in_words, lost_in_words, silence_reason};
use super::{Focus, Order};
use crate::config::Config;
use crate::report::{
    AlertInput, DigestInput, DigestPost, PaperHead, PostLine, PreviousPeriod, SourceInput,
    SourceOutcome, Tally,
};
use crate::store::{PostRange, Role, Store, StoredAlert};

/// Posts an appendix lists at most, beside those that the text names.
const LISTED_POSTS: usize = 200;
/// Posts of one happening that are read.
const STORY_POSTS: usize = 2_000;

/// Topics whose negative posts are grievances of staff and neighbours, where no kind was found.
const GRIEVANCES: [&str; 8] = [
    "labour",
    "environment",
    "construction",
    "education",
    "health",
    "trade",
    "transport",
    "service",
];

/// Everything the digest of `order` is made from.
pub(super) fn input(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<DigestInput> {
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let (posts, collected) = posts(config, store, order)?;
    let (alerts, mut other_posts) = alerts(config, store, &range, order, &posts)?;
    let cases::Gathered { cases, others: of_cases, grievances } =
        cases::cases(config, store, (order, now), &posts)?;
    other_posts.extend(of_cases);
    Ok(DigestInput {
        title: order.title.clone(),
        organisation: config.station.name.clone(),
        period: order.period,
        from: order.from,
        to: order.to,
        zone: config.station.zone,
        generated_at: now,
        focus: focus_name(config, &order.focus),
        paper: PaperHead {
            red_head: config.paper.red_head.clone(),
            unit: config.paper.unit.clone(),
            send_to: config.paper.send_to.clone(),
            copy_to: config.paper.copy_to.clone(),
            issue: order.issue,
        },
        cases,
        grievances,
        own: around::own(config, store, order)?,
        elsewhere: around::elsewhere(config, store, (order, now), &posts)?,
        posts,
        collected,
        other_posts,
        previous: previous(config, store, order)?,
        subjects: config.subjects.iter().map(|s| (s.id.clone(), s.name.clone())).collect(),
        grievance_topics: GRIEVANCES.iter().map(|id| TopicId::from(*id)).collect(),
        alerts,
        sources: Some(sources(config, store, order, now)?),
        listed_posts: LISTED_POSTS,
    })
}

/// The name of what a digest is narrowed to; a happening goes by its own title.
fn focus_name(config: &Config, focus: &Focus) -> Option<String> {
    match focus {
        Focus::All | Focus::Story(_) => None,
        Focus::Unit(id) => config.subjects.iter().find(|s| s.id == *id).map(|s| s.name.clone()),
        Focus::Topic(id) => {
            config.topics.iter().find(|t| t.id == *id).map(|t| match config.station.lang {
                Lang::Zh => t.name.clone(),
                Lang::En => t.name_en.clone(),
            })
        }
    }
}

/// Whether a post about us belongs to what the digest is narrowed to.
fn is_wanted(config: &Config, focus: &Focus, post: &AnnotatedPost) -> bool {
    match focus {
        Focus::All => true,
        Focus::Story(story) => post.story == *story,
        Focus::Unit(unit) => {
            post.mentions.iter().any(|mention| is_below(config, &mention.subject, unit))
        }
        Focus::Topic(topic) => post.topics.iter().any(|hit| {
            let rest = hit.topic.as_str().strip_prefix(topic.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }),
    }
}

fn is_below(config: &Config, subject: &SubjectId, unit: &SubjectId) -> bool {
    let mut at = Some(subject.clone());
    // As many steps as there are subjects: config refuses circles, this loop need not know.
    for _ in 0..=config.subjects.len() {
        match at {
            Some(id) if id == *unit => return true,
            Some(id) => {
                at = config.subjects.iter().find(|s| s.id == id).and_then(|s| s.parent.clone())
            }
            None => return false,
        }
    }
    false
}

fn view(config: &Config, post: &AnnotatedPost) -> DigestPost {
    let id = &post.post.source;
    let name =
        config.sources.iter().find(|s| s.id == *id).map_or(id.0.as_str(), |s| s.name.as_str());
    DigestPost::of(post, name)
}

/// The posts of the digest, and how many the period holds in all.
fn posts(
    config: &Config,
    store: &dyn Store,
    order: &Order,
) -> anyhow::Result<(Vec<DigestPost>, u64)> {
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let mut posts = Vec::new();
    if let Focus::Story(story) = order.focus {
        // A happening is told whole, whether each of its posts names us or not.
        for id in store.story_posts(story, STORY_POSTS)? {
            let post =
                store.post(id)?.filter(|post| (order.from..order.to).contains(&post.post.time()));
            posts.extend(post.map(|post| view(config, &post)));
        }
        let collected = posts.len() as u64;
        return Ok((posts, collected));
    }
    let collected = store.each_mentioning(&range, &mut |post| {
        if is_wanted(config, &order.focus, &post) {
            posts.push(view(config, &post));
        }
        true
    })?;
    Ok((posts, collected))
}

/// The alerts of the period that rest on what the digest is about, and the posts of theirs that lie outside it.
fn alerts(
    config: &Config,
    store: &dyn Store,
    range: &PostRange,
    order: &Order,
    posts: &[DigestPost],
) -> anyhow::Result<(Vec<AlertInput>, Vec<DigestPost>)> {
    let mut known: HashSet<_> = posts.iter().map(|post| post.id).collect();
    let (mut alerts, mut others) = (Vec::new(), Vec::new());
    for StoredAlert { alert, updated_at, .. } in store.alerts(range, usize::MAX)? {
        if order.focus != Focus::All && !alert.evidence.iter().any(|e| known.contains(&e.post)) {
            continue;
        }
        for evidence in &alert.evidence {
            if known.insert(evidence.post) {
                others.extend(store.post(evidence.post)?.map(|post| view(config, &post)));
            }
        }
        let rule = super::super::watching::rule_of(config, &alert.rule);
        alerts.push(AlertInput { alert, rule, state_since: Some(updated_at) });
    }
    Ok((alerts, others))
}

/// What became of the page of a listed post, and the hash of the page it was read from as it was served.
pub(super) fn mark_page(store: &dyn Store, post: &mut PostLine) -> anyhow::Result<()> {
    let marks = store.marks(post.id)?;
    (post.edited_at, post.gone_at) = (marks.edited, marks.gone);
    let exhibits = store.evidence(post.id)?;
    let page = exhibits.into_iter().rev().find(|exhibit| exhibit.role == Role::Page);
    post.page_sha256 = page.map(|exhibit| exhibit.record.payload);
    Ok(())
}

/// Counts of the span before; absent where this station did not collect yet, since then it was not measured.
fn previous(
    config: &Config,
    store: &dyn Store,
    order: &Order,
) -> anyhow::Result<Option<PreviousPeriod>> {
    let from = order.from - (order.to - order.from);
    let since = store.state(super::super::watching::SINCE)?;
    let since = since.map(|text| text.parse::<DateTime<Utc>>()).transpose();
    let since = since.context("cannot read since when this station collects")?;
    if since.is_none_or(|since| since > from) || matches!(order.focus, Focus::Story(_)) {
        return Ok(None);
    }
    let (mut tally, mut words) = (Tally::default(), Counts::default());
    let mut stories = HashSet::new();
    let range = PostRange { from: Some(from), until: Some(order.from) };
    store.each_mentioning(&range, &mut |post| {
        if is_wanted(config, &order.focus, &post) {
            tally.posts += 1;
            words.add(post.words.keywords.iter().map(|keyword| keyword.word.as_str()));
            match DigestPost::of(&post, "").polarity() {
                pipelines::record::Polarity::Negative => tally.negative += 1,
                pipelines::record::Polarity::Neutral => tally.neutral += 1,
                pipelines::record::Polarity::Positive => tally.positive += 1,
            }
            stories.insert(post.story);
        }
        true
    })?;
    tally.stories = stories.len() as u64;
    Ok(Some(PreviousPeriod { tally, words }))
}

fn sources(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<SourceInput>> {
    let lang = config.station.lang;
    let range = PostRange { from: Some(order.from), until: Some(order.to) };
    let mut inputs = Vec::new();
    for source in config.sources.iter().filter(|s| s.enabled) {
        let state = store.source_state(&source.id)?;
        let tally = store.source_tally(&source.id, &range)?;
        let silent = TimeDelta::hours(i64::from(source.flatline_hours));
        let is_silent =
            source.flatline_hours > 0 && state.last_post.is_none_or(|at| at < now - silent);
        let outcome = match (&state.error, state.last_run) {
            (_, None) => SourceOutcome::NotRun,
            (Some((kind, _)), _) if tally.kept > 0 => {
                SourceOutcome::Partial { reason: kind_in_words(kind, lang) }
            }
            (Some((kind, _)), _) => SourceOutcome::Failed { reason: kind_in_words(kind, lang) },
            (None, Some(_)) if is_silent => {
                let reason = silence_reason(store, source, now)?;
                let reason = reason.map(|r| lang.text(&format!("record.silence.{}", r.as_str())));
                SourceOutcome::Silent { since: state.last_post, reason }
            }
            (None, Some(_)) => match all_lost(&tally) {
                Some(lost) => SourceOutcome::Partial { reason: lost_in_words(&lost, lang) },
                None => SourceOutcome::Good,
            },
        };
        inputs.push(SourceInput {
            id: source.id.clone(),
            name: source.name.clone(),
            channel: source.channel,
            outcome,
        });
    }
    Ok(inputs)
}
