//! Raw counts of 16 bits in place of physical values: what recordings are written in.
//!
//! Acceleration and rotation take the counts of this project's firmware, 1/8192 g and 70 m°/s, so that recordings of a phone serve
//! a board; where values go beyond ±4 g or ±2,290 °/s, half as many, until all fit but one value in a thousand at most. Those
//! saturate: a glitch of the sensor must not set the scale of all others. [`remarks`] counts them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use anyhow::{Result, ensure};
use serde::Serialize;

use super::columns::axis;
use super::recording::Recording;
use super::told::ToldScale;
use super::unit::{STANDARD_GRAVITY, Unit};
use crate::visible;

/// Counts per g, and °/s per count, of the firmware.
const COUNTS_PER_G: f64 = 8192.0;
const DEGREES_PER_COUNT: f64 = 0.07;
/// The largest count that is used, on either side.
const MOST: f64 = 32_767.0;
/// The counts that 16 bits hold.
const HELD: std::ops::RangeInclusive<f64> = -32_768.0..=32_767.0;
/// One value in so many may saturate.
const RARE: usize = 1000;
/// Values of a channel below which none is rare.
const ENOUGH: usize = 50;
/// Without a scale of the firmware, values this many times as large as all but the rare ones do not set the scale.
const FAR: f64 = 16.0;

/// How a channel is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scale {
    /// Name of the channel.
    pub channel: String,
    /// Unit of its values.
    pub unit: Unit,
    /// Counts that stand for 1 of the unit.
    pub counts_per_unit: f64,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
}

impl From<&Scale> for ToldScale {
    fn from(scale: &Scale) -> Self {
        Self {
            channel: scale.channel.clone(),
            unit: scale.unit,
            counts_per_unit: scale.counts_per_unit,
        }
    }
}

impl Scale {
    /// The count of a value: the nearest.
    pub fn count(&self, value: f32) -> i16 {
        (f64::from(value) * self.counts_per_unit).round() as i16
    }
}

/// Counts per unit of the firmware, if it has such a sensor.
pub fn of_firmware(unit: Unit) -> Option<f64> {
    match unit {
        Unit::G => Some(COUNTS_PER_G),
        Unit::MetrePerSecondSquared => Some(COUNTS_PER_G / STANDARD_GRAVITY),
        Unit::DegreePerSecond => Some(DEGREES_PER_COUNT.recip()),
        Unit::RadianPerSecond => Some(180.0 / std::f64::consts::PI / DEGREES_PER_COUNT),
        Unit::Counts | Unit::MicroTesla | Unit::Celsius | Unit::Unknown => None,
    }
}

/// The range of a channel over all recordings.
struct Range {
    min: f32,
    max: f32,
    is_whole: bool,
    /// Largest magnitude of all but the rare values.
    usual: f64,
    /// Whether all but the rare values are of 16 bits.
    is_held: bool,
}

impl Range {
    fn largest(&self) -> f64 {
        f64::from(self.max.abs().max(self.min.abs()))
    }

    /// Largest magnitude that a scale must hold, where no firmware gives one.
    fn reach(&self) -> f64 {
        match self.usual {
            0.0 => self.largest(),
            usual => self.largest().min(FAR * usual),
        }
    }
}

/// How each channel of recordings, all with the same, is written. Channels of one known unit have one scale, and so have the axes of
/// one sensor; whole numbers of 16 bits without a unit are counts already. Channels that `fixed` names have the scale that it tells.
pub(super) fn scales(recordings: &[Recording], fixed: &[ToldScale]) -> Vec<Scale> {
    let Some(first) = recordings.first() else {
        return Vec::new();
    };
    let ranges: Vec<Range> = (0..first.channels.len())
        .map(|channel| range(recordings, channel))
        .collect();
    let of_unit = |unit: Unit| {
        let of = first
            .channels
            .iter()
            .zip(&ranges)
            .filter(|(channel, _)| channel.unit == unit);
        of.fold((0.0_f64, 0.0_f64), |(usual, reach), (_, range)| {
            (usual.max(range.usual), reach.max(range.reach()))
        })
    };
    let sensor = |channel: &super::Channel| axis(&channel.name).map(|(sensor, _)| sensor);
    let of_sensor = |wanted: &super::Channel| {
        let is_of = |channel: &super::Channel| {
            channel == wanted
                || (channel.unit == wanted.unit
                    && sensor(wanted).is_some()
                    && sensor(channel) == sensor(wanted))
        };
        let of = first
            .channels
            .iter()
            .zip(&ranges)
            .filter(|(channel, _)| is_of(channel));
        of.fold((0.0, true), |(reach, are_counts), (_, range)| {
            (
                range.reach().max(reach),
                are_counts && range.is_whole && range.is_held,
            )
        })
    };
    let scale = |(channel, range): (&super::Channel, &Range)| {
        let (reach, are_counts) = of_sensor(channel);
        let fixed = fixed.iter().find(|fixed| fixed.channel == channel.name);
        let fixed = fixed.and_then(|fixed| fixed.per(channel.unit));
        let chosen = || match channel.unit {
            Unit::Counts | Unit::Unknown if are_counts => 1.0,
            Unit::Counts | Unit::Unknown => power_of_two(reach),
            unit => match (of_firmware(unit), of_unit(unit)) {
                (Some(counts), (usual, _)) => halved(counts, usual),
                (None, (_, reach)) => power_of_two(reach),
            },
        };
        Scale {
            channel: channel.name.clone(),
            unit: channel.unit,
            counts_per_unit: fixed.unwrap_or_else(chosen),
            min: range.min,
            max: range.max,
        }
    };
    first.channels.iter().zip(&ranges).map(scale).collect()
}

