//! Sizes of the raw counts that a model reads: those of its training data, or those of this project's firmware.

use anyhow::{Result, bail, ensure};

use crate::config::Counts;
use crate::data::import::{self, Unit};
use crate::data::{Sequences, Task};

/// Unit of the values of a channel of a known data set; none where it is not known.
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

/// Size of a count of the firmware in a unit; none for a unit of no sensor of motion.
pub fn of_firmware(unit: &str) -> Option<f32> {
    let (unit, factor) = Unit::parse(unit)?;
    let per_unit = import::counts_of_firmware(unit)?;
    Some((1.0 / (per_unit * factor)) as f32)
}

/// Sizes of the counts that a model of `task` reads, one a channel, in the units of its data; `training` are those of the data.
///
/// # Errors
/// The firmware's are wanted, and a channel is none that it has.
pub fn sizes(
    counts: Counts,
    task: Task,
    channels: &[String],
    training: Vec<f32>,
) -> Result<Vec<f32>> {
    match counts {
        Counts::Training => Ok(training),
        Counts::Firmware if task == Task::Recordings => bail!(
            "recordings have no unit but the counts they were recorded in, and their models read these: leave [export] counts \
             (--counts) out"
        ),
        Counts::Firmware => {
            ensure!(
                !channels.is_empty(),
                "{task} has no channels of a sensor: leave [export] counts (--counts) out"
            );
            let size = |channel: &String| match unit(task, channel).and_then(of_firmware) {
                Some(size) => Ok(size),
                None => bail!(
                    "the firmware has no counts for channel {channel} of {task}: leave [export] counts (--counts) out"
                ),
            };
            channels.iter().map(size).collect()
        }
    }
}

/// The share of values of each channel that 16-bit counts of these sizes cannot hold, so that they saturate, `[channels]`.
pub fn saturated(sequences: &Sequences, sizes: &[f32]) -> Vec<f64> {
    let mut beyond = vec![0usize; sizes.len()];
    let rows = (sequences.windows()).flat_map(|window| window.chunks_exact(sizes.len().max(1)));
    for row in rows {
        for ((beyond, value), size) in beyond.iter_mut().zip(row).zip(sizes) {
            let count = (f64::from(*value) / f64::from(*size)).round();
            *beyond += usize::from(count < f64::from(i16::MIN) || count > f64::from(i16::MAX));
        }
    }
    let rows = (sequences.values.len() / sizes.len().max(1)).max(1);
    let share = |count: usize| count as f64 / rows as f64;
    beyond.into_iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    #[test]
    fn counts_of_the_firmware_are_as_its_documents_say() {
        let names = ["body_acc_x", "body_gyro_x", "total_acc_x"].map(String::from);
        let found = sizes(Counts::Firmware, Task::Har2, &names, vec![]).unwrap();
        // 8192 counts are 1 g; 1000 counts are 70 degrees a second.
        assert_eq!([found[0] * 8192.0, found[2] * 8192.0], [1.0, 1.0]);
        assert!((f64::from(found[1]) * 1000.0 - 70.0_f64.to_radians()).abs() < 1e-5);
        assert_eq!(
            sizes(Counts::Training, Task::Har2, &names, vec![3.0]).unwrap(),
            [3.0]
        );
        let metres = of_firmware("m/s^2").unwrap();
        assert!((metres * 8192.0 - 9.80665).abs() < 1e-6);
        assert_eq!(of_firmware("counts"), None);
        for (task, names) in [(Task::Recordings, &names[..]), (Task::Imdb, &[])] {
            let error = sizes(Counts::Firmware, task, names, vec![]).unwrap_err();
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
