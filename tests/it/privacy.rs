//! Private names and numbers go no further than the evidence folder: not into the store, the index, exports,
//! digests, deliveries or logs of a full run, whichever way they came in.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::lab::Lab;
use crate::pages::{Pages, article, feed};

/// Numbers as they are written: mobile phones, identity numbers, a bank card; each as the digits to look for.
const NUMBERS: [&str; 9] = [
    "13812345601",
    "13912345602",
    "15012345603",
    "18612345604",
    "13712345605",
    "13612345606",
    "110101199003074610",
    "42010619851224003X",
    "6222021234567890128",
];

/// Private authors, none of them a word.
const NAMES: [&str; 7] =
    ["尉迟青禾", "贺兰舟客", "澹台晚照", "钟离望舒", "东郭听泉", "公西远帆", "司空落梅"];

const LONG: &str =
    "云岭矿业集团南关煤矿外包队三个月没有发工资，工人多次到项目部讨要，对方一直推脱，只说再等等。";

fn page_of(author: &str, numbers: &str) -> String {
    let contact = format!("我是{author}，有知情的请联系{author} {numbers}，或者加微信细说。");
    let byline = format!("作者：{author}");
    let html = article(
        &format!("{author}求助：三个月没发工资 13812345601"),
        &[&byline, LONG, LONG, &contact],
        "",
    );
    html.replace("</head>", &format!("<meta name='author' content='{author}'></head>"))
}

/// A thread as the common forum software prints it: the first post and two replies, all by private persons.
fn thread() -> String {
    let post = |n: u32, author: &str, text: &str| {
        format!(
            "<div id=\"post_9{n}\"><table id=\"pid9{n}\" class=\"plhin\"><tr><td class=\"pls\" rowspan=\"2\">\
             <div class=\"authi\"><a href=\"/space-uid-{n}.html\" class=\"xw1\">{author}</a></div></td>\
             <td class=\"plc\"><div class=\"pi\"><strong><em>{n}</em>#</strong></div>\
             <div class=\"authi\"><em id=\"authorposton9{n}\">发表于 2026-11-2{n} 08:0{n}:00</em></div>\
             <div class=\"pct\"><div class=\"t_fsz\"><table><tr><td class=\"t_f\" id=\"postmessage_9{n}\">{text}\
             </td></tr></table></div></div></td></tr></table></div>"
        )
    };
    let posts = [
        post(
            0,
            "澹台晚照",
            &format!("{LONG}我的电话 １５０１２３４５６０３，身份证 42010619851224003X。"),
        ),
        post(1, "钟离望舒", "顶 @澹台晚照 ，我也没发，打 186-1234-5604 找我。"),
        post(2, "东郭听泉", "回复 钟离望舒：卡号 6222 0212 3456 7890 128，至今没到账。"),
    ];
    format!(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>三个月没发工资怎么办 - 霁河论坛</title>\
         <meta name=\"generator\" content=\"Discuz! X3.4\"></head><body id=\"nv_forum\" class=\"pg_viewthread\">\
         <div id=\"postlist\" class=\"pl bm\"><table><tr><td class=\"plc\"><h1 class=\"ts\">\
         <span id=\"thread_subject\">三个月没发工资怎么办</span></h1></td></tr></table>{}</div></body></html>",
        posts.concat()
    )
}

fn set_up(lab: &Lab, pages: &Pages) {
    let address = pages.address;
    let at = |path: &str| pages.url(path);
    pages.put("/a/1.html", page_of("尉迟青禾", "13812345601，身份证110101199003074610"));
    // The parameter with the number is not asked for: it names a person, not a page.
    pages.put("/a/2.html?id=2", page_of("贺兰舟客", "+86 139 1234 5602"));
    pages.put("/a/3.html", thread());
    pages.fail("/a/4.html", 500);
    let full = [
        ("求助：工资 13812345601", at("/a/1.html"), "我是尉迟青禾，电话 13812345601"),
        ("求助：欠薪", at("/a/2.html?id=2&amp;mobile=13912345602"), ""),
        ("三个月没发工资怎么办", at("/a/3.html"), ""),
        ("公西远帆：打 13712345605 找我", at("/a/4.html"), "公西远帆 13712345605"),
    ];
    let creator = |xml: String, name: &str| {
        let xml = xml.replace("<rss ", "<rss xmlns:dc='http://purl.org/dc/elements/1.1/' ");
        xml.replace("</item>", &format!("<dc:creator>{name}</dc:creator></item>"))
    };
    pages.put("/full.xml", creator(feed(&full), "公西远帆"));
    let text = format!("{LONG}联系司空落梅 13612345606。");
    let brief = [("司空落梅：讨薪 13612345606", at("/n/1"), text.as_str())];
    pages.put("/brief.xml", creator(feed(&brief), "司空落梅"));
    let source = |id: &str, keys: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\nname = \"{id}\"\nchannel = \"forum\"\nkind = \"feed\"\n\
             url = \"http://{address}/{id}.xml\"\nallow_private = [\"{address}\"]\n{keys}\n"
        )
    };
    lab.write("sources/s.toml", &(source("full", "full_page = true") + &source("brief", "")));
    lab.write(
        "rules/r.toml",
        "[[rule]]\nid = \"pay\"\nname = \"欠薪\"\nkind = \"any\"\nquery = \"工资 | 讨薪\"\n\
         [[rule.example]]\ntext = \"没发工资\"\nhit = true\n",
    );
    lab.write(
        "guanlan.toml",
        "[station]\ncontact = \"test@example.com\"\n[judge]\ndepth = \"fast\"\n[crawl]\ndelay_secs = 0.0\n\
         [[notifier]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\ndefault = true\n\
         [[notifier]]\nname = \"log\"\nkind = \"log\"\ndefault = true\n\
         [[subject]]\nid = \"yunling\"\nname = \"云岭矿业集团有限公司\"\nshort_names = [\"云岭矿业集团\"]\n",
    );
}

