//! Rules: what is watched for, and how a rule or a query would have done over the last days.
//!
//! In: a rule's id, or a query. Out: counts, the alerts it would have fired, samples spread over all hits. The
//! function that fires alerts live decides here too. It changes no rule but by adding an example to its file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use index::SearchResults;
use pipelines::record::{Post, PostId, RuleId, Severity};
use pipelines::watch::{RuleConfig, RuleKind, reason};
use serde::Serialize;

use super::edit::{put_file, read_file};
use super::line::PostLine;
use super::search::{Day, FacetBox};
use super::{Act, Desk, DeskError, Result, Who};
use crate::config::edit;
use crate::engine::rehearsal::{Past, Rehearsed};

/// Sample posts shown.
const SAMPLES: usize = 20;

/// Characters of a sample around the words found.
const SAMPLE_CHARS: usize = 60;

/// Alerts shown one by one, oldest first.
const ALERTS: usize = 200;

/// Posts of a difference that are named.
const NAMED: usize = 5;

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
    /// Counts by source and polarity.
    pub facets: Vec<FacetBox>,
    /// Posts spread evenly over all hits.
    pub samples: Vec<PostLine>,
    /// Changes that the index has not taken up: so many posts may be missing.
    pub behind: u64,
    /// Against the rule of this id as it is watched now; none where there is none, or it is the same.
    pub against: Option<Difference>,
}

/// What a changed rule hits and the live one does not, and the other way round.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// Posts that come.
    pub adds: usize,
    /// Some of them: id and title.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub added: Vec<(PostId, String)>,
    /// Posts that go.
    pub loses: usize,
    /// Some of them.
    #[schema(value_type = Vec<Vec<serde_json::Value>>)]
    pub lost: Vec<(PostId, String)>,
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
        let rules = rules_in(text)?;
        let unread = || DeskError::Value { what: "one_entry", value: String::new() };
        self.rehearse(who, rules.first().ok_or_else(unread)?, days)
    }

    /// The same of all rules in `text`, a file of them.
    ///
    /// # Errors
    /// As of [`rehearse_text`](Self::rehearse_text).
    pub fn rehearse_file(&self, who: &Who, text: &str, days: u32) -> Result<Vec<RehearsalSheet>> {
        rules_in(text)?.iter().map(|rule| self.rehearse(who, rule, days)).collect()
    }

    fn rehearse(&self, who: &Who, rule: &RuleConfig, days: u32) -> Result<RehearsalSheet> {
        self.check(who, Act::Rehearse)?;
        self.unbounded(who)?;
        let live = self.config.rules.iter().find(|live| live.id == rule.id);
        let live = live.filter(|live| live.query != rule.query);
        let row = self.rule_row(who, rule)?;
        let (index, behind) = self.asked()?;
        let past = Past { config: &self.config, store: &*self.store, index: &index };
        let Rehearsed { query, results, alerts } = past.rehearse(rule, days, self.now())?;
        let step = results.hits.len().div_ceil(SAMPLES).max(1);
        let samples = results.hits.iter().step_by(step);
        let samples = samples.map(|hit| self.line_of(hit, Some(&query), SAMPLE_CHARS));
        let against = match live {
            Some(live) => {
                let (_, before) = past.hits(&live.query, days, self.now())?;
                Some(self.difference(&results, &before)?)
            }
            None => None,
        };
        let told = alerts.iter().take(ALERTS).map(|a| (a.fired_at, reason(rule, a, who.lang)));
        let by_day = results.histogram.iter();
        Ok(RehearsalSheet {
            rule: row,
            days,
            posts: results.hits.len(),
            alerts: alerts.len(),
            firings: told.collect(),
            by_day: by_day.map(|d| Day { day: d.day.to_string(), posts: d.posts }).collect(),
            facets: results.facets.iter().map(|counts| self.facet_box(who, counts)).collect(),
            samples: samples.filter_map(Result::transpose).collect::<Result<_>>()?,
            behind,
            against,
        })
    }

    fn difference(&self, after: &SearchResults, before: &SearchResults) -> Result<Difference> {
        let ids = |found: &SearchResults| found.hits.iter().map(|hit| hit.post).collect();
        let (new, old): (BTreeSet<PostId>, BTreeSet<PostId>) = (ids(after), ids(before));
        let named = |ids: Vec<PostId>| -> Result<(usize, Vec<(PostId, String)>)> {
            let mut named = Vec::new();
            for id in ids.iter().take(NAMED) {
                named.extend(self.store.post(*id)?.map(|post| (*id, post.post.title)));
            }
            Ok((ids.len(), named))
        };
        let (adds, added) = named(new.difference(&old).copied().collect())?;
        let (loses, lost) = named(old.difference(&new).copied().collect())?;
        Ok(Difference { adds, added, loses, lost })
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

    /// Writes the post called `id` into `file`, or the file of `rule`, as a text that the rule must not hit. Answers the
    /// post and the file.
    ///
    /// # Errors
    /// `Unknown` where rule or post is not there; a file that cannot be read or written.
    pub fn mark_sample(
        &self,
        who: &Who,
        (rule, file): (&str, Option<&Path>),
        id: &str,
    ) -> Result<(PostId, PathBuf)> {
        self.check(who, Act::EditConfig)?;
        let post = self.post_named(who, id)?;
        let rule = RuleId::from(rule);
        let file = match file {
            Some(file) => {
                add_example(file, &rule, &post.post)?;
                file.to_owned()
            }
            None => self.mark_false(&rule, &post.post)?,
        };
        let detail = format!("post {} must not hit", post.post.id);
        let object = format!("rule {rule}");
        self.audited(who, ("config_save", &object, &detail), &mut |_| Ok(true))?;
        Ok((post.post.id, file))
    }

    /// Writes `post` into the file of `rule` as a text that must not hit. Answers the file.
    ///
    /// # Errors
    /// `Unknown` where the rule has no file; a file that cannot be read or written.
    pub(super) fn mark_false(&self, rule: &RuleId, post: &Post) -> Result<PathBuf> {
        let unknown = || DeskError::Unknown { what: "rule", id: rule.0.clone() };
        let file = self.config.file_of("rule", rule.as_str()).ok_or_else(unknown)?;
        add_example(file, rule, post)?;
        Ok(file.to_owned())
    }
}

/// The rules in a file of them.
fn rules_in(text: &str) -> Result<Vec<RuleConfig>> {
    #[derive(serde::Deserialize)]
    struct File {
        rule: Vec<RuleConfig>,
    }
    let unread = |value: String| DeskError::Value { what: "one_entry", value };
    let file: File = toml::from_str(text).map_err(|error| unread(error.message().to_owned()))?;
    Ok(file.rule)
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
fn add_example(file: &Path, rule: &RuleId, post: &Post) -> anyhow::Result<()> {
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
