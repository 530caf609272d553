//! JSON Feed 1.0 and 1.1, read leniently: ids may be numbers, fields may be null or missing.
//!
//! In: text and the feed's address. Out: [`Feed`]. Refuses JSON without an `items` list of objects.

use serde_json::Value;
use url::Url;

use super::feed::{Feed, FeedItem};

pub(super) fn read(text: &str, base: &Url) -> Result<Feed, String> {
    let json: Value = serde_json::from_str(text).map_err(|e| format!("broken JSON: {e}"))?;
    let Some(items) = json.get("items").and_then(Value::as_array) else {
        return Err("JSON without a list of `items`".to_owned());
    };
    Ok(Feed {
        title: string(&json, "title").map(|t| escaped(&t)),
        link: string(&json, "home_page_url"),
        description: string(&json, "description"),
        next: string(&json, "next_url").map(|href| absolute(base, &href)),
        items: items.iter().map(|item| read_item(item, base)).collect(),
    })
}

fn read_item(item: &Value, base: &Url) -> FeedItem {
    let id = string(item, "id");
    let address_in_id = id.clone().filter(|id| id.starts_with("http"));
    let link = string(item, "url").or(address_in_id).or_else(|| string(item, "external_url"));
    let html = string(item, "content_html");
    let plain = string(item, "content_text");
    FeedItem {
        link: link.map(|href| absolute(base, &href)),
        title: string(item, "title").map(|t| escaped(&t)),
        is_plain: html.is_none(),
        content: html.or(plain),
        summary: string(item, "summary"),
        published: string(item, "date_published"),
        updated: string(item, "date_modified"),
        author: author(item),
        origin: None,
        id,
    }
}

fn author(item: &Value) -> Option<String> {
    let first = item.get("authors").and_then(|a| a.get(0)).or_else(|| item.get("author"))?;
    string(first, "name").or_else(|| first.as_str().map(str::to_owned))
}

fn string(value: &Value, key: &str) -> Option<String> {
    let text = match value.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Titles of JSON Feed are plain text; [`Feed`] holds HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn absolute(base: &Url, href: &str) -> String {
    base.join(href.trim()).map_or_else(|_| href.to_owned(), Into::into)
}
