//! `hadamrnn verify`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use hadamrnn::clock::{Clock, Load};
use hadamrnn::integer::KernelName;
use hadamrnn::pipeline::{self, HostVerdict, Verdict, VerifyOptions};
use hadamrnn::results::{Results, ShippedRow};
use hadamrnn::shipped;
use hadamrnn::usage::Usage;
use hadamrnn::verify::BoardVerdict;
use serde_json::json;

use crate::Status;
use crate::choices::choice;
use crate::common::{Common, boards};
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file [default: the shipped models/har2]
    model: Option<PathBuf>,
    /// Board to build firmware for, run and compare; may be given several times, or "all" [default: host only]
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Kernel of the firmware [default: the fastest that fits the model]
    #[arg(long, value_parser = choice::<KernelName>(), requires = "board")]
    kernel: Option<KernelName>,
    /// Windows to compare, spread evenly over the test split; 0 is all. Without the data set, those of the model folder
    #[arg(long, default_value_t = 256)]
    windows: usize,
    /// Show the firmware's log
    #[arg(long, requires = "board")]
    log: bool,
    /// Clock of your core, such as 64MHz: also tells what the counted instructions take at it
    #[arg(long, value_name = "HZ", requires = "board")]
    clock: Option<Clock>,
    /// Also put the model's figures and those of one emulated board into this file of results
    #[arg(long, value_name = "FILE", requires_all = ["board", "model"])]
    results: Option<PathBuf>,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = VerifyOptions {
        model: args.model.clone(),
        boards: boards(&args.board, args.firmware_dir.as_ref()),
        kernel: args.kernel,
        windows: args.windows,
        data_dir: args.common.data.data_dir.clone(),
        device: args.common.device.device,
    };
    let verdict = pipeline::verify(&options, &mut Terminal::default())?;
    let loads = match args.clock {
        Some(clock) => loads(clock, &verdict, args.model.as_deref())?,
        None => Vec::new(),
    };
    if args.common.json {
        let mut value = serde_json::to_value(&verdict)?;
        if args.clock.is_some() {
            value["clock"] = json!({ "hz": args.clock, "boards": loads });
        }
        output::json(&value)?;
    } else {
        print(&verdict, args.log)?;
        if let Some(clock) = args.clock {
            print_loads(clock, &verdict, &loads)?;
        }
    }
    if let (Some(path), true) = (&args.results, verdict.passed()) {
        keep(args, &verdict, path)?;
    }
    Ok(Status::of(verdict.passed()))
}

/// Puts the model into a file of results.
fn keep(args: &Args, verdict: &Verdict, path: &Path) -> Result<()> {
    let [board] = &verdict.boards[..] else {
        bail!("a row of results is of one board: give one --board");
    };
    let model = args.model.as_deref().context("which model?")?;
    let stored = pipeline::open_model(model)?;
    let steps = Usage::of(&stored)?.window;
    let folder = stored.folder.as_ref();
    let (Some(folder), Some(steps)) = (folder.filter(|_| !pipeline::is_run(model)), steps) else {
        bail!(
            "{} is no model folder, which has the accuracy that a row of results tells",
            model.display()
        );
    };
    let place = std::path::absolute(&folder.path)?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let mut results = Results::read_if_there(path)?;
    results.put_shipped(ShippedRow::new(&name, &folder.card, steps, board))?;
    results.write(path)?;
    output::note(&format!("{name}: put into {}", path.display()));
    Ok(())
}

/// Time that the model takes at a clock, by the counts of each board.
fn loads(clock: Clock, verdict: &Verdict, model: Option<&Path>) -> Result<Vec<Load>> {
    let usage = match model {
        None => Usage::of(&pipeline::open_model(shipped::har2_folder()?.path())?)?,
        // A run has no model beside it whose windows could be counted.
        Some(run) if pipeline::is_run(run) => Usage::default(),
        Some(model) => Usage::of(&pipeline::open_model(model)?)?,
    };
    let boards = verdict.boards.iter();
    Ok(boards
        .map(|board| clock.load(&board.cost, &usage))
        .collect())
}

