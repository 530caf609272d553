//! The encoder's file: a header in JSON, tables of pieces, matrices of four or five bits, a digest at the end.
//!
//! In: bytes. Out: what the encoder is made of, or what is wrong with the file and where. It reads no file itself.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::pieces::Pieces;
use crate::product::{GROUP, MOST_BITS, Matrix};

const MAGIC: &[u8; 8] = b"GLENC1\n\0";
const DIGEST_BYTES: usize = 32;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// Not a file of this kind.
    #[error("this is no encoder file (it begins otherwise)")]
    NotOurs,
    /// Bytes changed or missing.
    #[error("the encoder file is damaged: its digest does not fit its {0} bytes; fetch it again")]
    Damaged(usize),
    /// A part that does not read as it should.
    #[error("the encoder file cannot be used: {0}")]
    Broken(String),
}

fn broken(what: impl Into<String>) -> EncoderError {
    EncoderError::Broken(what.into())
}

/// Sizes and where it comes from.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Header {
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) inner: usize,
    pub(crate) pieces: usize,
    /// Pieces of a reading at most, begin and end included.
    pub(crate) tokens: usize,
    pub(crate) epsilon: f32,
    /// Sizes of the heads: polarity, kind, urgency.
    pub(crate) heads: [usize; 3],
    /// What stands before every text.
    pub(crate) prefix: String,
    /// Numbers of the vector that says what a post is about; 0: the file cannot say it.
    #[serde(default)]
    pub(crate) vector: usize,
    /// Layers below the two kinds of upper ones: those that lead to the heads, and those that say what a post is about.
    #[serde(default)]
    pub(crate) shared: usize,
    /// Bits of a weight in the layers above the shared ones that lead to the heads; all others have four.
    #[serde(default = "four")]
    pub(crate) bits: u32,
}

/// Bits of a weight where nothing else is said.
const FOUR: u32 = 4;

fn four() -> u32 {
    FOUR
}

/// Vectors of the pieces, kept as in the file and made real when asked for.
#[derive(Debug)]
pub(crate) struct Words {
    width: usize,
    row_scales: Vec<f32>,
    scales: Vec<i8>,
    nibbles: Vec<u8>,
}

impl Words {
    /// Adds the vector of piece `id` to `out`.
    pub(crate) fn add_to(&self, id: u32, out: &mut [f32]) {
        let row = id as usize;
        let groups = self.width / GROUP;
        let scales = &self.scales[row * groups..][..groups];
        let nibbles = &self.nibbles[row * self.width / 2..][..self.width / 2];
        let parts = out.chunks_exact_mut(GROUP).zip(nibbles.chunks_exact(GROUP / 2));
        for ((out, nibbles), scale) in parts.zip(scales) {
            let scale = f32::from(*scale) * self.row_scales[row];
            for (pair, byte) in out.chunks_exact_mut(2).zip(nibbles) {
                pair[0] += (f32::from(byte & 15) - 8.0) * scale;
                pair[1] += (f32::from(byte >> 4) - 8.0) * scale;
            }
        }
    }
}

/// A norm's factors and what it adds.
#[derive(Debug)]
pub(crate) struct NormWeights {
    pub(crate) weight: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

/// One layer.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) qkv: Matrix,
    pub(crate) out: Matrix,
    pub(crate) after_attention: NormWeights,
    pub(crate) inner: Matrix,
    pub(crate) outer: Matrix,
    pub(crate) after_inner: NormWeights,
}

/// All parts of the file.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) header: Header,
    pub(crate) pieces: Pieces,
    pub(crate) words: Words,
    pub(crate) places: Vec<f32>,
    pub(crate) first: NormWeights,
    pub(crate) layers: Vec<Layer>,
    /// All heads, one row an answer, twice the width.
    pub(crate) heads: Vec<f32>,
    pub(crate) heads_bias: Vec<f32>,
    /// What tells what a post is about: upper layers of the encoder as it came, which training did not turn to the heads.
    pub(crate) meaning: Option<MeaningParts>,
}

/// The upper layers as they came, and how their mean becomes a vector.
#[derive(Debug)]
pub(crate) struct MeaningParts {
    /// How many of the layers below are shared.
    pub(crate) from: usize,
    pub(crate) layers: Vec<Layer>,
    /// Rows that make the vector of the mean.
    pub(crate) rows: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    /// Names these numbers: what was learned of them serves no others, whatever the heads learn.
    pub(crate) mark: [u8; 2],
}

/// Reads a whole file.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(bytes: &[u8]) -> Result<Parts, EncoderError> {
    if !bytes.starts_with(MAGIC) {
        return Err(EncoderError::NotOurs);
    }
    let end = bytes.len().saturating_sub(DIGEST_BYTES);
    let (body, digest) = bytes.split_at(end);
    if Sha256::digest(body).as_slice() != digest {
        return Err(EncoderError::Damaged(bytes.len()));
    }
    let mut cursor = Cursor { bytes: body, at: MAGIC.len() };
    let length = cursor.u32()? as usize;
    let header: Header = serde_json::from_slice(cursor.take(length)?)
        .map_err(|e| broken(format!("its header: {e}")))?;
    check(&header)?;
    let width = header.width;
    let pieces = pieces(&mut cursor, header.pieces)?;
    let (row_scales, scales, nibbles) = cursor.packed(header.pieces, width)?;
    let words = Words { width, row_scales, scales, nibbles };
    let places = cursor.reals(header.tokens * width)?;
    let first = cursor.norm(width)?;
    let layers = (0..header.layers)
        .map(|at| layer(&mut cursor, &header, if at < header.shared { FOUR } else { header.bits }))
        .collect::<Result<Vec<_>, _>>()?;
    let answers = header.heads.iter().sum::<usize>();
    let heads = cursor.reals(answers * 2 * width)?;
    let heads_bias = cursor.reals(answers)?;
    let meaning = (header.vector > 0).then(|| meaning(&mut cursor, &header)).transpose()?;
    if cursor.at != body.len() {
        return Err(broken(format!("{} bytes are left over", body.len() - cursor.at)));
    }
    Ok(Parts { header, pieces, words, places, first, layers, heads, heads_bias, meaning })
}

