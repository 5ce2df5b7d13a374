//! `hadamrnn job`, and what `reproduce` and `sweep` share: doing the jobs of a plan.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use clap::ValueEnum;
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::Card;
use hadamrnn::checkpoint::{self, Checkpoint};
use hadamrnn::config::RunConfig;
use hadamrnn::data::{self, Source};
use hadamrnn::jobs::{self, Attempt, BoardRecord, Done, Ended, Outcome, Plan, Processes, Tally};
use hadamrnn::report::Report;
use hadamrnn::run_log;
use hadamrnn::train::Outcome as Training;
use hadamrnn::verify::BoardVerdict;

use crate::Status;
use crate::common::DataArgs;
use crate::device::DeviceArgs;
use crate::model_source::{self, LoadedModel, ModelData};
use crate::output;
use crate::signals::StopFlag;
use crate::{export, train, verify};

/// Time that processes have to save after a Ctrl-C: that of a long step, and what Slurm gives, too.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the job, with its config.toml
    folder: PathBuf,
    #[command(flatten)]
    work: WorkArgs,
}

/// How jobs are done.
#[derive(clap::Args, Clone)]
pub struct WorkArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Also build firmware for this board and run test windows on it; may be given several times, or "all"
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Test windows to run on boards, spread evenly over the split; 0 is all
    #[arg(long, default_value_t = 64)]
    windows: usize,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Status> {
    let stop = StopFlag::install()?;
    // A folder that is no job must not get files of one.
    jobs::read_config(&args.folder)?;
    let mut work = |folder: &Path| {
        let device = args.work.device.device()?;
        do_job(folder, &args.work, &device, &stop)
    };
    let attempt = jobs::run_one(&args.folder, &mut work)?;
    show(&args.folder.display().to_string(), &attempt);
    Ok(match attempt {
        Attempt::Ended(Outcome::Done(_)) | Attempt::Skipped => Status::Success,
        Attempt::Ended(Outcome::Failed { .. }) => Status::Mismatch,
        Attempt::Busy => Status::Busy,
        Attempt::Interrupted => Status::Interrupted,
    })
}

/// Does the jobs of a plan that are not done, `at_once` at a time: one in this process, several in processes of their own.
pub fn run_plan(out: &Path, plan: &Plan, args: &WorkArgs, at_once: usize) -> Result<Tally> {
    ensure!(at_once > 0, "--jobs must be at least 1");
    let stop = StopFlag::install()?;
    let tally = if at_once == 1 {
        let device = args.device.device()?;
        let work = |folder: &Path| do_job(folder, args, &device, &stop);
        jobs::run_here(out, plan, work, show)
    } else {
        let program = std::env::current_exe().context("this program's own file is unknown")?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = (cores / at_once).max(1).to_string();
        let command = |folder: &Path| {
            let mut command = Command::new(&program);
            command.args(arguments(folder, args));
            command.env("RAYON_NUM_THREADS", &threads);
            command
        };
        let how = Processes {
            at_once,
            patience: PATIENCE,
        };
        jobs::run_processes(out, plan, how, command, || stop.is_set(), show)
    };
    output::note(&format!(
        "{} done, {} failed, {} done before{}",
        tally.done,
        tally.failed,
        tally.skipped,
        match (tally.interrupted, tally.busy) {
            (true, _) => "; saved, the same command continues".into(),
            (false, 0) => String::new(),
            (false, busy) => format!(", {busy} in work by other processes"),
        }
    ));
    Ok(tally)
}

/// The status of a command that ran and gathered a plan.
pub fn status(tally: &Tally, report: &Report) -> Status {
    match tally {
        tally if tally.interrupted => Status::Interrupted,
        tally if tally.failed > 0 || report.is_damaged() => Status::Mismatch,
        tally if tally.busy > 0 => Status::Busy,
        _ => Status::Success,
    }
}

/// Reads what the jobs of a plan have brought, and tells of those that it cannot read.
pub fn report(title: &str, out: &Path, plan: &Plan) -> Report {
    let report = Report::read(title, out, plan);
    for (name, damage) in report.damages() {
        output::note(&format!("{name}: missing or damaged: {damage}"));
    }
    report
}

/// Arguments of this program that do the job in `folder`.
pub fn arguments(folder: &Path, args: &WorkArgs) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["job".into()];
    let mut option = |name: &str, value: OsString| all.extend([name.into(), value]);
    if let Some(folder) = &args.data.data_dir {
        option("--data-dir", folder.into());
    }
    if let Some(name) = args.device.device.to_possible_value() {
        option("--device", name.get_name().into());
    }
    for board in &args.board {
        option("--board", board.into());
    }
    option("--windows", args.windows.to_string().into());
    if let Some(folder) = &args.firmware_dir {
        option("--firmware-dir", folder.into());
    }
    // A folder may be named like an option.
    option("--", folder.into());
    all
}

