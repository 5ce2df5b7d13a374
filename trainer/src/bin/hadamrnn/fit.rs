//! `hadamrnn fit`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn::clock::Clock;
use hadamrnn::fit::Limits;
use hadamrnn::jobs::{Entry, Plan, Scheduler};
use hadamrnn::pipeline::{
    self, ConfigOptions, Effort, FitOptions, FitResult, FitTarget, Fitted, Observer, TaskArgument,
};
use hadamrnn::recipe::Recipe;
use hadamrnn::train::Outcome;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("target").required(true).args(["board", "core"])))]
pub struct Args {
    /// Task: a benchmark such as har2, "recordings", or a task file of your own data (with --config it may be left out)
    task: Option<TaskArgument>,
    /// Board that the model is for: its core, flash and RAM count, and its firmware must take the model
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Core that the model is for, such as Cortex-M4: for firmware of your own
    #[arg(long, value_name = "NAME")]
    core: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    effort: EffortArgs,
    /// Configuration to start from, as `train` takes it: candidates keep what they do not vary
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Recipe to start from [default: fast]
    #[arg(long, value_parser = choice::<Recipe>())]
    recipe: Option<Recipe>,
    /// Folder of the search; one that is there goes on [default: runs/fit-TASK]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Networks trained at the same time, each on one core [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    jobs: Option<usize>,
    /// Time of training after which no further candidate is begun, such as 40min, 90s or 2h: rungs share it, and what is left of one is
    /// left out, so the outcome depends on the speed of the machine. The first rung trains four candidates or more, and the chosen
    /// model is trained in any case. The same command goes on, with this time anew
    #[arg(long, value_parser = duration, value_name = "TIME")]
    time: Option<Duration>,
    /// Write the points of the next rung as jobs for a scheduler instead of training them here; run the same command again when they
    /// are done
    #[arg(long, value_parser = choice::<Scheduler>(), value_name = "SCHEDULER")]
    emit: Option<Scheduler>,
    /// Do one of the jobs that --emit has written
    #[arg(long, value_name = "NAME", conflicts_with = "emit")]
    point: Option<String>,
    /// Do not measure the chosen model on the emulated core
    #[arg(long)]
    no_measure: bool,
    /// Folder of the firmware sources, to measure the chosen model [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Most that a model may cost.
#[derive(clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Flash of code and model, such as 64KB
    #[arg(long, value_parser = bytes, value_name = "BYTES")]
    flash: Option<u64>,
    /// RAM of session and stack, such as 8KB
    #[arg(long, value_parser = bytes, value_name = "BYTES")]
    ram: Option<u64>,
    /// The model file alone
    #[arg(long, value_parser = bytes, value_name = "BYTES")]
    model_bytes: Option<u64>,
    /// Instructions of a window, with the reading of its answer
    #[arg(long, value_name = "N")]
    instructions_per_window: Option<u64>,
    /// Instructions for each sample of the sensor, on average over a window
    #[arg(long, value_name = "N")]
    instructions_per_sample: Option<u64>,
    /// Microseconds for each sample of the sensor, at --clock and one instruction a cycle: real cores take more
    #[arg(long, value_name = "N", conflicts_with = "instructions_per_sample")]
    us_per_sample: Option<f64>,
    /// Clock of the core, such as 64MHz, for --us-per-sample
    #[arg(long, value_name = "CLOCK")]
    clock: Option<Clock>,
}

/// Size of the search.
#[derive(clap::Args)]
#[command(next_help_heading = "Search")]
struct EffortArgs {
    /// Seed of the candidates and of their training
    #[arg(long, default_value_t = Effort::default().seed)]
    seed: u64,
    /// Candidates of the first rung
    #[arg(long, default_value_t = Effort::default().candidates, value_name = "N")]
    candidates: usize,
    /// Candidates that are trained with several seeds
    #[arg(long, default_value_t = Effort::default().finalists, value_name = "N")]
    finalists: usize,
    /// Most seeds of each of these: after each seed, those that fall behind drop out
    #[arg(long, default_value_t = Effort::default().seeds, value_name = "N")]
    seeds: usize,
    /// Fresh seeds of the chosen model, whose test accuracy is told
    #[arg(long, default_value_t = Effort::default().test_seeds, value_name = "N")]
    test_seeds: usize,
}

