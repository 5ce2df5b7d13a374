//! Random changes of training images.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::data::{ImageLayout, Task};

/// The largest standard deviation of a shift: no image is moved out of sight as a rule.
const PIXELS: f32 = 14.0;

/// Random changes of training sequences that are images, drawn anew for each one of every epoch; zeros leave it as it is.
///
/// An image is moved as a whole, before its pixels become a sequence in whatever order. Pixels between are interpolated in
/// straight lines, and beyond the edge is background, 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageAugmentation {
    /// Standard deviation in pixels of a shift, down and to the right each, `0..=14`.
    pub shift: f32,
    /// Standard deviation in degrees of a turn about the middle, `0..=180`.
    pub turn: f32,
    /// Standard deviation of the logarithm of a factor on the height, and of one on the width, `0..=1`.
    pub stretch: f32,
    /// Standard deviation of pixels to the left for each pixel further down, `0..=1`: how much writing slants.
    pub slant: f32,
    /// Standard deviation in pixels of a shift of each knot of a grid of [`KNOTS`](Self::KNOTS) by as many over the image, down and to
    /// the right each, `0..=14`; between knots it changes smoothly.
    pub bend: f32,
}

impl ImageAugmentation {
    /// Knots of a row of the grid that bends an image, and rows of it.
    pub const KNOTS: usize = 7;

    /// Whether images stay as they are.
    pub fn is_still(&self) -> bool {
        *self == Self::default()
    }

    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub(super) fn validate(&self) -> Result<()> {
        for (field, value, highest) in [
            ("shift", self.shift, PIXELS),
            ("turn", self.turn, 180.0),
            ("stretch", self.stretch, 1.0),
            ("slant", self.slant, 1.0),
            ("bend", self.bend, PIXELS),
        ] {
            ensure!(
                (0.0..=highest).contains(&value),
                "augmentation.image.{field} must be in 0..={highest}, it is {value}"
            );
        }
        Ok(())
    }

    /// Checks that the sequences of `task`, every `decimation`-th step of which is used, are images where images are changed.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn check_task(&self, task: Task, decimation: usize) -> Result<()> {
        if self.is_still() {
            return Ok(());
        }
        ensure!(
            ImageLayout::of(task).is_some(),
            "augmentation.image changes images, and the sequences of {task} are none: leave it out (--augment-shift, -turn, -stretch, \
             -slant and -bend)"
        );
        ensure!(
            decimation == 1,
            "augmentation.image changes whole images: it goes with [preparation] decimation = 1, not {decimation}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    fn refused(task: Task, change: fn(&mut RunConfig)) -> String {
        let mut config = RunConfig::for_task(task);
        change(&mut config);
        format!("{:#}", config.validate().unwrap_err())
    }

    #[test]
    fn only_whole_images_are_changed() {
        for task in Task::ALL {
            let mut config = RunConfig::for_task(task);
            config.training.augmentation.image.turn = 5.0;
            let is_image = matches!(task, Task::Smnist | Task::Pmnist);
            assert_eq!(config.validate().is_ok(), is_image, "{task}");
            assert_eq!(ImageLayout::of(task).is_some(), is_image, "{task}");
        }
        let error = refused(Task::Har2, |config| {
            config.training.augmentation.image.shift = 1.0;
        });
        assert!(
            error.contains("har2") && error.contains("--augment-shift"),
            "{error}"
        );
        let error = refused(Task::Pmnist, |config| {
            config.training.augmentation.image.shift = 1.0;
            config.preparation.decimation = 2;
        });
        assert!(error.contains("decimation"), "{error}");
    }

    #[test]
    fn ranges_are_checked() {
        type Change = fn(&mut ImageAugmentation);
        let changes: [(&str, Change); 5] = [
            ("shift", |image| image.shift = -0.1),
            ("turn", |image| image.turn = 181.0),
            ("stretch", |image| image.stretch = f32::NAN),
            ("slant", |image| image.slant = 1.1),
            ("bend", |image| image.bend = f32::INFINITY),
        ];
        for (field, change) in changes {
            let mut image = ImageAugmentation::default();
            assert!(image.validate().is_ok());
            change(&mut image);
            let error = image.validate().unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
