//! The files of a digest: Markdown, HTML, Word and the ledger as a workbook.
//!
//! In: an order. Out: files in a folder, each written beside and renamed, so that neither a reader nor a power cut sees half
//! of one.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{Order, gather, model};
use crate::config::Config;
use crate::report::{Digest, Format, compose, markdown, render, render_word, render_workbook};
use crate::store::Store;

/// A digest on disk.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its files: Markdown, HTML, Word, workbook.
    pub files: Vec<PathBuf>,
    /// Its title, as it stands in them.
    pub title: String,
    /// The whole in Markdown.
    pub markdown: String,
    /// The heading of its opening in there.
    pub summary: String,
}

/// Writes one digest in all its forms.
///
/// # Errors
/// The store, or a file that cannot be written.
pub fn write(
    config: &Config,
    store: &dyn Store,
    order: &Order,
    now: DateTime<Utc>,
    dir: &Path,
) -> anyhow::Result<Written> {
    let input = gather::input(config, store, order, now)?;
    let mut digest = Digest::build(&input);
    for post in &mut digest.posts {
        gather::mark_page(store, post)?;
    }
    let mut paper = compose(&digest, config.station.lang);
    model::say(&mut paper, &config.rephrase);
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    let mut files = Vec::new();
    let text = render(&paper, Format::Markdown);
    let forms = [
        ("md", text.clone().into_bytes()),
        ("html", render(&paper, Format::Html).into_bytes()),
        ("docx", render_word(&paper)?),
        ("xlsx", render_workbook(&input, &digest, config.station.lang)?),
    ];
    for (ending, bytes) in forms {
        let path = dir.join(format!("{}.{ending}", order.name));
        put(&path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        files.push(path);
    }
    // The names are on disk before the store says that they are.
    std::fs::File::open(dir)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync `{}`", dir.display()))?;
    let summary = markdown::escape(&paper.first_heading());
    Ok(Written { files, title: paper.title, markdown: text, summary })
}

/// Writes beside and renames, so that neither a reader nor a power cut sees half of a file.
fn put(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut half = path.as_os_str().to_owned();
    half.push(".part");
    let mut file = std::fs::File::create(&half)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&half, path)
}
