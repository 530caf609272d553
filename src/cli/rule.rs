//! `guanlan rule rehearse FILE|ID|QUERY --days 30`: what a rule would have caught, before it goes live.
//!
//! The index finds the hits; the same function that fires alerts live is run over them; samples show the
//! words that matched; against the rule as it stands it says what the change adds and loses. A sample that is
//! a false alarm becomes an example in the rule file, which `check` holds the rule to ever after.

use std::collections::HashSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use index::{SearchResults, highlight};
use pipelines::query::{Query, Target};
use pipelines::record::{Alert, PostId, RuleId, Severity, TextField};
use pipelines::watch::{RuleConfig, RuleKind, reason};

use super::{Globals, Outcome, explain, open};
use crate::desk::rules::add_example;
use crate::engine::rehearsal::{Past, Rehearsed};

/// Sample posts shown.
const SAMPLES: usize = 20;

/// Alerts shown one by one, oldest first.
const ALERTS: usize = 200;

/// Characters of a sample's snippet.
const SNIPPET_CHARS: usize = 60;

#[derive(Args)]
pub struct RuleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Rehearse(RehearseArgs),
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

/// A rule to rehearse, the file it stands in, and the same rule as it is live.
struct Candidate {
    rule: RuleConfig,
    file: Option<PathBuf>,
    live: Option<RuleConfig>,
}

impl RuleArgs {
    pub fn run(&self, globals: &Globals, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let Action::Rehearse(args) = &self.action;
        let reading = match open::reading(globals)? {
            Ok(reading) => reading,
            Err(outcome) => return Ok(outcome),
        };
        let candidates = args.candidates(&reading)?;
        let asked = reading.index()?;
        asked.say_lag(globals, out)?;
        let now = Utc::now();
        for candidate in &candidates {
            if let Some(prefix) = &args.mark {
                return mark(candidate, prefix, &reading, globals, out);
            }
            let past = Past { config: &reading.config, store: &reading.store, index: &asked.index };
            let rehearsal = Rehearsal { past, globals, days: args.days, now };
            // Many lines: a system call for each would cost more than the search.
            let mut out = BufWriter::new(&mut *out);
            let outcome = rehearsal.show(candidate, &mut out)?;
            out.flush()?;
            if outcome != Outcome::Good {
                return Ok(outcome);
            }
        }
        Ok(Outcome::Good)
    }
}

impl RehearseArgs {
    fn candidates(&self, reading: &open::Reading) -> anyhow::Result<Vec<Candidate>> {
        let rules = &reading.config.rules;
        let path = Path::new(&self.rule);
        if path.is_file() {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read `{}`", self.rule))?;
            #[derive(serde::Deserialize)]
            struct File {
                rule: Vec<RuleConfig>,
            }
            let file: File =
                toml::from_str(&text).with_context(|| format!("cannot read `{}`", self.rule))?;
            let live = |id: &RuleId| rules.iter().find(|r| r.id == *id).cloned();
            let candidates = file.rule.into_iter().map(|rule| Candidate {
                live: live(&rule.id),
                rule,
                file: Some(path.to_owned()),
            });
            return Ok(candidates.collect());
        }
        if let Some(rule) = rules.iter().find(|r| r.id.as_str() == self.rule) {
            let file = reading.config.file_of("rule", rule.id.as_str()).map(std::path::Path::to_owned);
            return Ok(vec![Candidate { rule: rule.clone(), file, live: None }]);
        }
        let rule = RuleConfig {
            id: RuleId::from("rehearsed"),
            name: self.rule.clone(),
            enabled: true,
            query: self.rule.clone(),
            kind: RuleKind::Any,
            severity: Severity::Ordinary,
            merge_hours: 24,
            notify: Vec::new(),
            examples: Vec::new(),
        };
        Ok(vec![Candidate { rule, file: None, live: None }])
    }
}

struct Rehearsal<'a> {
    past: Past<'a>,
    globals: &'a Globals,
    days: u32,
    now: DateTime<Utc>,
}

