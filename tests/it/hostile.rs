//! What outsiders write: numbers in every way that people write them, and titles that steer a terminal. Neither is
//! found in the store, the index, exports, digests, messages or logs, whatever way it came in.

use std::path::Path;

use pipelines::text::{fold, is_steering};
use serde_json::json;

use crate::lab::{Dice, Lab};
use crate::pages::{Pages, feed};
use crate::privacy::files;

const LONG: &str =
    "云岭矿业集团南关煤矿外包队三个月没有发工资，工人多次到项目部讨要，对方一直推脱，只说再等等。";

/// Private numbers, cut where people cut them.
const NUMBERS: [&[&str]; 6] = [
    &["138", "1234", "5601"],
    &["0351", "7123602"],
    &["010", "6234", "5603"],
    &["110101", "19900307", "4610"],
    &["42010619851224003X"],
    &["6222", "0212", "3456", "7890", "128"],
];

const SEPARATORS: [&str; 16] =
    ["", " ", "-", ".", "/", "_", " - ", "——", "·", "\n", "　", "*", "、", "…", "\u{200b}", ") "];

const BEFORE: [&str; 14] = [
    "请联系",
    "电话/",
    "**",
    "1.",
    "①",
    "tel=",
    "（",
    "_",
    "%",
    "手机：",
    "2026-11-22 ",
    "周三",
    "\"",
    "www.example.com/",
];

const BEHIND: [&str; 8] = ["。", ".", "_王", "%", "**", "）", "/", "师傅"];

fn number(n: usize) -> String {
    NUMBERS[n].concat().to_lowercase()
}

/// A number in one of many ways.
fn written(dice: &mut Dice, n: usize) -> String {
    let way = dice.below(4);
    let digit = |c: char| match (c.to_digit(10).map(|d| d as usize), way) {
        (Some(d), 1) => "０１２３４５６７８９".chars().nth(d).unwrap(),
        (Some(d), 2) => "〇一二三四五六七八九".chars().nth(d).unwrap(),
        (Some(d), 3) => "⓪①②③④⑤⑥⑦⑧⑨".chars().nth(d).unwrap(),
        _ => c,
    };
    let parts: Vec<String> =
        NUMBERS[n].iter().map(|part| part.chars().map(digit).collect()).collect();
    let separator = SEPARATORS[dice.below(SEPARATORS.len())];
    let (before, behind) = (BEFORE[dice.below(BEFORE.len())], BEHIND[dice.below(BEHIND.len())]);
    format!("{before}{}{behind}", parts.join(separator))
}

/// The numbers that stand in `bytes`, by their digits alone, whatever stands between them.
fn leaks(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let digits: String = fold(&text)
        .text()
        .chars()
        .filter_map(|c| match "〇一二三四五六七八九".chars().position(|d| d == c) {
            Some(d) => char::from_digit(d as u32, 10),
            // Stars and letters part numbers; other signs do not.
            None => (c.is_ascii_digit() || c.is_alphabetic() || c == '*').then_some(c),
        })
        .collect();
    (0..NUMBERS.len()).map(number).filter(|number| digits.contains(number)).collect()
}

fn config(lab: &Lab, pages: &Pages, name: &str) {
    let address = pages.address;
    lab.write(
        "sources/s.toml",
        &format!(
            "[[source]]\nid = \"full\"\nname = \"{name}\"\nchannel = \"forum\"\nkind = \"feed\"\n\
             url = \"http://{address}/full.xml\"\nallow_private = [\"{address}\"]\n"
        ),
    );
    lab.write(
        "rules/r.toml",
        "[[rule]]\nid = \"pay\"\nname = \"欠薪\"\nkind = \"any\"\nquery = \"工资\"\n\
         [[rule.example]]\ntext = \"没发工资\"\nhit = true\n",
    );
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"test@example.com\"\n[judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n\
         [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n",
    );
}

/// Everything the station says and writes of what it holds, by name.
fn said_and_written(lab: &Lab, more: &[&[&str]]) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    let mut run = |args: &[&str]| {
        let output = lab.command(args).env("RUST_LOG", "trace").output().unwrap();
        all.push((format!("stdout of {args:?}"), output.stdout));
        all.push((format!("stderr of {args:?}"), output.stderr));
    };
    more.iter().for_each(|args| run(args));
    for format in ["table", "csv", "json", "jsonl"] {
        run(&["search", "工资", "--posts", "--limit", "300", "--format", format]);
        run(&["alerts", "--format", format]);
        run(&["status", "--format", format]);
        run(&["source", "list", "--format", format]);
    }
    run(&["digest", "--period", "week"]);
    let rows = lab.run(&["search", "工资", "--posts", "--limit", "3", "--format", "jsonl"]).rows();
    for row in &rows {
        run(&["explain", row["id"].as_str().unwrap()]);
        run(&["why", row["id"].as_str().unwrap(), "pay"]);
    }
    assert!(!rows.is_empty(), "posts were stored");
    let mut found = Vec::new();
    files(&lab.data(), &mut found);
    all.extend(found.into_iter().map(|(path, bytes)| (path.display().to_string(), bytes)));
    all
}

