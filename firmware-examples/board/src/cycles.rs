//! The core's own cycle counter.
//!
//! Armv7-M and Armv8-M mainline have one in their trace unit (32 bits); Armv6-M has SysTick, which counts down through 24
//! bits and which no HAL of ours uses; the ESP32-C3 has a performance counter of its own instead of `mcycle`.

/// A running counter.
pub struct Cycles {
    hz: u32,
    counter: counter::Counter,
}

impl Cycles {
    /// Starts the counter of a core that runs at so many hertz; `None` where somebody has taken it already.
    #[must_use]
    pub fn start(hz: u32) -> Option<Self> {
        let counter = counter::Counter::start()?;
        Some(Self { hz, counter })
    }

    /// Cycles that `region` takes, with whatever interrupts it: at most 2^24 on Armv6-M, else 2^32.
    pub fn count<R>(&self, region: impl FnOnce() -> R) -> (R, u32) {
        let before = self.counter.now();
        let result = region();
        (result, self.counter.since(before))
    }

    /// Cycles as tenths of a microsecond, rounded up.
    #[must_use]
    pub const fn tenths_of_us(&self, cycles: u64) -> u64 {
        (cycles * 10_000_000).div_ceil(self.hz as u64)
    }
}

/// SysTick. (Armv6-M is told by its lack of compare-and-swap.)
#[cfg(all(target_arch = "arm", not(target_has_atomic = "32")))]
mod counter {
    use cortex_m::peripheral::SYST;
    use cortex_m::peripheral::syst::SystClkSource;

    const RANGE: u32 = 1 << 24;

    pub struct Counter;

    impl Counter {
        pub fn start() -> Option<Self> {
            let mut timer = cortex_m::Peripherals::take()?.SYST;
            timer.set_clock_source(SystClkSource::Core);
            timer.set_reload(RANGE - 1);
            timer.clear_current();
            timer.enable_counter();
            Some(Self)
        }

        pub fn now(&self) -> u32 {
            SYST::get_current()
        }

        pub fn since(&self, before: u32) -> u32 {
            before.wrapping_sub(self.now()) % RANGE
        }
    }
}

/// The trace unit's counter.
#[cfg(all(target_arch = "arm", target_has_atomic = "32"))]
mod counter {
    use cortex_m::peripheral::DWT;

    pub struct Counter;

    impl Counter {
        pub fn start() -> Option<Self> {
            let mut core = cortex_m::Peripherals::take()?;
            core.DCB.enable_trace();
            core.DWT.enable_cycle_counter();
            Some(Self)
        }

        pub fn now(&self) -> u32 {
            DWT::cycle_count()
        }

        pub fn since(&self, before: u32) -> u32 {
            self.now().wrapping_sub(before)
        }
    }
}

/// The ESP32-C3's performance counter (technical reference manual, 1.4.2): `mpcer` chooses the event, `mpcmr` enables,
/// `mpccr` holds the count.
#[cfg(target_arch = "riscv32")]
#[allow(
    unsafe_code,
    reason = "control registers are reached by assembly alone"
)]
mod counter {
    use core::arch::asm;

    pub struct Counter;

    impl Counter {
        pub fn start() -> Option<Self> {
            // SAFETY: writes two registers that only count: event 0 is the clock cycle.
            unsafe {
                asm!(
                    "csrw 0x7e0, {one}",
                    "csrw 0x7e1, {one}",
                    one = in(reg) 1,
                    options(nostack, nomem)
                );
            }
            Some(Self)
        }

        pub fn now(&self) -> u32 {
            let count: u32;
            // SAFETY: reads a register. Not `nomem`, so that it stays where it is written.
            unsafe {
                asm!("csrr {count}, 0x7e2", count = out(reg) count, options(nostack));
            }
            count
        }

        pub fn since(&self, before: u32) -> u32 {
            self.now().wrapping_sub(before)
        }
    }
}
