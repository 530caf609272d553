//! Dates as people write them, Chinese and international, absolute and relative.
//!
//! In: a piece of text, the present instant and the zone of the page. Out: an instant and whether a time of day
//! was given. A day without a year is the latest such day not after now. What is no date is `None`; whether a
//! date in the future is believed is for the caller to say.

mod chinese;

use std::ops::Range;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use regex::{Captures, Regex};

/// An instant read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParsedTime {
    /// The instant; local midnight when only a day was given.
    pub at: DateTime<Utc>,
    /// Whether a time of day was given.
    pub has_time: bool,
}

/// The first date in `text`: `刚刚`, `3分钟前`, `昨天 12:30`, `11-22`, `2026年11月22日 9:05`, RFC 2822,
/// ISO 8601, `20261122`, Unix seconds or milliseconds. Without a zone of its own it is read in `zone`.
#[must_use]
pub fn parse_time(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<ParsedTime> {
    let text = normal(text);
    let whole = text.trim();
    if let Some(time) = compact(whole, zone) {
        return Some(time);
    }
    find_absolute(whole, zone)
        .map(|(_, t)| t)
        .or_else(|| relative(whole, now, zone))
        .or_else(|| without_year(whole, now, zone))
}

/// The first absolute date with a year, and the bytes of `text` (already `normal`) it stands at.
pub(super) fn find_absolute(text: &str, zone: Tz) -> Option<(Range<usize>, ParsedTime)> {
    let mut best: Option<(Range<usize>, ParsedTime)> = None;
    for (pattern, read) in [
        (&*YMD, ymd as fn(&Captures<'_>, Tz) -> Option<ParsedTime>),
        (&*ENGLISH_DMY, english),
        (&*ENGLISH_MDY, english),
        (&*NUMERIC_DMY, numeric_dmy),
    ] {
        for found in pattern.captures_iter(text) {
            let range = found.get(0).map(|m| m.range()).unwrap_or_default();
            if best.as_ref().is_some_and(|(b, _)| b.start <= range.start) {
                break;
            }
            if let Some(time) = read(&found, zone) {
                best = Some((range, time));
                break;
            }
        }
    }
    best
}

/// Full-width digits and colons in ASCII, Chinese numerals of dates in digits, blanks plain.
pub(super) fn normal(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            '：' | '︰' => ':',
            '－' | '–' | '—' | '−' => '-',
            '／' => '/',
            '．' => '.',
            '\u{3000}' | '\u{a0}' | '\t' | '\n' | '\r' => ' ',
            c => c,
        })
        .collect();
    if out.contains('年') && out.contains(['〇', '○', '零', '一', '二']) {
        out = CHINESE_DATE
            .replace_all(&out, |c: &Captures<'_>| chinese::chinese_date(c))
            .into_owned();
    }
    out
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

const CLOCK: &str = r"(?:(?P<half>上午|下午|晚上|晚间|凌晨|早上|中午|am|pm|AM|PM)\s*)?(?P<h>[01]?\d|2[0-4])\s*[:时点]\s*(?P<min>[0-5]?\d)(?:\s*[:分]\s*(?P<s>[0-5]?\d)(?:\.\d+)?)?秒?\s*(?P<ampm>am|pm|AM|PM)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|GMT|UTC)?";

static YMD: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<y>(?:19|20)\d\d|\b\d\d)\s*(?P<sep>[年\-/.])\s*(?P<m>0?[1-9]|1[0-2])\s*[月\-/.]\s*(?P<d>3[01]|[12]\d|0?[1-9])(?P<end>\s*[日号]|\b|T)[\s,，T]*(?:[(（]?(?:星期|周)[一二三四五六日天][)）]?\s*)?(?:{CLOCK})?"
    ))
});
static ENGLISH_DMY: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<d>[0-3]?\d)[\s-]+(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?[\s,-]+(?P<y>\d{{4}}|\d\d\b)[\s,]*(?:{CLOCK})?"
    ))
});
static ENGLISH_MDY: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<d>[0-3]?\d)(?:st|nd|rd|th)?(?:,\s*(?:at\s+)?|\s+)(?P<y>\d{{4}})[\s,]*(?:at\s+)?(?:{CLOCK})?"
    ))
});
static NUMERIC_DMY: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"\b(?P<a>[0-3]?\d)[-/.](?P<b>[0-3]?\d)[-/.](?P<y>(?:19|20)\d\d)\b[\s,]*(?:{CLOCK})?"
    ))
});
static MONTH_DAY: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?:^|[^\d.])(?P<m>1[0-2]|0?[1-9])(?:月|[-/])(?P<d>3[01]|[12]\d|0?[1-9])(?:[日号]|\b)\s*(?:{CLOCK})?"
    ))
});
static AGO: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(?P<n>\d+|半|几|[一二两三四五六七八九十])\s*(?:个)?\s*(?P<unit>秒钟?|分钟?|小时|钟头|天|日|周|星期|礼拜|月|年|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)\s*(?:之?前|以前|ago)",
    )
});
static DAY_WORD: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r"(?i)(?P<day>今天|今日|昨天|昨日|前天|大前天|today|yesterday)[\s,]*(?:{CLOCK})?"
    ))
});
static ONLY_CLOCK: LazyLock<Regex> = LazyLock::new(|| regex(&format!(r"^(?:{CLOCK})$")));
static CHINESE_DATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?P<y>[〇○零一二三四五六七八九]{4})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日",
    )
});

