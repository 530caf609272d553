//! From an answer's header to a page: type, size, time, and what went wrong on the way.
//!
//! In: a response whose header has arrived. Out: a [`Page`] or the outcome that stops it. The body is
//! counted after decompression while it streams, so that neither an endless body nor a bomb is ever held;
//! what is not text is not read. It decodes no charset.

use std::error::Error as _;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::guard::NameError;
use super::host::{Clock, TimeTold};
use super::outcome::{FetchError, FetchErrorKind, FetchOutcome};
use super::policy::FetchPolicy;
use super::{Fetcher, Step, wall};
use crate::record::{DropReason, FetchJob, Page};

/// What happens to a body longer than allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlong {
    /// The part read so far is used (robots.txt).
    Cut,
    /// The request fails.
    Fail,
}

impl Fetcher {
    pub(super) async fn read_page(
        &self,
        job: &FetchJob,
        seen: &[String],
        url: Url,
        response: Response,
        clock: &Clock,
    ) -> Step<Page> {
        let status = response.status().as_u16();
        let content_type = header_text(response.headers(), CONTENT_TYPE.as_str());
        if let Some(kind) = content_type.as_deref().filter(|kind| !may_be_text(kind)) {
            let detail = format!("content type `{kind}` at {url}");
            return Err(FetchOutcome::dropped(DropReason::NotText, detail));
        }
        let headers = kept_headers(response.headers());
        let limit = (self.policy.max_body_bytes, Overlong::Fail);
        let body =
            read_body(&url, response, limit, &self.policy).await.map_err(FetchOutcome::Failed)?;
        if has_binary_magic(&body) {
            let detail =
                format!("binary bytes under `{}` at {url}", content_type.unwrap_or_default());
            return Err(FetchOutcome::dropped(DropReason::NotText, detail));
        }
        wall::stands_before(seen, &url, &body)?;
        Ok(Page {
            sha256: Sha256::digest(&body).into(),
            url: url.into(),
            requested_url: job.url.clone(),
            source: job.source.clone(),
            status,
            headers,
            body,
            fetched_at: clock.now(),
        })
    }
}

/// Reads a body within the policy's time and the given bytes.
pub(super) async fn read_body(
    url: &Url,
    mut response: Response,
    (limit, overlong): (usize, Overlong),
    policy: &FetchPolicy,
) -> Result<Vec<u8>, FetchError> {
    let fail = |kind, cause: String| FetchError { url: url.to_string(), kind, cause };
    let end = Instant::now() + policy.total_timeout;
    let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    if announced > limit && overlong == Overlong::Fail {
        let cause = format!("{announced} bytes announced, {limit} allowed");
        return Err(fail(FetchErrorKind::TooLarge, cause));
    }
    let mut body = Vec::with_capacity(announced.min(limit));
    loop {
        let next = timeout_at(end, timeout(policy.header_timeout, response.chunk())).await;
        let chunk = match next {
            Ok(Ok(Ok(Some(chunk)))) => chunk,
            Ok(Ok(Ok(None))) => return Ok(body),
            Ok(Ok(Err(error))) => return Err(failure(url, &error)),
            Ok(Err(_)) | Err(_) => {
                let cause = format!("stopped after {} bytes", body.len());
                return Err(fail(FetchErrorKind::SlowBody, cause));
            }
        };
        if body.len() + chunk.len() > limit {
            if overlong == Overlong::Cut {
                body.extend_from_slice(&chunk[..limit - body.len()]);
                return Ok(body);
            }
            return Err(fail(FetchErrorKind::TooLarge, format!("more than {limit} bytes decoded")));
        }
        body.extend_from_slice(&chunk);
    }
}

/// The kind of a client error, from its chain of causes.
pub(super) fn failure(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut kind = if error.is_connect() {
        FetchErrorKind::Connect
    } else if error.is_body() || error.is_decode() {
        FetchErrorKind::Cut
    } else {
        FetchErrorKind::Protocol
    };
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if let Some(name) = cause.downcast_ref::<NameError>() {
            kind = match name {
                NameError::Unknown(..) => FetchErrorKind::Dns,
                NameError::Private(..) => FetchErrorKind::PrivateAddress,
            };
        } else if is_tls(cause) {
            kind = FetchErrorKind::Tls;
        }
        if !causes.contains(&text) {
            causes.push(text);
        }
        next = cause.source();
    }
    if error.is_timeout() {
        kind = FetchErrorKind::Timeout;
    }
    FetchError { url: url.to_string(), kind, cause: causes.join(": ") }
}

