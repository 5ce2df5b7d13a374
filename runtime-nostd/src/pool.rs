//! The pooled readout: sums of rectified states over time.
//!
//! `a_i += max(h_i, 0)` at every step, in 32 bits, saturating; the readout takes
//! `m_i = min((a_i + 2^(p-1)) >> p, 32767)` in place of the state (`p = 0` does not round). Sums saturate after 65,536
//! steps of the largest 16-bit state at the earliest.

use crate::kernel::keep_rolled;

/// Adds the rectified states of one time step.
pub(crate) fn add(sums: &mut [i32], pairs: impl Iterator<Item = [i32; 2]>) {
    for (sums, [even, odd]) in sums.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        keep_rolled();
        let [a, b] = *sums;
        *sums = [a.saturating_add(even.max(0)), b.saturating_add(odd.max(0))];
    }
}

/// What the readout takes: the sums, scaled to 16 bits.
pub(crate) fn scaled(sums: &[i32], shift: u32) -> impl Iterator<Item = [i32; 2]> {
    let half = 1u32.wrapping_shl(shift) >> 1;
    let scale = move |sum: i32| {
        // Sums are not negative, so the addition fits.
        let scaled = (sum as u32).wrapping_add(half).wrapping_shr(shift);
        scaled.min(0x7FFF) as i32
    };
    (sums.as_chunks().0.iter()).map(move |&[even, odd]| [scale(even), scale(odd)])
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{add, scaled};
    use std::vec::Vec;

    fn all(sums: &[i32], shift: u32) -> Vec<[i32; 2]> {
        scaled(sums, shift).collect()
    }

    #[test]
    fn sums_rectify_and_saturate() {
        let mut sums = [i32::MAX - 1, 5];
        add(&mut sums, [[2, -7]].into_iter());
        assert_eq!(sums, [i32::MAX, 5]);
        add(&mut sums, [[32767, 3]].into_iter());
        assert_eq!(sums, [i32::MAX, 8]);
    }

    #[test]
    fn scaling_rounds_halves_up_and_saturates() {
        assert_eq!(all(&[7, 8], 0), [[7, 8]]);
        assert_eq!(all(&[31, 32], 6), [[0, 1]]);
        assert_eq!(all(&[0x7FFF, 0x8000], 0), [[0x7FFF, 0x7FFF]]);
        assert_eq!(all(&[i32::MAX, 0x7FFF << 16], 16), [[0x7FFF, 0x7FFF]]);
        assert_eq!(
            all(&[(0x7FFE << 16) | 0x7FFF, (0x7FFE << 16) | 0x8000], 16),
            [[0x7FFE, 0x7FFF]]
        );
    }
}