fn number(c: &Captures<'_>, name: &str) -> Option<u32> {
    c.name(name)?.as_str().parse().ok()
}

fn ymd(c: &Captures<'_>, zone: Tz) -> Option<ParsedTime> {
    let mut year = number(c, "y")? as i32;
    if year < 100 {
        // Two digits are a year only in a full `05-08-29` or `05年8月29日`, and only 1990 to 2049.
        if c.name("sep")?.as_str() == "." {
            return None;
        }
        year += if year >= 90 {
            1900
        } else if year < 50 {
            2000
        } else {
            return None;
        };
    }
    let date = NaiveDate::from_ymd_opt(year, number(c, "m")?, number(c, "d")?)?;
    at(date, c, zone)
}

fn english(c: &Captures<'_>, zone: Tz) -> Option<ParsedTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|m| *m == &c["mon"])? as u32 + 1;
    let mut year = number(c, "y")? as i32;
    if year < 100 {
        year += if year >= 70 { 1900 } else { 2000 };
    }
    at(NaiveDate::from_ymd_opt(year, month, number(c, "d")?)?, c, zone)
}

/// `31/12/2026` is day first; where both could be the month, the American order is assumed.
fn numeric_dmy(c: &Captures<'_>, zone: Tz) -> Option<ParsedTime> {
    let (a, b, year) = (number(c, "a")?, number(c, "b")?, number(c, "y")? as i32);
    let (month, day) = if a > 12 { (b, a) } else { (a, b) };
    at(NaiveDate::from_ymd_opt(year, month, day)?, c, zone)
}

/// Puts the clock of a match, if any, on a day.
fn at(date: NaiveDate, c: &Captures<'_>, zone: Tz) -> Option<ParsedTime> {
    let Some(hour) = number(c, "h") else {
        return Some(ParsedTime {
            at: local(date.and_time(NaiveTime::MIN), zone)?,
            has_time: false,
        });
    };
    let half = c.name("half").or(c.name("ampm")).map_or("", |m| m.as_str()).to_ascii_lowercase();
    let hour = match half.as_str() {
        "下午" | "晚上" | "晚间" | "pm" if hour < 12 => hour + 12,
        "中午" if hour < 3 => hour + 12,
        "am" | "凌晨" if hour == 12 => 0,
        _ => hour,
    };
    let clock = NaiveTime::from_hms_opt(hour % 24, number(c, "min")?, number(c, "s").unwrap_or(0))?;
    let day = if hour == 24 { date.succ_opt()? } else { date };
    let when = day.and_time(clock);
    let at = match c.name("zone").map(|z| z.as_str()) {
        Some("Z" | "GMT" | "UTC") => when.and_utc(),
        Some(offset) => (when - offset_of(offset)?).and_utc(),
        None => local(when, zone)?,
    };
    Some(ParsedTime { at, has_time: true })
}

