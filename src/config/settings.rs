//! The tables of `guanlan.toml` as the program sees them, one struct a table.
//!
//! In: the shipped file with the user's own laid over it key by key. Out: typed values with their units.
//! Holds no defaults: those stand in the shipped `config/guanlan.toml` and nowhere else.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;
use pipelines::locale::Lang;
use serde::{Deserialize, Deserializer};

use crate::store::{Address, AddressFault, StoreError};

/// `[station]`: who runs it, and where it lives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// The name on digests and alerts.
    pub name: String,
    /// Mail address or page that a site's owner can turn to; empty only where nothing is crawled.
    pub contact: String,
    /// What each request calls itself; `{version}` and `{contact}` are filled in once loaded.
    pub user_agent: String,
    /// The zone of schedules, days and shown times.
    #[serde(rename = "timezone", deserialize_with = "parsed")]
    pub zone: Tz,
    /// The language of alerts and digests.
    pub lang: Lang,
    /// Where everything that is gathered lies; absolute once loaded.
    pub data_dir: PathBuf,
    /// Where the console listens.
    #[serde(deserialize_with = "parsed")]
    pub listen: SocketAddr,
    /// The certificates (PEM) of the console's own TLS, its own first; empty: none. Absolute once loaded.
    pub tls_cert: PathBuf,
    /// The key (PEM) of the first of them.
    pub tls_key: PathBuf,
    /// The address of the proxy in front that does TLS; it alone may ask then. Empty: none.
    pub proxy: String,
    /// What browsers ask for where other machines reach the console, as `https://name`.
    pub public_url: String,
}

/// `[store]`: what keeps the truth.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// Which kind of database.
    pub kind: StoreKind,
    /// The environment variable that holds the address of a server.
    pub address_env: String,
}

/// Kinds of databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// One file in the data directory.
    Sqlite,
    /// A schema of a PostgreSQL server.
    Postgres,
}

impl StoreSettings {
    /// The address of the server; none for a file.
    ///
    /// # Errors
    /// A variable that is not set or holds none; what stands in it is not told.
    pub fn address(&self) -> Result<Option<Address>, StoreError> {
        match self.kind {
            StoreKind::Sqlite => Ok(None),
            StoreKind::Postgres => self.server().map(Some),
        }
    }

    /// The address in the environment, whichever kind is in use.
    ///
    /// # Errors
    /// As of [`address`](Self::address).
    pub fn server(&self) -> Result<Address, StoreError> {
        let fault = match std::env::var(&self.address_env) {
            Ok(text) if !text.trim().is_empty() => match Address::parse(&text) {
                Ok(address) => return Ok(address),
                Err(fault) => fault,
            },
            _ => AddressFault::Unset,
        };
        Err(StoreError::Address { variable: self.address_env.clone(), fault })
    }
}

/// `[people]`: those who log in to the console.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Whether who is bound to units sees their posts only.
    pub own_units_only: bool,
    /// Minutes without a request after which a browser must log in again.
    pub idle_minutes: u32,
    /// Hours after which it must in any case.
    pub session_hours: u32,
}

/// `[paths]`: the other files of the config. Relative to `guanlan.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paths {
    /// Source files: paths, `*` in the last part.
    pub sources: Vec<String>,
    /// Rule files.
    pub rules: Vec<String>,
    /// Topic files, beside the shipped ones; an equal id replaces a shipped topic.
    pub topics: Vec<String>,
    /// Word lists, beside the shipped ones; an equal file name replaces a shipped list.
    pub lexicons: Vec<String>,
    /// Trained models, beside the shipped ones; an equal file name replaces a shipped model.
    pub models: Vec<String>,
    /// Whether the shipped topics are used at all.
    pub shipped_topics: bool,
}

/// `[paper]`: how a digest is headed and to whom it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperSettings {
    /// The red head; empty: a plain title.
    pub red_head: String,
    /// Who makes it; empty: the name of the station.
    pub unit: String,
    /// To whom it is reported.
    pub send_to: Vec<String>,
    /// Who has a copy.
    pub copy_to: Vec<String>,
    /// In the query language: what is of our trade, among what does not name us; empty: nothing is.
    pub trade: String,
    /// Font files for PDF, or folders of them, looked at before those of the system. Absolute once loaded.
    pub fonts: Vec<PathBuf>,
}

/// `[public]`: what everybody sees who reaches the console, without a login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicSettings {
    /// The title; empty: the name of the station.
    pub title: String,
    /// In the query language: what stands on it; empty: there is no such page.
    pub query: String,
    /// Days back.
    pub days: u32,
}

