//! Whether verdicts rest on words that speak for them, over every text of a folder.
//!
//! In: all lines with a `title` or `text`, or a pair of headlines, below a folder, each text once, and the judges without the deep reader (sets that are
//! judged with it count the same under `domain`). Out: [`EvidenceScore`]. Labels are not looked at.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Result;
use chrono::DateTime;
use pipelines::annotate::{Annotator, AnnotatorConfig};
use pipelines::record::PolarityVerdict;
use serde::Serialize;

use super::sets::{self, text};
use super::speed::post;

/// How verdicts stand to the words shown for them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceScore {
    /// Texts judged, each once.
    pub posts: usize,
    /// Verdicts that are sure and rest on no word or have more against them: defects.
    pub unsupported: usize,
    /// Verdicts that are in doubt because the words do not speak for them.
    pub doubted: usize,
    /// All that are in doubt.
    pub unsure: usize,
}

impl EvidenceScore {
    /// Counts one verdict.
    pub(super) fn add(&mut self, verdict: &PolarityVerdict) {
        let holds = verdict.is_supported();
        self.posts += 1;
        self.unsure += usize::from(verdict.is_unsure());
        self.doubted += usize::from(!holds && verdict.is_unsure());
        self.unsupported += usize::from(!holds && !verdict.is_unsure());
    }
}

/// Judges every text of the folders of `dir`.
///
/// # Errors
/// A set or judge that cannot be read, with its place.
pub(super) fn score(dir: &Path, judges: &AnnotatorConfig) -> Result<EvidenceScore> {
    let annotator = Annotator::load(judges.clone())?;
    let mut score = EvidenceScore::default();
    let mut seen = HashSet::new();
    let mut folders = std::fs::read_dir(dir)?.collect::<Result<Vec<_>, _>>()?;
    folders.sort_by_key(std::fs::DirEntry::file_name);
    for folder in folders.iter().filter(|folder| folder.path().is_dir()) {
        for set in sets::sets(dir, &folder.file_name().to_string_lossy())? {
            for row in &set.rows {
                let of = |field: &str| text(row, field).trim();
                for (title, body) in [(of("title"), of("text")), ("", of("a")), ("", of("b"))] {
                    let is_new = seen.insert((title.to_owned(), body.to_owned()));
                    if is_new && !(title.is_empty() && body.is_empty()) {
                        let post = post(score.posts, title, body);
                        score.add(&annotator.annotate_fast(post, DateTime::UNIX_EPOCH).polarity);
                    }
                }
            }
        }
    }
    Ok(score)
}
