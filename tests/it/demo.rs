//! `guanlan demo`: the whole job on a machine without network and config.

use crate::lab::Lab;

#[test]
fn the_demo_ends_with_posts_an_alert_and_a_digest() {
    let lab = Lab::new();
    let data = lab.data();
    let data = data.to_str().unwrap();
    let run = lab.run(&["demo", "--keep", "--data-dir", data]).good();
    assert!(run.out.contains("guanlan"), "{}", run.out);
    the_readme_prints_what_the_program_prints(&run.out);
    the_verdicts_are_an_officers(&lab);
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

/// The words of a line without those that differ from run to run: days and times, ids, ports.
fn plain(text: &str) -> String {
    let changes = |word: &&str| {
        let word = word.trim_matches(['(', ')', ':']);
        let is_time = word.len() == 5 && word.as_bytes()[2] == b':';
        let is_day = word.len() == 10 && word.starts_with("202") && word.as_bytes()[4] == b'-';
        let is_id = word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
        is_time || is_day || is_id || word.starts_with("http://")
    };
    text.split_whitespace().filter(|word| !changes(word)).collect::<Vec<_>>().join(" ")
}

fn the_readme_prints_what_the_program_prints(out: &str) {
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("\n```").unwrap();
    let said: Vec<String> = out.lines().map(plain).collect();
    for line in block.lines().map(plain).filter(|line| !line.is_empty() && line != "…") {
        let start = line.trim_end_matches('…').trim_end();
        assert!(
            said.iter().any(|s| s.starts_with(start)),
            "the program does not say: {line}\n{out}"
        );
    }
}

/// Every pay grievance and every praise is one, and what refutes the rumour stands below it, in risk and in the digest.
fn the_verdicts_are_an_officers(lab: &Lab) {
    let data = lab.data();
    let asked = |query: &str| {
        let data = data.to_str().unwrap();
        let args =
            ["--data-dir", data, "search", query, "--posts", "--format", "jsonl", "--limit", "99"];
        lab.run(&args).good().rows()
    };
    let pay = asked("(欠薪 | 拖欠 | 工资) (channel:forum | channel:wechat) (云岭 | 运输)");
    // One of them asks what the law says, and is filed as a question.
    let grievances: Vec<_> = pay.iter().filter(|row| row["kind"] != "question").collect();
    assert!(grievances.len() >= 5, "{pay:?}");
    for row in grievances {
        let found = (row["polarity"].as_str(), row["kind"].as_str());
        assert_eq!(found, (Some("negative"), Some("grievance")), "{row}");
    }
    let praise = asked("kind:praise");
    assert!(praise.len() >= 2, "{praise:?}");
    for row in praise {
        assert_eq!(
            (&row["polarity"], &row["unsure"]),
            (&"positive".into(), &false.into()),
            "{row}"
        );
    }
    let risk = |row: &serde_json::Value| row["risk"].as_u64().unwrap();
    let rumour = asked("title:网传 -title:(不实 | 谣言 | 通报 | 情况) @qinglangou");
    let rumour = rumour.iter().map(risk).min().expect("the rumour is there");
    let refutations = asked("(谣言 | 不实 | 与事实不符 | 准信) @qinglangou");
    assert!(refutations.len() >= 3, "{refutations:?}");
    for row in &refutations {
        assert!(risk(row) < rumour, "below {rumour}: {row}");
    }
    let daily = std::fs::read_dir(data.join("digests")).unwrap().map(|e| e.unwrap().path());
    let daily = daily.into_iter().find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("daily") && name.ends_with(".md")
    });
    let daily = std::fs::read_to_string(daily.unwrap()).unwrap();
    // The rumour, what became of it and by whose word stand together, and lead.
    let told = daily.lines().find(|line| line.starts_with("**(1)**")).expect("a happening is told");
    let first = daily.lines().skip_while(|line| !line.starts_with("## 1")).nth(2).unwrap();
    assert!(first.contains("青岚沟") && told.contains("三个人"), "{first}\n{told}");
    let settled = daily.lines().find(|line| line.contains("is untrue") || line.contains("denies"));
    assert!(settled.is_some_and(|line| line.contains("三人遇难")), "{daily}");
}
