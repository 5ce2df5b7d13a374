//! Sizes of the raw counts that a model reads: those of its training data, of this project's firmware, or of another sensor.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};

use crate::config::{Counts, ExportConfig};
use crate::data::import::{self, Unit};
use crate::data::{Sequences, Task};
use crate::sensor::SensorSetting;
use crate::visible;

/// The largest count that 16 bits hold.
const MOST: f64 = 32_767.0;

/// Unit of the values of a channel of a known data set; none where it is not known. The user's own recordings tell theirs.
pub fn unit(task: Task, channel: &str) -> Option<&'static str> {
    let is = |kind| channel.contains(kind);
    match task {
        Task::Har2 | Task::Har6 if is("acc") => Some("g"),
        Task::Dsa19 if is("acc") => Some("m/s^2"),
        Task::Har2 | Task::Har6 | Task::Dsa19 if is("gyro") => Some("rad/s"),
        Task::Recordings => Some("counts"),
        _ => None,
    }
}

/// Units of the values of channels: those of a data set that knows them, else of recordings; none where they are not known.
pub fn units(task: Task, channels: &[String], recordings: &[Unit]) -> Vec<Option<&'static str>> {
    let of = |(i, channel): (usize, &String)| match recordings.get(i) {
        Some(unit) => Some(unit.name()),
        None => unit(task, channel),
    };
    channels.iter().enumerate().map(of).collect()
}

/// Size of a count of the firmware in a unit; none for a unit of no sensor of motion.
pub fn of_firmware(unit: &str) -> Option<f32> {
    let (unit, factor) = Unit::parse(unit)?;
    let per_unit = import::counts_of_firmware(unit)?;
    Some((1.0 / (per_unit * factor)) as f32)
}

/// Sizes of counts that differ by no more than this, relatively, are the same: sensors are no more exact.
const SAME_SIZE: f32 = 0.05;

/// Whether counts of a size in a unit are others than the firmware's, as far as it has some of that unit.
pub fn differ_from_firmware(lsb: f32, unit: Option<&str>) -> bool {
    let size = unit.and_then(of_firmware);
    size.is_some_and(|size| (lsb / size - 1.0).abs() > SAME_SIZE)
}

/// Channels of data, for the sizes of their counts.
#[derive(Clone, Copy, Debug)]
pub struct ChannelsOfData<'a> {
    /// Task that the data are of.
    pub task: Task,
    /// Names of the channels.
    pub names: &'a [String],
    /// Units of the user's own recordings; empty where they are not known.
    pub units: &'a [Unit],
    /// Sizes of the counts of the data.
    pub lsb: &'a [f32],
}

/// Counts that a model reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Size of a count of each channel, in its unit.
    pub lsb: Vec<f32>,
    /// Largest count of each channel on either side: fewer than 16 bits hold where the sensor's range ends before.
    pub most: Vec<f64>,
}

/// Counts that a model reads, in the units of its data.
///
/// # Errors
/// Others than the data's are wanted, and a channel is none that has them.
pub fn reading(export: &ExportConfig, channels: ChannelsOfData<'_>) -> Result<Reading> {
    let whole = |lsb: Vec<f32>| Reading {
        most: vec![MOST; lsb.len()],
        lsb,
    };
    match export.counts {
        _ if export.states_counts() => stated(export, channels),
        Counts::Training => Ok(whole(channels.lsb.to_vec())),
        Counts::Firmware => Ok(whole(firmware_sizes(channels)?)),
    }
}

fn firmware_sizes(channels: ChannelsOfData<'_>) -> Result<Vec<f32>> {
    let ChannelsOfData {
        task, names, units, ..
    } = channels;
    ensure!(
        !names.is_empty(),
        "{task} has no channels of a sensor: leave [export] counts (--counts) out"
    );
    let is_known = task != Task::Recordings || units.iter().any(|unit| *unit != Unit::Counts);
    ensure!(
        is_known,
        "these recordings tell no unit but the counts they were recorded in, and their models read these: leave [export] counts \
         (--counts) out"
    );
    let units = self::units(task, names, units);
    let size = |(name, unit): (&String, &Option<&str>)| {
        unit.and_then(of_firmware).with_context(|| {
            format!(
                "the firmware has no counts for channel {} of {task}{}: leave [export] counts (--counts) out",
                visible::name(name),
                unit.map_or(String::new(), |unit| format!(", in {unit}"))
            )
        })
    };
    names.iter().zip(&units).map(size).collect()
}

