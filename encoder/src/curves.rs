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

/// Attention within one text: `qkv` has for each token its question, key and value, heads side by side.
pub(crate) struct Attention<'a> {
    pub(crate) qkv: &'a [f32],
    pub(crate) width: usize,
    pub(crate) out: &'a mut [f32],
    pub(crate) desk: &'a mut Desk,
}

/// Room for one head: keys by number and token, weights of four tokens.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    keys: Vec<[f32; LANES]>,
    shares: Vec<[f32; LANES]>,
}

impl NullaryFnOnce for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { qkv, width, out, desk } = self;
        let tokens = out.len() / width;
        let blocks = tokens.div_ceil(LANES);
        desk.keys.resize(HEAD * blocks, [0.0; LANES]);
        desk.shares.resize(blocks, [0.0; LANES]);
        for head in 0..width / HEAD {
            let part = |token: usize, which: usize| -> &[f32; HEAD] {
                let at = token * 3 * width + which * width + head * HEAD;
                qkv[at..].first_chunk().expect("a token has three times the width")
            };
            for token in 0..tokens {
                let key = part(token, 1);
                for (d, value) in key.iter().enumerate() {
                    desk.keys[d * blocks + token / LANES][token % LANES] = *value;
                }
            }
            for token in 0..tokens {
                let shares = &mut desk.shares[..blocks];
                score(part(token, 0), &desk.keys[..HEAD * blocks], shares, tokens);
                let place = &mut out[token * width + head * HEAD..][..HEAD];
                let mut sums = [0.0f32; HEAD];
                for other in 0..tokens {
                    let share = shares[other / LANES][other % LANES];
                    for (sum, value) in sums.iter_mut().zip(part(other, 2)) {
                        *sum += share * value;
                    }
                }
                place.copy_from_slice(&sums);
            }
        }
    }
}

/// How much each token counts for one: the softmax of question times keys.
#[inline(always)]
fn score(
    question: &[f32; HEAD],
    keys: &[[f32; LANES]],
    shares: &mut [[f32; LANES]],
    tokens: usize,
) {
    let blocks = shares.len();
    let scale = 1.0 / (HEAD as f32).sqrt();
    for (block, share) in shares.iter_mut().enumerate() {
        let mut sums = [0.0f32; LANES];
        for (d, q) in question.iter().enumerate() {
            for (sum, key) in sums.iter_mut().zip(&keys[d * blocks + block]) {
                *sum += q * key;
            }
        }
        *share = sums.map(|sum| sum * scale);
    }
    let last = tokens % LANES;
    if last > 0 {
        for value in &mut shares[blocks - 1][last..] {
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
