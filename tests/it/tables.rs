//! A folder of tables as offices and platforms send them: each has one fault of its own.
//!
//! What each must come to stands in `tests/it/tables/expected.toml`; a table that is not named there fails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lab::Lab;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tables")
}

fn expected() -> toml::Table {
    std::fs::read_to_string(folder().join("expected.toml")).unwrap().parse().unwrap()
}

fn tables() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !name.ends_with(".toml")).collect()
}

/// Chinese wall time of an instant, without a clock where there is none.
fn shown(row: &Value) -> String {
    let Some(at) = row["published_at"].as_str() else { return String::new() };
    let at = chrono::DateTime::parse_from_rfc3339(at).unwrap().to_utc();
    let local = at.with_timezone(&chrono_tz::Asia::Shanghai).format("%Y-%m-%d %H:%M").to_string();
    local.strip_suffix(" 00:00").unwrap_or(&local).to_owned()
}

#[test]
fn tables_as_offices_send_them_are_read_and_what_is_set_aside_has_row_and_reason() {
    let expected = expected();
    assert_eq!(tables(), expected.keys().cloned().collect::<BTreeSet<_>>());
    let lab = Lab::fast();
    let paths: Vec<String> =
        tables().iter().map(|name| folder().join(name).display().to_string()).collect();
    let mut args = vec!["import", "--format", "jsonl", "--source", "office"];
    args.extend(paths.iter().map(String::as_str));
    let run = lab.run(&args);
    let mut faults = Vec::new();
    if run.rows().len() != expected.len() {
        faults.push("a table is refused".to_owned());
    }
    for row in run.rows() {
        let name = Path::new(row["file"].as_str().unwrap())
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let want = &expected[&name];
        let title = want["title"].as_str().unwrap();
        let asked = format!("title:\"{title}\"");
        let found = lab.run(&["search", &asked, "--format", "jsonl", "--posts"]).good().rows();
        let time = found.first().map(shown).unwrap_or_default();
        let aside: Vec<(i64, &str)> = row["set_aside"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["row"].as_i64().unwrap(), one["why"].as_str().unwrap()))
            .collect();
        let want_aside = want["set_aside"].as_array().unwrap();
        let same = want_aside.len() == aside.len()
            && want_aside.iter().zip(&aside).all(|(want, (row, why))| {
                want["row"].as_integer() == Some(*row)
                    && why.contains(want["why"].as_str().unwrap())
            });
        let is_right = row["kept"] == want["kept"].as_integer().unwrap()
            && row["ties_out"] == true
            && found.len() == 1
            && time == want["time"].as_str().unwrap()
            && same;
        if !is_right {
            faults.push(format!(
                "{name}: {row}\n  found {} at {time:?}, aside {aside:?}",
                found.len()
            ));
        }
        for (number, _) in aside {
            let said = format!("{name} row {number} ");
            assert!(run.err.contains(&said), "not told: {said}\n{}", run.err);
        }
    }
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), run.err);
    // Twice the same is nothing new.
    for row in lab.run(&args).rows() {
        assert_eq!(row["kept"], 0, "{row}");
    }
}

#[test]
fn what_was_understood_of_a_header_is_told_before_anything_is_taken() {
    let lab = Lab::new();
    let path = folder().join("25-letters.csv").display().to_string();
    let run = lab.run(&["import", &path, "--dry-run", "--format", "jsonl"]).good();
    for part in ["header is row 1", "time ← 来信时间", "text ← 内容", "columns not used: 办结时间"]
    {
        assert!(run.err.contains(part), "{part} in {}", run.err);
    }
    assert!(!lab.data().exists(), "a look stores nothing");
}

#[test]
fn rows_past_retention_are_announced_before_they_are_taken() {
    let lab = Lab::new();
    lab.write("old.csv", "标题,正文,发布时间\n旧来信,青岚沟煤矿澡堂热水时断时续,2019-03-01\n");
    let run = lab.run(&["import", "old.csv"]).good();
    assert!(run.err.contains("1 rows of old.csv are older than is kept"), "{}", run.err);
}

#[test]
fn an_import_is_taken_back_as_a_whole_and_nothing_else_goes() {
    let lab = Lab::new();
    lab.write("one.csv", "标题,正文\n甲信,青岚沟煤矿澡堂热水时断时续\n");
    lab.write("two.csv", "标题,正文\n甲信,青岚沟煤矿澡堂热水时断时续\n乙信,青岚沟选煤厂夜里噪声扰民\n丙信,通勤车又少了一班\n");
    let number = |run: crate::lab::Run| run.good().rows()[0]["import"].as_i64().unwrap();
    number(lab.run(&["import", "one.csv", "--format", "jsonl"]));
    let second = number(lab.run(&["import", "two.csv", "--format", "jsonl"])).to_string();
    let count = |lab: &Lab| {
        lab.run(&["search", "青岚沟|通勤车", "--posts", "--format", "jsonl"]).good().rows().len()
    };
    assert_eq!(count(&lab), 3);
    lab.run(&["import", "undo", &second]).good();
    assert_eq!(count(&lab), 1, "the letter of the first import stays");
    let list = lab.run(&["import", "list", "--format", "jsonl"]).good().rows();
    assert_eq!(list.len(), 2);
    assert!(list[0]["undone"].is_string() && list[1]["undone"].is_null(), "{list:?}");
    lab.run(&["import", "two.csv"]).good();
    assert_eq!(count(&lab), 3, "what was taken back may come again");
    assert_eq!(lab.run(&["import", "undo", "99"]).code, Some(1));
}
