//! Limits that a model must keep.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::cost::Costs;

/// Most that a model may cost; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Bytes of flash: code that infers, and the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash: Option<u64>,
    /// Bytes of RAM: session and stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram: Option<u64>,
    /// Bytes of the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_bytes: Option<u64>,
    /// Instructions of a window, with the reading of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions_per_window: Option<u64>,
    /// Instructions for each sample of the sensor, on average over a window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions_per_sample: Option<u64>,
}

/// A quantity that can be limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// See [`Limits::flash`].
    Flash,
    /// See [`Limits::ram`].
    Ram,
    /// See [`Limits::model_bytes`].
    ModelBytes,
    /// See [`Limits::instructions_per_window`].
    Window,
    /// See [`Limits::instructions_per_sample`].
    Sample,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flash => "bytes of flash",
            Self::Ram => "bytes of RAM",
            Self::ModelBytes => "bytes of the model",
            Self::Window => "instructions a window",
            Self::Sample => "instructions a sample",
        })
    }
}

/// A limit that a model does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The limit.
    pub limit: Limit,
    /// The most that is allowed.
    pub most: u64,
    /// The model's figure.
    pub found: u64,
}

impl Excess {
    /// How many times the limit the figure is.
    pub fn ratio(&self) -> f64 {
        self.found as f64 / self.most.max(1) as f64
    }

    /// Both figures in words; instructions a sample with the time that they take at a clock, if there is one.
    pub fn in_words(&self, clock: Option<Clock>) -> String {
        let (limit, most, found) = (self.limit, self.most, self.found);
        let time = |count: u64| match clock.filter(|_| limit == Limit::Sample) {
            // Exact to the nanosecond, without zeros that say nothing.
            Some(clock) => {
                let us = (1e6 * clock.milliseconds(count as f64)).round() / 1e3;
                format!(" ({us} µs)")
            }
            None => String::new(),
        };
        format!(
            "{most} {limit}{} are allowed, and it takes {found}{}",
            time(most),
            time(found)
        )
    }
}

impl Limits {
    /// Each quantity with the most of it; none is no limit.
    pub const fn all(&self) -> [(Limit, Option<u64>); 5] {
        [
            (Limit::Flash, self.flash),
            (Limit::Ram, self.ram),
            (Limit::ModelBytes, self.model_bytes),
            (Limit::Window, self.instructions_per_window),
            (Limit::Sample, self.instructions_per_sample),
        ]
    }

    /// The limits that costs of windows of `steps` steps, one of `decimation` samples each, do not keep.
    pub fn excesses(&self, costs: &Costs, steps: usize, decimation: usize) -> Vec<Excess> {
        let window = costs.window(steps);
        let sample = window.div_ceil((steps * decimation).max(1) as u64);
        let found = [
            costs.flash(),
            costs.ram(),
            costs.model_bytes,
            window,
            sample,
        ];
        (self.all().into_iter().zip(found))
            .filter_map(|((limit, most), found)| {
                let most = most.filter(|&most| found > most)?;
                Some(Excess { limit, most, found })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_a_sample_are_told_as_time_at_a_clock() {
        let excess = |limit| Excess {
            limit,
            most: 3200,
            found: 4800,
        };
        let clock = Some("64MHz".parse().expect("a clock"));
        assert_eq!(
            excess(Limit::Sample).in_words(clock),
            "3200 instructions a sample (50 µs) are allowed, and it takes 4800 (75 µs)"
        );
        let plain = "3200 bytes of RAM are allowed, and it takes 4800";
        assert_eq!(excess(Limit::Ram).in_words(clock), plain);
        assert!(!excess(Limit::Sample).in_words(None).contains("µs"));
    }

    #[test]
    fn each_limit_is_told() {
        let costs = Costs {
            instructions_per_step: 100,
            readout_instructions: 50,
            session_bytes: 200,
            stack_bytes: 100,
            code_bytes: 1000,
            model_bytes: 500,
        };
        let all = Limits {
            flash: Some(1499),
            ram: Some(299),
            model_bytes: Some(499),
            instructions_per_window: Some(1049),
            instructions_per_sample: Some(52),
        };
        let found = all.excesses(&costs, 10, 2);
        let limits: Vec<Limit> = found.iter().map(|excess| excess.limit).collect();
        assert_eq!(
            limits,
            [
                Limit::Flash,
                Limit::Ram,
                Limit::ModelBytes,
                Limit::Window,
                Limit::Sample
            ]
        );
        let kept = Limits {
            flash: Some(1500),
            ram: Some(300),
            model_bytes: Some(500),
            instructions_per_window: Some(1050),
            instructions_per_sample: Some(53),
        };
        assert!(kept.excesses(&costs, 10, 2).is_empty());
        assert!(Limits::default().excesses(&costs, 10, 2).is_empty());
    }
}
