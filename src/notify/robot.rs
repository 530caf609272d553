//! Group robots of 企业微信 (WeCom), 钉钉 (DingTalk) and 飞书 (Feishu): each with its body, size, rate and signature.
//!
//! In: a message. Out: its parts, none longer than the robot takes, and for each sent one what the robot answered. What
//! counts is the code of the answer, not its HTTP status. The address is the key: it stands in no error and no log.
//! Sizes, rates and codes are those of the three houses' papers on group robots as of 2026-11, a little below each
//! limit; a minute is taken as a sliding one, which holds for a fixed one too.

mod body;
mod codes;
mod file;
mod sign;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipelines::text::hex;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::items::{Item, grouped, items};
use super::message::Enclosure;
use super::pace::Limit;
use super::refusal::{Refusal, Why};
use super::{Message, http};
use crate::config::{RobotStyle, Secret};

/// Bytes of an answer that are read.
const ANSWER_BYTES: usize = 65_536;

/// A title longer than this is shortened in the heading of each part, and stands whole in the first.
const TITLE_CHARS: usize = 80;

/// Whose robot it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    /// 企业微信.
    Wecom,
    /// 钉钉.
    Dingtalk,
    /// 飞书 and Lark.
    Feishu,
}

impl Brand {
    /// The name used in config.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wecom => "wecom",
            Self::Dingtalk => "dingtalk",
            Self::Feishu => "feishu",
        }
    }

    /// Messages it takes: 20 a minute; 飞书 100 a minute and 5 a second.
    fn limits(self) -> &'static [Limit] {
        match self {
            Self::Wecom | Self::Dingtalk => &[Limit { count: 18, secs: 60 }],
            Self::Feishu => &[Limit { count: 4, secs: 1 }, Limit { count: 90, secs: 60 }],
        }
    }
}

/// A robot ready to be spoken to.
pub struct Robot {
    brand: Brand,
    client: Client,
    url: Url,
    secret: Option<Secret>,
    keyword: Option<String>,
    style: RobotStyle,
}

impl fmt::Debug for Robot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Robot({}, …)", self.brand.as_str())
    }
}

/// One part of a message: which of how many, and its body without signature; or a file that goes after them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) label: String,
    pub(super) body: Value,
    file: Option<Enclosure>,
}

impl Robot {
    /// The robot at `url`; the error is why not, without the address.
    pub(super) fn new(
        brand: Brand,
        url: &Secret,
        secret: Option<Secret>,
        keyword: Option<String>,
        style: RobotStyle,
        timeout: Duration,
    ) -> Result<Self, String> {
        let url = http::address(url)?;
        if url.scheme() == "http" && !crate::config::is_private_url(&url) {
            return Err("its address is not https: the key would be read on the way".to_owned());
        }
        Ok(Self { brand, client: http::client(timeout)?, url, secret, keyword, style })
    }

