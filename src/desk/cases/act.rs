//! The steps of a case as people take them: the right checked, the step planned by the machine, logged in one transaction
//! with everything that goes with it.
//!
//! In: who, a number, the version they saw, a step and what they say. Out: the version after it. Nothing is done where the
//! case is not as they saw it. With a publication goes the beginning of the watch; with a merger the other
//! case's line.

use chrono::{DateTime, Datelike as _, Utc};
use pipelines::record::Severity;

use super::fault::CaseFault;
use super::{read, unknown};
use crate::cases::{Case, Event, Field, Fields, Form, Hand, Order, Refusal, State, Step, table};
use crate::desk::{Act, Desk, DeskError, Result, Role, Who};
use crate::engine::cases::{STATION, StepError, log_step};
use crate::store::{CaseLink, StoreError, StoreWrite};

/// The right that a step needs.
#[must_use]
pub(super) fn right_of(hand: Hand) -> Act {
    match hand {
        Hand::Opener => Act::OpenCase,
        Hand::Desk | Hand::Station => Act::DirectCase,
        Hand::Unit => Act::HandleCase,
        Hand::Approver => Act::ApproveCase,
    }
}

/// A step as somebody takes it.
pub(super) struct Taking<'a> {
    pub who: &'a Who,
    pub number: &'a str,
    pub step: Step,
    pub fields: Fields,
    pub links: Vec<CaseLink>,
    pub now: DateTime<Utc>,
}

impl Desk {
    /// Takes a step of a case that stands at `version`; answers the version after it.
    ///
    /// # Errors
    /// `Forbidden`, `Unknown`; `Case` with why the step was not taken.
    pub fn step_case(
        &self,
        who: &Who,
        number: &str,
        version: u64,
        step: Step,
        fields: &Fields,
    ) -> Result<u64> {
        let line = table::line(step);
        self.check(who, right_of(line.hand))?;
        let case = self.case_of(who, number)?;
        if matches!(line.hand, Hand::Station | Hand::Opener) {
            return Err(self.refused(Refusal::NotNow { step, state: Some(case.state) }));
        }
        self.is_theirs(who, &case, step, line.hand)?;
        let fields = self.with_units(line.fields, fields)?;
        let fields = self.with_answer_taken(who, step, fields)?;
        let links = self.originals(who, step, &fields)?;
        let number = case.number.as_str();
        let taking = Taking { who, number, step, fields, links, now: self.now() };
        self.in_one(&mut |write| {
            let found = self.expected(write, number, version)?;
            let mut after = self.take(write, Some(&found), &taking)?;
            if step == Step::Merge {
                self.absorb(write, &taking)?;
            }
            if after.state == State::Answered {
                let station = Who { name: STATION.to_owned(), ..who.clone() };
                let watch = Taking {
                    who: &station,
                    step: Step::Watch,
                    fields: Fields::new(),
                    links: Vec::new(),
                    ..taking
                };
                after = self.take(write, Some(&after), &watch)?;
            }
            Ok(after.version)
        })
    }

    /// Plans a step, logs it, puts the case and what it is about, and writes the audit line.
    pub(super) fn take(
        &self,
        write: &dyn StoreWrite,
        case: Option<&Case>,
        taking: &Taking,
    ) -> Result<Case> {
        let order = Order {
            step: taking.step,
            fields: taking.fields.clone(),
            who: &taking.who.name,
            now: taking.now,
        };
        let policy = self.case_policy();
        let logged = log_step(write, case, taking.number, &order, &policy);
        let after = logged.map_err(|error| match error {
            StepError::Refused(why) => self.refused(why),
            error => DeskError::Broken(error.into()),
        })?;
        for link in &taking.links {
            write.link_case(taking.number, *link)?;
        }
        Ok(after)
    }

    /// One transaction whose refusal is the desk's: what was written is taken back.
    pub(in crate::desk) fn in_one<T>(
        &self,
        work: &mut dyn FnMut(&dyn StoreWrite) -> Result<T>,
    ) -> Result<T> {
        let mut done = None;
        let written = self.store.write(&mut |write| {
            let worked = work(write);
            let is_done = worked.is_ok();
            done = Some(worked);
            // The error that is answered is the desk's own.
            if is_done { Ok(()) } else { Err(StoreError::Busy) }
        });
        match done {
            Some(Err(refused)) => Err(refused),
            Some(Ok(value)) => written.map(|()| value).map_err(DeskError::from),
            None => Err(written.map_or_else(DeskError::from, |()| unknown(""))),
        }
    }

