//! The cases of a year counted: grievances by unit and class, and where the grade set differs from the suggested one.
//!
//! In: a local year. Out: counts over the cases opened in it that this person sees; each row of differences names its case.
//! What was not taken up or became part of another case is counted apart.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipelines::record::Severity;
use serde::Serialize;

use super::read;
use crate::cases::counted::{Counted, counted};
use crate::cases::{Case, State};
use crate::desk::{Act, Desk, Result, Who};

/// Grievances of a unit, or of a unit and class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GrievanceRow {
    /// The unit that answers for them, by name; empty before they were assigned.
    pub unit: String,
    /// Their class, by id; empty for the unit as a whole, and for those that have none.
    pub class: String,
    /// The counts.
    #[serde(flatten)]
    pub counted: Counted,
}

/// A case whose grade is another than the one suggested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct GradeRow {
    /// Its number.
    pub number: String,
    /// What it is called.
    pub title: String,
    /// The grade that was suggested.
    #[schema(value_type = String)]
    pub suggested: Severity,
    /// The grade that was set.
    #[schema(value_type = String)]
    pub set: Severity,
    /// Why.
    pub why: String,
    /// Whether it was raised; else lowered.
    pub raised: bool,
}

/// A year.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseStatistics {
    /// The local year in which the cases were opened.
    pub year: i32,
    /// All of them.
    pub opened: u64,
    /// Not taken up, or made part of another case.
    pub dismissed: u64,
    /// Closed.
    pub closed: u64,
    /// Grievances among them: all, then by unit, then by class of each unit.
    pub total: GrievanceRow,
    /// By unit, most first.
    pub units: Vec<GrievanceRow>,
    /// By unit and class, in the order of the units, most first.
    pub classes: Vec<GrievanceRow>,
    /// Verified with a suggestion.
    pub graded: u64,
    /// Of those: set as suggested.
    pub as_suggested: u64,
    /// Where it differs, by number.
    pub grades: Vec<GradeRow>,
}

impl Desk {
    /// The statistics of a local year; of this year where none is named.
    ///
    /// # Errors
    /// `Forbidden`; a broken store.
    pub fn case_statistics(&self, who: &Who, year: Option<i32>) -> Result<CaseStatistics> {
        self.check(who, Act::SeeCases)?;
        let now = self.now();
        let year = year.unwrap_or_else(|| self.case_year(now));
        let mut cases = Vec::new();
        for row in self.store.cases()? {
            let case = read(&row)?;
            if self.case_year(row.opened) == year && self.sees_case(who, &case)? {
                cases.push(case);
            }
        }
        cases.sort_by(|a, b| a.number.cmp(&b.number));
        let count = |state| cases.iter().filter(|case| case.state == state).count() as u64;
        let (dismissed, closed) = (count(State::Dismissed), count(State::Closed));
        let opened = cases.len() as u64;
        cases.retain(|case| case.state != State::Dismissed);
        let grievances: Vec<&Case> = cases.iter().filter(|case| case.is_grievance()).collect();
        let (units, classes) = self.by_unit(&grievances, now);
        let differing: Vec<GradeRow> = cases.iter().filter_map(differing).collect();
        let graded = cases.iter().filter(|case| grades_of(case).is_some()).count() as u64;
        Ok(CaseStatistics {
            year,
            opened,
            dismissed,
            closed,
            total: row(&grievances, now),
            units,
            classes,
            graded,
            as_suggested: graded - differing.len() as u64,
            grades: differing,
        })
    }

    fn by_unit(&self, all: &[&Case], now: DateTime<Utc>) -> (Vec<GrievanceRow>, Vec<GrievanceRow>) {
        let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<&Case>>> = BTreeMap::new();
        for case in all {
            let classes = groups.entry(case.field("main")).or_default();
            classes.entry(case.field("class")).or_default().push(case);
        }
        let mut units: Vec<(GrievanceRow, Vec<GrievanceRow>)> = groups
            .into_iter()
            .map(|(id, by_class)| {
                let unit = self.unit_name(id);
                let named = |row, class: &str| GrievanceRow {
                    unit: unit.clone(),
                    class: class.to_owned(),
                    ..row
                };
                let whole: Vec<&Case> = by_class.values().flatten().copied().collect();
                let mut classes: Vec<GrievanceRow> =
                    by_class.iter().map(|(class, cases)| named(row(cases, now), class)).collect();
                classes.sort_by_key(|row| std::cmp::Reverse(row.counted.cases));
                (named(row(&whole, now), ""), classes)
            })
            .collect();
        units.sort_by_key(|(unit, _)| std::cmp::Reverse(unit.counted.cases));
        let (units, classes): (Vec<_>, Vec<_>) = units.into_iter().unzip();
        (units, classes.into_iter().flatten().collect())
    }
}

/// Both grades of a case that has both.
fn grades_of(case: &Case) -> Option<(Severity, Severity)> {
    Some((Severity::parse(case.field("suggested"))?, Severity::parse(case.field("grade"))?))
}

fn differing(case: &Case) -> Option<GradeRow> {
    let (suggested, set) = grades_of(case).filter(|(suggested, set)| suggested != set)?;
    Some(GradeRow {
        number: case.number.clone(),
        title: case.field("title").to_owned(),
        suggested,
        set,
        why: case.field("grade_why").to_owned(),
        raised: set > suggested,
    })
}

fn row(cases: &[&Case], now: DateTime<Utc>) -> GrievanceRow {
    GrievanceRow { counted: counted(cases, now), ..GrievanceRow::default() }
}

#[cfg(test)]
#[path = "statistics/tests.rs"]
mod tests;
