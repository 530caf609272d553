//! Delivering: alerts and digests to the log, a file, a webhook or a group robot, each once per key as far as one side can.
//!
//! In: a message with its key. Out: done, or an error that says who is at fault. The queue
//! itself (outbox) is the store's; this module knows no store and decides nothing about what is sent.

mod about;
mod file;
mod http;
mod items;
mod mail;
mod message;
mod pace;
mod refusal;
mod retry;
mod robot;
mod webhook;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use pipelines::locale::Lang;

use crate::config::{NotifierConfig, NotifierKind, RobotConfig, SecretError};

pub use about::About;
use mail::Mail;
pub use message::{
    AlertNotice, DigestNotice, Enclosure, Growth, Message, MessageKind, alert_message,
    digest_message, many_message, test_message,
};
pub use pace::{Limit, Pace};
pub use refusal::{Refusal, Why};
pub use retry::{LONGEST_WAIT_SECS, MAX_ATTEMPTS, next_attempt};
use robot::{Brand, Robot};
use webhook::Webhook;

/// One way out, ready to use.
#[derive(Debug)]
pub enum Notifier {
    /// A line in the log of the station.
    Log,
    /// One JSON object a line, appended to a file.
    File {
        /// The file.
        path: PathBuf,
        /// One writer at a time.
        lock: Arc<Mutex<()>>,
    },
    /// A JSON object by HTTP POST.
    Webhook(Webhook),
    /// A group robot, which takes a long message in parts.
    Robot(Robot),
    /// Letters, one for each recipient.
    Mail(Box<Mail>),
}

/// A piece of a message: what goes out at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// Which of the pieces of its message; the same message has the same ones again.
    pub label: String,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    /// The message itself.
    Whole,
    /// A part for a robot.
    Part(robot::Part),
    /// The letter to the recipient that the label names.
    Letter,
}

impl Piece {
    /// Whether it may go where another of its message was refused.
    #[must_use]
    pub fn stands_alone(&self) -> bool {
        self.content == Content::Letter
    }
}

/// Why a message was not delivered, or a notifier not made.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Its address or key cannot be had, or is none.
    #[error("notifier `{name}` cannot be used: {why}")]
    Config {
        /// The notifier.
        name: String,
        /// The reason; no secret in it.
        why: String,
    },
    /// What stands in the outbox is no message.
    #[error("unreadable message: {why}")]
    Unreadable {
        /// Why.
        why: String,
    },
    /// The file cannot be written.
    #[error("cannot append to `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No answer: no connection, or not in time.
    #[error("webhook did not answer: {why}")]
    NoAnswer {
        /// The cause, without the address.
        why: String,
    },
    /// An answer other than success.
    #[error("webhook answered {status}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What `Retry-After` asks for.
        retry_after: Option<Duration>,
    },
    /// What a robot said, which says more than a status.
    #[error(transparent)]
    Told(#[from] Refusal),
}

/// Who is at fault where a message did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The message: sent again it is refused again.
    Message,
    /// The way: every message would fare the same until it is mended.
    Way,
    /// It cannot be told: the other side may stumble over this message, or over all.
    Unclear,
}

impl DeliverError {
    /// Who is at fault.
    #[must_use]
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unreadable { .. } => Blame::Message,
            Self::Config { .. } | Self::File { .. } => Blame::Way,
            Self::NoAnswer { .. } => Blame::Unclear,
            Self::Refused { status, .. } => match status {
                // What is said of the body: malformed, too large, of the wrong type, not to be processed.
                400 | 413 | 415 | 422 => Blame::Message,
                408 | 425 | 500.. => Blame::Unclear,
                _ => Blame::Way,
            },
            Self::Told(refusal) => refusal.blame(),
        }
    }

    /// What happened and what to do, for officers; what the log says where there are no words of their own.
    #[must_use]
    pub fn words(&self, lang: Lang) -> String {
        match self {
            Self::Told(refusal) => refusal.words(lang),
            other => other.to_string(),
        }
    }

    /// What the other side asks for before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            Self::Told(refusal) => refusal.retry_after(),
            _ => None,
        }
    }
}

impl Notifier {
    /// The notifier of a config. Reads its secrets now, so that a missing one is told at the start.
    ///
    /// # Errors
    /// A secret cannot be read, an address or header is malformed.
    pub fn from_config(config: &NotifierConfig) -> Result<Self, DeliverError> {
        let unusable = |why: String| DeliverError::Config { name: config.name.clone(), why };
        let secret = |e: SecretError| unusable(e.to_string());
        match &config.kind {
            NotifierKind::Log => Ok(Self::Log),
            NotifierKind::File { path } => {
                Ok(Self::File { path: path.clone(), lock: Arc::default() })
            }
            NotifierKind::Webhook { headers, timeout_secs, .. } => {
                let url = config.kind.url().map_err(secret)?;
                let url = url.ok_or_else(|| unusable("it has no address".into()))?;
                let key = config.kind.secret().map_err(secret)?;
                let timeout = Duration::from_secs(u64::from(*timeout_secs));
                let webhook = Webhook::new(&url, headers, key, timeout).map_err(unusable)?;
                Ok(Self::Webhook(webhook))
            }
            NotifierKind::Wecom(robot) => Self::robot(config, Brand::Wecom, robot),
            NotifierKind::Dingtalk(robot) => Self::robot(config, Brand::Dingtalk, robot),
            NotifierKind::Feishu(robot) => Self::robot(config, Brand::Feishu, robot),
            NotifierKind::Mail(mail) => {
                let password = config.kind.secret().map_err(secret)?;
                let mail = Mail::new(mail, password).map_err(unusable)?;
                Ok(Self::Mail(Box::new(mail)))
            }
        }
    }

