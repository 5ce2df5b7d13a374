//! Instruction counts from SysTick under QEMU's `-icount`.
//!
//! With `-icount shift=S` each instruction takes 2^S ns of virtual time, so `n` instructions take
//! `n · r` SysTick ticks, `r = 2^S · hz / 1e9`. A difference of two readings is `n · r` rounded down
//! or up, depending on the phase. For `r >= 2` these roundings are distinct for distinct `n`, so
//! **one reading before and one after give `n` exactly**: the error of `ticks / r` is below 1/2.
//!
//! SysTick counts down through 24 bits: a region may take at most 2^24 ticks, which is 5.2 million
//! instructions at 25 MHz and S = 7. RISC-V's `minstret` is read as a timer of 1 GHz that counts down: QEMU advances it by
//! one each nanosecond.

/// Values SysTick takes before it wraps.
pub const TICK_RANGE: u32 = 1 << 24;

/// Converts SysTick readings into instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickScale {
    /// `r` in 1/1e9 ticks.
    nanoticks_per_instruction: u64,
}

impl TickScale {
    /// For a SysTick clock and an `-icount` shift; `None` where counting would not be exact.
    #[must_use]
    pub const fn new(systick_hz: u32, icount_shift: u32) -> Option<Self> {
        // QEMU takes shifts up to 10.
        if icount_shift > 10 {
            return None;
        }
        let nanoticks_per_instruction = (systick_hz as u64) << icount_shift;
        if nanoticks_per_instruction < 2_000_000_000 {
            return None;
        }
        Some(Self {
            nanoticks_per_instruction,
        })
    }

    /// Instructions between two readings of the (down-counting) timer.
    #[must_use]
    pub const fn instructions(self, before: u32, after: u32) -> u32 {
        let ticks = before.wrapping_sub(after) & (TICK_RANGE - 1);
        let nanoticks = ticks as u64 * 1_000_000_000;
        // Less than ticks / 2 < 2^23.
        ((nanoticks + self.nanoticks_per_instruction / 2) / self.nanoticks_per_instruction) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timer that started at `phase_ns` and has counted down for `n` instructions.
    fn reading(hz: u32, shift: u32, n: u64, phase_ns: u64) -> u32 {
        let ticks = (phase_ns + (n << shift)) * u64::from(hz) / 1_000_000_000;
        (u64::from(TICK_RANGE) - 1 - ticks % u64::from(TICK_RANGE)) as u32
    }

    #[test]
    fn exact_for_every_count_and_phase() {
        for (hz, shift) in [
            (16_000_000, 7),
            (25_000_000, 7),
            (20_000_000, 7),
            (64_000_000, 5),
            (1_000_000_000, 1),
        ] {
            let scale = TickScale::new(hz, shift).unwrap();
            let lengths = (0..500).chain([2_785, 99_999, 1_000_003, 5_000_000]);
            for n in lengths {
                // A step co-prime to the tick visits phases all over it, and wraps of the timer.
                for start in (0..40).map(|i| i * 17 * 1_000_003) {
                    let before = reading(hz, shift, start, 0);
                    let after = reading(hz, shift, start + n, 0);
                    assert_eq!(
                        u64::from(scale.instructions(before, after)),
                        n,
                        "{hz} {start}"
                    );
                }
                for phase in 0..130 {
                    let (before, after) =
                        (reading(hz, shift, 0, phase), reading(hz, shift, n, phase));
                    assert_eq!(
                        u64::from(scale.instructions(before, after)),
                        n,
                        "{hz} {phase}"
                    );
                }
            }
        }
    }

    #[test]
    fn inexact_settings_are_refused() {
        assert_eq!(
            TickScale::new(25_000_000, 6),
            None,
            "1.6 ticks per instruction"
        );
        assert_eq!(TickScale::new(25_000_000, 11), None);
    }
}
