//! `guanlan import`, and that a search finds exactly what was imported with the word in it.

use std::collections::BTreeSet;

use pipelines::text::fold;
use serde_json::Value;

use crate::data::shared;
use crate::lab::{Dice, Lab};

const MAP: &str = "id=id,title=title,text=text,published_at=posted_at";

fn found(lab: &Lab, query: &str) -> BTreeSet<String> {
    let run = lab.run(&["search", query, "--format", "jsonl", "--limit", "1000000"]).good();
    run.rows()
        .iter()
        .map(|r| r["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect()
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_the_rest_goes_in() {
    let lab = Lab::new();
    lab.write(
        "rows.jsonl",
        concat!(
            "{\"id\": 1, \"title\": \"青岚沟煤矿\", \"text\": \"食堂的饭菜比以前好了。\", \"posted_at\": \"2026-11-20 08:00\"}\n",
            "this is no JSON\n",
            "{\"id\": 3, \"title\": \"运费\", \"text\": \"运输公司欠运费三个月。\", \"posted_at\": \"昨天\"}\n",
        ),
    );
    let run = lab.run(&["import", "rows.jsonl", "--map", MAP, "--format", "jsonl"]);
    let row = &run.rows()[0];
    assert_eq!((&row["received"], &row["kept"]), (&Value::from(3), &Value::from(2)), "{}", run.err);
    assert_eq!(row["ties_out"], true);
    assert!(run.err.contains("rows.jsonl") && run.err.contains('2'), "{}", run.err);
    assert_eq!(found(&lab, "运费"), BTreeSet::from(["3".to_owned()]));
    let again = lab.run(&["import", "rows.jsonl", "--map", MAP, "--format", "jsonl"]);
    assert_eq!(again.rows()[0]["kept"], 0);
    assert_eq!(again.rows()[0]["drops"]["duplicate"], 2);
}

#[test]
fn a_large_file_is_judged_in_haste_and_owed_a_deep_reading() {
    let lab = Lab::new();
    let row = |n: usize| format!("{{\"id\": {n}, \"text\": \"第{n}号来信：路灯坏了。\"}}\n");
    lab.write("few.jsonl", &(0..3).map(row).collect::<String>());
    lab.write("many.jsonl", &(100..2_101).map(row).collect::<String>());
    let owed = || {
        let store = guanlan::store::SqliteStore::open(&lab.data().join("guanlan.db")).unwrap();
        guanlan::store::Store::states(&store, "deep:import:").unwrap().len()
    };
    let data = lab.data();
    let data = data.to_str().unwrap();
    let take =
        |file| lab.run(&["--data-dir", data, "import", file, "--map", "id=id,text=text"]).good();
    let few = take("few.jsonl");
    assert!(!few.err.contains("2000"), "{}", few.err);
    assert_eq!(owed(), 0, "it was read as it came");
    let many = take("many.jsonl");
    assert!(many.err.contains("many.jsonl") && many.err.contains("2000"), "{}", many.err);
    assert_eq!(owed(), 1);
}

#[test]
fn a_hundred_words_find_exactly_the_messages_that_contain_them() {
    let Some(file) = shared("petitions/messages.jsonl") else { return };
    let lab = Lab::fast();
    lab.run(&["import", file.to_str().unwrap(), "--map", MAP]).good();
    let text = std::fs::read_to_string(&file).unwrap();
    let messages = text
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            (
                field("id"),
                fold(&field("title")).text().to_owned(),
                fold(&field("text")).text().to_owned(),
            )
        })
        .collect::<Vec<_>>();
    let expected = |word: &str| {
        let word = fold(word).text().to_owned();
        let hit = |(id, title, text): &(String, String, String)| {
            (title.contains(&word) || text.contains(&word)).then(|| id.clone())
        };
        messages.iter().filter_map(hit).collect::<BTreeSet<_>>()
    };
    assert_eq!(found(&lab, "搅拌站"), expected("搅拌站"));
    let mut dice = Dice(2026);
    let mut asked = 0;
    while asked < 100 {
        let (_, _, text) = &messages[dice.below(messages.len())];
        let chars = text.chars().collect::<Vec<_>>();
        let length = 2 + dice.below(3);
        if chars.len() <= length {
            continue;
        }
        let start = dice.below(chars.len() - length);
        let word = chars[start..start + length].iter().collect::<String>();
        if !word.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) {
            continue;
        }
        assert_eq!(found(&lab, &format!("\"{word}\"")), expected(&word), "{word}");
        asked += 1;
    }
}