/// Counts of the sensor of a configuration, and those that it states.
fn stated(export: &ExportConfig, channels: ChannelsOfData<'_>) -> Result<Reading> {
    let ChannelsOfData {
        task, names, units, ..
    } = channels;
    ensure!(
        !names.is_empty(),
        "{task} has no channels of a sensor: leave [export] sensor and counts_per_unit out"
    );
    let sensor = export.sensor.as_deref().map(SensorSetting::parse);
    let sensor = sensor.transpose()?;
    let mut reading = Reading {
        lsb: Vec::with_capacity(names.len()),
        most: Vec::with_capacity(names.len()),
    };
    let mut used = BTreeSet::new();
    for (name, unit) in names.iter().zip(self::units(task, names, units)) {
        let unit = unit.and_then(Unit::named).unwrap_or(Unit::Unknown);
        let (per_unit, most) = match (stated_for(&export.counts_per_unit, name, unit), &sensor) {
            (Some((key, per_unit)), _) => {
                used.insert(key);
                check_range(key, per_unit, unit)?;
                (per_unit, MOST)
            }
            (None, Some(sensor)) => {
                let counts = sensor.counts(name, unit)?;
                let most = (counts.per_unit * counts.full_scale).round().min(MOST);
                (counts.per_unit, most)
            }
            (None, None) => bail!(
                "--counts-per-unit does not state the counts of channel {}, in {unit}: add {}=COUNTS",
                visible::name(name),
                visible::name(name)
            ),
        };
        reading.lsb.push(per_unit.recip() as f32);
        reading.most.push(most);
    }
    let unused = export
        .counts_per_unit
        .keys()
        .find(|key| !used.contains(key));
    if let Some(key) = unused {
        bail!(
            "--counts-per-unit {}: there is no such channel, sensor or quantity among {}",
            visible::name(key),
            visible::names(names)
        );
    }
    Ok(reading)
}

/// Refuses counts whose 16 bits would reach where no sensor does, as they do where they are of another unit than the data's.
fn check_range(key: &str, per_unit: f64, unit: Unit) -> Result<()> {
    let (usual, ranges) = match unit {
        Unit::G | Unit::MetrePerSecondSquared => (Unit::G, 1.0..=5_000.0),
        Unit::DegreePerSecond | Unit::RadianPerSecond => (Unit::DegreePerSecond, 30.0..=30_000.0),
        _ => return Ok(()),
    };
    let Some(factor) = unit.factor_to(usual) else {
        return Ok(());
    };
    let reach = MOST / per_unit * factor;
    ensure!(
        ranges.contains(&reach),
        "--counts-per-unit {}={per_unit}: its 16 bits would reach to {} {usual}, which no sensor does. The unit in the card is {unit}, and \
         {per_unit} counts a {usual} are {} a {unit}",
        visible::name(key),
        reach as f32,
        (per_unit * factor) as f32
    );
    Ok(())
}

/// The counts that a configuration states for a channel: those of its name, of its name without the axis, or of its quantity.
fn stated_for<'a>(
    all: &'a BTreeMap<String, f64>,
    channel: &str,
    unit: Unit,
) -> Option<(&'a String, f64)> {
    let lower = channel.to_lowercase();
    let stem = lower.strip_suffix(['x', 'y', 'z']).unwrap_or(&lower);
    let stem = stem.trim_end_matches(['_', '.', '-', ' ']);
    let quantity: &[&str] = match unit {
        Unit::G | Unit::MetrePerSecondSquared => &["acc", "accel", "acceleration"],
        Unit::DegreePerSecond | Unit::RadianPerSecond => &["gyr", "gyro", "rotation"],
        Unit::MicroTesla => &["mag", "magnetometer"],
        Unit::Counts | Unit::Celsius | Unit::Unknown => &[],
    };
    let by = |is: &dyn Fn(&str) -> bool| all.iter().find(|(key, _)| is(key));
    let found = by(&|key| key == channel)
        .or_else(|| by(&|key| key.to_lowercase() == stem))
        .or_else(|| by(&|key| quantity.contains(&key.to_lowercase().as_str())));
    found.map(|(key, counts)| (key, *counts))
}

