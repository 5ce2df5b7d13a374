//! Exact instruction counts: the core's counter read before and after a region, see
//! [`hadamrnn_firmware_support::count`] for why two readings are enough.

use core::hint::black_box;

use hadamrnn_firmware_support::count::TickScale;

use crate::config::{ICOUNT_SHIFT, SYSTICK_HZ};
use crate::platform::{loop_10_000, nops_100, start_ticks, ticks};

/// Counts the instructions of regions.
pub struct Counter {
    scale: TickScale,
    /// Instructions counted for an empty region: from one reading to the next, with call and return.
    overhead: u32,
}

/// The self-check measured `found` where the truth is `expected`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "report", derive(defmt::Format))]
pub struct Inexact {
    /// Instructions in the checked region.
    pub expected: u32,
    /// Instructions that were counted.
    pub found: u32,
}

impl Counter {
    /// Starts the core's counter, calibrates, and checks regions of 0, 100 and 10,000 instructions.
    pub fn start() -> Result<Self, Inexact> {
        // A clock too slow, or one that is in use, reads as 0 instructions, which no check accepts.
        let scale = TickScale::new(SYSTICK_HZ, ICOUNT_SHIFT).filter(|_| start_ticks());
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
        let before = ticks();
        region();
        let after = ticks();
        self.scale
            .instructions(before, after)
            .saturating_sub(self.overhead)
    }
}
