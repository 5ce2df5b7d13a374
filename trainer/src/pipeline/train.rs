//! Training in a run folder: a new run, or one that goes on.

mod run_folder;

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::place;
use crate::checkpoint::{self, Checkpoint};
use crate::config::RunConfig;
use crate::data::Split;
use crate::data::recordings::Overview;
use crate::evaluate;
use crate::files::{Lock, write_atomically};
use crate::metrics::Confusion;
use crate::observer::{Observer, Stage};
use crate::task_data::TaskData;
use crate::train::{self, Diverged, OtherData, Outcome, Trainer};
use crate::untrusted::{self, Kind};
use crate::usage;
use run_folder::RunFolder;

/// A training run to do.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Folder of the run; it is made if need be.
    pub folder: PathBuf,
    /// Where the run starts.
    pub start: Start,
    /// Folder with the data sets; none is that of the run that goes on, else as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that trains.
    pub device: DeviceName,
}

/// Start of a run.
#[derive(Clone, Debug)]
pub enum Start {
    /// A new run. One that is there already is an error.
    New(RunConfig),
    /// A new run in place of one that may be there.
    Overwrite(RunConfig),
    /// The run that is there goes on, with the configuration and the data that it was started with.
    Resume {
        /// The configuration that the caller expects of it, where there is one; another one is an error.
        expected: Option<RunConfig>,
    },
    /// The run that is there goes on if it is of this configuration. Otherwise a new one takes its place.
    ResumeOrOverwrite(RunConfig),
}

/// A run after training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Folder of the run.
    pub folder: PathBuf,
    /// Whether it is at its end, or was asked to stop and saved.
    pub outcome: Outcome,
    /// State in which it is saved.
    pub checkpoint: Checkpoint,
    /// The user's own recordings that it was trained on; none of other data.
    pub recordings: Option<TrainedRecordings>,
}

/// A run's own recordings, and how the network does on them.
#[derive(Clone, Debug)]
pub struct TrainedRecordings {
    /// How they spread over classes and splits.
    pub overview: Overview,
    /// Classes that the chosen weights answer on the validation split, if there is one and the run is at its end.
    pub validation: Option<Confusion>,
}

/// Trains.
///
/// No other process may work in the folder from before the checkpoint is read until the last one is written. The folder
/// then has `config.toml`, `data.toml` with the place of data that were named, `checkpoint.bin`, `metrics.jsonl` and an event file for TensorBoard, after every epoch.
///
/// # Errors
/// [`Error::Config`], [`Error::Data`] or [`Error::Checkpoint`]: what is given is invalid, or does not go together;
/// [`Error::Exists`] or [`Error::Busy`]: the folder is taken; [`Error::Diverged`]; [`Error::Device`]; [`Error::Io`].
pub fn train(options: &TrainOptions, observer: &mut dyn Observer) -> Result<Trained> {
    let device = options.device.open()?;
    let folder = &options.folder;
    let Prepared {
        config,
        resumed,
        overwrite,
        data,
        data_dir,
        _lock,
    } = prepare(options, observer)?;
    let run = Run {
        folder,
        config,
        resumed,
        overwrite,
        data_dir: data_dir.as_deref(),
    };
    if run.config.network.fading.is_some()
        && run
            .config
            .network
            .layers()
            .any(|layer| layer.leak.is_none())
    {
        observer.notice(
            "warning: the readout fades, and a layer without a leak forgets nothing: such a network trains badly, and its model runs on for ever \
             only with resets. Give it a leak: [network] leak = 3 in the file of --config",
        );
    }
    data.tell(observer);
    for line in data.task.own().map_or(&[][..], |own| &own.doubts) {
        // Before the work, and beside the accuracy after it.
        observer.notice(line);
    }
    let outcome = train_in(run, &data.task, &device, observer)?;
    let checkpoint = Checkpoint::load(folder).sort_at(Error::Checkpoint, folder)?;
    Ok(Trained {
        folder: folder.clone(),
        outcome,
        recordings: recordings(&checkpoint, outcome, &data.task, &device)?,
        checkpoint,
    })
}