/// The share of values of each channel that the counts of a model cannot hold, so that they saturate, `[channels]`.
pub fn saturated(sequences: &Sequences, reading: &Reading) -> Vec<f64> {
    let channels = reading.lsb.len().max(1);
    let mut beyond = vec![0usize; reading.lsb.len()];
    let rows = (sequences.windows()).flat_map(|window| window.chunks_exact(channels));
    for row in rows {
        let sizes = reading.lsb.iter().zip(&reading.most);
        for ((beyond, value), (size, most)) in beyond.iter_mut().zip(row).zip(sizes) {
            let count = (f64::from(*value) / f64::from(*size)).round();
            *beyond += usize::from(count < -most - 1.0 || count > *most);
        }
    }
    let rows = (sequences.values.len() / channels).max(1);
    let share = |count: usize| count as f64 / rows as f64;
    beyond.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    fn found(counts: Counts, channels: ChannelsOfData<'_>) -> Result<Vec<f32>> {
        let export = ExportConfig {
            counts,
            ..ExportConfig::default()
        };
        Ok(reading(&export, channels)?.lsb)
    }

    fn stated(sensor: Option<&str>, counts: &[(&str, f64)], units: &[Unit]) -> Result<Reading> {
        let names = ["acc_x", "gyr_x", "temp"].map(String::from);
        let export = ExportConfig {
            sensor: sensor.map(String::from),
            counts_per_unit: (counts.iter().map(|(key, counts)| ((*key).into(), *counts)))
                .collect(),
            ..ExportConfig::default()
        };
        reading(&export, of(Task::Recordings, &names[..units.len()], units))
    }

    fn of<'a>(task: Task, names: &'a [String], units: &'a [Unit]) -> ChannelsOfData<'a> {
        ChannelsOfData {
            task,
            names,
            units,
            lsb: &[3.0],
        }
    }

    #[test]
    fn counts_of_the_firmware_are_as_its_documents_say() {
        let names = ["body_acc_x", "body_gyro_x", "total_acc_x"].map(String::from);
        let sizes = found(Counts::Firmware, of(Task::Har2, &names, &[])).unwrap();
        // 8192 counts are 1 g; 1000 counts are 70 degrees a second.
        assert_eq!([sizes[0] * 8192.0, sizes[2] * 8192.0], [1.0, 1.0]);
        assert!((f64::from(sizes[1]) * 1000.0 - 70.0_f64.to_radians()).abs() < 1e-5);
        let own = [Unit::G, Unit::DegreePerSecond, Unit::MetrePerSecondSquared];
        let sizes = found(Counts::Firmware, of(Task::Recordings, &names, &own)).unwrap();
        assert_eq!([sizes[0], sizes[1]], [1.0 / 8192.0, 0.07]);
        assert_eq!(
            found(Counts::Training, of(Task::Har2, &names, &[])).unwrap(),
            [3.0]
        );
        let metres = of_firmware("m/s^2").unwrap();
        assert!((metres * 8192.0 - 9.80665).abs() < 1e-6);
        assert_eq!(of_firmware("counts"), None);
        let counts = [Unit::Counts; 3];
        let field = [Unit::G, Unit::G, Unit::MicroTesla];
        for channels in [
            of(Task::Recordings, &names, &[]),
            of(Task::Recordings, &names, &counts),
            of(Task::Recordings, &names, &field),
            of(Task::Imdb, &[], &[]),
        ] {
            let error = found(Counts::Firmware, channels).unwrap_err();
            assert!(error.to_string().contains("--counts"), "{error}");
        }
    }

    #[test]
    fn counts_of_a_sensor_and_those_that_are_stated() {
        let units = [
            Unit::MetrePerSecondSquared,
            Unit::DegreePerSecond,
            Unit::Celsius,
        ];
        let six = stated(Some("lsm6dso@4g,2000dps"), &[], &units[..2]).unwrap();
        assert!((six.lsb[0] - 0.000_122 * 9.80665).abs() < 1e-9, "{six:?}");
        assert_eq!((six.lsb[1], six.most), (0.07, vec![MOST, 28_571.0]));
        let of_name = stated(
            None,
            &[("acc_x", 1000.0), ("gyr", 16.4), ("temp", 2.0)],
            &units,
        )
        .unwrap();
        assert_eq!(of_name.lsb, [0.001, (1.0 / 16.4) as f32, 0.5]);
        let mixed = stated(Some("adxl345@2g"), &[("rotation", 10.0)], &units[..2]).unwrap();
        assert_eq!((mixed.lsb[1], mixed.most[0]), (0.1, 512.0));
        for (sensor, counts, part) in [
            (None, &[("acc", 8192.0)][..], "8192 counts a g are 835.35"),
            (None, &[("acc", 800.0), ("gyr", 0.29)], "no sensor does"),
            (Some("lsm6dso@4g,2000dps"), &[], "temp is in °C"),
            (Some("lsm6dso@4g"), &[("temp", 2.0)], "range of rotation"),
            (
                None,
                &[("acc", 800.0), ("gyr", 16.4)],
                "counts of channel temp",
            ),
            (
                Some("lsm6dso@4g,2000dps"),
                &[("temp", 2.0), ("mag", 1.0)],
                "mag: there is no such",
            ),
        ] {
            let error = stated(sensor, counts, &units).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let counts = [Unit::Counts; 2];
        assert!(stated(Some("lsm6dso@4g,2000dps"), &[], &counts).is_err());
        let names: [String; 0] = [];
        let export = ExportConfig {
            sensor: Some("lis3dh@4g".into()),
            ..ExportConfig::default()
        };
        assert!(reading(&export, of(Task::Imdb, &names, &[])).is_err());
    }

    #[test]
    fn what_counts_cannot_hold_is_told() {
        let values = vec![
            1.0, 32_767.0, -1.0, 32_768.0, 0.0, -32_768.0, 0.0, -32_769.0,
        ];
        let sequences = Sequences::new(2, 4, values, Targets::Class(vec![0]), vec![]).unwrap();
        let of_range = |most: f64| Reading {
            lsb: vec![1.0; 2],
            most: vec![MOST, most],
        };
        assert_eq!(saturated(&sequences, &of_range(MOST)), [0.0, 0.5]);
        assert_eq!(saturated(&sequences, &of_range(512.0)), [0.0, 1.0]);
    }
}