/// Everything below `dir` but the evidence, unpacked where it is packed.
pub fn files(dir: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().unwrap() != "evidence" {
                files(&path, found);
            }
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|e| e == "docx") {
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
            for i in 0..zip.len() {
                let mut part = Vec::new();
                zip.by_index(i).unwrap().read_to_end(&mut part).unwrap();
                found.push((path.join(i.to_string()), part));
            }
        }
        found.push((path, bytes));
    }
}

/// Which names and numbers stand in `bytes`, in whatever characters the digits are written.
fn leaks(bytes: &[u8]) -> Vec<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\u{3000}'))
        .map(|c| match c {
            '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32).unwrap(),
            other => other,
        })
        .collect();
    let is_there = |word: &&'static str| plain.contains(*word) || text.contains(*word);
    NUMBERS.iter().chain(&NAMES).copied().filter(|word| is_there(word)).collect()
}

#[test]
fn no_private_name_or_number_leaves_the_evidence_folder() {
    let (lab, pages) = (Lab::new(), Pages::start());
    set_up(&lab, &pages);
    let mut said = Vec::new();
    let mut run = |args: &[&str]| {
        // Above debug: whoever asks for more must not get pages either.
        let output = lab.command(args).env("RUST_LOG", "trace").output().unwrap();
        said.push((format!("stdout of {args:?}"), output.stdout.clone()));
        said.push((format!("stderr of {args:?}"), output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let crawled = run(&["crawl", "--format", "jsonl"]);
    assert!(crawled.contains("\"kept\":4") && crawled.contains("\"kept\":1"), "{crawled}");
    // What was fed in by file is looked for in what came of it, not in the file.
    let fed = tempfile::tempdir().unwrap();
    let rows = fed.path().join("rows.jsonl");
    let row = format!(
        "{{\"id\":1,\"title\":\"东郭听泉讨薪 13712345605\",\"text\":\"{LONG} 作者：东郭听泉 电话18612345604\",\
         \"author\":\"东郭听泉\",\"url\":\"http://example.com/t?id=5&tel=13712345605\"}}\n"
    );
    std::fs::write(&rows, row).unwrap();
    let map = "id=id,title=title,text=text,author=author,url=url";
    run(&["import", rows.to_str().unwrap(), "--map", map]);
    let found = run(&["search", "工资", "--posts", "--limit", "100", "--format", "jsonl"]);
    assert_eq!(found.lines().count(), 5, "{found}");
    assert!(
        found.contains("某某") && found.contains("138****5601"),
        "the posts were read: {found}"
    );
    for format in ["csv", "json", "table"] {
        run(&["search", "工资", "--limit", "100", "--format", format]);
        run(&["alerts", "--format", format]);
        run(&["status", "--format", format]);
    }
    for line in found.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        run(&["explain", row["id"].as_str().unwrap()]);
        run(&["why", row["id"].as_str().unwrap(), "pay"]);
    }
    run(&["digest", "--period", "week"]);
    for word in NUMBERS.iter().chain(&NAMES) {
        let rows = lab.run(&["search", &format!("\"{word}\""), "--format", "jsonl"]).good();
        assert_eq!(rows.out, "", "{word} is found by searching");
    }
    let mut all = Vec::new();
    files(lab.path(), &mut all);
    for part in ["guanlan.db", "alerts.jsonl", ".md", ".html", ".docx", "index"] {
        let is_there = |(path, _): &(PathBuf, Vec<u8>)| path.display().to_string().contains(part);
        assert!(all.iter().any(is_there), "no {part} among the files");
    }
    let files = all.into_iter().map(|(path, bytes)| (path.display().to_string(), bytes));
    let findings: Vec<String> = files
        .chain(said)
        .filter(|(_, bytes)| !leaks(bytes).is_empty())
        .map(|(name, bytes)| format!("{name}: {:?}", leaks(&bytes)))
        .collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    evidence_holds_what_was_served(&lab);
}

/// The words looked for were there to be found: the evidence has them, and it alone.
fn evidence_holds_what_was_served(lab: &Lab) {
    let mut served = Vec::new();
    for entry in std::fs::read_dir(lab.data().join("evidence")).unwrap() {
        for record in pipelines::crawl::warc::Reader::open(&entry.unwrap().path()).unwrap() {
            served.extend(record.unwrap().block);
        }
    }
    let seen = leaks(&served);
    for word in ["13812345601", "110101199003074610", "尉迟青禾", "澹台晚照", "司空落梅"]
    {
        assert!(seen.contains(&word), "{word} is not in the evidence: {seen:?}");
    }
}
