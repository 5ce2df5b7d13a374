//! Doing jobs: one, or those of a plan, here or in processes of their own.

mod cross_validation;
mod here;
mod planned;
mod processes;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use burn::tensor::Device;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::export;
use super::model::{self, LoadedModel};
use super::report::cores;
use super::train::{Run, train_in};
use super::verify::{self, BoardOptions};
use crate::card::Card;
use crate::checkpoint::{self, Checkpoint};
use crate::config::RunConfig;
use crate::data::{Source, named_folder};
use crate::files::write_atomically;
use crate::jobs::{
    self, Attempt, BoardRecord, Done, Ended, MODEL_NAME, Plan, Record, Scheduler, Tally,
};
use crate::observer::Observer;
use crate::report::Report;
use crate::run_log;
use crate::train::Outcome;
use crate::verify::BoardVerdict;
use processes::{Processes, run_processes};

pub use cross_validation::{CrossValidation, FoldResult, cross_validations};
pub use planned::{
    PlannedJobs, ReproduceOptions, SweepOptions, check_folds, keep_data, read_plan, write_plan,
};

/// Time that processes have to save after a Ctrl-C: that of a long step, and what Slurm gives, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// How jobs are done.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that trains.
    pub device: DeviceName,
    /// Boards that every model runs on, too.
    pub boards: BoardOptions,
    /// Test windows to run on boards, spread evenly over the split; 0 is all.
    pub windows: usize,
}

impl JobOptions {
    /// The same with absolute paths, the data's taken from the environment if need be: for jobs that start elsewhere.
    ///
    /// # Errors
    /// [`Error::Io`]: there is no current folder.
    pub fn absolute(&self) -> Result<Self> {
        let absolute = |path: &Path| {
            let path = std::path::absolute(path).context("no current folder");
            path.sort(Error::Io)
        };
        let mut options = self.clone();
        let data_dir = named_folder(options.data_dir);
        options.data_dir = data_dir.as_deref().map(absolute).transpose()?;
        let firmware_dir = options.boards.firmware_dir.as_deref();
        options.boards.firmware_dir = firmware_dir.map(absolute).transpose()?;
        Ok(options)
    }
}

/// Words of the command that does the job in a folder: a program and its arguments, without quotes.
pub type JobCommand<'a> = dyn Fn(&Path) -> Vec<OsString> + 'a;

/// Who does the jobs of a plan.
pub enum Workers<'a> {
    /// This process, one job after the other.
    Here(&'a JobOptions),
    /// Processes of their own, several at a time.
    Processes {
        /// Processes at a time, at least 1.
        at_once: usize,
        /// The command of a process; it ends with [`jobs::INTERRUPTED`] or [`jobs::BUSY`] where these hold.
        command: &'a JobCommand<'a>,
    },
}

/// Does the job in `folder`, or what is left of it, unless it is done. How it ended is recorded there, also a failure.
///
/// # Errors
/// [`Error::Plan`]: the folder is not that of a job; [`Error::Io`].
pub fn run_job(
    folder: &Path,
    options: &JobOptions,
    observer: &mut dyn Observer,
) -> Result<Attempt> {
    // A folder that is no job must not get files of one.
    jobs::read_config(folder).sort_at(Error::Plan, folder)?;
    options.boards.check_firmware()?;
    let mut work = |folder: &Path, observer: &mut dyn Observer| {
        let device = options.device.open()?;
        do_job(folder, options, &device, observer)
    };
    here::run_one(folder, observer, &mut work)
}

/// Does the jobs of the plan in `out` that are not done. One that fails is recorded and stops no other. The observer is told
/// of each, and can ask to stop.
///
/// # Errors
/// [`Error::Config`]: no process at a time; [`Error::Device`].
pub fn run_plan(
    out: &Path,
    plan: &Plan,
    workers: &Workers<'_>,
    observer: &mut dyn Observer,
) -> Result<Tally> {
    match workers {
        Workers::Here(options) => {
            options.boards.check_firmware()?;
            let device = options.device.open()?;
            let work = |folder: &Path, observer: &mut dyn Observer| {
                do_job(folder, options, &device, observer)
            };
            Ok(here::run_here(out, plan, observer, work))
        }
        Workers::Processes { at_once: 0, .. } => {
            let fault = Fault::new("--jobs must be at least 1");
            Err(Error::Config(fault))
        }
        &Workers::Processes { at_once, command } => {
            let how = Processes {
                at_once,
                patience: PATIENCE,
            };
            Ok(run_processes(out, plan, how, command, observer))
        }
    }
}

/// Writes the script that hands the jobs of the plan in `out` to a scheduler, and gives the commands that start it.
///
/// # Errors
/// [`Error::Plan`]: there are no jobs, or the script cannot hold a word of a command or the name of `out`; [`Error::Io`].
pub fn hand_over(
    scheduler: Scheduler,
    out: &Path,
    plan: &Plan,
    command: &JobCommand<'_>,
) -> Result<Vec<String>> {
    let quoted = |folder: &Path| {
        let words = command(folder);
        let words: anyhow::Result<Vec<&str>> = words.iter().map(utf8).collect();
        Ok(shlex::try_join(words?)?)
    };
    scheduler.write(out, plan, quoted).sort_at(Error::Plan, out)
}

