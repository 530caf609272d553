//! The tables of the schema, as the schema itself says: what is copied, in which order, by which keys.
//!
//! In: nothing but the schema that a new file gets. Out: every table with its columns and key, those that others refer to
//! first. No table is named here but `meta`, some of whose rows belong to one place and not to the station.

use super::{Held, MARK};
use crate::store::sql::{Cell, Row};
use crate::store::{Result, StoreError, sqlite};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    /// Columns of its key, by their places among the columns.
    pub key: Vec<usize>,
    /// Tables that its rows refer to.
    pub refers_to: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Column {
    pub name: String,
    pub is_number: bool,
}

/// The tables of the current schema.
pub(super) fn tables() -> Result<Vec<Table>> {
    let mut waiting = sqlite::tables()?;
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let is_ready = |table: &Table| {
            let is_there = |name: &String| ordered.iter().any(|table| table.name == *name);
            table.refers_to.iter().all(|name| *name == table.name || is_there(name))
        };
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_ready);
        if ready.is_empty() {
            return Err(StoreError::Corrupt {
                what: "schema".to_owned(),
                cause: "tables refer to each other in a ring".to_owned(),
            });
        }
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}

impl Table {
    /// The name as statements have it.
    pub fn quoted(&self) -> String {
        quoted(&self.name)
    }

    /// All columns, for statements.
    pub fn columns(&self) -> String {
        self.columns.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ")
    }

    /// Which rows are the station's: in `meta` not the version of the schema, the marks of a server's transactions, and
    /// that of a copy.
    pub fn ours(&self) -> String {
        if self.name != "meta" {
            return "0 = 0".to_owned();
        }
        format!("name NOT IN ('schema', '{MARK}') AND substr(name, 1, 5) <> 'mark:'")
    }

    /// All rows after a key, in the order of keys.
    pub fn select(&self, after: Option<&[Held]>) -> String {
        let key = self.key_columns();
        let beyond = match after {
            None => String::new(),
            Some(values) if values.len() == 1 => format!(" AND {key} > ?1"),
            Some(values) => {
                let numbers: Vec<String> = (1..=values.len()).map(|n| format!("?{n}")).collect();
                format!(" AND ({key}) > ({})", numbers.join(", "))
            }
        };
        format!(
            "SELECT {} FROM {} WHERE {}{beyond} ORDER BY {key}",
            self.columns(),
            self.quoted(),
            self.ours()
        )
    }

    /// How many rows are the station's.
    pub fn count(&self) -> String {
        format!("SELECT COUNT(*) FROM {} WHERE {}", self.quoted(), self.ours())
    }

    /// The largest key, where it is one number.
    pub fn largest(&self) -> Option<String> {
        let [key] = self.key.as_slice() else { return None };
        let column = &self.columns[*key];
        let largest = || format!("SELECT MAX({}) FROM {}", quoted(&column.name), self.quoted());
        column.is_number.then(largest)
    }

    /// A row, kept.
    pub fn row(&self, row: &Row<'_>) -> Result<Vec<Held>> {
        let held = |at| {
            Ok(match row.cell(at)? {
                Cell::Null => Held::Null,
                Cell::Int(n) => Held::Int(n),
                Cell::Text(text) => Held::Text(text.to_owned()),
            })
        };
        (0..self.columns.len()).map(held).collect()
    }

    /// The key of a row.
    pub fn key_of(&self, row: &[Held]) -> Vec<Held> {
        self.key.iter().map(|at| row[*at].clone()).collect()
    }

    fn key_columns(&self) -> String {
        let names = self.key.iter().map(|at| quoted(&self.columns[*at].name));
        names.collect::<Vec<_>>().join(", ")
    }
}

/// A name between quotation marks: some are words of SQL.
fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_key_and_comes_after_what_it_refers_to() {
        let tables = tables().unwrap();
        assert!(tables.len() >= 25, "only {} tables", tables.len());
        for (at, table) in tables.iter().enumerate() {
            assert!(!table.key.is_empty(), "{} has no key to go on from", table.name);
            for name in &table.refers_to {
                assert!(
                    tables[..at].iter().any(|t| t.name == *name),
                    "{} before {name}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn rows_after_a_key_are_asked_for_by_all_of_it() {
        let tables = tables().unwrap();
        let table = |name: &str| tables.iter().find(|table| table.name == name).unwrap();
        let tombstones = table("tombstones").select(Some(&[Held::Int(3)]));
        assert_eq!(
            tombstones,
            "SELECT \"post\", \"at\" FROM \"tombstones\" WHERE 0 = 0 AND \"post\" > ?1 ORDER BY \"post\""
        );
        let corrections = table("corrections").select(Some(&[Held::Null, Held::Null]));
        assert!(corrections.contains("AND (\"post\", \"field\") > (?1, ?2)"), "{corrections}");
        let entries = table("entries").select(Some(&[Held::Null, Held::Null]));
        assert!(
            entries.contains("AND (\"source\", \"url\") > (?1, ?2) ORDER BY \"source\", \"url\"")
        );
        assert!(table("meta").select(None).contains("'mark:'"));
    }
}
