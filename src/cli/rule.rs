//! `guanlan rule rehearse FILE|ID|QUERY --days 30`: what a rule would have caught, before it goes live.
//!
//! The index finds the hits; the same function that fires alerts live is run over them; samples show the
//! words that matched; against the rule as it stands it says what the change adds and loses. A sample that is
//! a false alarm becomes an example in the rule file, which `check` holds the rule to ever after.

use std::fmt::Display;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use pipelines::record::PostId;

use super::search::marked;
use super::{Globals, Outcome, open};
use crate::desk::rules::{Difference, RehearsalSheet};
use crate::desk::{Desk, DeskError};

/// Values of a facet that are shown.
const VALUES: usize = 8;

#[derive(Args)]
pub struct RuleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Rehearse(RehearseArgs),
    Why(WhyArgs),
}

#[derive(Args)]
struct WhyArgs {
    #[arg(value_name = "ID")]
    rule: String,
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Option<chrono::NaiveDate>,
}

#[derive(Args)]
struct RehearseArgs {
    #[arg(value_name = "FILE|ID|QUERY")]
    rule: String,
    #[arg(long, default_value_t = 30)]
    days: u32,
    #[arg(long, value_name = "POST")]
    mark: Option<String>,
}

impl RuleArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let args = match &self.action {
            Action::Rehearse(args) => args,
            Action::Why(args) => return args.run(globals, out),
        };
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        if let Some(post) = &args.mark {
            return args.mark(post, &desk, globals, out);
        }
        let sheets = match args.rehearsed(&desk, globals)? {
            Ok(sheets) => sheets,
            Err(error) => return open::refused(error, globals.lang),
        };
        open::say_lag(sheets.first().map_or(0, |sheet| sheet.behind), globals, out)?;
        // Many lines: a system call for each would cost more than the search.
        let mut out = BufWriter::new(out);
        for sheet in &sheets {
            Sheet { sheet, desk: &desk, globals }.show(&mut out)?;
        }
        out.flush()?;
        Ok(Outcome::Good)
    }
}

impl WhyArgs {
    /// Why a rule told nothing on a day, step by step.
    fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let desk = match open::reading(globals)? {
            Ok(desk) => desk,
            Err(outcome) => return Ok(outcome),
        };
        let sheet = match desk.why_nothing(&open::who(globals), &self.rule, self.day) {
            Ok(sheet) => sheet,
            Err(error) => return open::refused(error, globals.lang),
        };
        writeln!(out, "{}  {}", sheet.name, sheet.day)?;
        for step in &sheet.steps {
            writeln!(out, "{} {}", if step.ends { "■" } else { "·" }, step.words)?;
        }
        for line in &sheet.posts {
            writeln!(out, "  {}  {}", line.id, marked(&line.title))?;
        }
        Ok(Outcome::Good)
    }
}

impl RehearseArgs {
    /// The rules of a file, the rule of an id, or a query as a rule that fires at each hit.
    fn rehearsed(
        &self,
        desk: &Desk,
        globals: &Globals,
    ) -> anyhow::Result<Result<Vec<RehearsalSheet>, DeskError>> {
        let who = open::who(globals);
        if let Some(file) = self.file() {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read `{}`", self.rule))?;
            return Ok(desk.rehearse_file(&who, &text, self.days));
        }
        let is_id = desk.config.rules.iter().any(|rule| rule.id.as_str() == self.rule);
        let sheet = if is_id {
            desk.rehearse_rule(&who, &self.rule, self.days)
        } else {
            desk.rehearse_query(&who, &self.rule, self.days)
        };
        Ok(sheet.map(|sheet| vec![sheet]))
    }

    fn file(&self) -> Option<&Path> {
        Some(Path::new(&self.rule)).filter(|path| path.is_file())
    }

    /// Writes a sample into the rule file as a text that must not hit.
    fn mark(
        &self,
        post: &str,
        desk: &Desk,
        globals: &Globals,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let lang = globals.lang;
        match desk.mark_sample(&open::who(globals), (&self.rule, self.file()), post) {
            Ok((post, file)) => {
                let args: [(&str, &dyn Display); 2] = [("post", &post), ("file", &file.display())];
                writeln!(out, "{}", lang.fill("cli.rule.marked", &args))?;
                Ok(Outcome::Good)
            }
            Err(DeskError::Unknown { what: "rule", .. }) => {
                eprintln!("{}", lang.text("cli.rule.no_file"));
                Ok(Outcome::Usage)
            }
            Err(error) => open::refused(error, lang),
        }
    }
}

struct Sheet<'a> {
    sheet: &'a RehearsalSheet,
    desk: &'a Desk,
    globals: &'a Globals,
}

impl Sheet<'_> {
    fn show(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let (lang, sheet, zone) = (self.globals.lang, self.sheet, self.desk.config.station.zone);
        let counts: [(&str, &dyn Display); 4] = [
            ("rule", &sheet.rule.name),
            ("days", &sheet.days),
            ("posts", &sheet.posts),
            ("alerts", &sheet.alerts),
        ];
        writeln!(out, "{}", lang.fill("cli.rule.summary", &counts))?;
        self.show_counts(out)?;
        writeln!(out, "\n{}", lang.text("cli.rule.alerts"))?;
        for (at, why) in &sheet.firings {
            writeln!(out, "  {}  {why}", open::shown_time(*at, zone))?;
        }
        if let Some(more) = sheet.alerts.checked_sub(sheet.firings.len()).filter(|more| *more > 0) {
            writeln!(out, "  {}", lang.fill("cli.rule.more_alerts", &[("n", &more)]))?;
        }
        writeln!(out, "\n{}", lang.text("cli.rule.samples"))?;
        for line in &sheet.samples {
            let time = open::shown_time(line.time, zone);
            writeln!(out, "  {}  {time}  {}", line.id, marked(&line.title))?;
            writeln!(out, "      {}", marked(&line.snippet))?;
        }
        sheet.against.as_ref().map_or(Ok(()), |against| self.show_difference(against, out))
    }

    fn show_counts(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        let days = &self.sheet.by_day;
        let most = days.iter().map(|d| d.posts).max().unwrap_or(1).max(1);
        for day in days {
            let bar = "█".repeat(usize::try_from(day.posts * 40 / most)?.max(1));
            writeln!(out, "  {}  {bar} {}", day.day, day.posts)?;
        }
        for facet in &self.sheet.facets {
            let counts = facet.values.iter().take(VALUES).map(|v| format!("{} {}", v.value, v.posts));
            writeln!(out, "  {}", counts.collect::<Vec<_>>().join("  "))?;
        }
        Ok(())
    }

    fn show_difference(&self, against: &Difference, out: &mut dyn Write) -> anyhow::Result<()> {
        let lang = self.globals.lang;
        let mut told = |key: &str, n: usize, posts: &[(PostId, String)]| -> anyhow::Result<()> {
            writeln!(out, "\n{}", lang.fill(key, &[("n", &n)]))?;
            posts.iter().try_for_each(|(id, title)| Ok(writeln!(out, "  {id}  {title}")?))
        };
        told("cli.rule.adds", against.adds, &against.added)?;
        told("cli.rule.loses", against.loses, &against.lost)
    }
}
