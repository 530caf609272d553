//! What a step becomes: an event, or a refusal. The table says what may be done; the conditions that are more than a line
//! of it stand here.
//!
//! In: a case (none to open one), an order, the policy. Out: the event. A clock that stands before the case's last event
//! counts as that event's time: nothing in a case runs backwards.

use chrono::{DateTime, Utc};
use pipelines::record::Severity;

use super::clock::{Clock, Clocks, Limit, Policy, Run, STEPS};
use super::table::{Hand, Line, State, Step, TABLE, line};
use super::{Case, Event, Extension, Fields, Refusal, fields};

pub use super::fold::fold;

/// A step as somebody wants to take it.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// What is done.
    pub step: Step,
    /// What is said.
    pub fields: Fields,
    /// By whom.
    pub who: &'a str,
    /// What the clock says.
    pub now: DateTime<Utc>,
}

/// The event that a step becomes.
///
/// # Errors
/// Why it cannot be taken.
pub fn plan(case: Option<&Case>, order: &Order, policy: &Policy) -> Result<Event, Refusal> {
    let (step, line) = (order.step, line(order.step));
    let may = case.map_or(step == Step::Open, |case| line.from.contains(&case.state));
    if !may {
        return Err(Refusal::NotNow { step, state: case.map(|case| case.state) });
    }
    let fields = fields::clean(line, &order.fields, policy.zone)?;
    let at = case.map_or(order.now, |case| order.now.max(case.updated));
    if let Some(case) = case {
        Ask { case, fields: &fields, who: order.who, at, policy }.check(step)?;
    }
    let known = |name: &&&str| {
        !(fields.contains_key(**name) || case.is_some_and(|case| case.fields.contains_key(**name)))
    };
    if let Some(lacking) = line.needs.iter().find(known) {
        return Err(Refusal::Missing(lacking));
    }
    let from = case.map(|case| case.state);
    let to = match (line.to, from) {
        (Some(to), _) => to,
        (None, _) if step == Step::CallBack && said(&fields, "satisfied") == "no" => State::InHand,
        (None, Some(from)) => from,
        (None, None) => State::New,
    };
    let seq = case.map_or(0, |case| case.version) + 1;
    let mut event = Event {
        seq,
        at,
        who: order.who.to_owned(),
        step,
        from,
        to,
        fields,
        clocks: case.map(|case| case.clocks.clone()).unwrap_or_default(),
    };
    event.clocks = clocks_after(case, line, &event, policy);
    Ok(event)
}

/// The steps that the next forms are for: those of the table that are not the station's own and that the case is open to.
#[must_use]
pub fn offered(case: &Case) -> Vec<&'static Line> {
    let fits = |line: &&Line| {
        line.hand != Hand::Station
            && line.from.contains(&case.state)
            && match line.step {
                Step::AskTime => case.extension.is_none(),
                Step::GrantTime | Step::RefuseTime => case.extension == Some(Extension::Asked),
                Step::Wait | Step::Submit => !is_waiting(case),
                Step::GoOn => is_waiting(case),
                Step::CallBack => case.is_grievance() && !case.fields.contains_key("satisfied"),
                Step::Express => case.run(Clock::Express).is_none_or(Run::is_running),
                _ => true,
            }
    };
    TABLE.iter().filter(fits).collect()
}

/// The clocks that have run out further than was told, each with the highest step it has reached.
#[must_use]
pub fn run_outs(case: &Case, now: DateTime<Utc>, policy: &Policy) -> Vec<(Run, u32)> {
    let told = |run: &Run| {
        let known =
            case.told.iter().find(|told| (told.clock, told.since) == (run.clock, run.since));
        known.map_or(0, |told| told.percent)
    };
    let reached = |run: &Run| {
        let percent = run.percent(now, policy);
        STEPS.into_iter().rev().find(|step| percent >= *step).filter(|step| *step > told(run))
    };
    let runs = case.clocks.iter().filter(|run| run.is_running() && run.clock.is_deadline());
    runs.filter_map(|run| Some((run.clone(), reached(run)?))).collect()
}

fn is_waiting(case: &Case) -> bool {
    case.state == State::InHand && case.fields.contains_key("wait_why")
}

fn said<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

/// A step with everything that its conditions look at.
struct Ask<'a> {
    case: &'a Case,
    fields: &'a Fields,
    who: &'a str,
    at: DateTime<Utc>,
    policy: &'a Policy,
}

