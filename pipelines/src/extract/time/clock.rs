//! Times of day: `08:30`, `8时05分`, 晚8:00, 下午三点半, `3:05 PM`, with their zone.
//!
//! In: the place where a clock may stand. Out: milliseconds from the midnight that begins the named day (those of
//! 晚上12:00 are a whole day) and the zone. A bare number is no clock.

use super::cursor::Cursor;
use super::zone::{self, Zone};

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// From the midnight that begins the day; a day or more for the night that ends it.
    pub(super) millis: i64,
    /// Where one is written beside it.
    pub(super) zone: Option<Zone>,
}

/// The part of the day that a word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// 凌晨, am: the hours from midnight on.
    Small,
    /// 早上, 上午.
    Morning,
    /// 中午.
    Noon,
    /// 下午, pm.
    Afternoon,
    /// 晚上: its twelve ends the day, its small hours are of the next.
    Evening,
    /// 深夜, 半夜: its twelve ends the day, its small hours begin the day named.
    Night,
}

const PARTS: [(&str, Part); 31] = [
    ("凌晨", Part::Small),
    ("清晨", Part::Morning),
    ("早晨", Part::Morning),
    ("早上", Part::Morning),
    ("早间", Part::Morning),
    ("上午", Part::Morning),
    ("午前", Part::Morning),
    ("早", Part::Morning),
    ("晨", Part::Morning),
    ("中午", Part::Noon),
    ("正午", Part::Noon),
    ("午间", Part::Noon),
    ("下午", Part::Afternoon),
    ("午后", Part::Afternoon),
    ("傍晚", Part::Afternoon),
    ("晚上", Part::Evening),
    ("晚间", Part::Evening),
    ("晚", Part::Evening),
    ("夜晚", Part::Evening),
    ("当晚", Part::Evening),
    ("深夜", Part::Night),
    ("半夜", Part::Night),
    ("午夜", Part::Night),
    ("夜间", Part::Night),
    ("夜里", Part::Night),
    ("夜", Part::Night),
    ("AM", Part::Small),
    ("PM", Part::Afternoon),
    ("a.m.", Part::Small),
    ("p.m.", Part::Afternoon),
    ("午", Part::Noon),
];

/// The word for a part of the day.
pub(super) fn part<'t>(mut c: Cursor<'t>) -> Option<(Part, Cursor<'t>)> {
    let part = c.word(&PARTS)?;
    Some((part, c))
}

/// A clock here. `named` is the part of the day that a word before has named already (昨晚).
pub(super) fn clock<'t>(
    start: Cursor<'t>,
    named: Option<Part>,
    behind_t: bool,
) -> Option<(Clock, Cursor<'t>)> {
    let mut c = start;
    let mut of_day = named;
    if let Some((part, after)) = part(c) {
        of_day = Some(part);
        c = after;
        c.blanks();
    }
    let hour = c.number().filter(|h| *h <= 24)?;
    let (millis, is_precise, has_unit, mut c) = minutes(c)?;
    let mut suffix = c;
    let behind = part_behind(&mut suffix);
    if behind.is_some() {
        of_day = behind;
        c = suffix;
    }
    if !has_unit && behind.is_none() {
        return None;
    }
    let hour = hour_of(hour, of_day);
    let (zone, c) = match zone::zone(c, is_precise || behind_t) {
        Some((zone, after)) => (Some(zone), after),
        None => (None, c),
    };
    Some((Clock { millis: i64::from(hour) * 3_600_000 + millis, zone }, c))
}

/// `3:05 PM`; the Chinese words stand before the hour.
fn part_behind(c: &mut Cursor<'_>) -> Option<Part> {
    c.blanks().word(&[
        ("AM", Part::Small),
        ("PM", Part::Afternoon),
        ("a.m.", Part::Small),
        ("p.m.", Part::Afternoon),
    ])
}

/// What follows the hour: milliseconds, whether there are seconds, whether there is a sign of a clock at all.
fn minutes(start: Cursor<'_>) -> Option<(i64, bool, bool, Cursor<'_>)> {
    let mut c = start;
    let mut colon = c;
    if colon.blanks().any(&[':']).is_some() {
        // `3:2` is a score; a minute of one digit has seconds behind it.
        let is_short = colon.blanks().run() == 1;
        let minute = colon.digits(1, 2).filter(|m| *m < 60)?;
        let (rest, is_precise, c) = seconds(colon);
        if is_short && !is_precise {
            return None;
        }
        return Some((i64::from(minute) * 60_000 + rest, is_precise, true, c));
    }
    if !c.blanks().one_of(&["时", "点钟", "点"]) || c.stands(&["赞", "击", "评"]) {
        return Some((0, false, false, start));
    }
    let mut words = c;
    if let Some(minute) =
        words.word(&[("半", 30), ("一刻", 15), ("三刻", 45), ("整", 0), ("许", 0)])
    {
        return Some((minute * 60_000, false, true, words));
    }
    let mut spelt = c;
    if let Some(minute) = spelt.blanks().number().filter(|m| *m < 60) {
        let has_unit = spelt.blanks().one_of(&["分"]);
        // `10时30` is read, `8时3人被困` is not.
        let two_digits = c.rest().trim_start().bytes().take_while(u8::is_ascii_digit).count() == 2;
        let goes_on = spelt.peek().is_some_and(|c| c.is_alphanumeric() || c == '-');
        if has_unit || two_digits && !goes_on {
            let mut second = spelt;
            if let Some(s) = second.blanks().number().filter(|s| has_unit && *s < 60)
                && second.one_of(&["秒"])
            {
                return Some((i64::from(minute * 60 + s) * 1000, true, true, second));
            }
            return Some((i64::from(minute) * 60_000, false, true, spelt));
        }
    }
    Some((0, false, true, c))
}

/// `:30`, `:30.123`, `分30秒` behind minutes.
fn seconds(start: Cursor<'_>) -> (i64, bool, Cursor<'_>) {
    let mut c = start;
    let none = (0, false, start);
    if c.any(&[':']).is_none() {
        return none;
    }
    let Some(second) = c.digits(1, 2).filter(|s| *s <= 60) else { return none };
    let mut millis = i64::from(second.min(59)) * 1000;
    let mut fraction = c;
    if fraction.any(&['.', ',']).is_some() && (1..=9).contains(&fraction.run()) {
        let digits: String = fraction.rest().chars().take(fraction.run().min(3)).collect();
        millis += format!("{digits:0<3}").parse::<i64>().unwrap_or(0);
        let run = fraction.run();
        if fraction.fixed(run).is_some() {
            c = fraction;
        }
    }
    (millis, true, c)
}

/// The hour from the midnight that begins the day named; 24 and more are of the night that ends it.
fn hour_of(hour: u32, part: Option<Part>) -> u32 {
    match part {
        Some(Part::Small) if hour == 12 => 0,
        Some(Part::Noon) if hour <= 3 => hour + 12,
        Some(Part::Afternoon) if hour < 12 => hour + 12,
        Some(Part::Evening) if hour == 12 => 24,
        Some(Part::Evening) if hour < 5 => hour + 24,
        Some(Part::Evening) if hour < 12 => hour + 12,
        Some(Part::Night) if hour == 12 => 24,
        Some(Part::Night) if (6..12).contains(&hour) => hour + 12,
        _ => hour,
    }
}
