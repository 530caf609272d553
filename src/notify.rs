//! Delivering: alerts and digests to the log, a file or a webhook, each once per key as far as one side can.
//!
//! In: a message with its key. Out: done, or an error that says whether trying again makes sense. The queue
//! itself (outbox) is the store's; this module knows no store and decides nothing about what is sent.

mod file;
mod message;
mod retry;
mod webhook;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::config::{NotifierConfig, NotifierKind, SecretError};

pub use message::{AlertNotice, Message, MessageKind, alert_message, digest_message};
pub use retry::{MAX_ATTEMPTS, next_attempt};
use webhook::Webhook;

/// One way out, ready to use. Cheap to clone; clones share their connection and lock.
#[derive(Clone, Debug)]
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
    Webhook(Arc<Webhook>),
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
}

impl DeliverError {
    /// Whether a later attempt may succeed. A refusal for what was sent will stay one.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Config { .. } => false,
            Self::File { .. } | Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..),
        }
    }

    /// What the other side asks for before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
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
                Ok(Self::Webhook(Arc::new(webhook)))
            }
        }
    }

    /// Delivers `message`; doing so again after a crash is harmless (file) or recognisable by its
    /// `Idempotency-Key` (webhook). `now` goes into the signature.
    ///
    /// # Errors
    /// It was not delivered; see [`DeliverError::is_retryable`].
    pub async fn deliver(&self, message: &Message, now: DateTime<Utc>) -> Result<(), DeliverError> {
        match self {
            Self::Log => {
                tracing::info!(key = %message.key, kind = message.kind.as_str(), title = %message.title, "notice");
                Ok(())
            }
            Self::File { path, lock } => {
                let (path, lock, line) = (path.clone(), Arc::clone(lock), message.json());
                let key = message.key.clone();
                let at = path.clone();
                tokio::task::spawn_blocking(move || {
                    let _one_writer =
                        lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    file::append_once(&path, &key, &line)
                })
                .await
                .unwrap_or_else(|e| Err(std::io::Error::other(e)))
                .map_err(|source| DeliverError::File { path: at, source })
            }
            Self::Webhook(webhook) => webhook.post(message, now).await,
        }
    }
}

#[cfg(test)]
mod tests;
