//! When a page was published, how sure that is, and where it says so.
//!
//! In: what the page states (meta, JSON-LD, scripts), the lines around its main text, its address. Out: one time
//! or none. Signs vote by day: each sign has a weight, the day with the most wins, and a day with too little
//! is refused, because a wrong date is worse than none. A date in the future stands only where there is no other, and
//! is told as such. On a line each time goes by its own label (`label`): an update is a weak sign, a date of something
//! else is none.

mod label;
mod shown;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

pub(super) use shown::in_attribute;

use super::blocks::Lines;
use super::body::Body;
use super::dom::{AttrName, Dom};
use super::meta::{Meta, json_string};
use super::tag::Tag;
use super::time::{ParsedTime, parse_time};
use crate::record::{Confidence, Published};

/// A zone that disagrees by a day is no future.
const AHEAD_HOURS: i64 = 24;
/// Less than this is no date. One line of byline or one URL is enough, a date inside prose is not.
const ENOUGH: u32 = 3;

struct Sign {
    time: ParsedTime,
    day: NaiveDate,
    weight: u32,
    place: String,
}

/// Everything the search looks at.
pub(super) struct Evidence<'a, 'b> {
    pub(super) dom: &'a Dom<'b>,
    pub(super) lines: &'a Lines,
    pub(super) body: &'a Body,
    pub(super) meta: &'a Meta<'b>,
    pub(super) title: Option<&'a str>,
    pub(super) url: &'a str,
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
}

const PUBLISHED_TAGS: [&str; 28] = [
    "article:published_time",
    "og:published_time",
    "datepublished",
    "og:release_date",
    "pubdate",
    "publishdate",
    "publish_date",
    "publish-date",
    "published_time",
    "publish_time",
    "date.available",
    "bytedance:published_time",
    "originalpublicationdate",
    "article:create_at",
    "weibo:article:create_at",
    "weibo: article:create_at",
    "firstpublishedtime",
    "apub:time",
    "citation_date",
    "citation_publication_date",
    "dcterms.issued",
    "dc.date.issued",
    "dc.date",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "createdate",
    "date",
];

/// Tags of the last change: better than nothing, and all that an encyclopedia says.
const UPDATED_TAGS: [&str; 6] = [
    "dateupdate",
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "updatedate",
    "dcterms.modified",
];

/// Finds the published time; one in the future only where there is no other.
pub(super) fn find(e: &Evidence<'_, '_>) -> Option<Published> {
    let mut signs = Signs { zone: e.zone, now: e.now, found: Vec::new(), ahead: Vec::new() };
    stated(e, &mut signs);
    shown::shown(e, &mut signs);
    from_url(e.url, &mut signs);
    if let Some(published) = heaviest(&signs.found) {
        return Some(published);
    }
    if let Some((name, value)) = e.meta.first(&UPDATED_TAGS) {
        signs.parse(value, ENOUGH, &format!("meta:{name}"));
    }
    heaviest(&signs.found).or_else(|| heaviest(&signs.ahead))
}

struct Signs {
    zone: Tz,
    now: DateTime<Utc>,
    found: Vec<Sign>,
    /// Signs of a time that has not come yet.
    ahead: Vec<Sign>,
}

impl Signs {
    fn add(&mut self, time: Option<ParsedTime>, weight: u32, place: &str) {
        let Some(time) = time else { return };
        let is_ahead = time.at > self.now + Duration::hours(AHEAD_HOURS);
        let day = time.at.with_timezone(&self.zone).date_naive();
        let signs = if is_ahead { &mut self.ahead } else { &mut self.found };
        signs.push(Sign { time, day, weight, place: place.to_owned() });
    }

    fn parse(&mut self, text: &str, weight: u32, place: &str) {
        let time = parse_time(text, self.now, self.zone);
        self.add(time, weight, place);
    }
}

/// The day with the most weight; of its signs the strongest that has a time of day, the first of equals.
fn heaviest(signs: &[Sign]) -> Option<Published> {
    let total = |day: NaiveDate| -> u32 {
        let mut places: Vec<&str> = Vec::new();
        let mut sum = 0;
        for sign in signs.iter().filter(|s| s.day == day) {
            if !places.contains(&sign.place.as_str()) {
                places.push(&sign.place);
                sum += sign.weight;
            }
        }
        sum
    };
    let mut best: Option<(u32, NaiveDate)> = None;
    for sign in signs {
        let sum = total(sign.day);
        // Of equals the earlier day: edits and footers come later than publication.
        if best.is_none_or(|(most, day)| sum > most || (sum == most && sign.day < day)) {
            best = Some((sum, sign.day));
        }
    }
    let (sum, day) = best.filter(|(sum, _)| *sum >= ENOUGH)?;
    let chosen =
        signs.iter().rev().filter(|s| s.day == day).max_by_key(|s| (s.time.has_time, s.weight))?;
    let confidence = match sum {
        7.. => Confidence::High,
        4.. => Confidence::Medium,
        _ => Confidence::Low,
    };
    Some(Published {
        at: chosen.time.at,
        has_time: chosen.time.has_time,
        confidence,
        place: chosen.place.clone(),
    })
}

