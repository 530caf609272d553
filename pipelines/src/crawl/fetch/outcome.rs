//! What came of one job: a page, nothing new, a drop, a refusal of ours, or a failure.
//!
//! Drops are policy and counted; refusals are ours (budget, backoff, robots.txt out of reach) and leave
//! the job in the frontier until a time; failures are the network's or the server's. All but a page and
//! "not modified" have an audit line.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::record::{DropReason, Page};

/// What came of one job.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchOutcome {
    /// The answer, with a status of the 200 family.
    Page(Box<Page>),
    /// 304: what we have is current.
    NotModified,
    /// Policy says no, for good as far as this fetch is concerned.
    Dropped {
        /// Counted under this.
        reason: DropReason,
        /// What decided: a robots.txt line, a status, a mark on the page.
        detail: String,
    },
    /// Not now. The job stays; it was not asked, or the server asked for patience.
    Refused {
        /// Not before this time.
        until: DateTime<Utc>,
        /// Why.
        because: Refusal,
    },
    /// It was asked and went wrong.
    Failed(FetchError),
}

/// Why a host is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The host answered 429 or 503, now or before.
    Backoff,
    /// The day's budget for the host is used up.
    Budget,
    /// Its turn is further off than a worker may wait.
    Turn,
    /// robots.txt is out of reach or answers 5xx: no crawl, as RFC 9309 says.
    RobotsUnreachable,
}

/// A failed request: what kind, and the cause in words for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot fetch {url}: {kind}: {cause}")]
pub struct FetchError {
    /// The address asked (after redirects).
    pub url: String,
    /// The kind.
    pub kind: FetchErrorKind,
    /// The chain of causes.
    pub cause: String,
}

/// The kinds of failure; `crawl.error.<kind>` in the locale files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchErrorKind {
    /// The address of the job cannot be read.
    BadAddress,
    /// It lies in a private network and the source does not list it.
    PrivateAddress,
    /// The name has no address.
    Dns,
    /// No connection.
    Connect,
    /// The certificate or handshake is not good.
    Tls,
    /// No header in time, or no connection in time.
    Timeout,
    /// The body came too slowly.
    SlowBody,
    /// The decoded body is longer than allowed.
    TooLarge,
    /// The body ended before its announced end, or its compression is broken.
    Cut,
    /// A redirect leads back.
    RedirectLoop,
    /// More hops than allowed.
    TooManyRedirects,
    /// A redirect without a readable place.
    BadRedirect,
    /// A status that is neither success nor covered by a drop or refusal.
    Status(u16),
    /// The answer is not HTTP, or something else went wrong.
    Protocol,
}

impl FetchErrorKind {
    /// The name used in counts, logs and locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadAddress => "bad_address",
            Self::PrivateAddress => "private_address",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::SlowBody => "slow_body",
            Self::TooLarge => "too_large",
            Self::Cut => "cut",
            Self::RedirectLoop => "redirect_loop",
            Self::TooManyRedirects => "too_many_redirects",
            Self::BadRedirect => "bad_redirect",
            Self::Status(_) => "status",
            Self::Protocol => "protocol",
        }
    }

    /// Whether asking again soon is pointless.
    #[must_use]
    pub fn is_permanent(self) -> bool {
        match self {
            Self::BadAddress | Self::PrivateAddress | Self::TooLarge => true,
            Self::Status(status) => (400..500).contains(&status) && status != 408,
            _ => false,
        }
    }
}

impl std::fmt::Display for FetchErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}"),
            kind => f.write_str(kind.as_str()),
        }
    }
}

impl Refusal {
    /// The name used in counts, logs and locale keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backoff => "backoff",
            Self::Budget => "budget",
            Self::Turn => "turn",
            Self::RobotsUnreachable => "robots_unreachable",
        }
    }
}

impl FetchOutcome {
    /// One line for the audit log where something was not fetched or kept; `None` for pages and 304.
    #[must_use]
    pub fn audit(&self) -> Option<String> {
        match self {
            Self::Page(_) | Self::NotModified => None,
            Self::Dropped { reason, detail } => {
                Some(format!("dropped {}: {detail}", reason.as_str()))
            }
            Self::Refused { until, because } => {
                Some(format!("refused {} until {}", because.as_str(), until.to_rfc3339()))
            }
            Self::Failed(error) => Some(format!("failed {}: {}", error.kind, error.cause)),
        }
    }

    pub(super) fn dropped(reason: DropReason, detail: impl Into<String>) -> Self {
        Self::Dropped { reason, detail: detail.into() }
    }

    pub(super) fn failed(url: &str, kind: FetchErrorKind, cause: impl Into<String>) -> Self {
        Self::Failed(FetchError { url: url.to_owned(), kind, cause: cause.into() })
    }
}