fn meaning(cursor: &mut Cursor<'_>, header: &Header) -> Result<MeaningParts, EncoderError> {
    let Header { width, layers, shared, vector, .. } = *header;
    let start = cursor.at;
    let layers =
        (shared..layers).map(|_| layer(cursor, header, FOUR)).collect::<Result<Vec<_>, _>>()?;
    let (rows, bias) = (cursor.reals(vector * width)?, cursor.reals(vector)?);
    let digest = Sha256::digest(&cursor.bytes[start..cursor.at]);
    Ok(MeaningParts { from: shared, layers, rows, bias, mark: [digest[0], digest[1]] })
}

fn check(header: &Header) -> Result<(), EncoderError> {
    let Header { width, layers, inner, pieces, tokens, heads, vector, shared, bits, .. } = header;
    let sane = width.is_multiple_of(GROUP)
        && inner.is_multiple_of(GROUP)
        && (GROUP..=4096).contains(width)
        && (GROUP..=1536).contains(inner)
        && (1..=64).contains(layers)
        && (5..=300_000).contains(pieces)
        && (8..=512).contains(tokens)
        && *vector <= 1024
        && shared <= layers
        && (FOUR..=MOST_BITS).contains(bits);
    if !sane {
        return Err(broken("its header names sizes that cannot be"));
    }
    if *heads != [3, 13, 4] {
        return Err(broken(format!("its heads have {heads:?} answers, wanted 3, 13 and 4")));
    }
    Ok(())
}

fn pieces(cursor: &mut Cursor<'_>, count: usize) -> Result<Pieces, EncoderError> {
    let mut list = Vec::with_capacity(count);
    for id in 0..count {
        let score = cursor.reals(1)?[0];
        let length = cursor.take(1)?[0] as usize;
        let name = std::str::from_utf8(cursor.take(length)?)
            .map_err(|_| broken(format!("piece {id} is no text")))?;
        list.push((name.to_owned(), score));
    }
    let mut mapping = FxHashMap::default();
    for _ in 0..cursor.u32()? {
        let from = cursor.char()?;
        let length = cursor.take(1)?[0];
        let to = (0..length).map(|_| cursor.char()).collect::<Result<String, _>>()?;
        mapping.insert(from, to.into_boxed_str());
    }
    Ok(Pieces::new(list, mapping))
}

fn layer(cursor: &mut Cursor<'_>, header: &Header, bits: u32) -> Result<Layer, EncoderError> {
    let Header { width, inner, .. } = *header;
    Ok(Layer {
        qkv: cursor.matrix(3 * width, width, bits)?,
        out: cursor.matrix(width, width, bits)?,
        after_attention: cursor.norm(width)?,
        inner: cursor.matrix(inner, width, bits)?,
        outer: cursor.matrix(width, inner, bits)?,
        after_inner: cursor.norm(width)?,
    })
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], EncoderError> {
        let found = self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end));
        let found = found.ok_or_else(|| broken(format!("it ends at byte {}", self.bytes.len())))?;
        self.at += count;
        Ok(found)
    }

    fn u32(&mut self) -> Result<u32, EncoderError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes(std::array::from_fn(|i| bytes[i])))
    }

    fn char(&mut self) -> Result<char, EncoderError> {
        char::from_u32(self.u32()?).ok_or_else(|| broken("its map names what is no character"))
    }

    fn reals(&mut self, count: usize) -> Result<Vec<f32>, EncoderError> {
        let values =
            self.take(4 * count)?.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
        let values = values.collect::<Vec<_>>();
        if values.iter().all(|v| v.is_finite()) {
            Ok(values)
        } else {
            Err(broken("a number in it is none"))
        }
    }

    /// Scales of rows, scales of groups, two weights a byte.
    fn packed(&mut self, rows: usize, columns: usize) -> Result<Packed, EncoderError> {
        let row_scales = self.reals(rows)?;
        let scales = self.take(rows * columns / GROUP)?.iter().map(|b| *b as i8).collect();
        Ok((row_scales, scales, self.take(rows * columns / 2)?.to_vec()))
    }

    fn matrix(&mut self, rows: usize, columns: usize, bits: u32) -> Result<Matrix, EncoderError> {
        let (row_scales, scales, nibbles) = self.packed(rows, columns)?;
        let mut weights = nibbles.iter().flat_map(|b| [b & 15, b >> 4]).collect::<Vec<_>>();
        if bits > FOUR {
            // The fifth bits follow, eight to a byte.
            let fifths = self.take(weights.len() / 8)?;
            for (weights, byte) in weights.as_chunks_mut::<8>().0.iter_mut().zip(fifths) {
                weights.iter_mut().enumerate().for_each(|(i, w)| *w |= (byte >> i & 1) << FOUR);
            }
        }
        let bias = self.reals(rows)?;
        Matrix::new(columns, bits, &weights, &scales, &row_scales, &bias)
            .ok_or_else(|| broken("a matrix has sizes that do not fit"))
    }

    fn norm(&mut self, width: usize) -> Result<NormWeights, EncoderError> {
        Ok(NormWeights { weight: self.reals(width)?, bias: self.reals(width)? })
    }
}

type Packed = (Vec<f32>, Vec<i8>, Vec<u8>);
