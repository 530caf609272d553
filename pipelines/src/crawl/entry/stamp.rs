//! Times as feeds, lists, sitemaps and rows write them, as a post has them.
//!
//! In: a text. Out: a [`Published`], or nothing: a wrong date is worse than none. The grammar is that of
//! `extract::time`, one for feeds, pages and tables. What is counted from now or has no year is less sure than a
//! day in full. Whether a time in the future is believed is said where a post
//! is made.

use chrono::{DateTime, Utc};
use chrono_tz::{Asia, Tz};

use crate::extract::{TimeContext, parse_time_in};
use crate::record::{Confidence, Published};

/// Texts without a zone are read in this one.
pub const ZONE: Tz = Asia::Shanghai;

/// The time in `text`, found at `place`, beside a Chinese text.
#[must_use]
pub fn stamp(text: &str, place: &str, now: DateTime<Utc>) -> Option<Published> {
    stamp_in(text, place, &TimeContext::new(now, ZONE))
}

/// The same in a context of one's own.
#[must_use]
pub fn stamp_in(text: &str, place: &str, context: &TimeContext) -> Option<Published> {
    let (time, is_stated) = parse_time_in(text, context)?;
    let confidence = if is_stated { Confidence::High } else { Confidence::Medium };
    Some(Published { at: time.at, has_time: time.has_time, confidence, place: place.to_owned() })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn check(text: &str, expected: Option<(&str, Confidence)>) {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 12, 0, 0).unwrap();
        let got = stamp(text, "feed", now).map(|p| (p.at.to_rfc3339(), p.confidence));
        let got = got.as_ref().map(|(at, confidence)| (at.as_str(), *confidence));
        assert_eq!(got, expected, "{text}");
    }

    #[test]
    fn times_of_feeds() {
        use Confidence::{High, Medium};
        for (text, expected) in [
            ("2026-11-21T08:00:00+08:00", Some(("2026-11-21T00:00:00+00:00", High))),
            ("2026-11-21T08:00:00.123Z", Some(("2026-11-21T08:00:00.123+00:00", High))),
            ("2026-11-21 08:00:00", Some(("2026-11-21T00:00:00+00:00", High))),
            ("Sat, 21 Nov 2026 08:00:00 +0800", Some(("2026-11-21T00:00:00+00:00", High))),
            ("Mon, 21 Nov 2026 08:00:00 GMT", Some(("2026-11-21T08:00:00+00:00", High))),
            ("2026-11-21", Some(("2026-11-20T16:00:00+00:00", High))),
            ("1795219200", Some(("2026-11-21T00:00:00+00:00", High))),
            ("", None),
            ("十一月某日", None),
            ("3小时前", Some(("2026-11-22T09:00:00+00:00", Medium))),
            ("2031-01-01", Some(("2030-12-31T16:00:00+00:00", High))),
            ("11-21 08:00", Some(("2026-11-21T00:00:00+00:00", Medium))),
            ("2026年11月21日 08:00", Some(("2026-11-21T00:00:00+00:00", High))),
        ] {
            check(text, expected);
        }
    }
}
