//! What a post is about as a vector of bytes: two posts are compared by the cosine of theirs.
//!
//! In: the numbers of the encoder's last step and the mark of what made them. Out: a [`Meaning`], and how near two of them are. It is
//! stored as one short text in base64. Vectors that two encoders made are not compared: their numbers mean different things.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest number of a vector of length one.
const ONE: f32 = 127.0;

/// What a post is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// First bytes of the digest of the layers that made it.
    mark: [u8; 2],
    numbers: Box<[i8]>,
    length: f32,
}

impl Meaning {
    /// The direction of `numbers`, as the layers of this mark see it; nothing where they have none.
    #[must_use]
    pub fn of(mark: [u8; 2], numbers: &[f32]) -> Option<Self> {
        let length = numbers.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !length.is_normal() {
            return None;
        }
        let byte = |v: &f32| (v / length * ONE).round_ties_even() as i8;
        Self::from_parts(mark, numbers.iter().map(byte).collect())
    }

    fn from_parts(mark: [u8; 2], numbers: Box<[i8]>) -> Option<Self> {
        let length = (product(&numbers, &numbers) as f32).sqrt();
        (length > 0.0).then_some(Self { mark, numbers, length })
    }

    /// How near two meanings are, −1 to 1; nothing where two encoders made them.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        if self.mark != other.mark || self.numbers.len() != other.numbers.len() {
            return None;
        }
        let product = product(&self.numbers, &other.numbers) as f32;
        Some(product / (self.length * other.length))
    }

    /// Its numbers; 127 is a one.
    #[must_use]
    pub fn numbers(&self) -> &[i8] {
        &self.numbers
    }
}

fn product(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(i16::from(*a) * i16::from(*b))).sum()
}

impl Serialize for Meaning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let numbers = self.numbers.iter().map(|v| v.cast_unsigned());
        let bytes = self.mark.into_iter().chain(numbers).collect::<Vec<_>>();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let (mark, numbers) = bytes
            .split_first_chunk::<2>()
            .ok_or_else(|| D::Error::custom("a meaning of no numbers"))?;
        let numbers = numbers.iter().map(|b| b.cast_signed()).collect();
        Self::from_parts(*mark, numbers)
            .ok_or_else(|| D::Error::custom("a meaning without a direction"))
    }
}
