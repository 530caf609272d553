//! Fields of a post: their names in both languages and the values each takes.
//!
//! In: a field name and one raw value. Out: a [`FieldTest`] with ids resolved and ranges read, or the name
//! of what would have been expected. Times are reckoned from the context's present, in its zone.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, TimeZone, Utc};

use super::Context;
use super::ast::{Bound, FieldTest, NumberRange, TimeRange};
use crate::locale::Lang;
use crate::record::{Channel, Polarity, StoryId};
use crate::text::fold;

/// What stands before a colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    Title,
    Body,
    Word,
    Words,
    Source,
    Channel,
    Site,
    Topic,
    Subject,
    Polarity,
    Risk,
    Story,
    Case,
    Published,
    Heat,
}

/// Every field with the names it goes by; the first is the one shown.
const NAMES: [(FieldName, &[&str]); 15] = [
    (FieldName::Title, &["title", "标题"]),
    (FieldName::Body, &["body", "正文"]),
    (FieldName::Word, &["word", "词"]),
    (FieldName::Words, &["words", "分词"]),
    (FieldName::Source, &["source", "信源", "来源"]),
    (FieldName::Channel, &["channel", "渠道"]),
    (FieldName::Site, &["site", "站点"]),
    (FieldName::Topic, &["topic", "专题"]),
    (FieldName::Subject, &["subject", "主体"]),
    (FieldName::Polarity, &["polarity", "倾向"]),
    (FieldName::Risk, &["risk", "风险"]),
    (FieldName::Story, &["story", "事件"]),
    (FieldName::Case, &["case", "工单"]),
    (FieldName::Published, &["published", "发布"]),
    (FieldName::Heat, &["heat", "热度"]),
];

/// The field called `name` (any case, traditional or simplified).
pub(super) fn field_name(name: &str) -> Option<FieldName> {
    let folded = fold(name);
    NAMES.iter().find(|(_, names)| names.contains(&folded.text())).map(|(field, _)| *field)
}

/// The names shown where an unknown one was given.
pub(super) fn known_names() -> String {
    NAMES.iter().map(|(_, names)| names[0]).collect::<Vec<_>>().join(", ")
}

/// The shown name nearest to `name`, if one is near enough to be what was meant.
pub(super) fn nearest_name(name: &str) -> Option<&'static str> {
    let shown = NAMES.iter().map(|(_, names)| names[0]);
    let near = shown.map(|known| (distance(known, name), known.len().abs_diff(name.len()), known));
    near.filter(|(distance, ..)| *distance <= 2).min().map(|(.., known)| known)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(20).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Reads one value. Errs with the key under `query.expect` of what the field takes.
pub(super) fn field_test(
    name: FieldName,
    value: &str,
    context: &Context,
) -> Result<FieldTest, &'static str> {
    match name {
        FieldName::Source => Ok(FieldTest::Source(value.into())),
        FieldName::Topic => Ok(FieldTest::Topic(value.trim_end_matches('/').into())),
        FieldName::Site => site(value).map(FieldTest::Site).ok_or("site"),
        FieldName::Case => Ok(FieldTest::Case(value.to_owned())),
        FieldName::Channel => channel(value).map(FieldTest::Channel).ok_or("channel"),
        FieldName::Polarity => polarity(value).map(FieldTest::Polarity).ok_or("polarity"),
        FieldName::Story => {
            value.parse().map(|id| FieldTest::Story(StoryId(id))).map_err(|_| "story")
        }
        FieldName::Subject => {
            let subject = context.subject(value).ok_or("subject")?;
            Ok(FieldTest::Subject(subject.id.clone()))
        }
        FieldName::Risk => number_range(value).map(FieldTest::Risk).ok_or("risk"),
        FieldName::Heat => number_range(value).map(FieldTest::Heat).ok_or("heat"),
        FieldName::Published => {
            time_range(value, context).map(FieldTest::Published).ok_or("published")
        }
        FieldName::Title | FieldName::Body | FieldName::Word | FieldName::Words => Err("operand"),
    }
}

fn site(value: &str) -> Option<String> {
    let host = value.to_lowercase();
    let host = host.strip_prefix("www.").unwrap_or(&host).trim_matches('.');
    let is_host = !host.is_empty()
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
    is_host.then(|| host.to_owned())
}

/// By its name in config, or as shown in either language.
fn channel(value: &str) -> Option<Channel> {
    let name = value.to_lowercase();
    Channel::ALL.into_iter().find(|channel| {
        let key = format!("record.channel.{}", channel.as_str());
        let shown = [Lang::Zh.text(&key), Lang::En.text(&key)];
        channel.as_str() == name || shown.iter().any(|text| text.to_lowercase() == name)
    })
}