fn print_loads(clock: Clock, verdict: &Verdict, loads: &[Load]) -> Result<()> {
    output::line(&format!(
        "\nat {clock}, with one cycle an instruction, which is the least:"
    ))?;
    let head = ["board", "ms/sample", "ms/window", "of the clock"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for (board, load) in verdict.boards.iter().zip(loads) {
        rows.push(vec![
            format!("{} ({})", board.board, board.core),
            format!("{:.4}", load.ms_per_sample),
            format!("{:.3}", load.ms_per_window),
            load.share
                .map_or("-".into(), |share| format!("{:.3} %", 100.0 * share)),
        ]);
    }
    output::table(&rows)?;
    output::line(
        "of the clock: at the rate that the model was trained for, an answer a window; - where no card tells it",
    )
}

/// Tells what was compared, and what not.
fn print(verdict: &Verdict, log: bool) -> Result<()> {
    print_host(&verdict.host)?;
    if verdict.boards.is_empty() {
        return output::line("boards: not compared, none was named with --board");
    }
    let passed = verdict.boards.iter().filter(|board| board.passed()).count();
    output::line(&format!(
        "boards: {passed} of {} equal to the host\n",
        verdict.boards.len()
    ))?;
    print_boards(&verdict.boards)?;
    for (board, equal) in
        (verdict.boards.iter()).filter_map(|board| Some((board, board.judged_equal?)))
    {
        output::line(&format!(
            "{}: {equal} of {} windows with the host's {}",
            board.board,
            board.windows,
            judgements(&verdict.host)
        ))?;
    }
    for BoardVerdict {
        board,
        first_difference,
        log: lines,
        ..
    } in &verdict.boards
    {
        if let Some(difference) = first_difference {
            output::line(&format!("{board}: first difference: {difference:?}"))?;
        }
        if log {
            output::line(&format!("\n{board} log:\n{}", lines.join("\n")))?;
        }
    }
    Ok(())
}

fn print_host(host: &HostVerdict) -> Result<()> {
    output::line(&match host.golden {
        Some((held, all)) => format!("golden vectors: {held} of {all} hold"),
        None => {
            "golden vectors: not compared, only the folder of an exported model has them".into()
        }
    })?;
    let kernels: Vec<&str> = host.kernels.iter().map(|kernel| kernel.name()).collect();
    output::line(&format!(
        "kernels: {} of {} windows of {} equal on {}",
        host.kernels_equal,
        host.windows,
        host.windows_of,
        kernels.join(", ")
    ))?;
    let others = KernelName::ALL.into_iter();
    for kernel in others.filter(|kernel| !host.kernels.contains(kernel)) {
        output::line(&format!(
            "kernels: {kernel} not compared, the model's states are too wide for it"
        ))?;
    }
    if let Some(equal) = host.judged_equal {
        output::line(&format!(
            "{}: {equal} of {} windows with the same {} on these kernels",
            host.parts.join(" and "),
            host.windows,
            judgements(host)
        ))?;
    }
    output::line(&match host.same_class_as_float {
        Some(same) => format!(
            "float network: {same} of {} windows in its class",
            host.windows
        ),
        None => "float network: not compared, only a run folder has it".into(),
    })
}

/// What the model's parts say of a window.
fn judgements(host: &HostVerdict) -> String {
    let said = |part: &&'static str| match *part {
        "metric" => "novelty score",
        _ => "decided class",
    };
    host.parts
        .iter()
        .map(said)
        .collect::<Vec<_>>()
        .join(" and ")
}

/// One row a board.
pub fn print_boards(boards: &[BoardVerdict]) -> Result<()> {
    let head = [
        "board",
        "kernel",
        "equal",
        "accuracy",
        "instr/step",
        "all steps",
        "readout",
        "instr/window",
        "load",
        "flash",
        "static RAM",
        "session",
        "stack",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for verdict in boards {
        let cost = &verdict.cost;
        rows.push(vec![
            format!("{} ({})", verdict.board, verdict.core),
            verdict.kernel.name().into(),
            format!("{}/{}", verdict.equal, verdict.windows),
            verdict.accuracy.map_or("-".into(), output::percent),
            output::grouped(cost.instructions_per_step.into()),
            output::grouped(cost.instructions_per_window),
            output::grouped(cost.readout_instructions.into()),
            output::grouped(cost.with_readout()),
            cost.load_instructions
                .map_or("-".into(), |load| output::grouped(load.into())),
            output::grouped(verdict.inference_firmware.flash),
            output::grouped(verdict.inference_firmware.static_ram),
            output::grouped(cost.session_bytes.into()),
            output::grouped(cost.stack_bytes.into()),
        ]);
    }
    output::table(&rows)?;
    output::line(
        "equal: windows whose class, logits and every hidden state are the host's, bit for bit",
    )?;
    output::line(
        "instr/window: exact instructions of all steps of a window and the readout of its answer; load: those of reading the model, once; \
         flash, RAM: bytes of a firmware that only infers, model included",
    )
}
