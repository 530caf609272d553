//! A source as a commented config file.
//!
//! In: a source and a language. Out: TOML that loads to the same source, each key with what it means. Keys at
//! their default are left out, except those an officer is likely to change.

use std::fmt::Write as _;

use crate::crawl::{FileFormat, SourceConfig, SourceKind};
use crate::locale::Lang;

/// The file that makes `source`.
#[must_use]
pub fn source_toml(source: &SourceConfig, lang: Lang) -> String {
    let mut out = format!("# {}\n[[source]]\n", lang.text("crawl.toml.head"));
    let mut line = |comment: &str, key: &str, value: String| {
        let comment = lang.text(&format!("crawl.toml.{comment}"));
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{key} = {value}  # {comment}");
    };
    common(source, &mut line);
    kind(&source.kind, source.revisit_days(), &mut line);
    out
}

/// Writes one key: the name of its comment, the key, the value.
type Line<'a> = &'a mut dyn FnMut(&str, &str, String);

fn common(source: &SourceConfig, line: Line) {
    line("id", "id", quoted(source.id.as_str()));
    line("name", "name", quoted(&source.name));
    line("channel", "channel", quoted(source.channel.as_str()));
    line("horizon_days", "horizon_days", source.horizon_days.to_string());
    if source.flatline_hours > 0 {
        line("flatline_hours", "flatline_hours", source.flatline_hours.to_string());
    }
    if !source.allow_hosts.is_empty() {
        line("allow_hosts", "allow_hosts", list(&source.allow_hosts));
    }
    if !source.allow_private.is_empty() {
        line("allow_private", "allow_private", list(&source.allow_private));
    }
    if source.trust != crate::record::Trust::Normal {
        let trust = if source.trust == crate::record::Trust::High { "high" } else { "low" };
        line("trust", "trust", quoted(trust));
    }
}

fn kind(kind: &SourceKind, revisit_days: u32, line: Line) {
    match kind {
        SourceKind::Feed { url, full_page } => {
            line("kind_feed", "kind", quoted("feed"));
            line("url", "url", quoted(url));
            line("full_page", "full_page", full_page.to_string());
        }
        SourceKind::List { urls, pages, selectors } => {
            line("kind_list", "kind", quoted("list"));
            line("urls", "urls", list(urls));
            line("pages", "pages", pages.to_string());
            if let Some(links) = &selectors.links {
                line("links", "selectors.links", quoted(links));
            }
        }
        SourceKind::Sitemap { url, url_contains } => {
            line("kind_sitemap", "kind", quoted("sitemap"));
            line("url", "url", quoted(url));
            line("url_contains", "url_contains", list(url_contains));
        }
        SourceKind::Board { urls } => {
            line("kind_board", "kind", quoted("board"));
            line("urls", "urls", list(urls));
            line("revisit_days", "revisit_days", revisit_days.to_string());
        }
        SourceKind::Pages { urls } => {
            line("kind_pages", "kind", quoted("pages"));
            line("urls", "urls", list(urls));
        }
        SourceKind::Search { url, words, pages, .. } => {
            line("kind_search", "kind", quoted("search"));
            line("url_search", "url", quoted(url));
            line("words", "words", list(words));
            line("pages", "pages", pages.to_string());
        }
        SourceKind::Opml { path, full_page } => {
            line("kind_opml", "kind", quoted("opml"));
            line("path", "path", quoted(path));
            line("full_page", "full_page", full_page.to_string());
        }
        SourceKind::Json { url, items, fields } => {
            line("kind_json", "kind", quoted("json"));
            line("url", "url", quoted(url));
            line("items", "items", quoted(items));
            line("fields", "fields", table(fields));
        }
        SourceKind::Files { path, format, map } => {
            line("kind_files", "kind", quoted("files"));
            line("path", "path", quoted(path));
            line("format", "format", quoted(format_name(*format)));
            line("map", "map", table(map));
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn format_name(format: FileFormat) -> &'static str {
    match format {
        FileFormat::Jsonl => "jsonl",
        FileFormat::Csv => "csv",
        FileFormat::Excel => "excel",
        FileFormat::Html => "html",
        FileFormat::Warc => "warc",
    }
}

fn table(pairs: &std::collections::BTreeMap<String, String>) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{} = {}", quoted(key), quoted(value))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn list(texts: &[String]) -> String {
    toml::Value::Array(texts.iter().cloned().map(toml::Value::String).collect()).to_string()
}