#[test]
fn no_way_of_writing_a_number_leaves_a_trace_of_it() {
    let (lab, pages, mut dice) = (Lab::new(), Pages::start(), Dice(17));
    config(&lab, &pages, "云岭论坛");
    let texts: Vec<String> =
        (0..120).map(|n| format!("{LONG}{}", written(&mut dice, n % NUMBERS.len()))).collect();
    let titles: Vec<String> = (0..120)
        .map(|n| format!("工资{}", written(&mut dice, n % NUMBERS.len()).replace('\n', " ")))
        .collect();
    let items: Vec<(&str, String, &str)> = (0..60)
        .map(|n| (titles[n].as_str(), pages.url(&format!("/n/{n}")), texts[n].as_str()))
        .collect();
    pages.put("/full.xml", feed(&items));
    let fed = tempfile::tempdir().unwrap();
    let rows = fed.path().join("rows.jsonl");
    let lines: Vec<String> = (60..120)
        .map(|n| json!({"id": n, "title": titles[n], "text": texts[n]}).to_string())
        .collect();
    std::fs::write(&rows, lines.join("\n")).unwrap();
    let import = ["import", rows.to_str().unwrap(), "--map", "id=id,title=title,text=text"];
    let all = said_and_written(&lab, &[&["crawl"], &import]);
    let rows =
        lab.run(&["search", "工资", "--posts", "--limit", "300", "--format", "jsonl"]).rows();
    assert!(rows.len() >= 110, "{} of 120 posts are there", rows.len());
    let findings: Vec<String> = all
        .iter()
        .filter(|(_, bytes)| !leaks(bytes).is_empty())
        .map(|(name, bytes)| format!("{name}: {:?}", leaks(bytes)))
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    // The search was able to find them, had they been there.
    assert_eq!(leaks("电话 138-1234-5601 和 ０３５１ ７１２３６０２".as_bytes()).len(), 2);
}

/// Whether `text` steers a terminal. The station's own log may colour its lines on a terminal only, which no test is.
fn steers(path: &Path, bytes: &[u8]) -> bool {
    let is_text =
        ["md", "html", "jsonl", ""].iter().any(|end| path.extension().unwrap_or_default() == *end);
    let text = String::from_utf8_lossy(bytes);
    is_text && text.trim_start_matches('\u{feff}').contains(is_steering)
}

#[test]
fn a_hostile_title_steers_no_terminal_and_no_reader_of_a_digest() {
    let (lab, pages) = (Lab::new(), Pages::start());
    config(&lab, &pages, "云岭\\u001B]0;pwned\\u0007论坛\\u202E");
    let hostile = "工资&#27;]0;pwned&#7;&#x202e;元&#x9b;2J";
    pages.put("/full.xml", feed(&[(hostile, pages.url("/n/1"), LONG)]));
    let fed = tempfile::tempdir().unwrap();
    let rows = fed.path().join("rows.jsonl");
    let row = json!({"id": "7\u{1b}[2J", "title": "工资\u{1b}]0;pwned\u{7}\u{202e}元", "text": format!("{LONG}\u{1b}[31m红"),
        "outlet": "云岭\u{1b}[2J晚报"});
    let phone = json!({"id": "13812345601", "title": "工资又没发", "text": LONG});
    let torn = json!({"id": "8", "\u{1b}]0;column\u{7}": 1});
    std::fs::write(&rows, format!("{row}\n{phone}\n{torn}\n")).unwrap();
    let import = ["import", rows.to_str().unwrap()];
    let all = said_and_written(&lab, &[&["crawl"], &import]);
    assert!(
        all.iter().all(|(_, bytes)| leaks(bytes).is_empty()),
        "an id that is a phone number is shown"
    );
    let findings: Vec<&str> = all
        .iter()
        .filter(|(name, bytes)| match name.starts_with("std") {
            true => {
                String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').contains(is_steering)
            }
            false => steers(Path::new(name), bytes),
        })
        .map(|(name, _)| name.as_str())
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    let found = lab.run(&["search", "pwned", "--posts", "--format", "jsonl"]).rows();
    assert_eq!(found.len(), 2, "the letters of an escape sequence are text and stay");
}