impl Ask<'_> {
    fn said(&self, name: &str) -> &str {
        said(self.fields, name)
    }

    fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        self.said(name).parse().ok()
    }

    fn wrong(&self, name: &str) -> Refusal {
        Refusal::Wrong { field: name.to_owned(), value: self.said(name).to_owned() }
    }

    fn must(&self, is_needed: bool, name: &'static str) -> Result<(), Refusal> {
        if is_needed && self.said(name).is_empty() { Err(Refusal::Missing(name)) } else { Ok(()) }
    }

    fn check(&self, step: Step) -> Result<(), Refusal> {
        let case = self.case;
        match step {
            Step::Verify => {
                let suggested = case.field("suggested");
                let differs = !suggested.is_empty() && suggested != self.said("grade");
                self.must(differs, "grade_why")?;
                self.must(["enquiry", "complaint"].contains(&self.said("kind")), "class")
            }
            Step::Dismiss => {
                let elsewhere = ["duplicate", "not_ours"].contains(&self.said("dismissed"));
                self.must(elsewhere, "dismissed_to")
            }
            Step::Assign => {
                self.must(case.is_grievance(), "reachable")?;
                match self.time("due") {
                    Some(due) if due <= self.at => Err(self.wrong("due")),
                    _ => Ok(()),
                }
            }
            Step::HandBack => {
                let end = self.policy.due(case.entered, self.policy.limits.hand_back);
                if self.at > end { Err(Refusal::TooLate(end)) } else { Ok(()) }
            }
            Step::AskTime => self.ask_time(),
            Step::GrantTime | Step::RefuseTime => match case.extension {
                Some(Extension::Asked) => Ok(()),
                _ => Err(Refusal::NothingAsked),
            },
            Step::Wait if is_waiting(case) => Err(Refusal::Waiting),
            Step::GoOn if !is_waiting(case) => {
                Err(Refusal::NotNow { step, state: Some(case.state) })
            }
            Step::Submit => self.submit(),
            Step::Return | Step::Approve => {
                let is_author = case.drafts.last().is_none_or(|draft| draft.author == self.who);
                if is_author { Err(Refusal::Author) } else { Ok(()) }
            }
            Step::Publish => self.publish(),
            // What had no place has none to correct.
            Step::Correct => self.must(self.case.field("address").is_empty(), "address"),
            Step::CallBack if !case.is_grievance() => Err(Refusal::NoCall),
            Step::Close if case.state == State::Watching => self.close(),
            Step::Escalate => {
                let is_so = |(run, percent): &(Run, u32)| {
                    (run.clock.as_str(), percent.to_string().as_str())
                        == (self.said("clock"), self.said("percent"))
                };
                let is_any = run_outs(case, self.at, self.policy).iter().any(is_so);
                if is_any { Ok(()) } else { Err(self.wrong("percent")) }
            }
            Step::Merge if self.said("into") == case.number => Err(Refusal::Itself),
            _ => Ok(()),
        }
    }

    /// Once, before the end, for a later end; a grievance within the longest time.
    fn ask_time(&self) -> Result<(), Refusal> {
        if self.case.extension.is_some() {
            return Err(Refusal::Once);
        }
        let due = self.case.run(Clock::Handle).map_or(self.at, |run| run.due);
        if self.at > due {
            return Err(Refusal::TooLate(due));
        }
        let longest = self.policy.due(self.case.opened, self.policy.limits.longest);
        let until = self.time("until").filter(|until| *until > due);
        match until {
            Some(until) if !self.case.is_grievance() || until <= longest => Ok(()),
            _ => Err(self.wrong("until")),
        }
    }

    /// An answer with its place and the name it goes out under, or the reason why there is none.
    fn submit(&self) -> Result<(), Refusal> {
        if is_waiting(self.case) {
            return Err(Refusal::Waiting);
        }
        let (answer, private) = (self.said("answer"), self.said("private_why"));
        if answer.is_empty() == private.is_empty() {
            return Err(Refusal::EitherAnswer);
        }
        self.must(private.is_empty(), "place")?;
        self.must(private.is_empty(), "under")?;
        if self.said("approver") == self.who { Err(Refusal::Author) } else { Ok(()) }
    }

    /// Where it stands, or how the person was told; not in the future.
    fn publish(&self) -> Result<(), Refusal> {
        self.must(self.case.field("private_why").is_empty(), "address")?;
        self.must(self.case.is_grievance(), "told")?;
        match self.time("published") {
            Some(at) if at > self.at || at < self.case.opened => Err(self.wrong("published")),
            _ => Ok(()),
        }
    }

    /// After the watch, and the call where there is somebody to call.
    fn close(&self) -> Result<(), Refusal> {
        if self.case.is_grievance() && self.case.field("satisfied").is_empty() {
            return Err(Refusal::Missing("satisfied"));
        }
        let end = self.case.run(Clock::Watch).map_or(self.at, |run| run.due);
        if self.at < end { Err(Refusal::TooEarly(end)) } else { Ok(()) }
    }
}

