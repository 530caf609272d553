//! A source as written in config: who, where, how politely. The enum of kinds is the schema.

use serde::{Deserialize, Serialize};

use crate::record::{Channel, SourceId, Trust};

/// One source. Holds no run-time state.
///
/// Unknown keys are refused by the schema of config, not here: serde cannot do it beside a flattened kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceConfig {
    /// Stable id; posts refer to it.
    pub id: SourceId,
    /// The name shown to officers.
    pub name: String,
    /// The kind of medium.
    #[serde(default)]
    pub channel: Channel,
    /// How far it reaches.
    #[serde(default)]
    pub trust: Trust,
    /// Whether what it publishes is our own: an official site or account of the enterprise.
    #[serde(default)]
    pub own: bool,
    /// Whether it is crawled at all.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Cron expression (5 or 6 fields), or `adaptive`; that of its group, or of all, where absent.
    pub schedule: Option<String>,
    /// The group whose schedule it takes (`[crawl.groups]`).
    pub group: Option<String>,
    /// Only on working days.
    #[serde(default)]
    pub workday_only: bool,
    /// Seconds between two requests to the same host; the global default where absent.
    pub delay_secs: Option<f64>,
    /// Hosts its pages may lie on, beside those of its entry addresses (`example.com` allows subdomains).
    #[serde(default)]
    pub allow_hosts: Vec<String>,
    /// Loopback or private hosts (`127.0.0.1:8080`) it may ask. Empty: none.
    #[serde(default)]
    pub allow_private: Vec<String>,
    /// Posts that match this query are dropped.
    pub exclude: Option<String>,
    /// Posts published longer ago than this many days are dropped; 0 keeps all.
    #[serde(default)]
    pub horizon_days: u32,
    /// Silent for longer than this many hours is an alarm; 0 never.
    #[serde(default)]
    pub flatline_hours: u32,
    /// Days a known page is looked at again for edits, deletion and new replies; 0 never. Absent: 7 for threads
    /// of a board, else 3. Beside threads only pages that name a subject are looked at again.
    pub revisit_days: Option<u32>,
    /// Names of official and media accounts of this source whose posts keep their author.
    #[serde(default)]
    pub official_authors: Vec<String>,
    /// Whether its pages are kept as they were served; as for the whole station where absent.
    #[serde(default)]
    pub evidence: Option<bool>,
    /// What it is and where it is.
    #[serde(flatten)]
    pub kind: SourceKind,
}

fn yes() -> bool {
    true
}

impl SourceConfig {
    /// A source of this kind with every key at its default, as config would read it.
    #[must_use]
    pub fn new(id: impl Into<SourceId>, name: impl Into<String>, kind: SourceKind) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            channel: Channel::default(),
            trust: Trust::default(),
            own: false,
            enabled: true,
            schedule: None,
            group: None,
            workday_only: false,
            delay_secs: None,
            allow_hosts: Vec::new(),
            allow_private: Vec::new(),
            exclude: None,
            horizon_days: 0,
            flatline_hours: 0,
            revisit_days: None,
            official_authors: Vec::new(),
            evidence: None,
            kind,
        }
    }

    /// Days a known page is looked at again; 0 never.
    #[must_use]
    pub fn revisit_days(&self) -> u32 {
        self.revisit_days.unwrap_or(match self.kind {
            SourceKind::Board { .. } => 7,
            SourceKind::Files { .. } | SourceKind::Opml { .. } => 0,
            _ => 3,
        })
    }

    /// The CSS selectors of its pages, where it has some.
    #[must_use]
    pub fn selectors(&self) -> Option<&HtmlSelectors> {
        match &self.kind {
            SourceKind::List { selectors, .. } | SourceKind::Search { selectors, .. } => {
                Some(selectors)
            }
            _ => None,
        }
    }
}

/// The closed set of source kinds; `kind = "…"` in config.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceKind {
    /// RSS, Atom, RDF or JSON Feed.
    Feed {
        /// Address of the feed.
        url: String,
        /// Read the page behind each item even where the feed carries a text.
        #[serde(default)]
        full_page: bool,
    },
    /// List pages that link to detail pages.
    List {
        /// Addresses of the lists; `{page}` counts from 1 where paging is wanted.
        urls: Vec<String>,
        /// How many pages of each list.
        #[serde(default = "one")]
        pages: u32,
        /// CSS selectors; where absent the article links are found without.
        #[serde(default)]
        selectors: HtmlSelectors,
    },
    /// A sitemap or sitemap index.
    Sitemap {
        /// Address of the sitemap.
        url: String,
        /// Only addresses that contain one of these; all where empty.
        #[serde(default)]
        url_contains: Vec<String>,
    },
    /// A JSON answer: hot list or public API.
    Json {
        /// Address of the answer.
        url: String,
        /// JSON Pointer to the array of items.
        items: String,
        /// Field (`title`, `url`, `text`, `published_at`, `author`, `likes`…) → JSON Pointer in an item.
        fields: std::collections::BTreeMap<String, String>,
    },
    /// A forum board whose threads are read with their replies, and read again for new ones.
    Board {
        /// Addresses of the board's pages.
        urls: Vec<String>,
    },
    /// Pages given one by one: WeChat articles, notices somebody sent on.
    Pages {
        /// Their addresses; each becomes one post.
        urls: Vec<String>,
    },
    /// Result pages of a site's own search, where its robots.txt allows them.
    Search {
        /// Address with `{word}` where the word goes, and `{page}` where the number of the page goes.
        url: String,
        /// What is searched for; the names of all subjects where empty.
        #[serde(default)]
        words: Vec<String>,
        /// How many pages of results for each word.
        #[serde(default = "one")]
        pages: u32,
        /// CSS selectors; where absent the links are found without.
        #[serde(default)]
        selectors: HtmlSelectors,
    },
    /// A list of feeds; each becomes a source of its own when config is loaded.
    Opml {
        /// The file, relative to the config file.
        path: String,
        /// Read the page behind each item even where a feed carries a text.
        #[serde(default)]
        full_page: bool,
    },
    /// Files on disk, taken in once each; a folder is watched.
    Files {
        /// A file or folder, relative to the config file.
        path: String,
        /// How the files are read.
        format: FileFormat,
        /// Field → column, for JSON Lines, CSV and Excel.
        #[serde(default)]
        map: std::collections::BTreeMap<String, String>,
    },
}

fn one() -> u32 {
    1
}

/// How files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated with a header line; UTF-8 or GBK.
    Csv,
    /// The first sheet of a workbook, first row as header.
    Excel,
    /// Saved web pages.
    Html,
    /// WARC files, plain or gzip.
    Warc,
}

/// CSS selectors for a list and its detail pages; each is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HtmlSelectors {
    /// Links on the list.
    pub links: Option<String>,
    /// Title on the detail page.
    pub title: Option<String>,
    /// Main text on the detail page.
    pub text: Option<String>,
    /// Published time on the detail page.
    pub published: Option<String>,
    /// Author on the detail page.
    pub author: Option<String>,
}
