//! `hadamrnn demo`: from sensor data to an emulated board.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::{self, Card};
use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::config::RunConfig;
use hadamrnn::data::{self, Holdout, Source, Split, Task};
use hadamrnn::train::Outcome;
use hadamrnn::verify::BoardVerdict;
use serde_json::json;

use crate::Status;
use crate::common::Common;
use crate::model_source::{self, ModelData};
use crate::output;
use crate::progress::StopFlag;
use crate::verify::{HostVerdict, Verdict};
use crate::{export, train, verify};

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run; an unfinished run there is continued
    #[arg(long, value_name = "DIR", default_value = "runs/demo")]
    out: PathBuf,
    /// Seed of the weights [default: the task's]
    #[arg(long)]
    seed: Option<u64>,
    /// Passes over the training split
    #[arg(long)]
    epochs: Option<u32>,
    /// Board to run on; may be given several times, or "all"
    #[arg(long, value_name = "NAME", default_value = "qemu-m4")]
    board: Vec<String>,
    /// Test windows to run on the board, spread evenly; 0 is all
    #[arg(long, default_value_t = 0)]
    windows: usize,
    /// Folder of the firmware sources [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let stop = StopFlag::install()?;
    let device = args.common.device.device()?;
    let firmware = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let config = configuration(args)?;

    heading(args, "1. train on UCI HAR (task har2)")?;
    let data = ModelData::load(&config, &args.common.data)?;
    let _lock = train::claim(&args.out)?;
    let unfinished = unfinished_run(&args.out, &config);
    if train::train(
        &args.out,
        config.clone(),
        unfinished,
        true,
        &data.task,
        &device,
        stop,
    )? == Outcome::Interrupted
    {
        eprintln!("saved; the same command continues");
        return Ok(Status::Interrupted);
    }

    heading(args, "2. export to packed integers")?;
    let checkpoint = Checkpoint::load(&args.out)?;
    let loaded = model_source::export_run(checkpoint, config, &data, &device)?;
    let folder = args.out.join("model");
    let card = export::write(&folder, &loaded, &data, &args.common.data, &device)?;

    heading(args, "3. check the integer model on the host")?;
    let test = data.sequences(Split::Test, None);
    let host = verify::host(
        &loaded.file,
        loaded.run.as_ref(),
        Some(&folder),
        &test,
        &data.input_lsb,
        &device,
    )?;

    heading(args, "4. run it on the emulated board")?;
    let boards =
        verify::boards_over_test_windows(&firmware, &args.board, &loaded, &data, args.windows)?;
    report(args, &folder, &card, host, boards)
}

/// The task's configuration; on the sample, a tenth of the set, more passes in smaller steps and no validation split.
fn configuration(args: &Args) -> Result<RunConfig> {
    let mut config = RunConfig::for_task(Task::Har2);
    if data::locate(config.task, args.common.data.data_dir.as_deref())? == Source::Sample {
        config.training.epochs = 300;
        config.training.batch_size = 32;
        config.holdout = Holdout::None;
    }
    config.seed = args.seed.unwrap_or(config.seed);
    config.training.epochs = args.epochs.unwrap_or(config.training.epochs);
    config.validate()?;
    Ok(config)
}

fn heading(args: &Args, text: &str) -> Result<()> {
    if args.common.json {
        Ok(())
    } else {
        output::line(text)
    }
}

/// A run of the same configuration that was stopped, or is finished.
fn unfinished_run(folder: &Path, config: &RunConfig) -> Option<Checkpoint> {
    let checkpoint = Checkpoint::load(folder).ok()?;
    (checkpoint.run_config().ok()? == *config).then_some(checkpoint)
}

fn report(
    args: &Args,
    folder: &Path,
    card: &Card,
    host: HostVerdict,
    boards: Vec<BoardVerdict>,
) -> Result<Status> {
    let verdict = Verdict { host, boards };
    let status = if verdict.passed() {
        Status::Success
    } else {
        Status::Mismatch
    };
    if args.common.json {
        output::json(
            &json!({ "model": folder.join(card::files::MODEL), "card": card, "verdict": verdict }),
        )?;
        return Ok(status);
    }
    output::line("")?;
    verify::print_boards(&verdict.boards)?;
    output::line("")?;
    let board = verdict.boards.first().context("no board was run")?;
    let same_class = verdict.host.same_class_as_float;
    let row = |name: &str, value: String| vec![name.to_string(), value];
    output::table(&[
        row(&format!("HAR-2 on {}", card.data), String::new()),
        row(
            "accuracy, float on the host",
            output::percent(card.results.float_test.accuracy),
        ),
        row(
            "accuracy, integer on the host",
            output::percent(card.results.integer_test.accuracy),
        ),
        row(
            &format!("accuracy, integer on {}", board.board),
            board.accuracy.map_or("-".into(), output::percent),
        ),
        row(
            "integer model in the float network's class",
            same_class.map_or("-".into(), |same| {
                format!("{same} of {} windows", verdict.host.windows)
            }),
        ),
        row(
            "board equals host, every state and logit",
            format!("{} of {} windows", board.equal, board.windows),
        ),
        row(
            "model",
            format!("{} bytes", output::grouped(card.bytes as u64)),
        ),
        row(
            "flash of an inference firmware, model included",
            format!("{} bytes", output::grouped(board.inference_firmware.flash)),
        ),
        row(
            "RAM: session + stack",
            format!(
                "{} + {} bytes",
                board.cost.session_bytes, board.cost.stack_bytes
            ),
        ),
        row(
            "instructions per time step",
            output::grouped(board.cost.instructions_per_step.into()),
        ),
        row(
            "instructions per window",
            output::grouped(board.cost.instructions_per_window),
        ),
    ])?;
    output::line("")?;
    match status {
        Status::Success => output::line(&format!("the model is in {}", folder.display()))?,
        _ => output::line("FAILED: board and host, or the host's kernels, differ")?,
    }
    Ok(status)
}
