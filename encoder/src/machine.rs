//! Which instructions this processor has, and code run with them.
//!
//! In: a piece of code. Out: what it gives, compiled for the widest vectors found at run time. It holds no
//! unsafe code: the tokens of `pulp` are the proof that the instructions are there.

use pulp::NullaryFnOnce;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};

/// The instructions to use. All give the same sums: those of integers are exact.
#[derive(Debug, Clone, Copy)]
pub enum Machine {
    /// What every processor of this kind has.
    Plain,
    /// 256 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(V3),
    /// 512 bits, bytes and words included.
    #[cfg(target_arch = "x86_64")]
    Avx512(V4),
}

impl Machine {
    /// The widest that this processor has.
    #[must_use]
    pub fn widest() -> Self {
        Self::all().pop().unwrap_or(Self::Plain)
    }

    /// All that this processor has, the narrowest first; for benches and tests.
    #[must_use]
    pub fn all() -> Vec<Self> {
        #[allow(unused_mut, reason = "other processors have one entry")]
        let mut all = vec![Self::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(V3::try_new().map(Self::Avx2));
            all.extend(V4::try_new().map(Self::Avx512));
        }
        all
    }

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "AVX-512BW",
        }
    }

    /// Runs `work` compiled for these instructions; it must be inlined to gain by it.
    #[inline]
    pub(crate) fn run<F: NullaryFnOnce>(self, work: F) -> F::Output {
        match self {
            Self::Plain => work.call(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(simd) => simd.vectorize(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(simd) => simd.vectorize(work),
        }
    }
}
