//! MNIST as sequences of 784 pixels, in reading order or in one fixed random order.
//!
//! The four published IDX files are read, compressed by gzip or not. A pixel is its byte divided by 255, so that a raw
//! count is the byte. The published test part is the test split; of the 60,000 training images the last sixth (10,000)
//! is the standard validation split.

mod idx;
mod permutation;
#[cfg(test)]
mod tests;

use anyhow::{Context, Result, bail};

pub use permutation::{PERMUTATION_SEED, permutation};

use super::{Dataset, Holdout, Sequences, Source, Targets, Task, archive, catalog, holdout};
use crate::untrusted::{Budget, Kind};

/// Pixels of a row of an image, and rows.
pub const SIDE: usize = 28;
/// Pixels of an image.
pub const STEPS: usize = SIDE * SIDE;
/// The value of one count of a pixel.
pub const INPUT_LSB: f32 = 1.0 / 255.0;

/// Images with their digits.
struct Images {
    /// `[N][STEPS]`, row by row from the top left.
    pixels: Vec<u8>,
    /// 0 to 9, `[N]`.
    digits: Vec<u8>,
}

impl Images {
    fn read(source: &Source, part: usize, budget: &Budget) -> Result<Self> {
        let paths = source.paths()?;
        let [images, labels] = paths.get(2 * part..2 * part + 2).unwrap_or_default() else {
            bail!("MNIST is made of four files, these are {}", paths.len());
        };
        let read = |path| archive::read_plain(path, Kind::DATA, budget);
        let remedy = || catalog::MNIST.remedy();
        let images_name = images.display().to_string();
        let labels_name = labels.display().to_string();
        let pixels = idx::images(&read(images)?)
            .with_context(|| images_name.clone())
            .with_context(remedy)?;
        // Once more, and as numbers.
        budget.take(5 * pixels.len())?;
        let digits = idx::labels(&read(labels)?)
            .with_context(|| labels_name.clone())
            .with_context(remedy)?;
        if pixels.len() / STEPS != digits.len() {
            bail!(
                "{images_name} has {} images, {labels_name} has {} labels; {}",
                pixels.len() / STEPS,
                digits.len(),
                remedy()
            );
        }
        Ok(Self { pixels, digits })
    }

    /// The images at `rows`, pixel `j` of a sequence being pixel `order[j]` of its image.
    fn sequences(&self, rows: &[usize], order: &[usize]) -> Result<Sequences> {
        let mut values = Vec::with_capacity(rows.len() * STEPS);
        for &row in rows {
            let image = &self.pixels[row * STEPS..(row + 1) * STEPS];
            values.extend(order.iter().map(|&at| f32::from(image[at]) / 255.0));
        }
        let digits = rows.iter().map(|&row| self.digits[row].into()).collect();
        Sequences::new(1, STEPS, values, Targets::Class(digits), Vec::new())
    }
}

/// The pixel that each step of `task` is, rows numbered from the top left; none of tasks that are not of MNIST.
pub(super) fn order(task: Task) -> Option<Vec<usize>> {
    match task {
        Task::Smnist => Some((0..STEPS).collect()),
        Task::Pmnist => Some(permutation()),
        _ => None,
    }
}

/// Reads `task` ([`Task::Smnist`] or [`Task::Pmnist`]) from `source`.
///
/// # Errors
/// A file cannot be read or is malformed (the message names it and the place), or `holdout` names subjects.
pub fn load(task: Task, source: &Source, holdout: &Holdout) -> Result<Dataset> {
    let order = order(task).with_context(|| format!("{task} is not a task of MNIST"))?;
    let budget = Budget::of_data_set();
    let [train, test] = [0, 1].map(|part| Images::read(source, part, &budget));
    let (train, test) = (train?, test?);
    let count = train.digits.len();
    let (kept, held) = holdout::rows(count, holdout, |row| row >= count * 5 / 6)?;
    let all: Vec<usize> = (0..test.digits.len()).collect();
    Ok(Dataset {
        name: task.name().to_owned(),
        train: train.sequences(&kept, &order)?,
        valid: train.sequences(&held, &order)?,
        test: test.sequences(&all, &order)?,
        classes: (0..10).map(|digit| digit.to_string()).collect(),
        channel_names: vec!["pixel".to_owned()],
        input_lsb: vec![INPUT_LSB],
        sample_rate_hz: 0.0,
    })
}
