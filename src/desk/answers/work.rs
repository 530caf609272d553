//! What the work on answers came to, by month and unit: answers verified and put on record, answers published in the
//! enterprise's own name. Of persons nothing is counted, and nothing that was not said openly.
//!
//! In: the store. Out: rows, latest month first. Of what a person bound to units does not see nothing is counted for them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{number_of, read};
use crate::answers::Done;
use crate::desk::{Act, Desk, DeskError, Result, Who};

/// Months that are shown.
const MONTHS: usize = 12;

/// A month of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AnswerWork {
    /// The local month, as 2026-11.
    pub month: String,
    /// The name of the unit; empty: the whole enterprise.
    pub unit: String,
    /// Wordings that a second person verified and approved for the record.
    pub verified: u64,
    /// Open answers of cases that were published.
    pub published: u64,
    /// Those of them that took an answer on record.
    pub taken: u64,
}

impl Desk {
    /// The counts of the latest twelve months in which there was anything to count.
    ///
    /// # Errors
    /// A broken store.
    pub fn answer_work(&self, who: &Who) -> Result<Vec<AnswerWork>> {
        self.check(who, Act::SeeAnswers)?;
        let mut counts: BTreeMap<(String, String), AnswerWork> = BTreeMap::new();
        let mut count = |at: DateTime<Utc>, unit: &str, add: &dyn Fn(&mut AnswerWork)| {
            let local = at.with_timezone(&self.config.station.zone);
            let (month, unit) = (local.format("%Y-%m").to_string(), self.unit_name(unit));
            let fresh =
                || AnswerWork { month: month.clone(), unit: unit.clone(), ..AnswerWork::default() };
            add(counts.entry((month.clone(), unit.clone())).or_insert_with(fresh));
        };
        for line in self.store.answer_versions(None)? {
            let entry = read(&line.record)?;
            if Done::parse(&line.done) != Some(Done::Approve) || !self.sees_answer(who, &entry) {
                continue;
            }
            let units = &entry.wording.units;
            let whole = [String::new()];
            // A statement of several units is the work of each.
            for unit in if units.is_empty() { &whole[..] } else { units } {
                count(line.at, unit, &|row| row.verified += 1);
            }
        }
        for row in self.store.cases()? {
            let case = match self.case_of(who, &row.number) {
                Ok(case) => case,
                // Of another unit.
                Err(DeskError::Unknown { .. }) => continue,
                Err(error) => return Err(error),
            };
            let is_open = !case.field("answer").is_empty() && !case.field("address").is_empty();
            if let Some(at) = case.answered.filter(|_| is_open) {
                let is_taken = number_of(case.field("quoted")).is_some();
                count(at, case.field("main"), &|row| {
                    row.published += 1;
                    row.taken += u64::from(is_taken);
                });
            }
        }
        Ok(latest(counts.into_values().collect()))
    }
}

/// Latest month first; within it by unit.
fn latest(mut rows: Vec<AnswerWork>) -> Vec<AnswerWork> {
    rows.sort_by(|a, b| b.month.cmp(&a.month).then_with(|| a.unit.cmp(&b.unit)));
    let mut months: Vec<String> = rows.iter().map(|row| row.month.clone()).collect();
    months.dedup();
    months.truncate(MONTHS);
    rows.retain(|row| months.contains(&row.month));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_year_is_shown_latest_month_first() {
        let row = |month: &str, unit: &str| AnswerWork {
            month: month.to_owned(),
            unit: unit.to_owned(),
            ..AnswerWork::default()
        };
        let months = (1..=12).map(|n| row(&format!("2026-{n:02}"), "矿"));
        let rows = months.chain([row("2026-11", "厂"), row("2025-12", "矿")]).collect();
        let shown = latest(rows);
        assert_eq!(shown.len(), 13);
        assert_eq!((shown[0].month.as_str(), shown[12].month.as_str()), ("2026-12", "2026-01"));
        assert_eq!((shown[1].unit.as_str(), shown[2].unit.as_str()), ("厂", "矿"));
    }
}
