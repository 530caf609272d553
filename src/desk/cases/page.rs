//! The page on which an answer was published: whether it is kept, what of the answer stands on it, and handing it out.
//!
//! In: a case. Out: a row; the WARC file of the page, audited before it leaves. A page that could not be had says why and
//! when it is asked for again.

use chrono::{DateTime, Utc};
use pipelines::text::hex;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::cases::Case;
use crate::cases::keeping::next_look;
use crate::desk::{Act, Desk, DeskError, Result, Who};
use crate::engine::health::kind_in_words;
use crate::evidence::Shelf;

/// How it stands with the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PageRow {
    /// Its address.
    pub address: String,
    /// Whether it is kept as it was served.
    pub kept: bool,
    /// When it was last asked for.
    pub looked: Option<DateTime<Utc>>,
    /// When it is asked for next; none where it is kept, or was asked for often enough.
    pub next: Option<DateTime<Utc>>,
    /// Its title.
    pub title: String,
    /// How much of the answer stands on it: all, part, none, or unread; empty where it is not kept.
    pub words: String,
    /// SHA-256 of what was served, in hex.
    pub hash: String,
    /// Why it could not be had, in words.
    pub why: String,
}

/// The page as it is handed out.
#[derive(Clone, Debug)]
pub struct KeptPage {
    /// The WARC file.
    pub warc: Vec<u8>,
    /// Its SHA-256, in hex.
    pub sha256: String,
}

impl Desk {
    pub(super) fn page_of(&self, who: &Who, case: &Case) -> Option<PageRow> {
        let field = |name: &str| case.field(name).to_owned();
        let why = case.field("kept_why");
        (!case.field("address").is_empty()).then(|| PageRow {
            address: field("address"),
            kept: case.field("kept") == "yes",
            looked: case.looked.last().copied(),
            next: next_look(case),
            title: field("kept_title"),
            words: field("kept_words"),
            hash: field("kept_hash"),
            why: if why.is_empty() { String::new() } else { kind_in_words(why, who.lang) },
        })
    }

    /// The page of a case's answer as it was served.
    ///
    /// # Errors
    /// `Forbidden`, `Unknown`; `Unknown` with `page` where none is kept; a file that cannot be read.
    pub fn case_page(&self, who: &Who, number: &str) -> Result<KeptPage> {
        self.check(who, Act::SeeCases)?;
        self.check(who, Act::HandEvidence)?;
        let case = self.case_of(who, number)?;
        let (file, number) = (case.field("kept_file"), case.number.clone());
        if file.is_empty() {
            return Err(DeskError::Unknown { what: "case_page", id: number });
        }
        let warc = self.vault()?.read(Shelf::Published, file, None).map_err(anyhow::Error::from)?;
        let sha256 = hex(&Sha256::digest(&warc));
        let detail = format!("published page, sha256 {sha256}");
        self.audited(who, ("evidence", &number, &detail), &mut |_| Ok(true))?;
        Ok(KeptPage { warc, sha256 })
    }
}
