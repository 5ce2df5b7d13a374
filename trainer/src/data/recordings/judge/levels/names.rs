//! The hints that names of channels give.

use crate::data::words::words;

/// Beginnings of the words for quantities that change slowly.
const SLOW: [&str; 14] = [
    "temp", "batt", "vbat", "voltage", "volt", "vcc", "pressure", "baro", "humid", "light", "lux",
    "rssi", "altitude", "drift",
];

/// Whether a name is that of a quantity which changes slowly, whatever is told apart.
pub(super) fn is_slow(name: &str) -> bool {
    let words = words(name);
    words
        .iter()
        .any(|word| word == "bat" || SLOW.iter().any(|slow| word.starts_with(slow)))
}

/// Beginnings of the words for sensors of motion and direction.
const MOTION: [&str; 6] = ["acc", "gyr", "mag", "grav", "quat", "imu"];

/// Whether a channel is an axis of a sensor of motion: by its name, or as there are others whose names differ from its own by the
/// letter of the axis.
pub(super) fn is_axis(channels: &[String], channel: usize) -> bool {
    let words = words(&channels[channel]);
    if words
        .iter()
        .any(|word| MOTION.iter().any(|motion| word.starts_with(motion)))
    {
        return true;
    }
    let name = channels[channel].to_lowercase();
    let is_other = |axis: char, at: usize| {
        ['x', 'y', 'z']
            .into_iter()
            .filter(|other| *other != axis)
            .any(|other| {
                let sibling: String = (name.char_indices())
                    .map(|(i, letter)| if i == at { other } else { letter })
                    .collect();
                channels.iter().any(|name| name.to_lowercase() == sibling)
            })
    };
    let mut letters = name.char_indices();
    letters.any(|(at, letter)| ['x', 'y', 'z'].contains(&letter) && is_other(letter, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_siblings() {
        let names = [
            "ax", "ay", "battery", "lux", "gyro.X", "gyro.Z", "x_acc", "z", "y",
        ];
        let names = names.map(String::from);
        let axes: Vec<bool> = (0..names.len()).map(|i| is_axis(&names, i)).collect();
        assert_eq!(
            axes,
            [true, true, false, false, true, true, true, true, true]
        );
        let slow = names.iter().map(|name| is_slow(name));
        assert_eq!(slow.filter(|slow| *slow).count(), 2);
        assert!(is_slow("core_temp_mC") && is_slow("Temperature"));
    }
}
