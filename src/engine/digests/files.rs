//! The files of a digest: Markdown, HTML, Word, PDF and the ledger as a workbook, as far as they are asked for.
//!
//! In: an order. Out: files in a folder, each written beside and renamed, so that neither a reader nor a power cut sees half
//! of one. Where no Chinese font is found there is no PDF, and that is said.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{Order, fonts, gather, model};
use crate::config::{Config, Form};
use crate::report::{
    Digest, Format, Paper, compose, markdown, render, render_pdf, render_word, render_workbook,
};
use crate::store::Store;

/// A digest on disk.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its files, in the order of [`Form::ALL`].
    pub files: Vec<PathBuf>,
    /// Its title, as it stands in them.
    pub title: String,
    /// The whole in Markdown.
    pub markdown: String,
    /// The heading of its opening in there.
    pub summary: String,
    /// Whether a PDF was asked for and could not be made, since no Chinese font is there.
    pub lacks_fonts: bool,
}

/// Writes one digest in the forms of its order.
///
/// # Errors
/// The store, a font that cannot be read, or a file that cannot be written.
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
    let (mut files, mut lacks_fonts) = (Vec::new(), false);
    let text = render(&paper, Format::Markdown);
    for form in Form::ALL.into_iter().filter(|form| order.forms.contains(form)) {
        let bytes = match form {
            Form::Md => text.clone().into_bytes(),
            Form::Html => render(&paper, Format::Html).into_bytes(),
            Form::Docx => render_word(&paper)?,
            Form::Xlsx => render_workbook(&input, &digest, config.station.lang)?,
            Form::Pdf => match pdf(config, &paper)? {
                Some(bytes) => bytes,
                None => {
                    lacks_fonts = true;
                    continue;
                }
            },
        };
        let path = dir.join(format!("{}.{}", order.name, form.ending()));
        put(&path, &bytes).with_context(|| format!("cannot write `{}`", path.display()))?;
        files.push(path);
    }
    // The names are on disk before the store says that they are.
    std::fs::File::open(dir)
        .and_then(|folder| folder.sync_all())
        .with_context(|| format!("cannot sync `{}`", dir.display()))?;
    let summary = markdown::escape(&paper.first_heading());
    Ok(Written { files, title: paper.title, markdown: text, summary, lacks_fonts })
}

/// The paper as a PDF; none where no Chinese font is found.
fn pdf(config: &Config, paper: &Paper) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(chosen) = fonts::choose(&config.paper.fonts) else { return Ok(None) };
    tracing::debug!(?chosen, "fonts of a PDF");
    Ok(Some(render_pdf(paper, &chosen.read()?)?))
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
