//! A subject or a topic as a form: its fields as lines of text, read from its entry and put back into it.
//!
//! In: the text of one `[[subject]]` or `[[topic]]`. Out: fields as typed, or the text with the fields in it, its comments and
//! whatever the form does not show as they were. A number that cannot be read is left for the checks of config to name.

use std::collections::BTreeMap;

use serde::Serialize;
use toml_edit::{Array, Value};

use super::{Desk, DeskError, Result};
use crate::config::edit;

/// How a field is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One line; not left out.
    Name,
    /// One line.
    Text,
    /// A query.
    Query,
    /// A number.
    Number,
    /// Names, one a line.
    List,
    /// The id of another subject, or nothing.
    Unit,
}

const SUBJECT: &[(&str, Shape)] = &[
    ("name", Shape::Name),
    ("short_names", Shape::List),
    ("parent", Shape::Unit),
    ("places", Shape::List),
    ("exclude", Shape::List),
    ("codes", Shape::List),
    ("homophones", Shape::List),
];

const TOPIC: &[(&str, Shape)] = &[
    ("name", Shape::Name),
    ("name_en", Shape::Name),
    ("query", Shape::Query),
    ("risk", Shape::Number),
];

/// One field of the form.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    /// Its key; a locale key under `serve.entry.TABLE`.
    pub key: &'static str,
    /// How it is typed.
    pub shape: Shape,
    /// What stands in it.
    pub value: String,
    /// What it may be: id and name.
    pub choices: Vec<(String, String)>,
}

/// What stands in the fields.
#[derive(Clone, Debug, Serialize)]
pub struct PlainForm {
    table: &'static str,
    /// Its id; fixed once it is saved.
    pub id: String,
    /// In the order of the page.
    pub fields: Vec<Field>,
}

