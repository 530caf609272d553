//! Who acts until when: cases in words, in the opening, beside their happenings and as a table.
//!
//! In: the cases of a digest. Out: sentences and a table. What people named a case stands as they wrote it; a clock that is
//! over is told as such wherever its case is named.

use super::super::cases::CaseLine;
use super::super::happening::Happening;
use super::super::paper::{Block, Runs, Table, joined, marks, text};
use super::{PeriodKind, Writer};
use crate::cases::counted::Counted;
use crate::cases::words;

/// Cases named in the opening.
const OPENING: usize = 2;
/// Cases in the table of a daily, and of what is longer.
const SHORT: usize = 5;
const LONG: usize = 20;

impl Writer<'_> {
    /// The cases that have not ended, those first that are late or first due; then the alerts that are not done with.
    pub(super) fn acting(&self) -> Option<Runs> {
        let cases = &self.d.cases;
        if cases.open == 0 {
            return self.waiting();
        }
        let named = cases.lines.iter().take(OPENING).filter(|case| !case.is_ended());
        let named = named.map(|case| {
            let places = [
                ("title", text(case.title.clone())),
                ("number", text(case.number.clone())),
                ("move", self.moved(case)),
                ("marks", marks(&case.posts)),
            ];
            self.fill("case.named", &places)
        });
        let mut list = joined(named, &self.text("pause"));
        if cases.open > OPENING {
            list.extend(text(self.text("case.and_more")));
        }
        let late = match cases.late {
            0 => String::new(),
            late => self.say("case.late_count", &[("count", &late)]),
        };
        let places = [("open", text(cases.open.to_string())), ("late", text(late)), ("list", list)];
        let mut line = self.fill("case.opening", &places);
        line.extend(self.alerts_beside());
        Some(line)
    }

    /// How many alerts are not done with, where cases were told first.
    fn alerts_beside(&self) -> Runs {
        use pipelines::record::AlertState;
        let is = |state: AlertState| self.d.alerts.iter().filter(|a| a.state == state).count();
        let open = is(AlertState::Open);
        let count = open + is(AlertState::Acknowledged);
        match count {
            0 => Vec::new(),
            _ => text(self.say("case.alerts", &[("count", &count), ("open", &open)])),
        }
    }

    /// Whose move it is, and until when.
    pub(super) fn moved(&self, case: &CaseLine) -> Runs {
        let due = self.due(case);
        let whose = self.whose(case);
        match due.is_empty() {
            true => text(whose),
            false => text(self.say("case.move", &[("whose", &whose), ("due", &due)])),
        }
    }

    fn whose(&self, case: &CaseLine) -> String {
        let or = |name: &str, key: &str| match name.is_empty() {
            true => self.text(key),
            false => name.to_owned(),
        };
        let desk = or(&self.d.paper.unit, "case.desk");
        let unit = or(&case.unit, "case.unit");
        let approver = or(&case.approver, "case.approver");
        let key = format!("case.whose.{}", case.state.as_str());
        self.say(&key, &[("desk", &desk), ("unit", &unit), ("approver", &approver)])
    }

    /// The first deadline in words; empty where none runs.
    fn due(&self, case: &CaseLine) -> String {
        let Some(due) = case.due else { return String::new() };
        let at = self.when(due.at, "minute");
        let clock = self.lang.text(&format!("cases.clock.{}", due.clock.as_str()));
        let span = words::span(due.late_minutes, self.lang);
        let places: [(&str, &dyn std::fmt::Display); 3] =
            [("at", &at), ("clock", &clock), ("span", &span)];
        let key = match (due.is_held, due.late_minutes > 0) {
            (true, _) => "case.held",
            (false, true) => "case.late",
            (false, false) => "case.due",
        };
        self.say(key, &places)
    }

    /// The case that a happening has; one that has not ended before one that has.
    fn case_of(&self, happening: &Happening) -> Option<&CaseLine> {
        let is_about = |case: &&CaseLine| {
            case.stories.contains(&happening.id)
                || case.stories.iter().any(|story| happening.stories.contains(story))
        };
        self.d.cases.lines.iter().find(is_about)
    }

    /// The state of a happening's case, as a sentence; nothing where it has none.
    pub(super) fn handled(&self, happening: &Happening, key: &str) -> Runs {
        let Some(case) = self.case_of(happening) else { return Vec::new() };
        // The opening and the table of a daily say until when.
        let moved = match self.d.period {
            PeriodKind::Day => text(self.whose(case)),
            _ => self.moved(case),
        };
        let places = [("number", text(case.number.clone())), ("move", moved)];
        self.fill(key, &places)
    }

    /// The cases as a table, and what was done with them in the period.
    pub(super) fn case_table(&mut self) {
        let cases = &self.d.cases;
        let is_named = cases.open <= OPENING && cases.lines.len() == cases.open;
        if cases.lines.is_empty() || self.tight > 3 && is_named {
            return;
        }
        let is_short = matches!(self.d.period, PeriodKind::Day | PeriodKind::Flash);
        let most = match (is_short, self.tight > 0) {
            (true, true) => SHORT - 2,
            (true, false) => SHORT,
            (false, _) => LONG,
        };
        let rows = cases.lines.iter().take(most).map(|case| self.case_row(case)).collect();
        self.body.push(Block::Table(Table {
            head: ["case", "grade", "whose", "due"]
                .map(|key| self.text(&format!("case.column.{key}")))
                .to_vec(),
            widths: vec![37, 17, 23, 23],
            numbers: vec![false; 4],
            rows,
        }));
        let told: [(&str, &dyn std::fmt::Display); 4] = [
            ("opened", &cases.opened),
            ("answered", &cases.answered),
            ("ended", &cases.ended),
            ("open", &cases.open),
        ];
        let mut line = self.say("case.counts", &told);
        if cases.lines.len() > most {
            line += &self.say("case.more", &[("count", &(cases.lines.len() - most))]);
        }
        self.body.push(Block::Note(text(line)));
        if !is_short {
            self.grievance_table();
        }
    }

    /// Grievances by unit: answered, in time, how long it took, satisfied at the call.
    fn grievance_table(&mut self) {
        let units = &self.d.cases.grievances;
        if units.is_empty() {
            return;
        }
        let or = |value: Option<String>| value.unwrap_or_else(|| self.text("case.none"));
        let row = |(unit, counted): &(String, Counted)| {
            let name = match unit.is_empty() {
                true => self.text("case.not_assigned"),
                false => unit.clone(),
            };
            let rate = or(counted.in_time_percent.map(|percent| format!("{percent}%")));
            let hours = or(counted.median_hours.map(|hours| hours.to_string()));
            let called = format!("{}/{}", counted.satisfied, counted.called);
            let counts = [counted.cases, counted.answered, counted.overdue].map(|n| n.to_string());
            let cells = [name].into_iter().chain(counts).chain([rate, hours, called]);
            cells.map(text).collect()
        };
        let rows = units.iter().map(row).collect();
        self.body.push(Block::Table(Table {
            head: ["unit", "cases", "answered", "overdue", "rate", "hours", "satisfied"]
                .map(|key| self.text(&format!("case.grievance.{key}")))
                .to_vec(),
            widths: vec![28, 10, 12, 12, 12, 13, 13],
            numbers: vec![false, true, true, true, true, true, true],
            rows,
        }));
        self.body.push(Block::Note(text(self.text("case.grievance.note"))));
    }

    fn case_row(&self, case: &CaseLine) -> Vec<Runs> {
        let places = [
            ("number", text(case.number.clone())),
            ("title", text(case.title.clone())),
            ("marks", marks(&case.posts)),
        ];
        let severity = self.lang.text(&format!("record.severity.{}", case.grade.as_str()));
        let due = match (case.ended, self.due(case)) {
            (Some(ended), _) => self.say("case.ended", &[("at", &self.when(ended, "minute"))]),
            (None, due) if due.is_empty() => self.text("case.no_due"),
            (None, due) => due,
        };
        vec![self.fill("case.name", &places), text(severity), text(self.whose(case)), text(due)]
    }
}

/// States and clocks have words in both languages.
#[cfg(test)]
mod tests {
    use pipelines::locale::Lang;

    use crate::cases::{Clock, State};

    #[test]
    fn every_state_and_clock_has_its_words() {
        for lang in [Lang::Zh, Lang::En] {
            for state in State::ALL {
                let key = format!("digest.case.whose.{}", state.as_str());
                assert!(lang.has(&key), "{key}");
            }
            for clock in Clock::ALL {
                assert!(lang.has(&format!("cases.clock.{}", clock.as_str())));
            }
        }
    }
}
