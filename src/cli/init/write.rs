//! The files that `init` writes, as texts.
//!
//! In: the answers. Out: file names and contents, in order. Touches no disk; whatever was typed is quoted,
//! so that no answer can break the TOML.

use std::collections::BTreeMap;
use std::fmt::Write;

use pipelines::locale::Lang;
use url::Url;

use super::Answers;
use crate::config::short_names::{proposals, without_form};

/// Relative file name → content.
pub(super) fn files(answers: &Answers, lang: Lang) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    files.insert("guanlan.toml".to_owned(), main(answers));
    files.insert("rules/basic.toml".to_owned(), rules(answers, lang));
    files.insert(".gitignore".to_owned(), "/data/\n/privacy.key\n/alerts.jsonl\n".to_owned());
    for (i, url) in answers.sources.iter().enumerate() {
        let (id, text) = source(url, i + 1);
        files.insert(format!("sources/{id}.toml"), text);
    }
    files
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.trim().to_owned()).to_string()
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|t| quoted(t)).collect();
    format!("[{}]", texts.join(", "))
}

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), value)
    })
}

fn main(answers: &Answers) -> String {
    let station = quoted(&format!("{}舆情监测", without_form(&answers.name)));
    let contact = quoted(&answers.contact);
    let values = [("station", station.as_str()), ("contact", contact.as_str())];
    let mut text = fill(include_str!("guanlan.toml"), &values);
    let mut short_names = answers.short_names.clone();
    if short_names.is_empty() {
        short_names = proposals(&answers.name, &[]);
    }
    subject(&mut text, "main", &answers.name, &short_names, None);
    let above = std::iter::once(&answers.name).chain(&short_names).map(String::as_str);
    let above: Vec<&str> = above.collect();
    for (i, unit) in answers.units.iter().enumerate() {
        let own = proposals(unit, &above);
        subject(&mut text, &format!("unit-{}", i + 1), unit, &own, Some("main"));
    }
    text
}

fn subject(text: &mut String, id: &str, name: &str, short_names: &[String], parent: Option<&str>) {
    let parent = parent.map_or_else(String::new, |p| format!("parent = \"{p}\"\n"));
    let (name, short_names) = (quoted(name), list(short_names));
    let comment = |keys: &str| if id == "main" { format!("# {keys}\n") } else { String::new() };
    write!(
        text,
        "[[subject]]\nid = \"{id}\"\nname = {name}\n{}short_names = {short_names}\n{}codes = []\n\
         {}homophones = []\n{}places = []\n{}exclude = []\n{parent}\n",
        comment("简称。Short names."),
        comment("证券代码、字母缩写。Codes."),
        comment("谐音、形近变体。Spellings by sound or shape."),
        comment("所在地。Places."),
        comment("出现这些词即为同名者。Words that mean a namesake."),
    )
    .expect("writing to a string cannot fail");
}

/// Id and text of the source at `url`.
fn source(url: &str, number: usize) -> (String, String) {
    let parsed = Url::parse(url).ok();
    let host = parsed.as_ref().and_then(Url::host_str).unwrap_or("source").to_owned();
    let id: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let id = format!("{}-{number}", id.trim_matches('-'));
    let path = parsed.as_ref().map_or_else(String::new, |u| u.path().to_lowercase());
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
    let is_feed =
        last.ends_with(".xml") || ["rss", "atom", "feed"].iter().any(|w| last.contains(w));
    let way_in = if last.contains("sitemap") {
        format!("# 站点地图。A sitemap.\nkind = \"sitemap\"\nurl = {}\n", quoted(url))
    } else if is_feed {
        format!("# 订阅源。A feed.\nkind = \"feed\"\nurl = {}\nfull_page = true\n", quoted(url))
    } else {
        format!(
            "# 列表页；文章链接自动辨认。A list page.\nkind = \"list\"\nurls = [{}]\n",
            quoted(url)
        )
    };
    let private = match parsed.as_ref().filter(|u| crate::config::is_private_url(u)) {
        Some(url) => {
            let port = url.port().map_or_else(String::new, |p| format!(":{p}"));
            let host = quoted(&format!("{host}{port}"));
            format!(
                "# 内网地址，经明确允许。A private address, allowed.\nallow_private = [{host}]\n"
            )
        }
        None => String::new(),
    };
    let text = format!(
        "[[source]]\nid = \"{id}\"\n# 显示名称。The name shown.\nname = {}\n\
         # news gov weibo wechat forum qa blog video other\nchannel = \"news\"\n\
         # 影响范围 low normal high\ntrust = \"normal\"\n{private}{way_in}",
        quoted(&host)
    );
    (id, text)
}

fn rules(answers: &Answers, lang: Lang) -> String {
    let mut subjects = vec!["@main".to_owned()];
    subjects.extend((1..=answers.units.len()).map(|i| format!("@unit-{i}")));
    let name = |key: &str| quoted(&lang.text(&format!("config.init.rule_{key}")));
    let say = |text: &str| quoted(&format!("{}{text}", answers.name));
    let values = [
        ("subjects", subjects.join(" | ")),
        ("accident", name("accident")),
        ("pay", name("pay")),
        ("environment", name("environment")),
        ("accident_hit", say("井下发生透水，3人被困，救援正在进行。")),
        ("accident_miss", say("组织透水事故应急演练。")),
        ("pay_hit", say("外包队三个月工资没发，工人集体讨薪。")),
        ("environment_hit", say("夜里偷排，河里全是黑水。")),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, v)| (*name, v.as_str())).collect();
    fill(include_str!("rules.toml"), &values)
}
