//! The deep reader: a small pretrained transformer, fine-tuned on the officer's labels, read by integer arithmetic.
//!
//! In: the bytes of its file, titles and texts. Out: log-probabilities of polarity, kind and urgency, and what the text is
//! about as a vector, where the file can say it, and which words say so. Useful for the posts that a linear model is unsure of. It reads some tens of posts a second.
//! Pure: no file, no clock, no thread of its own. It is a crate of its own so that it is optimised in every build.

mod curves;
mod file;
mod machine;
mod meaning;
mod pieces;
mod product;
mod reason;
#[cfg(test)]
mod tests;
mod tokens;

pub use file::EncoderError;
pub use machine::Machine;
pub use meaning::Meaning;
pub use reason::Said;

use curves::{Attention, Desk, Gelu, Norm};
use file::{Layer, NormWeights, Parts};
use pieces::Piece;
use product::{Matrix, product};
use reason::{Composed, said};
use tokens::Tokens;

/// Tokens that go through the layers together: the weights are fetched once for all of them.
const TOGETHER: usize = 256;

/// Natural logarithms of the probabilities of each answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Negative, neutral, positive.
    pub polarity: [f32; 3],
    /// Grievance, accident, misconduct, rumour, response, praise, achievement, policy, market, question, opinion, chat, ad.
    pub kind: [f32; 13],
    /// Nothing to do, keep an eye on, verify and act today, tell the leader now.
    pub urgency: [f32; 4],
}

/// What a post is about, and what that is told by.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// Short enough to be kept with the post.
    pub meaning: Option<Meaning>,
    /// What the last layer makes of it: means of its tokens, then the greatest. Serves questions that nobody asked when it
    /// learned.
    pub states: Box<[f32]>,
    /// Names these numbers: what was learned of them serves no others.
    pub mark: [u8; 2],
}

/// Everything that is told of one post.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// The answers.
    pub reading: Reading,
    /// What the stretches of the post say for each polarity, in their order.
    pub said: Box<[Said]>,
    /// What it is about, where the file says it.
    pub about: Option<About>,
}

/// The encoder, ready to read.
#[derive(Debug)]
pub struct Encoder {
    parts: Parts,
    machine: Machine,
}

/// Which layers follow the lower ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Answers,
    About,
    Both,
}

impl Encoder {
    /// From the bytes of its file.
    ///
    /// # Errors
    /// What is wrong with the file: another kind, damaged, or of sizes that do not fit.
    pub fn open(bytes: &[u8]) -> Result<Self, EncoderError> {
        Ok(Self { parts: file::read(bytes)?, machine: Machine::widest() })
    }

