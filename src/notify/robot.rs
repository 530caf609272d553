//! Group robots of 企业微信 (WeCom), 钉钉 (DingTalk) and 飞书 (Feishu): each with its body, size, rate and signature.
//!
//! In: a message. Out: its parts, none longer than the robot takes, and for each sent one what the robot answered. What
//! counts is the code of the answer, not its HTTP status. The address is the key: it stands in no error and no log.
//! Sizes, rates and codes are those of the three houses' papers on group robots as of 2026-11, a little below each
//! limit; a minute is taken as a sliding one, which holds for a fixed one too.

mod body;
mod codes;
mod sign;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde_json::Value;

use super::items::{Item, grouped, items};
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

/// One part of a message: which of how many, and its body without signature.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) label: String,
    pub(super) body: Value,
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
            Part { label, body: part(&number, items) }
        });
        numbered.collect()
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
        let (mut url, mut body) = (self.url.clone(), part.body.clone());
        if let Some(secret) = &self.secret {
            sign::sign(self.brand, secret, now, &mut url, &mut body);
        }
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .body(body.to_string());
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
