//! `hadamrnn demo`: from sensor data to an emulated board.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hadamrnn::card;
use hadamrnn::pipeline::{self, Demo, DemoOptions, DemoResult};
use serde_json::json;

use crate::Status;
use crate::common::{Common, boards};
use crate::output;
use crate::progress::Terminal;
use crate::verify;

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
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = DemoOptions {
        out: args.out.clone(),
        seed: args.seed,
        epochs: args.epochs,
        boards: boards(&args.board, args.firmware_dir.as_ref()),
        windows: args.windows,
        data_dir: args.common.data.data_dir.clone(),
        device: args.common.device.device,
    };
    let mut terminal = Terminal::stoppable()?;
    if !args.common.json {
        terminal = terminal.with_headings();
    }
    let demo = pipeline::demo(&options, &mut terminal);
    terminal.finish()?;
    let result = match demo? {
        Demo::Done(result) => result,
        Demo::Interrupted => {
            output::note("saved; the same command continues");
            return Ok(Status::Interrupted);
        }
    };
    match args.common.json {
        true => output::json(&json!({
            "model": result.folder.join(card::files::MODEL),
            "card": result.card,
            "verdict": result.verdict,
        }))?,
        false => print(&result)?,
    }
    Ok(Status::of(result.verdict.passed()))
}

fn print(result: &DemoResult) -> Result<()> {
    output::line("")?;
    verify::print_boards(&result.verdict.boards)?;
    output::line("")?;
    print_figures(result)?;
    output::line("")?;
    match result.verdict.passed() {
        true => output::line(&format!("the model is in {}", result.folder.display())),
        false => output::line("FAILED: board and host, or the host's kernels, differ"),
    }
}

/// The figures of the model, and of the first board that it ran on.
fn print_figures(result: &DemoResult) -> Result<()> {
    let DemoResult { card, verdict, .. } = result;
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
            "instructions per window, all steps + readout",
            format!(
                "{} + {}",
                output::grouped(board.cost.instructions_per_window),
                output::grouped(board.cost.readout_instructions.into())
            ),
        ),
    ])
}