/// Reads a number of bytes, with K or KB for 1,024 and M or MB for 1,048,576.
fn bytes(text: &str) -> Result<u64> {
    let upper = text.trim().to_ascii_uppercase();
    let number = upper
        .trim_end_matches('B')
        .trim_end_matches(['K', 'M'])
        .trim();
    let factor = match upper[number.len()..].trim() {
        "" | "B" => 1.0,
        "K" | "KB" => 1024.0,
        "M" | "MB" => 1_048_576.0,
        unit => bail!("{unit} is no unit of bytes: give B, KB or MB"),
    };
    let number: f64 = number
        .parse()
        .with_context(|| format!("{text} is no number of bytes"))?;
    ensure!(
        number.is_finite() && (0.0..1e12).contains(&(number * factor)),
        "{text} is out of range"
    );
    Ok((number * factor).floor() as u64)
}

/// Reads a time: a number of seconds, or one with s, min or h.
fn duration(text: &str) -> Result<Duration> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let factor = match text[digits..].trim() {
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        unit => bail!("{unit} is no unit of time: give s, min or h"),
    };
    let number: f64 = text[..digits]
        .parse()
        .with_context(|| format!("{text} is no time"))?;
    Duration::try_from_secs_f64(number * factor)
        .ok()
        .filter(|time| !time.is_zero() && time.as_secs() < 1 << 32)
        .with_context(|| format!("{text} is no time that can pass"))
}

impl LimitArgs {
    fn limits(&self) -> Result<Limits> {
        let by_time = match (self.us_per_sample, self.clock) {
            (Some(us), Some(clock)) => {
                let count = clock.instructions(us);
                ensure!(
                    us > 0.0 && count < 1e15,
                    "--us-per-sample must be a positive number, not {us}"
                );
                Some(count.floor() as u64)
            }
            (Some(us), None) => bail!(
                "--us-per-sample {us} needs the clock of the core, which tells how many instructions that is: give --clock too, such as \
                 --clock 64MHz"
            ),
            (None, Some(clock)) => bail!(
                "--clock {clock} is for --us-per-sample, the microseconds that a sample may take: give both, or neither"
            ),
            (None, None) => None,
        };
        Ok(Limits {
            flash: self.flash,
            ram: self.ram,
            model_bytes: self.model_bytes,
            instructions_per_window: self.instructions_per_window,
            instructions_per_sample: self.instructions_per_sample.or(by_time),
        })
    }
}

pub fn run(args: &Args) -> Result<Status> {
    let mut terminal = Terminal::stoppable()?;
    let options = options(args, &mut terminal)?;
    if let Some(name) = &args.point {
        return Ok(match pipeline::fit_job(&options, name, &mut terminal)? {
            Outcome::Finished => Status::Success,
            Outcome::Interrupted => Status::Interrupted,
        });
    }
    let fitted = match args.emit {
        Some(_) => pipeline::fit_by_jobs(&options, &mut terminal)?,
        None => pipeline::fit(&options, &mut terminal)?,
    };
    match (fitted, args.emit) {
        (Fitted::Chosen(result), _) => {
            print(args, &result)?;
            Ok(Status::Success)
        }
        (Fitted::Waiting { rung, jobs }, Some(scheduler)) => {
            emit(scheduler, &options, rung, jobs)?;
            Ok(Status::Success)
        }
        _ => {
            output::note("stopped; all finished points are kept: give the same command to go on");
            Ok(Status::Interrupted)
        }
    }
}

fn options(args: &Args, observer: &mut dyn Observer) -> Result<FitOptions> {
    let config = ConfigOptions {
        task: args.task.clone(),
        file: args.config.clone(),
        recipe: args.recipe,
    };
    let setup = config.read(observer)?;
    let target = match (&args.board, &args.core) {
        (Some(board), _) => FitTarget::Board(board.clone()),
        (None, Some(core)) => FitTarget::Core(core.clone()),
        (None, None) => bail!("give --board or --core"),
    };
    let effort = &args.effort;
    let default = || PathBuf::from(format!("runs/fit-{}", setup.name));
    Ok(FitOptions {
        target,
        limits: args.limits.limits()?,
        clock: args.limits.clock,
        effort: Effort {
            seed: effort.seed,
            candidates: effort.candidates,
            finalists: effort.finalists,
            seeds: effort.seeds,
            test_seeds: effort.test_seeds,
        },
        folder: args.out.clone().unwrap_or_else(default),
        data_dir: setup.data_dir(args.common.data.data_dir.as_deref())?,
        config: setup.config,
        measure: !args.no_measure,
        firmware_dir: args.firmware_dir.clone(),
        workers: args.jobs.unwrap_or(0),
        time: args.time,
        device: args.common.device.device,
    })
}

