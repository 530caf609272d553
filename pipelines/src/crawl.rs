//! Collecting: from a source in config to pages, items and rows. The only module here that does IO.
//!
//! `address` gives every page one name, `robots` says what a site permits, `fetch` asks for pages within
//! all bounds, `entry` reads feeds, lists, sitemaps, answers and boards, `file` reads exports and archives,
//! `warc` keeps and checks evidence. It evades nothing: what a site forbids, walls off or limits is a counted stop.

pub mod address;
pub mod discover;
pub mod entry;
pub mod fetch;
pub mod file;
pub mod frontier;
pub mod markup;
pub mod opml;
pub mod robots;
mod source;
pub mod warc;

pub use address::{AddressError, canonical_url};
pub use discover::{Discovery, PageRole, Proposal, discover, fit, source_toml};
pub use entry::{Entries, EntryError, entry_lists, entry_urls, read_entry};
pub use fetch::{
    Entered, FetchError, FetchErrorKind, FetchOutcome, FetchPolicy, Fetcher, HostGate, HostMemory,
    Names, Refusal, RobotsStanding, TimeTold, authority, entry_addresses, is_own_address,
};
pub use file::{
    Cell, ColumnMap, FileError, FileRecord, Opened, Remark, Row, RowError, RowFault, TableRow,
    Understood, parse_map, read_file, read_table,
};
pub use frontier::Pace;
pub use opml::{OpmlFeed, read_opml};
pub use robots::{Robots, RobotsDecision};
pub use source::{FileFormat, HtmlSelectors, SourceConfig, SourceKind};
