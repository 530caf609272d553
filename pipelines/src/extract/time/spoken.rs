//! Times as they are spoken: 刚刚, 三小时前, 一个半小时前, 昨晚 8:15, 今晨, 上周五, `2 days ago`.
//!
//! In: the place where one may stand, and the present. Out: the instant and the place behind it. What is spoken of
//! the future (明天, 下周三) is passed over as no time. Units above the hour give a day, not a time of day.

use chrono::{Datelike, Duration, NaiveTime};

use super::clock::{self, Part};
use super::cursor::Cursor;
use super::numeral::is_numeral;
use super::{ParsedTime, TimeContext, scan};

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// A spoken time here; the outer none: nothing is spoken here; the inner: it is of the future.
pub(super) fn spoken<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(Option<ParsedTime>, Cursor<'t>)> {
    just_now(start, context)
        .or_else(|| ago(start, context))
        .or_else(|| day_word(start, context))
        .or_else(|| weekday(start, context))
}

/// 刚刚, 刚才, `just now`, where it stands for itself: not in 刚刚过去的一年.
fn just_now<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(Option<ParsedTime>, Cursor<'t>)> {
    const BEHIND: [&str; 10] =
        ["发布", "发表", "更新", "来自", "回复", "评论", "编辑", "转发", "活跃", "前"];
    let mut c = start;
    if !c.one_of(&["刚刚", "刚才", "just now", "moments ago"]) {
        return None;
    }
    let is_han = |c: char| c.is_alphabetic() && !c.is_ascii();
    let stands_alone = !c.peek().is_some_and(is_han) || c.stands(&BEHIND);
    let time = ParsedTime { at: context.now, has_time: true };
    Some((stands_alone.then_some(time), c))
}

/// `3分钟前`, 半小时前, 一个半小时前, `1小时20分钟前`, `1.5 hours ago`.
fn ago<'t>(start: Cursor<'t>, context: &TimeContext) -> Option<(Option<ParsedTime>, Cursor<'t>)> {
    let mut c = start;
    let (mut secs, mut finest) = (0.0, f64::INFINITY);
    let mut parts = 0;
    while let Some((amount, unit, after)) = amount(c) {
        secs += amount * unit;
        finest = if amount.fract() == 0.0 || unit <= HOUR { unit.min(finest) } else { DAY };
        c = after;
        parts += 1;
        let mut joined = c;
        if joined.blanks().one_of(&["and", ",", "零"]) {
            c = joined.past_blanks();
        } else {
            c.blanks();
        }
        if parts == 4 {
            break;
        }
    }
    if parts == 0 || !c.blanks().one_of(&["之前", "以前", "前", "ago"]) {
        return None;
    }
    let at = context.now.checked_sub_signed(Duration::try_seconds(secs as i64)?)?;
    if finest <= HOUR {
        return Some((Some(ParsedTime { at, has_time: true }), c));
    }
    let day = at.with_timezone(&context.zone).date_naive();
    Some((context.instant(day, None), c))
}

/// A number and a unit in seconds: `3小时`, 一个半小时, 三天半, 十余分钟, `an hour`.
fn amount<'t>(start: Cursor<'t>) -> Option<(f64, f64, Cursor<'t>)> {
    let mut c = start;
    let mut amount = count(&mut c)?;
    c.one_of(&["多", "余", "来", "几"]);
    let counted = c.blanks().one_of(&["个"]);
    if c.one_of(&["半"]) {
        amount += 0.5;
    }
    // `11月3日前` is a date before which something is due; months are counted with 个.
    if c.blanks().stands(&["月"]) && !counted {
        return None;
    }
    let unit = c.word(&UNITS)?;
    if c.one_of(&["半"]) {
        amount += 0.5;
    }
    Some((amount, unit, c))
}

const UNITS: [(&str, f64); 40] = [
    ("秒钟", 1.0),
    ("秒", 1.0),
    ("分钟", 60.0),
    ("分", 60.0),
    ("刻钟", 900.0),
    ("小时", HOUR),
    ("钟头", HOUR),
    ("天", DAY),
    ("日", DAY),
    ("周", 7.0 * DAY),
    ("星期", 7.0 * DAY),
    ("礼拜", 7.0 * DAY),
    ("月", 30.0 * DAY),
    ("年", 365.0 * DAY),
    ("seconds", 1.0),
    ("second", 1.0),
    ("secs", 1.0),
    ("sec", 1.0),
    ("s", 1.0),
    ("minutes", 60.0),
    ("minute", 60.0),
    ("mins", 60.0),
    ("min", 60.0),
    ("m", 60.0),
    ("hours", HOUR),
    ("hour", HOUR),
    ("hrs", HOUR),
    ("hr", HOUR),
    ("h", HOUR),
    ("days", DAY),
    ("day", DAY),
    ("d", DAY),
    ("weeks", 7.0 * DAY),
    ("week", 7.0 * DAY),
    ("w", 7.0 * DAY),
    ("months", 30.0 * DAY),
    ("month", 30.0 * DAY),
    ("years", 365.0 * DAY),
    ("year", 365.0 * DAY),
    ("y", 365.0 * DAY),
];

