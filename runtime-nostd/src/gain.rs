//! The factor `(1 - 2^-k) / sqrt(B)` of the recurrence, exact in the long run.

/// `2^shift (1 - 2^-leak) / sqrt(2^q)` as an integer that alternates between its floor and its ceiling; `leak` 0 is none.
///
/// For even `q` and a leak that the shift has room for, the value is an integer. For odd `q` it is irrational: any constant of few bits would let the state grow
/// or fade exponentially (362/4096 for 1/sqrt(128) loses 10 % in 1,000 steps). So a 16-bit fraction is carried from step
/// to step, and a step whose carry overflows uses the ceiling. Gains multiply over time, so the fraction is chosen to make
/// their geometric mean right. With a gain of 180 or more, a state drifts by at most 0.66 % on its way through 10,000 steps
/// (`docs/ARITHMETIC.md` has a table).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gain {
    floor: i32,
    fraction: u16,
}

/// `sqrt(2) * 2^30`, rounded to nearest.
const SQRT2_Q30: u32 = 1_518_500_250;

impl Gain {
    /// The gain for blocks of `2^log2_block` (`1..=10`) at a right shift of `shift` bits (`4..=15`), for a state that
    /// keeps `1 - 2^-leak` (`1..=15`) of itself in a step, or all for a leak of 0.
    ///
    /// Arguments outside these ranges give a gain of no use, but no panic.
    pub const fn new(log2_block: u8, shift: u8, leak: u8) -> Self {
        let (q, shift) = (log2_block as u32, shift as u32);
        let q16 = if q % 2 == 0 {
            (1u32 << 16).wrapping_shl(shift.wrapping_sub(q / 2))
        } else {
            // sqrt(2) * 2^(shift - (q+1)/2 + 16), rounded to nearest.
            let right = 14u32.wrapping_sub(shift).wrapping_add(q.div_ceil(2));
            let half = if right == 0 {
                0
            } else {
                1u32.wrapping_shl(right.wrapping_sub(1))
            };
            SQRT2_Q30.wrapping_add(half).wrapping_shr(right)
        };
        let q16 = q16.wrapping_sub(leaked(q16, leak));
        let (floor, fraction) = (q16 >> 16, q16 & 0xFFFF);
        // A fraction f of ceilings has the geometric mean floor + f - f(1-f)/(2 floor) + …: raise f by what is missing.
        let missing = match ((fraction * (0x1_0000 - fraction)) >> 17).checked_div(floor) {
            Some(missing) => missing,
            None => 0,
        };
        Self {
            floor: floor as i32,
            fraction: (fraction + missing) as u16,
        }
    }

    /// The integer gain of a step; `phase` is the fraction carried from the step before, zero at first.
    pub const fn next(self, phase: &mut u16) -> i32 {
        let (sum, carry) = phase.overflowing_add(self.fraction);
        *phase = sum;
        self.floor.wrapping_add(carry as i32)
    }

    /// The largest integer that [`next`](Self::next) returns.
    pub const fn max(self) -> i32 {
        self.floor.wrapping_add((self.fraction != 0) as i32)
    }
}

/// `q16 * 2^-leak`, rounded to nearest, halves up; 0 for a leak of 0.
const fn leaked(q16: u32, leak: u8) -> u32 {
    match leak {
        0 => 0,
        leak => (q16 >> (leak.wrapping_sub(1) & 31)).wrapping_add(1) >> 1,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::Gain;

    #[test]
    fn even_logs_are_exact_shifts() {
        for q in [2, 4, 6, 8, 10] {
            let gain = Gain::new(q, 12, 0);
            assert_eq!((gain.floor, gain.fraction), (1 << (12 - q / 2), 0));
        }
    }

    /// The largest magnitude, on the way through 10,000 steps, of the logarithm of what a state is multiplied by that
    /// should stay as it is.
    fn log_drift(q: u8, shift: u8) -> f64 {
        let gain = Gain::new(q, shift, 0);
        let exact = f64::from(1u32 << shift) / f64::from(1u32 << q).sqrt();
        let (mut phase, mut sum, mut largest) = (0, 0.0, 0.0f64);
        for _ in 0..10_000 {
            sum += (f64::from(gain.next(&mut phase)) / exact).ln();
            largest = largest.max(sum.abs());
        }
        largest
    }

    #[test]
    fn every_width_leaves_room_for_a_gain_that_drifts_little() {
        for (bits, q) in (8u32..=16).flat_map(|bits| (1u8..=10).map(move |q| (bits, q))) {
            // The transform times the gain, with half of 31 bits left for the layer input.
            let fits = |shift: &u8| {
                let gain = i64::from(Gain::new(q, *shift, 0).max());
                gain << (bits - 1 + u32::from(q)) < 1 << 30
            };
            let shift = (4..=15).rev().find(fits).expect("a shift");
            let drift = log_drift(q, shift);
            let limit = if bits + u32::from(q) < 24 {
                0.006_02
            } else {
                0.021_93
            };
            assert!(drift < limit, "{bits} bits, q {q}, shift {shift}: {drift}");
        }
    }

    #[test]
    fn the_worked_examples_of_the_document() {
        let gain = Gain::new(7, 12, 0);
        assert_eq!((gain.floor, gain.fraction), (362, 2537));
        let gain = Gain::new(7, 12, 4);
        assert_eq!((gain.floor, gain.fraction), (339, 26_975));
    }

    #[test]
    fn a_leak_that_the_shift_has_room_for_is_a_shift_and_a_subtraction() {
        for (q, leak) in [2u8, 4, 6, 8, 10]
            .into_iter()
            .flat_map(|q| (1..=15).map(move |k| (q, k)))
        {
            let gain = Gain::new(q, 15, leak);
            if leak <= 15 - q / 2 {
                let one = 1 << (15 - q / 2);
                assert_eq!((gain.floor, gain.fraction), (one - (one >> leak), 0));
            }
        }
    }

    #[test]
    fn a_leak_decays_as_fast_as_it_should() {
        for (q, shift, leak) in [
            (7u8, 12u8, 4u8),
            (7, 12, 1),
            (8, 12, 6),
            (5, 15, 15),
            (5, 9, 3),
            (9, 9, 2),
        ] {
            let gain = Gain::new(q, shift, leak);
            let exact = 2f64.powi(shift.into()) * (1.0 - 2f64.powi(-i32::from(leak)))
                / f64::from(1u32 << q).sqrt();
            let mut phase = 0;
            let log_gain: f64 = (0..1 << 16)
                .map(|_| f64::from(gain.next(&mut phase)).ln())
                .sum();
            let error = log_gain / f64::from(1 << 16) - exact.ln();
            // One unit of the 16-bit fraction, and the third order of the correction.
            let bound = 2f64.powi(-15) / exact + 0.25 / exact.powi(3);
            assert!(
                error.abs() < bound,
                "q {q} shift {shift} leak {leak}: {error} of {bound}"
            );
        }
    }

    #[test]
    fn every_step_is_the_floor_or_the_ceiling() {
        for (q, shift) in (1..=10).flat_map(|q| (4..=15).map(move |shift| (q, shift))) {
            let gain = Gain::new(q, shift, 0);
            let exact = f64::from(1u32 << shift) / f64::from(1u32 << q).sqrt();
            let mut phase = 0;
            for _ in 0..100 {
                let g = gain.next(&mut phase);
                assert!(
                    (f64::from(g) - exact).abs() < 1.0,
                    "q {q} shift {shift}: {g}"
                );
                assert!(g <= gain.max());
            }
        }
    }
}