fn offset_of(offset: &str) -> Option<Duration> {
    let digits: String = offset.chars().filter(char::is_ascii_digit).collect();
    let minutes =
        digits.get(..2)?.parse::<i64>().ok()? * 60 + digits.get(2..4)?.parse::<i64>().ok()?;
    Some(Duration::minutes(if offset.starts_with('-') { -minutes } else { minutes }))
}

fn local(when: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&when).earliest().map(|t| t.to_utc())
}

/// `20261122`, `20261122093000`, Unix seconds and milliseconds, when they are the whole text.
fn compact(text: &str, zone: Tz) -> Option<ParsedTime> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match text.len() {
        8 => {
            let date = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
            let at = local(date.and_time(NaiveTime::MIN), zone)?;
            (1990..2100).contains(&date.year()).then_some(ParsedTime { at, has_time: false })
        }
        14 => {
            let at = local(NaiveDateTime::parse_from_str(text, "%Y%m%d%H%M%S").ok()?, zone)?;
            Some(ParsedTime { at, has_time: true })
        }
        10 => Some(ParsedTime {
            at: DateTime::from_timestamp(text.parse().ok()?, 0)?,
            has_time: true,
        }),
        13 => {
            let at = DateTime::from_timestamp_millis(text.parse().ok()?)?;
            Some(ParsedTime { at, has_time: true })
        }
        _ => None,
    }
}

