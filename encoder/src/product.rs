//! Products of tokens with a matrix of weights of four or five bits, in integers.
//!
//! In: activations as signed bytes with one scale a token, weights of 0 to 15 or to 31 with a whole-number scale for each 32
//! and a real one for each row. Out: real numbers, bias added. Sums are exact, so every processor gives the same.
//!
//! Bounds, at five bits: a 16-bit lane sums 16 products of at most 127 × 16 once the offset of 16 is taken off (32,512; what
//! overflows on the way comes back, additions wrap); a 32-bit lane sums 48 groups of at most 2 × 32,512 × 127 (396 million).

use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::{cast, i8x32, i8x64, i16x16, i16x32, i32x8, i32x16, u8x32, u8x64, x86::V3, x86::V4};

use crate::machine::Machine;

/// Bits of a weight at most: one more and a 16-bit lane would not hold its sum.
pub(crate) const MOST_BITS: u32 = 5;
/// Weights that share a scale.
pub(crate) const GROUP: usize = 32;
/// Rows that lie side by side in memory.
pub(crate) const BLOCK: usize = 16;
/// Bytes of a token that are multiplied at once.
const QUAD: usize = 4;
const QUADS: usize = GROUP / QUAD;

/// A matrix laid out for the product: for 16 rows at a time, four weights of each row in turn.
#[derive(Debug)]
pub(crate) struct Matrix {
    columns: usize,
    rows: usize,
    /// What a stored weight lies above its value: half of what its bits hold.
    offset: i16,
    weights: Vec<[u8; BLOCK * QUAD]>,
    /// For each block and group, the scale of each row twice.
    scales: Vec<[i16; 2 * BLOCK]>,
    row_scales: Vec<[f32; BLOCK]>,
    bias: Vec<[f32; BLOCK]>,
}

impl Matrix {
    /// From rows of weights of `bits` bits (each half of their range above its value), scales of groups and of rows, and a bias
    /// for each row. `None` where the sizes do not fit: at most five bits, rows in blocks of 16, columns in groups of 32.
    pub(crate) fn new(
        columns: usize,
        bits: u32,
        weights: &[u8],
        scales: &[i8],
        row_scales: &[f32],
        bias: &[f32],
    ) -> Option<Self> {
        let rows = row_scales.len();
        let fits = (1..=MOST_BITS).contains(&bits)
            && columns > 0
            && columns.is_multiple_of(GROUP)
            && rows.is_multiple_of(BLOCK)
            && weights.len() == rows * columns
            && scales.len() == weights.len() / GROUP
            && bias.len() == rows;
        if !fits {
            return None;
        }
        let groups = columns / GROUP;
        let mut packed = Vec::with_capacity(weights.len() / (BLOCK * QUAD));
        let mut twice = Vec::with_capacity(rows / BLOCK * groups);
        for block in (0..rows).step_by(BLOCK) {
            for quad in 0..columns / QUAD {
                packed.push(std::array::from_fn(|i| {
                    weights[(block + i / QUAD) * columns + quad * QUAD + i % QUAD]
                        & !(u8::MAX << bits)
                }));
            }
            for group in 0..groups {
                twice.push(std::array::from_fn(|i| {
                    i16::from(scales[(block + i / 2) * groups + group])
                }));
            }
        }
        Some(Self {
            columns,
            rows,
            offset: 1 << (bits - 1),
            weights: packed,
            scales: twice,
            row_scales: row_scales.as_chunks().0.to_vec(),
            bias: bias.as_chunks().0.to_vec(),
        })
    }

    /// Numbers that a token has after the product.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

/// Tokens as signed bytes, four to a word, with what each step of the weights' offset adds to a group.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    columns: usize,
    quads: Vec<[[i8; QUAD]; QUADS]>,
    /// The sums of the even and of the odd pairs of each group, negative.
    starts: Vec<[i16; 2]>,
    scales: Vec<f32>,
}

impl Tokens {
    /// Rounds each token of `values` (`columns` numbers each) to bytes by its own largest number.
    pub(crate) fn fill(&mut self, machine: Machine, values: &[f32], columns: usize) {
        self.columns = columns;
        let groups = values.len() / GROUP;
        self.quads.resize(groups, [[0; QUAD]; QUADS]);
        self.starts.resize(groups, [0; 2]);
        self.scales.resize(values.len() / columns, 0.0);
        machine.run(Round { tokens: self, values });
    }

