//! Reading: from the bytes of a page to a post.
//!
//! In: a fetched `Page` (or the raw fields of a feed item or imported row). Out: `Found`, then a `Post` with
//! private numbers masked and private authors under a pseudonym. Pure: `now`, zone and key are arguments.
//! Reading any bytes never fails and never panics; what is missing is an `Issue`, never invented.

mod assemble;
mod blocks;
mod body;
mod byline;
mod clip;
mod decode;
mod dom;
mod entity;
mod features;
mod fragment;
mod frame;
mod hint;
mod judge;
mod kind;
mod learning;
mod markup;
mod mask;
mod meta;
mod no_article;
mod page;
mod paging;
mod phrase;
mod published;
mod selectors;
mod stated;
mod tag;
mod teaser;
mod thread;
mod time;
mod title;
mod trees;

pub use assemble::{PostPlace, Privacy, assemble, pseudonym, without_names};
pub use decode::{Decoded, MAX_BYTES, decode};
pub use fragment::html_to_text;
pub use frame::frame;
pub use judge::Judge;
pub use kind::{PageKind, page_kind};
pub use learning::{PageLines, page_lines};
pub use mask::mask;
pub use page::{read_framed, read_page, read_page_by};
pub use paging::next_page;
pub use time::{ParsedTime, TimeContext, cell_time, parse_time, parse_time_in, time_words};
pub use trees::{BadTrees, Step, Trees};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::crawl::HtmlSelectors;
use fragment::plain;

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// The present instant: dates after it are refused, relative ones are counted from it.
    pub now: DateTime<Utc>,
    /// The zone of pages that state none.
    pub zone: Tz,
    /// CSS selectors from config that overrule the reader's own finding.
    pub selectors: Option<HtmlSelectors>,
}

impl ReadOptions {
    /// Reads as of `now`, in the zone of Shanghai, without selectors.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { now, zone: Tz::Asia__Shanghai, selectors: None }
    }
}