/// The clocks after a step.
fn clocks_after(case: Option<&Case>, line: &Line, event: &Event, policy: &Policy) -> Vec<Run> {
    let (at, limits) = (event.at, &policy.limits);
    let mut clocks = Clocks { runs: event.clocks.clone(), policy };
    // The case as the step makes it, for grade and kind.
    let after = fold(case.cloned(), "", event);
    // What was published before it was registered counts from then.
    let ended = if event.step == Step::Publish { after.answered.unwrap_or(at) } else { at };
    line.stops.iter().for_each(|clock| clocks.stop(*clock, ended));
    let grade = after.grade();
    let whole = if after.is_grievance() { limits.longest } else { limits.answer.of(grade) };
    let handle = handling(&after, policy);
    match event.step {
        Step::Open => {
            clocks.start(Clock::Verify, at, limits.verify.of(grade));
            clocks.start(Clock::Answer, at, whole);
            express(&mut clocks, &after, limits.express);
        }
        Step::Verify => {
            clocks.reckon_anew(Clock::Answer, whole);
            express(&mut clocks, &after, limits.express);
        }
        Step::Assign => clocks.start(Clock::Sign, at, limits.sign.of(grade)),
        Step::Sign => {
            clocks.start(Clock::Handle, at, handle);
            let set = after.field("due").parse::<DateTime<Utc>>().ok();
            let due = clocks.runs.last().map(|run| run.due);
            if let (Some(set), Some(due)) = (set, due) {
                clocks.set_due(Clock::Handle, set.min(due));
            }
        }
        Step::HandBack => clocks.start(Clock::Verify, at, limits.verify.of(grade)),
        Step::GrantTime => grant(&mut clocks, &after),
        Step::Wait => clocks.hold(Clock::Handle, at),
        Step::GoOn => clocks.release(Clock::Handle, at),
        Step::Submit => {
            clocks.hold(Clock::Handle, at);
            clocks.start(Clock::Review, at, limits.review.of(grade));
        }
        Step::Return => clocks.release(Clock::Handle, at),
        Step::Watch => {
            clocks.start(Clock::Watch, at, limits.watch);
            if after.is_grievance() {
                clocks.start(Clock::CallBack, at, limits.call_back);
            }
        }
        Step::Resume => clocks.start(Clock::Handle, at, handle),
        Step::CallBack if event.to == State::InHand => {
            clocks.stop(Clock::Watch, at);
            clocks.start(Clock::Handle, at, handle);
        }
        Step::Reopen => {
            if after.answered.is_none() {
                clocks.resume(Clock::Answer);
            }
            clocks.start(Clock::Verify, at, limits.verify.of(grade));
        }
        _ => {}
    }
    clocks.runs
}

/// The end that was asked for; where the clock stood still meanwhile, its end may be later already.
fn grant(clocks: &mut Clocks, after: &Case) {
    let due = after.run(Clock::Handle).map(|run| run.due);
    if let (Ok(until), Some(due)) = (after.field("until").parse(), due) {
        clocks.set_due(Clock::Handle, due.max(until));
    }
}

/// How long the handling of a case may take.
fn handling(case: &Case, policy: &Policy) -> Limit {
    match case.field("kind") {
        "enquiry" => policy.limits.enquiry,
        "complaint" => policy.limits.complaint,
        _ => policy.limits.handle.of(case.grade()),
    }
}

/// The leader is told of the highest grade; once.
fn express(clocks: &mut Clocks, after: &Case, limit: Limit) {
    let is_new = clocks.runs.iter().all(|run| run.clock != Clock::Express);
    if after.grade() == Severity::Critical && is_new {
        clocks.start(Clock::Express, after.opened, limit);
    }
}
