//! The ledger (台账): all cases of a year as a table, with the columns that ledgers of public matters have.
//!
//! In: a year, a form. Out: the bytes of a CSV or a workbook. The audit line is written before anything is handed out.

use chrono::{DateTime, Datelike as _, Utc};

use crate::cases::{Case, Clock};
use crate::desk::export::{ExportForm, Table};
use crate::desk::{Act, Desk, DeskError, Result, Who};

/// Columns; locale keys under `cases.column`.
const COLUMNS: [&str; 22] = [
    "serial",
    "number",
    "title",
    "origin",
    "link",
    "first_at",
    "opened",
    "units",
    "kind",
    "suggested",
    "grade",
    "facts",
    "main",
    "due",
    "measures",
    "address",
    "answered",
    "elapsed",
    "satisfied",
    "outcome",
    "archive",
    "state",
];

impl Desk {
    /// The cases opened in a local year, or all of them, in the order of their numbers.
    ///
    /// # Errors
    /// `Forbidden`; `Value` for a form that a ledger does not have.
    pub fn case_ledger(&self, who: &Who, year: Option<i32>, form: ExportForm) -> Result<Vec<u8>> {
        self.check(who, Act::ExportCases)?;
        if form == ExportForm::JsonLines {
            return Err(DeskError::Value { what: "ledger_form", value: "jsonl".to_owned() });
        }
        let zone = self.config.station.zone;
        let mut cases = Vec::new();
        for row in self.store.cases()? {
            let opened = row.opened.with_timezone(&zone).year();
            if year.is_some_and(|year| year != opened) {
                continue;
            }
            match self.case_of(who, &row.number) {
                Ok(case) => cases.push(case),
                // Of another unit.
                Err(DeskError::Unknown { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        cases.sort_by(|a, b| (a.opened, &a.number).cmp(&(b.opened, &b.number)));
        let detail = format!("ledger of {} cases", cases.len());
        let object = year.map_or_else(|| "all".to_owned(), |year| year.to_string());
        self.audited(who, ("case_export", &object, &detail), &mut |_| Ok(true))?;
        let headings = COLUMNS.map(|column| who.lang.text(&format!("cases.column.{column}")));
        let mut table = Table::new(form, &headings)?;
        for (serial, case) in (1..).zip(&cases) {
            table.put(&self.ledger_row(who, serial, case))?;
        }
        table.end()
    }

    fn ledger_row(&self, who: &Who, serial: usize, case: &Case) -> [String; 22] {
        let when = |at: DateTime<Utc>| {
            at.with_timezone(&self.config.station.zone).format("%Y-%m-%d %H:%M").to_string()
        };
        let named = |key: String, value: &str| {
            if value.is_empty() { String::new() } else { who.lang.text(&key) }
        };
        let chosen = |field: &str| {
            let value = case.field(field);
            named(format!("cases.choice.{field}.{value}"), value)
        };
        let grade = |field: &str| {
            let value = case.field(field);
            named(format!("record.severity.{value}"), value)
        };
        let field = |name: &str| case.field(name).to_owned();
        let units = case.field("units").split_whitespace().map(|id| self.unit_name(id));
        let first = case.field("first_at").parse().map(when).unwrap_or_default();
        let end = case.answered.or(case.ended);
        let hours = end.map(|at| ((at - case.opened).num_minutes() + 30) / 60);
        [
            serial.to_string(),
            case.number.clone(),
            field("title"),
            [chosen("origin"), field("whence")].join(" ").trim().to_owned(),
            field("link"),
            first,
            when(case.opened),
            units.collect::<Vec<_>>().join(" "),
            chosen("kind"),
            grade("suggested"),
            grade("grade"),
            chosen("facts"),
            self.unit_name(case.field("main")),
            case.run(Clock::Answer).map(|run| when(run.due)).unwrap_or_default(),
            field("measures"),
            field("address"),
            case.answered.map(when).unwrap_or_default(),
            hours.map(|hours| hours.to_string()).unwrap_or_default(),
            chosen("satisfied"),
            field("outcome"),
            field("archive"),
            who.lang.text(&format!("cases.state.{}", case.state.as_str())),
        ]
    }
}
