//! Fast Walsh-Hadamard transform of `f32` rows, in place, block by block.
//!
//! ```text
//! for h in 1, 2, 4, .. B/2:                   B log2(B) additions for a block of B
//!     for each pair (x[i], x[i + h]):
//!         (x[i], x[i + h]) = (x[i] + x[i + h], x[i] - x[i + h])
//! ```
//!
//! Strides below `LANES` stay inside one array of `LANES` numbers, which the compiler keeps in a vector register and
//! turns into a permutation, a multiplication by ±1 and an addition. Larger strides go two stages at a time (radix 4), which
//! halves the passes over memory, in plain loops over slices: of arrays of arrays (radix 8 in registers) the compiler made one
//! number at a time. The widest vectors of the machine are chosen at run time. The order of the additions is fixed, so equal
//! inputs give equal bits on every machine.

use pulp::{Arch, Simd, WithSimd};

/// Numbers handled together; strides below it never leave one array.
const LANES: usize = 8;
const LOG2_LANES: usize = LANES.ilog2() as usize;

/// `LANES` numbers.
type Lanes = [f32; LANES];

/// Multiplies every contiguous block of `2^log2_block` numbers by the Hadamard matrix `H[i][j] = (-1)^popcount(i & j)`.
///
/// Not normalised: twice in a row multiplies by `2^log2_block`. Rows of a matrix need no loop of their own, because
/// blocks never straddle two rows whose length is a multiple of the block.
///
/// # Panics
///
/// When `data` is not a whole number of blocks.
pub fn fwht(data: &mut [f32], log2_block: usize) {
    Arch::new().dispatch(Transform(data, log2_block));
}

struct Transform<'a>(&'a mut [f32], usize);

impl WithSimd for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        transform(self.0, self.1);
    }
}

/// [`fwht`], compiled into a caller that has chosen its instruction set.
///
/// # Panics
///
/// For the reasons of [`fwht`].
#[inline(always)]
pub(super) fn transform(data: &mut [f32], log2_block: usize) {
    let block = 1 << log2_block;
    assert!(
        data.len().is_multiple_of(block),
        "fwht: {} numbers are not whole blocks of {block}",
        data.len()
    );
    match log2_block {
        0 => {}
        1 => in_lanes(data, 1),
        2 => in_lanes(data, 2),
        3 => in_lanes(data, 3),
        _ => {
            for block in data.chunks_exact_mut(block) {
                transform_block(block.as_chunks_mut().0, log2_block);
            }
        }
    }
}

/// [`fwht`] divided by `sqrt(2^log2_block)`: orthogonal, and its own inverse.
///
/// # Panics
///
/// When `data` is not a whole number of blocks.
pub fn fwht_normalised(data: &mut [f32], log2_block: usize) {
    fwht(data, log2_block);
    let scale = block_scale(log2_block);
    data.iter_mut().for_each(|x| *x *= scale);
}

/// `1 / sqrt(2^log2_block)`, rounded once.
pub fn block_scale(log2_block: usize) -> f32 {
    (1.0 / ((1_u64 << log2_block) as f64).sqrt()) as f32
}

/// The first `stages` stages, all of strides below `LANES`; plain butterflies for a rest shorter than one array.
#[inline(always)]
fn in_lanes(data: &mut [f32], stages: usize) {
    let (arrays, rest) = data.as_chunks_mut::<LANES>();
    for lanes in arrays {
        *lanes = chain(*lanes, stages);
    }
    for stage in 0..stages {
        butterflies(rest, 1 << stage);
    }
}

/// One block of more than one array.
#[inline(always)]
fn transform_block(block: &mut [Lanes], log2_block: usize) {
    for lanes in block.iter_mut() {
        *lanes = chain(*lanes, LOG2_LANES);
    }
    let mut stage = LOG2_LANES;
    while stage < log2_block {
        let h = 1 << stage;
        stage += match log2_block - stage {
            1 => radix2(block.as_flattened_mut(), h),
            _ => radix4(block.as_flattened_mut(), h),
        };
    }
}

/// The first `stages` stages within one array.
#[inline(always)]
fn chain(lanes: Lanes, stages: usize) -> Lanes {
    let lanes = within::<1>(lanes);
    let lanes = if stages > 1 {
        within::<2>(lanes)
    } else {
        lanes
    };
    if stages > 2 {
        within::<4>(lanes)
    } else {
        lanes
    }
}

