//! The table: every step of a case, where it may be taken, where it leads, whose it is, what it must say, what must be
//! known before, and which clocks it starts and stops.
//!
//! In: nothing. Out: constants. What the machine does beyond it (conditions on the kind, the author, a time) stands in
//! `machine`; every door makes its forms of these lines.

use super::clock::Clock;

pub use super::names::{State, Step};

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// Whoever opens cases.
    Opener,
    /// The duty officer or the department: finds facts, assigns, publishes, closes.
    Desk,
    /// Who handles it for the unit.
    Unit,
    /// Who approves.
    Approver,
    /// The station itself, together with another step.
    Station,
}

/// What is typed into a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A line.
    Line,
    /// Paragraphs.
    Text,
    /// One of these; locale keys under `cases.choice.FIELD`.
    Choice(&'static [&'static str]),
    /// A grade.
    Grade,
    /// A unit, by id or name.
    Unit,
    /// Units.
    Units,
    /// The number of another case.
    Case,
    /// A web address.
    Address,
    /// A time.
    Time,
}

/// A field of a step.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name; a locale key under `cases.field`.
    pub name: &'static str,
    /// What is typed.
    pub form: Form,
    /// Whether the step cannot be taken without it.
    pub must: bool,
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// What is done.
    pub step: Step,
    /// Where it may be done; nowhere yet for opening.
    pub from: &'static [State],
    /// Where it leads; none: the case stays where it is.
    pub to: Option<State>,
    /// Whose step it is.
    pub hand: Hand,
    /// What is said.
    pub fields: &'static [Field],
    /// Fields that must have been said before, or now.
    pub needs: &'static [&'static str],
    /// Clocks that end with it.
    pub stops: &'static [Clock],
}

const fn must(name: &'static str, form: Form) -> Field {
    Field { name, form, must: true }
}

const fn may(name: &'static str, form: Form) -> Field {
    Field { name, form, must: false }
}

use Form::{Address, Case, Choice, Grade, Text, Time, Unit, Units};
use State::{
    Answered, Approved, Assigned, Closed, Dismissed, InHand, New, Review, Verifying, Watching,
};

const YES_NO: Form = Choice(&["yes", "no"]);

/// What is found before a case leaves the verification: the facts, what they rest on, whose and how grave it is.
pub const FOUND: &[&str] = &["facts", "found", "originals", "kind", "units", "grade"];

const VERIFYING: &[Clock] = &[Clock::Verify];
const ALL_CLOCKS: &[Clock] = &Clock::ALL;

/// A step that says something and leads nowhere.
const fn said(step: Step, from: &'static [State], hand: Hand, fields: &'static [Field]) -> Line {
    Line { step, from, to: None, hand, fields, needs: &[], stops: &[] }
}

/// A step that leads on.
const fn leads(
    step: Step,
    from: &'static [State],
    to: State,
    hand: Hand,
    fields: &'static [Field],
    needs: &'static [&'static str],
    stops: &'static [Clock],
) -> Line {
    Line { step, from, to: Some(to), hand, fields, needs, stops }
}

/// Every step there is, each once.
pub const TABLE: [Line; 29] = [
    leads(Step::Open, &[], New, Hand::Opener, OPEN, &["title", "origin"], &[]),
    leads(Step::Accept, &[New], Verifying, Hand::Desk, &[], &[], &[]),
    said(Step::Verify, &[Verifying], Hand::Desk, VERIFY),
    Line {
        stops: &[Clock::Express],
        ..said(
            Step::Express,
            BEFORE_ANSWER,
            Hand::Desk,
            &[must("express_to", Form::Line), may("express_text", Text)],
        )
    },
    leads(
        Step::Dismiss,
        &[New, Verifying],
        Dismissed,
        Hand::Desk,
        DISMISS,
        &["dismissed"],
        ALL_CLOCKS,
    ),
    leads(Step::Assign, &[Verifying], Assigned, Hand::Desk, ASSIGN, FOUND, VERIFYING),
    leads(Step::Sign, &[Assigned], InHand, Hand::Unit, &[], &["main", "ask"], &[Clock::Sign]),
    leads(
        Step::HandBack,
        &[Assigned],
        Verifying,
        Hand::Unit,
        &[must("hand_back_why", Text)],
        &[],
        &[Clock::Sign],
    ),
    said(Step::AskTime, &[InHand], Hand::Unit, &[must("until", Time), must("until_why", Text)]),
    said(Step::GrantTime, &[InHand], Hand::Desk, &[]),
    said(Step::RefuseTime, &[InHand], Hand::Desk, &[must("refused_why", Text)]),
    said(
        Step::Record,
        &[InHand],
        Hand::Unit,
        &[must("measures", Text), must("result", Text), may("attachments", Text)],
    ),
    said(Step::Wait, &[InHand], Hand::Unit, &[must("wait_why", Text)]),
    said(Step::GoOn, &[InHand], Hand::Unit, &[]),
    leads(Step::Submit, &[InHand], Review, Hand::Unit, SUBMIT, &["measures", "result"], &[]),
    leads(
        Step::Return,
        &[Review],
        InHand,
        Hand::Approver,
        &[must("remarks", Text)],
        &[],
        &[Clock::Review],
    ),
    leads(
        Step::Approve,
        &[Review],
        Approved,
        Hand::Approver,
        &[],
        &["approver"],
        &[Clock::Review, Clock::Handle],
    ),
    leads(Step::Publish, &[Approved], Answered, Hand::Desk, PUBLISH, &[], &[Clock::Answer]),
    said(Step::Correct, &[Watching, Closed], Hand::Desk, CORRECT),
    said(Step::Keep, PUBLIC, Hand::Station, KEPT),
    leads(Step::Watch, &[Answered], Watching, Hand::Station, &[], &[], &[]),
    Line {
        stops: &[Clock::CallBack],
        ..said(
            Step::CallBack,
            &[Watching],
            Hand::Desk,
            &[must("satisfied", Choice(&["yes", "mostly", "no"])), may("call_words", Text)],
        )
    },
    leads(
        Step::Resume,
        &[Watching],
        InHand,
        Hand::Desk,
        &[must("resume_why", Text)],
        &[],
        &[Clock::Watch, Clock::CallBack],
    ),
    leads(Step::Close, &[Verifying, Watching], Closed, Hand::Desk, CLOSE, CLOSED, ALL_CLOCKS),
    leads(
        Step::Reopen,
        &[Closed, Dismissed],
        Verifying,
        Hand::Desk,
        &[must("reopen_why", Text)],
        &[],
        &[],
    ),
    leads(
        Step::Merge,
        OPEN_STATES,
        Dismissed,
        Hand::Desk,
        &[must("into", Case), may("merge_why", Text)],
        &["into"],
        ALL_CLOCKS,
    ),
    said(Step::Absorb, EVERY_STATE, Hand::Station, &[must("absorbed", Case)]),
    said(Step::Note, EVERY_STATE, Hand::Unit, &[must("note", Text)]),
    said(Step::Escalate, OPEN_STATES, Hand::Station, RUN_OUT),
];