fn polarity(value: &str) -> Option<Polarity> {
    let name = value.to_lowercase();
    Polarity::ALL.into_iter().find(|polarity| {
        let key = format!("record.polarity.{}", polarity.as_str());
        polarity.as_str() == name || Lang::Zh.text(&key) == name
    })
}

/// `60`, `>=60`, `<5`, `60..80` (both belong), `60..`, `..80`.
fn number_range(value: &str) -> Option<NumberRange> {
    let value = value.replace('≥', ">=").replace('≤', "<=");
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let bound = |text: &str, inclusive| number(text).map(|value| Bound { value, inclusive });
    if let Some((from, to)) = value.split_once("..") {
        if from.is_empty() && to.is_empty() {
            return None;
        }
        let end =
            |text: &str| if text.is_empty() { Some(None) } else { bound(text, true).map(Some) };
        let range = NumberRange { from: end(from)?, to: end(to)? };
        let is_ordered = !matches!((range.from, range.to), (Some(a), Some(b)) if a.value > b.value);
        return is_ordered.then_some(range);
    }
    for (sign, is_lower, inclusive) in
        [(">=", true, true), ("<=", false, true), (">", true, false), ("<", false, false)]
    {
        if let Some(rest) = value.strip_prefix(sign) {
            let bound = Some(bound(rest, inclusive)?);
            return Some(match is_lower {
                true => NumberRange { from: bound, to: None },
                false => NumberRange { from: None, to: bound },
            });
        }
    }
    let exact = Some(bound(value.strip_prefix('=').unwrap_or(&value), true)?);
    Some(NumberRange { from: exact, to: exact })
}

/// `7d`, `today`, `2026-11-01`, `2026-11`, `2026-11-01..2026-11-20`, `>=2026-11-01`, `2026-11-01T08:00..`.
fn time_range(value: &str, context: &Context) -> Option<TimeRange> {
    let value = value.replace('≥', ">=").replace('≤', "<=");
    let source = value.clone();
    let build = |from, to, is_relative| {
        let is_ordered = !matches!((from, to), (Some(a), Some(b)) if a >= b);
        is_ordered.then(|| TimeRange { from, to, source: source.clone(), is_relative })
    };
    if let Some((from, to)) = value.split_once("..") {
        if from.is_empty() && to.is_empty() {
            return None;
        }
        let (first, is_relative) = optional(from, context)?;
        let (last, is_relative_too) = optional(to, context)?;
        let is_relative = is_relative || is_relative_too;
        return build(first.map(|s| s.0), last.map(|s| s.1), is_relative);
    }
    for sign in [">=", "<=", ">", "<"] {
        let Some(rest) = value.strip_prefix(sign) else { continue };
        let (start, end, is_relative) = period(rest, context)?;
        return match sign {
            ">=" => build(Some(start), None, is_relative),
            ">" => build(Some(end), None, is_relative),
            "<=" => build(None, Some(end), is_relative),
            _ => build(None, Some(start), is_relative),
        };
    }
    if let Some(ago) = ago(&value) {
        return build(Some(context.now.checked_sub_signed(ago)?), None, true);
    }
    let (start, end, is_relative) = period(&value, context)?;
    build(Some(start), Some(end), is_relative)
}

type Period = (DateTime<Utc>, DateTime<Utc>);

fn optional(text: &str, context: &Context) -> Option<(Option<Period>, bool)> {
    if text.is_empty() {
        return Some((None, false));
    }
    period(text, context).map(|(start, end, is_relative)| (Some((start, end)), is_relative))
}

/// `30m`, `24h`, `7d`, `2w`: so long back from now. Ten years at most.
fn ago(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|n| *n > 0)?;
    let minutes = match unit {
        'm' | '分' => 1,
        'h' | '时' => 60,
        'd' | '天' | '日' => 24 * 60,
        'w' | '周' => 7 * 24 * 60,
        _ => return None,
    };
    let total = count.checked_mul(minutes)?;
    (total <= 10 * 366 * 24 * 60).then(|| Duration::minutes(total))
}