fn is_tls(cause: &(dyn std::error::Error + 'static)) -> bool {
    // An I/O error hides its cause from the chain, several deep.
    let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    cause.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}

impl FetchError {
    /// Whether the place itself cannot be asked, whatever the path.
    pub(super) fn is_about_the_place(&self) -> bool {
        use FetchErrorKind::{BadAddress, Connect, Dns, PrivateAddress, Tls};
        matches!(self.kind, BadAddress | PrivateAddress | Dns | Connect | Tls)
    }
}

/// `Retry-After` in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let value = header_text(headers, RETRY_AFTER.as_str())?;
    let value = value.trim();
    if let Ok(secs) = value.parse::<u32>() {
        return Some(now + TimeDelta::seconds(i64::from(secs)));
    }
    DateTime::parse_from_rfc2822(value).ok().map(|at| at.to_utc())
}

/// What an answer says of the time: its `Date`, and the seconds since then if a cache had kept it.
pub(super) fn time_told(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeTold> {
    let date = DateTime::parse_from_rfc2822(header_text(headers, "date")?.trim()).ok()?;
    let age = header_text(headers, "age").and_then(|age| age.trim().parse::<u32>().ok());
    let age = TimeDelta::seconds(age.map_or(0, i64::from));
    Some(TimeTold { at: Instant::now(), ahead: now - (date.to_utc() + age) })
}

fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
}

/// All headers but cookies: the evidence shows what was served, and no session is kept.
fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !name.as_str().starts_with("set-cookie"))
        .map(|(name, v)| (name.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect()
}

/// Whether a content type can hold what we read: text, XML, JSON, a packed sitemap, or unnamed bytes.
fn may_be_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Some((family, sub)) = kind.split_once('/') else { return true };
    match family {
        "text" => true,
        "application" => {
            [
                "xml",
                "json",
                "html",
                "octet-stream",
                "gzip",
                "text",
                "plain",
                "unknown",
                "rss",
                "atom",
            ]
            .iter()
            .any(|word| sub.contains(word))
                && !sub.contains("openxml")
        }
        "image" | "audio" | "video" | "font" | "model" => false,
        // Invented families are met in the wild; the bytes decide.
        _ => true,
    }
}

/// Bytes that begin like a picture, document, archive or program, whatever the header says.
fn has_binary_magic(body: &[u8]) -> bool {
    const MAGIC: &[&[u8]] = &[
        b"%PDF-",
        b"\x89PNG",
        b"GIF8",
        b"\xFF\xD8\xFF",
        b"PK\x03\x04",
        b"Rar!",
        b"7z\xBC\xAF",
        b"RIFF",
        b"\x7FELF",
        b"MZ\x90\x00",
        b"\xD0\xCF\x11\xE0",
        b"ID3",
        b"OggS",
        b"\x00\x00\x00\x18ftyp",
        b"\x00\x00\x00\x20ftyp",
        b"wOFF",
        b"wOF2",
    ];
    MAGIC.iter().any(|magic| body.starts_with(magic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let at = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, value.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(at("120"), Some(now + TimeDelta::seconds(120)));
        let date = at("Sun, 22 Nov 2026 14:00:00 GMT").unwrap();
        assert_eq!(date.to_rfc3339(), "2026-11-22T14:00:00+00:00");
        assert_eq!(at("soon"), None);
    }

    #[test]
    fn the_time_a_cache_kept_an_answer_is_added_to_its_date() {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let told = |headers: &[(&'static str, &str)]| {
            let read = headers.iter().map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), value.parse().unwrap())
            });
            time_told(&read.collect(), now).map(|told| (now - told.ahead).to_rfc3339())
        };
        let date = ("date", "Sun, 22 Nov 2026 14:00:00 GMT");
        assert_eq!(told(&[date]).unwrap(), "2026-11-22T14:00:00+00:00");
        assert_eq!(told(&[date, ("age", "3600")]).unwrap(), "2026-11-22T15:00:00+00:00");
        assert_eq!(told(&[("age", "3600")]), None);
        assert_eq!(told(&[("date", "today")]), None);
    }

    #[test]
    fn what_is_no_text_is_told_by_its_type() {
        for (kind, expected) in [
            ("text/html; charset=gbk", true),
            ("application/rss+xml", true),
            ("application/feed+json", true),
            ("application/octet-stream", true),
            ("html", true),
            ("image/png", false),
            ("application/pdf", false),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", false),
            ("application/zip", false),
            ("video/mp4", false),
        ] {
            assert_eq!(may_be_text(kind), expected, "{kind}");
        }
    }
}