    /// The case as it is now, where it is still as it was seen.
    fn expected(&self, write: &dyn StoreWrite, number: &str, version: u64) -> Result<Case> {
        let found = read(&write.case_now(number)?.ok_or_else(|| unknown(number))?)?;
        let lines = self.store.case_log(Some(number))?;
        let since = lines.iter().filter(|line| line.seq > version);
        let mut since = since.filter_map(|line| serde_json::from_str::<Event>(&line.body).ok());
        // What the station noted (that a clock ran out) changes nothing of what was seen.
        let Some(last) = since.rfind(|event| event.who != STATION) else {
            return if version <= found.version { Ok(found) } else { Err(unknown(number)) };
        };
        let (who, step) = (last.who, last.step.as_str());
        let at = found
            .updated
            .with_timezone(&self.config.station.zone)
            .format("%m-%d %H:%M")
            .to_string();
        Err(CaseFault::Overtaken { number: number.to_owned(), who, step, at }.into())
    }

    /// The line of the case that another one became part of, and what that was about.
    fn absorb(&self, write: &dyn StoreWrite, taking: &Taking) -> Result<()> {
        let into = taking.fields.get("into").map_or("", String::as_str);
        let other = read(&write.case_now(into)?.ok_or_else(|| unknown(into))?)?;
        if other.is_ended() {
            return Err(CaseFault::Ended { number: other.number }.into());
        }
        let fields = Fields::from([("absorbed".to_owned(), taking.number.to_owned())]);
        let links = self.store.case_links(taking.number)?;
        let absorbing = Taking {
            number: into,
            step: Step::Absorb,
            fields,
            links,
            who: taking.who,
            now: taking.now,
        };
        self.take(write, Some(&other), &absorbing).map(drop)
    }

    /// Steps of a unit are taken by its people; answers of the highest grades are approved by a leader.
    pub(super) fn is_theirs(&self, who: &Who, case: &Case, step: Step, hand: Hand) -> Result<()> {
        let own = self.with_below(&who.units);
        let main = case.field("main");
        let is_of_unit = who.units.is_empty() || own.iter().any(|unit| unit.as_str() == main);
        if hand == Hand::Unit && step != Step::Note && !main.is_empty() && !is_of_unit {
            let unit = self.unit_name(main);
            return Err(CaseFault::NotYours { number: case.number.clone(), unit }.into());
        }
        let is_leader = matches!(who.role, Role::Leader | Role::Administrator);
        if hand == Hand::Approver && case.grade() >= Severity::Major && !is_leader {
            return Err(CaseFault::GradeLeader.into());
        }
        Ok(())
    }

    /// Units that were typed by a name, by their ids.
    pub(super) fn with_units(&self, known: &[Field], typed: &Fields) -> Result<Fields> {
        let mut fields = typed.clone();
        for field in known.iter().filter(|field| matches!(field.form, Form::Unit | Form::Units)) {
            let Some(value) = fields.get_mut(field.name) else { continue };
            let names = value
                .split([',', '，', '、', ' ', '\n', '\r', '\t'])
                .filter(|name| !name.is_empty());
            let wrong = || Refusal::Wrong { field: field.name.to_owned(), value: value.clone() };
            let id = |name: &str| {
                let all = &self.config.subjects;
                let found = all
                    .iter()
                    .find(|s| s.id.as_str() == name || s.names().any(|known| known == name));
                found.map(|subject| subject.id.0.clone())
            };
            let ids =
                names.map(id).collect::<Option<Vec<_>>>().ok_or_else(|| self.refused(wrong()))?;
            if field.form == Form::Unit && ids.len() > 1 {
                return Err(self.refused(wrong()));
            }
            *value = ids.join(" ");
        }
        Ok(fields)
    }

    /// The posts that facts rest on; what is no address must be one.
    fn originals(&self, who: &Who, step: Step, fields: &Fields) -> Result<Vec<CaseLink>> {
        let mut links = Vec::new();
        let typed = fields.get("originals").filter(|_| step == Step::Verify);
        let named = typed.map(|text| text.split_whitespace()).into_iter().flatten();
        for original in named.filter(|name| !name.contains("://")) {
            // What was purged meanwhile stays an original of the case it was linked to.
            let known = original.parse().ok().map(CaseLink::Post);
            match self.store.posts_by_prefix(original, 2)?.as_slice() {
                [one] if self.store.post(*one)?.is_some_and(|post| self.sees(who, &post)) => {
                    links.push(CaseLink::Post(*one));
                }
                _ if known.is_some_and(|link| {
                    self.store.cases_about(link).is_ok_and(|n| !n.is_empty())
                }) => {}
                _ => {
                    let (field, value) = ("originals".to_owned(), original.to_owned());
                    return Err(self.refused(Refusal::Wrong { field, value }));
                }
            }
        }
        Ok(links)
    }

    pub(in crate::desk) fn refused(&self, refusal: Refusal) -> DeskError {
        CaseFault::Refused { refusal, zone: self.config.station.zone }.into()
    }

    /// The local year, of which a case has its number.
    pub(super) fn case_year(&self, now: DateTime<Utc>) -> i32 {
        now.with_timezone(&self.config.station.zone).year()
    }
}
