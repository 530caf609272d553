//! `guanlan demo`: the whole job on a machine without network and config.

use crate::lab::Lab;

#[test]
fn the_demo_ends_with_posts_an_alert_and_a_digest() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    let run = lab.run(&["demo", "--keep", "--data-dir", data]).good();
    assert!(run.out.contains("guanlan"), "{}", run.out);
    let digests = std::fs::read_dir(lab.data().join("digests")).unwrap();
    let names = digests.map(|e| e.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    assert!(
        names.iter().any(|n| n.ends_with(".md")) && names.iter().any(|n| n.ends_with(".html")),
        "{names:?}"
    );
    let found = lab
        .run(&["--data-dir", data, "search", "工资", "--format", "jsonl", "--limit", "50"])
        .good()
        .rows();
    assert!(!found.is_empty());
    for row in &found {
        for field in [
            "id",
            "url",
            "title",
            "published_at",
            "source",
            "channel",
            "polarity",
            "risk",
            "story",
            "highlights",
        ] {
            assert!(row.get(field).is_some(), "{field} is missing in {row}");
        }
        assert!(!row["highlights"].as_array().unwrap().is_empty());
    }
    let words =
        lab.run(&["--data-dir", data, "words", "--days", "3", "--format", "jsonl"]).good().rows();
    assert!(words.len() >= 5, "{words:?}");
    for hot in words.iter().filter(|row| row["new"] == false).take(5) {
        let query = format!("关键词：“{}”", hot["word"].as_str().unwrap());
        let asked = ["--data-dir", data, "search", &query, "--format", "jsonl", "--limit", "99"];
        let found = lab.run(&asked).good().rows();
        assert!(found.len() as u64 >= hot["posts"].as_u64().unwrap(), "{hot}");
    }
    let alerts = lab.run(&["--data-dir", data, "alerts", "--format", "jsonl"]).good().rows();
    assert!(!alerts.is_empty());
}
