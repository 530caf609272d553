//! What became of a text: each reading of its page that said something else, line by line beside the one before.
//!
//! In: a post. Out: its readings, oldest first, made anew from the pages kept as evidence, with numbers masked as in the
//! post. A post that came with a feed or from a file has none: its page was not read.

use chrono::{DateTime, Utc};
use pipelines::extract::{self, ReadOptions};
use pipelines::record::{AnnotatedPost, Verdict};
use serde::Serialize;

use super::Desk;
use super::edit::{DiffLine, diff};
use crate::evidence;
use crate::store::{Exhibit, Role};

/// One reading of a page.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TextVersion {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// What differs from the reading before; empty for the first.
    pub diff: Vec<DiffLine>,
}

impl Desk {
    /// The readings of a post's page that differ; none where it was read once, or its pages are not kept.
    pub(super) fn versions(&self, post: &AnnotatedPost, exhibits: &[Exhibit]) -> Vec<TextVersion> {
        let mut versions: Vec<TextVersion> = Vec::new();
        let mut before: Option<String> = None;
        for exhibit in exhibits.iter().filter(|exhibit| exhibit.role == Role::Page) {
            // A record that cannot be read is told by `guanlan evidence verify`; the others stand.
            let Some(text) = self.text_of(post, exhibit) else { continue };
            let changes = match &before {
                Some(before) if *before == text => continue,
                Some(before) => diff(before, &text),
                None => Vec::new(),
            };
            versions.push(TextVersion { at: exhibit.record.fetched_at, diff: changes });
            before = Some(text);
        }
        if versions.len() < 2 { Vec::new() } else { versions }
    }

    fn text_of(&self, post: &AnnotatedPost, exhibit: &Exhibit) -> Option<String> {
        let record = evidence::record(self.vault().ok()?, &exhibit.record.place).ok()?;
        let page = record.into_page(&post.post.source)?;
        let source = self.config.sources.iter().find(|source| source.id == post.post.source);
        let options = ReadOptions {
            now: exhibit.record.fetched_at,
            zone: self.config.station.zone,
            selectors: source.and_then(|source| source.selectors().cloned()),
        };
        let Verdict::Keep(found) = extract::read_page(&page, &options) else { return None };
        let title = found.title.unwrap_or_default();
        let text = format!("{title}\n{}", found.text.unwrap_or_default());
        Some(extract::mask(&text).into_owned())
    }
}
