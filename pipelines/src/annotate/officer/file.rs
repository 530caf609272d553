//! The file of the officer's model: head in JSON, body in zlib.
//!
//! In: bytes. Out: [`OfficerModel`], or what is wrong with the file. The body holds the keys (ascending, their
//! differences as bytes of seven bits), one byte of rarity a key, then the weights by column. The same model
//! gives the same bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::super::model::{ModelError, ascending, write_ascending};
use super::lean::EXTRAS;
use super::model::{COLUMNS, OfficerModel};

const MAGIC: &[u8] = b"GOM1\n";
/// Runs of a file at most: what fits the memory that all judging may take.
const MOST_RUNS: usize = 1 << 20;

/// What stands at the head of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerHead {
    /// Known runs.
    pub runs: usize,
    /// What a weight byte is worth, by column; rarity's 1/16 cancels out in the norm.
    pub scales: Vec<f32>,
    /// Margin of an empty text, by column.
    pub bias: Vec<f32>,
    /// Weight of each number of the lexicons, by column.
    pub extras: Vec<Vec<f32>>,
    /// From margins to log-odds of the polarities.
    pub polarity: Layer,
    /// From margins to log-odds of the kinds.
    pub kind: Layer,
    /// Slope and offset of the log-odds of urgency at least 1, 2, 3.
    pub urgency: Vec<[f32; 2]>,
    /// Below this confidence a polarity is in doubt.
    pub unsure: f32,
    /// Below this confidence a kind is in doubt.
    pub unsure_kind: f32,
}

/// Log-odds of classes out of their margins, fitted on texts of sources that were held out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// By class, the weight of each class's margin.
    pub weights: Vec<Vec<f32>>,
    /// By class.
    pub bias: Vec<f32>,
}

impl Layer {
    /// The log-odds of each class; as many as it has, up to a common number.
    pub(super) fn apply<const N: usize>(&self, margins: &[f32]) -> [f32; N] {
        let mut out = [0f32; N];
        for ((out, weights), bias) in out.iter_mut().zip(&self.weights).zip(&self.bias) {
            *out = bias + weights.iter().zip(margins).map(|(w, m)| w * m).sum::<f32>();
        }
        out
    }

    fn fits(&self, classes: usize) -> bool {
        self.weights.len() == classes
            && self.bias.len() == classes
            && self.weights.iter().all(|w| w.len() == classes)
    }
}

impl OfficerHead {
    fn fits(&self) -> bool {
        self.runs <= MOST_RUNS
            && self.scales.len() == COLUMNS
            && self.bias.len() == COLUMNS
            && self.extras.len() == EXTRAS
            && self.extras.iter().all(|e| e.len() == COLUMNS)
            && self.polarity.fits(3)
            && self.kind.fits(13)
            && self.urgency.len() == 3
    }
}

impl OfficerModel {
    /// Whether these are bytes of such a model.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Reads a model; `name` is for messages.
    ///
    /// # Errors
    /// [`ModelError`] when the bytes are not such a model.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| ModelError::Format(name.into()))?;
        let line = rest.iter().position(|b| *b == b'\n');
        let line = line.ok_or_else(|| ModelError::Body(name.into()))?;
        let unfit = |why: String| ModelError::Head { name: name.into(), why };
        let head: OfficerHead =
            serde_json::from_slice(&rest[..line]).map_err(|e| unfit(e.to_string()))?;
        if !head.fits() {
            return Err(unfit("numbers do not fit".into()));
        }
        let most = head.runs * (5 + 1 + COLUMNS);
        let mut body = Vec::new();
        ZlibDecoder::new(&rest[line + 1..])
            .take(most as u64 + 1)
            .read_to_end(&mut body)
            .map_err(|_| ModelError::Body(name.into()))?;
        let (keys, used) =
            ascending(&body, head.runs).ok_or_else(|| ModelError::Body(name.into()))?;
        let parts = body[used..].split_at_checked(head.runs);
        let (rarity, weights) = parts.ok_or_else(|| ModelError::Body(name.into()))?;
        if weights.len() != head.runs * COLUMNS {
            return Err(ModelError::Body(name.into()));
        }
        // By column in the file, where it packs better; by run in memory, where it is read so.
        let mut rows = vec![[0i8; COLUMNS]; head.runs];
        for (column, bytes) in weights.chunks_exact(head.runs.max(1)).enumerate() {
            rows.iter_mut().zip(bytes).for_each(|(row, byte)| row[column] = byte.cast_signed());
        }
        Ok(Self::of(head, keys, rarity.to_vec(), rows))
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// Never in practice: writing goes to memory.
    pub fn to_bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut out = MAGIC.to_vec();
        out.extend(serde_json::to_vec(&self.head)?);
        out.push(b'\n');
        let mut body = ZlibEncoder::new(out, Compression::best());
        write_ascending(&self.keys, &mut body)?;
        body.write_all(&self.rarity)?;
        for column in 0..COLUMNS {
            let bytes: Vec<u8> = self.weights.iter().map(|w| w[column].cast_unsigned()).collect();
            body.write_all(&bytes)?;
        }
        body.finish()
    }
}
