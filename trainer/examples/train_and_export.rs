//! Trains a network on the sample of UCI HAR that ships with hadamrnn, exports it as integers, and evaluates these.
//!
//!     cargo run --example train_and_export [FOLDER]

use std::error::Error;
use std::path::{Path, PathBuf};

use hadamrnn::data::{Holdout, Task};
use hadamrnn::pipeline::{
    self, DeviceName, EpochRecord, EvaluateOptions, Evaluation, ExportOptions, Observer, Start,
    TrainOptions,
};
use hadamrnn::recipe::Recipe;

/// Prints every epoch. An observer can also ask training to stop.
struct Lines;

impl Observer for Lines {
    fn epoch(&mut self, record: &EpochRecord) {
        println!("epoch {}: loss {:.3}", record.epoch, record.train_loss);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| "runs/example".into(), PathBuf::from);
    let evaluation = train_and_export(&folder, 40)?;
    let accuracy = 100.0 * evaluation.integer.accuracy;
    println!("{accuracy:.1} % of {} windows", evaluation.sequences);
    Ok(())
}

/// Trains in `folder`, and gives the accuracy of the integer model on the test split.
pub fn train_and_export(folder: &Path, epochs: u32) -> Result<Evaluation, Box<dyn Error>> {
    let mut config = Recipe::Fast.config(Task::Har2);
    config.training.epochs = epochs;
    config.training.batch_size = 32;
    config.holdout = Holdout::None;
    let training = TrainOptions {
        folder: folder.into(),
        start: Start::Overwrite(config),
        data_dir: None,
        device: DeviceName::default(),
    };
    pipeline::train(&training, &mut Lines)?;
    let export = ExportOptions {
        run: folder.into(),
        ..ExportOptions::default()
    };
    let exported = pipeline::export(&export, &mut Lines)?;
    let evaluation = EvaluateOptions::of(exported.folder);
    Ok(pipeline::evaluate(&evaluation, &mut Lines)?)
}