/// Meta tags, JSON-LD, `<time>`, script variables.
fn stated(e: &Evidence<'_, '_>, signs: &mut Signs) {
    if let Some((name, value)) = e.meta.first(&PUBLISHED_TAGS) {
        let weight = if name == "date" { 3 } else { 5 };
        signs.parse(value, weight, &format!("meta:{name}"));
    }
    for key in ["datePublished", "pubDate", "uploadDate"] {
        if let Some(value) = e.meta.in_json_ld(key) {
            signs.parse(&value, 5, "json-ld");
            break;
        }
    }
    let times: Vec<_> = e.dom.all(Tag::Time).take(12).collect();
    let mut has_first = false;
    for &id in &times {
        let stated =
            e.dom.attr(id, AttrName::Itemprop).is_some_and(|p| p.contains("datePublished"));
        let value =
            e.dom.attr(id, AttrName::Datetime).map_or_else(|| e.dom.line(id, 80), str::to_owned);
        // Lists have many <time>; one alone speaks for the article.
        let weight = if stated {
            5
        } else if times.len() == 1 {
            4
        } else {
            1
        };
        // Of those that state nothing only the first counts; one that states it may come behind others.
        if stated || !has_first {
            signs.parse(&value, weight, "time");
        }
        has_first = true;
    }
    in_scripts(e, signs);
}

/// Variables of scripts. `createTime` of a state may be that of anything; as a variable of its own it is what
/// WeChat calls the time of the article.
fn in_scripts(e: &Evidence<'_, '_>, signs: &mut Signs) {
    const KEYS: [(&str, u32); 8] = [
        ("publish_time", 3),
        ("publishTime", 3),
        ("pubtime", 3),
        ("pubDate", 3),
        ("datePublished", 3),
        ("var createTime", 3),
        ("ptime", 2),
        ("createTime", 1),
    ];
    let scripts = &e.meta.scripts;
    let seconds = scripts.iter().find_map(|s| script_value(s, "ct").filter(|v| v.len() == 10));
    let keyed = KEYS.iter().find_map(|(key, weight)| {
        let time = |script: &&str| {
            parse_time(&script_value(script, key)?, signs.now, signs.zone)
                .filter(|t| t.at <= signs.now)
        };
        Some((scripts.iter().find_map(time)?, *weight))
    });
    if let Some((time, weight)) = keyed {
        signs.add(Some(time), weight, "script");
    } else if let Some(seconds) = seconds {
        signs.parse(&seconds, 4, "script");
    }
}

/// `"key":"value"`, `key = 'value'`, `key: 1700000000` in a script.
fn script_value(script: &str, key: &str) -> Option<String> {
    if let Some(value) = json_string(script, key) {
        return Some(value);
    }
    let mut at = 0;
    while let Some(found) = script[at..].find(key) {
        let start = at + found;
        at = start + key.len();
        let free = start == 0
            || !script.as_bytes()[start - 1].is_ascii_alphanumeric()
                && script.as_bytes()[start - 1] != b'_';
        let rest = script[at..].trim_start_matches(['"', '\'', ' ']);
        let Some(rest) = rest.strip_prefix([':', '=']).filter(|_| free) else { continue };
        let rest = rest.trim_start_matches([' ', '"', '\'']);
        let len = rest
            .bytes()
            .take(30)
            .take_while(|b| {
                b.is_ascii_digit() || matches!(b, b'-' | b':' | b' ' | b'/' | b'T' | b'+')
            })
            .count();
        if len >= 8 {
            return Some(rest[..len].trim().to_owned());
        }
    }
    None
}

/// `/2005-08/16/`, `/20240513/`, `/2024/05/10/`, `t20240520_`, `/202311/17/`.
fn from_url(url: &str, signs: &mut Signs) {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let digits: Vec<&str> =
        path.split(|c: char| !c.is_ascii_digit()).filter(|d| !d.is_empty()).collect();
    for i in 0..digits.len() {
        let joined: String = match digits[i].len() {
            8 | 14 => digits[i][..8].to_owned(),
            4 if digits.get(i + 1).is_some_and(|d| d.len() == 4) => {
                digits[i].to_owned() + digits[i + 1]
            }
            6 if digits.get(i + 1).is_some_and(|d| d.len() == 2) => {
                digits[i].to_owned() + digits[i + 1]
            }
            4 if digits.len() > i + 2 => {
                let (month, day) = (digits[i + 1], digits[i + 2]);
                if month.len() > 2 || day.len() > 2 {
                    continue;
                }
                format!("{}{month:0>2}{day:0>2}", digits[i])
            }
            _ => continue,
        };
        let time = parse_time(&joined, signs.now, signs.zone).filter(|t| !t.has_time);
        if time.is_some() {
            signs.add(time, 4, "url");
            return;
        }
    }
}

#[cfg(test)]
mod tests;
