//! Lists that stand in scripts: markup in CDATA or in strings, and arrays of records.
//!
//! In: the decoded page. Out: HTML with the same list as plain markup, or nothing. Government sites keep their
//! lists in `<script type="text/xml">`; others write them by `document.write` or fill them from an array of
//! `{title, url, date}`. No script is run: what is not there as text is not seen.

use std::fmt::Write as _;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// Bytes of a page that are looked at.
const MAX_BYTES: usize = 4 << 20;

/// Records taken from arrays.
const MAX_RECORDS: usize = 2_000;

/// Names under which records keep their address, headline and time.
const ADDRESS: [&str; 12] = [
    "url",
    "link",
    "href",
    "linkurl",
    "docpuburl",
    "puburl",
    "pageurl",
    "articleurl",
    "infourl",
    "pcurl",
    "weburl",
    "detailurl",
];
const HEADLINE: [&str; 8] =
    ["title", "doctitle", "name", "headline", "subject", "infotitle", "articletitle", "showtitle"];
const TIME: [&str; 12] = [
    "date",
    "time",
    "pubdate",
    "publishtime",
    "publishdate",
    "pubtime",
    "docreltime",
    "releasetime",
    "createtime",
    "displaytime",
    "publishedat",
    "infodate",
];

/// The markup that the scripts of a page hold.
#[must_use]
pub(super) fn markup(page: &str) -> Option<String> {
    let page = page.get(..MAX_BYTES).unwrap_or(page);
    cdata(page).or_else(|| in_strings(page))
}

/// The records that the scripts of a page hold, as a list.
#[must_use]
pub(super) fn records(page: &str) -> Option<String> {
    let page = page.get(..MAX_BYTES).unwrap_or(page);
    let mut list = String::new();
    let mut count = 0;
    for script in scripts(page) {
        let mut at = 0;
        while let Some(found) = script[at..].find("[{").or_else(|| script[at..].find("[ {")) {
            let from = at + found;
            let mut values =
                serde_json::Deserializer::from_str(&script[from..]).into_iter::<Value>();
            let Some(Ok(Value::Array(records))) = values.next() else {
                at = from + 1;
                continue;
            };
            at = from + values.byte_offset().max(1);
            for record in records.iter().take(MAX_RECORDS - count) {
                count += usize::from(item(record, &mut list).is_some());
            }
        }
    }
    (count > 0).then(|| format!("<ul>{list}</ul>"))
}

fn item(record: &Value, list: &mut String) -> Option<()> {
    let record = record.as_object()?;
    let of = |names: &[&str]| {
        names.iter().find_map(|name| {
            let (_, value) =
                record.iter().find(|(key, _)| key.replace('_', "").eq_ignore_ascii_case(name))?;
            match value {
                Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        })
    };
    let (href, title) = (of(&ADDRESS)?, of(&HEADLINE)?);
    let time = of(&TIME).unwrap_or_default();
    let title = super::one_line(&title)?;
    // Writing to a String cannot fail.
    let _ = write!(
        list,
        "<li><a href=\"{}\">{}</a><span>{}</span></li>",
        escaped(&href),
        escaped(&title),
        escaped(&time)
    );
    Some(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// All CDATA sections that hold links, one after the other.
fn cdata(page: &str) -> Option<String> {
    let mut list = String::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once("<![CDATA[") {
        let (inside, following) = after.split_once("]]>").unwrap_or((after, ""));
        if inside.contains("<a ") || inside.contains("onclick") {
            list.push_str(inside);
            list.push('\n');
        }
        rest = following;
    }
    (!list.is_empty()).then(|| format!("<ul>{list}</ul>"))
}

/// Markup inside the strings of scripts, with their escapes resolved.
fn in_strings(page: &str) -> Option<String> {
    let list: String = scripts(page)
        .filter(|script| script.contains("<a ") || script.contains("\\u003ca "))
        .map(unescaped)
        .collect();
    (!list.is_empty()).then(|| format!("<div>{list}</div>"))
}

fn scripts(page: &str) -> impl Iterator<Item = &str> {
    static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?is)<(?:script|textarea|xmp|template)\b[^>]*>(.*?)</(?:script|textarea|xmp|template)\s*>")
            .expect("a fixed pattern is valid")
    });
    SCRIPT.captures_iter(page).filter_map(|c| c.get(1)).map(|m| m.as_str())
}

fn unescaped(script: &str) -> String {
    let script = script.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&");
    script.replace("\\/", "/").replace("\\\"", "\"").replace("\\'", "'").replace("\\n", " ")
}
