//! A rule as a form: the fields officers change most, read from its text and put back into it.
//!
//! In: the text of one `[[rule]]`. Out: fields as typed, or the text with the fields in it and its comments and examples as
//! they were. Numbers that cannot be read are left as they were typed for the checks of config to name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml_edit::Value;

use super::{DeskError, Result};
use crate::config::edit;

/// The numbers of each kind of rule, in the order of the form.
pub const NUMBERS: [(&str, &[&str]); 6] = [
    ("any", &[]),
    ("frequency", &["count", "window_minutes"]),
    ("spike", &["count", "window_minutes", "factor", "baseline_days"]),
    ("flatline", &["window_minutes"]),
    ("first_mention", &["quiet_days"]),
    ("new_term", &["count", "window_minutes", "new_days"]),
];

/// What stands in the fields; numbers as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    /// Its id; fixed once it is saved.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub query: String,
    /// Its kind.
    pub kind: String,
    /// Its grade.
    pub severity: String,
    /// `on` where it is watched.
    pub enabled: String,
    /// Hours.
    pub merge_hours: String,
    /// Posts.
    pub count: String,
    /// Minutes.
    pub window_minutes: String,
    /// Times.
    pub factor: String,
    /// Days.
    pub baseline_days: String,
    /// Days.
    pub quiet_days: String,
    /// Days.
    pub new_days: String,
}

impl RuleForm {
    /// The form of a new rule for `query`.
    #[must_use]
    pub fn new(query: &str) -> Self {
        Self {
            query: query.to_owned(),
            kind: "any".to_owned(),
            severity: "serious".to_owned(),
            enabled: "on".to_owned(),
            merge_hours: "24".to_owned(),
            ..Self::default()
        }
    }

    /// The fields as somebody typed them.
    #[must_use]
    pub fn typed(typed: &BTreeMap<String, String>) -> Self {
        // A map of texts holds nothing that the fields could not take.
        serde_json::to_value(typed).and_then(serde_json::from_value).unwrap_or_default()
    }

    /// The fields of the rule that `text` holds; `None` where it holds none that can be read.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let table: toml::Table = toml::from_str(text).ok()?;
        let rule = table.get("rule")?.as_array()?.first()?.as_table()?;
        let field = |key: &str| match rule.get(key) {
            Some(toml::Value::String(text)) => text.trim().to_owned(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let is_on = rule.get("enabled").and_then(toml::Value::as_bool).unwrap_or(true);
        Some(Self {
            id: field("id"),
            name: field("name"),
            query: field("query"),
            kind: field("kind"),
            severity: field("severity"),
            enabled: if is_on { "on" } else { "" }.to_owned(),
            merge_hours: field("merge_hours"),
            count: field("count"),
            window_minutes: field("window_minutes"),
            factor: field("factor"),
            baseline_days: field("baseline_days"),
            quiet_days: field("quiet_days"),
            new_days: field("new_days"),
        })
    }

    /// `text` with these fields; the text of a new rule where it is empty.
    ///
    /// # Errors
    /// `Value` where `text` holds no rule.
    pub fn put_into(&self, text: &str) -> Result<String> {
        let typed = |text: &str| match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Value::from(whole),
            (_, Ok(number)) => Value::from(number),
            _ => Value::from(text),
        };
        let said = |text: &str| (!text.trim().is_empty()).then(|| typed(text.trim()));
        let mut values = vec![
            ("id", Some(Value::from(self.id.trim()))),
            ("name", Some(Value::from(self.name.trim()))),
            ("enabled", Some(Value::from(!self.enabled.is_empty()))),
            ("query", Some(Value::from(self.query.trim().replace("\r\n", "\n")))),
            ("kind", Some(Value::from(self.kind.as_str()))),
            ("severity", Some(Value::from(self.severity.as_str()))),
            ("merge_hours", said(&self.merge_hours)),
        ];
        let of_kind =
            NUMBERS.iter().find(|(kind, _)| *kind == self.kind).map_or(&[][..], |of| of.1);
        let numbers = [
            ("count", &self.count),
            ("window_minutes", &self.window_minutes),
            ("factor", &self.factor),
            ("baseline_days", &self.baseline_days),
            ("quiet_days", &self.quiet_days),
            ("new_days", &self.new_days),
        ];
        values.extend(
            numbers.map(|(key, text)| (key, said(text).filter(|_| of_kind.contains(&key)))),
        );
        let start = if text.trim().is_empty() { "[[rule]]\n" } else { text };
        edit::with_values(start, "rule", &values)
            .map_err(|why| DeskError::Value { what: "one_entry", value: why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_go_through_the_text_and_back_and_comments_stay() {
        let text = "# 欠薪\n[[rule]]\nid = \"pay\"\n# 查询\nquery = \"欠薪\"\nkind = \"spike\"\ncount = 5\nwindow_minutes = 60\nfactor = 2.5\nbaseline_days = 7\n\n[[rule.example]]\ntext = \"甲\"\nhit = true\n";
        let form = RuleForm::of(text).unwrap();
        assert_eq!((form.kind.as_str(), form.factor.as_str()), ("spike", "2.5"));
        assert_eq!(form.enabled, "on");
        let changed = RuleForm {
            query: "欠薪 | 讨薪".to_owned(),
            kind: "frequency".to_owned(),
            enabled: String::new(),
            name: "欠薪".to_owned(),
            ..form
        };
        let put = changed.put_into(text).unwrap();
        assert!(
            put.starts_with("# 欠薪\n[[rule]]\nid = \"pay\"\n# 查询\nquery = \"欠薪 | 讨薪\"\n"),
            "{put}"
        );
        assert!(
            put.contains("[[rule.example]]\ntext = \"甲\"") && !put.contains("factor"),
            "{put}"
        );
        let again = RuleForm::of(&put).unwrap();
        assert_eq!((again.kind.as_str(), again.enabled.as_str()), ("frequency", ""));
    }

    #[test]
    fn a_new_rule_is_one_that_config_can_read() {
        let form = RuleForm {
            id: "wages".to_owned(),
            name: "工资".to_owned(),
            ..RuleForm::new("\"欠薪\" | 讨薪")
        };
        let text = form.put_into("").unwrap();
        #[derive(serde::Deserialize)]
        struct File {
            rule: Vec<pipelines::watch::RuleConfig>,
        }
        let file: File = toml::from_str(&text).unwrap();
        assert_eq!(file.rule[0].query, "\"欠薪\" | 讨薪");
        assert!(form.put_into("x = 1").is_err());
    }

    #[test]
    fn what_is_no_number_is_left_for_the_checks_to_name() {
        let form = RuleForm { merge_hours: "一天".to_owned(), ..RuleForm::new("a") };
        assert!(form.put_into("").unwrap().contains("merge_hours = \"一天\""));
    }
}
