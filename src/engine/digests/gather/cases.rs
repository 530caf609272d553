//! The cases of a digest as they stood at the end of its period.
//!
//! In: the store, an order, the posts of the digest. Out: cases, and the posts they are about that the digest does not hold.
//! A case that changed since is made again from its log, so that a digest of a past day tells of that day.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use pipelines::record::StoryId;

use super::super::{Focus, Order};
use super::{is_below, view};
use crate::cases::counted::{Counted, counted};
use crate::cases::machine::fold;
use crate::cases::{Case, Event, Policy, State};
use crate::config::Config;
use crate::report::{CaseDue, CaseInput, DigestPost};
use crate::store::{CaseLink, CaseRow, Store};

/// Posts of one case that are read.
const POSTS: usize = 50;

/// The cases of a digest.
pub(super) struct Gathered {
    pub(super) cases: Vec<CaseInput>,
    /// Their posts that the digest does not hold.
    pub(super) others: Vec<DigestPost>,
    /// Grievances among them by unit.
    pub(super) grievances: Vec<(String, Counted)>,
}

/// The cases, and their posts that are not among `posts`.
pub(super) fn cases(
    config: &Config,
    store: &dyn Store,
    (order, now): (&Order, DateTime<Utc>),
    posts: &[DigestPost],
) -> anyhow::Result<Gathered> {
    let mut known: HashSet<_> = posts.iter().map(|post| post.id).collect();
    let told: HashSet<StoryId> = posts.iter().map(|post| post.story).collect();
    let policy = crate::engine::cases::policy(config);
    let (mut cases, mut others, mut grievances) = (Vec::new(), Vec::new(), Vec::new());
    for row in store.cases()? {
        let Some(case) = as_of(store, &row, order.to)? else { continue };
        if case.ended.is_some_and(|ended| ended < order.from) {
            continue;
        }
        let (mut ids, mut stories, mut about) = (Vec::new(), Vec::new(), Vec::new());
        for link in store.case_links(&case.number)? {
            match link {
                CaseLink::Post(id) if ids.len() < POSTS => {
                    ids.push(id);
                    let Some(post) = store.post(id)? else { continue };
                    stories.push(post.story);
                    about.push(view(config, &post));
                }
                CaseLink::Story(story) => stories.push(story),
                _ => {}
            }
        }
        let is_told = ids.iter().any(|id| known.contains(id))
            || stories.iter().any(|story| told.contains(story));
        let is_wanted = match &order.focus {
            Focus::All => true,
            Focus::Unit(unit) => {
                case.units().iter().any(|id| is_below(config, &(*id).into(), unit))
            }
            Focus::Topic(_) | Focus::Story(_) => is_told,
        };
        if is_wanted {
            others.extend(about.into_iter().filter(|post| known.insert(post.id)));
            let at = now.min(order.to).max(case.updated);
            cases.push(CaseInput { posts: ids, stories, ..head(config, &case, at, &policy) });
            grievances
                .extend((case.is_grievance() && case.state != State::Dismissed).then_some(case));
        }
    }
    let grievances = by_unit(config, &grievances, now.min(order.to));
    Ok(Gathered { cases, others, grievances })
}

fn by_unit(config: &Config, cases: &[Case], at: DateTime<Utc>) -> Vec<(String, Counted)> {
    let mut units: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        units.entry(case.field("main")).or_default().push(case);
    }
    let row = |(id, cases): (&str, Vec<&Case>)| (named(config, id), counted(&cases, at));
    let mut rows: Vec<_> = units.into_iter().map(row).collect();
    rows.sort_by_key(|(_, counted)| std::cmp::Reverse(counted.cases));
    rows
}

fn named(config: &Config, id: &str) -> String {
    let found = config.subjects.iter().find(|subject| subject.id.as_str() == id);
    found.map_or_else(|| id.to_owned(), |subject| subject.name.clone())
}

/// The case as it was before `to`; none where it was not opened by then.
fn as_of(store: &dyn Store, row: &CaseRow, to: DateTime<Utc>) -> anyhow::Result<Option<Case>> {
    if row.opened >= to {
        return Ok(None);
    }
    if row.updated < to {
        return Ok(Some(serde_json::from_str(&row.record)?));
    }
    let mut case = None;
    for line in store.case_log(Some(&row.number))? {
        let event: Event = serde_json::from_str(&line.body)?;
        if event.at >= to {
            break;
        }
        case = Some(fold(case, &row.number, &event));
    }
    Ok(case)
}

fn head(config: &Config, case: &Case, at: DateTime<Utc>, policy: &Policy) -> CaseInput {
    let unit = match case.field("main") {
        "" => case
            .field("units")
            .split_whitespace()
            .next()
            .map(|id| named(config, id))
            .unwrap_or_default(),
        main => named(config, main),
    };
    let running = case.clocks.iter().filter(|run| run.is_running() && run.clock.is_deadline());
    let first = running.min_by_key(|run| (run.held.is_some(), run.due));
    let due = first.map(|run| CaseDue {
        clock: run.clock,
        at: run.due,
        late_minutes: match run.held {
            None if at >= run.due => policy.span(run.working, run.due, at).num_minutes().max(1),
            _ => 0,
        },
        is_held: run.held.is_some(),
    });
    CaseInput {
        number: case.number.clone(),
        title: case.field("title").to_owned(),
        state: case.state,
        grade: case.grade(),
        unit,
        approver: case.field("approver").to_owned(),
        opened: case.opened,
        answered: case.answered.filter(|answered| *answered <= at),
        ended: case.ended,
        due,
        posts: Vec::new(),
        stories: Vec::new(),
    }
}