fn utf8(word: &OsString) -> anyhow::Result<&str> {
    word.to_str()
        .ok_or_else(|| anyhow!("{word:?} is not UTF-8, as a script is"))
}

/// Reads what the jobs of the plan in `out` have brought. The observer gets a notice of each that cannot be read.
pub fn gather(title: &str, out: &Path, plan: &Plan, observer: &mut dyn Observer) -> Report {
    let mut report = Report::read(title, out, plan);
    for job in &mut report.jobs {
        let done = job.record.as_ref().and_then(Record::done);
        if let (Some(config), Some(done)) = (&job.config, done) {
            job.cores = cores::of_job(&out.join(&job.entry.name), config.task, done);
        }
    }
    for (name, damage) in report.damages() {
        observer.notice(&format!("{name}: missing or damaged: {damage}"));
    }
    report
}

/// Writes a report into `out`: HTML, Markdown, CSV, JSON and pictures.
///
/// # Errors
/// [`Error::Io`].
pub fn write_report(report: &Report, out: &Path) -> Result<()> {
    report.write(out).sort_at(Error::Io, out)
}

/// Trains (or goes on training), exports and evaluates the job in `folder`, which is locked.
fn do_job(
    folder: &Path,
    options: &JobOptions,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<Ended> {
    let config = jobs::read_config(folder).sort_at(Error::Plan, folder)?;
    let data = RunData::load(&config, options.data_dir.as_deref(), observer)?;
    let config = completed(folder, config, &data)?;
    let run = Run {
        folder,
        config: config.clone(),
        resumed: begun(folder, &config)?,
        overwrite: false,
        data_dir: options.data_dir.as_deref(),
    };
    if train_in(run, &data.task, device, observer)? == Outcome::Interrupted {
        return Ok(Ended::Interrupted);
    }
    let checkpoint = Checkpoint::load(folder).sort_at(Error::Checkpoint, folder)?;
    let epochs = checkpoint.position.epoch;
    let loaded = model::export_run(checkpoint, config, &data, device)?;
    let model = folder.join(MODEL_NAME);
    let named = options.data_dir.is_some();
    let (card, confusion) = export::write(&model, &loaded, &data, named, device, observer)?;
    let boards = boards(options, &loaded, &data, observer)?;
    if observer.stop_requested() {
        return Ok(Ended::Interrupted);
    }
    let done = done(folder, &data.source, epochs, card, boards)?;
    Ok(Ended::Done(Box::new(Done { confusion, ..done })))
}

/// The job's configuration with all that the data say of a run that begins with them, kept in its file.
fn completed(folder: &Path, config: RunConfig, data: &RunData) -> Result<RunConfig> {
    let completed = data.task.completed(config.clone());
    if completed != config {
        let path = folder.join(checkpoint::CONFIG_NAME);
        write_atomically(&path, completed.to_toml().as_bytes()).sort_at(Error::Io, &path)?;
    }
    Ok(completed)
}

/// The state in which an earlier attempt at the job stopped.
fn begun(folder: &Path, config: &RunConfig) -> Result<Option<Checkpoint>> {
    if !folder.join(checkpoint::FILE_NAME).exists() {
        return Ok(None);
    }
    let checkpoint = Checkpoint::load(folder).sort_at(Error::Checkpoint, folder)?;
    let of_run = checkpoint.run_config().sort_at(Error::Checkpoint, folder)?;
    if of_run != *config {
        let fault = Fault::new(format_args!(
            "{} holds a run with other settings than its {}: remove the checkpoint to start anew",
            folder.display(),
            checkpoint::CONFIG_NAME
        ));
        return Err(Error::Plan(fault.at(folder)));
    }
    Ok(Some(checkpoint))
}

fn boards(
    options: &JobOptions,
    loaded: &LoadedModel,
    data: &RunData,
    observer: &mut dyn Observer,
) -> Result<Vec<BoardRecord>> {
    let (boards, windows) = (&options.boards, options.windows);
    let verdicts = verify::boards_over_test_windows(boards, &loaded.file, data, windows, observer)?;
    if let Some(other) = verdicts.iter().find(|verdict| !verdict.passed()) {
        return Err(Error::Board(Fault::new(format_args!(
            "{} differs from the host: {} of {} windows are equal",
            other.board, other.equal, other.windows
        ))));
    }
    Ok(verdicts.into_iter().map(board_record).collect())
}

fn board_record(verdict: BoardVerdict) -> BoardRecord {
    BoardRecord {
        equal: verdict.equal,
        windows: verdict.windows,
        instructions_per_step: verdict.cost.instructions_per_step,
        instructions_per_window: verdict.cost.with_readout(),
        session_bytes: verdict.cost.session_bytes,
        stack_bytes: verdict.cost.stack_bytes,
        board: verdict.board,
    }
}

fn done(
    folder: &Path,
    source: &Source,
    epochs: u32,
    card: Card,
    boards: Vec<BoardRecord>,
) -> Result<Done> {
    let lines = run_log::read(folder).sort_at(Error::Io, folder)?.lines;
    Ok(Done {
        data: card.data,
        sample: *source == Source::Sample,
        epochs,
        epoch: card.epoch,
        train_seconds: lines.last().map_or(0.0, |line| line.seconds),
        bytes: card.bytes,
        sha256: card.sha256,
        results: card.results,
        confusion: None,
        boards,
    })
}
