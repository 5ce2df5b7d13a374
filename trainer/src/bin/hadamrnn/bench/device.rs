//! `hadamrnn bench device`: exact costs on emulated boards.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use hadamrnn::board::{Case, CaseRun, FirmwareFolder, Request, run_cases};
use hadamrnn::clock::Clock;
use hadamrnn::integer::{Answer, KernelName, ModelFile};
use hadamrnn::untrusted::{self, Kind};
use hadamrnn_device::windows;
use hadamrnn_firmware_support::boards::Board;
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{RoomOf, Session};

use super::picture;
use super::synthetic;
use super::table::{DeviceRow, Results};
use crate::Status;
use crate::choices::choice;
use crate::output;
use crate::progress::Spinner;

/// Hidden sizes that are measured.
const SIZES: [u16; 4] = [64, 128, 256, 512];
/// Size and kernel that are measured once more with a model known to the compiler: those of the shipped HAR-2 model.
const SIZE_OF_KNOWN: usize = 1;
const KERNEL_OF_KNOWN: KernelName = KernelName::FwhtPacked;
/// Steps of each run.
const STEPS: usize = 16;

#[derive(clap::Args)]
pub struct Args {
    /// Board to measure; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Kernel to measure; may be given several times [default: all]
    #[arg(long, value_parser = choice::<KernelName>())]
    kernel: Vec<KernelName>,
    /// Write device.json, device.md and device.svg into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Fail if a figure is more than 2 % worse than in this file, a device.json of an earlier run with the same compiler
    /// and emulators; with others, say so and compare nothing
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// Clock of your core, such as 64MHz: adds the time of a window at it, with one cycle an instruction, which is the least
    #[arg(long, value_name = "HZ")]
    clock: Option<Clock>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Status> {
    let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
    let older = args.check.as_deref().map(read).transpose()?;
    let results = measure(args, &folder)?;
    if args.json {
        output::json(&results)?;
    } else {
        output::line(results.markdown(args.clock).trim_end())?;
    }
    if let Some(out) = &args.out {
        write(out, &results, args.clock)?;
    }
    let worse = older.map_or_else(|| Ok(Vec::new()), |older| compare(&results, &older))?;
    Ok(if worse.is_empty() {
        Status::Success
    } else {
        Status::Mismatch
    })
}

/// Prints and returns the figures that are worse than in `older`. Compares nothing where the compiler or an emulator is
/// another one than those of `older`, and says so: their figures differ with no change of ours.
fn compare(results: &Results, older: &Results) -> Result<Vec<String>> {
    let others = results.tools_not_in(older);
    if !others.is_empty() {
        output::line(&format!(
            "Not compared: the file was measured with {}; here is {}. Figures of other tools differ.",
            older.tools.join(", "),
            others.join(", ")
        ))?;
        return Ok(Vec::new());
    }
    let worse = results.worse_than(older);
    for line in &worse {
        output::line(line)?;
    }
    Ok(worse)
}

fn read(path: &Path) -> Result<Results> {
    let text = untrusted::text(path, Kind::RECORD)
        .with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is malformed", path.display()))
}

fn write(folder: &Path, results: &Results, clock: Option<Clock>) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    file("device.json", serde_json::to_string_pretty(results)? + "\n")?;
    file("device.md", results.markdown(clock))?;
    file("device.svg", picture::draw(&results.rows)?.svg().to_owned())
}

fn measure(args: &Args, folder: &FirmwareFolder) -> Result<Results> {
    let shipped = ModelFile::read(&folder.path().join("../models/har2/model.hdrn"))?;
    let base = shipped.model()?;
    let cases: Vec<Case> = SIZES
        .iter()
        .map(|&hidden| {
            Ok(Case {
                model: synthetic::model(&base, hidden)?,
                window: synthetic::samples(base.sample_size(), STEPS),
            })
        })
        .collect::<Result<_>>()?;
    let boards = if args.board.is_empty() {
        folder.emulated_boards()?
    } else {
        let named = args.board.iter().map(|name| folder.emulated_board(name));
        named.collect::<Result<_>>()?
    };
    let kernels = if args.kernel.is_empty() {
        &KernelName::ALL[..]
    } else {
        &args.kernel
    };
    let mut rows = Vec::new();
    for board in &boards {
        for &kernel in kernels {
            let _spinner = Spinner::new(format!("{} on {}", kernel.name(), board.name));
            rows.extend(board_rows(folder, board, kernel, &cases)?);
            if kernel == KERNEL_OF_KNOWN {
                rows.push(known_row(folder, board, &cases[SIZE_OF_KNOWN])?);
            }
        }
    }
    Ok(Results {
        tools: tools(folder, &boards)?,
        date: hadamrnn::machine::now().date_naive().to_string(),
        rows,
    })
}

