//! What the answer of a robot means: taken, or why not, whose fault that is, and how long to wait.
//!
//! In: status, headers and body of an answer. Out: nothing, or a refusal. An answer with status 200 may well be one; an
//! answer that is not the JSON of a robot never counts as taken.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::super::http::wish;
use super::super::refusal::{Refusal, Why};
use super::Brand;

/// Who sends too fast to 钉钉 is shut out for ten minutes.
const DINGTALK_SHUT: Duration = Duration::from_secs(600);

/// The others count by the minute.
const A_MINUTE: Duration = Duration::from_secs(60);

/// A clock that goes wrong by more is named where a signature is refused; an hour is what the houses allow.
const CLOCK_SECS: i64 = 300;

/// Whether the robot took the message.
pub(super) fn judge(
    brand: Brand,
    status: StatusCode,
    headers: &HeaderMap,
    said: &str,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let refused = |why, said: &str| Err(Refusal::new(brand.as_str(), why, said));
    let asked = wait_asked(headers, now);
    let code = serde_json::from_str::<Value>(said).ok().and_then(|answer| {
        let names: &[&str] =
            if brand == Brand::Feishu { &["code", "StatusCode"] } else { &["errcode"] };
        names.iter().find_map(|name| answer.get(name)).and_then(Value::as_i64)
    });
    let Some(code) = code else {
        let told = format!("HTTP {} {said}", status.as_u16());
        return match status {
            StatusCode::TOO_MANY_REQUESTS => {
                Err(Refusal::new(brand.as_str(), Why::Throttled, &told)
                    .after(asked.or(Some(A_MINUTE))))
            }
            status if status.is_server_error() => refused(Why::Busy, &told),
            status if status.is_success() && said.is_empty() => refused(Why::Empty, &told),
            _ => refused(Why::NotJson, &told),
        };
    };
    if code == 0 && status.is_success() {
        return Ok(());
    }
    let why = match brand {
        Brand::Wecom => wecom(code),
        Brand::Dingtalk => dingtalk(code, said),
        Brand::Feishu => feishu(code),
    };
    let why = if status == StatusCode::TOO_MANY_REQUESTS { Why::Throttled } else { why };
    let wait = (why == Why::Throttled)
        .then(|| asked.unwrap_or(if brand == Brand::Dingtalk { DINGTALK_SHUT } else { A_MINUTE }));
    if why == Why::Sign
        && let Some(wrong) = clock_wrong_by(headers, now)
    {
        let told = format!("{:+} min; {said}", wrong / 60);
        return refused(Why::Clock, &told);
    }
    Err(Refusal::new(brand.as_str(), why, said).after(wait))
}

fn wecom(code: i64) -> Why {
    match code {
        -1 => Why::Busy,
        45_009 | 45_033 | 45_047 => Why::Throttled,
        93_000 | 93_004 | 93_008 | 40_014 => Why::BadKey,
        60_020 => Why::Address,
        40_058 | 45_002 | 45_003 => Why::TooLong,
        40_008 | 44_004 | 47_001 => Why::BadBody,
        _ => Why::Unknown,
    }
}

fn dingtalk(code: i64, said: &str) -> Why {
    match code {
        -1 => Why::Busy,
        130_101 | 410_100 | 90_018 => Why::Throttled,
        310_000 => refused_by_setting(said),
        300_001 | 400_101 | 400_106 | 40_014 => Why::BadKey,
        400_013 | 400_102 => Why::Stopped,
        460_101 | 101_002 => Why::TooLong,
        400_105 | 40_035 | 43_004 => Why::BadBody,
        430_101..=430_104 => Why::Content,
        _ => Why::Unknown,
    }
}

/// 310000 is said of all three settings of a robot; only the words tell which.
fn refused_by_setting(said: &str) -> Why {
    let said = said.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["keyword", "关键词"]) {
        Why::Keyword
    } else if says(&["sign", "timestamp", "签名", "时间戳"]) {
        Why::Sign
    } else if says(&["ip ", "whitelist", "白名单"]) {
        Why::Address
    } else {
        Why::Settings
    }
}

fn feishu(code: i64) -> Why {
    match code {
        11_232 | 99_991_400 => Why::Throttled,
        19_021 => Why::Sign,
        19_022 => Why::Address,
        19_024 => Why::Keyword,
        19_001 => Why::BadKey,
        19_007 => Why::Stopped,
        19_002 | 9_499 => Why::BadBody,
        _ => Why::Unknown,
    }
}

/// What the answer asks for, in the header that everybody knows or the one of 飞书.
fn wait_asked(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let reset = text("x-ogw-ratelimit-reset").and_then(|secs| secs.trim().parse().ok());
    let after = text(RETRY_AFTER.as_str()).and_then(|value| wish(value, now));
    reset.map(Duration::from_secs).or(after)
}

/// Seconds that this machine's clock is ahead of theirs, where that is much.
fn clock_wrong_by(headers: &HeaderMap, now: DateTime<Utc>) -> Option<i64> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let theirs = DateTime::parse_from_rfc2822(date).ok()?.with_timezone(&Utc);
    let wrong = (now - theirs).num_seconds();
    (wrong.abs() > CLOCK_SECS).then_some(wrong)
}
