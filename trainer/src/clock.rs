//! The cost of a model in time: instructions that were counted on an emulated core, at a clock of the user's.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, ensure};
use serde::Serialize;

use crate::board::Cost;
use crate::usage::Usage;

/// Frequency of a core, in Hz.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Clock(f64);

/// Time that a model takes at a clock, if each instruction takes one cycle: the least. Loads, branches and flash that is slower
/// than the core add cycles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Milliseconds of a sample that is used.
    pub ms_per_sample: f64,
    /// Milliseconds of a window, its answer included.
    pub ms_per_window: f64,
    /// Share of the core's time at the rate that the model was trained for, a window after the other, `0..`; none where window or
    /// rate are not known. Above 1 the core is too slow.
    pub share: Option<f64>,
}

impl Clock {
    /// Milliseconds of so many instructions, if each takes one cycle.
    pub fn milliseconds(self, instructions: f64) -> f64 {
        1e3 * instructions / self.0
    }

    /// Instructions in so many microseconds, if each takes one cycle.
    pub fn instructions(self, microseconds: f64) -> f64 {
        self.0 * microseconds / 1e6
    }

    /// Time that counted instructions take.
    pub fn load(self, cost: &Cost, usage: &Usage) -> Load {
        let seconds = |instructions: f64| instructions / self.0;
        let window = seconds(cost.with_readout() as f64);
        let samples = usage.window.filter(|&window| window > 0);
        let windows_a_second = usage
            .used_rate_hz()
            .zip(samples)
            .map(|(rate, window)| f64::from(rate) / window as f64);
        Load {
            ms_per_sample: 1e3 * seconds(cost.instructions_per_step.into()),
            ms_per_window: 1e3 * window,
            share: windows_a_second.map(|windows| windows * window),
        }
    }
}

impl FromStr for Clock {
    type Err = anyhow::Error;

    /// Reads a frequency such as `64MHz`, `32.768 kHz` or `48000000`, in Hz where there is no unit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.trim().to_ascii_lowercase();
        let units = [("ghz", 1e9), ("mhz", 1e6), ("khz", 1e3), ("hz", 1.0)];
        let found = units
            .into_iter()
            .find_map(|(unit, hz)| Some((lower.strip_suffix(unit)?, hz)));
        let (number, unit) = found.unwrap_or((&lower, 1.0));
        let remedy = || format!("\"{text}\" is no clock: write 64MHz, for instance");
        let number: f64 = number
            .trim()
            .replace('_', "")
            .parse()
            .with_context(remedy)?;
        let hz = number * unit;
        ensure!(
            (1e3..=1e10).contains(&hz),
            "{}: it must be from 1 kHz to 10 GHz",
            remedy()
        );
        Ok(Self(hz))
    }
}

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} MHz", self.0 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_with_and_without_units() {
        for (text, hz) in [
            ("64MHz", 64e6),
            ("32.768 kHz", 32_768.0),
            ("48_000_000", 48e6),
            ("1 ghz", 1e9),
            (" 2000Hz ", 2e3),
        ] {
            assert_eq!(text.parse::<Clock>().expect(text), Clock(hz));
        }
        for text in [
            "", "MHz", "fast", "0", "-64MHz", "nan", "inf", "64 THz", "1Hz",
        ] {
            let error = text.parse::<Clock>().expect_err(text).to_string();
            assert!(error.contains("64MHz"), "{error}");
        }
        assert_eq!(Clock(64e6).to_string(), "64 MHz");
        assert_eq!(Clock(64e6).instructions(50.0), 3200.0);
    }

    #[test]
    fn time_is_instructions_by_clock() {
        let cost = Cost {
            instructions_per_window: 640_000,
            instructions_per_step: 4_000,
            readout_instructions: 64_000,
            load_instructions: None,
            session_bytes: 0,
            stack_bytes: 0,
        };
        let usage = Usage {
            window: Some(64),
            decimation: Some(2),
            rate_hz: Some(100.0),
            ..Usage::default()
        };
        let load = Clock(64e6).load(&cost, &usage);
        assert_eq!((load.ms_per_sample, load.ms_per_window), (0.0625, 11.0));
        // 50 used samples a second are 50 / 64 windows of 11 ms.
        assert_eq!(load.share, Some(50.0 / 64.0 * 0.011));
        assert_eq!(Clock(64e6).load(&cost, &Usage::default()).share, None);
    }
}