/// One stage of stride `H` within one array.
#[inline(always)]
fn within<const H: usize>(lanes: Lanes) -> Lanes {
    let mut next = [0.0; LANES];
    for i in 0..LANES {
        let sign = if i & H == 0 { 1.0 } else { -1.0 };
        next[i] = lanes[i ^ H] + lanes[i] * sign;
    }
    next
}

/// One stage, one number at a time.
fn butterflies(data: &mut [f32], h: usize) {
    for pair in data.chunks_exact_mut(2 * h) {
        let (low, high) = pair.split_at_mut(h);
        for (a, b) in low.iter_mut().zip(high) {
            (*a, *b) = (*a + *b, *a - *b);
        }
    }
}

/// One stage of a stride of `h` numbers, whole arrays of them. Returns the number of stages, like the other.
#[inline(always)]
fn radix2(block: &mut [f32], h: usize) -> usize {
    for pair in block.chunks_exact_mut(2 * h) {
        let (a, b) = pair.split_at_mut(h);
        for (a, b) in a.iter_mut().zip(b) {
            (*a, *b) = (*a + *b, *a - *b);
        }
    }
    1
}

/// The stages of strides of `h` and `2h` numbers in one pass.
#[inline(always)]
fn radix4(block: &mut [f32], h: usize) -> usize {
    for quad in block.chunks_exact_mut(4 * h) {
        let (low, high) = quad.split_at_mut(2 * h);
        let ((a, b), (c, d)) = (low.split_at_mut(h), high.split_at_mut(h));
        for ((a, b), (c, d)) in a.iter_mut().zip(b).zip(c.iter_mut().zip(d)) {
            let (p, q, r, s) = (*a + *b, *a - *b, *c + *d, *c - *d);
            (*a, *b, *c, *d) = (p + r, q + s, p - r, q - s);
        }
    }
    2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: a dense matrix product in double precision.
    fn dense(data: &[f32], log2_block: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| {
            if (i & j).count_ones().is_multiple_of(2) {
                1.0
            } else {
                -1.0
            }
        };
        data.chunks_exact(1 << log2_block)
            .flat_map(|block| {
                (0..block.len()).map(|i| {
                    let terms = block.iter().enumerate();
                    terms.map(|(j, &x)| entry(i, j) * f64::from(x)).sum::<f64>()
                })
            })
            .collect()
    }

    /// Up to three blocks of up to 1024 numbers in ±1.
    fn blocks() -> impl Strategy<Value = (usize, Vec<f32>)> {
        (0_usize..=10, 1_usize..=3).prop_flat_map(|(q, count)| {
            prop::collection::vec(-1.0_f32..1.0, count << q).prop_map(move |data| (q, data))
        })
    }

    proptest! {
        #[test]
        fn equals_the_dense_product((q, data) in blocks()) {
            let mut fast = data.clone();
            fwht(&mut fast, q);
            // Each of q stages rounds once, on sums no larger than the block.
            let bound = f64::from(f32::EPSILON) * (q as f64 + 1.0) * f64::from(1_u32 << q);
            for (fast, exact) in fast.iter().zip(dense(&data, q)) {
                prop_assert!((f64::from(*fast) - exact).abs() <= bound, "{fast} {exact}");
            }
        }

        #[test]
        fn normalised_is_its_own_inverse((q, data) in blocks()) {
            let mut twice = data.clone();
            fwht_normalised(&mut twice, q);
            fwht_normalised(&mut twice, q);
            for (twice, once) in twice.iter().zip(&data) {
                prop_assert!((twice - once).abs() < 1e-5, "{twice} {once}");
            }
        }
    }

    #[test]
    fn whole_numbers_are_exact() {
        for q in 0..=10 {
            let data: Vec<f32> = (0..2_i32 << q)
                .map(|i| ((i * 37) % 101 - 50) as f32)
                .collect();
            let mut fast = data.clone();
            fwht(&mut fast, q);
            let fast: Vec<f64> = fast.into_iter().map(f64::from).collect();
            assert_eq!(fast, dense(&data, q), "log2_block {q}");
        }
    }

    #[test]
    #[should_panic(expected = "not whole blocks")]
    fn partial_block_is_refused() {
        fwht(&mut [0.0; 12], 3);
    }
}