const RUN_OUT: &[Field] = &[
    must(
        "clock",
        Choice(&["verify", "express", "sign", "handle", "review", "answer", "watch", "call_back"]),
    ),
    must("percent", Choice(&["75", "100", "150"])),
];

const OPEN: &[Field] = &[
    must("title", Form::Line),
    must("origin", Choice(&["alert", "story", "post", "import", "hand"])),
    may("whence", Form::Line),
    may("link", Address),
    may("first_at", Time),
    may("units", Units),
    may("suggested", Grade),
    may("details", Text),
];

/// What grievances are about, as petition offices sort them.
pub const CLASSES: &[&str] = &[
    "wages",
    "insurance",
    "contract",
    "safety",
    "environment",
    "land",
    "welfare",
    "conduct",
    "other",
];

const VERIFY: &[Field] = &[
    must("facts", Choice(&["true", "partly", "false", "unclear"])),
    must("found", Text),
    must("originals", Text),
    must("kind", Choice(&["public", "enquiry", "complaint"])),
    may("class", Choice(CLASSES)),
    must("units", Units),
    must("grade", Grade),
    may("grade_why", Text),
];

const DISMISS: &[Field] = &[
    must("dismissed", Choice(&["false_alarm", "duplicate", "unrelated", "not_ours"])),
    may("dismissed_to", Form::Line),
];

const ASSIGN: &[Field] = &[
    must("main", Unit),
    may("helpers", Units),
    must("ask", Text),
    may("due", Time),
    may("reachable", YES_NO),
];

const SUBMIT: &[Field] = &[
    may("answer", Text),
    may("quoted", Form::Line),
    may("private_why", Text),
    may("place", Form::Line),
    may("under", Form::Line),
    must("approver", Form::Line),
];

const PUBLISH: &[Field] =
    &[may("address", Address), may("published", Time), may("told", Form::Line)];

const CORRECT: &[Field] = &[must("address", Address), must("correct_why", Form::Line)];

/// What is said of the page of a published answer.
pub const KEPT: &[Field] = &[
    must("kept", YES_NO),
    must("kept_address", Address),
    may("kept_title", Form::Line),
    may("kept_words", Choice(&["all", "part", "none", "unread"])),
    may("kept_file", Form::Line),
    may("kept_hash", Form::Line),
    may("kept_why", Form::Line),
];

const CLOSE: &[Field] = &[
    must("outcome", Text),
    must("lesson", Text),
    must("rule_changed", YES_NO),
    may("archive", Form::Line),
];

const CLOSED: &[&str] =
    &["facts", "found", "originals", "kind", "units", "grade", "outcome", "lesson", "rule_changed"];

const BEFORE_ANSWER: &[State] = &[New, Verifying, Assigned, InHand, Review, Approved];
const OPEN_STATES: &[State] = &[New, Verifying, Assigned, InHand, Review, Approved, Watching];
const PUBLIC: &[State] = &[Answered, Watching, Closed];
const EVERY_STATE: &[State] = &State::ALL;

/// The line of a step.
///
/// # Panics
/// Never: every step has one, which is tested.
#[must_use]
pub fn line(step: Step) -> &'static Line {
    TABLE.iter().find(|line| line.step == step).expect("every step has a line (tested)")
}
