//! What webhooks and robots have in common: a client that keeps to its way, and what is told of a missing answer.
//!
//! In: an address as a secret; an error of the client. Out: a client, words. Names the address nowhere: it may be a
//! secret itself. Follows no redirects, sends no cookies, asks no proxy.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{Client, Url};

use crate::config::Secret;

/// The address in `secret`; the error is why not.
pub(super) fn address(secret: &Secret) -> Result<Url, String> {
    let url = Url::parse(secret.reveal()).map_err(|e| format!("its address is malformed: {e}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme => Err(format!("its address has the scheme `{scheme}`")),
    }
}

/// A client that waits for `timeout`.
pub(super) fn client(timeout: Duration) -> Result<Client, String> {
    // Fails only where a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .user_agent(concat!("guanlan/", env!("CARGO_PKG_VERSION")))
        // The same way as the fetcher's: no proxy that happens to stand in the environment sees alerts.
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout)
        .timeout(timeout)
        .build()
        .map_err(|e| format!("no HTTP client: {}", e.without_url()))
}

/// Why there was no answer, without the address.
pub(super) fn no_answer(error: &reqwest::Error) -> String {
    match error {
        e if e.is_timeout() => "not in time".to_owned(),
        e if e.is_connect() => "no connection".to_owned(),
        e => std::error::Error::source(e)
            .map_or_else(|| "broken off".to_owned(), ToString::to_string),
    }
}

/// `Retry-After` as seconds or as an HTTP date.
pub(super) fn wish(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(secs) = value.parse() {
        return Some(Duration::from_secs(secs));
    }
    let at = DateTime::parse_from_rfc2822(value).ok()?.with_timezone(&Utc);
    (at - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn waits_are_read_in_both_forms() {
        let now = Utc.with_ymd_and_hms(2026, 11, 22, 8, 0, 0).unwrap();
        for (value, secs) in [
            ("120", Some(120)),
            ("Sun, 22 Nov 2026 08:05:00 GMT", Some(300)),
            ("Sun, 22 Nov 2026 07:00:00 GMT", None),
            ("soon", None),
        ] {
            assert_eq!(wish(value, now).map(|d| d.as_secs()), secs, "{value}");
        }
    }
}
