//! The functions between the products: norms, attention, the curve of the inner layer.
//!
//! In and out: real numbers, changed in place. Written as plain loops over blocks, so that the compiler makes vectors of
//! them under [`Machine::run`](crate::machine::Machine::run); exponential and error function are polynomials good to some 1e-7.

use std::f32::consts::LN_2;

use pulp::NullaryFnOnce;

/// Numbers that are summed side by side.
const LANES: usize = 16;
/// Numbers of one attention head.
pub(crate) const HEAD: usize = 32;

/// e to the power of `x`, for `x` of −87 to 88; smaller ones count as −87.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const SHIFT: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let powers = x * std::f32::consts::LOG2_E;
    let shifted = powers + SHIFT;
    let rest = powers - (shifted - SHIFT);
    let whole = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    // 2 to the power of −½ to ½, Taylor.
    let mut sum = 1.540_353e-4;
    for factor in [1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, LN_2, 1.0] {
        sum = sum * rest + factor;
    }
    sum * whole
}

/// `x` times the share of a normal distribution below `x` (Abramowitz and Stegun 7.1.26).
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let size = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let mut sum = 1.061_405_4;
    for factor in [-1.453_152, 1.421_413_7, -0.284_496_74, 0.254_829_6] {
        sum = sum * t + factor;
    }
    let tail = 0.5 * sum * t * exp(-size * size);
    x * if x < 0.0 { tail } else { 1.0 - tail }
}

/// The curve of the inner layer over all numbers.
pub(crate) struct Gelu<'a>(pub(crate) &'a mut [f32]);

impl NullaryFnOnce for Gelu<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for block in self.0.as_chunks_mut::<LANES>().0 {
            for value in block {
                *value = gelu(*value);
            }
        }
    }
}

/// `x` = norm of (`x` + `add`) token by token, times `weight`, plus `bias`; all widths are multiples of 16.
pub(crate) struct Norm<'a> {
    pub(crate) x: &'a mut [f32],
    pub(crate) add: Option<&'a [f32]>,
    pub(crate) weight: &'a [f32],
    pub(crate) bias: &'a [f32],
    pub(crate) epsilon: f32,
}

impl NullaryFnOnce for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.weight.len();
        for (token, x) in self.x.chunks_exact_mut(width).enumerate() {
            if let Some(add) = self.add {
                for (x, add) in x.iter_mut().zip(&add[token * width..][..width]) {
                    *x += add;
                }
            }
            let mean = sum_of(x, |v| v) / width as f32;
            let spread = sum_of(x, |v| (v - mean) * (v - mean)) / width as f32;
            let factor = 1.0 / (spread + self.epsilon).sqrt();
            for ((x, weight), bias) in x.iter_mut().zip(self.weight).zip(self.bias) {
                *x = (*x - mean) * factor * weight + bias;
            }
        }
    }
}

#[inline(always)]
fn sum_of(values: &[f32], part: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    for block in values.as_chunks::<LANES>().0 {
        for (sum, value) in sums.iter_mut().zip(block) {
            *sum += part(*value);
        }
    }
    sums.iter().sum()
}

/// Questions that are asked together: what is read of keys and values serves them all.
const ASKED: usize = 4;

/// Attention within one text: `qkv` has for each token its question, key and value, heads side by side.
pub(crate) struct Attention<'a> {
    pub(crate) qkv: &'a [f32],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [f32],
    pub(crate) desk: &'a mut Desk,
}

/// Room for one head: keys of 16 tokens at a time by number, values, and how much each token counts for the questions asked.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    keys: Vec<[f32; LANES]>,
    values: Vec<[f32; HEAD]>,
    shares: [Vec<[f32; LANES]>; ASKED],
}

