//! Products of tokens with a matrix of weights of four or five bits, in integers.
//!
//! In: activations as signed bytes with one scale a token, weights of 0 to 15 or to 31 with a whole-number scale for each 32
//! and a real one for each row. Out: real numbers, bias added. Sums are exact, so every processor gives the same.
//!
//! Bounds, at five bits: a 16-bit lane sums 16 products of at most 127 × 16 once the offset of 16 is taken off (32,512; what
//! overflows on the way comes back, additions wrap), or eight of at most 127 × 31 where vectors are no wider than 128 bits;
//! a 32-bit lane sums 48 groups of at most 2 × 32,512 × 127 (396 million).

use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::{cast, i8x32, i8x64, i16x16, i16x32, i32x8, i32x16, u8x32, u8x64, x86::V3, x86::V4};

use crate::machine::Machine;
use crate::tokens::{FOUR, Four, QUAD, QUADS, Tokens};

/// Bits of a weight at most: one more and a 16-bit lane would not hold its sum.
pub(crate) const MOST_BITS: u32 = 5;
/// Weights that share a scale.
pub(crate) const GROUP: usize = 32;
/// Rows that lie side by side in memory.
pub(crate) const BLOCK: usize = 16;
/// Four weights of each row of a block, in one line of the cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Wide([u8; BLOCK * QUAD]);

/// The scale of each row of a block twice, for the two halves of its four weights.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Scales([i16; 2 * BLOCK]);

