//! Written times: the one grammar of feeds, pages, tables and lists.

use std::path::Path;

use chrono::{DateTime, Datelike, Duration, Utc};
use chrono_tz::Tz;
use pipelines::extract::{TimeContext, cell_time, parse_time, parse_time_in, time_words};

pub const PIECES: &[&str] = &[
    "2026年11月22日",
    "2026-11-22",
    "11-22",
    "22/11/2026",
    "20261122",
    "1790000000",
    "46346.354167",
    "9999",
    "民国115年",
    "二〇二六年十一月二十二日",
    "星期日",
    "（周日）",
    "08:15",
    "8时15分",
    "晚",
    "凌晨",
    "晚上12:00",
    "昨晚",
    "前天",
    "去年",
    "刚刚",
    "半",
    "个小时前",
    "一个半小时前",
    "99999999999天前",
    "月",
    "日",
    "年",
    "十",
    "廿",
    "Sun, 22 Nov 2026 08:15:00 ",
    "GMT+8",
    "CST",
    "+0800",
    "Z",
    "T",
    ":",
    "：",
    "-",
    "/",
    ".",
    " ",
    "\u{3000}",
    "\u{a0}",
    "29",
    "2",
    "0",
    "31",
    "60",
    "24",
    "発",
];

/// Whoever has daylight saving, and the ends of the world.
const ZONES: [Tz; 4] = [Tz::Asia__Shanghai, Tz::America__Chicago, Tz::Pacific__Apia, Tz::UTC];

/// Read as a line, as words and as a cell, in several zones; what is read is a time that a post can have, and is read
/// again from what we write.
pub fn time(input: &[u8], _: &Path) {
    let text = String::from_utf8_lossy(input);
    let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    for zone in ZONES {
        let context = TimeContext::new(now, zone);
        let read = parse_time_in(&text, &context);
        let cell = cell_time(&text, now, zone);
        for time in read.map(|(time, _)| time).into_iter().chain(cell) {
            let year = time.at.with_timezone(&zone).year();
            let ahead = now + Duration::days(366 * 11);
            assert!((1989..).contains(&year) && time.at < ahead, "{} from {text:?}", time.at);
            written(time.at, now, zone);
        }
    }
    if let Some(words) = time_words(&text) {
        let late = TimeContext::new(DateTime::from_timestamp(3_000_000_000, 0).unwrap(), ZONES[0]);
        assert!(parse_time_in(&words, &late).is_some(), "{words:?} of {text:?}");
    }
}

/// What machines write of an instant names that instant.
fn written(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) {
    for shown in [at.to_rfc3339(), at.with_timezone(&zone).to_rfc2822()] {
        let again = parse_time(&shown, now, zone).map(|time| time.at.timestamp());
        assert_eq!(again, Some(at.timestamp()), "{shown}");
    }
}
