//! How politely and within which bounds pages are asked for: the figures of config as one value.
//!
//! In: config. Out: what the fetcher obeys. There is no switch to ignore robots.txt and none to pose as
//! a browser.

use std::time::Duration;

/// The bounds of every request. [`FetchPolicy::new`] gives the defaults of the shipped config.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchPolicy {
    /// Sent as `User-Agent`: name, version and how to reach us.
    pub user_agent: String,
    /// The product token looked for in robots.txt.
    pub robots_token: String,
    /// Between two requests to one host, where the source says nothing.
    pub delay: Duration,
    /// A longer crawl-delay in robots.txt is obeyed up to here; beyond it the host is asked this rarely.
    pub longest_delay: Duration,
    /// Requests to one host at the same time.
    pub per_host: usize,
    /// Requests in all at the same time.
    pub in_all: usize,
    /// Requests to one host in one UTC day; 0: no bound.
    pub daily_budget: u32,
    /// A job whose turn is further off than this is handed back instead of waited for.
    pub longest_wait: Duration,
    /// To connect, TLS included.
    pub connect_timeout: Duration,
    /// Until the header is there, and between two pieces of the body.
    pub header_timeout: Duration,
    /// For one request from first to last byte.
    pub total_timeout: Duration,
    /// Of the decoded body, in bytes; more is a failure, so that a bomb stops here.
    pub max_body_bytes: usize,
    /// Hops followed.
    pub max_redirects: usize,
    /// Certificates (PEM) trusted beside those of the system: the root of an enterprise's own network.
    pub extra_roots_pem: Vec<u8>,
    /// First pause after 429, 503 or an unreachable robots.txt; doubles each time.
    pub first_backoff: Duration,
    /// Longest pause.
    pub longest_backoff: Duration,
    /// How long a robots.txt is believed (RFC 9309: at most 24 hours).
    pub robots_lifetime: Duration,
}

impl FetchPolicy {
    /// The defaults, with `contact` (a mail or web address) in the user agent.
    #[must_use]
    pub fn new(contact: &str) -> Self {
        let version = env!("CARGO_PKG_VERSION");
        let contact = if contact.is_empty() { "no contact configured" } else { contact };
        Self {
            user_agent: format!("guanlan/{version} (public-opinion monitoring; +{contact})"),
            robots_token: "guanlan".to_owned(),
            delay: Duration::from_secs(2),
            longest_delay: Duration::from_secs(3600),
            per_host: 1,
            in_all: 256,
            daily_budget: 20_000,
            longest_wait: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(20),
            total_timeout: Duration::from_secs(60),
            max_body_bytes: 8 * 1024 * 1024,
            max_redirects: 5,
            extra_roots_pem: Vec::new(),
            first_backoff: Duration::from_secs(60),
            longest_backoff: Duration::from_secs(6 * 3600),
            robots_lifetime: Duration::from_secs(24 * 3600),
        }
    }
}
