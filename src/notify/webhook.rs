//! Posting JSON to a webhook, with an idempotency key and, where a key is given, a signature.
//!
//! In: a message. Out: accepted, or an error. Follows no redirects, sends no cookies, and names the address
//! nowhere: it may be a secret itself.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use pipelines::text::hex;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Url};
use sha2::{Digest, Sha256};

use super::{DeliverError, Message, http};
use crate::config::Secret;

/// A webhook ready to post to.
pub struct Webhook {
    client: Client,
    url: Url,
    headers: HeaderMap,
    secret: Option<Secret>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook(…)")
    }
}

impl Webhook {
    /// A webhook at `url`; the error is why not, without the address.
    pub(super) fn new(
        url: &Secret,
        headers: &BTreeMap<String, String>,
        secret: Option<Secret>,
        timeout: Duration,
    ) -> Result<Self, String> {
        let url = http::address(url)?;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| format!("`{name}` is no header name"))?;
            let value = HeaderValue::from_str(value)
                .or_else(|_| HeaderValue::from_bytes(value.as_bytes()))
                .map_err(|_| format!("the value of header `{name}` is malformed"))?;
            map.insert(name, value);
        }
        let client = http::client(timeout)?;
        Ok(Self { client, url, headers: map, secret })
    }

    /// Posts `message`; answers what was said to it.
    pub(super) async fn post(
        &self,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<String, DeliverError> {
        let body = message.json();
        let mut request = self
            .client
            .post(self.url.clone())
            .headers(self.headers.clone())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("Idempotency-Key", header_key(&message.key));
        if let Some(secret) = &self.secret {
            let timestamp = now.timestamp().to_string();
            let signature = signature(secret.reveal(), &timestamp, &body);
            request = request
                .header("X-Guanlan-Timestamp", timestamp)
                .header("X-Guanlan-Signature", format!("sha256={signature}"));
        }
        let answer = request
            .body(body)
            .send()
            .await
            .map_err(|e| DeliverError::NoAnswer { why: http::no_answer(&e) })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(format!("HTTP {}", status.as_u16()));
        }
        let retry_after = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| http::wish(value, now));
        Err(DeliverError::Refused { status: status.as_u16(), retry_after })
    }
}

/// The key as a header value: itself where that is plain and short, else its hash.
fn header_key(key: &str) -> String {
    if key.len() <= 200 && key.bytes().all(|b| b.is_ascii_graphic()) {
        return key.to_owned();
    }
    hex(&Sha256::digest(key.as_bytes()))
}

/// HMAC-SHA256 over `timestamp`, a full stop and the body, hexadecimal: a replay shows by its time.
fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_any_other_hmac() {
        // Python: hmac.new(b"key", b"1700000000." + body.encode(), "sha256").hexdigest()
        assert_eq!(
            signature("key", "1700000000", "{\"a\":\"观澜\"}"),
            "c93ac30edd3ed03d1419512156837f3bb95bb2e9d6f8db8a691efa0c7c031755"
        );
    }

    #[test]
    fn keys_become_plain_header_values() {
        assert_eq!(header_key("accident:0011223344556677"), "accident:0011223344556677");
        assert_eq!(header_key("事故:1").len(), 64);
        assert_eq!(header_key("a\r\nX-Evil: 1").len(), 64);
    }
}