/// The instants of a named or written day, month, year, minute or second, and whether it moves.
fn period(text: &str, context: &Context) -> Option<(DateTime<Utc>, DateTime<Utc>, bool)> {
    let today = context.now.with_timezone(&context.zone).date_naive();
    let monday =
        today.checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))?;
    let days = |first: NaiveDate, after: NaiveDate, is_relative| {
        Some((midnight(first, context)?, midnight(after, context)?, is_relative))
    };
    let tomorrow = today.succ_opt()?;
    match text.to_lowercase().as_str() {
        "today" | "今天" | "今日" => return days(today, tomorrow, true),
        "yesterday" | "昨天" | "昨日" => return days(today.pred_opt()?, today, true),
        "week" | "本周" => return days(monday, tomorrow, true),
        "month" | "本月" => return days(today.with_day(1)?, tomorrow, true),
        "year" | "今年" => return days(today.with_ordinal(1)?, tomorrow, true),
        _ => {}
    }
    let parts = text.split('-').count();
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return is_sane(day).then_some(()).and_then(|()| days(day, day.succ_opt()?, false));
    }
    if parts == 2
        && let Ok(first) = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d")
        && is_sane(first)
    {
        return days(first, first.checked_add_months(Months::new(1))?, false);
    }
    if text.len() == 4
        && let Ok(first) = NaiveDate::parse_from_str(&format!("{text}-01-01"), "%Y-%m-%d")
        && is_sane(first)
    {
        return days(first, first.checked_add_months(Months::new(12))?, false);
    }
    moment(text, context)
}

fn moment(text: &str, context: &Context) -> Option<(DateTime<Utc>, DateTime<Utc>, bool)> {
    for (format, length) in [
        ("%Y-%m-%dT%H:%M", Duration::minutes(1)),
        ("%Y-%m-%d %H:%M", Duration::minutes(1)),
        ("%Y-%m-%dT%H:%M:%S", Duration::seconds(1)),
        ("%Y-%m-%d %H:%M:%S", Duration::seconds(1)),
    ] {
        if let Ok(local) = NaiveDateTime::parse_from_str(text, format)
            && is_sane(local.date())
        {
            let start = context.zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc);
            return Some((start, start + length, false));
        }
    }
    None
}

/// Years beyond these are slips of the finger.
fn is_sane(day: NaiveDate) -> bool {
    (1900..=2200).contains(&day.year())
}

fn midnight(day: NaiveDate, context: &Context) -> Option<DateTime<Utc>> {
    // Where a zone skips midnight, the day begins an hour later.
    (0..3).find_map(|hour| {
        let local = day.and_hms_opt(hour, 0, 0)?;
        context.zone.from_local_datetime(&local).earliest().map(|at| at.with_timezone(&Utc))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context::at("2026-11-22T02:30:00Z".parse().unwrap())
    }

    fn check_time(value: &str, expected: Option<(&str, &str)>) {
        let range = time_range(value, &context());
        let shown = range.map(|r| {
            let show = |t: Option<DateTime<Utc>>| {
                t.map_or(String::new(), |t| t.format("%m-%dT%H:%M").to_string())
            };
            (show(r.from), show(r.to))
        });
        let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(shown, expected, "{value}");
    }

    #[test]
    fn times_are_of_the_zone() {
        check_time("7d", Some(("11-15T02:30", "")));
        check_time("24h", Some(("11-21T02:30", "")));
        check_time("today", Some(("11-21T16:00", "11-22T16:00")));
        check_time("昨天", Some(("11-20T16:00", "11-21T16:00")));
        check_time("本周", Some(("11-15T16:00", "11-22T16:00")));
        check_time("2026-11-01..2026-11-20", Some(("10-31T16:00", "11-20T16:00")));
        check_time("2026-11-01..", Some(("10-31T16:00", "")));
        check_time("..2026-11-01", Some(("", "11-01T16:00")));
        check_time(">=2026-11-01", Some(("10-31T16:00", "")));
        check_time("<2026-11-01", Some(("", "10-31T16:00")));
        check_time("2026-11", Some(("10-31T16:00", "11-30T16:00")));
        check_time("2026-11-01T08:00", Some(("11-01T00:00", "11-01T00:01")));
        for bad in
            ["", "..", "7x", "0d", "2026-13-01", "2026-11-20..2026-11-01", "99999999999d", "-7d"]
        {
            check_time(bad, None);
        }
    }

    #[test]
    fn numbers() {
        for (value, inside, outside) in [
            (">=60", 60.0, 59.9),
            (">60", 60.1, 60.0),
            ("60..80", 80.0, 80.1),
            ("..80", 0.0, 81.0),
            ("60", 60.0, 61.0),
            ("≤60", 60.0, 61.0),
        ] {
            let range = number_range(value).unwrap();
            assert!(range.contains(inside) && !range.contains(outside), "{value}");
        }
        for bad in ["", "..", "x", ">", "80..60", "nan", "inf", ">=6 0"] {
            assert_eq!(number_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn near_names_are_offered() {
        assert_eq!(nearest_name("tilte"), Some("title"));
        assert_eq!(nearest_name("abcdefg"), None);
    }
}