impl WorkArgs {
    /// The same with absolute paths, the data's taken from the environment if need be: for jobs that start elsewhere.
    pub fn absolute(&self) -> Result<Self> {
        let absolute = |path: &Path| std::path::absolute(path).context("no current folder");
        let mut args = self.clone();
        let variable = || std::env::var_os(data::DATA_DIR_VARIABLE).map(PathBuf::from);
        let data_dir = args.data.data_dir.or_else(variable);
        args.data.data_dir = data_dir.as_deref().map(absolute).transpose()?;
        args.firmware_dir = args.firmware_dir.as_deref().map(absolute).transpose()?;
        Ok(args)
    }
}

/// This command line, for a plan.
pub fn command_line() -> Result<String> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    let words: Vec<String> = std::env::args_os().skip(1).map(text).collect();
    let words = std::iter::once("hadamrnn").chain(words.iter().map(String::as_str));
    Ok(shlex::try_join(words)?)
}

fn show(name: &str, attempt: &Attempt) {
    match attempt {
        Attempt::Ended(Outcome::Done(done)) => output::note(&format!(
            "{name}: integer {}, float {}, {} bytes, trained in {:.0} s",
            output::percent(done.results.integer_test.accuracy),
            output::percent(done.results.float_test.accuracy),
            output::grouped(done.bytes as u64),
            done.train_seconds
        )),
        Attempt::Ended(Outcome::Failed { error }) => {
            output::note(&format!("{name}: FAILED: {error}"))
        }
        Attempt::Skipped => output::note(&format!("{name}: done before")),
        Attempt::Busy => output::note(&format!("{name}: another process is working on it")),
        Attempt::Interrupted => output::note(&format!("{name}: stopped")),
    }
}

/// Trains (or goes on training), exports and evaluates the job in `folder`.
fn do_job(folder: &Path, args: &WorkArgs, device: &Device, stop: &StopFlag) -> Result<Ended> {
    let config = jobs::read_config(folder)?;
    let data = ModelData::load(&config, &args.data)?;
    let config = data.task.completed(config);
    let begun = begun(folder, &config)?;
    let training = train::train(
        folder,
        config.clone(),
        begun,
        false,
        &data.task,
        device,
        stop.clone(),
    )?;
    if training == Training::Interrupted {
        return Ok(Ended::Interrupted);
    }
    let checkpoint = Checkpoint::load(folder)?;
    let epochs = checkpoint.position.epoch;
    let loaded = model_source::export_run(checkpoint, config, &data, device)?;
    let model = folder.join(jobs::MODEL_NAME);
    let card = export::write(&model, &loaded, &data, &args.data, device)?;
    let boards = boards(args, &loaded, &data)?;
    if stop.is_set() {
        return Ok(Ended::Interrupted);
    }
    Ok(Ended::Done(Box::new(result(
        folder, args, epochs, card, boards,
    )?)))
}

/// Where an earlier attempt at the job stopped.
fn begun(folder: &Path, config: &RunConfig) -> Result<Option<Checkpoint>> {
    if !folder.join(checkpoint::FILE_NAME).exists() {
        return Ok(None);
    }
    let checkpoint = Checkpoint::load(folder)?;
    ensure!(
        checkpoint.run_config()? == *config,
        "{} holds a run with other settings than its {}: remove the checkpoint to start anew",
        folder.display(),
        checkpoint::CONFIG_NAME
    );
    Ok(Some(checkpoint))
}

fn boards(args: &WorkArgs, loaded: &LoadedModel, data: &ModelData) -> Result<Vec<BoardRecord>> {
    if args.board.is_empty() {
        return Ok(Vec::new());
    }
    let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let verdicts =
        verify::boards_over_test_windows(&folder, &args.board, loaded, data, args.windows)?;
    for verdict in &verdicts {
        ensure!(
            verdict.passed(),
            "{} differs from the host: {} of {} windows are equal",
            verdict.board,
            verdict.equal,
            verdict.windows
        );
    }
    Ok(verdicts.into_iter().map(board_record).collect())
}

fn board_record(verdict: BoardVerdict) -> BoardRecord {
    BoardRecord {
        equal: verdict.equal,
        windows: verdict.windows,
        instructions_per_step: verdict.cost.instructions_per_step,
        instructions_per_window: verdict.cost.instructions_per_window,
        session_bytes: verdict.cost.session_bytes,
        stack_bytes: verdict.cost.stack_bytes,
        board: verdict.board,
    }
}

fn result(
    folder: &Path,
    args: &WorkArgs,
    epochs: u32,
    card: Card,
    boards: Vec<BoardRecord>,
) -> Result<Done> {
    let source = data::locate(card.config.task, args.data.data_dir.as_deref())?;
    let lines = run_log::read(folder)?.lines;
    Ok(Done {
        data: card.data,
        sample: source == Source::Sample,
        epochs,
        epoch: card.epoch,
        train_seconds: lines.last().map_or(0.0, |line| line.seconds),
        bytes: card.bytes,
        sha256: card.sha256,
        results: card.results,
        boards,
    })
}
