//! The main job, end to end: from sensor data to an emulated board.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Result, Sort};
use super::export;
use super::model::{self, open_model};
use super::train::{Run, claim, run_of, train_in};
use super::verify::{self, BoardOptions, TestWindows, Verdict};
use crate::board::FirmwareFolder;
use crate::card::Card;
use crate::checkpoint::Checkpoint;
use crate::config::RunConfig;
use crate::data::{self, Holdout, Source, Task};
use crate::jobs::MODEL_NAME;
use crate::observer::Observer;
use crate::train::Outcome;

/// A demonstration: training on UCI HAR (task har2), export, check on the host, run on boards.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Folder of the run; an unfinished run there is continued.
    pub out: PathBuf,
    /// Seed of the weights; none is the task's.
    pub seed: Option<u64>,
    /// Passes over the training split; none is the task's, or more of them on the sample.
    pub epochs: Option<u32>,
    /// Boards to run on.
    pub boards: BoardOptions,
    /// Test windows to run on the boards, spread evenly; 0 is all.
    pub windows: usize,
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that trains.
    pub device: DeviceName,
}

/// End of a demonstration.
#[derive(Debug)]
pub enum Demo {
    /// It was asked to stop, and the same options continue it.
    Interrupted,
    /// It came to its end.
    Done(Box<DemoResult>),
}

/// Result of a demonstration.
#[derive(Debug)]
pub struct DemoResult {
    /// Model folder.
    pub folder: PathBuf,
    /// Card of the model.
    pub card: Card,
    /// Outcome of the checks.
    pub verdict: Verdict,
}

/// Trains, exports, checks and runs the model. The observer gets a heading before each of these four.
///
/// # Errors
/// The same as those of [`train`](super::train()), [`export`](super::export()) and [`verify`](super::verify());
/// [`Error::Board`] comes before anything else where there are no firmware sources.
pub fn demo(options: &DemoOptions, observer: &mut dyn Observer) -> Result<Demo> {
    let device = options.device.open()?;
    // Before the work, not after it.
    FirmwareFolder::locate(options.boards.firmware_dir.as_deref()).sort(Error::Board)?;
    let config = configuration(options)?;

    observer.heading("1. train on UCI HAR (task har2)");
    let out = &*options.out;
    let data = RunData::load(&config, options.data_dir.as_deref(), observer)?;
    let _lock = claim(out)?;
    let run = Run {
        folder: out,
        config: config.clone(),
        resumed: run_of(out, &config),
        overwrite: true,
        data_dir: options.data_dir.as_deref(),
    };
    if train_in(run, &data.task, &device, observer)? == Outcome::Interrupted {
        return Ok(Demo::Interrupted);
    }
    let result = export_and_check(options, config, &data, &device, observer)?;
    Ok(Demo::Done(Box::new(result)))
}

/// Exports the run that was trained, checks its model on the host, and runs it on the boards.
fn export_and_check(
    options: &DemoOptions,
    config: RunConfig,
    data: &RunData,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<DemoResult> {
    observer.heading("2. export to packed integers");
    let out = &*options.out;
    let checkpoint = Checkpoint::load(out).sort_at(Error::Checkpoint, out)?;
    let loaded = model::export_run(checkpoint, config, data, device)?;
    let folder = out.join(MODEL_NAME);
    let named = options.data_dir.is_some();
    let (card, _) = export::write(&folder, &loaded, data, named, device, observer)?;

    observer.heading("3. check the integer model on the host");
    let stored = open_model(&folder)?;
    let host = verify::host(
        &stored.file,
        loaded.run.as_ref(),
        stored.folder.as_ref(),
        &TestWindows::of_data(data, 0),
        device,
        observer,
    )?;

    observer.heading("4. run it on the emulated board");
    let (boards, windows) = (&options.boards, options.windows);
    let boards = verify::boards_over_test_windows(boards, &loaded.file, data, windows, observer)?;
    let verdict = Verdict { host, boards };
    Ok(DemoResult {
        folder,
        card,
        verdict,
    })
}

/// The task's configuration; on the sample, a tenth of the set, more passes in smaller steps and no validation split.
fn configuration(options: &DemoOptions) -> Result<RunConfig> {
    let mut config = RunConfig::for_task(Task::Har2);
    if is_on_sample(config.task, options.data_dir.as_deref())? {
        config.training.epochs = 300;
        config.training.batch_size = 32;
        config.holdout = Holdout::None;
    }
    config.seed = options.seed.unwrap_or(config.seed);
    config.training.epochs = options.epochs.unwrap_or(config.training.epochs);
    config.validate().sort(Error::Config)?;
    Ok(config)
}

fn is_on_sample(task: Task, data_dir: Option<&Path>) -> Result<bool> {
    Ok(data::locate(task, data_dir).sort(Error::Data)? == Source::Sample)
}