    fn count(&self) -> usize {
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
        let Tokens { columns, quads, starts, scales } = self.tokens;
        let groups = *columns / GROUP;
        let tokens = self.values.chunks_exact(*columns).zip(scales.iter_mut());
        let parts = quads.chunks_exact_mut(groups).zip(starts.chunks_exact_mut(groups));
        for ((token, scale), (quads, starts)) in tokens.zip(parts) {
            let mut tops = [0.0f32; GROUP];
            let (chunks, _) = token.as_chunks::<GROUP>();
            for chunk in chunks {
                for (top, value) in tops.iter_mut().zip(chunk) {
                    let size = value.abs();
                    *top = if size > *top { size } else { *top };
                }
            }
            let top = tops.iter().fold(0.0f32, |a, b| a.max(*b));
            let factor = if top > 0.0 { 127.0 / top } else { 0.0 };
            *scale = top / 127.0;
            for ((chunk, quad), start) in chunks.iter().zip(quads).zip(starts) {
                let mut sums = [0i16; 2];
                for (four, out) in chunk.as_chunks::<QUAD>().0.iter().zip(quad.iter_mut()) {
                    for (value, byte) in four.iter().zip(out.iter_mut()) {
                        *byte = nearest(value * factor);
                    }
                    sums[0] += i16::from(out[0]) + i16::from(out[1]);
                    sums[1] += i16::from(out[2]) + i16::from(out[3]);
                }
                *start = [-sums[0], -sums[1]];
            }
        }
    }
}

/// The nearest whole number of −127 to 127, halves to the even one.
#[inline(always)]
fn nearest(value: f32) -> i8 {
    // Added to this number a small one loses its fraction, and its whole part stands in the lowest bits.
    const SHIFT: f32 = 12_582_912.0;
    (value + SHIFT).to_bits() as u8 as i8
}

/// `out` (tokens × rows) = tokens × matrix + bias.
pub(crate) fn product(machine: Machine, tokens: &Tokens, matrix: &Matrix, out: &mut [f32]) {
    debug_assert_eq!(tokens.columns, matrix.columns);
    debug_assert_eq!(out.len(), tokens.count() * matrix.rows);
    match machine {
        Machine::Plain => Plain.all(tokens, matrix, out),
        #[cfg(target_arch = "x86_64")]
        Machine::Avx2(simd) => simd.vectorize(All { lanes: simd, tokens, matrix, out }),
        #[cfg(target_arch = "x86_64")]
        Machine::Avx512(simd) => simd.vectorize(All { lanes: simd, tokens, matrix, out }),
    }
}

struct All<'a, L> {
    lanes: L,
    tokens: &'a Tokens,
    matrix: &'a Matrix,
    out: &'a mut [f32],
}

impl<L: Lanes> NullaryFnOnce for All<'_, L> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.lanes.all(self.tokens, self.matrix, self.out);
    }
}

type Quads<'a> = &'a [[[i8; QUAD]; QUADS]];

/// Sixteen sums for each of some tokens, by one kind of instructions.
trait Lanes: Copy {
    /// Sums of `M` tokens with one block of rows, whose weights lie `offset` too high.
    fn tile<const M: usize>(
        self,
        quads: [Quads; M],
        starts: [&[[i16; 2]]; M],
        offset: i16,
        weights: &[[u8; BLOCK * QUAD]],
        scales: &[[i16; 2 * BLOCK]],
    ) -> [[i32; BLOCK]; M];

    /// Tokens at a time: as many as the registers hold.
    const MOST: usize;

    /// The whole product: blocks of rows outside, so that their weights stay near, tokens inside.
    #[inline(always)]
    fn all(self, tokens: &Tokens, matrix: &Matrix, out: &mut [f32]) {
        let groups = matrix.columns / GROUP;
        for block in 0..matrix.rows / BLOCK {
            let at = Place {
                weights: &matrix.weights[block * groups * QUADS..][..groups * QUADS],
                scales: &matrix.scales[block * groups..][..groups],
                row_scales: &matrix.row_scales[block],
                bias: &matrix.bias[block],
                offset: matrix.offset,
                column: block * BLOCK,
                rows: matrix.rows,
            };
            let mut token = 0;
            while token + Self::MOST <= tokens.count() {
                if Self::MOST == 8 {
                    at.some::<8, Self>(self, tokens, token, out);
                } else {
                    at.some::<3, Self>(self, tokens, token, out);
                }
                token += Self::MOST;
            }
            for token in token..tokens.count() {
                at.some::<1, Self>(self, tokens, token, out);
            }
        }
    }
}

/// One block of rows and where its sums go.
struct Place<'a> {
    weights: &'a [[u8; BLOCK * QUAD]],
    scales: &'a [[i16; 2 * BLOCK]],
    row_scales: &'a [f32; BLOCK],
    bias: &'a [f32; BLOCK],
    offset: i16,
    column: usize,
    rows: usize,
}

