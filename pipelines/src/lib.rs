//! What a post goes through, stage by stage: crawl → extract → words → annotate → watch.
//!
//! `record` holds one type per stage, `text` the folding and cutting of Chinese text, `query` the one
//! language of search, topics and rules. Only `crawl` does IO; everything else is pure: bytes and `now`
//! come in as arguments. `locale` is
//! the one place of officer-facing text. Nothing here knows of the store, the index, or the command line.

pub mod annotate;
pub mod crawl;
pub mod extract;
pub mod locale;
pub mod query;
pub mod record;
pub mod text;
pub mod watch;
pub mod words;
