//! Options of `hadamrnn train` that move training images.

use anyhow::{Result, ensure};
use hadamrnn::config::ImageAugmentation;
use hadamrnn::data::{ImageLayout, Task};

/// Random movements of training images.
#[derive(clap::Args)]
pub struct ImageOptions {
    /// Random shift of training images, standard deviation in pixels
    #[arg(long, allow_negative_numbers = true, value_name = "PIXELS")]
    augment_shift: Option<f32>,
    /// Random turn of training images, standard deviation in degrees
    #[arg(long, allow_negative_numbers = true, value_name = "DEGREES")]
    augment_turn: Option<f32>,
    /// Random height and width of training images, standard deviation of each factor's logarithm
    #[arg(long, allow_negative_numbers = true, value_name = "SIGMA")]
    augment_stretch: Option<f32>,
    /// Random slant of training images, standard deviation in pixels to the side for each pixel down
    #[arg(long, allow_negative_numbers = true, value_name = "SIGMA")]
    augment_slant: Option<f32>,
    /// Random bend of training images, standard deviation in pixels of the shifts of a grid's knots
    #[arg(long, allow_negative_numbers = true, value_name = "PIXELS")]
    augment_bend: Option<f32>,
}

impl ImageOptions {
    /// Each option, what it is given, and the setting that it overrides.
    fn all<'a>(
        &self,
        image: &'a mut ImageAugmentation,
    ) -> [(&'static str, Option<f32>, &'a mut f32); 5] {
        [
            ("--augment-shift", self.augment_shift, &mut image.shift),
            ("--augment-turn", self.augment_turn, &mut image.turn),
            (
                "--augment-stretch",
                self.augment_stretch,
                &mut image.stretch,
            ),
            ("--augment-slant", self.augment_slant, &mut image.slant),
            ("--augment-bend", self.augment_bend, &mut image.bend),
        ]
    }

    /// Whether every option that is given has an effect on a task.
    ///
    /// # Errors
    /// The task has no images; the message names the option.
    pub fn check_effect(&self, task: Task) -> Result<()> {
        let is_of_images = ImageLayout::of(task).is_some();
        for (option, given, _) in self.all(&mut ImageAugmentation::default()) {
            ensure!(
                given.is_none() || is_of_images,
                "{option} is for images and has no effect on {task}: leave it out"
            );
        }
        Ok(())
    }

    /// Overrides `image`.
    pub fn apply(&self, image: &mut ImageAugmentation) {
        for (_, given, setting) in self.all(image) {
            *setting = given.unwrap_or(*setting);
        }
    }
}