fn recordings(
    checkpoint: &Checkpoint,
    outcome: Outcome,
    data: &TaskData,
    device: &Device,
) -> Result<Option<TrainedRecordings>> {
    let Some(own) = data.own() else {
        return Ok(None);
    };
    let valid = data.split(Split::Valid);
    let validation = match outcome == Outcome::Finished && !valid.is_empty() {
        true => {
            let network = train::chosen_network(checkpoint, device);
            let network = network.sort_at(Error::Checkpoint, &checkpoint.file)?;
            let standardisation = &checkpoint.task.standardisation;
            let found =
                evaluate::float_evaluation(&network, &valid, standardisation, device, &mut |_| {});
            data.confusion(&valid, &found.answers)
        }
        false => None,
    };
    Ok(Some(TrainedRecordings {
        overview: own.overview.clone(),
        validation,
    }))
}

/// The configuration, data and lock of a folder, ready for training.
struct Prepared {
    config: RunConfig,
    resumed: Option<Checkpoint>,
    overwrite: bool,
    data: RunData,
    data_dir: Option<PathBuf>,
    _lock: Lock,
}

fn prepare(options: &TrainOptions, observer: &mut dyn Observer) -> Result<Prepared> {
    let (folder, data_dir) = (&*options.folder, options.data_dir.as_deref());
    let new = |config: &RunConfig, observer: &mut dyn Observer| {
        config.validate().sort(Error::Config)?;
        let data = RunData::load(config, data_dir, observer)?;
        // A run keeps what its data say at its start, whatever is recorded later.
        let config = data.task.completed(config.clone());
        Ok((config, data, claim(folder)?))
    };
    // Runs that there are keep theirs.
    let with_whole_hop = |config: &RunConfig, observer: &mut dyn Observer| {
        let mut config = config.clone();
        if let Some((before, after)) = usage::make_hop_whole(&mut config) {
            observer.notice(&format!(
                "note: windows follow each other every {after} samples, not every {before}: with a decimation of {} they begin at samples \
                 that a board uses, so that it is tested as it answers",
                config.preparation.decimation
            ));
        }
        config
    };
    match &options.start {
        Start::Resume { expected } => {
            // A folder that is no run must not get files of one.
            Checkpoint::load(folder).sort_at(Error::Checkpoint, folder)?;
            let lock = claim(folder)?;
            let (checkpoint, config) = resumable(folder, expected.as_ref())?;
            let data_dir = place::data_of_run(folder, data_dir, observer)?;
            Ok(Prepared {
                data: RunData::load(&config, data_dir.as_deref(), observer)?,
                data_dir,
                config,
                resumed: Some(checkpoint),
                overwrite: false,
                _lock: lock,
            })
        }
        Start::ResumeOrOverwrite(config) => {
            let (config, data, lock) = new(config, observer)?;
            Ok(Prepared {
                resumed: run_of(folder, &config),
                config,
                overwrite: true,
                data,
                data_dir: options.data_dir.clone(),
                _lock: lock,
            })
        }
        start @ (Start::New(config) | Start::Overwrite(config)) => {
            let config = with_whole_hop(config, observer);
            let (config, data, lock) = new(&config, observer)?;
            Ok(Prepared {
                config,
                resumed: None,
                overwrite: matches!(start, Start::Overwrite(_)),
                data,
                data_dir: options.data_dir.clone(),
                _lock: lock,
            })
        }
    }
}

/// Makes the folder of a run if need be, and keeps other processes from it.
pub(super) fn claim(folder: &Path) -> Result<Lock> {
    use anyhow::Context;
    let made = std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make {}", folder.display()));
    made.sort_at(Error::Io, folder)?;
    let lock = Lock::take(folder).sort_at(Error::Io, folder)?;
    lock.ok_or_else(|| Error::Busy {
        folder: folder.into(),
    })
}

/// The run in `folder`, if nothing else is expected of it than what it was started with.
fn resumable(folder: &Path, expected: Option<&RunConfig>) -> Result<(Checkpoint, RunConfig)> {
    let (checkpoint, config) = Checkpoint::open(folder).sort_at(Error::Checkpoint, folder)?;
    let differences = expected.map(|expected| expected.differences(&config));
    match differences.filter(|differences| !differences.is_empty()) {
        None => Ok((checkpoint, config)),
        Some(differences) => {
            let fault = Fault::new(format_args!(
                "{0} was started with another configuration ({1}) and goes on with that: leave these options out, or train anew \
                 with them in another folder: `hadamrnn train --config {0}/{2} … --out OTHER`",
                folder.display(),
                differences.join("; "),
                checkpoint::CONFIG_NAME
            ));
            Err(Error::Config(fault.at(folder)))
        }
    }
}