    fn robot(
        config: &NotifierConfig,
        brand: Brand,
        robot: &RobotConfig,
    ) -> Result<Self, DeliverError> {
        let unusable = |why: String| DeliverError::Config { name: config.name.clone(), why };
        let secret = |e: SecretError| unusable(e.to_string());
        let url = config.kind.url().map_err(secret)?;
        let url = url.ok_or_else(|| unusable("it has no address".into()))?;
        let key = config.kind.secret().map_err(secret)?;
        let timeout = Duration::from_secs(u64::from(robot.timeout_secs));
        let robot = Robot::new(brand, &url, key, robot.keyword.clone(), robot.style, timeout);
        robot.map(Self::Robot).map_err(unusable)
    }

    /// The name of its kind, as in config.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::File { .. } => "file",
            Self::Webhook(_) => "webhook",
            Self::Robot(robot) => robot.kind(),
            Self::Mail(_) => mail::WAY,
        }
    }

    /// How much it takes in how long; nothing where it takes everything.
    #[must_use]
    pub fn limits(&self) -> &'static [Limit] {
        match self {
            Self::Log | Self::File { .. } | Self::Webhook(_) | Self::Mail(_) => &[],
            Self::Robot(robot) => robot.limits(),
        }
    }

    /// The name of what is shared by all ways to the same robot: what it takes of a minute. Others share nothing.
    #[must_use]
    pub fn bucket(&self, way: &str) -> String {
        match self {
            Self::Robot(robot) => format!("bucket:{}:{}", robot.kind(), robot.mark()),
            _ => format!("bucket:way:{way}"),
        }
    }

    /// Whether what is out of a message has to be remembered piece by piece.
    #[must_use]
    pub fn is_piecewise(&self) -> bool {
        matches!(self, Self::Robot(_) | Self::Mail(_))
    }

    /// The pieces of `message`, in their order.
    #[must_use]
    pub fn pieces(&self, message: &Message) -> Vec<Piece> {
        match self {
            Self::Log | Self::File { .. } | Self::Webhook(_) => {
                vec![Piece { label: "1/1".to_owned(), content: Content::Whole }]
            }
            Self::Mail(mail) => {
                let letter = |label| Piece { label, content: Content::Letter };
                mail.recipients().map(letter).collect()
            }
            Self::Robot(robot) => {
                let parts = robot.parts(message).into_iter();
                parts
                    .map(|part| Piece { label: part.label.clone(), content: Content::Part(part) })
                    .collect()
            }
        }
    }

    /// Sends one piece of `message`; answers what the other side said, without secrets.
    ///
    /// # Errors
    /// It was not delivered; see [`DeliverError::blame`].
    pub async fn send(
        &self,
        message: &Message,
        piece: &Piece,
        now: DateTime<Utc>,
    ) -> Result<String, DeliverError> {
        match (self, &piece.content) {
            (Self::Robot(robot), Content::Part(part)) => Ok(robot.send(part, now).await?),
            (Self::Mail(mail), Content::Letter) => {
                Ok(mail.send(message, &piece.label, now).await?)
            }
            _ => self.deliver(message, now).await,
        }
    }

    /// Delivers `message` whole; doing so again after a crash is harmless (file) or recognisable by its
    /// `Idempotency-Key` (webhook). `now` goes into the signature. Answers what the other side said.
    ///
    /// # Errors
    /// It was not delivered; see [`DeliverError::blame`].
    pub async fn deliver(
        &self,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<String, DeliverError> {
        match self {
            Self::Log => {
                tracing::info!(key = %message.key, kind = message.kind.as_str(), title = %message.title, "notice");
                Ok(String::new())
            }
            Self::File { path, lock } => append(path, lock, message).await.map(|()| String::new()),
            Self::Webhook(webhook) => webhook.post(message, now).await,
            Self::Robot(robot) => {
                let mut said = String::new();
                for part in robot.parts(message) {
                    said = robot.send(&part, now).await?;
                }
                Ok(said)
            }
            Self::Mail(mail) => {
                let mut said = String::new();
                for recipient in mail.recipients() {
                    said = mail.send(message, &recipient, now).await?;
                }
                Ok(said)
            }
        }
    }
}

async fn append(
    path: &std::path::Path,
    lock: &Arc<Mutex<()>>,
    message: &Message,
) -> Result<(), DeliverError> {
    let (at, lock, line) = (path.to_owned(), Arc::clone(lock), message.json());
    let key = message.key.clone();
    tokio::task::spawn_blocking(move || {
        let _one_writer = lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        file::append_once(&at, &key, &line)
    })
    .await
    .unwrap_or_else(|e| Err(std::io::Error::other(e)))
    .map_err(|source| DeliverError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests;
