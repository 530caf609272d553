//! One entry of a config file as its own text: cut out, put back, taken away; the rest of the file stays as it is,
//! comments and order too.
//!
//! In: the text of a file, a table (`rule`, `source`, `topic`, `subject`) and an id. Out: the place of the entry, or the
//! file as it would be. It reads and writes no file and does not say whether the result is sound: loading it does.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::{DocumentMut, Item, Value};

use super::document::{Node, entries};

/// Where `[[table]]` with `id` stands in `file`, from the comments right above it to the next table that is not its
/// own. `None` where it is not there or the file is not TOML.
#[must_use]
pub fn place(file: &str, table: &str, id: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(file).ok()?;
    let wanted = |node: &&Node| {
        let DeValue::Table(entry) = node.get_ref() else { return false };
        entry.get("id").and_then(|found| found.get_ref().as_str()) == Some(id)
    };
    let list = entries(root.get_ref(), table);
    let node = list.iter().copied().find(wanted)?;
    let start = node.span().start;
    let mut own = Vec::new();
    headers(node, file, &mut own);
    let mut all = Vec::new();
    for value in root.get_ref().values() {
        headers(value, file, &mut all);
    }
    let next = all.into_iter().filter(|at| *at > start && !own.contains(at)).min();
    let end = next.map_or(file.len(), |at| with_comments(file, at));
    Some(with_comments(file, start)..end)
}

/// The ids of all `[[table]]` in `file`, in their order; none where it is not TOML.
#[must_use]
pub fn ids(file: &str, table: &str) -> Vec<String> {
    let Ok(root) = DeTable::parse(file) else { return Vec::new() };
    let id = |node: &&Node| match node.get_ref() {
        DeValue::Table(entry) => entry.get("id")?.get_ref().as_str().map(str::to_owned),
        _ => None,
    };
    entries(root.get_ref(), table).iter().filter_map(id).collect()
}

/// Where the headers of tables in `node` begin.
fn headers(node: &Node, file: &str, into: &mut Vec<usize>) {
    let start = node.span().start;
    match node.get_ref() {
        DeValue::Table(table) => {
            if file[start..].starts_with('[') {
                into.push(start);
            }
            for value in table.values() {
                headers(value, file, into);
            }
        }
        DeValue::Array(array) => {
            let is_tables = |item: &Spanned<DeValue>| matches!(item.get_ref(), DeValue::Table(_));
            for item in array.iter().filter(|item| is_tables(item)) {
                headers(item, file, into);
            }
        }
        _ => {}
    }
}

/// `at`, or the first of the comment lines right above it.
fn with_comments(file: &str, at: usize) -> usize {
    let mut start = file[..at].rfind('\n').map_or(0, |newline| newline + 1);
    while start > 0 {
        let above = file[..start - 1].rfind('\n').map_or(0, |newline| newline + 1);
        if !file[above..start].trim_start().starts_with('#') {
            break;
        }
        start = above;
    }
    start
}

/// `file` with `entry` in the place of the one called `id`, or at its end where there is none.
#[must_use]
pub fn put(file: &str, table: &str, id: Option<&str>, entry: &str) -> String {
    let entry = entry.trim_matches(['\n', '\r']);
    let found = id.and_then(|id| place(file, table, id));
    let Some(Range { start, end }) = found else {
        let before = file.trim_end();
        let gap = if before.is_empty() { "" } else { "\n\n" };
        return format!("{before}{gap}{entry}\n");
    };
    let gap = if end == file.len() { "\n" } else { "\n\n" };
    format!("{}{entry}{gap}{}", &file[..start], &file[end..])
}

/// `file` without the entry called `id`.
#[must_use]
pub fn take(file: &str, table: &str, id: &str) -> Option<String> {
    let Range { start, end } = place(file, table, id)?;
    let (before, behind) = (file[..start].trim_end(), &file[end..]);
    let gap = if before.is_empty() { "" } else { "\n\n" };
    Some(if behind.is_empty() { format!("{before}\n") } else { format!("{before}{gap}{behind}") })
}