impl Rehearsal<'_> {
    fn show(&self, candidate: &Candidate, out: &mut dyn Write) -> anyhow::Result<Outcome> {
        let (lang, rule) = (self.globals.lang, &candidate.rule);
        if let Err(outcome) = open::query(&rule.query, self.past.config, self.globals) {
            return Ok(outcome);
        }
        let Rehearsed { query, results, alerts } = self.past.rehearse(rule, self.days, self.now)?;
        let posts = results.hits.len();
        let counts: [(&str, &dyn std::fmt::Display); 4] = [
            ("rule", &rule.name),
            ("days", &self.days),
            ("posts", &posts),
            ("alerts", &alerts.len()),
        ];
        writeln!(out, "{}", lang.fill("cli.rule.summary", &counts))?;
        self.show_counts(&results, out)?;
        self.show_alerts(rule, &alerts, out)?;
        self.show_samples(&query, &results, out)?;
        match &candidate.live {
            Some(live) => self.show_difference(live, &results, out),
            None => Ok(Outcome::Good),
        }
    }

    fn show_alerts(
        &self,
        rule: &RuleConfig,
        alerts: &[Alert],
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let lang = self.globals.lang;
        writeln!(out, "\n{}", lang.text("cli.rule.alerts"))?;
        for alert in alerts.iter().take(ALERTS) {
            let time = open::shown_time(alert.fired_at, self.past.config.station.zone);
            writeln!(out, "  {time}  {}", reason(rule, alert, lang))?;
        }
        if let Some(more) = alerts.len().checked_sub(ALERTS).filter(|more| *more > 0) {
            writeln!(out, "  {}", lang.fill("cli.rule.more_alerts", &[("n", &more)]))?;
        }
        Ok(())
    }

    fn show_counts(&self, results: &SearchResults, out: &mut dyn Write) -> anyhow::Result<()> {
        let most = results.histogram.iter().map(|d| d.posts).max().unwrap_or(1).max(1);
        for day in &results.histogram {
            let bar = "█".repeat(usize::try_from(day.posts * 40 / most)?.max(1));
            writeln!(out, "  {}  {bar} {}", day.day, day.posts)?;
        }
        for facet in &results.facets {
            let counts = facet.counts.iter().take(8).map(|(v, n)| format!("{v} {n}"));
            writeln!(out, "  {}", counts.collect::<Vec<_>>().join("  "))?;
        }
        Ok(())
    }

    /// Samples spread evenly over all hits, so that they are not all of the last day.
    fn show_samples(
        &self,
        query: &Query,
        results: &SearchResults,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        writeln!(out, "\n{}", self.globals.lang.text("cli.rule.samples"))?;
        let step = results.hits.len().div_ceil(SAMPLES).max(1);
        for hit in results.hits.iter().step_by(step) {
            let Some(annotated) = self.past.store.post(hit.post)? else { continue };
            let post = &annotated.post;
            let spans = query.matches(&Target::new(&annotated)).unwrap_or_default();
            let title =
                highlight::mark_all(&post.title, TextField::Title, &spans).render("【", "】");
            let snippet = highlight::snippet(&post.text, TextField::Body, &spans, SNIPPET_CHARS);
            let time = open::shown_time(post.time(), self.past.config.station.zone);
            writeln!(out, "  {}  {time}  {title}", post.id)?;
            writeln!(out, "      {}", snippet.render("【", "】").replace('\n', " "))?;
        }
        Ok(())
    }

    fn show_difference(
        &self,
        live: &RuleConfig,
        results: &SearchResults,
        out: &mut dyn Write,
    ) -> anyhow::Result<Outcome> {
        let (_, before) = self.past.hits(&live.query, self.days, self.now)?;
        let ids = |r: &SearchResults| r.hits.iter().map(|h| h.post).collect::<HashSet<PostId>>();
        let (new, old) = (ids(results), ids(&before));
        let lang = self.globals.lang;
        for (key, set, other) in [("cli.rule.adds", &new, &old), ("cli.rule.loses", &old, &new)] {
            let mut different = set.difference(other).copied().collect::<Vec<_>>();
            different.sort_unstable();
            writeln!(out, "\n{}", lang.fill(key, &[("n", &different.len())]))?;
            for id in different.iter().take(5) {
                if let Some(post) = self.past.store.post(*id)? {
                    writeln!(out, "  {id}  {}", post.post.title)?;
                }
            }
        }
        Ok(Outcome::Good)
    }
}

/// Writes a sample into the rule file as a text that must not hit.
fn mark(
    candidate: &Candidate,
    prefix: &str,
    reading: &open::Reading,
    globals: &Globals,
    out: &mut dyn Write,
) -> anyhow::Result<Outcome> {
    let lang = globals.lang;
    let Some(file) = &candidate.file else {
        eprintln!("{}", lang.text("cli.rule.no_file"));
        return Ok(Outcome::Usage);
    };
    let Some(post) = explain::post_by_prefix(&reading.store, prefix, globals)? else {
        return Ok(Outcome::Bad);
    };
    add_example(file, &candidate.rule.id, &post.post)?;
    let shown = file.display().to_string();
    writeln!(
        out,
        "{}",
        lang.fill("cli.rule.marked", &[("post", &post.post.id), ("file", &shown)])
    )?;
    Ok(Outcome::Good)
}
