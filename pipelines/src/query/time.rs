//! Times in a query: read from what was typed, and said in words.
//!
//! In: the value of `published:`, and the context whose present and zone it is reckoned by. Out: a
//! [`TimeRange`], or what it means in the officer's language and in local time. Refuses what is no time.

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::Context;
use super::ast::TimeRange;
use crate::locale::Lang;

/// From `from` on and before `to`.
pub(super) fn span(from: Option<DateTime<Utc>>, to: Option<DateTime<Utc>>, zone: Tz) -> TimeRange {
    let shown = |at: Option<DateTime<Utc>>| {
        at.map(|at| at.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S").to_string())
    };
    let source = format!("{}..{}", shown(from).unwrap_or_default(), shown(to).unwrap_or_default());
    TimeRange { from, to, source, zone, is_relative: false }
}

/// The signs that open a value, with the locale's name of each; the longer ones first.
const SIGNS: [(&str, &str); 4] =
    [(">=", "time_from"), ("<=", "time_until"), (">", "time_after"), ("<", "time_before")];

/// A span of time in words, with its instants in local time: `最近7天（从 2026-11-15 10:30 起）`.
pub(super) fn in_words(range: &TimeRange, lang: Lang) -> String {
    let say = |key: &str, args: &[(&str, &dyn std::fmt::Display)]| {
        lang.fill(&format!("query.say.{key}"), args)
    };
    let what = match range.source.split_once("..") {
        Some((from, "")) => say("time_from", &[("value", &moment_in_words(from, lang))]),
        Some(("", to)) => say("time_until", &[("value", &moment_in_words(to, lang))]),
        Some((from, to)) => {
            let (from, to) = (moment_in_words(from, lang), moment_in_words(to, lang));
            say("between", &[("from", &from), ("to", &to)])
        }
        None => {
            match SIGNS.iter().find_map(|(s, key)| Some((range.source.strip_prefix(s)?, key))) {
                Some((rest, key)) => say(key, &[("value", &moment_in_words(rest, lang))]),
                None => moment_in_words(&range.source, lang),
            }
        }
    };
    let shown = |at: Option<DateTime<Utc>>| at.map(|at| local(at, range.zone)).unwrap_or_default();
    let key = match (range.from, range.to) {
        (Some(_), Some(_)) => "time",
        (Some(_), None) => "time_since",
        _ => "time_till",
    };
    say(key, &[("what", &what), ("from", &shown(range.from)), ("to", &shown(range.to))])
}

/// A day, a moment or a span back from now, as an officer would say it.
fn moment_in_words(text: &str, lang: Lang) -> String {
    if let Some(name) = named(text) {
        return lang.text(&format!("query.say.{name}"));
    }
    match counted(text) {
        Some((1, unit)) => lang.text(&format!("query.say.last_{unit}")),
        Some((count, unit)) => lang.fill(&format!("query.say.last_{unit}s"), &[("count", &count)]),
        None => text.to_owned(),
    }
}

/// An instant in local time, to the minute.
pub(super) fn local(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// `7d`, `today`, `2026-11-01`, `2026-11`, `2026-11-01..2026-11-20`, `>=2026-11-01`, `2026-11-01T08:00..`.
pub(super) fn time_range(value: &str, context: &Context) -> Option<TimeRange> {
    let value = value.replace('≥', ">=").replace('≤', "<=");
    let source = value.clone();
    let build = |from, to, is_relative| {
        let is_ordered = !matches!((from, to), (Some(a), Some(b)) if a >= b);
        is_ordered.then(|| TimeRange {
            from,
            to,
            source: source.clone(),
            zone: context.zone,
            is_relative,
        })
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
    for (sign, _) in SIGNS {
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
    let (count, unit) = counted(text)?;
    let minutes = match unit {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => 7 * 24 * 60,
    };
    let total = count.checked_mul(minutes)?;
    (total <= 10 * 366 * 24 * 60).then(|| Duration::minutes(total))
}

/// A count and the locale's name of its unit.
fn counted(text: &str) -> Option<(i64, &'static str)> {
    let unit = text.chars().next_back()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|n| *n > 0)?;
    let unit = match unit {
        'm' | '分' => "minute",
        'h' | '时' => "hour",
        'd' | '天' | '日' => "day",
        'w' | '周' => "week",
        _ => return None,
    };
    Some((count, unit))
}

/// Days and spans that have a name: the locale's name of each (under `query.say`) and how it may be typed.
const NAMED: [(&str, &[&str]); 5] = [
    ("today", &["today", "今天", "今日"]),
    ("yesterday", &["yesterday", "昨天", "昨日"]),
    ("this_week", &["week", "本周"]),
    ("this_month", &["month", "本月"]),
    ("this_year", &["year", "今年"]),
];

fn named(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    NAMED.iter().find(|(_, typed)| typed.contains(&text.as_str())).map(|(name, _)| *name)
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
    match named(text) {
        Some("today") => return days(today, tomorrow, true),
        Some("yesterday") => return days(today.pred_opt()?, today, true),
        Some("this_week") => return days(monday, tomorrow, true),
        Some("this_month") => return days(today.with_day(1)?, tomorrow, true),
        Some(_) => return days(today.with_ordinal(1)?, tomorrow, true),
        None => {}
    }
    let written = written_out(text, today.year());
    let text = written.as_deref().unwrap_or(text);
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

/// `2026年11月25日`, `2026年11月`, `2026年`, `11月25日` (of this year) as the rest writes them.
fn written_out(text: &str, year: i32) -> Option<String> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let (year, rest) = match text.split_once('年') {
        Some((year, rest)) => (i32::try_from(number(year)?).ok()?, rest.trim()),
        None => (year, text.trim()),
    };
    if rest.is_empty() {
        return text.contains('年').then(|| format!("{year:04}"));
    }
    let (month, rest) = rest.split_once('月')?;
    let month = number(month)?;
    match rest.trim().trim_end_matches(['日', '号']) {
        "" => Some(format!("{year:04}-{month:02}")),
        day => Some(format!("{year:04}-{month:02}-{:02}", number(day)?)),
    }
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

    fn check_words(value: &str, zh: &str, en: &str) {
        let range = time_range(value, &context()).unwrap();
        assert_eq!(in_words(&range, Lang::Zh), zh, "{value}");
        assert_eq!(in_words(&range, Lang::En), en, "{value}");
    }

    #[test]
    fn times_are_said_in_words_and_local_time() {
        check_words(
            "7d",
            "最近7天（从 2026-11-15 10:30 起）",
            "within the last 7 days (from 2026-11-15 10:30 on)",
        );
        check_words(
            "1周",
            "最近一周（从 2026-11-15 10:30 起）",
            "within the last week (from 2026-11-15 10:30 on)",
        );
        check_words(
            "昨天",
            "昨天（从 2026-11-21 00:00 到 2026-11-22 00:00）",
            "yesterday (from 2026-11-21 00:00 to 2026-11-22 00:00)",
        );
        check_words(
            "<=today",
            "今天及以前（到 2026-11-23 00:00 为止）",
            "today or before (until 2026-11-23 00:00)",
        );
        check_words(
            "2026-11-01..week",
            "2026-11-01 到 本周（从 2026-11-01 00:00 到 2026-11-23 00:00）",
            "2026-11-01 to this week (from 2026-11-01 00:00 to 2026-11-23 00:00)",
        );
    }
}