/// The values of a channel over all recordings.
fn values(recordings: &[Recording], channel: usize) -> impl Iterator<Item = f32> {
    recordings.iter().flat_map(move |recording| {
        let count = recording.channels.len();
        recording
            .values
            .iter()
            .skip(channel)
            .step_by(count)
            .copied()
    })
}

fn range(recordings: &[Recording], channel: usize) -> Range {
    let samples: usize = recordings.iter().map(Recording::samples).sum();
    let rare = match samples {
        ..ENOUGH => 0,
        _ => samples.div_ceil(RARE),
    };
    let mut range = Range {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
        is_whole: true,
        usual: 0.0,
        is_held: true,
    };
    // The magnitudes of the rare values and the one below, as bits, which are in the same order.
    let mut largest = BinaryHeap::with_capacity(rare + 2);
    let mut beyond = 0;
    for value in values(recordings, channel) {
        range.min = range.min.min(value);
        range.max = range.max.max(value);
        range.is_whole &= value.fract() == 0.0;
        beyond += usize::from(!HELD.contains(&f64::from(value)));
        let bits = value.abs().to_bits();
        if largest.len() <= rare {
            largest.push(Reverse(bits));
        } else if largest.peek().is_some_and(|Reverse(least)| bits > *least) {
            largest.pop();
            largest.push(Reverse(bits));
        }
    }
    if let Some(Reverse(bits)) = largest.pop() {
        range.usual = f64::from(f32::from_bits(bits));
    }
    range.is_held = beyond <= rare;
    range
}

/// What there is to say of channels that are written in `scales`: values that saturate, counts that are scaled.
///
/// # Errors
/// A channel with values would be nothing but zeros.
pub(super) fn remarks(recordings: &[Recording], scales: &[Scale]) -> Result<Vec<String>> {
    let mut remarks = Vec::new();
    for (channel, scale) in scales.iter().enumerate() {
        let name = visible::name(&scale.channel);
        let (mut count, mut saturated, mut nonzero, mut vanished) = (0, 0, 0, 0);
        for value in values(recordings, channel) {
            let scaled = (f64::from(value) * scale.counts_per_unit).round();
            count += 1;
            saturated += usize::from(!HELD.contains(&scaled));
            nonzero += usize::from(value != 0.0);
            vanished += usize::from(value != 0.0 && scaled == 0.0);
        }
        ensure!(
            nonzero == 0 || vanished < nonzero,
            "channel {name}: at {} counts per {} all of its values, {} to {}, would be 0: is its unit right, and no value of its sensor \
             far too large? --unit states the unit, --channels leaves channels out",
            scale.counts_per_unit,
            scale.unit,
            scale.min,
            scale.max
        );
        if saturated > 0 {
            remarks.push(format!(
                "channel {name}: {saturated} of {count} values saturate, at {} counts per {}; they reach from {} to {}",
                scale.counts_per_unit, scale.unit, scale.min, scale.max
            ));
        }
        if vanished * 2 > nonzero {
            remarks.push(format!(
                "channel {name}: {vanished} of {nonzero} values are so small beside the largest that they are written as 0"
            ));
        }
        if scale.unit == Unit::Counts && scale.counts_per_unit != 1.0 {
            remarks.push(format!(
                "channel {name}: counts of {} to {} are no counts of 16 bits, and are multiplied by {}",
                scale.min, scale.max, scale.counts_per_unit
            ));
        }
    }
    let is_other = |scale: &&Scale| {
        let firmware = of_firmware(scale.unit);
        firmware.is_some_and(|counts| counts != scale.counts_per_unit)
    };
    let others = scales.iter().filter(is_other).map(|scale| &scale.channel);
    let others = visible::names(others);
    if !others.is_empty() {
        remarks.push(format!(
            "the scale of {others} is not that of the firmware, so that their values fit: train it with no files of another scale"
        ));
    }
    Ok(remarks)
}

/// Counts per unit by which `largest` fits.
fn halved(mut counts: f64, largest: f64) -> f64 {
    while largest * counts > MOST {
        counts /= 2.0;
    }
    counts
}

