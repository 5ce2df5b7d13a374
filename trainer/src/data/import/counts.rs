//! Raw counts of 16 bits in place of physical values: what recordings are written in.
//!
//! Acceleration and rotation take the counts of this project's firmware, 1/8192 g and 70 m°/s, so that recordings of a phone serve
//! a board; where values go beyond ±4 g or ±2,290 °/s, half as many, until all fit.

use serde::Serialize;

use super::columns::axis;
use super::recording::Recording;
use super::unit::{STANDARD_GRAVITY, Unit};

/// Counts per g, and °/s per count, of the firmware.
const COUNTS_PER_G: f64 = 8192.0;
const DEGREES_PER_COUNT: f64 = 0.07;
/// The largest count that is used, on either side.
const MOST: f64 = 32_767.0;

/// How a channel is written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scale {
    /// Name of the channel.
    pub channel: String,
    /// Unit of its values.
    pub unit: &'static str,
    /// Counts that stand for 1 of the unit.
    pub counts_per_unit: f64,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
}

impl Scale {
    /// The count of a value: the nearest.
    pub fn count(&self, value: f32) -> i16 {
        (f64::from(value) * self.counts_per_unit).round() as i16
    }
}

/// Counts per unit of the firmware, if it has such a sensor.
fn of_firmware(unit: Unit) -> Option<f64> {
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
}

impl Range {
    fn largest(&self) -> f64 {
        f64::from(self.max.abs().max(self.min.abs()))
    }
}

/// How each channel of recordings, all with the same, is written. Channels of one known unit have one scale, and so have the axes of
/// one sensor; whole numbers of 16 bits without a unit are counts already.
pub(super) fn scales(recordings: &[Recording]) -> Vec<Scale> {
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
        of.map(|(_, range)| range.largest()).fold(0.0, f64::max)
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
        of.fold((0.0, true), |(largest, is_whole), (_, range)| {
            (range.largest().max(largest), is_whole && range.is_whole)
        })
    };
    let scale = |(channel, range): (&super::Channel, &Range)| {
        let (largest, is_whole) = of_sensor(channel);
        let counts_per_unit = match channel.unit {
            Unit::Counts | Unit::Unknown if is_whole && largest <= MOST => 1.0,
            Unit::Counts | Unit::Unknown => power_of_two(largest),
            unit => match of_firmware(unit) {
                Some(counts) => halved(counts, of_unit(unit)),
                None => power_of_two(of_unit(unit)),
            },
        };
        Scale {
            channel: channel.name.clone(),
            unit: channel.unit.name(),
            counts_per_unit,
            min: range.min,
            max: range.max,
        }
    };
    first.channels.iter().zip(&ranges).map(scale).collect()
}

fn range(recordings: &[Recording], channel: usize) -> Range {
    let mut range = Range {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
        is_whole: true,
    };
    for recording in recordings {
        let count = recording.channels.len();
        for &value in recording.values.iter().skip(channel).step_by(count) {
            range.min = range.min.min(value);
            range.max = range.max.max(value);
            range.is_whole &= value.fract() == 0.0;
        }
    }
    range
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
        scales(&[recording]).remove(0)
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
        let counts: Vec<f64> = scales(&[recording])
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
}
