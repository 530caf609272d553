//! What is said of one party named in a post.
//!
//! In: the folded text of the post, the folded names of the parties, the margins of the post. Out: log-probabilities of
//! the three polarities for each. One linear model of the words around the name, where it stands, its ending
//! and how it lies within other names (`target::party_features`), of the post's margins, and of name and place
//! crossed with the post's polarity: a bank in a complaint is spoken ill of, a bureau that answers it is not.

use super::super::model::{Model, ModelError, named_key};
use super::super::target::party_features;
use super::super::train::Row;
use super::heads::log_softmax;
use super::model::{COLUMNS, URGENCIES};
use crate::record::Polarity;

/// What a margin of the post counts against a word nearby, and a name crossed with the post's polarity.
const POST: f32 = 10.0;
const CROSSED: f32 = 2.0;
/// Signs at the end of a name that tell what it is.
const ENDING: usize = 2;

/// Judges what is said of a party. Share one between threads.
pub struct PartyJudge {
    model: Model,
}

impl PartyJudge {
    /// The name of its model.
    pub const NAME: &'static str = "party";

    /// Reads a model file; `name` is for messages.
    ///
    /// # Errors
    /// [`ModelError`] naming the file, also where a polarity is missing.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        Self::of(Model::load(name, bytes)?).ok_or_else(|| ModelError::Label {
            name: name.into(),
            label: "negative, neutral, positive".into(),
        })
    }

    /// A judge of a model at hand; none unless its labels are the three polarities.
    #[must_use]
    pub fn of(model: Model) -> Option<Self> {
        model.labels().iter().map(String::as_str).eq(labels()).then_some(Self { model })
    }

    /// Log-probabilities of negative, neutral, positive for each of `names`, all folded.
    #[must_use]
    pub fn heads(
        &self,
        text: &str,
        names: &[&str],
        margins: &[f32; COLUMNS],
        post: Polarity,
    ) -> Vec<[f32; 3]> {
        features(text, names, margins, post)
            .into_iter()
            .map(|features| {
                let margins = self.model.score_counted(features.into_iter()).margins;
                let sharp = self.model.head().sharpness;
                log_softmax(&[margins[0] * sharp, margins[1] * sharp, margins[2] * sharp])
            })
            .collect()
    }
}

/// The labels of its model.
pub fn labels() -> impl Iterator<Item = &'static str> {
    Polarity::ALL.into_iter().map(Polarity::as_str)
}

/// Rows for training, one a name; `truth` has the place of each name's polarity in `Polarity::ALL`.
#[must_use]
pub fn party_rows(
    text: &str,
    names: &[&str],
    margins: &[f32; COLUMNS],
    post: Polarity,
    truth: &[usize],
) -> Vec<Row> {
    let features = features(text, names, margins, post);
    let rows = features.into_iter().zip(truth);
    rows.map(|(features, label)| Row { features, label: *label, weight: 1.0 }).collect()
}

fn features(
    text: &str,
    names: &[&str],
    margins: &[f32; COLUMNS],
    post: Polarity,
) -> Vec<Vec<(u32, f32)>> {
    let mut all = party_features(text, names);
    for (features, name) in all.iter_mut().zip(names) {
        for (column, margin) in margins[..URGENCIES + 3].iter().enumerate() {
            features.push((named_key(&format!("post {column}")), POST * margin));
        }
        let signs: Vec<char> = name.chars().collect();
        let ending: String = signs[signs.len().saturating_sub(ENDING)..].iter().collect();
        let at = text.find(name).map_or(9, |at| (at * 4 / text.len().max(1)).min(3));
        let crossed = [
            format!("ends {ending} in {}", post.as_str()),
            format!("at {at} in {}", post.as_str()),
        ];
        let crossed = crossed.iter().map(|name| (named_key(name), CROSSED));
        features.extend(crossed);
        features.sort_by_key(|f| f.0);
        features.dedup_by_key(|f| f.0);
    }
    all
}