/// Measures all cases on one board; an answer that is not the host's is an error.
fn board_rows(
    folder: &FirmwareFolder,
    board: &Board,
    kernel: KernelName,
    cases: &[Case],
) -> Result<Vec<DeviceRow>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let runs = run_cases(folder, board, kernel, cases, scratch.path())?;
    let windows = window_file(&cases[0])?;
    let request = Request {
        folder,
        board,
        kernel,
        model: &cases[0].model,
        windows: &windows,
        known: false,
    };
    let code_bytes = code_bytes(&request, scratch.path())?;
    let row = |(case, run): (&Case, CaseRun)| row(&request, case, &run, code_bytes);
    cases.iter().zip(runs).map(row).collect()
}

/// Measures a case on one board, in firmware whose compiler knows the model.
fn known_row(folder: &FirmwareFolder, board: &Board, case: &Case) -> Result<DeviceRow> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let windows = window_file(case)?;
    let request = Request {
        folder,
        board,
        kernel: KERNEL_OF_KNOWN,
        model: &case.model,
        windows: &windows,
        known: true,
    };
    let firmware = request.build("classify", scratch.path())?;
    let mut run = firmware.run(board, &windows, scratch.path())?;
    let run = CaseRun {
        answer: run.answers.pop().context("the board gave no answer")?,
        cost: run.cost,
    };
    let code_bytes = code_bytes(&request, scratch.path())?;
    row(&request, case, &run, code_bytes)
}

/// The row of a case; an answer that is not the host's is an error.
fn row(request: &Request<'_>, case: &Case, run: &CaseRun, code_bytes: u64) -> Result<DeviceRow> {
    let hidden = case.model.model()?.hidden_size();
    let (board, kernel) = (request.board, request.kernel);
    ensure!(
        run.answer == answer(case)?,
        "{} {} n = {hidden}: the board's answer is not the host's",
        board.name,
        kernel.name()
    );
    Ok(DeviceRow {
        board: board.name.clone(),
        core: board.core.clone(),
        kernel,
        known: request.known,
        hidden,
        instructions_per_step: run.cost.instructions_per_step.into(),
        readout_instructions: run.cost.readout_instructions.into(),
        load_instructions: run.cost.load_instructions.unwrap_or(0).into(),
        session_bytes: run.cost.session_bytes.into(),
        stack_bytes: run.cost.stack_bytes.into(),
        code_bytes,
        model_bytes: case.model.bytes().len() as u64,
    })
}

/// Flash of a firmware that only infers, less the bytes of the model's file.
fn code_bytes(request: &Request<'_>, scratch: &Path) -> Result<u64> {
    let firmware = request.build("nopanic", scratch)?;
    let flash = firmware.size(request.board)?.flash;
    Ok(flash.saturating_sub(request.model.bytes().len() as u64))
}

/// A file with the window of a case.
fn window_file(case: &Case) -> Result<Vec<u8>> {
    let channels = case.model.model()?.sample_size();
    let header = windows::WindowFileHeader {
        channels: u16::try_from(channels).context("too many channels")?,
        steps: STEPS as u16,
        windows: 1,
    };
    let mut windows = header.to_bytes().to_vec();
    windows.extend(case.window.iter().flat_map(|raw| raw.to_le_bytes()));
    Ok(windows)
}

/// Computes the answer to a case on the host.
fn answer(case: &Case) -> Result<Answer> {
    let model = case.model.model()?;
    let mut session = Session::<RoomOf<Fwht, 512, 64>>::new(&model)?;
    let mut hash = StateHash::new();
    for sample in case.window.chunks(model.sample_size()) {
        session.push(sample)?;
        hash.update(session.states());
    }
    Ok(Answer {
        class: session.class(),
        logits: session.logits().collect(),
        state_hash: hash.finish(),
    })
}

/// Versions of the compilers and emulators of the boards, each once.
pub(super) fn tools(folder: &FirmwareFolder, boards: &[Board]) -> Result<Vec<String>> {
    let mut tools = Vec::new();
    for board in boards {
        tools.push(folder.compiler(board)?);
    }
    for board in boards {
        tools.push(version(&board.qemu)?);
    }
    let mut seen = std::collections::BTreeSet::new();
    tools.retain(|tool| seen.insert(tool.clone()));
    Ok(tools)
}

/// First line of the version that `program` states.
fn version(program: &str) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_string())
}
