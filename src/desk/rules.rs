//! Rules: what is watched for, and how a rule or a query would have done over the last days.
//!
//! In: a rule's id, or a query. Out: counts, the alerts it would have fired, samples spread over all hits. The
//! function that fires alerts live decides here too. It changes no rule but by adding an example to its file.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use pipelines::record::{Post, RuleId, Severity};
use pipelines::watch::{RuleConfig, RuleKind, reason};
use serde::Serialize;

use super::edit::{put_file, read_file};
use super::line::PostLine;
use super::search::Day;
use super::{Act, Desk, DeskError, Result, Who};
use crate::config::edit;
use crate::engine::rehearsal::{Past, Rehearsed};

/// Sample posts shown.
const SAMPLES: usize = 20;

/// Alerts shown one by one, oldest first.
const ALERTS: usize = 200;

/// One rule as listed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub query: String,
    /// What that means, in words.
    pub in_words: String,
    /// Its kind; a locale key under `desk.kind`.
    #[schema(value_type = String)]
    pub kind: &'static str,
    /// The grade of its alerts.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// Whether it is watched.
    pub enabled: bool,
    /// Texts that it must hit or miss.
    pub examples: usize,
    /// The file it stands in.
    pub file: Option<String>,
}

/// What a rule would have done.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RehearsalSheet {
    /// The rule, or a query as one that fires at each hit.
    pub rule: RuleRow,
    /// Over how many days.
    pub days: u32,
    /// Posts it would have hit.
    pub posts: usize,
    /// Alerts it would have fired.
    pub alerts: usize,
    /// When, and why, in words; oldest first, at most 200.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub firings: Vec<(DateTime<Utc>, String)>,
    /// Hits by local day.
    pub by_day: Vec<Day>,
    /// Posts spread evenly over all hits.
    pub samples: Vec<PostLine>,
}

impl Desk {
    /// All rules.
    ///
    /// # Errors
    /// A query that cannot be read, which `check` refuses.
    pub fn rules(&self, who: &Who) -> Result<Vec<RuleRow>> {
        self.check(who, Act::SeeRules)?;
        self.config.rules.iter().map(|rule| self.rule_row(who, rule)).collect()
    }

    /// What the rule called `id` would have done over the last `days`.
    ///
    /// # Errors
    /// `Unknown`; a broken store or index.
    pub fn rehearse_rule(&self, who: &Who, id: &str, days: u32) -> Result<RehearsalSheet> {
        let rule = self.config.rules.iter().find(|rule| rule.id.as_str() == id);
        let unknown = || DeskError::Unknown { what: "rule", id: id.to_owned() };
        self.rehearse(who, rule.ok_or_else(unknown)?, days)
    }

    /// What a rule that fires at each hit of `query` would have done over the last `days`.
    ///
    /// # Errors
    /// A query that cannot be read; a broken store or index.
    pub fn rehearse_query(&self, who: &Who, query: &str, days: u32) -> Result<RehearsalSheet> {
        let rule = RuleConfig {
            id: RuleId::from("rehearsed"),
            name: query.to_owned(),
            enabled: true,
            query: query.to_owned(),
            kind: RuleKind::Any,
            severity: Severity::Ordinary,
            merge_hours: 24,
            notify: Vec::new(),
            examples: Vec::new(),
        };
        self.rehearse(who, &rule, days)
    }

    /// What the rule in `text`, one `[[rule]]` of config, would have done over the last `days`.
    ///
    /// # Errors
    /// `Value` where it cannot be read; a broken store or index.
    pub fn rehearse_text(&self, who: &Who, text: &str, days: u32) -> Result<RehearsalSheet> {
        #[derive(serde::Deserialize)]
        struct File {
            rule: Vec<RuleConfig>,
        }
        let unread = |value: String| DeskError::Value { what: "one_entry", value };
        let file: File =
            toml::from_str(text).map_err(|error| unread(error.message().to_owned()))?;
        let rule = file.rule.first().ok_or_else(|| unread(String::new()))?;
        self.rehearse(who, rule, days)
    }