/// `刚刚`, `3分钟前`, `半小时前`, `昨天 12:30`, `2 hours ago`.
fn relative(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<ParsedTime> {
    if text.contains("刚刚") || text.contains("just now") {
        return Some(ParsedTime { at: now, has_time: true });
    }
    if let Some(c) = DAY_WORD.captures(text) {
        let back = match c["day"].to_ascii_lowercase().as_str() {
            "今天" | "今日" | "today" => 0,
            "昨天" | "昨日" | "yesterday" => 1,
            "前天" => 2,
            _ => 3,
        };
        let today = now.with_timezone(&zone).date_naive();
        return at(today - Duration::days(back), &c, zone);
    }
    let c = AGO.captures(text)?;
    let unit = c["unit"].to_ascii_lowercase();
    let seconds = match unit.as_str() {
        u if u.starts_with('秒') || u.starts_with("second") => 1,
        u if u.starts_with('分') || u.starts_with("min") => 60,
        "小时" | "钟头" | "hour" | "hours" => 3600,
        "天" | "日" | "day" | "days" => 86_400,
        "周" | "星期" | "礼拜" | "week" | "weeks" => 7 * 86_400,
        "月" | "month" | "months" => 30 * 86_400,
        _ => 365 * 86_400,
    };
    let count = match &c["n"] {
        "半" => {
            return Some(ParsedTime {
                at: now - Duration::seconds(seconds / 2),
                has_time: seconds <= 3600,
            });
        }
        "几" => 3,
        digits => {
            digits.parse::<i64>().ok().or_else(|| chinese::chinese_number(digits).map(i64::from))?
        }
    };
    let at = now.checked_sub_signed(Duration::try_seconds(seconds.checked_mul(count)?)?)?;
    if seconds <= 3600 {
        return Some(ParsedTime { at, has_time: true });
    }
    let day = at.with_timezone(&zone).date_naive();
    Some(ParsedTime { at: local(day.and_time(NaiveTime::MIN), zone)?, has_time: false })
}

/// `11-22 08:30`, `11月22日`, or a bare clock of today.
fn without_year(text: &str, now: DateTime<Utc>, zone: Tz) -> Option<ParsedTime> {
    let today = now.with_timezone(&zone).date_naive();
    if let Some(c) = MONTH_DAY.captures(text) {
        let (month, day) = (number(&c, "m")?, number(&c, "d")?);
        let latest = (0..5)
            .filter_map(|back| NaiveDate::from_ymd_opt(today.year() - back, month, day))
            .find(|date| *date <= today)?;
        return at(latest, &c, zone);
    }
    let c = ONLY_CLOCK.captures(text)?;
    let time = at(today, &c, zone)?;
    if time.at <= now { Some(time) } else { at(today.pred_opt()?, &c, zone) }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use chrono_tz::Asia::Shanghai;

    use super::parse_time;

    fn now() -> DateTime<Utc> {
        "2026-11-22T04:00:00Z".parse().expect("a constant") // 12:00 in Shanghai, a Sunday
    }

    /// Expected in local time of Shanghai, `-` for none; a day alone means no time of day was found.
    fn check(text: &str, expected: &str) {
        let got = parse_time(text, now(), Shanghai).map_or("-".to_owned(), |t| {
            let format = if t.has_time { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d" };
            t.at.with_timezone(&Shanghai).format(format).to_string()
        });
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn chinese_forms() {
        check("2026年11月22日", "2026-11-22");
        check("2026年11月2日 9:05", "2026-11-02 09:05:00");
        check("发布时间：２０２６年１１月０２日０９：０５：３０", "2026-11-02 09:05:30");
        check("2026年11月22日（星期日）下午3时20分", "2026-11-22 15:20:00");
        check("二〇二二年一月二十七日", "2022-01-27");
        check("二○○五年十月三十一日", "2005-10-31");
        check("2005年03月21日 11:21 来源：云岭日报", "2005-03-21 11:21:00");
        check("05年8月29日", "2005-08-29");
        check("11月20日 08:30", "2026-11-20 08:30:00");
        check("12月20日", "2025-12-20");
        check("2026年11月20日24:00", "2026-11-21 00:00:00");
    }

    #[test]
    fn relative_forms() {
        check("刚刚", "2026-11-22 12:00:00");
        check("3分钟前", "2026-11-22 11:57:00");
        check("半小时前", "2026-11-22 11:30:00");
        check("2 小时前 · 来自手机", "2026-11-22 10:00:00");
        check("昨天 12:30", "2026-11-21 12:30:00");
        check("今天 08:05", "2026-11-22 08:05:00");
        check("前天", "2026-11-20");
        check("5天前", "2026-11-17");
        check("两周前", "2026-11-08");
        check("3 days ago", "2026-11-19");
        check("11-22", "2026-11-22");
        check("11-23 10:00", "2025-11-23 10:00:00");
        check("09:41", "2026-11-22 09:41:00");
        check("23:41", "2026-11-21 23:41:00");
    }

    #[test]
    fn international_forms() {
        check("2026-11-22T08:00:00+08:00", "2026-11-22 08:00:00");
        check("2026-11-22T00:00:00Z", "2026-11-22 08:00:00");
        check("2026-11-22T08:00:00.123", "2026-11-22 08:00:00");
        check("Sat, 21 Nov 2026 16:00:00 GMT", "2026-11-22 00:00:00");
        check("Sat, 21 Nov 2026 08:00:00 +0800", "2026-11-21 08:00:00");
        check("Nov 21, 2026 3:05 PM", "2026-11-21 15:05:00");
        check("2026/11/2 7:03", "2026-11-02 07:03:00");
        check("2026.11.02", "2026-11-02");
        check("31/12/2025", "2025-12-31");
        check("20261122", "2026-11-22");
        check("1700000000", "2023-11-15 06:13:20");
        check("1700000000000", "2023-11-15 06:13:20");
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "云岭矿业",
            "产量达到3.5万吨",
            "第12345678号",
            "电话0351-12345678",
            "2026年13月40日",
            "1.2.3",
        ] {
            check(text, "-");
        }
    }
}