/// Writes the jobs of a rung and says how to start them.
fn emit(scheduler: Scheduler, options: &FitOptions, rung: usize, jobs: Vec<Entry>) -> Result<()> {
    let program = std::env::current_exe().context("this program's own path is unknown")?;
    let mut words: Vec<std::ffi::OsString> = vec![program.into()];
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--emit" {
            arguments.next();
        } else if !argument.to_string_lossy().starts_with("--emit=") {
            words.push(argument);
        }
    }
    let count = jobs.len();
    let plan = Plan {
        command: String::new(),
        jobs,
    };
    let here = std::env::current_dir().context("the current folder is gone")?;
    let command = |folder: &std::path::Path| {
        let name = folder.file_name().unwrap_or_default();
        // Relative paths are those of here, wherever the job starts.
        let mut all: Vec<std::ffi::OsString> = vec!["env".into(), "-C".into(), here.clone().into()];
        all.extend(words.iter().cloned());
        all.extend(["--point".into(), name.to_owned()]);
        all
    };
    let start = pipeline::hand_over(scheduler, &options.folder, &plan, &command)?;
    output::line(&format!(
        "rung {rung}: {count} jobs in {}; start them with:",
        options.folder.display()
    ))?;
    for command in start {
        output::line(&format!("  {command}"))?;
    }
    output::line(
        "then give this command again: it takes what they brought, and writes the next rung or chooses",
    )
}

fn print(args: &Args, result: &FitResult) -> Result<()> {
    if args.common.json {
        return output::json(result);
    }
    let mut rows = vec![
        [
            "model",
            "validation",
            "instr/window",
            "bytes",
            "flash",
            "RAM",
        ]
        .map(String::from)
        .to_vec(),
    ];
    for point in &result.front {
        let mark = if *point == result.chosen { " *" } else { "" };
        rows.push(vec![
            format!("{}{mark}", point.name),
            output::percent(point.accuracy.unwrap_or(0.0)),
            output::grouped(point.instructions_per_window),
            output::grouped(point.costs.model_bytes),
            output::grouped(point.costs.flash()),
            output::grouped(point.costs.ram()),
        ]);
    }
    output::table(&rows)?;
    let accuracies = result.tests.iter().map(|test| test.accuracy);
    let (least, most) = accuracies.fold((1.0f64, 0.0f64), |(a, b), it| (a.min(it), b.max(it)));
    output::line(&format!(
        "* chosen by validation, {}: test accuracy {} ({} to {}) over {} fresh seeds; {} points of {} candidates",
        result.core,
        output::percent(result.test_accuracy),
        output::percent(least),
        output::percent(most),
        result.tests.len(),
        result.points,
        result.candidates
    ))?;
    if let Some(measured) = &result.measured {
        output::line(&format!(
            "measured on {}: {} instructions a window, {} bytes of flash, {} bytes of RAM",
            measured.board,
            output::grouped(measured.instructions_per_window),
            output::grouped(measured.costs.flash()),
            output::grouped(measured.costs.ram())
        ))?;
    }
    output::line(&format!("model: {}", result.model.display()))?;
    match args.board.as_ref().filter(|_| result.has_firmware) {
        Some(board) => output::next("flash", &result.model, None, &format!(" --board {board}")),
        None => output::next("export", &result.model, None, " --c model.h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_need_a_clock() {
        let limits = |us_per_sample, clock| {
            let limits = LimitArgs {
                flash: None,
                ram: None,
                model_bytes: None,
                instructions_per_window: None,
                instructions_per_sample: None,
                us_per_sample,
                clock,
            };
            limits.limits()
        };
        let mhz = || Some("64MHz".parse().expect("a clock"));
        let both = limits(Some(50.0), mhz()).expect("both");
        assert_eq!(both.instructions_per_sample, Some(3200));
        let error = limits(Some(50.0), None).expect_err("no clock").to_string();
        assert!(error.contains("--clock 64MHz"), "{error}");
        let error = limits(None, mhz()).expect_err("no time").to_string();
        assert!(error.contains("--us-per-sample"), "{error}");
    }

    #[test]
    fn bytes_and_times_are_read() {
        for (text, expected) in [
            ("64KB", 65_536),
            ("8k", 8192),
            ("1.5 KB", 1536),
            ("996", 996),
            ("996B", 996),
            ("2MB", 2_097_152),
        ] {
            assert_eq!(bytes(text).expect(text), expected, "{text}");
        }
        for text in ["", "KB", "-1", "1GB", "nan", "1e30"] {
            assert!(bytes(text).is_err(), "{text}");
        }
        for (text, expected) in [("40min", 2400), ("90s", 90), ("2h", 7200), ("10", 10)] {
            assert_eq!(duration(text).expect(text).as_secs(), expected, "{text}");
        }
        for text in ["", "min", "0s", "-1s", "3 days", "1e9h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