impl NullaryFnOnce for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { qkv, width, out, desk } = self;
        let tokens = out.len() / width;
        let blocks = tokens.div_ceil(LANES);
        desk.keys.resize(HEAD * blocks, [0.0; LANES]);
        desk.values.resize(tokens, [0.0; HEAD]);
        desk.shares.iter_mut().for_each(|shares| shares.resize(blocks, [0.0; LANES]));
        for head in 0..width / HEAD {
            let part = |token: usize, which: usize| -> &[f32; HEAD] {
                let at = token * 3 * width + which * width + head * HEAD;
                qkv[at..].first_chunk().expect("a token has three times the width")
            };
            for token in 0..tokens {
                for (d, value) in part(token, 1).iter().enumerate() {
                    desk.keys[token / LANES * HEAD + d][token % LANES] = *value;
                }
                desk.values[token] = *part(token, 2);
            }
            for first in (0..tokens).step_by(ASKED) {
                // The last are asked again where fewer are left.
                let asked: [usize; ASKED] = std::array::from_fn(|i| (first + i).min(tokens - 1));
                score(asked.map(|token| part(token, 0)), &desk.keys, &mut desk.shares, tokens);
                let pairs = asked.as_chunks::<2>().0.iter().zip(desk.shares.as_chunks::<2>().0);
                for (two, shares) in pairs {
                    let sums = mixed([&shares[0], &shares[1]], &desk.values);
                    for (token, sums) in two.iter().zip(&sums) {
                        out[token * width + head * HEAD..][..HEAD].copy_from_slice(sums);
                    }
                }
            }
        }
    }
}

/// Values put together by two questions' shares.
#[inline(always)]
fn mixed(shares: [&[[f32; LANES]]; 2], values: &[[f32; HEAD]]) -> [[f32; HEAD]; 2] {
    let [mut of_one, mut of_other] = [[0.0f32; HEAD]; 2];
    let blocks = values.chunks(LANES).zip(shares[0].iter().zip(shares[1]));
    for (values, (one, other)) in blocks {
        for (value, (one, other)) in values.iter().zip(one.iter().zip(other)) {
            add(&mut of_one, *one, value);
            add(&mut of_other, *other, value);
        }
    }
    [of_one, of_other]
}

/// Adds `numbers`, each `by` times, to `sums`.
#[inline(always)]
fn add<const N: usize>(sums: &mut [f32; N], by: f32, numbers: &[f32; N]) {
    for (sum, number) in sums.iter_mut().zip(numbers) {
        *sum += by * number;
    }
}

/// How much each token counts for each question: the softmax of question times keys.
#[inline(always)]
fn score(
    questions: [&[f32; HEAD]; ASKED],
    keys: &[[f32; LANES]],
    shares: &mut [Vec<[f32; LANES]>; ASKED],
    tokens: usize,
) {
    let scale = 1.0 / (HEAD as f32).sqrt();
    let [one, two, three, four] = questions;
    for (block, keys) in keys.as_chunks::<HEAD>().0.iter().enumerate() {
        // By name, not by number: the compiler keeps these in registers.
        let [mut of_one, mut of_two, mut of_three, mut of_four] = [[0.0f32; LANES]; ASKED];
        for (d, key) in keys.iter().enumerate() {
            add(&mut of_one, one[d], key);
            add(&mut of_two, two[d], key);
            add(&mut of_three, three[d], key);
            add(&mut of_four, four[d], key);
        }
        let sums = [of_one, of_two, of_three, of_four];
        for (shares, sums) in shares.iter_mut().zip(&sums) {
            for (share, sum) in shares[block].iter_mut().zip(sums) {
                *share = sum * scale;
            }
        }
    }
    for shares in shares {
        soften(shares, tokens);
    }
}

/// Scores as shares of one; what lies behind the last token counts for nothing.
#[inline(always)]
fn soften(shares: &mut [[f32; LANES]], tokens: usize) {
    let last = tokens % LANES;
    if last > 0 {
        for value in &mut shares[tokens / LANES][last..] {
            *value = f32::NEG_INFINITY;
        }
    }
    let mut tops = [f32::NEG_INFINITY; LANES];
    for share in shares.iter() {
        for (top, value) in tops.iter_mut().zip(share) {
            *top = if *value > *top { *value } else { *top };
        }
    }
    let top = tops.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let mut sums = [0.0f32; LANES];
    for share in shares.iter_mut() {
        for (value, sum) in share.iter_mut().zip(&mut sums) {
            *value = exp(*value - top);
            *sum += *value;
        }
    }
    let whole = 1.0 / sums.iter().sum::<f32>();
    for share in shares.iter_mut() {
        for value in share {
            *value *= whole;
        }
    }
}
