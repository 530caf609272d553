//! One post's evidence as a zip: the bytes as they were served, the text read from them, hashes and times.
//!
//! In: a stored post, its exhibits, where evidence lies. Out: the bytes of a zip in the one form that
//! `verify` knows. Every record is checked on its way out; one that changed since it was stored stops the
//! export and is named. Writes no file and no audit line: the caller does both, the line first.

use chrono::{DateTime, Utc};
use pipelines::crawl::warc::{self, WarcError};
use pipelines::locale::Lang;
use pipelines::record::AnnotatedPost;

use super::container::{self, Part};
use super::manifest::{
    FORMAT, MANIFEST, Manifest, ManifestFile, ManifestPost, ManifestRecord, SUMS, TEXT,
};
use super::vault::{self, Vault};
use super::{sha256, text};
use crate::store::{Exhibit, Marks};

/// Why there is no zip.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A record is not what was stored, or not there.
    #[error("cannot hand out record {offset} of evidence file `{file}`: {source}")]
    Record {
        /// The file.
        file: String,
        /// Where in it.
        offset: u64,
        /// The cause.
        source: WarcError,
    },
    /// The manifest cannot be written: a defect of the program.
    #[error("cannot write the manifest: {0}")]
    Manifest(#[from] serde_json::Error),
    /// More than a plain zip holds.
    #[error("the evidence of this post is larger than 4 GiB and does not fit one zip")]
    TooLarge,
}

/// What a zip is made of.
pub struct Bundle<'a> {
    /// The post.
    pub post: &'a AnnotatedPost,
    /// What became of its page.
    pub marks: Marks,
    /// Its records, oldest first.
    pub exhibits: &'a [Exhibit],
    /// The station's name.
    pub station: &'a str,
    /// Its zone, for the times in the text.
    pub zone: chrono_tz::Tz,
    /// The language of the text.
    pub lang: Lang,
    /// When it is made.
    pub now: DateTime<Utc>,
}

/// The zip of `bundle` from the evidence in `vault`.
///
/// # Errors
/// A record that is gone or changed; a zip that would be too large.
pub fn bundle(bundle: &Bundle<'_>, vault: &dyn Vault) -> Result<Vec<u8>, BundleError> {
    let mut parts = vec![Part { name: TEXT.to_owned(), bytes: text::page(bundle).into_bytes() }];
    let mut records = Vec::new();
    let mut reading = 0;
    let mut seen_at = None;
    for (i, exhibit) in bundle.exhibits.iter().enumerate() {
        reading += usize::from(seen_at != Some(exhibit.seen_at));
        seen_at = Some(exhibit.seen_at);
        let (record, files) = hand_out(exhibit, i + 1, reading, vault)?;
        records.push(record);
        parts.extend(files);
    }
    let manifest = Part { name: MANIFEST.to_owned(), bytes: manifest(bundle, records, &parts)? };
    parts.insert(0, manifest);
    let sums = sums(&parts);
    parts.insert(1, Part { name: SUMS.to_owned(), bytes: sums.into_bytes() });
    container::write(&parts).ok_or(BundleError::TooLarge)
}

fn hand_out(
    exhibit: &Exhibit,
    number: usize,
    reading: usize,
    vault: &dyn Vault,
) -> Result<(ManifestRecord, [Part; 2]), BundleError> {
    let stored = &exhibit.record.place;
    let failed =
        |source| BundleError::Record { file: stored.file.clone(), offset: stored.offset, source };
    let packed = vault::packed(vault, stored).map_err(failed)?;
    let record = warc::checked(packed.clone(), stored).map_err(failed)?;
    let Some((status, headers, body)) = record.http() else {
        return Err(failed(WarcError::NotARecord("no HTTP answer in it".to_owned())));
    };
    let kind = headers.iter().find(|(name, _)| name == "content-type");
    let ending = ending(kind.map_or("", |(_, value)| value));
    let warc = Part { name: format!("records/{number:02}.warc.gz"), bytes: packed };
    let payload = Part { name: format!("served/{number:02}.{ending}"), bytes: body.to_vec() };
    let record = ManifestRecord {
        role: exhibit.role,
        reading,
        url: exhibit.record.url.clone(),
        status,
        headers: headers.clone(),
        fetched_at: exhibit.record.fetched_at,
        record: warc.name.clone(),
        record_sha256: stored.sha256.clone(),
        payload: payload.name.clone(),
        payload_sha256: sha256(&payload.bytes),
        stored: stored.clone(),
    };
    Ok((record, [warc, payload]))
}

/// The ending a body is saved under. Never one that a double click would run.
fn ending(content_type: &str) -> &'static str {
    let kind = content_type.to_ascii_lowercase();
    if kind.contains("json") {
        "json"
    } else if kind.contains("xhtml") || kind.contains("html") {
        "html"
    } else if kind.contains("xml") {
        "xml"
    } else {
        "txt"
    }
}

fn manifest(
    bundle: &Bundle<'_>,
    records: Vec<ManifestRecord>,
    parts: &[Part],
) -> Result<Vec<u8>, BundleError> {
    let post = &bundle.post.post;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        made_by: concat!("guanlan/", env!("CARGO_PKG_VERSION")).to_owned(),
        station: bundle.station.to_owned(),
        made_at: bundle.now,
        post: ManifestPost {
            id: post.id.to_string(),
            url: post.url.clone(),
            source: post.source.to_string(),
            title: post.title.clone(),
            published_at: post.published.as_ref().map(|p| p.at),
            fetched_at: post.fetched_at,
            edited_at: bundle.marks.edited,
            gone_at: bundle.marks.gone,
            content_hash: format!("{:016x}", post.content_hash),
        },
        records,
        files: parts.iter().map(file).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&manifest)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn file(part: &Part) -> ManifestFile {
    ManifestFile {
        name: part.name.clone(),
        bytes: part.bytes.len() as u64,
        sha256: sha256(&part.bytes),
    }
}

/// Lines as `sha256sum` writes and checks them.
fn sums(parts: &[Part]) -> String {
    parts.iter().map(|part| format!("{}  {}\n", sha256(&part.bytes), part.name)).collect()
}
