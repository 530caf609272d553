//! The faces of a PDF: which glyph a character is, how wide it is, and what of each face is used.
//!
//! In: font files. Out: glyphs by number in the subset. A character that its face lacks is taken from the others; one that
//! none has is a box.

use std::collections::BTreeMap;
use std::sync::Arc;

use subsetter::GlyphRemapper;

use super::super::sheet;
use super::{FontFace, Fonts, PdfError};

/// What is set where no face has a character.
const BOX: char = '□';

/// What a character is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glyph {
    /// Which face, from 0.
    pub face: usize,
    /// Its number in the subset of that face.
    pub id: u16,
    /// Thousandths of the size.
    pub wide: u16,
}

/// A face and what is used of it.
pub(super) struct Used<'a> {
    file: &'a FontFace,
    pub face: ttf_parser::Face<'a>,
    pub kept: GlyphRemapper,
    /// By number in the subset: the character it says, and its width in thousandths.
    pub glyphs: BTreeMap<u16, (char, u16)>,
}

impl<'a> Used<'a> {
    fn new(file: &'a FontFace) -> Result<Self, PdfError> {
        let face = ttf_parser::Face::parse(&file.bytes, file.index)
            .map_err(|cause| PdfError::Face { index: file.index, cause })?;
        Ok(Self { file, face, kept: GlyphRemapper::new(), glyphs: BTreeMap::new() })
    }

    fn glyph(&mut self, c: char) -> Option<(u16, u16)> {
        let old = self.face.glyph_index(c).filter(|glyph| glyph.0 != 0)?;
        let units = f64::from(self.face.units_per_em().max(1));
        let advance = f64::from(self.face.glyph_hor_advance(old).unwrap_or(0));
        let wide = whole(advance * 1000.0 / units);
        let id = self.kept.remap(old.0);
        self.glyphs.entry(id).or_insert((c, wide));
        Some((id, wide))
    }

    /// A length of the face, in thousandths of the size.
    pub fn thousandths(&self, length: i16) -> f32 {
        f32::from(length) * 1000.0 / f32::from(self.face.units_per_em().max(1))
    }

    /// The glyphs in use as a font program of their own.
    pub fn subset(&self) -> Result<Vec<u8>, PdfError> {
        subsetter::subset(&self.file.bytes, self.file.index, &self.kept).map_err(PdfError::Subset)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn whole(thousandths: f64) -> u16 {
    thousandths.round().clamp(0.0, 65_535.0) as u16
}

/// All faces of a paper.
pub(super) struct Faces<'a> {
    pub used: Vec<Used<'a>>,
    /// Places in `used`: song, fang, kai, hei.
    chinese: [usize; 4],
    western: Option<usize>,
    known: BTreeMap<(char, usize), Glyph>,
}

impl<'a> Faces<'a> {
    pub fn new(fonts: &'a Fonts) -> Result<Self, PdfError> {
        let mut used: Vec<Used<'a>> = Vec::new();
        let mut place = |file: &'a FontFace| {
            let is_same = |other: &Used<'_>| {
                Arc::ptr_eq(&other.file.bytes, &file.bytes) && other.file.index == file.index
            };
            if let Some(at) = used.iter().position(is_same) {
                return Ok(at);
            }
            used.push(Used::new(file)?);
            Ok::<_, PdfError>(used.len() - 1)
        };
        let chinese =
            [place(&fonts.song)?, place(&fonts.fang)?, place(&fonts.kai)?, place(&fonts.hei)?];
        let western = fonts.western.as_ref().map(place).transpose()?;
        Ok(Self { used, chinese, western, known: BTreeMap::new() })
    }

    /// The glyph of `c` in `face`, or in that of Latin letters where `is_western`.
    pub fn glyph(&mut self, c: char, face: sheet::Face, is_western: bool) -> Glyph {
        let own = match face {
            sheet::Face::Song => self.chinese[0],
            sheet::Face::Fang => self.chinese[1],
            sheet::Face::Kai => self.chinese[2],
            sheet::Face::Hei => self.chinese[3],
        };
        let first = self.western.filter(|_| is_western).unwrap_or(own);
        let key = (c, first);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let others = [own].into_iter().chain(self.chinese).chain(self.western);
        let order: Vec<usize> = [first].into_iter().chain(others).collect();
        let mut find = |c: char| {
            order.iter().find_map(|face| {
                let (id, wide) = self.used[*face].glyph(c)?;
                Some(Glyph { face: *face, id, wide })
            })
        };
        let glyph = find(c).or_else(|| find(BOX));
        let glyph = glyph.unwrap_or(Glyph { face: own, id: 0, wide: 1000 });
        self.known.insert(key, glyph);
        glyph
    }
}
