//! The text of a post as a page to read and print, for those who do not open WARC files.
//!
//! In: a post and what became of it. Out: one self-contained HTML page. Everything of the post is escaped; it
//! shows the text as the station holds it, private numbers masked.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;

use super::Bundle;
use crate::store::Role;

const STYLE: &str = "body{max-width:46em;margin:2em auto;padding:0 1em;font:16px/1.7 serif}\
    th{text-align:left;vertical-align:top;padding-right:1em;white-space:nowrap}\
    td{word-break:break-all}p{text-indent:2em;margin:.5em 0}h1{font-size:1.4em}";

pub(super) fn page(bundle: &Bundle<'_>) -> String {
    let post = &bundle.post.post;
    let say = |key: &str| escaped(&bundle.lang.text(&format!("cli.evidence.{key}")));
    let when = |at: DateTime<Utc>| {
        at.with_timezone(&bundle.zone).format("%Y-%m-%d %H:%M:%S %:z").to_string()
    };
    let mut rows = vec![
        ("text_url", post.url.clone()),
        ("text_outlet", post.outlet.clone().unwrap_or_default()),
        ("text_published", post.published.as_ref().map_or_else(String::new, |p| when(p.at))),
        ("text_fetched", when(post.fetched_at)),
        ("text_edited", bundle.marks.edited.map_or_else(String::new, when)),
        ("text_gone", bundle.marks.gone.map_or_else(String::new, when)),
        ("text_id", post.id.to_string()),
    ];
    for exhibit in bundle.exhibits {
        let key = match exhibit.role {
            Role::Page => "text_page",
            Role::Part => "text_part",
            Role::Entry => "text_entry",
        };
        let record = &exhibit.record;
        rows.push((key, format!("{}\nSHA-256 {}", when(record.fetched_at), record.payload)));
    }
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n<table>\n",
        match bundle.lang {
            Lang::Zh => "zh-CN",
            Lang::En => "en",
        },
        title = escaped(&post.title),
    );
    for (key, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let value = escaped(&value).replace('\n', "<br>");
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<tr><th>{}</th><td>{value}</td></tr>", say(key));
    }
    html.push_str("</table>\n<hr>\n");
    let comments = post.comments.iter().map(|comment| comment.text.as_str());
    for paragraph in post.text.lines().chain(comments).filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(html, "<p>{}</p>", escaped(paragraph));
    }
    let _ = write!(html, "<hr>\n<p>{}</p>\n</body></html>\n", say("text_note"));
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
