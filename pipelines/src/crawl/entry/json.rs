//! JSON answers: hot lists and public APIs, fields named by JSON Pointer in config.
//!
//! In: the answer, the pointer to its items, field → pointer. Out: entries. A field may also be a pattern
//! with pointers in braces (`https://example.cn/t/{/id}`). An answer without the list is an error.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use url::Url;

use super::stamp::{ZONE, stamp_in};
use super::{Collector, Entries, EntryError, charset, one_line, plain};
use crate::crawl::SourceConfig;
use crate::extract::TimeContext;
use crate::record::{Counts, Found, Page};

pub(super) fn entries(
    page: &Page,
    base: &Url,
    source: &SourceConfig,
    items: &str,
    fields: &BTreeMap<String, String>,
    now: DateTime<Utc>,
) -> Result<Entries, EntryError> {
    if let Some(value) =
        [items].into_iter().chain(fields.values().map(String::as_str)).find(|p| !is_readable(p))
    {
        let (id, value) = (source.id.to_string(), value.to_owned());
        return Err(EntryError::BadSetting { id, kind: "JSON Pointer", value });
    }
    let (text, _) = charset::decoded(&page.body, page.header("content-type"));
    let not_this = |found: String| EntryError::NotThis {
        url: page.url.clone(),
        expected: "JSON answer with the list of items",
        found,
    };
    let json: Value =
        serde_json::from_str(unwrapped(&text)).map_err(|e| not_this(e.to_string()))?;
    let list: Vec<&Value> = match json.pointer(items) {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(map)) => map.values().collect(),
        _ => return Err(not_this(format!("nothing at `{items}`"))),
    };
    let mut collector = Collector::default();
    for item in list {
        let said = |field: &str| fields.get(field).and_then(|p| looked_up(item, p));
        let found = found(&said, now);
        collector.add(base, said("url").as_deref(), found, false);
    }
    Ok(collector.finish(Vec::new(), None))
}

fn found(said: &dyn Fn(&str) -> Option<String>, now: DateTime<Utc>) -> Found {
    let context = TimeContext::new(now, ZONE);
    let published = said("published_at").and_then(|said| stamp_in(&said, "json", &context));
    let number = |field: &str| said(field).and_then(|n| count(&n));
    Found {
        title: said("title").as_deref().and_then(one_line),
        text: said("text").map(|t| if t.contains('<') { plain(&t) } else { t }),
        published,
        author: said("author").as_deref().and_then(one_line),
        outlet: said("outlet").as_deref().and_then(one_line),
        origin: said("origin").as_deref().and_then(one_line),
        counts: Counts {
            views: number("views"),
            likes: number("likes"),
            comments: number("comments"),
            shares: number("shares"),
        },
        ..Found::default()
    }
}

/// `1,234`, `1.2万`, `3亿` as a number.
pub(crate) fn count(text: &str) -> Option<u64> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
    let number: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let factor = match text[number.len()..].chars().next() {
        Some('万' | 'w' | 'W') => 10_000.0,
        Some('亿') => 100_000_000.0,
        Some('k' | 'K' | '千') => 1_000.0,
        _ => 1.0,
    };
    let value = number.parse::<f64>().ok()? * factor;
    // Counters of pages stay far below 2^53.
    (value < 9e15).then_some(value.round() as u64)
}

/// `callback({…})` without its wrapping.
fn unwrapped(text: &str) -> &str {
    let text = text.trim();
    if text.starts_with(['{', '[']) {
        return text;
    }
    match (text.find('('), text.rfind(')')) {
        (Some(open), Some(close)) if open < close => text[open + 1..close].trim(),
        _ => text,
    }
}

fn is_readable(pointer: &str) -> bool {
    pointer.is_empty()
        || pointer.starts_with('/')
        || (pointer.contains("{/") && pointer.contains('}'))
}

fn looked_up(item: &Value, pointer: &str) -> Option<String> {
    if !pointer.contains("{/") {
        return text(item.pointer(pointer)?);
    }
    let mut out = String::new();
    let mut rest = pointer;
    while let Some((before, after)) = rest.split_once('{') {
        let (inside, following) = after.split_once('}')?;
        out.push_str(before);
        let value = text(item.pointer(inside)?)?;
        out.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        rest = following;
    }
    out.push_str(rest);
    Some(out)
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
