//! Zones beside a clock: `Z`, `+08:00`, `GMT+8`, `EST`, `[Asia/Shanghai]`, `(CST)`, 北京时间.
//!
//! In: the place behind a clock. Out: the zone and the place behind it. `CST` has two meanings, so it is handed on
//! as such. A span of hours (`08:30-10:00`) is no offset.

use chrono_tz::Tz;

use super::cursor::Cursor;

/// A zone as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Zone {
    /// Seconds east of Greenwich.
    Offset(i32),
    /// By its place.
    Named(Tz),
    /// China's or Chicago's standard time.
    Cst,
}

/// Hours east of Greenwich in quarters.
const NAMES: [(&str, i32); 34] = [
    ("北京时间", 32),
    ("Z", 0),
    ("UT", 0),
    ("WET", 0),
    ("BST", 4),
    ("WEST", 4),
    ("CET", 4),
    ("CEST", 8),
    ("EET", 8),
    ("EEST", 12),
    ("MSK", 12),
    ("IST", 22),
    ("ICT", 28),
    ("WIB", 28),
    ("BJT", 32),
    ("HKT", 32),
    ("SGT", 32),
    ("PHT", 32),
    ("AWST", 32),
    ("JST", 36),
    ("KST", 36),
    ("AEST", 40),
    ("AEDT", 44),
    ("NZST", 48),
    ("NZDT", 52),
    ("EST", -20),
    ("EDT", -16),
    ("CDT", -20),
    ("MST", -28),
    ("MDT", -24),
    ("PST", -32),
    ("PDT", -28),
    ("AKST", -36),
    ("HST", -40),
];

/// The zone here, blanks and brackets before it passed over. `is_precise`: the clock has seconds or stands behind
/// a `T`, so that `-05:00` behind it is no second clock.
pub(super) fn zone(start: Cursor<'_>, is_precise: bool) -> Option<(Zone, Cursor<'_>)> {
    let mut c = start;
    let bracketed = c.blanks().any(&['(', '[']).is_some();
    let (zone, mut c) = bare(c, is_precise)?;
    if bracketed {
        c.blanks().any(&[')', ']'])?;
    } else {
        // `+0800 (CST)`, `+08:00[Asia/Shanghai]` say the same twice.
        let mut again = c;
        let opened = again.blanks().any(&['(', '[']).is_some();
        if let Some((_, mut end)) = bare(again, is_precise).filter(|_| opened)
            && end.blanks().any(&[')', ']']).is_some()
        {
            c = end;
        }
    }
    Some((zone, c))
}

fn bare(start: Cursor<'_>, is_precise: bool) -> Option<(Zone, Cursor<'_>)> {
    let mut c = start;
    if let Some(()) = c.word(&[("GMT", ()), ("UTC", ())]) {
        let greenwich = (Zone::Offset(0), c);
        return Some(offset(c.past_blanks(), true).unwrap_or(greenwich));
    }
    if c.word(&[("CST", ())]).is_some() {
        return Some((Zone::Cst, c));
    }
    if let Some(quarters) = c.word(&NAMES) {
        return Some((Zone::Offset(quarters * 900), c));
    }
    offset(c, is_precise).or_else(|| place(c))
}

/// `+08:00`, `+0800`, `+08`, `+8`. A minus with minutes behind a colon may be the second clock of a span.
fn offset(start: Cursor<'_>, is_precise: bool) -> Option<(Zone, Cursor<'_>)> {
    let mut c = start;
    let is_west = c.any(&['+', '-'])? == '-';
    let (hours, minutes) = match c.run() {
        4 if !is_west || is_precise || start.before() == Some(' ') => (c.fixed(2)?, c.fixed(2)?),
        1 | 2 => {
            let hours = c.digits(1, 2)?;
            let mut with = c;
            let minutes = with.any(&[':']).and_then(|_| with.digits(2, 2));
            if minutes.is_some() {
                c = with;
            }
            if is_west && !is_precise {
                return None;
            }
            (hours, minutes.unwrap_or(0))
        }
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    let secs = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    Some((Zone::Offset(if is_west { -secs } else { secs }), c))
}

/// `Asia/Shanghai`.
fn place(start: Cursor<'_>) -> Option<(Zone, Cursor<'_>)> {
    let rest = start.rest();
    let len = rest
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-' | b'+'))
        .count();
    let name = &rest[..len];
    if !name.contains('/') {
        return None;
    }
    let mut c = start;
    c.word(&[(name, ())])?;
    Some((Zone::Named(name.parse().ok()?), c))
}
