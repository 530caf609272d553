//! The log of cases, checked: every line has the hash of its contents and of the line before, and every case is what its
//! lines make it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::read;
use crate::cases::machine::fold;
use crate::cases::{Case, Event};
use crate::desk::{Act, Desk, Result, Who};
use crate::store::CaseLine;

/// A line that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct BadLine {
    /// Its place in the chain; 0 for a case as a whole.
    pub id: i64,
    /// The case.
    pub number: String,
    /// A locale key under `cases.chain`: hash, link or fold.
    pub what: &'static str,
}

/// What the check found.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ChainReport {
    /// Lines looked at.
    pub events: usize,
    /// Cases looked at.
    pub cases: usize,
    /// What does not hold.
    pub bad: Vec<BadLine>,
}

impl Desk {
    /// Checks the whole log.
    ///
    /// # Errors
    /// A broken store; what does not hold is in the report.
    pub fn check_cases(&self, who: &Who) -> Result<ChainReport> {
        self.check(who, Act::SeeCases)?;
        self.unbounded(who)?;
        let lines = self.store.case_log(None)?;
        let mut bad = Vec::new();
        let mut made: BTreeMap<&str, Case> = BTreeMap::new();
        let mut before = CaseLine::nothing();
        for line in &lines {
            let mut say =
                |what| bad.push(BadLine { id: line.id, number: line.number.clone(), what });
            if line.hash != line.reckoned() {
                say("hash");
            }
            if line.before != before {
                say("link");
            }
            before = &line.hash;
            match serde_json::from_str::<Event>(&line.body) {
                Ok(event) if event.seq == line.seq => {
                    let case = fold(made.remove(line.number.as_str()), &line.number, &event);
                    made.insert(&line.number, case);
                }
                _ => say("fold"),
            }
        }
        let stored = self.store.cases()?;
        for row in &stored {
            let case = read(row)?;
            let is_whole = made.get(row.number.as_str()) == Some(&case)
                && row.version == case.version
                && row.state == case.state.as_str();
            if !is_whole {
                bad.push(BadLine { id: 0, number: row.number.clone(), what: "fold" });
            }
        }
        Ok(ChainReport { events: lines.len(), cases: stored.len(), bad })
    }
}
