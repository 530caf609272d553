//! What each stretch of a post says for each polarity.
//!
//! In: the states of the last layer and the pieces. Out: [`Said`]: the log-odds of polarity, taken apart by the token they
//! come from: its share of the mean, and the numbers of which it has the greatest. All of a post together make the odds but for
//! what is always added. Tokens that stand for no byte of the post are spread over those that do.

use crate::pieces::Piece;

/// Answers that are taken apart: negative, neutral, positive.
const POLARITIES: usize = 3;

/// A stretch of a post and what it adds to the log-odds of each polarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// Whether it stands in the title; else in the text.
    pub is_title: bool,
    /// First byte there, and the byte after it.
    pub bytes: [u32; 2],
    /// Negative, neutral, positive.
    pub polarity: [f32; POLARITIES],
}

/// The text that is read and where title and text stand in it.
pub(crate) struct Composed {
    pub(crate) whole: String,
    /// Where each begins in `whole`, its length there, and how much was trimmed before it.
    parts: [(usize, usize, usize); 2],
}

impl Composed {
    /// `prefix`, title and text, trimmed, a stop between them where both are there.
    pub(crate) fn of(prefix: &str, title: &str, text: &str) -> Self {
        let trimmed = [title, text].map(|part| (part.trim(), part.len() - part.trim_start().len()));
        let [(headline, _), (body, _)] = trimmed;
        let between = if headline.is_empty() || body.is_empty() { "" } else { "。" };
        let starts = [prefix.len(), prefix.len() + headline.len() + between.len()];
        let part = |i: usize| (starts[i], trimmed[i].0.len(), trimmed[i].1);
        Self { whole: format!("{prefix}{headline}{between}{body}"), parts: [part(0), part(1)] }
    }

    /// Whether a piece stands in the title, and its bytes in title or text as they were given.
    fn place(&self, piece: &Piece) -> Option<(bool, [u32; 2])> {
        let within = |(start, length, before): (usize, usize, usize)| {
            let (from, to) = (piece.start.max(start), piece.end.min(start + length));
            (from < to).then(|| [from, to].map(|at| (at - start + before) as u32))
        };
        let title = within(self.parts[0]).map(|bytes| (true, bytes));
        title.or_else(|| within(self.parts[1]).map(|bytes| (false, bytes)))
    }
}

/// `states` are those of begin, the pieces, and end; `rows` the rows of the polarities (weights of the mean, then of the greatest).
pub(crate) fn said(
    states: &[f32],
    width: usize,
    rows: &[f32],
    composed: &Composed,
    pieces: &[Piece],
) -> Box<[Said]> {
    let tokens = states.len() / width;
    let mut shares = vec![[0.0f32; POLARITIES]; tokens];
    for (answer, row) in rows.chunks_exact(2 * width).take(POLARITIES).enumerate() {
        let (for_mean, for_top) = row.split_at(width);
        for (token, share) in states.chunks_exact(width).zip(&mut shares) {
            let sum: f32 = token.iter().zip(for_mean).map(|(a, b)| a * b).sum();
            share[answer] += sum / tokens as f32;
        }
        for (number, weight) in for_top.iter().enumerate() {
            let value = |token: &usize| states[token * width + number];
            let greatest = (0..tokens).max_by(|a, b| value(a).total_cmp(&value(b)));
            if let Some(token) = greatest {
                shares[token][answer] += weight * value(&token);
            }
        }
    }
    let placed = |token: usize| pieces.get(token.checked_sub(1)?).and_then(|p| composed.place(p));
    let mut out = Vec::with_capacity(pieces.len());
    let mut rest = [0.0f32; POLARITIES];
    for (token, polarity) in shares.into_iter().enumerate() {
        match placed(token) {
            Some((is_title, bytes)) => out.push(Said { is_title, bytes, polarity }),
            None => rest.iter_mut().zip(polarity).for_each(|(r, p)| *r += p),
        }
    }
    let each = rest.map(|r| r / out.len().max(1) as f32);
    for one in &mut out {
        one.polarity.iter_mut().zip(each).for_each(|(p, e)| *p += e);
    }
    out.into()
}
