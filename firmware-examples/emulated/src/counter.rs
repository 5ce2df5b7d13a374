//! Exact instruction counts: SysTick read before and after a region, see
//! [`hadamrnn_firmware_common::count`] for why two readings are enough.
#![allow(
    unsafe_code,
    reason = "two blocks of instructions of known length, for the self-check"
)]

use core::arch::asm;
use core::hint::black_box;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use hadamrnn_firmware_common::count::{TICK_RANGE, TickScale};

use crate::config::{ICOUNT_SHIFT, SYSTICK_HZ};

/// Counts the instructions of regions.
pub struct Counter {
    scale: TickScale,
    /// What an empty region counts as: from one reading to the next, with call and return.
    overhead: u32,
}

/// The self-check measured `found` where the truth is `expected`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "report", derive(defmt::Format))]
pub struct Inexact {
    /// Instructions in the checked region.
    pub expected: u32,
    /// What was counted.
    pub found: u32,
}

impl Counter {
    /// Starts SysTick, calibrates, and checks regions of 0, 100 and 10,000 instructions.
    pub fn start(mut systick: SYST) -> Result<Self, Inexact> {
        systick.set_clock_source(SystClkSource::Core);
        systick.set_reload(TICK_RANGE - 1);
        systick.clear_current();
        systick.enable_counter();
        // A clock too slow reads as 0 instructions, which no check accepts.
        let scale = TickScale::new(SYSTICK_HZ, ICOUNT_SHIFT);
        let scale = scale.ok_or(Inexact {
            expected: 1,
            found: 0,
        })?;
        let mut counter = Self { scale, overhead: 0 };
        counter.overhead = counter.count(&mut || ());

        let checks: [(u32, &mut dyn FnMut()); 3] = [
            (0, &mut || ()),
            (100, &mut nops_100),
            (10_000, &mut loop_10_000),
        ];
        for (expected, region) in checks {
            // Five times: each starts at another phase of the timer.
            for _ in 0..5 {
                let found = counter.count(region);
                if found != expected {
                    return Err(Inexact { expected, found });
                }
            }
        }
        Ok(counter)
    }

    /// Calls a region and counts its instructions, without the call and the return: those of an empty
    /// region are subtracted. Up to 2^24 ticks' worth, which is more than 5 million.
    ///
    /// One function for all regions: were it generic or inlined, the compiler would place constants and
    /// spills between the readings, others for each region, and the calibration would not fit.
    #[inline(never)]
    pub fn count(&self, region: &mut dyn FnMut()) -> u32 {
        // The box hides which region it is, or the optimiser would specialise after all.
        let region = black_box(region);
        let before = SYST::get_current();
        region();
        let after = SYST::get_current();
        self.scale
            .instructions(before, after)
            .saturating_sub(self.overhead)
    }
}

/// 100 instructions.
#[inline(always)]
fn nops_100() {
    // SAFETY: `nop` changes nothing.
    unsafe {
        asm!(
            ".rept 100",
            "nop",
            ".endr",
            options(nomem, nostack, preserves_flags)
        )
    }
}

/// 10,000 instructions: 2 that make 4992, as many rounds of 2, and 14.
///
/// All of it is in the block: a constant or an argument might be loaded in the region or outside.
#[inline(always)]
fn loop_10_000() {
    // SAFETY: only a register and the flags change, and both are declared.
    unsafe {
        asm!(
            "movs {left}, #156",
            "lsls {left}, {left}, #5",
            "2: subs {left}, {left}, #1",
            "bne 2b",
            ".rept 14",
            "nop",
            ".endr",
            left = out(reg) _,
            options(nomem, nostack)
        );
    }
}
