//! The opening: at most five sentences. What happened to us, what is settled and by whom, what is open, who acts until
//! when, what is well spoken of.
//!
//! In: a digest. Out: its first section. A sentence without anything to say is left out.

use pipelines::record::AlertState;

use super::super::happening::{ClaimState, Happening};
use super::super::paper::{Block, Runs, capital, joined, marks, text};
use super::{PeriodKind, Writer, count, quote, title};

/// Claims told in a sentence.
pub(super) const CLAIMS: usize = 2;

impl Writer<'_> {
    pub(super) fn opening(&mut self) {
        self.section("opening");
        let sentences =
            [self.happened(), self.settled(), self.open(), self.acting(), self.well_spoken()];
        let sentences = sentences.into_iter().flatten();
        self.body.extend(sentences.map(|sentence| Block::Para(capital(sentence))));
    }

    /// The gravest of what must be looked into, else of what people ask for.
    fn leading(&self) -> Option<&Happening> {
        let all = &self.d.happenings;
        all.matters.first().or_else(|| all.grievances.first())
    }

    fn happened(&self) -> Option<Runs> {
        let Some(leading) = self.leading() else {
            let shares = self.d.shares;
            return Some(self.fill(
                "open.calm",
                &[("posts", count(shares.posts)), ("negative", count(shares.negative))],
            ));
        };
        let unit = leading.subjects.first().map(|unit| self.say("open.unit", &[("unit", unit)]));
        let mut places = vec![
            ("unit", text(unit.unwrap_or_default())),
            ("source", text(leading.title.source.clone())),
            ("at", text(self.first_time(leading))),
            ("title", title(&leading.title)),
            ("posts", count(leading.shares.posts)),
            ("outlets", text(leading.outlets.to_string())),
        ];
        let is_single = leading.shares.posts.value == Some(1);
        let key = if leading.headline != leading.title {
            places.push(("headline", title(&leading.headline)));
            "open.answered_rumour"
        } else if leading.is_older {
            "open.goes_on"
        } else if is_single {
            "open.single"
        } else {
            "open.happened"
        };
        Some(self.fill(key, &places))
    }

    /// When it began, by day alone where the hour is not known.
    pub(super) fn first_time(&self, happening: &Happening) -> String {
        self.when(happening.first_at, if happening.has_time { "minute" } else { "short_day" })
    }

    /// What is confirmed, over or refuted in the leading happening, and by whom; else its latest answer.
    fn settled(&self) -> Option<Runs> {
        let leading = self.leading()?;
        let claims = leading.claims.iter().filter(|claim| claim.settled.is_some()).take(CLAIMS);
        let line = self.told_of(claims);
        if !line.is_empty() {
            return Some(self.ended(line));
        }
        let answer = leading.answers.first()?;
        let line = self.fill(
            "open.answered",
            &[
                ("source", text(answer.title.source.clone())),
                ("at", text(self.when(answer.at, "minute"))),
                ("title", title(&answer.title)),
                ("lead", quote(&answer.lead)),
            ],
        );
        Some(line)
    }

    /// What nobody has confirmed, and how much is not answered.
    fn open(&self) -> Option<Runs> {
        let all = &self.d.happenings;
        let rumoured = self.leading().map(|leading| {
            leading.claims.iter().filter(|claim| claim.state == ClaimState::Rumoured)
        });
        let mut lines: Vec<Runs> =
            rumoured.into_iter().flatten().take(1).map(|claim| self.claim(claim)).collect();
        let others = if self.d.period == PeriodKind::Day { 1 } else { 2 };
        let others: Vec<&Happening> = all.matters.iter().skip(1).take(others).collect();
        if !others.is_empty() {
            let titles =
                joined(others.iter().map(|other| title(&other.headline)), &self.text("separator"));
            lines.push(self.fill("open.also", &[("titles", titles)]));
        }
        if all.unanswered.value.unwrap_or(0) > 0 {
            lines.push(self.fill("open.unanswered", &[("count", count(all.unanswered))]));
        }
        if lines.is_empty() {
            return None;
        }
        Some(self.ended(joined(lines, &self.text("pause"))))
    }

    /// The alerts that are not done with.
    pub(super) fn waiting(&self) -> Option<Runs> {
        let waiting: Vec<_> =
            self.d.alerts.iter().filter(|alert| alert.state != AlertState::Closed).collect();
        let gravest = waiting.first()?;
        let open = waiting.iter().filter(|alert| alert.state == AlertState::Open).count();
        let severity = self.lang.text(&format!("record.severity.{}", gravest.severity.as_str()));
        Some(self.fill(
            "open.waiting",
            &[
                ("count", text(waiting.len().to_string())),
                ("open", text(open.to_string())),
                ("severity", text(severity)),
                ("rule", text(gravest.rule_name.clone())),
                ("at", text(self.when(gravest.fired_at, "minute"))),
                ("marks", marks(&gravest.posts)),
            ],
        ))
    }

    fn well_spoken(&self) -> Option<Runs> {
        let best = self.d.happenings.praise.iter().find(|praise| praise.is_worth_telling)?;
        Some(self.fill(
            "open.well",
            &[("source", text(best.point.source.clone())), ("point", quote(&best.point))],
        ))
    }

    /// A sentence of parts, with its full stop.
    pub(super) fn ended(&self, mut runs: Runs) -> Runs {
        runs.extend(text(self.text("stop")));
        runs
    }
}
