//! Fast Walsh-Hadamard transform of `f32` rows, in place, block by block.
//!
//! ```text
//! for h in 1, 2, 4, .. B/2:                   B log2(B) additions for a block of B
//!     for each pair (x[i], x[i + h]):
//!         (x[i], x[i + h]) = (x[i] + x[i + h], x[i] - x[i + h])
//! ```
//!
//! Strides below `LANES` stay inside one array of `LANES` numbers, which the compiler keeps in registers and turns
//! into shuffles; larger strides go two stages at a time (radix 4), halving the passes over memory. The order of the
//! additions is fixed, so equal inputs give equal bits.

/// Numbers handled together; strides below it never leave one array.
const LANES: usize = 16;
const LOG2_LANES: usize = LANES.ilog2() as usize;

/// Multiplies every contiguous block of `2^log2_block` numbers by the Hadamard matrix `H[i][j] = (-1)^popcount(i & j)`.
///
/// Not normalised: twice in a row multiplies by `2^log2_block`. Rows of a matrix need no loop of their own, because
/// blocks never straddle two rows whose length is a multiple of the block.
///
/// # Panics
///
/// When `data` is not a whole number of blocks.
pub fn fwht(data: &mut [f32], log2_block: usize) {
    let block = 1 << log2_block;
    assert!(
        data.len().is_multiple_of(block),
        "fwht: {} numbers are not whole blocks of {block}",
        data.len()
    );
    match log2_block {
        0 => {}
        1 => in_lanes(data, 1, chain::<1>),
        2 => in_lanes(data, 2, chain::<2>),
        3 => in_lanes(data, 3, chain::<3>),
        _ => data
            .chunks_exact_mut(block)
            .for_each(|block| transform_block(block, log2_block)),
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

/// One block of at least [`LANES`] numbers.
#[inline(always)]
fn transform_block(block: &mut [f32], log2_block: usize) {
    in_lanes(block, LOG2_LANES, chain::<LOG2_LANES>);
    let mut stage = LOG2_LANES;
    while stage + 1 < log2_block {
        radix4(block, 1 << stage);
        stage += 2;
    }
    if stage < log2_block {
        radix2(block, 1 << stage);
    }
}

/// Applies `transform` to arrays of [`LANES`] numbers, and plain butterflies to a remainder shorter than one array.
#[inline(always)]
fn in_lanes(
    data: &mut [f32],
    stages: usize,
    transform: impl Fn([f32; LANES]) -> [f32; LANES] + Copy,
) {
    let (arrays, rest) = data.as_chunks_mut::<LANES>();
    arrays
        .iter_mut()
        .for_each(|lanes| *lanes = transform(*lanes));
    (0..stages).for_each(|stage| butterflies(rest, 1 << stage));
}

/// The first `STAGES` stages within one array.
#[inline(always)]
fn chain<const STAGES: usize>(mut lanes: [f32; LANES]) -> [f32; LANES] {
    for stage in 0..STAGES {
        let h = 1 << stage;
        lanes = std::array::from_fn(|i| match i & h {
            0 => lanes[i] + lanes[i ^ h],
            _ => lanes[i ^ h] - lanes[i],
        });
    }
    lanes
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

/// One stage of stride `h`, a multiple of [`LANES`].
#[inline(always)]
fn radix2(block: &mut [f32], h: usize) {
    for pair in block.chunks_exact_mut(2 * h) {
        let (low, high) = pair.split_at_mut(h);
        for (a, b) in arrays(low).iter_mut().zip(arrays(high)) {
            for i in 0..LANES {
                (a[i], b[i]) = (a[i] + b[i], a[i] - b[i]);
            }
        }
    }
}

/// The stages of strides `h` and `2h` in one pass, `h` a multiple of [`LANES`].
#[inline(always)]
fn radix4(block: &mut [f32], h: usize) {
    for quad in block.chunks_exact_mut(4 * h) {
        let (low, high) = quad.split_at_mut(2 * h);
        let ((a, b), (c, d)) = (low.split_at_mut(h), high.split_at_mut(h));
        let low = arrays(a).iter_mut().zip(arrays(b));
        let high = arrays(c).iter_mut().zip(arrays(d));
        for ((a, b), (c, d)) in low.zip(high) {
            for i in 0..LANES {
                let (p, q) = (a[i] + b[i], a[i] - b[i]);
                let (r, s) = (c[i] + d[i], c[i] - d[i]);
                (a[i], b[i], c[i], d[i]) = (p + r, q + s, p - r, q - s);
            }
        }
    }
}

/// A slice whose length is a multiple of [`LANES`], as arrays.
#[inline(always)]
fn arrays(data: &mut [f32]) -> &mut [[f32; LANES]] {
    data.as_chunks_mut::<LANES>().0
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