fn count(c: &mut Cursor<'_>) -> Option<f64> {
    if let Some(whole) = c.digits(1, 6) {
        let mut fraction = *c;
        if fraction.any(&['.']).is_some() && fraction.run() == 1 {
            *c = fraction;
            return Some(f64::from(whole) + f64::from(c.fixed(1)?) / 10.0);
        }
        return Some(f64::from(whole));
    }
    if c.one_of(&["半"]) {
        return Some(0.5);
    }
    // 几 and 数 stand for a few.
    if let Some(few) = c.word(&[("几", 3.0), ("数", 3.0), ("an", 1.0), ("a", 1.0), ("one", 1.0)])
    {
        c.blanks();
        return Some(few);
    }
    c.peek().filter(|first| is_numeral(*first))?;
    c.number().map(f64::from)
}

const DAYS: [(&str, (i64, Option<Part>)); 35] = [
    ("大前天", (3, None)),
    ("前天", (2, None)),
    ("前日", (2, None)),
    ("前晚", (2, Some(Part::Evening))),
    ("昨天", (1, None)),
    ("昨日", (1, None)),
    ("昨儿", (1, None)),
    ("昨晚", (1, Some(Part::Evening))),
    ("昨夜", (1, Some(Part::Evening))),
    ("昨晨", (1, Some(Part::Morning))),
    ("昨早", (1, Some(Part::Morning))),
    ("昨午", (1, Some(Part::Noon))),
    ("昨", (1, None)),
    ("今天", (0, None)),
    ("今日", (0, None)),
    ("今儿", (0, None)),
    ("今早", (0, Some(Part::Morning))),
    ("今晨", (0, Some(Part::Morning))),
    ("今晚", (0, Some(Part::Evening))),
    ("今夜", (0, Some(Part::Evening))),
    ("今午", (0, Some(Part::Noon))),
    ("yesterday", (1, None)),
    ("today", (0, None)),
    ("明天", (-1, None)),
    ("明日", (-1, None)),
    ("明早", (-1, None)),
    ("明晨", (-1, None)),
    ("明晚", (-1, None)),
    ("次日", (-1, None)),
    ("后天", (-1, None)),
    ("大后天", (-1, None)),
    ("tomorrow", (-1, None)),
    ("前几天", (-1, None)),
    ("日前", (-1, None)),
    ("今后", (-1, None)),
];

/// 昨晚 8:15, 今天 08:05, 前天.
fn day_word<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(Option<ParsedTime>, Cursor<'t>)> {
    let mut c = start;
    let (back, part) = c.word(&DAYS)?;
    // 昨 alone is short for 昨天 before a clock only, and the future is no time.
    let is_short = c.at() - start.at() == '昨'.len_utf8();
    let clock = scan::clock_after(c, part);
    if back < 0 {
        return Some((None, clock.map_or(c, |(_, end)| end)));
    }
    if is_short && clock.is_none() {
        return None;
    }
    // 今天是… is what the site tells its reader.
    if c.stands(&["是"]) {
        return Some((None, c));
    }
    let day = context.today() - Duration::days(back);
    match clock {
        Some((clock, end)) => Some((context.instant(day, Some(clock)), end)),
        None => Some((context.instant(day, None), c)),
    }
}

/// 上周五, 本周三 08:30; 周三 alone only with a clock, or where it is all there is.
fn weekday<'t>(
    start: Cursor<'t>,
    context: &TimeContext,
) -> Option<(Option<ParsedTime>, Cursor<'t>)> {
    let mut c = start;
    let weeks_back = c.word(&[
        ("上上", Some(2)),
        ("上", Some(1)),
        ("本", Some(0)),
        ("这", Some(0)),
        ("下", None),
    ]);
    let has_prefix = weeks_back.is_some();
    c.one_of(&["个"]);
    let (number, mut c) = day_of_week(c)?;
    let clock = clock::clock(c.past_blanks(), None, false);
    let is_bare = clock.is_none() && !c.is_whole_to_here(start);
    if !has_prefix && is_bare {
        return None;
    }
    let today = context.today();
    let since_monday = i64::from(today.weekday().num_days_from_monday());
    let monday = today - Duration::days(since_monday);
    let day = match weeks_back {
        Some(None) => return Some((None, c)),
        Some(Some(back)) => monday + Duration::days(number - 7 * back),
        None if number <= since_monday => monday + Duration::days(number),
        None => monday + Duration::days(number - 7),
    };
    let clock = clock.map(|(clock, end)| {
        c = end;
        clock
    });
    let time = context.instant(day, clock);
    let is_past = day.and_time(NaiveTime::MIN) <= today.and_time(NaiveTime::MIN);
    Some((time.filter(|_| is_past), c))
}

/// 周五, 星期天: days from Monday.
pub(super) fn day_of_week<'t>(start: Cursor<'t>) -> Option<(i64, Cursor<'t>)> {
    let mut c = start;
    if !c.one_of(&["周", "星期", "礼拜"]) {
        return None;
    }
    let number = c.word(&[
        ("一", 0),
        ("二", 1),
        ("三", 2),
        ("四", 3),
        ("五", 4),
        ("六", 5),
        ("日", 6),
        ("天", 6),
        ("末", 6),
    ])?;
    Some((number, c))
}