    fn rehearse(&self, who: &Who, rule: &RuleConfig, days: u32) -> Result<RehearsalSheet> {
        self.check(who, Act::Rehearse)?;
        self.unbounded(who)?;
        let row = self.rule_row(who, rule)?;
        let (index, _) = self.asked()?;
        let past = Past { config: &self.config, store: &*self.store, index: &index };
        let Rehearsed { query, results, alerts } = past.rehearse(rule, days, self.now())?;
        let step = results.hits.len().div_ceil(SAMPLES).max(1);
        let samples = results.hits.iter().step_by(step).map(|h| self.line_of(h, Some(&query)));
        let told = alerts.iter().take(ALERTS).map(|a| (a.fired_at, reason(rule, a, who.lang)));
        let by_day = results.histogram.iter();
        Ok(RehearsalSheet {
            rule: row,
            days,
            posts: results.hits.len(),
            alerts: alerts.len(),
            firings: told.collect(),
            by_day: by_day.map(|d| Day { day: d.day.to_string(), posts: d.posts }).collect(),
            samples: samples.collect::<Result<_>>()?,
        })
    }

    fn rule_row(&self, who: &Who, rule: &RuleConfig) -> Result<RuleRow> {
        let file = self.config.file_of("rule", rule.id.as_str());
        Ok(RuleRow {
            id: rule.id.0.clone(),
            name: rule.name.clone(),
            query: rule.query.clone(),
            in_words: self.query(&rule.query)?.in_words(who.lang),
            kind: kind_name(&rule.kind),
            severity: rule.severity,
            enabled: rule.enabled,
            examples: rule.examples.len(),
            file: file.map(|path| path.display().to_string()),
        })
    }

    /// Writes `post` into the file of `rule` as a text that must not hit. Answers the file.
    ///
    /// # Errors
    /// `Unknown` where the rule has no file; a file that cannot be read or written.
    pub fn mark_false(&self, rule: &RuleId, post: &Post) -> Result<PathBuf> {
        let unknown = || DeskError::Unknown { what: "rule", id: rule.0.clone() };
        let file = self.config.file_of("rule", rule.as_str()).ok_or_else(unknown)?;
        add_example(file, rule, post)?;
        Ok(file.to_owned())
    }
}

fn kind_name(kind: &RuleKind) -> &'static str {
    match kind {
        RuleKind::Any => "any",
        RuleKind::Frequency { .. } => "frequency",
        RuleKind::Spike { .. } => "spike",
        RuleKind::Flatline { .. } => "flatline",
        RuleKind::FirstMention { .. } => "first_mention",
        RuleKind::NewTerm { .. } => "new_term",
    }
}

/// Adds `post` to `rule` in `file` as a text that must not hit; the rest of the file is left as it is.
///
/// # Errors
/// A file that cannot be read or written, or that does not hold the rule.
pub fn add_example(file: &Path, rule: &RuleId, post: &Post) -> anyhow::Result<()> {
    let shown = file.display();
    let text = read_file(file)?;
    let marked = with_example(&text, rule, &post.title, &post.text)
        .with_context(|| format!("rule `{rule}` is not in `{shown}`"))?;
    put_file(file, marked.as_bytes())
}

/// `file` with an example that must not hit at the end of the table of `rule`; the rest is left as it is.
fn with_example(file: &str, rule: &RuleId, title: &str, text: &str) -> Option<String> {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let entry = &file[edit::place(file, "rule", rule.as_str())?];
    let example = format!(
        "{}\n\n[[rule.example]]\ntitle = {}\ntext = {}\nhit = false",
        entry.trim_end(),
        quoted(title),
        quoted(text)
    );
    Some(edit::put(file, "rule", Some(rule.as_str()), &example))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[[rule]]\nid = \"pay\" # 编号\nname = \"欠薪\"\nquery = \"欠薪\"\nkind = \"any\"\n\n# 事故\n[[rule]]\nid = \"accident\"\nname = \"事故\"\nquery = \"事故\"\nkind = \"any\"\n";

    fn check(rule: &str, expected_in: usize) {
        let marked = with_example(FILE, &RuleId::from(rule), "演练\"通知\"", "一行\n两行").unwrap();
        #[derive(serde::Deserialize)]
        struct File {
            rule: Vec<RuleConfig>,
        }
        let file: File = toml::from_str(&marked).unwrap();
        let examples = file.rule.iter().map(|r| r.examples.len()).collect::<Vec<_>>();
        let mut expected = vec![0, 0];
        expected[expected_in] = 1;
        assert_eq!(examples, expected, "{marked}");
        assert_eq!(file.rule[expected_in].examples[0].text, "一行\n两行");
        assert!(!file.rule[expected_in].examples[0].hit);
        assert!(marked.contains("# 事故\n[[rule]]"), "{marked}");
    }

    #[test]
    fn an_example_goes_into_its_own_rule_and_nothing_else_changes() {
        check("pay", 0);
        check("accident", 1);
        assert!(with_example(FILE, &RuleId::from("no"), "", "").is_none());
    }
}
