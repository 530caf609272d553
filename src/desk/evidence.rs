//! Handing out a post's pages as they were served: one zip with hashes and times, audited before it leaves.
//!
//! In: a post's id. Out: the bytes and their SHA-256. They hold names and numbers unmasked. A post without
//! evidence is said to have none, and why.

use chrono::{DateTime, TimeDelta, Utc};
use pipelines::crawl::SourceKind;
use pipelines::record::{AnnotatedPost, PostId};
use pipelines::text::hex;
use sha2::{Digest, Sha256};

use super::{Act, Desk, DeskError, Result, Who};
use crate::evidence::{self, Bundle, BundleError};
use crate::store::Exhibit;

/// What is handed out.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Whose pages.
    pub post: PostId,
    /// The zip.
    pub zip: Vec<u8>,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// Pages in it.
    pub records: usize,
    /// When the first of them was fetched.
    pub first: DateTime<Utc>,
}

impl Desk {
    /// The zip of a post's pages.
    ///
    /// # Errors
    /// `Unknown`, `Several`; `NoEvidence` with the reason why; records that cannot be read.
    pub fn evidence(&self, who: &Who, id: &str) -> Result<Handed> {
        self.check(who, Act::HandEvidence)?;
        let post = self.post_named(who, id)?;
        let id = post.post.id;
        let Some((exhibits, zip)) = self.zip_of(&post, who)? else {
            return Err(DeskError::NoEvidence { id, why: self.why_none(&post) });
        };
        let sha256 = hex(&Sha256::digest(&zip));
        let records = exhibits.len();
        let detail = format!("{records} records, sha256 {sha256}");
        self.audited(who, ("evidence", &id.to_string(), &detail), &mut |_| Ok(true))?;
        let first = exhibits.first().map_or_else(|| self.now(), |e| e.record.fetched_at);
        Ok(Handed { post: id, zip, sha256, records, first })
    }

    /// The exhibits of a post and the zip of them. A purge may move records while they are read: then once more.
    fn zip_of(&self, post: &AnnotatedPost, who: &Who) -> Result<Option<(Vec<Exhibit>, Vec<u8>)>> {
        let mut tried: Option<(Vec<Exhibit>, BundleError)> = None;
        loop {
            let exhibits = self.store.evidence(post.post.id)?;
            match tried {
                // The places have not changed: it is not a purge that is in the way.
                Some((before, error)) if before == exhibits => {
                    return Err(anyhow::Error::from(error).into());
                }
                _ if exhibits.is_empty() => return Ok(None),
                _ => {}
            }
            let bundle = Bundle {
                post,
                marks: self.store.marks(post.post.id)?,
                exhibits: &exhibits,
                station: &self.config.station.name,
                zone: self.config.station.zone,
                lang: who.lang,
                now: self.now(),
            };
            match evidence::bundle(&bundle, self.vault()?) {
                Ok(zip) => return Ok(Some((exhibits, zip))),
                Err(error) => tried = Some((exhibits, error)),
            }
        }
    }

    /// Why a post has no evidence; part of a locale key.
    fn why_none(&self, post: &AnnotatedPost) -> &'static str {
        let config = &self.config;
        let days = config.retention.evidence_days;
        let source = config.sources.iter().find(|source| source.id == post.post.source);
        let is_kept = source.and_then(|source| source.evidence).unwrap_or(config.crawl.evidence);
        let kept_since = self.now() - TimeDelta::days(i64::from(days));
        match source {
            Some(source) if matches!(source.kind, SourceKind::Files { .. }) => "imported",
            None => "imported",
            _ if post.post.url.starts_with("import:") => "imported",
            _ if days > 0 && post.post.fetched_at < kept_since => "expired",
            _ if !is_kept => "off",
            _ => "not_kept",
        }
    }
}
