//! Signed whole numbers that were written as if they had no sign: -1 as 65535.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use super::recording::Recording;
use crate::visible;

/// Values by which a channel is judged.
const ENOUGH: usize = 50;
/// Steps from one end to the other.
const ENOUGH_JUMPS: usize = 3;
/// Share of the values in the middle half of the range, in a hundred, at most: a signal passes through it.
const MOST_BETWEEN: usize = 2;
/// Numbers of values of 16 and of 32 bits.
const SIZES: [f32; 2] = [65_536.0, 4_294_967_296.0];

/// A channel by its values.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    count: usize,
    between: usize,
    jumps: usize,
    is_other: bool,
}

impl Course {
    fn add(&mut self, values: impl Iterator<Item = f32>, size: f32) {
        let mut before: Option<f32> = None;
        for value in values.filter(|value| !value.is_nan()) {
            let jump = before.map_or(0.0, |before| (value - before).abs());
            self.count += 1;
            self.between += usize::from((size / 4.0..size * 3.0 / 4.0).contains(&value));
            self.jumps += usize::from(jump > size * 0.75);
            self.is_other |= value.fract() != 0.0 || !(0.0..=size).contains(&value);
            before = Some(value);
        }
    }

    /// Whether it goes to and fro between the ends of the range and is hardly ever in its middle.
    fn lost_its_sign(&self) -> bool {
        !self.is_other
            && self.count >= ENOUGH
            && self.jumps >= ENOUGH_JUMPS
            && self.between * 100 <= self.count * MOST_BETWEEN
    }
}

/// Checks that no channel holds signed numbers without their signs.
///
/// # Errors
/// One does.
pub(super) fn check(all: &[&Recording]) -> Result<()> {
    for size in SIZES {
        let mut courses: BTreeMap<&str, Course> = BTreeMap::new();
        for recording in all {
            let width = recording.channels.len();
            for (number, channel) in recording.channels.iter().enumerate() {
                let values = recording.values.iter().skip(number).step_by(width);
                let course = courses.entry(&channel.name).or_default();
                course.add(values.copied(), size);
            }
        }
        let size = f64::from(size);
        let found = courses.iter().find(|(_, course)| course.lost_its_sign());
        if let Some((name, course)) = found {
            bail!(
                "channel {} jumps {} times between 0 and {}, with hardly a value between them: signed numbers were written without their signs, \
                 -1 as {1}. Subtract {size} from the values from {} on, or write them as signed numbers",
                visible::name(name),
                course.jumps,
                size - 1.0,
                size / 2.0
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::super::unit::Unit;
    use super::*;

    fn checked(values: impl Iterator<Item = f32>) -> Result<()> {
        let mut recording = Recording::new("r", vec![Channel::new("ay", Unit::Unknown)]);
        recording.values = values.collect();
        check(&[&recording])
    }

    #[test]
    fn numbers_that_lost_their_signs_are_refused() {
        let wave = |i: i32| (i * 37 % 400) - 200;
        let signed = (0..300).map(|i| wave(i) as f32);
        checked(signed).unwrap();
        let error = checked((0..300).map(|i| f32::from(wave(i) as u16))).unwrap_err();
        let error = error.to_string();
        for part in ["channel ay", "65535", "Subtract 65536", "from 32768 on"] {
            assert!(error.contains(part), "{error}");
        }
        checked((0..300).map(|i| wave(i) as u32 as f32)).unwrap_err();
        // A sensor without a sign, that uses its whole range; a flag.
        checked((0..300).map(|i| (i * 7919 % 65_536) as f32)).unwrap();
        checked((0..300).map(|i| (i % 2) as f32)).unwrap();
    }
}
