//! The file of a model: head in JSON, body in zlib.
//!
//! In: bytes. Out: [`Model`], or what is wrong with the file. Written by training, read at start-up; the same
//! model gives the same bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::{GramSpec, Model, ascending, write_ascending};

/// Features of a file at most.
const MOST_FEATURES: usize = 1 << 22;

const MAGIC: &[u8] = b"GLM2\n";
/// The first format, which hashed before it cut what is rare: known by name, so that it is refused and not passed over.
const FIRST: &[u8] = b"GLM1\n";

/// Why a model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Not such a file, or of another version.
    #[error("model `{0}` does not begin with GLM2; train it anew with `guanlan train`")]
    Format(String),
    /// The head cannot be read.
    #[error("model `{name}` has a head that cannot be read: {why}")]
    Head {
        /// The file.
        name: String,
        /// What the reader says.
        why: String,
    },
    /// The body is cut or too long.
    #[error("model `{0}` is cut or damaged; train it anew with `guanlan train`")]
    Body(String),
    /// A needed label is missing.
    #[error("model `{name}` lacks the label `{label}`")]
    Label {
        /// The file.
        name: String,
        /// The label.
        label: String,
    },
}

/// What stands at the head of a model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// `weibo`, `news`, `target`, `risk`, `petitions`.
    pub name: String,
    /// The labels, ascending.
    pub labels: Vec<String>,
    /// Features it knows.
    pub features: usize,
    /// How texts become features.
    pub grams: GramSpec,
    /// What one unit of a weight byte is worth, a label; rarity's 1/16 cancels out in the norm.
    pub scales: Vec<f32>,
    /// A label's margin of an empty text.
    pub bias: Vec<f32>,
    /// What margins are multiplied by before they become probabilities.
    pub sharpness: f32,
    /// What the lexicon's score is multiplied by before it joins the margins; 0 where it has no say.
    #[serde(default)]
    pub lexicon_weight: f32,
}

impl Model {
    /// Reads a model; `name` is for messages.
    ///
    /// # Errors
    /// [`ModelError`] when the bytes are not such a model.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| ModelError::Format(name.into()))?;
        let line = rest.iter().position(|b| *b == b'\n');
        let line = line.ok_or_else(|| ModelError::Body(name.into()))?;
        let head: Head = serde_json::from_slice(&rest[..line])
            .map_err(|e| ModelError::Head { name: name.into(), why: e.to_string() })?;
        let labels = head.labels.len();
        let fits = head.features <= MOST_FEATURES
            && (1..=8).contains(&head.grams.longest)
            && labels > 0
            && labels <= 256
            && head.scales.len() == labels
            && head.bias.len() == labels;
        if !fits {
            return Err(ModelError::Head { name: name.into(), why: "numbers do not fit".into() });
        }
        let most = head.features * (5 + 1 + labels);
        let mut body = Vec::new();
        ZlibDecoder::new(&rest[line + 1..])
            .take(most as u64 + 1)
            .read_to_end(&mut body)
            .map_err(|_| ModelError::Body(name.into()))?;
        let cut = || ModelError::Body(name.into());
        let (keys, used) = ascending(&body, head.features).ok_or_else(cut)?;
        let (rarity, weights) = body[used..].split_at_checked(head.features).ok_or_else(cut)?;
        if weights.len() != head.features * labels {
            return Err(cut());
        }
        let weights = weights.iter().map(|b| b.cast_signed()).collect();
        Ok(Self::of(head, keys, rarity.to_vec(), weights))
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
        let signed: Vec<u8> = self.weights.iter().map(|w| w.cast_unsigned()).collect();
        body.write_all(&signed)?;
        body.finish()
    }
}

impl Model {
    /// The name in the head of a model file, without reading its body.
    #[must_use]
    pub fn name_of(bytes: &[u8]) -> Option<&str> {
        let rest = bytes.strip_prefix(MAGIC).or_else(|| bytes.strip_prefix(FIRST))?;
        let line = rest.iter().position(|b| *b == b'\n')?;
        let after = |key: &[u8]| {
            let at = rest[..line].windows(key.len()).position(|w| w == key)?;
            let value = &rest[at + key.len()..line];
            std::str::from_utf8(&value[..value.iter().position(|b| *b == b'"')?]).ok()
        };
        after(b"\"name\":\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annotate::model::{Grams, largest};
    use crate::annotate::train::{LabelledText, Recipe, labels_of, rows_of, train};

    fn model() -> Model {
        let texts: Vec<LabelledText> = [
            ("瓦斯爆炸三人被困", "bad"),
            ("井下透水三人遇难", "bad"),
            ("瓦斯超限井下停产", "bad"),
            ("慰问职工送来温暖", "good"),
            ("捐资助学送来温暖", "good"),
            ("职工捐资慰问老人", "good"),
        ]
        .into_iter()
        .map(|(text, label)| LabelledText {
            text: text.to_owned(),
            label: label.to_owned(),
            weight: 1.0,
            ..LabelledText::default()
        })
        .collect();
        let recipe = Recipe {
            name: "try".to_owned(),
            grams: GramSpec::default(),
            cut: 2,
            cost: 1.0,
            balance: 0.0,
            passes: 20,
            seed: 1,
        };
        let labels = labels_of(texts.iter().map(|t| t.label.as_str()));
        train(&rows_of(&texts, &labels, &recipe.grams), &labels, &recipe).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let model = model();
        let bytes = model.to_bytes().unwrap();
        assert_eq!(Model::name_of(&bytes), Some("try"));
        assert_eq!(Model::load("try", &bytes).unwrap(), model);
    }

    #[test]
    fn a_broken_file_is_refused_not_guessed() {
        let bytes = model().to_bytes().unwrap();
        for cut in [0, 4, 40, bytes.len() / 2, bytes.len() - 9] {
            assert!(Model::load("try", &bytes[..cut]).is_err(), "{cut}");
        }
        for other in [b"GLM9\n{}\n", b"GLM1\n{}\n"] {
            assert!(matches!(Model::load("try", other).unwrap_err(), ModelError::Format(_)));
        }
        assert_eq!(Model::name_of(b"GLM1\n{\"name\":\"old\"}\n"), Some("old"), "not passed over");
        let unfit = Model::load("try", b"GLM2\n{}\n").unwrap_err();
        assert!(matches!(unfit, ModelError::Head { .. }));
    }

    #[test]
    fn a_judgement_is_explained_by_the_words_it_rests_on() {
        let model = model();
        let text = "矿上又瓦斯爆炸了";
        let grams = Grams::of("", text, model.spec());
        let score = model.score(&grams);
        let label = largest(&score.margins);
        assert_eq!(model.labels()[label], "bad");
        let shares = model.probabilities(&score.margins);
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let words = model.explain(&grams, &score, label, 2);
        let first = &text[words[0].start as usize..words[0].end as usize];
        assert!(first.contains("瓦斯") || first.contains("爆炸"), "{first}");
    }
}
