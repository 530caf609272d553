//! What broke, in the officer's words: an index that lags or is damaged, a store that is full, a station at work.
//!
//! In: a failure of the engine, as the chain of its causes. Out: a sentence of the locale with the way out; the chain
//! itself where nobody has words for it yet. It mends nothing.

use std::error::Error;

use index::IndexError;
use pipelines::locale::Lang;

use super::DeskError;
use crate::engine::{Apart, CommitError, LockError, NoData, RebuildError, StandingError};
use crate::store::StoreError;

/// The index is not one of the store beside it.
#[derive(Debug, thiserror::Error)]
#[error("{why}; `guanlan reindex` builds it from the store")]
pub struct NotOurs {
    pub(super) why: Apart,
    /// Whether it is being rebuilt.
    pub(super) is_mended: bool,
}

/// A failure in the officer's language.
#[must_use]
pub fn in_words(error: &anyhow::Error, lang: Lang) -> String {
    if let Some(error) = error.downcast_ref::<DeskError>() {
        return error.in_words(lang);
    }
    if let Some(NoData { dir }) = error.downcast_ref() {
        return lang.fill("cli.no_data", &[("dir", &dir.display())]);
    }
    if let Some(words) = index_trouble(error, lang) {
        return words;
    }
    if let Some((key, file)) = error.chain().find_map(store_trouble) {
        return lang.fill(key, &[("file", &file)]);
    }
    match error.downcast_ref() {
        Some(LockError::Held { dir, pid, .. }) => {
            lang.fill("cli.station_runs", &[("dir", &dir.display()), ("pid", pid)])
        }
        _ => format!("{error:#}"),
    }
}

fn index_trouble(error: &anyhow::Error, lang: Lang) -> Option<String> {
    if let Some(NotOurs { why, is_mended }) = error.downcast_ref() {
        let key = if *is_mended { "cli.index.being_rebuilt" } else { "cli.index.apart" };
        let why = lang.text(match why {
            Apart::New => "cli.index.why_new",
            Apart::OtherStore => "cli.index.why_other_store",
            Apart::OtherHistory => "cli.index.why_other_history",
        });
        return Some(lang.fill(key, &[("why", &why)]));
    }
    if let Some(StandingError::Index(error)) = error.downcast_ref() {
        return index_words(error, lang);
    }
    if let Some(RebuildError::Index(error)) = error.downcast_ref() {
        return index_words(error, lang);
    }
    index_words(error.downcast_ref()?, lang)
}

/// What is wrong with an index; none where nobody has words for it.
pub(super) fn index_words(error: &IndexError, lang: Lang) -> Option<String> {
    Some(match error {
        IndexError::Missing { dir } => lang.fill("cli.index.missing", &[("dir", &dir.display())]),
        IndexError::Format { .. } => lang.text("cli.index.format"),
        IndexError::Damaged { what } => lang.fill("cli.index.damaged", &[("what", what)]),
        IndexError::Rebuilding { .. } => lang.text("cli.index.rebuilding"),
        lost if lost.is_lost() => lang.fill("cli.index.damaged", &[("what", lost)]),
        _ => return None,
    })
}

/// The locale key of a state of the store that an officer can mend, and its file where that is told.
fn store_trouble(cause: &(dyn Error + 'static)) -> Option<(&'static str, String)> {
    let committed = match cause.downcast_ref::<CommitError>() {
        Some(CommitError::Store(error)) => Some(&**error),
        _ => None,
    };
    let shown = |path: &std::path::Path| path.display().to_string();
    match committed.or_else(|| cause.downcast_ref())? {
        StoreError::Busy => Some(("cli.store.busy", String::new())),
        StoreError::Full(_) => Some(("cli.store.full", String::new())),
        StoreError::ReadOnly => Some(("cli.store.read_only", String::new())),
        StoreError::Newer { path, .. } => Some(("cli.store.newer", shown(path))),
        StoreError::Older { path, .. } => Some(("cli.store.older", shown(path))),
        StoreError::Foreign { path } => Some(("cli.store.foreign", shown(path))),
        StoreError::Open { .. } | StoreError::Sql(_) | StoreError::Corrupt { .. } => None,
    }
}