/// A matrix laid out for the product: for 16 rows at a time, four weights of each row in turn.
#[derive(Debug)]
pub(crate) struct Matrix {
    columns: usize,
    rows: usize,
    /// What a stored weight lies above its value: half of what its bits hold.
    offset: i16,
    weights: Vec<Wide>,
    /// For each block and group, the scale of each row twice.
    scales: Vec<Scales>,
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
                packed.push(Wide(std::array::from_fn(|i| {
                    weights[(block + i / QUAD) * columns + quad * QUAD + i % QUAD]
                        & !(u8::MAX << bits)
                })));
            }
            for group in 0..groups {
                twice.push(Scales(std::array::from_fn(|i| {
                    i16::from(scales[(block + i / 2) * groups + group])
                })));
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

/// Sums of four tokens with one block of rows.
type Sums = [[i32; BLOCK]; FOUR];

/// Sixteen sums for each of four tokens, by one kind of instructions.
trait Lanes: Copy {
    /// Sums with one block of rows, whose weights lie `offset` too high.
    fn tile(self, fours: &[Four], offset: i16, weights: &[Wide], scales: &[Scales]) -> Sums;

    /// The whole product: blocks of rows outside, so that their weights stay near, tokens inside.
    #[inline(always)]
    fn all(self, tokens: &Tokens, matrix: &Matrix, out: &mut [f32]) {
        let groups = matrix.columns / GROUP;
        for block in 0..matrix.rows / BLOCK {
            let weights = &matrix.weights[block * groups * QUADS..][..groups * QUADS];
            let scales = &matrix.scales[block * groups..][..groups];
            let (row_scales, bias) = (&matrix.row_scales[block], &matrix.bias[block]);
            let outs = out.chunks_mut(FOUR * matrix.rows).zip(tokens.scales.chunks(FOUR));
            for (fours, (out, token_scales)) in tokens.fours.chunks_exact(groups).zip(outs) {
                let sums = self.tile(fours, matrix.offset, weights, scales);
                let each = out.chunks_exact_mut(matrix.rows).zip(token_scales).zip(&sums);
                for ((out, scale), sums) in each {
                    let place = &mut out[block * BLOCK..][..BLOCK];
                    for (i, value) in place.iter_mut().enumerate() {
                        *value = sums[i] as f32 * (scale * row_scales[i]) + bias[i];
                    }
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Plain;

impl Lanes for Plain {
    #[inline(always)]
    fn tile(self, fours: &[Four], offset: i16, weights: &[Wide], scales: &[Scales]) -> Sums {
        let mut sums = [[0i32; BLOCK]; FOUR];
        let groups = weights.as_chunks::<QUADS>().0.iter().zip(scales).zip(fours);
        for ((weights, scales), four) in groups {
            for m in 0..FOUR {
                // Sixteen-bit numbers hold the eight products of a place, and 128 bits eight such numbers.
                let mut lanes = [[0i16; 2 * QUAD]; BLOCK / 2];
                for (weights, quad) in weights.iter().zip(&four.quads) {
                    let token: [i16; 2 * QUAD] =
                        std::array::from_fn(|k| i16::from(quad[m][k % QUAD]));
                    for (lanes, weights) in lanes.iter_mut().zip(weights.0.as_chunks().0) {
                        multiply_add(lanes, weights, &token);
                    }
                }
                let [even, odd] = four.starts[m].map(i32::from);
                let start = (even + odd) * i32::from(offset);
                for (i, four) in lanes.as_flattened().as_chunks::<QUAD>().0.iter().enumerate() {
                    let sum = four.iter().map(|lane| i32::from(*lane)).sum::<i32>();
                    sums[m][i] += (sum + start) * i32::from(scales.0[2 * i]);
                }
            }
        }
        sums
    }
}

#[inline(always)]
fn multiply_add(lanes: &mut [i16; 2 * QUAD], weights: &[u8; 2 * QUAD], token: &[i16; 2 * QUAD]) {
    for k in 0..2 * QUAD {
        lanes[k] += i16::from(weights[k]) * token[k];
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    #[inline(always)]
    fn tile(self, fours: &[Four], offset: i16, weights: &[Wide], scales: &[Scales]) -> Sums {
        let splat = |word: [i8; 4]| self.avx._mm256_set1_epi32(i32::from_ne_bytes(cast(word)));
        let offset = self.avx._mm256_set1_epi16(offset);
        let mut sums: [[i32x8; 2]; FOUR] = [[cast([0i32; 8]); 2]; FOUR];
        // Hidden from the compiler, which would lay the eight steps out and keep sums in memory for want of registers.
        let quads = std::hint::black_box(QUADS);
        let groups = weights.chunks_exact(quads).zip(scales).zip(fours);
        for ((weights, scales), four) in groups {
            let mut lanes: [[i16x16; 2]; FOUR] = std::array::from_fn(|m| {
                let start = splat(cast(four.starts[m]));
                [cast(self.avx2._mm256_mullo_epi16(start, offset)); 2]
            });
            for (weights, quad) in weights.iter().zip(&four.quads) {
                let halves: [u8x32; 2] = cast(weights.0);
                for m in 0..FOUR {
                    let token: i8x32 = cast(splat(quad[m]));
                    for half in 0..2 {
                        let pairs = self.avx2._mm256_maddubs_epi16(cast(halves[half]), cast(token));
                        lanes[m][half] =
                            cast(self.avx2._mm256_add_epi16(cast(lanes[m][half]), pairs));
                    }
                }
            }
            let scales: [i16x16; 2] = cast(scales.0);
            for m in 0..FOUR {
                for half in 0..2 {
                    let grown =
                        self.avx2._mm256_madd_epi16(cast(lanes[m][half]), cast(scales[half]));
                    sums[m][half] = cast(self.avx2._mm256_add_epi32(cast(sums[m][half]), grown));
                }
            }
        }
        sums.map(cast)
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V4 {
    #[inline(always)]
    fn tile(self, fours: &[Four], offset: i16, weights: &[Wide], scales: &[Scales]) -> Sums {
        let splat = |word: [i8; 4]| self.avx512f._mm512_set1_epi32(i32::from_ne_bytes(cast(word)));
        let offset = self.avx512f._mm512_set1_epi16(offset);
        let mut sums: [i32x16; FOUR] = [cast([0i32; 16]); FOUR];
        let groups = weights.as_chunks::<QUADS>().0.iter().zip(scales).zip(fours);
        for ((weights, scales), four) in groups {
            let mut lanes: [i16x32; FOUR] = std::array::from_fn(|m| {
                let start = splat(cast(four.starts[m]));
                cast(self.avx512bw._mm512_mullo_epi16(start, offset))
            });
            for (weights, quad) in weights.iter().zip(&four.quads) {
                let weights: u8x64 = cast(weights.0);
                for m in 0..FOUR {
                    let token: i8x64 = cast(splat(quad[m]));
                    let pairs = self.avx512bw._mm512_maddubs_epi16(cast(weights), cast(token));
                    lanes[m] = cast(self.avx512bw._mm512_add_epi16(cast(lanes[m]), pairs));
                }
            }
            let scales: i16x32 = cast(scales.0);
            for m in 0..FOUR {
                let grown = self.avx512bw._mm512_madd_epi16(cast(lanes[m]), cast(scales));
                sums[m] = cast(self.avx512f._mm512_add_epi32(cast(sums[m]), grown));
            }
        }
        sums.map(cast)
    }
}