/// The run of this very configuration in `folder`, stopped or finished, if there is one that can go on.
pub(super) fn run_of(folder: &Path, config: &RunConfig) -> Option<Checkpoint> {
    let checkpoint = Checkpoint::load(folder).ok()?;
    (checkpoint.run_config().ok()? == *config).then_some(checkpoint)
}

/// A run in a folder that is there and locked.
pub(super) struct Run<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// Its configuration.
    pub config: RunConfig,
    /// The state that it goes on from; none starts it anew.
    pub resumed: Option<Checkpoint>,
    /// Whether a new run may take the place of another one.
    pub overwrite: bool,
    /// The place of its data that was named, which the run keeps.
    pub data_dir: Option<&'a Path>,
}

/// Trains a run.
pub(super) fn train_in(
    run: Run<'_>,
    data: &TaskData,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let (folder, epochs) = (run.folder, run.config.training.epochs);
    let (mut trainer, done) = begin(&run, data, device, observer)?;
    let mut store = RunFolder::open(folder, done, observer).sort_at(Error::Io, folder)?;
    observer.stage_begun(&Stage::Training { epochs });
    let outcome = trainer.run(&mut store, observer);
    observer.stage_ended();
    outcome.map_err(|error| {
        let kind = match error.is::<Diverged>() {
            true => Error::Diverged,
            false => Error::Io,
        };
        kind(Fault::from(error).at(folder))
    })
}

/// Makes the trainer, tells how many epochs are done, and writes checkpoint and configuration.
fn begin<'a>(
    run: &Run<'_>,
    data: &'a TaskData,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(Trainer<'a>, u32)> {
    let path = run.folder.join(checkpoint::CONFIG_NAME);
    // One that says the same stays as it is, with the user's comments.
    let is_written = written(&path).as_ref() == Some(&run.config);
    let (trainer, done) = match &run.resumed {
        Some(checkpoint) => {
            let trainer = go_on(run.folder, checkpoint, data, device, observer)?;
            (trainer, checkpoint.position.epoch)
        }
        None => (start_anew(run, data, device, &path, is_written)?, 0),
    };
    // From the first moment there is something to resume.
    let saved = trainer.checkpoint().and_then(|it| it.save(run.folder));
    saved.sort_at(Error::Io, run.folder)?;
    place::keep(run.folder, run.data_dir)?;
    if !is_written {
        let text = run.config.to_toml();
        write_atomically(&path, text.as_bytes()).sort_at(Error::Io, &path)?;
    }
    Ok((trainer, done))
}

/// The configuration in the file at `path`, if there is one and it is valid.
fn written(path: &Path) -> Option<RunConfig> {
    let text = untrusted::text(path, Kind::SETTINGS).ok()?;
    RunConfig::from_toml(&text).ok()
}

fn go_on<'a>(
    folder: &Path,
    checkpoint: &Checkpoint,
    data: &'a TaskData,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Trainer<'a>> {
    let trainer = Trainer::resume(checkpoint, data, device).map_err(|error| {
        let kind = match error.is::<OtherData>() {
            true => Error::Data,
            false => Error::Checkpoint,
        };
        kind(Fault::from(error).at(folder))
    })?;
    if checkpoint.is_without_digest(data) {
        observer.notice(&format!(
            "note: {} was written by a version that kept no digest of its data: only what they look like is compared",
            checkpoint.file.display()
        ));
    }
    Ok(trainer)
}

fn start_anew<'a>(
    run: &Run<'_>,
    data: &'a TaskData,
    device: &Device,
    config_path: &Path,
    is_written: bool,
) -> Result<Trainer<'a>> {
    use anyhow::Context;
    if !run.overwrite && run.folder.join(checkpoint::FILE_NAME).exists() {
        return Err(Error::Exists {
            folder: run.folder.into(),
        });
    }
    let trainer = Trainer::new(run.config.clone(), data, device).sort(Error::Config)?;
    if !is_written && config_path.exists() {
        // Killed before it has written its own, the run must not lie beside the configuration of another.
        std::fs::remove_file(config_path)
            .with_context(|| format!("cannot remove {}", config_path.display()))
            .sort_at(Error::Io, config_path)?;
    }
    Ok(trainer)
}
