//! Signatures of robots: 钉钉 in the address, 飞书 in the body, 企业微信 none.
//!
//! In: the key, the time of this attempt, an address and a body of this attempt alone. Out: both with the signature.
//! The stored address is never touched: one that grows with each message is refused in the end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use serde_json::{Value, json};
use sha2::Sha256;

use super::Brand;
use crate::config::Secret;

/// Signs an attempt made at `now`.
pub(super) fn sign(
    brand: Brand,
    secret: &Secret,
    now: DateTime<Utc>,
    url: &mut Url,
    body: &mut Value,
) {
    match brand {
        Brand::Wecom => {}
        Brand::Dingtalk => {
            let at = now.timestamp_millis().to_string();
            let sign = dingtalk(secret.reveal(), &at);
            url.query_pairs_mut().append_pair("timestamp", &at).append_pair("sign", &sign);
        }
        Brand::Feishu => {
            let at = now.timestamp().to_string();
            body["sign"] = json!(feishu(secret.reveal(), &at));
            body["timestamp"] = json!(at);
        }
    }
}

/// 钉钉: the key signs `milliseconds\nkey`.
pub(super) fn dingtalk(secret: &str, at_ms: &str) -> String {
    hmac(secret.as_bytes(), format!("{at_ms}\n{secret}").as_bytes())
}

/// 飞书: `seconds\nkey` signs nothing at all.
pub(super) fn feishu(secret: &str, at_secs: &str) -> String {
    hmac(format!("{at_secs}\n{secret}").as_bytes(), b"")
}

fn hmac(key: &[u8], text: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_houses_own_samples() {
        // Made with Python's hmac and base64 by the samples of the two houses.
        assert_eq!(
            dingtalk("this is secret", "1700000000000"),
            "sSFWELbV2YwjdDQhWZwTcWlX5BWUx5J6TPpsZmuPii0="
        );
        assert_eq!(feishu("demo", "1599360473"), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
    }
}
