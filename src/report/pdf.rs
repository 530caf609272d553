//! A paper as a PDF in official-document layout: the sheet that Word has, set here line by line.
//!
//! In: a [`Paper`], [`Fonts`] that the caller found. Out: the bytes of a PDF, the same for the same paper and fonts. Each face
//! is embedded as the subset of its glyphs in use, with what they say, so that text is found and copied; marks and figures
//! are links to the appendix. Looks for no font, and sets what no face has as a box.

mod blocks;
mod faces;
mod file;
mod lines;
mod pages;

use std::sync::Arc;

use super::paper::Paper;

/// A face of a font file.
#[derive(Clone, Debug)]
pub struct FontFace {
    /// The file: TrueType or OpenType, or a collection of them.
    pub bytes: Arc<Vec<u8>>,
    /// Which face of a collection; 0 of a single one.
    pub index: u32,
}

/// The faces a paper is set in. One may stand in several places.
#[derive(Clone, Debug)]
pub struct Fonts {
    /// 小标宋: titles.
    pub song: FontFace,
    /// 仿宋: the text.
    pub fang: FontFace,
    /// 楷体: the second level.
    pub kai: FontFace,
    /// 黑体: the first level, heads of tables.
    pub hei: FontFace,
    /// Latin letters and digits; those of the Chinese faces where there is none.
    pub western: Option<FontFace>,
}

/// Why a PDF cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A font file that is none, or is damaged.
    #[error("cannot read face {index} of a font file: {cause}")]
    Face {
        /// Which face of it.
        index: u32,
        /// What is wrong.
        cause: ttf_parser::FaceParsingError,
    },
    /// A font whose glyphs cannot be taken out.
    #[error("cannot take glyphs out of a font file: {0}")]
    Subset(subsetter::Error),
}

/// `paper` as the bytes of a PDF.
///
/// # Errors
/// A font file that cannot be used.
pub fn render_pdf(paper: &Paper, fonts: &Fonts) -> Result<Vec<u8>, PdfError> {
    let mut setter = blocks::Setter::new(faces::Faces::new(fonts)?, paper.lang);
    setter.paper(paper);
    let (faces, items, targets) = setter.finish();
    let pages = pages::pages(&items);
    file::file(paper, faces, &pages, &targets)
}
