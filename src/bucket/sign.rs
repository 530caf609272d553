//! Signing a request to an object store: version 4 of the signature that all of them take.
//!
//! In: a request, keys, a time. Out: the header fields that sign it. Pure; keys only go through HMAC.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use pipelines::text::hex;
use reqwest::Url;
use sha2::{Digest, Sha256};

/// What signs.
pub(super) struct Secret {
    pub access: String,
    pub secret: String,
    pub region: String,
}

/// What is signed.
pub(super) struct Request<'a> {
    pub method: &'a str,
    pub url: &'a Url,
    /// As it stands in the address, names and values not encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// Names in lower case.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
    pub at: DateTime<Utc>,
}

/// A query as it stands in an address and in what is signed: sorted by name, everything encoded but what means itself.
pub(super) fn query(parts: &[(&str, &str)]) -> String {
    let mut parts: Vec<(String, String)> =
        parts.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    parts.sort();
    let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parts.join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// The header fields that sign `request`.
pub(super) fn signed(request: &Request<'_>, by: &Secret) -> Vec<(&'static str, String)> {
    let stamp = request.at.format("%Y%m%dT%H%M%SZ").to_string();
    let day = &stamp[..8];
    let payload = hex(&Sha256::digest(request.body));
    let host = match (request.url.host_str().unwrap_or_default(), request.url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let mut headers: Vec<(&str, &str)> = request.headers.to_vec();
    headers.extend([
        ("host", host.as_str()),
        ("x-amz-content-sha256", &payload),
        ("x-amz-date", &stamp),
    ]);
    headers.sort_unstable();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    let lines: String =
        headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let canonical = format!(
        "{}\n{}\n{}\n{lines}\n{names}\n{payload}",
        request.method,
        request.url.path(),
        query(request.query),
    );
    let scope = format!("{day}/{}/s3/aws4_request", by.region);
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}");
    let mut key = format!("AWS4{}", by.secret).into_bytes();
    for part in [day, &by.region, "s3", "aws4_request"] {
        key = keyed(&key, part.as_bytes());
    }
    let signature = hex(&keyed(&key, text.as_bytes()));
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        by.access
    );
    vec![("x-amz-content-sha256", payload), ("x-amz-date", stamp), ("authorization", authorization)]
}

fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two examples of the service's own documentation, with the keys that stand there.
    #[test]
    fn signatures_are_those_of_the_documentation() {
        let by = Secret {
            access: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
            region: "us-east-1".to_owned(),
        };
        let at = DateTime::from_timestamp(1_369_353_600, 0).unwrap();
        let check =
            |path: &str, parts: &[(&str, &str)], headers: &[(&str, &str)], expected: &str| {
                let url =
                    Url::parse(&format!("https://examplebucket.s3.amazonaws.com{path}")).unwrap();
                let request =
                    Request { method: "GET", url: &url, query: parts, headers, body: b"", at };
                let authorization = signed(&request, &by).pop().unwrap().1;
                assert!(authorization.ends_with(expected), "{authorization}");
            };
        check(
            "/test.txt",
            &[],
            &[("range", "bytes=0-9")],
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        );
        check(
            "/",
            &[("prefix", "J"), ("max-keys", "2")],
            &[],
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        );
    }
}