    /// The name of its kind.
    pub(super) fn kind(&self) -> &'static str {
        self.brand.as_str()
    }

    /// How many messages it takes in how long.
    pub(super) fn limits(&self) -> &'static [Limit] {
        self.brand.limits()
    }

    /// `message` in parts that are not too long, numbered where there are several.
    pub(super) fn parts(&self, message: &Message) -> Vec<Part> {
        let long = message.title.chars().count() > TITLE_CHARS;
        let mut all = items(&message.body_markdown, &message.title);
        if long {
            all.insert(0, Item::text(message.title.clone()));
        }
        let title: String = match long {
            true => message.title.chars().take(TITLE_CHARS).chain(['…']).collect(),
            false => message.title.clone(),
        };
        let part = |number: &str, items: &[Item]| {
            let items = self.with_keyword(&title, items);
            body::body(self.brand, self.style, &format!("{title}{number}"), &items)
        };
        let groups = grouped(all, &|items| {
            body::is_short_enough(self.brand, self.style, &part("（99/99）", items))
        });
        let of = groups.len();
        let numbered = groups.iter().enumerate().map(|(i, items)| {
            let label = format!("{}/{of}", i + 1);
            let number = if of > 1 { format!("（{label}）") } else { String::new() };
            Part { label, body: part(&number, items), file: None }
        });
        numbered.chain(self.files(message)).collect()
    }

    /// The files of `message`, where the robot takes some: the Word one where there is one, else the PDF, else all.
    fn files(&self, message: &Message) -> Vec<Part> {
        if self.brand != Brand::Wecom || file::address(&self.url).is_none() {
            return Vec::new();
        }
        let mut files = message.enclosures();
        let is =
            |file: &Enclosure, ending: &str| file.path.extension().is_some_and(|end| end == ending);
        let wanted = ["docx", "pdf"];
        if let Some(ending) = wanted.into_iter().find(|end| files.iter().any(|file| is(file, end)))
        {
            files.retain(|file| is(file, ending));
        }
        let part = |(i, file)| Part {
            label: format!("file {}", i + 1),
            body: Value::Null,
            file: Some(file),
        };
        files.into_iter().enumerate().map(part).collect()
    }

    /// What tells this robot from every other, without its key: all ways to it share what it takes of a minute.
    pub(super) fn mark(&self) -> String {
        hex(&Sha256::digest(self.url.as_str()))[..16].to_owned()
    }

    /// `items` with the keyword, where neither they nor the title have it.
    fn with_keyword(&self, title: &str, items: &[Item]) -> Vec<Item> {
        let mut items = items.to_vec();
        if let Some(keyword) = &self.keyword {
            let has = title.contains(keyword.as_str())
                || items.iter().any(|item| item.plain().contains(keyword.as_str()));
            if !has {
                items.push(Item::text(keyword.clone()));
            }
        }
        items
    }

    /// Sends one part; answers what the robot said. `now` goes into the signature.
    pub(super) async fn send(&self, part: &Part, now: DateTime<Utc>) -> Result<String, Refusal> {
        match &part.file {
            Some(file) => self.send_file(file, now).await,
            None => self.send_body(part.body.clone(), now).await,
        }
    }

    async fn send_body(&self, mut body: Value, now: DateTime<Utc>) -> Result<String, Refusal> {
        let mut url = self.url.clone();
        if let Some(secret) = &self.secret {
            sign::sign(self.brand, secret, now, &mut url, &mut body);
        }
        let kind = "application/json; charset=utf-8";
        self.post(url, kind, body.to_string().into_bytes(), now).await
    }

    /// Hands a file up and sends it. One that is gone or that no robot takes is left out and said so in the log: the
    /// message itself is out by then.
    async fn send_file(&self, file: &Enclosure, now: DateTime<Utc>) -> Result<String, Refusal> {
        let Some(url) = file::address(&self.url) else { return Ok(String::new()) };
        let size = tokio::fs::metadata(&file.path).await.map(|about| about.len());
        let read = match size {
            Ok(size) if file::TAKEN.contains(&size) => tokio::fs::read(&file.path).await,
            Ok(size) => Err(std::io::Error::other(format!("{size} bytes are not taken"))),
            Err(error) => Err(error),
        };
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(path = %file.path.display(), %error, "file not sent to the group");
                return Ok(String::new());
            }
        };
        let (kind, form) = file::form(&file.name, &bytes);
        let said = self.post(url, &kind, form, now).await?;
        let Some(media_id) = file::media_id(&said) else {
            return Err(Refusal::new(self.brand.as_str(), Why::NotJson, &said));
        };
        self.send_body(json!({ "msgtype": "file", "file": { "media_id": media_id } }), now).await
    }

    async fn post(
        &self,
        url: Url,
        kind: &str,
        body: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<String, Refusal> {
        let request = self.client.post(url).header(CONTENT_TYPE, kind).body(body);
        let refused = |why, said: &str| Refusal::new(self.brand.as_str(), why, &self.masked(said));
        let answer = request.send().await;
        let mut answer = answer.map_err(|e| refused(Why::NoAnswer, &http::no_answer(&e)))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut bytes = Vec::new();
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) if bytes.len() < ANSWER_BYTES => bytes.extend_from_slice(&chunk),
                Ok(_) => break,
                Err(e) => return Err(refused(Why::NoAnswer, &http::no_answer(&e))),
            }
        }
        let said = String::from_utf8_lossy(&bytes);
        let said = self.masked(said.trim());
        codes::judge(self.brand, status, &headers, &said, now).map(|()| said)
    }

    /// `text` without what is secret of this robot.
    fn masked(&self, text: &str) -> String {
        let query = self.url.query_pairs().map(|(_, value)| value.into_owned());
        let last = self.url.path_segments().and_then(Iterator::last).map(str::to_owned);
        let secret = self.secret.as_ref().map(|secret| secret.reveal().to_owned());
        let keys = query.chain(last).chain(secret).filter(|key| key.len() >= 6 && key != "webhook");
        keys.fold(text.to_owned(), |text, key| text.replace(&key, "…"))
    }
}

#[cfg(test)]
mod tests;
