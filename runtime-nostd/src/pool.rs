//! The pooled readout: sums of rectified states over time.
//!
//! `a_i += max(h_i, 0)` at every step, in 32 bits, saturating at `2^31 - 1`; the readout takes
//! `m_i = min((a_i + 2^(p-1)) >> p, 32767)` in place of the state (`p = 0` does not round).
//!
//! The added values are never negative. So a sum may pass the limit, as long as it is brought back before it wraps and
//! before it is read: there is no need to test it at every step.
//!
//! Sums of a fading pool lose a part of themselves before some steps ([`fade`]). The reader of models proves that they never
//! reach the limit.

use crate::codegen::keep_rolled;

/// Adds the rectified states of one time step. [`limit`] must follow after at most [`STEPS`] of them.
pub(crate) fn add(sums: &mut [u32], pairs: impl Iterator<Item = [i32; 2]>) {
    for (sums, [even, odd]) in sums.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
        keep_rolled();
        let [a, b] = *sums;
        *sums = [
            a.wrapping_add(even.max(0) as u32),
            b.wrapping_add(odd.max(0) as u32),
        ];
    }
}

/// Steps that sums within the limit have room for in 32 bits: `2^31 + 2^16 * (2^15 - 1) < 2^32`.
pub(crate) const STEPS: u32 = 1 << 16;

const LIMIT: u32 = i32::MAX as u32;

/// Brings sums back to the limit.
pub(crate) fn limit(sums: &mut [u32]) {
    for sum in sums {
        keep_rolled();
        *sum = (*sum).min(LIMIT);
    }
}

/// Takes `2^-shift` off each sum, rounded down: sums of a fading pool before some steps.
pub(crate) fn fade(sums: &mut [u32], shift: u32) {
    for sum in sums {
        keep_rolled();
        *sum = sum.wrapping_sub(sum.wrapping_shr(shift));
    }
}

/// The vector that V reads: the sums, scaled to 16 bits.
pub(crate) fn scaled(sums: &[u32], shift: u32) -> impl Iterator<Item = [i32; 2]> {
    // By name: optimised for size, a map of the pair would be a loop over memory.
    (sums.as_chunks().0.iter()).map(move |&[even, odd]| [scale(even, shift), scale(odd, shift)])
}

/// A sum, scaled to 16 bits.
#[inline(always)]
pub(crate) fn scale(sum: u32, shift: u32) -> i32 {
    let half = 1u32.wrapping_shl(shift) >> 1;
    // No sum is beyond 2^32 - 2^16, so the addition fits; what is beyond the limit is beyond 16 bits afterwards.
    let scaled = sum.wrapping_add(half).wrapping_shr(shift);
    scaled.min(0x7FFF) as i32
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::{LIMIT, STEPS, add, fade, limit, scaled};
    use std::vec::Vec;

    fn all(sums: &[u32], shift: u32) -> Vec<[i32; 2]> {
        scaled(sums, shift).collect()
    }

    #[test]
    fn sums_rectify_and_saturate() {
        let mut sums = [LIMIT - 1, 5];
        add(&mut sums, [[2, -7]].into_iter());
        assert_eq!(all(&sums, 16), all(&[LIMIT, 5], 16));
        limit(&mut sums);
        assert_eq!(sums, [LIMIT, 5]);
        add(&mut sums, [[32767, 3]].into_iter());
        assert_eq!(all(&sums, 16), [[32767, 0]]);
        limit(&mut sums);
        assert_eq!(sums, [LIMIT, 8]);
    }

    #[test]
    fn sums_do_not_wrap_before_they_are_limited() {
        let mut sums = [LIMIT, LIMIT];
        for _ in 0..STEPS {
            add(&mut sums, [[32767, -32768]].into_iter());
        }
        assert_eq!(sums, [LIMIT + STEPS * 32767, LIMIT]);
        limit(&mut sums);
        assert_eq!(sums, [LIMIT, LIMIT]);
    }

    #[test]
    fn fading_sums_reach_their_bound_and_stay_there() {
        for (shift, log2_interval, bits) in [(1, 0, 8), (3, 2, 12), (1, 4, 16), (8, 3, 9)] {
            let most = (1u32 << (bits - 1)) - 1;
            let bound = (((most << log2_interval) + 1) << shift) - 1;
            let mut sums = [0, 0];
            let mut largest = 0;
            for step in 0..20_000u32 {
                if step.is_multiple_of(1 << log2_interval) {
                    fade(&mut sums, shift);
                }
                add(&mut sums, [[most as i32, -1]].into_iter());
                largest = largest.max(sums[0]);
            }
            assert!(
                largest <= bound && bound - largest < 1 << shift,
                "{largest} {bound}"
            );
            // Silence leaves less than a unit of what is lost.
            (0..40 << shift).for_each(|_| fade(&mut sums, shift));
            assert!(sums[0] < 1 << shift && sums[1] == 0);
        }
    }

    #[test]
    fn scaling_rounds_halves_up_and_saturates() {
        assert_eq!(all(&[7, 8], 0), [[7, 8]]);
        assert_eq!(all(&[31, 32], 6), [[0, 1]]);
        assert_eq!(all(&[0x7FFF, 0x8000], 0), [[0x7FFF, 0x7FFF]]);
        assert_eq!(all(&[LIMIT, 0x7FFF << 16], 16), [[0x7FFF, 0x7FFF]]);
        assert_eq!(
            all(&[(0x7FFE << 16) | 0x7FFF, (0x7FFE << 16) | 0x8000], 16),
            [[0x7FFE, 0x7FFF]]
        );
    }
}