impl Place<'_> {
    #[inline(always)]
    fn some<const M: usize, L: Lanes>(
        &self,
        lanes: L,
        tokens: &Tokens,
        first: usize,
        out: &mut [f32],
    ) {
        let groups = self.scales.len();
        let quads = std::array::from_fn(|m| &tokens.quads[(first + m) * groups..][..groups]);
        let starts = std::array::from_fn(|m| &tokens.starts[(first + m) * groups..][..groups]);
        let sums = lanes.tile::<M>(quads, starts, self.offset, self.weights, self.scales);
        for (m, sums) in sums.iter().enumerate() {
            let scale = tokens.scales[first + m];
            let place = &mut out[(first + m) * self.rows + self.column..][..BLOCK];
            for (i, value) in place.iter_mut().enumerate() {
                *value = sums[i] as f32 * (scale * self.row_scales[i]) + self.bias[i];
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    const MOST: usize = 3;

    #[inline(always)]
    fn tile<const M: usize>(
        self,
        quads: [Quads; M],
        starts: [&[[i16; 2]]; M],
        offset: i16,
        weights: &[[u8; BLOCK * QUAD]],
        scales: &[[i16; 2 * BLOCK]],
    ) -> [[i32; BLOCK]; M] {
        let mut sums = [[0i32; BLOCK]; M];
        let groups = weights.as_chunks::<QUADS>().0.iter().zip(scales);
        for (group, (weights, scales)) in groups.enumerate() {
            for m in 0..M {
                let mut lanes = [0i32; BLOCK];
                for (weights, token) in weights.iter().zip(&quads[m][group]) {
                    for i in 0..BLOCK {
                        for k in 0..QUAD {
                            lanes[i] += i32::from(weights[i * QUAD + k]) * i32::from(token[k]);
                        }
                    }
                }
                let [even, odd] = starts[m][group].map(i32::from);
                let start = (even + odd) * i32::from(offset);
                for i in 0..BLOCK {
                    sums[m][i] += (lanes[i] + start) * i32::from(scales[2 * i]);
                }
            }
        }
        sums
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    const MOST: usize = 3;

    #[inline(always)]
    fn tile<const M: usize>(
        self,
        quads: [Quads; M],
        starts: [&[[i16; 2]]; M],
        offset: i16,
        weights: &[[u8; BLOCK * QUAD]],
        scales: &[[i16; 2 * BLOCK]],
    ) -> [[i32; BLOCK]; M] {
        let splat = |word: [i8; 4]| self.avx._mm256_set1_epi32(i32::from_ne_bytes(cast(word)));
        let mut sums: [[i32x8; 2]; M] = [[cast([0i32; 8]); 2]; M];
        let groups = weights.as_chunks::<QUADS>().0.iter().zip(scales);
        for (group, (weights, scales)) in groups.enumerate() {
            let tokens: [&[[i8; QUAD]; QUADS]; M] = std::array::from_fn(|m| &quads[m][group]);
            let mut lanes: [[i16x16; 2]; M] = std::array::from_fn(|m| {
                let start: i16x16 = cast(splat(cast(starts[m][group].map(|sum| sum * offset))));
                [start; 2]
            });
            for (quad, weights) in weights.iter().enumerate() {
                let halves: [u8x32; 2] = cast(*weights);
                for m in 0..M {
                    let token: i8x32 = cast(splat(tokens[m][quad]));
                    for half in 0..2 {
                        let pairs = self.avx2._mm256_maddubs_epi16(cast(halves[half]), cast(token));
                        lanes[m][half] =
                            cast(self.avx2._mm256_add_epi16(cast(lanes[m][half]), pairs));
                    }
                }
            }
            let scales: [i16x16; 2] = cast(*scales);
            for m in 0..M {
                for half in 0..2 {
                    let grown =
                        self.avx2._mm256_madd_epi16(cast(lanes[m][half]), cast(scales[half]));
                    sums[m][half] = cast(self.avx2._mm256_add_epi32(cast(sums[m][half]), grown));
                }
            }
        }
        std::array::from_fn(|m| cast(sums[m]))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    const MOST: usize = 8;

    #[inline(always)]
    fn tile<const M: usize>(
        self,
        quads: [Quads; M],
        starts: [&[[i16; 2]]; M],
        offset: i16,
        weights: &[[u8; BLOCK * QUAD]],
        scales: &[[i16; 2 * BLOCK]],
    ) -> [[i32; BLOCK]; M] {
        let splat = |word: [i8; 4]| self.avx512f._mm512_set1_epi32(i32::from_ne_bytes(cast(word)));
        let mut sums: [i32x16; M] = [cast([0i32; 16]); M];
        let groups = weights.as_chunks::<QUADS>().0.iter().zip(scales);
        for (group, (weights, scales)) in groups.enumerate() {
            let tokens: [&[[i8; QUAD]; QUADS]; M] = std::array::from_fn(|m| &quads[m][group]);
            let mut lanes: [i16x32; M] = std::array::from_fn(|m| {
                cast(splat(cast(starts[m][group].map(|sum| sum * offset))))
            });
            for (quad, weights) in weights.iter().enumerate() {
                let weights: u8x64 = cast(*weights);
                for m in 0..M {
                    let token: i8x64 = cast(splat(tokens[m][quad]));
                    let pairs = self.avx512bw._mm512_maddubs_epi16(cast(weights), cast(token));
                    lanes[m] = cast(self.avx512bw._mm512_add_epi16(cast(lanes[m]), pairs));
                }
            }
            let scales: i16x32 = cast(*scales);
            for m in 0..M {
                let grown = self.avx512bw._mm512_madd_epi16(cast(lanes[m]), cast(scales));
                sums[m] = cast(self.avx512f._mm512_add_epi32(cast(sums[m]), grown));
            }
        }
        std::array::from_fn(|m| cast(sums[m]))
    }
}