/// `entry` (one `[[table]]` as text) with `values` in it; comments stay where they are. A value of `None` takes the
/// key away.
///
/// # Errors
/// An entry that is not TOML or holds no such table, in the words of the reader.
pub fn with_values(
    entry: &str,
    table: &str,
    values: &[(&str, Option<Value>)],
) -> Result<String, String> {
    let mut document: DocumentMut =
        entry.parse().map_err(|e: toml_edit::TomlError| e.to_string())?;
    let first = document.get_mut(table).and_then(Item::as_array_of_tables_mut);
    let Some(first) = first.and_then(|tables| tables.get_mut(0)) else {
        return Err(format!("there is no [[{table}]]"));
    };
    for (key, value) in values {
        match (value, first.get_mut(key)) {
            (Some(value), Some(Item::Value(there))) => {
                let decor = there.decor().clone();
                *there = value.clone();
                *there.decor_mut() = decor;
            }
            (Some(value), _) => {
                first.insert(key, Item::Value(value.clone()));
            }
            (None, _) => {
                first.remove(key);
            }
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# 文件说明\n\n# 欠薪\n[[rule]]\nid = \"pay\" # 编号\nquery = \"\"\"\n[[rule]]\nid = \"no\"\n\"\"\"\n\n[[rule.example]]\ntext = \"甲\"\nhit = true\n\n# 事故\n# 要快\n[[rule]]\nid = \"accident\"\nquery = \"事故\"\n\n[other]\nx = 1\n";

    #[test]
    fn an_entry_has_its_comments_and_its_own_tables() {
        let pay = &FILE[place(FILE, "rule", "pay").unwrap()];
        assert!(pay.starts_with("# 欠薪\n[[rule]]\nid = \"pay\""), "{pay}");
        assert!(pay.ends_with("hit = true\n\n"), "{pay}");
        let accident = &FILE[place(FILE, "rule", "accident").unwrap()];
        assert_eq!(accident, "# 事故\n# 要快\n[[rule]]\nid = \"accident\"\nquery = \"事故\"\n\n");
        assert_eq!(place(FILE, "rule", "no"), None, "a header inside a text is text");
        assert_eq!(ids(FILE, "rule"), ["pay", "accident"]);
    }

    #[test]
    fn what_is_put_back_unchanged_changes_nothing() {
        for id in ["pay", "accident"] {
            let entry = &FILE[place(FILE, "rule", id).unwrap()];
            assert_eq!(put(FILE, "rule", Some(id), entry), FILE, "{id}");
        }
    }

    #[test]
    fn an_entry_is_added_taken_away_and_replaced() {
        let more = put(FILE, "rule", None, "[[rule]]\nid = \"new\"\nquery = \"新\"");
        assert_eq!(ids(&more, "rule"), ["pay", "accident", "new"]);
        assert_eq!(take(&more, "rule", "new").unwrap(), FILE);
        let less = take(FILE, "rule", "pay").unwrap();
        assert_eq!(ids(&less, "rule"), ["accident"]);
        assert!(less.starts_with("# 文件说明\n\n# 事故\n"), "{less}");
        assert_eq!(take(FILE, "rule", "no"), None);
    }

    #[test]
    fn values_are_set_and_comments_stay() {
        let entry = "# 欠薪\n[[rule]]\nid = \"pay\" # 编号\n# 名称\nname = \"旧\"\ndays = 3\n\n[[rule.example]]\ntext = \"甲\"\n";
        let values = [
            ("name", Some(Value::from("新"))),
            ("enabled", Some(Value::from(false))),
            ("days", None),
        ];
        let set = with_values(entry, "rule", &values).unwrap();
        let expected = "# 欠薪\n[[rule]]\nid = \"pay\" # 编号\n# 名称\nname = \"新\"\nenabled = false\n\n[[rule.example]]\ntext = \"甲\"\n";
        assert_eq!(set, expected);
        assert!(with_values("x = ", "rule", &values).is_err());
        assert!(with_values("x = 1", "rule", &values).is_err());
    }
}
