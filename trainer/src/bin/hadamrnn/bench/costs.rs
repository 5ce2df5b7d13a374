//! `hadamrnn bench costs`: measures the factors of the cost estimates.

use std::path::PathBuf;

use anyhow::{Context, Result};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::cost::{CostTable, Shape, measure, sample_models};
use hadamrnn::files::write_atomically;
use hadamrnn::integer::KernelName;

use crate::Status;
use crate::choices::choice;
use crate::output;
use crate::progress::Spinner;

/// Models that factors are fitted to, and models that they are then compared with.
const MODELS: [usize; 2] = [960, 96];
/// Seeds of these.
const SEEDS: [u64; 2] = [1, 2];

#[derive(clap::Args)]
pub struct Args {
    /// Board to measure; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Kernel to measure; may be given several times [default: fwht-packed, which `fit` takes]
    #[arg(long, value_parser = choice::<KernelName>())]
    kernel: Vec<KernelName>,
    /// Write the table into this file; what is not measured stays as it is. `trainer/src/cost/table.json` is part of the program
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Measure the bytes of code alone, which takes minutes, and leave all else of the table as it is
    #[arg(long, requires = "out")]
    code_only: bool,
    /// Measure instructions and stacks alone, and leave the bytes of code of the table, which take most of the time
    #[arg(long, requires = "out", conflicts_with = "code_only")]
    counts_only: bool,
    /// Measure what a fading pool adds alone, and leave all else of the table
    #[arg(long, requires = "out", conflicts_with_all = ["code_only", "counts_only"])]
    fading_only: bool,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Status> {
    let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let boards = match args.board.is_empty() {
        true => folder.emulated_boards()?,
        false => {
            let named = args.board.iter().map(|name| folder.emulated_board(name));
            named.collect::<Result<_>>()?
        }
    };
    let kernels = match args.kernel.is_empty() {
        true => &[KernelName::FwhtPacked][..],
        false => &args.kernel,
    };
    let [models, others] = [0, 1].map(|i| sample_models(MODELS[i], SEEDS[i]));
    let (models, others) = (models?, others?);
    let mut table = CostTable::built_in()?;
    for board in &boards {
        for &kernel in kernels {
            let spinner = Spinner::new(format!("{} on {}", kernel.name(), board.name));
            if args.code_only {
                table.fit_code(&folder, board, kernel, &models)?;
                continue;
            }
            if args.fading_only {
                table.fit_fading(&folder, board, kernel, &models)?;
                continue;
            }
            match args.counts_only {
                true => table.fit_counts(&folder, board, kernel, &models)?,
                false => table.fit(&folder, board, kernel, &models)?,
            }
            let measured = measure(&folder, board, kernel, &others)?;
            drop(spinner);
            let mut errors = [0.0f64; 2];
            for it in &measured {
                let [step, window] =
                    relative_errors(&table, &board.name, kernel, &it.shape, &it.cost)?;
                errors = [errors[0].max(step.abs()), errors[1].max(window.abs())];
            }
            output::line(&format!(
                "{}, {}: {} models fitted; of {} others a step is off by {:.2} % at most, a readout by {:.2} %",
                board.name,
                kernel.name(),
                models.len(),
                others.len(),
                100.0 * errors[0],
                100.0 * errors[1]
            ))?;
        }
    }
    if let Some(out) = &args.out {
        table.tools = super::device::tools(&folder, &boards)?;
        table.date = hadamrnn::machine::now().date_naive().to_string();
        let text = serde_json::to_string(&table)? + "\n";
        write_atomically(out, text.as_bytes()).context("cannot write the table")?;
    }
    Ok(Status::Success)
}

/// Errors of the estimates of a step and of a readout, relative to what was measured.
fn relative_errors(
    table: &CostTable,
    board: &str,
    kernel: KernelName,
    shape: &Shape,
    cost: &hadamrnn::board::Cost,
) -> Result<[f64; 2]> {
    let costs = table.costs_of_case(board, kernel, shape);
    let costs = costs.with_context(|| format!("no estimate for {shape:?}"))?;
    let error = |estimate: u64, measured: u32| estimate as f64 / f64::from(measured) - 1.0;
    Ok([
        error(costs.instructions_per_step, cost.instructions_per_step),
        error(costs.readout_instructions, cost.readout_instructions),
    ])
}