/// The largest power of two by which `largest` fits.
fn power_of_two(largest: f64) -> f64 {
    match largest {
        0.0 => 1.0,
        _ => (MOST / largest).log2().floor().clamp(-140.0, 40.0).exp2(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::*;

    fn of(unit: Unit, values: &[f32]) -> Scale {
        let mut recording = Recording::new("r", vec![Channel::new("a", unit)]);
        recording.values = values.to_vec();
        scales(&[recording], &[]).remove(0)
    }

    #[test]
    fn values_are_in_counts_of_the_firmware() {
        let g = of(Unit::G, &[1.0, -3.9]);
        assert_eq!(
            (g.counts_per_unit, g.count(1.0), g.count(-3.9)),
            (8192.0, 8192, -31_949)
        );
        let metres = of(Unit::MetrePerSecondSquared, &[9.80665]);
        assert_eq!(metres.count(9.80665), 8192);
        // ±8 g.
        assert_eq!(
            of(Unit::MetrePerSecondSquared, &[-78.0]).count(9.80665),
            4096
        );
        let degrees = of(Unit::DegreePerSecond, &[70.0]);
        assert_eq!(degrees.count(70.0), 1000);
        assert_eq!(
            of(Unit::RadianPerSecond, &[1.0]).count(70.0_f32.to_radians()),
            1000
        );
        assert_eq!(of(Unit::MicroTesla, &[50.0, -60.0]).counts_per_unit, 512.0);
    }

    #[test]
    fn axes_of_a_sensor_have_one_scale() {
        let channels = ["ax", "ay", "az", "p"].map(|name| Channel::new(name, Unit::Unknown));
        let mut recording = Recording::new("r", channels.to_vec());
        recording.values = vec![0.5, 1.0, -3.5, 1013.25];
        let counts: Vec<f64> = scales(&[recording], &[])
            .iter()
            .map(|scale| scale.counts_per_unit)
            .collect();
        assert_eq!(counts, [8192.0, 8192.0, 8192.0, 32.0]);
    }

    #[test]
    fn counts_stay_counts() {
        assert_eq!(of(Unit::Unknown, &[8297.0, -32_767.0]).counts_per_unit, 1.0);
        assert_eq!(of(Unit::Counts, &[65_535.0]).counts_per_unit, 0.25);
        assert_eq!(
            of(Unit::Unknown, &[0.5, -0.25]).counts_per_unit,
            32_768.0 * 1.0
        );
        assert_eq!(of(Unit::Unknown, &[0.0]).counts_per_unit, 1.0);
        assert_eq!(
            of(Unit::Unknown, &[f32::MAX]).count(f32::MAX),
            32_767 / 2 + 1
        );
        assert_eq!(of(Unit::Unknown, &[f32::MIN_POSITIVE]).count(0.0), 0);
    }

    fn with_one(unit: Unit, usual: f32, glitch: f32) -> (Scale, Result<Vec<String>>) {
        let mut recording = Recording::new("r", vec![Channel::new("a", unit)]);
        recording.values = vec![usual; 99];
        recording.values.push(glitch);
        let scales = scales(std::slice::from_ref(&recording), &[]);
        let remarks = remarks(&[recording], &scales);
        (scales[0].clone(), remarks)
    }

    #[test]
    fn the_least_count_is_a_count() {
        let scale = of(Unit::Unknown, &[1000.0, -32_768.0]);
        assert_eq!(
            (scale.counts_per_unit, scale.count(-32_768.0)),
            (1.0, -32_768)
        );
    }

    #[test]
    fn a_glitch_saturates_and_sets_no_scale() {
        for (unit, usual, counts) in [
            (Unit::G, 0.2, 8192.0),
            (Unit::Unknown, 1000.0, 1.0),
            (Unit::Counts, 7.0, 1.0),
            // 16 times 0.2 fits.
            (Unit::Unknown, 0.2, 8192.0),
        ] {
            let (scale, remarks) = with_one(unit, usual, 98_112.0);
            assert_eq!(scale.counts_per_unit, counts, "{unit:?}");
            assert_eq!(scale.count(98_112.0), i16::MAX);
            let remarks = remarks.unwrap();
            assert!(
                remarks[0].contains("1 of 100 values saturate") && remarks[0].contains("98112"),
                "{remarks:?}"
            );
        }
        // One value in fifty is no glitch.
        let mut values = vec![1.0; 98];
        values.extend([5.0, -7.0]);
        assert_eq!(of(Unit::G, &values).counts_per_unit, 4096.0);
    }

    #[test]
    fn values_that_vanish_are_refused() {
        let error = with_one(Unit::G, 1e-5, -1e-5).1.unwrap_err().to_string();
        assert!(
            error.contains("channel a") && error.contains("would be 0"),
            "{error}"
        );
        assert!(with_one(Unit::G, 0.0, 0.0).1.unwrap().is_empty());
    }
}