    /// The same with these instructions; for benches and tests.
    #[must_use]
    pub fn with(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// The instructions it uses.
    #[must_use]
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// Reads one post; an empty title is none.
    #[must_use]
    pub fn read(&self, title: &str, text: &str) -> Reading {
        self.read_all(&[(title, text)])[0]
    }

    /// Reads many posts (title and text of each), several at a time.
    #[must_use]
    pub fn read_all(&self, posts: &[(&str, &str)]) -> Vec<Reading> {
        let mut readings = Vec::with_capacity(posts.len());
        self.each(posts, Way::Answers, |states| readings.push(self.answer(states)));
        readings
    }

    /// What one post is about; nothing where the file does not say.
    #[must_use]
    pub fn about(&self, title: &str, text: &str) -> Option<About> {
        let mut about = None;
        self.each(&[(title, text)], Way::About, |states| about = self.about_of(states));
        about
    }

    /// Everything, the lower layers once.
    #[must_use]
    pub fn read_whole(&self, title: &str, text: &str) -> Whole {
        let (composed, pieces) = self.pieces_of(title, text);
        let (width, heads) = (self.parts.header.width, &self.parts.heads);
        let way = if self.has_meaning() { Way::Both } else { Way::Answers };
        let mut room = Room::default();
        self.run(&[framed(&pieces)], way, &mut room);
        Whole {
            reading: self.answer(&room.x),
            said: said(&room.x, width, heads, &composed, &pieces),
            about: self.about_of(&room.other),
        }
    }

    /// Whether it says what posts are about.
    #[must_use]
    pub fn has_meaning(&self) -> bool {
        self.parts.meaning.is_some()
    }

    /// Names the numbers by which it does; nothing where it does not.
    #[must_use]
    pub fn mark(&self) -> Option<[u8; 2]> {
        self.parts.meaning.as_ref().map(|parts| parts.mark)
    }

    /// Pieces that a reading of this post takes, begin and end included.
    #[must_use]
    pub fn tokens(&self, title: &str, text: &str) -> usize {
        framed(&self.pieces_of(title, text).1).len()
    }

    /// What is read of a post, and its pieces as far as they are.
    fn pieces_of(&self, title: &str, text: &str) -> (Composed, Vec<Piece>) {
        let header = &self.parts.header;
        let composed = Composed::of(&header.prefix, title, text);
        let mut pieces = self.parts.pieces.cut(&composed.whole);
        pieces.truncate(header.tokens - 2);
        (composed, pieces)
    }

    /// Hands the states of each post's tokens to `done`, in order: those of the layers that answer or, where these are asked,
    /// of those that tell what it is about.
    fn each(&self, posts: &[(&str, &str)], way: Way, mut done: impl FnMut(&[f32])) {
        let texts = posts.iter().map(|(title, text)| framed(&self.pieces_of(title, text).1));
        let texts = texts.collect::<Vec<_>>();
        let mut room = Room::default();
        let mut first = 0;
        while first < texts.len() {
            let mut last = first;
            let mut tokens = 0;
            while last < texts.len() && (tokens == 0 || tokens + texts[last].len() <= TOGETHER) {
                tokens += texts[last].len();
                last += 1;
            }
            self.run(&texts[first..last], way, &mut room);
            let mut at = 0;
            for text in &texts[first..last] {
                let length = text.len() * self.parts.header.width;
                done(&room.x[at..at + length]);
                at += length;
            }
            first = last;
        }
    }

    /// Leaves the states of the last layer in `room.x`, texts one after another, and with [`Way::Both`] those of what they
    /// are about in `room.other`.
    fn run(&self, texts: &[Vec<u32>], way: Way, room: &mut Room) {
        let width = self.parts.header.width;
        room.x.clear();
        for text in texts {
            let start = room.x.len();
            room.x.extend_from_slice(&self.parts.places[..text.len() * width]);
            for (id, out) in text.iter().zip(room.x[start..].chunks_exact_mut(width)) {
                self.parts.words.add_to(*id, out);
            }
        }
        self.norm(&mut room.x, None, &self.parts.first);
        let Some(meaning) = self.parts.meaning.as_ref().filter(|_| way != Way::Answers) else {
            return self.parts.layers.iter().for_each(|layer| self.layer(layer, texts, room));
        };
        let (lower, upper) = self.parts.layers.split_at(meaning.from);
        lower.iter().for_each(|layer| self.layer(layer, texts, room));
        let shared = (way == Way::Both).then(|| room.x.clone());
        meaning.layers.iter().for_each(|layer| self.layer(layer, texts, room));
        if let Some(shared) = shared {
            room.other = std::mem::replace(&mut room.x, shared);
            upper.iter().for_each(|layer| self.layer(layer, texts, room));
        }
    }

    fn layer(&self, layer: &Layer, texts: &[Vec<u32>], room: &mut Room) {
        let width = self.parts.header.width;
        room.bytes.fill(self.machine, &room.x, width);
        multiply(self.machine, &room.bytes, &layer.qkv, &mut room.wide, room.x.len() / width);
        room.mixed.resize(room.x.len(), 0.0);
        let mut at = 0;
        for text in texts {
            let tokens = at..at + text.len();
            at = tokens.end;
            self.machine.run(Attention {
                qkv: &room.wide[tokens.start * 3 * width..tokens.end * 3 * width],
                width,
                out: &mut room.mixed[tokens.start * width..tokens.end * width],
                desk: &mut room.desk,
            });
        }
        room.bytes.fill(self.machine, &room.mixed, width);
        multiply(self.machine, &room.bytes, &layer.out, &mut room.mixed, at);
        self.norm(&mut room.x, Some(&room.mixed), &layer.after_attention);
        room.bytes.fill(self.machine, &room.x, width);
        multiply(self.machine, &room.bytes, &layer.inner, &mut room.wide, at);
        self.machine.run(Gelu(&mut room.wide));
        room.bytes.fill(self.machine, &room.wide, self.parts.header.inner);
        multiply(self.machine, &room.bytes, &layer.outer, &mut room.mixed, at);
        self.norm(&mut room.x, Some(&room.mixed), &layer.after_inner);
    }

    fn norm(&self, x: &mut [f32], add: Option<&[f32]>, norm: &NormWeights) {
        let epsilon = self.parts.header.epsilon;
        self.machine.run(Norm { x, add, weight: &norm.weight, bias: &norm.bias, epsilon });
    }

    fn answer(&self, states: &[f32]) -> Reading {
        let width = self.parts.header.width;
        let (mean, top) = pooled(states, width);
        let rows = self.parts.heads.chunks_exact(2 * width).zip(&self.parts.heads_bias);
        let values = rows.map(|(row, bias)| {
            let (for_mean, for_top) = row.split_at(width);
            dot(for_mean, &mean) + dot(for_top, &top) + bias
        });
        let mut values = values.collect::<Vec<_>>().into_iter();
        Reading {
            polarity: log_softmax(&mut values),
            kind: log_softmax(&mut values),
            urgency: log_softmax(&mut values),
        }
    }

    fn about_of(&self, states: &[f32]) -> Option<About> {
        let parts = self.parts.meaning.as_ref()?;
        let width = self.parts.header.width;
        let (mean, top) = pooled(states, width);
        let rows = parts.rows.chunks_exact(width).zip(&parts.bias);
        let numbers = rows.map(|(row, bias)| dot(row, &mean) + bias).collect::<Vec<_>>();
        let meaning = Meaning::of(parts.mark, &numbers);
        Some(About { meaning, states: [mean, top].concat().into(), mark: parts.mark })
    }
}

/// Ids of the tokens: begin, the pieces, end.
fn framed(pieces: &[Piece]) -> Vec<u32> {
    let ids = pieces.iter().map(|piece| piece.id);
    std::iter::once(pieces::BEGIN).chain(ids).chain([pieces::END]).collect()
}

/// Numbers between the steps, kept from text to text.
#[derive(Default)]
struct Room {
    x: Vec<f32>,
    /// States of the other upper layers.
    other: Vec<f32>,
    wide: Vec<f32>,
    mixed: Vec<f32>,
    bytes: Tokens,
    desk: Desk,
}

fn multiply(machine: Machine, bytes: &Tokens, matrix: &Matrix, out: &mut Vec<f32>, tokens: usize) {
    out.resize(tokens * matrix.rows(), 0.0);
    product(machine, bytes, matrix, out);
}

/// Mean and maximum over tokens.
fn pooled(states: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let mut mean = vec![0.0f32; width];
    let mut top = vec![f32::NEG_INFINITY; width];
    for token in states.chunks_exact(width) {
        for ((mean, top), value) in mean.iter_mut().zip(&mut top).zip(token) {
            *mean += value;
            *top = top.max(*value);
        }
    }
    let tokens = (states.len() / width) as f32;
    mean.iter_mut().for_each(|v| *v /= tokens);
    (mean, top)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn log_softmax<const N: usize>(values: &mut impl Iterator<Item = f32>) -> [f32; N] {
    let raw: [f32; N] = std::array::from_fn(|_| values.next().unwrap_or(0.0));
    let top = raw.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let whole = top + raw.iter().map(|v| (v - top).exp()).sum::<f32>().ln();
    raw.map(|v| v - whole)
}
