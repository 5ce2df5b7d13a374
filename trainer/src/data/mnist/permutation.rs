//! The order of the pixels of permuted MNIST: numpy's `RandomState(92916).permutation(784)`.
//!
//! The permutation is a shuffle of 0 to 783 by Fisher and Yates from the end. The place to swap with is drawn by
//! numpy's legacy rule: 32 bits of the Mersenne twister MT19937, masked to the bits that the largest place needs, until
//! one is small enough.

use rand_mt::Mt;

use super::STEPS;

/// The seed of the published permutation.
pub const PERMUTATION_SEED: u32 = 92_916;

/// The published permutation `p`: step `j` of a sequence is pixel `p[j]`.
pub fn permutation() -> Vec<usize> {
    numpy_permutation(PERMUTATION_SEED, STEPS)
}

/// `numpy.random.RandomState(seed).permutation(count)`.
fn numpy_permutation(seed: u32, count: usize) -> Vec<usize> {
    let mut twister = Mt::new(seed);
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last, interval(&mut twister, last));
    }
    order
}

/// A number from 0 to `max`, both included.
fn interval(twister: &mut Mt, max: usize) -> usize {
    let mask = (max + 1).next_power_of_two() - 1;
    loop {
        let value = twister.next_u32() as usize & mask;
        if value <= max {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::data::hex::hex;

    /// The expected values are those of numpy 2.4.6.
    #[test]
    fn it_is_that_of_numpy() {
        let order = permutation();
        assert_eq!(
            order[..12],
            [319, 576, 323, 107, 355, 716, 197, 20, 625, 60, 443, 620]
        );
        assert_eq!(order[780..], [264, 102, 39, 346]);
        let bytes: Vec<u8> = order
            .iter()
            .flat_map(|&at| (at as u16).to_le_bytes())
            .collect();
        assert_eq!(
            hex(&Sha256::digest(bytes)),
            "7c8746c4702fe6847ba8e8056236b8e3217b49f57f3de83df7a780c854b6de14"
        );
    }

    #[test]
    fn it_is_a_permutation_of_any_size() {
        for count in [0, 1, 2, 63, 64, 65, 1000] {
            let mut order = numpy_permutation(5, count);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..count));
        }
    }
}
