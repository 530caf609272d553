//! The deep reader's say: asked for the posts that the linear judge is least sure of, and what any post is about.
//!
//! In: the bytes of an encoder's file, then posts with what the linear judge makes of them. Out: a weighted mean of both readers'
//! log-probabilities, the linear judge's own where it is sure; and the post's meaning. An encoder that tells no meanings
//! reads unsure posts alone, one that does reads each, once. Its weights are unpacked when the first unsure post
//! comes, so that a command that judges nothing does not pay for them. Pure; counts how often it was asked.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

pub use encoder::{About, Encoder, Said};
use encoder::{EncoderError, Whole};

use super::officer::Heads;
use super::polarity::FoldedPost;

/// Doubt of the linear judge ([`Heads::doubt`]) from which the deep reader is asked: on whole sources that neither reader
/// learned from 77 % of posts lie above it, and asking more gains nothing (`config/models/deep/README.md`).
const ASKED_FROM: f32 = 0.8;
/// What the deep reader counts in the mix: on two folds of whole sources that neither reader learned from, more than half is better by
/// half a point of polarity and up to two of kind (`config/models/deep/README.md`).
pub(super) const SHARE: f32 = 0.65;

/// What both readers make of a post.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// What they answer together.
    pub heads: Heads,
    /// What each stretch of the post says to the deep reader; nothing where it was not asked.
    pub said: Box<[Said]>,
    /// What the post is about, where the encoder can tell.
    pub about: Option<About>,
}

/// A second reader, shared between threads.
pub struct DeepReader {
    bytes: Cow<'static, [u8]>,
    encoder: OnceLock<Option<Encoder>>,
    asked: AtomicU64,
}

impl DeepReader {
    /// Whether `bytes` begin as an encoder's file does.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(b"GLENC1\n\0")
    }

    /// A reader of this file, which is opened when it is first needed.
    #[must_use]
    pub fn of(bytes: Cow<'static, [u8]>) -> Self {
        Self { bytes, encoder: OnceLock::new(), asked: AtomicU64::new(0) }
    }

    /// Whether its file can be used.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), EncoderError> {
        Encoder::open(&self.bytes).map(drop)
    }

    /// The encoder; none where its file cannot be used.
    #[must_use]
    pub fn encoder(&self) -> Option<&Encoder> {
        self.encoder.get_or_init(|| Encoder::open(&self.bytes).ok()).as_ref()
    }

    /// Both readers' opinion of a post that the linear judge is unsure of; its own (`heads`) of any other. And what the post
    /// is about, whether it is sure or not.
    #[must_use]
    pub fn heard(&self, post: &FoldedPost<'_>, heads: &Heads) -> Heard {
        let is_unsure = heads.doubt() >= ASKED_FROM;
        let encoder = self.encoder().filter(|encoder| is_unsure || encoder.has_meaning());
        let alone = |about| Heard { heads: *heads, said: Box::default(), about };
        let Some(encoder) = encoder else { return alone(None) };
        if !is_unsure {
            return alone(encoder.about(post.title, post.body));
        }
        self.asked.fetch_add(1, Ordering::Relaxed);
        let Whole { reading, said, about } = encoder.read_whole(post.title, post.body);
        let encoder::Reading { polarity, kind, urgency } = reading;
        Heard { heads: heads.mixed(&Heads { polarity, kind, urgency }, SHARE), said, about }
    }

    /// What a text is about, where the encoder can tell.
    #[must_use]
    pub fn about(&self, title: &str, text: &str) -> Option<About> {
        self.encoder()?.about(title, text)
    }

    /// Posts whose verdict it shared in.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::officer::log_softmax;
    use super::*;
    use crate::text::fold;

    fn heads(sharp: f32) -> Heads {
        let mut heads = Heads {
            polarity: log_softmax(&[0.0, sharp, 0.0]),
            kind: [0.0; 13],
            urgency: log_softmax(&[0.0; 4]),
        };
        heads.kind[0] = sharp;
        heads.kind = log_softmax(&heads.kind);
        heads
    }

    fn heard(reader: &DeepReader, heads: &Heads) -> Heard {
        let text = "公司拖欠工资四个月，找谁都推诿，工人们要讨个说法。";
        let (title_folded, body_folded) = (fold(""), fold(text));
        let post = FoldedPost {
            title: "",
            body: text,
            title_folded: &title_folded,
            body_folded: &body_folded,
        };
        reader.heard(&post, heads)
    }

    fn mixed(reader: &DeepReader, heads: &Heads) -> Heads {
        heard(reader, heads).heads
    }

    #[test]
    fn it_is_asked_where_the_linear_judge_is_unsure_and_counts_beside_it() {
        let file = include_bytes!("../../../config/models/deep/deep.bin").as_slice();
        let reader = DeepReader::of(Cow::Borrowed(file));
        let sure = heads(12.0);
        assert_eq!(mixed(&reader, &sure), sure);
        assert_eq!(reader.asked(), 0);
        let both = mixed(&reader, &heads(0.1));
        assert_eq!(reader.asked(), 1);
        assert_eq!(both.polarity().0, crate::record::Polarity::Negative);
        let sum = both.polarity.iter().map(|p| p.exp()).sum::<f32>();
        assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    }

    #[test]
    fn what_a_post_is_about_is_told_of_every_post_or_of_none() {
        let file = include_bytes!("../../../config/models/deep/deep.bin").as_slice();
        let reader = DeepReader::of(Cow::Borrowed(file));
        let tells = reader.encoder().unwrap().has_meaning();
        let [sure, unsure] = [12.0, 0.1].map(|sharp| heard(&reader, &heads(sharp)).about);
        assert_eq!(sure.is_some(), tells);
        assert_eq!(sure, reader.about("", "公司拖欠工资四个月，找谁都推诿，工人们要讨个说法。"));
        assert!(!tells || sure == unsure);
    }

    #[test]
    fn a_damaged_file_leaves_the_linear_judge_alone() {
        let reader = DeepReader::of(Cow::Borrowed(b"GLENC1\n\0and no more"));
        assert!(reader.check().unwrap_err().to_string().contains("damaged"));
        assert_eq!(mixed(&reader, &heads(0.1)), heads(0.1));
        assert_eq!(reader.asked(), 0);
    }
}
