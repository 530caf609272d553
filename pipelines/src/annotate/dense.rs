//! What the deep reader's states say of a question that nobody asked when it learned: emotions of Weibo, news, classes of petition.
//!
//! In: the numbers that an encoder's last layer makes of a post ([`About::states`]) and the linear judge's shares.
//! Out: both mixed. A head is a softmax over these numbers, learned beside the linear model of its name, and a small file of its own;
//! it serves the states it was learned of and no others. Pure.

mod learn;

use encoder::About;
use serde::{Deserialize, Serialize};

pub use learn::{DenseRow, learn};

const MAGIC: &[u8; 8] = b"GLDENSE1";
/// Probabilities are never nearer to 0 than this.
const LEAST: f32 = 1e-6;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("model `{name}` cannot be used: {what}")]
pub struct DenseError {
    name: String,
    what: String,
}

/// What stands before the numbers of a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DenseTop {
    /// The linear model it stands beside: `weibo`, `news`, `petitions`.
    pub name: String,
    /// What it tells apart.
    pub labels: Vec<String>,
    /// Numbers of a post.
    pub width: usize,
    /// What it counts beside the linear model, 0 to 1.
    pub share: f32,
    /// Names the states it was learned of ([`About::mark`]).
    pub encoder: [u8; 2],
}

/// A head over an encoder's numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseHead {
    top: DenseTop,
    /// For each label its weights, then what is added.
    weights: Vec<f32>,
}

impl DenseHead {
    /// A head of what [`learn`] found: for each label `width` weights and one that is added.
    #[must_use]
    pub fn of(top: DenseTop, weights: Vec<f32>) -> Self {
        Self { top, weights }
    }

    /// The heads among `models` (name of the file, bytes).
    ///
    /// # Errors
    /// A file that is cut, by its name.
    pub fn among<B: AsRef<[u8]>>(models: &[(String, B)]) -> Result<Vec<Self>, DenseError> {
        let heads = models.iter().filter(|(_, bytes)| bytes.as_ref().starts_with(MAGIC));
        heads.map(|(name, bytes)| Self::load(name, bytes.as_ref())).collect()
    }

    /// Reads a file; `name` is for messages.
    ///
    /// # Errors
    /// What is wrong with it, naming the file.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, DenseError> {
        let wrong = |what: &str| DenseError { name: name.to_owned(), what: what.to_owned() };
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| wrong("it begins otherwise"))?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| wrong("it is cut"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (top, numbers) = rest.split_at_checked(length).ok_or_else(|| wrong("it is cut"))?;
        let top: DenseTop = serde_json::from_slice(top).map_err(|e| wrong(&e.to_string()))?;
        let (numbers, left) = numbers.as_chunks::<4>();
        let weights: Vec<f32> = numbers.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let wanted = top.labels.len().saturating_mul(top.width.saturating_add(1));
        let is_whole = !top.labels.is_empty() && left.is_empty() && weights.len() == wanted;
        if !is_whole || !weights.iter().all(|w| w.is_finite()) {
            return Err(wrong("its numbers are not those its head names"));
        }
        Ok(Self { top, weights })
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// Its head cannot be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let top = serde_json::to_vec(&self.top)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend((top.len() as u32).to_le_bytes());
        bytes.extend(top);
        bytes.extend(self.weights.iter().flat_map(|w| w.to_le_bytes()));
        Ok(bytes)
    }

    /// What it says of itself.
    #[must_use]
    pub fn top(&self) -> &DenseTop {
        &self.top
    }

    /// How likely each of its labels is.
    fn shares(&self, states: &[f32]) -> Vec<f32> {
        let rows = self.weights.chunks_exact(self.top.width + 1);
        let odds: Vec<f32> = rows.map(|row| odds(row, states)).collect();
        super::model::softmax(&odds, 1.0)
    }

    /// The linear judge's shares, by the same labels in the same order, and its own; the linear ones alone where another encoder
    /// tells what the post is about.
    #[must_use]
    pub fn mixed(&self, linear: &[f32], about: &About) -> Vec<f32> {
        if about.mark == self.top.encoder {
            self.mix(linear, &about.states)
        } else {
            linear.to_vec()
        }
    }

    /// The same by states that it was learned of.
    #[must_use]
    pub fn mix(&self, linear: &[f32], states: &[f32]) -> Vec<f32> {
        let own = self.shares(states);
        let log = |p: &f32| p.max(LEAST).ln();
        let both = linear.iter().zip(&own);
        let odds: Vec<f32> = both
            .map(|(linear, own)| log(linear) * (1.0 - self.top.share) + log(own) * self.top.share)
            .collect();
        super::model::softmax(&odds, 1.0)
    }
}

fn odds(row: &[f32], states: &[f32]) -> f32 {
    let (added, weights) = row.split_last().unwrap_or((&0.0, &[]));
    weights.iter().zip(states).map(|(w, x)| w * x).sum::<f32>() + added
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top() -> DenseTop {
        let labels = ["negative", "neutral", "positive"].map(str::to_owned).to_vec();
        DenseTop { name: "weibo".into(), labels, width: 2, share: 0.5, encoder: [7, 9] }
    }

    /// Three clouds of points, each about a corner.
    fn rows() -> Vec<(Vec<f32>, usize)> {
        let corners = [(0.0, 4.0), (4.0, 0.0), (-4.0, -4.0)];
        let near = |at: usize| (at as f32 * 0.37).sin();
        (0..90)
            .map(|at| {
                let (x, y) = corners[at % 3];
                (vec![x + near(at), y + near(at + 31)], at % 3)
            })
            .collect()
    }

    fn head() -> DenseHead {
        let rows = rows();
        let of = |(states, label): &(Vec<f32>, usize)| DenseRow {
            states: states.clone().into(),
            label: *label,
            weight: 1.0,
        };
        let rows: Vec<DenseRow> = rows.iter().map(of).collect();
        let all: Vec<&DenseRow> = rows.iter().collect();
        DenseHead::of(top(), learn(&all, 3, 1.0))
    }

    #[test]
    fn it_learns_what_can_be_told_apart_and_its_file_is_read_back() {
        let head = head();
        for (states, label) in rows() {
            let shares = head.shares(&states);
            assert!(shares[label] > 0.8, "{shares:?}");
        }
        assert_eq!(DenseHead::load("x", &head.to_bytes().unwrap()).unwrap(), head);
        assert_eq!(self::head(), head, "the same rows give the same head");
    }

    #[test]
    fn both_readers_count() {
        let head = head();
        let mut about = About { meaning: None, states: Box::new([0.0, 4.0]), mark: [7, 9] };
        let agreed = head.mixed(&[0.8, 0.1, 0.1], &about);
        let contradicted = head.mixed(&[0.0, 0.5, 0.5], &about);
        assert!(agreed[0] > 0.9 && contradicted[0] < agreed[0], "{agreed:?} {contradicted:?}");
        assert!((agreed.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        about.mark = [0, 0];
        assert_eq!(head.mixed(&[0.8, 0.1, 0.1], &about), [0.8, 0.1, 0.1], "another encoder's");
    }

    #[test]
    fn a_file_that_is_cut_or_other_is_refused_by_name() {
        let bytes = head().to_bytes().unwrap();
        for end in [3, 10, 40, bytes.len() - 1, bytes.len() - 4] {
            let error = DenseHead::load("weibo.dense", &bytes[..end]).unwrap_err().to_string();
            assert!(error.contains("weibo.dense"), "{error}");
        }
    }
}