fn fields_of(table: &str) -> Option<(&'static str, &'static [(&'static str, Shape)])> {
    match table {
        "subject" => Some(("subject", SUBJECT)),
        "topic" => Some(("topic", TOPIC)),
        _ => None,
    }
}

impl PlainForm {
    /// The form of a new entry; none for a table that has no such form.
    #[must_use]
    pub fn new(table: &str) -> Option<Self> {
        Self::typed(table, &BTreeMap::new())
    }

    /// The fields as somebody typed them.
    #[must_use]
    pub fn typed(table: &str, typed: &BTreeMap<String, String>) -> Option<Self> {
        let (table, known) = fields_of(table)?;
        let said = |key: &str| typed.get(key).cloned().unwrap_or_default();
        let field = |&(key, shape): &(&'static str, Shape)| Field {
            key,
            shape,
            value: said(key).replace("\r\n", "\n"),
            choices: Vec::new(),
        };
        Some(Self { table, id: said("id"), fields: known.iter().map(field).collect() })
    }

    /// The fields of the entry that `text` holds; none where it holds none that can be read.
    #[must_use]
    pub fn of(table: &str, text: &str) -> Option<Self> {
        let (name, known) = fields_of(table)?;
        let read: toml::Table = toml::from_str(text).ok()?;
        let entry = read.get(name)?.as_array()?.first()?.as_table()?;
        let shown = |key: &str| match entry.get(key) {
            Some(toml::Value::String(text)) => text.trim().to_owned(),
            Some(toml::Value::Array(items)) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join("\n")
            }
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let keys = known.iter().map(|(key, _)| *key).chain(["id"]);
        let typed = keys.map(|key| (key.to_owned(), shown(key))).collect();
        Self::typed(table, &typed)
    }

    /// `text` with these fields; the text of a new entry where it is empty.
    ///
    /// # Errors
    /// `Value` where `text` holds no entry.
    pub fn put_into(&self, text: &str) -> Result<String> {
        let id = ("id", Some(Value::from(self.id.trim())));
        let values = self.fields.iter().map(|field| (field.key, field.as_value()));
        let values = std::iter::once(id).chain(values).collect::<Vec<_>>();
        let new = format!("[[{}]]\n", self.table);
        let start = if text.trim().is_empty() { new.as_str() } else { text };
        edit::with_values(start, self.table, &values)
            .map_err(|why| DeskError::Value { what: "one_entry", value: why })
    }

    /// A query that finds the posts this entry would be about: a topic's own, or any name of a subject. None while there
    /// is nothing to look for.
    #[must_use]
    pub fn query(&self) -> Option<String> {
        let value = |key: &str| self.fields.iter().find(|field| field.key == key);
        let lines = |key: &str| value(key).map_or("", |field| field.value.as_str()).lines();
        let query = match self.table {
            "topic" => value("query")?.value.trim().to_owned(),
            _ => {
                let names = ["name", "short_names", "codes", "homophones"];
                let names = names.iter().flat_map(|key| lines(key)).map(str::trim);
                let quoted = |name: &str| format!("\"{}\"", name.replace(['"', '\\'], " "));
                names.filter(|name| !name.is_empty()).map(quoted).collect::<Vec<_>>().join(" | ")
            }
        };
        Some(query).filter(|query| !query.is_empty())
    }
}

impl Field {
    /// As it stands in config; none where it is left out.
    fn as_value(&self) -> Option<Value> {
        let text = self.value.trim();
        if text.is_empty() {
            return (self.shape == Shape::Name).then(|| Value::from(""));
        }
        Some(match self.shape {
            Shape::List => {
                let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
                Value::Array(names.collect::<Array>())
            }
            Shape::Number => text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from),
            _ => Value::from(text),
        })
    }
}

impl Desk {
    /// Puts the units there are beside the fields that name one.
    pub fn with_choices(&self, mut form: PlainForm) -> PlainForm {
        let units = self.config.subjects.iter().filter(|unit| unit.id.as_str() != form.id);
        let units = units.map(|unit| (unit.id.0.clone(), unit.name.clone())).collect::<Vec<_>>();
        for field in form.fields.iter_mut().filter(|field| field.shape == Shape::Unit) {
            field.choices.clone_from(&units);
        }
        form
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "# 二矿\n[[subject]]\nid = \"two\"\nname = \"霁山第二煤矿\" # 全称\nshort_names = [\"二矿\"]\nparent = \"group\"\n";

    #[test]
    fn fields_go_through_the_text_and_back_and_comments_stay() {
        let form = PlainForm::of("subject", UNIT).unwrap();
        assert_eq!(form.put_into(UNIT).unwrap(), UNIT);
        let typed = [
            ("id", "two"),
            ("name", "霁山二矿"),
            ("short_names", "二矿\r\n 霁二矿 \r\n"),
            ("parent", ""),
        ];
        let typed = typed.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let form = PlainForm::typed("subject", &typed).unwrap();
        let text = form.put_into(UNIT).unwrap();
        assert!(text.contains("name = \"霁山二矿\" # 全称"), "{text}");
        assert!(text.contains("short_names = [\"二矿\", \"霁二矿\"]"), "{text}");
        assert!(!text.contains("parent"), "{text}");
        assert_eq!(form.query().unwrap(), "\"霁山二矿\" | \"二矿\" | \"霁二矿\"");
    }

    #[test]
    fn a_new_topic_is_a_text_of_its_own_and_a_number_that_is_none_stays_as_typed() {
        let typed = [("id", "dust"), ("name", "扬尘"), ("query", "扬尘 | 粉尘"), ("risk", "很高")];
        let typed = typed.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let form = PlainForm::typed("topic", &typed).unwrap();
        let text = form.put_into("").unwrap();
        assert!(text.starts_with("[[topic]]\nid = \"dust\"\nname = \"扬尘\"\n"), "{text}");
        assert!(text.contains("risk = \"很高\""), "{text}");
        assert_eq!(form.query().as_deref(), Some("扬尘 | 粉尘"));
        assert!(PlainForm::new("source").is_none());
    }
}
