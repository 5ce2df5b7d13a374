//! Arguments of the emulator, and a clock that says when the next sample is due.

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use hadamrnn_emulated::config::SYSTICK_HZ;
use semihosting::experimental::env;

use crate::config::RATE;

/// The firmware's arguments.
pub struct Settings {
    /// Samples a second, 0 for as many as can be.
    pub rate: u32,
    /// Turns of a loop for each word that is written to flash.
    pub delay: u32,
}

impl Settings {
    /// Reads the arguments; what is not given or no number is the default.
    pub fn read() -> Self {
        let mut settings = Self {
            rate: RATE.into(),
            delay: 0,
        };
        let Ok(args) = env::args::<128>() else {
            return settings;
        };
        for arg in (&args).flatten() {
            match arg
                .split_once('=')
                .map(|(name, value)| (name, value.parse()))
            {
                Some(("rate", Ok(rate))) => settings.rate = rate,
                Some(("delay", Ok(delay))) => settings.delay = delay,
                _ => {}
            }
        }
        settings
    }
}

/// The sample timer: SysTick, whose interrupt is never taken.
pub struct Pace {
    rate: u32,
}

impl Pace {
    /// Starts the timer at `rate` samples a second.
    ///
    /// # Errors
    /// The timer cannot be so slow.
    pub fn start(mut systick: SYST, rate: u32) -> Result<Self, &'static str> {
        if let Some(ticks) = SYSTICK_HZ.checked_div(rate) {
            const MOST: u32 = 1 << 24;
            if !(2..=MOST).contains(&ticks) {
                return Err("rate= is out of the range of the timer");
            }
            systick.set_clock_source(SystClkSource::Core);
            systick.set_reload(ticks - 1);
            systick.clear_current();
            systick.enable_interrupt();
            systick.enable_counter();
        }
        Ok(Self { rate })
    }

    /// Whether samples come as fast as they can be taken.
    pub const fn is_free(&self) -> bool {
        self.rate == 0
    }

    /// Whether it is time for a sample. True once a period.
    pub fn is_due(&mut self) -> bool {
        let fired = SCB::is_pendst_pending();
        if fired {
            SCB::clear_pendst();
        }
        fired || self.is_free()
    }
}
