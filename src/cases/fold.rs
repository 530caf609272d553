//! A case as its events make it: the only place where one is changed.

use chrono::{DateTime, Utc};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

use super::table::{KEPT, State, Step};
use super::{Approval, Case, Draft, Event, Extension, Told};

/// The case after `event`; `before` is none for the first.
#[must_use]
pub fn fold(before: Option<Case>, number: &str, event: &Event) -> Case {
    let mut case = before.unwrap_or_else(|| blank(number, event));
    if case.state != event.to {
        case.entered = event.at;
    }
    forget(&mut case, event);
    if event.step == Step::Escalate {
        note_told(&mut case, event);
    } else {
        case.fields.extend(event.fields.clone());
    }
    if event.step == Step::Verify && case.field("suggested") == case.field("grade") {
        // Nothing differs that a reason would be of.
        case.fields.remove("grade_why");
    }
    (case.version, case.state, case.updated) = (event.seq, event.to, event.at);
    case.clocks.clone_from(&event.clocks);
    case.ended = case.is_ended().then(|| case.ended.unwrap_or(event.at));
    match event.step {
        Step::AskTime => case.extension = Some(Extension::Asked),
        Step::GrantTime => case.extension = Some(Extension::Granted),
        Step::RefuseTime => case.extension = Some(Extension::Refused),
        Step::Submit => {
            let draft = draft(&case, event);
            case.drafts.push(draft);
            case.approval = None;
        }
        Step::Approve => {
            case.approval = case.drafts.last().map(|draft| Approval {
                who: event.who.clone(),
                at: event.at,
                version: draft.version,
                hash: draft.hash.clone(),
            });
        }
        Step::Publish => case.answered = case.answered.or(Some(answered_at(event))),
        Step::Reopen => case.reopened += 1,
        Step::Keep => case.looked.push(event.at),
        Step::Absorb => case.absorbed.extend(event.fields.get("absorbed").cloned()),
        _ => {}
    }
    case
}

/// What a step makes untrue of before.
fn forget(case: &mut Case, event: &Event) {
    let gone: &[&str] = match event.step {
        Step::Reopen => &[
            "facts",
            "outcome",
            "lesson",
            "rule_changed",
            "archive",
            "dismissed",
            "dismissed_to",
            "into",
            "merge_why",
            "wait_why",
        ],
        Step::HandBack => &["main", "helpers", "ask", "due"],
        Step::Verify => &["grade_why"],
        Step::Assign => &["helpers", "due", "hand_back_why"],
        Step::Submit => &["answer", "quoted", "private_why", "remarks"],
        Step::Publish => &["address", "published", "told", "satisfied", "call_words"],
        Step::Resume | Step::CallBack if event.to == State::InHand => &["result"],
        Step::GoOn => &["wait_why"],
        _ => &[],
    };
    if matches!(event.step, Step::Publish | Step::Correct | Step::Keep) {
        KEPT.iter().for_each(|field| drop(case.fields.remove(field.name)));
    }
    if event.step == Step::Publish || event.step == Step::Correct {
        case.looked.clear();
    }
    gone.iter().for_each(|name| drop(case.fields.remove(*name)));
}

/// It was told how far a clock has run out; what was told of the same run before is less.
fn note_told(case: &mut Case, event: &Event) {
    let said = |name: &str| event.fields.get(name).map_or("", String::as_str);
    let run = event.clocks.iter().rev().find(|run| run.clock.as_str() == said("clock"));
    if let (Some(run), Ok(percent)) = (run, said("percent").parse()) {
        let (clock, since) = (run.clock, run.since);
        case.told.retain(|told| (told.clock, told.since) != (clock, since));
        case.told.push(Told { clock, since, percent });
    }
}

fn blank(number: &str, event: &Event) -> Case {
    Case {
        number: number.to_owned(),
        version: 0,
        state: event.to,
        opened: event.at,
        updated: event.at,
        entered: event.at,
        fields: super::Fields::new(),
        drafts: Vec::new(),
        approval: None,
        answered: None,
        ended: None,
        extension: None,
        reopened: 0,
        absorbed: Vec::new(),
        clocks: Vec::new(),
        told: Vec::new(),
        looked: Vec::new(),
    }
}

fn draft(case: &Case, event: &Event) -> Draft {
    let said = |name: &str| event.fields.get(name).cloned().unwrap_or_default();
    let (text, private_why) = (said("answer"), said("private_why"));
    let hash = hex(&Sha256::digest(format!("{text}\n\0{private_why}")));
    let version = u32::try_from(case.drafts.len()).unwrap_or(u32::MAX).saturating_add(1);
    Draft { version, author: event.who.clone(), at: event.at, text, private_why, hash }
}

fn answered_at(event: &Event) -> DateTime<Utc> {
    let said = event.fields.get("published").and_then(|at| at.parse().ok());
    said.unwrap_or(event.at)
}
