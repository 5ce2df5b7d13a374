//! `hadamrnn job`, and what `reproduce` and `sweep` share: doing the jobs of a plan.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hadamrnn::jobs::{Attempt, Outcome, Plan, Tally};
use hadamrnn::pipeline::{self, JobOptions, Observer, Workers};
use hadamrnn::report::Report;

use crate::Status;
use crate::common::{DataArgs, DeviceArgs, boards};
use crate::output;
use crate::progress::Terminal;

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

impl WorkArgs {
    /// The place of the data, where the user names one.
    pub fn data_dir(&self) -> Option<&Path> {
        self.data.data_dir.as_deref()
    }

    /// Names of the boards.
    pub fn boards(&self) -> &[String] {
        &self.board
    }

    /// The same with this place of the data.
    pub fn with_data_dir(&self, data_dir: Option<PathBuf>) -> Self {
        let data = DataArgs { data_dir };
        Self {
            data,
            ..self.clone()
        }
    }

    /// The options of the library.
    pub fn options(&self) -> JobOptions {
        JobOptions {
            data_dir: self.data.data_dir.clone(),
            device: self.device.device,
            boards: boards(&self.board, self.firmware_dir.as_ref()),
            windows: self.windows,
        }
    }
}

pub fn run(args: &Args) -> Result<Status> {
    let mut terminal = Terminal::stoppable()?;
    let attempt = pipeline::run_job(&args.folder, &args.work.options(), &mut terminal)?;
    terminal.job_ended(&args.folder.display().to_string(), &attempt);
    Ok(match attempt {
        Attempt::Ended(Outcome::Done(_)) | Attempt::Skipped => Status::Success,
        Attempt::Ended(Outcome::Failed { .. }) => Status::Mismatch,
        Attempt::Busy => Status::Busy,
        Attempt::Interrupted => Status::Interrupted,
    })
}

/// Does the jobs of a plan that are not done, `at_once` at a time: one in this process, several in processes of their own.
pub fn run_plan(out: &Path, plan: &Plan, args: &WorkArgs, at_once: usize) -> Result<Tally> {
    let mut terminal = Terminal::stoppable()?;
    let options = args.options();
    let command;
    let workers = match at_once {
        1 => Workers::Here(&options),
        at_once => {
            command = job_command(options.clone())?;
            Workers::Processes {
                at_once,
                command: &command,
            }
        }
    };
    let tally = pipeline::run_plan(out, plan, &workers, &mut terminal)?;
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

/// The command of this program that does the job in a folder.
pub fn job_command(options: JobOptions) -> Result<impl Fn(&Path) -> Vec<OsString>> {
    let program = std::env::current_exe().context("this program's own file is unknown")?;
    Ok(move |folder: &Path| {
        let program = std::iter::once(program.clone().into());
        program.chain(arguments(folder, &options)).collect()
    })
}

fn arguments(folder: &Path, options: &JobOptions) -> Vec<OsString> {
    let mut all: Vec<OsString> = vec!["job".into()];
    let mut option = |name: &str, value: OsString| all.extend([name.into(), value]);
    if let Some(folder) = &options.data_dir {
        option("--data-dir", folder.into());
    }
    option("--device", options.device.to_string().into());
    for board in &options.boards.names {
        option("--board", board.into());
    }
    option("--windows", options.windows.to_string().into());
    if let Some(folder) = &options.boards.firmware_dir {
        option("--firmware-dir", folder.into());
    }
    // A folder may be named like an option.
    option("--", folder.into());
    all
}

/// This command line, for a plan.
pub fn command_line() -> Result<String> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    let words: Vec<String> = std::env::args_os().skip(1).map(text).collect();
    let words = std::iter::once("hadamrnn").chain(words.iter().map(String::as_str));
    Ok(shlex::try_join(words)?)
}
