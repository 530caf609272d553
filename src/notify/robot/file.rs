//! A file for a group of 企业微信: handed up first, then sent by the id that came back.
//!
//! In: the robot's address, a name and bytes. Out: the address that takes files, the form that carries one, the id in the
//! answer. Sizes are those of the house's paper on group robots as of 2026-11: from 5 bytes to 20 MiB, and the id is good for
//! this robot alone.

use pipelines::text::hex;
use reqwest::Url;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Bytes of a file that are taken.
pub(super) const TAKEN: std::ops::RangeInclusive<u64> = 5..=20 * 1024 * 1024;

/// Where the robot at `url` takes files; nowhere where it is not the house's own address, as behind a relay.
pub(super) fn address(url: &Url) -> Option<Url> {
    let path = url.path().strip_suffix("/send")?;
    let mut up = url.clone();
    up.set_path(&format!("{path}/upload_media"));
    up.query_pairs_mut().append_pair("type", "file");
    Some(up)
}

/// A form with one file: its content type, and its bytes.
pub(super) fn form(name: &str, bytes: &[u8]) -> (String, Vec<u8>) {
    // No file holds the hash of itself.
    let boundary = hex(&Sha256::digest(bytes));
    let name: String = name
        .chars()
        .map(|c| if c.is_control() || matches!(c, '"' | '\\' | '/') { '_' } else { c })
        .collect();
    let length = bytes.len();
    let mut form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"; \
         filelength={length}\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(bytes);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), form)
}

/// The id of a file that was handed up.
pub(super) fn media_id(said: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(said).ok()?;
    answer.get("media_id")?.as_str().filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_go_beside_messages_and_to_no_relay() {
        let at = |text: &str| address(&Url::parse(text).unwrap()).map(|url| url.to_string());
        assert_eq!(
            at("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=K").as_deref(),
            Some("https://qyapi.weixin.qq.com/cgi-bin/webhook/upload_media?key=K&type=file")
        );
        assert_eq!(at("https://relay.example.com/wecom?key=K"), None);
    }

    #[test]
    fn a_name_cannot_end_the_head_of_its_form() {
        let (kind, bytes) = form("日报\"\r\nX: y/..\\.docx", b"12345");
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("filename=\"日报___X: y_.._.docx\"; filelength=5\r\n"), "{text}");
        let boundary = kind.split_once("boundary=").unwrap().1;
        assert_eq!(text.matches(&format!("--{boundary}")).count(), 2);
        assert!(text.contains("\r\n\r\n12345\r\n--"));
    }
}
