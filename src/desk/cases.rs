//! Cases: listed and shown, with their clocks in words, their log, and the forms of what may come next.
//!
//! In: a state or words to look for; a number. Out: plain data. What is done to a case stands in `act`, the ledger in
//! `ledger`, the year in `statistics`, the check of the log in `chain`. Who is bound to units sees the cases of their units.

pub mod act;
pub mod chain;
pub mod fault;
pub mod ledger;
pub mod opening;
pub mod page;
pub mod settling;
pub mod sheet;
pub mod statistics;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;
use pipelines::record::Severity;
use serde::{Deserialize, Serialize};

use super::{Act, Desk, DeskError, Result, Who};
use crate::cases::{Case, Clock, Level, Policy, State, words};
use crate::store::{self, CaseLink};

/// Which cases are asked for; what is empty does not narrow.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct CaseAsk {
    /// In this state; `open` for all that have not ended; `late` for those whose clocks run out.
    pub state: String,
    /// A number, or words of the title, a unit, or the answer.
    pub q: String,
}

/// A clock as it is shown.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ClockRow {
    /// Which.
    pub clock: Clock,
    /// How it stands.
    pub level: Level,
    /// How much of its time is over.
    pub percent: u32,
    /// Its end.
    pub due: DateTime<Utc>,
    /// What is left, in words.
    pub words: String,
}

/// One line of the list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseRow {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// Where it is.
    pub state: State,
    /// Its grade: set, or suggested.
    #[schema(value_type = String)]
    pub grade: Severity,
    /// public, enquiry or complaint; empty until it was verified.
    pub kind: String,
    /// The names of the units it concerns.
    pub units: Vec<String>,
    /// The name of the unit that answers for it; empty until it was assigned.
    pub main: String,
    /// When it was opened.
    pub opened: DateTime<Utc>,
    /// When it last changed.
    pub updated: DateTime<Utc>,
    /// How its worst running clock stands.
    pub level: Level,
    /// The clocks that run, first due first.
    pub clocks: Vec<ClockRow>,
}

impl Desk {
    /// The cases asked for: those that run out first, then latest opened first.
    ///
    /// # Errors
    /// `Value` for a state that is none; a broken store.
    pub fn cases(&self, who: &Who, ask: &CaseAsk) -> Result<Vec<CaseRow>> {
        self.check(who, Act::SeeCases)?;
        let state =
            match ask.state.as_str() {
                "" | "open" | "late" => None,
                name => Some(State::parse(name).ok_or_else(|| DeskError::Value {
                    what: "case_state",
                    value: name.to_owned(),
                })?),
            };
        let mut rows = Vec::new();
        for stored in self.store.cases()? {
            let case = read(&stored)?;
            let fits = state.is_none_or(|state| state == case.state)
                && (!["open", "late"].contains(&ask.state.as_str()) || !case.is_ended());
            if !fits || !self.sees_case(who, &case)? {
                continue;
            }
            let row = self.case_row(&case, who.lang);
            let is_late = ask.state != "late" || row.level > Level::Calm;
            if is_late && is_called(&row, &case, ask.q.trim()) {
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| (std::cmp::Reverse(row.level), std::cmp::Reverse(row.opened)));
        Ok(rows)
    }

    /// The cases that are about a post, happening or alert, and that this person sees.
    pub(super) fn cases_about(&self, who: &Who, link: CaseLink) -> Result<Vec<String>> {
        let mut seen = Vec::new();
        for number in self.store.cases_about(link)? {
            match self.case_of(who, &number) {
                Ok(_) => seen.push(number),
                // Of another unit.
                Err(DeskError::Unknown { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// The case of a number, where this person sees it.
    pub(super) fn case_of(&self, who: &Who, number: &str) -> Result<Case> {
        let stored = self.store.case(number.trim())?.ok_or_else(|| unknown(number))?;
        let case = read(&stored)?;
        if self.sees_case(who, &case)? { Ok(case) } else { Err(unknown(number)) }
    }

    fn sees_case(&self, who: &Who, case: &Case) -> Result<bool> {
        let Some(units) = self.bounds(who) else { return Ok(true) };
        if case.units().iter().any(|unit| units.iter().any(|own| own.as_str() == *unit)) {
            return Ok(true);
        }
        for link in self.store.case_links(&case.number)? {
            if let CaseLink::Post(id) = link
                && self.store.post(id)?.is_some_and(|post| self.sees(who, &post))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn case_row(&self, case: &Case, lang: Lang) -> CaseRow {
        let (now, policy) = (self.now().max(case.updated), self.case_policy());
        let running = case.clocks.iter().filter(|run| run.is_running());
        let mut clocks: Vec<ClockRow> = running
            .map(|run| ClockRow {
                clock: run.clock,
                level: run.level(now, &policy),
                percent: run.percent(now, &policy),
                due: run.due,
                words: words::left(run, now, &policy, lang),
            })
            .collect();
        clocks.sort_by_key(|row| row.due);
        CaseRow {
            number: case.number.clone(),
            title: case.field("title").to_owned(),
            state: case.state,
            grade: case.grade(),
            kind: case.field("kind").to_owned(),
            units: case.field("units").split_whitespace().map(|id| self.unit_name(id)).collect(),
            main: self.unit_name(case.field("main")),
            opened: case.opened,
            updated: case.updated,
            level: clocks.iter().map(|row| row.level).max().unwrap_or(Level::Calm),
            clocks,
        }
    }

    pub(super) fn case_policy(&self) -> Policy {
        crate::engine::cases::policy(&self.config)
    }

    /// The name of a unit; its id where config no longer has it.
    pub(super) fn unit_name(&self, id: &str) -> String {
        let found = self.config.subjects.iter().find(|subject| subject.id.as_str() == id);
        found.map_or_else(|| id.to_owned(), |subject| subject.name.clone())
    }
}

/// Whether the words are found in what the case is called by.
fn is_called(row: &CaseRow, case: &Case, words: &str) -> bool {
    let texts =
        [row.number.as_str(), &row.title, &row.main, case.field("answer"), case.field("found")];
    words.split_whitespace().all(|word| {
        texts.iter().any(|text| text.contains(word))
            || row.units.iter().any(|unit| unit.contains(word))
    })
}

/// The case of a row.
pub(super) fn read(stored: &store::CaseRow) -> Result<Case> {
    Ok(serde_json::from_str(&stored.record).map_err(anyhow::Error::from)?)
}

pub(super) fn unknown(number: &str) -> DeskError {
    DeskError::Unknown { what: "case", id: number.to_owned() }
}
