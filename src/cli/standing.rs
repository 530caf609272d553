//! What is said of the index with an answer: that it lags, cannot be asked, or is damaged.
//!
//! In: an opened index and the store beside it. Out: words of the locale. No command answers "nothing found"
//! out of an index that does not hold what the store holds without saying so.

use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

use index::{Index, IndexError, RebuildLock, examine};
use pipelines::locale::Lang;

use super::open::Reading;
use super::{Format, Globals};
use crate::engine::{Apart, RebuildError, Standing, StandingError, segmenter, standing};
use crate::store::Store;

/// How long `status` looks through the files of the index.
const LOOKED_THROUGH: Duration = Duration::from_secs(2);

/// An index that may be asked.
pub struct Asked {
    /// The index.
    pub index: Index,
    /// Changes of the store that it does not hold yet.
    pub lacking: u64,
}

/// The index of a store that stands beside it.
///
/// # Errors
/// Those of the index, and [`NotOurs`]; `in_words` has the way out of each.
pub fn asked(reading: &Reading) -> anyhow::Result<Asked> {
    let dir = reading.dir.index();
    let index = Index::open_read_only(&dir, &segmenter(&reading.config))?;
    match standing(&reading.store, &index)? {
        Standing::Level => Ok(Asked { index, lacking: 0 }),
        Standing::Behind(lacking) => Ok(Asked { index, lacking }),
        Standing::Apart(why) => {
            let is_mended = matches!(RebuildLock::take(&dir), Err(IndexError::Rebuilding { .. }));
            Err(NotOurs { why, is_mended }.into())
        }
    }
}

/// The index is not one of the store beside it.
#[derive(Debug, thiserror::Error)]
#[error("{why}; `guanlan reindex` builds it from the store")]
pub struct NotOurs {
    why: Apart,
    /// Whether it is being rebuilt.
    is_mended: bool,
}

impl Asked {
    /// Says that the answer is not all there is: before a table, or beside rows.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn say_lag(&self, globals: &Globals, out: &mut dyn Write) -> std::io::Result<()> {
        if self.lacking == 0 {
            return Ok(());
        }
        let line = globals.lang.fill("cli.index.lags", &[("lacking", &self.lacking)]);
        match globals.format {
            Format::Table => writeln!(out, "{line}"),
            _ => writeln!(std::io::stderr(), "{line}"),
        }
    }
}

/// What `status` says of the index.
///
/// # Errors
/// Those of the store.
pub fn status(reading: &Reading, lang: Lang) -> anyhow::Result<String> {
    let posts = reading.store.post_count()?;
    let behind = match asked(reading) {
        Ok(asked) => asked.lacking,
        Err(error) => {
            let why = in_words(&error, lang).unwrap_or_else(|| format!("{error:#}"));
            return Ok(lang.fill("cli.status.no_index", &[("posts", &posts), ("why", &why)]));
        }
    };
    let mut said = lang.fill("cli.status.posts", &[("posts", &posts), ("behind", &behind)]);
    let found = examine(&reading.dir.index(), LOOKED_THROUGH)?;
    let part = [("checked", &found.checked as &dyn Display), ("files", &found.files)];
    if let Err(damaged) = found.whole() {
        said += "\n";
        said += &index_in_words(&damaged, lang).unwrap_or_default();
    } else if found.checked < found.files {
        said += "\n";
        said += &lang.fill("cli.index.looked_through", &part);
    }
    Ok(said)
}

/// A failure of the index in the officer's language; nothing for any other.
pub fn in_words(error: &anyhow::Error, lang: Lang) -> Option<String> {
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
        return index_in_words(error, lang);
    }
    if let Some(RebuildError::Index(error)) = error.downcast_ref() {
        return index_in_words(error, lang);
    }
    index_in_words(error.downcast_ref()?, lang)
}

fn index_in_words(error: &IndexError, lang: Lang) -> Option<String> {
    Some(match error {
        IndexError::Missing { dir } => lang.fill("cli.index.missing", &[("dir", &dir.display())]),
        IndexError::Format { .. } => lang.text("cli.index.format"),
        IndexError::Damaged { what } => lang.fill("cli.index.damaged", &[("what", what)]),
        IndexError::Rebuilding { .. } => lang.text("cli.index.rebuilding"),
        lost if lost.is_lost() => lang.fill("cli.index.damaged", &[("what", lost)]),
        _ => return None,
    })
}
