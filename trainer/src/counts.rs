//! Sizes of the raw counts that a model reads: those of its training data, of this project's firmware, or of another sensor.

use anyhow::{Context, Result, ensure};

use crate::config::{Counts, ExportConfig};
use crate::data::import::{self, Unit};
use crate::data::{Sequences, Task};

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

/// Sizes of the counts that a model reads, one a channel, in the units of its data.
///
/// # Errors
/// Others than the data's are wanted, and a channel is none that has them.
pub fn sizes(export: &ExportConfig, channels: ChannelsOfData<'_>) -> Result<Vec<f32>> {
    match export.counts {
        Counts::Training => Ok(channels.lsb.to_vec()),
        Counts::Firmware => firmware_sizes(channels),
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
                "the firmware has no counts for channel {name} of {task}{}: leave [export] counts (--counts) out",
                unit.map_or(String::new(), |unit| format!(", in {unit}"))
            )
        })
    };
    names.iter().zip(&units).map(size).collect()
}

/// The share of values of each channel that 16-bit counts of these sizes cannot hold, so that they saturate, `[channels]`.
pub fn saturated(sequences: &Sequences, sizes: &[f32]) -> Vec<f64> {
    let numbers = sequences.values.numbers();
    let mut beyond = vec![0usize; sizes.len()];
    for row in numbers.chunks_exact(sizes.len().max(1)) {
        for ((beyond, value), size) in beyond.iter_mut().zip(row).zip(sizes) {
            let count = (f64::from(*value) / f64::from(*size)).round();
            *beyond += usize::from(count < f64::from(i16::MIN) || count > f64::from(i16::MAX));
        }
    }
    let rows = (numbers.len() / sizes.len().max(1)).max(1);
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
        sizes(&export, channels)
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
    fn what_counts_cannot_hold_is_told() {
        let values = vec![
            1.0, 32_767.0, -1.0, 32_768.0, 0.0, -32_768.0, 0.0, -32_769.0,
        ];
        let sequences = Sequences::new(2, 4, values, Targets::Class(vec![0]), vec![]).unwrap();
        assert_eq!(saturated(&sequences, &[1.0, 1.0]), [0.0, 0.5]);
    }
}