/// `[rephrase]`: a language model that may say the opening of digests in other words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RephraseSettings {
    /// The base address of an OpenAI-compatible service, up to `/v1`; empty: no model is asked.
    pub url: String,
    /// The name of the model.
    pub model: String,
    /// Environment variable that holds the key; empty: none.
    pub key_env: String,
    /// File that holds it; empty: none. Absolute once loaded.
    pub key_file: PathBuf,
    /// Seconds until the answer must be there.
    pub timeout_secs: u32,
}

/// `[crawl]`: how politely and how much, for every source that does not say otherwise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrawlSettings {
    /// Cron expression of sources without their own, or `adaptive`.
    pub schedule: String,
    /// The same for groups of sources, by name.
    pub groups: BTreeMap<String, String>,
    /// Adaptive sources are never asked more often than this.
    pub adaptive_shortest_minutes: u32,
    /// Adaptive sources are never asked more rarely than this.
    pub adaptive_longest_minutes: u32,
    /// Seconds between two requests to one host.
    pub delay_secs: f64,
    /// Requests at the same time to one host.
    pub per_host_concurrency: usize,
    /// Requests at the same time in all.
    pub concurrency: usize,
    /// Requests a day to one host; the rest waits for the next day.
    pub daily_requests_per_host: u32,
    /// Seconds until a connection stands.
    pub connect_timeout_secs: u64,
    /// Seconds until an answer is complete.
    pub timeout_secs: u64,
    /// Bytes of an answer once decompressed.
    pub max_body_bytes: u64,
    /// Redirects followed.
    pub max_redirects: usize,
    /// Certificates (PEM) trusted beside those of the system; empty: none. Absolute once loaded.
    pub ca_file: PathBuf,
    /// Hours a robots.txt is kept.
    pub robots_max_age_hours: u64,
    /// Base address of the enterprise's own feed gateway (RSSHub and its like); empty: none.
    pub feed_gateway: String,
    /// Whether pages are kept as they were served.
    pub evidence: bool,
}

/// `[extract]`: what counts as a text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractSettings {
    /// Characters a main text must have.
    pub min_chars: usize,
}

/// `[judge]`: how deep posts are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeSettings {
    /// Whether the deep reader is asked.
    pub depth: Depth,
}

/// How deep posts are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// By the linear models alone.
    Fast,
    /// The deep reader has a say where the linear model is unsure.
    Deep,
}

/// `[privacy]`: the key that author pseudonyms are made with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privacy {
    /// File that holds it; made at the first run where it is missing. Absolute once loaded.
    pub key_file: PathBuf,
    /// Environment variable that holds it instead; empty: the file.
    pub key_env: String,
}

/// `[retention]`: days things are kept; 0 keeps them for good.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Posts and what was judged of them.
    pub posts_days: u32,
    /// Pages as they were served.
    pub evidence_days: u32,
    /// Alerts.
    pub alerts_days: u32,
    /// Written digests.
    pub digests_days: u32,
}

/// `[calendar]`: the holidays of the year, for schedules that run on working days only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarSettings {
    /// Dates, or ranges as `2026-10-01..2026-10-07`.
    pub holidays: Vec<String>,
    /// Weekend days that are worked instead.
    pub workdays: Vec<String>,
}

/// The span a digest is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// The 24 hours before.
    Day,
    /// The seven days before.
    Week,
    /// The calendar month before.
    Month,
}

/// A form that a digest is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Markdown.
    Md,
    /// One HTML file.
    Html,
    /// Word.
    Docx,
    /// PDF, where a Chinese font is found.
    Pdf,
    /// The ledger as a workbook.
    Xlsx,
}

impl Form {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 5] = [Self::Md, Self::Html, Self::Docx, Self::Pdf, Self::Xlsx];

    /// The ending of its files, and its name in config.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Md => "md",
            Self::Html => "html",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
            Self::Xlsx => "xlsx",
        }
    }

    /// That of this ending.
    #[must_use]
    pub fn of(ending: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.ending() == ending)
    }
}

/// `[[digest]]`: a report written on a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestConfig {
    /// Stable id; part of the file name.
    pub id: String,
    /// The title; a standard one where absent.
    pub title: Option<String>,
    /// What it is about.
    pub period: Period,
    /// Cron expression.
    pub schedule: String,
    /// Only on working days.
    #[serde(default)]
    pub workday_only: bool,
    /// The unit it is narrowed to, with those below it.
    #[serde(default)]
    pub unit: Option<String>,
    /// The topic it is narrowed to, with those under it.
    #[serde(default)]
    pub topic: Option<String>,
    /// The forms it is written in, beside Markdown and HTML, which the station itself shows; all where empty.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// Whether it waits for somebody's approval before it is sent.
    #[serde(default)]
    pub approve: bool,
    /// Names of notifiers; the default ones where empty.
    #[serde(default)]
    pub notify: Vec<String>,
}

fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
