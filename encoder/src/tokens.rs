//! Activations as signed bytes: what a product with a matrix takes in.
//!
//! In: real numbers, some tokens of the same width. Out: bytes with one scale a token. The numbers of a token are multiplied four at
//! a time, so its bytes lie in words of four.

use pulp::{NullaryFnOnce, cast};

use crate::machine::Machine;
use crate::product::GROUP;

/// Bytes of a token that are multiplied at once.
pub(crate) const QUAD: usize = 4;
/// Such words in a group of weights that share a scale.
pub(crate) const QUADS: usize = GROUP / QUAD;

/// Tokens that are multiplied side by side: what is read of the weights serves them all.
pub(crate) const FOUR: usize = 4;

/// One group of four tokens.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Four {
    /// Four bytes of each token in turn.
    pub(crate) quads: [[[i8; QUAD]; FOUR]; QUADS],
    /// What each step of the weights' offset adds: the sums of the even and of the odd pairs, negative.
    pub(crate) starts: [[i16; 2]; FOUR],
}

/// Tokens as signed bytes. Where their count is no multiple of four, the last ones that are none count for nothing.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) columns: usize,
    /// The groups of the first four tokens, then those of the next.
    pub(crate) fours: Vec<Four>,
    pub(crate) scales: Vec<f32>,
    /// Room for one token.
    bytes: Vec<i8>,
}

impl Tokens {
    /// Rounds each token of `values` (`columns` numbers each) to bytes by its own largest number.
    pub(crate) fn fill(&mut self, machine: Machine, values: &[f32], columns: usize) {
        let count = values.len() / columns;
        self.columns = columns;
        self.fours.resize(count.div_ceil(FOUR) * (columns / GROUP), Four::default());
        self.scales.resize(count, 0.0);
        self.bytes.resize(columns, 0);
        machine.run(Round { tokens: self, values });
    }

    pub(crate) fn count(&self) -> usize {
        self.scales.len()
    }
}

struct Round<'a> {
    tokens: &'a mut Tokens,
    values: &'a [f32],
}

impl NullaryFnOnce for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Tokens { columns, fours, scales, bytes } = self.tokens;
        let groups = *columns / GROUP;
        let tokens = self.values.chunks_exact(*columns).zip(scales).enumerate();
        for (number, (token, scale)) in tokens {
            let top = largest(token.as_chunks().0);
            let factor = if top > 0.0 { 127.0 / top } else { 0.0 };
            *scale = top / 127.0;
            // Two passes: in one, the compiler makes vectors across groups and spends its time gathering.
            for (value, byte) in token.iter().zip(bytes.iter_mut()) {
                *byte = nearest(value * factor);
            }
            let fours = &mut fours[number / FOUR * groups..][..groups];
            for (group, four) in bytes.as_chunks::<GROUP>().0.iter().zip(fours) {
                let quads: [[i8; QUAD]; QUADS] = cast(*group);
                for (place, quad) in four.quads.iter_mut().zip(&quads) {
                    place[number % FOUR] = *quad;
                }
                four.starts[number % FOUR] = sums_of(&quads).map(|sum| -sum);
            }
        }
    }
}

/// The largest size of a number.
#[inline(always)]
fn largest(chunks: &[[f32; GROUP]]) -> f32 {
    let mut tops = [0.0f32; GROUP];
    for chunk in chunks {
        for (top, value) in tops.iter_mut().zip(chunk) {
            let size = value.abs();
            *top = if size > *top { size } else { *top };
        }
    }
    tops.iter().fold(0.0f32, |a, b| a.max(*b))
}

/// Sums of the even and of the odd pairs of bytes: as bytes without sign, two sums in one word, then what that added is taken off.
#[inline(always)]
fn sums_of(quads: &[[i8; QUAD]; QUADS]) -> [i16; 2] {
    const ADDED: u32 = 128;
    const LOWER: u32 = 0x00ff_00ff;
    let mut both = 0u32;
    for quad in quads {
        let word = u32::from_le_bytes(quad.map(i8::cast_unsigned)) ^ (ADDED * 0x0101_0101);
        both += (word & LOWER) + ((word >> 8) & LOWER);
    }
    let sum = |half: u32| (half & 0xffff) as i16 - (ADDED as usize * 2 * QUADS) as i16;
    [sum(both), sum(both >> 16)]
}

/// The nearest whole number of −127 to 127, halves to the even one.
#[inline(always)]
fn nearest(value: f32) -> i8 {
    // Added to this number a small one loses its fraction, and its whole part stands in the lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    (value + SHIFT).to_bits() as u8 as i8
}
