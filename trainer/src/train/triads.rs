//! Channels that a rotation turns together: x, y and z of a sensor.

use anyhow::{Result, ensure};

use crate::data::axes::{Sensor, sensors};
use crate::data::recordings::OwnData;
use crate::task_data::Windows;
use crate::visible;

/// Number of axes of a sensor.
const AXES: usize = 3;

/// The triads of channels of a data set, in the order of their first channels; of data whose channels are no triads those that
/// follow each other in threes, as versions took them that knew no names.
pub(super) fn triads(windows: &Windows) -> Vec<[usize; AXES]> {
    let names = &windows.data.channel_names;
    let all = by_name(names);
    match windows.own.is_some() && all.len() * AXES == names.len() {
        true => all.iter().map(|sensor| sensor.axes).collect(),
        false => in_threes(windows.data.train.channels),
    }
}

/// Checks that the user's own channels are triads of one unit each, which a rotation needs.
///
/// # Errors
/// They are not; the message names them.
pub(super) fn check(windows: &Windows) -> Result<()> {
    let Some(own) = &windows.own else {
        return Ok(());
    };
    let names = &windows.data.channel_names;
    let all = by_name(names);
    let is_alone = |channel: &usize| !all.iter().any(|sensor| sensor.axes.contains(channel));
    let alone: Vec<&String> = (0..names.len())
        .filter(is_alone)
        .map(|channel| &names[channel])
        .collect();
    let remedy = "Leave it at 0 (--augment-rotation), or name other channels with --channels";
    ensure!(
        alone.is_empty(),
        "augmentation.rotation turns x, y and z of a sensor together, and by their names these channels are no such three: {}. {remedy}",
        visible::names(alone)
    );
    for sensor in &all {
        ensure!(
            are_of_one_unit(sensor, own),
            "augmentation.rotation turns x, y and z of a sensor together, and {} are in different units: {}. {remedy}",
            visible::names(sensor.axes.map(|channel| &names[channel])),
            visible::names(
                sensor
                    .axes
                    .map(|channel| own.cutting.units[channel].to_string())
            )
        );
    }
    Ok(())
}

fn are_of_one_unit(sensor: &Sensor, own: &OwnData) -> bool {
    let unit = |channel: usize| own.cutting.units.get(channel);
    let [x, y, z] = sensor.axes.map(unit);
    x == y && y == z
}

fn by_name(names: &[String]) -> Vec<Sensor> {
    let mut all = sensors(names.iter().map(String::as_str));
    all.sort_by_key(|sensor| sensor.axes.iter().copied().min());
    all
}

fn in_threes(channels: usize) -> Vec<[usize; AXES]> {
    match channels.is_multiple_of(AXES) {
        true => (0..channels / AXES)
            .map(|triad| std::array::from_fn(|axis| AXES * triad + axis))
            .collect(),
        false => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sensors_are_found_wherever_their_axes_stand() {
        let names = ["gx", "ax", "gy", "ay", "gz", "az"].map(String::from);
        let all: Vec<[usize; 3]> = by_name(&names).iter().map(|sensor| sensor.axes).collect();
        assert_eq!(all, [[0, 2, 4], [1, 3, 5]]);
        assert_eq!(in_threes(6), [[0, 1, 2], [3, 4, 5]]);
        assert!(in_threes(4).is_empty());
    }
}
