//! A demo page as its template sees it: every form of its time, its placeholders filled.
//!
//! In: the text of a page, the address of its site, a clock reading. Out: plain values for a template. Refuses
//! an age it cannot read.

use chrono::{DateTime, Datelike, Duration, FixedOffset, Utc};
use minijinja::Value;
use serde::Serialize;
use serde_json::json;

use super::content::{Behaviour, ContentError, PageText, SiteText, age};

#[derive(Serialize)]
pub(super) struct PageView {
    pub(super) url: String,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) author: String,
    pub(super) origin: String,
    pub(super) charset: String,
    pub(super) paragraphs: Vec<String>,
    pub(super) iso: String,
    pub(super) rfc2822: String,
    pub(super) day: String,
    pub(super) long_day: String,
    pub(super) minute: String,
    pub(super) second: String,
    pub(super) chinese: String,
    pub(super) relative: String,
    pub(super) uid: u32,
    pub(super) hits: u32,
    pub(super) replies: Vec<ReplyView>,
    pub(super) json_ld: Value,
    #[serde(skip)]
    pub(super) at: DateTime<Utc>,
    #[serde(skip)]
    pub(super) behaviour: Behaviour,
}

#[derive(Serialize)]
pub(super) struct ReplyView {
    pub(super) author: String,
    pub(super) text: String,
    pub(super) second: String,
    pub(super) uid: u32,
}

/// `page` as it is shown on `site`.
pub(super) fn view(
    site: &SiteText,
    page: &PageText,
    base: &str,
    now: DateTime<Utc>,
) -> Result<PageView, ContentError> {
    let unreadable = |age: &str| ContentError::Age { path: page.path.clone(), age: age.to_owned() };
    let ago = age(&page.ago).ok_or_else(|| unreadable(&page.ago))?;
    let at = now - ago;
    let local = at.with_timezone(&china());
    let replies = page
        .replies
        .iter()
        .map(|reply| {
            let ago = age(&reply.ago).ok_or_else(|| unreadable(&reply.ago))?;
            Ok(ReplyView {
                author: reply.author.clone(),
                text: reply.text.clone(),
                second: second(now - ago),
                uid: number(&reply.author, 90_000),
            })
        })
        .collect::<Result<Vec<_>, ContentError>>()?;
    let url = format!("{base}{}", page.path);
    let paragraphs = page
        .text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| dated(line, now))
        .collect();
    let json_ld = json!({
        "@context": "https://schema.org", "@type": "NewsArticle", "headline": page.title,
        "datePublished": local.to_rfc3339(), "author": {"@type": "Person", "name": page.author},
        "publisher": {"@type": "Organization", "name": site.name},
    });
    Ok(PageView {
        id: page.path.chars().filter(char::is_ascii_digit).collect(),
        path: page.path.clone(),
        title: page.title.clone(),
        author: page.author.clone(),
        origin: page.origin.clone().unwrap_or_else(|| site.name.clone()),
        charset: page.charset.clone().unwrap_or_else(|| "utf-8".to_owned()),
        paragraphs,
        iso: local.to_rfc3339(),
        rfc2822: local.to_rfc2822(),
        day: local.format("%Y-%m-%d").to_string(),
        long_day: local.format("%Y年%-m月%-d日").to_string(),
        minute: local.format("%Y-%m-%d %H:%M").to_string(),
        second: second(at),
        chinese: local.format("%Y年%m月%d日 %H:%M").to_string(),
        relative: relative(ago, local),
        uid: number(&page.author, 90_000),
        hits: number(&url, 8_000) + 120,
        replies,
        // Safe in a script element: JSON of our own texts, with the one dangerous sign written as an escape.
        json_ld: Value::from_safe_string(json_ld.to_string().replace('<', "\\u003c")),
        url,
        at,
        behaviour: page.behaviour,
    })
}

fn china() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).expect("eight hours is a valid offset")
}

fn second(at: DateTime<Utc>) -> String {
    at.with_timezone(&china()).format("%Y-%m-%d %H:%M:%S").to_string()
}

fn relative(ago: Duration, local: DateTime<FixedOffset>) -> String {
    match ago.num_hours() {
        0 => format!("{}分钟前", ago.num_minutes()),
        1..=23 => format!("{}小时前", ago.num_hours()),
        _ => local.format("%Y年%-m月%-d日 %H:%M").to_string(),
    }
}

/// Fills `{d1}` (the day before, as `11月21日`), `{m1}` (the number of the month before) and `{y}`.
fn dated(line: &str, now: DateTime<Utc>) -> String {
    let today = now.with_timezone(&china()).date_naive();
    let mut out = line.replace("{y}", &today.year().to_string());
    for back in 0..10 {
        let day = today - Duration::days(back);
        out = out.replace(&format!("{{d{back}}}"), &day.format("%-m月%-d日").to_string());
    }
    for back in 0..4 {
        let month = (today.month0() + 12 - back) % 12 + 1;
        out = out.replace(&format!("{{m{back}}}"), &month.to_string());
    }
    out
}

/// A number that is always the same for the same text; stands in for ids and counters.
fn number(text: &str, below: u32) -> u32 {
    text.bytes().fold(7u32, |n, b| n.wrapping_mul(31).wrapping_add(u32::from(b))) % below
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn months_and_days_count_back_over_new_year() {
        let now = Utc.with_ymd_and_hms(2026, 1, 2, 20, 0, 0).unwrap();
        assert_eq!(
            dated("{y}年{m0}月，{m3}月至{m1}月，{d4}", now),
            "2026年1月，10月至12月，12月30日"
        );
    }
}
