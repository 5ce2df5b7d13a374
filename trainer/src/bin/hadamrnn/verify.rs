//! `hadamrnn verify`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::files;
use hadamrnn::data::{Sequences, Split};
use hadamrnn::evaluate;
use hadamrnn::integer::{self, Answer, KernelName, ModelFile};
use hadamrnn::verify::{self, BoardVerdict};
use serde::Serialize;

use crate::Status;
use crate::common::Common;
use crate::model_source::{self, LoadedModel, ModelData, Run};
use crate::output;
use crate::progress::Spinner;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file [default: the shipped models/har2]
    model: Option<PathBuf>,
    /// Board to build firmware for, run and compare; may be given several times, or "all" [default: host only]
    #[arg(long, value_name = "NAME")]
    board: Vec<String>,
    /// Kernel of the firmware [default: the fastest that fits the model]
    #[arg(long, value_enum)]
    kernel: Option<KernelName>,
    /// Test windows to compare, spread evenly over the split; 0 is all
    #[arg(long, default_value_t = 256)]
    windows: usize,
    /// Show the firmware's log
    #[arg(long)]
    log: bool,
    /// Folder of the firmware sources, which are built and run [default: firmware-examples here or above]
    #[arg(long, value_name = "DIR")]
    firmware_dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Outcome of all checks.
#[derive(Serialize)]
pub struct Verdict {
    /// On the host.
    pub host: HostVerdict,
    /// One a board.
    pub boards: Vec<BoardVerdict>,
}

/// Checks that need no board.
#[derive(Serialize)]
pub struct HostVerdict {
    /// Windows compared.
    pub windows: usize,
    /// Windows on which every kernel gives the same class, logits and state digest.
    kernels_equal: usize,
    kernels: Vec<KernelName>,
    /// Golden vectors that hold, of how many, if the model has some.
    golden: Option<(usize, usize)>,
    /// Windows that the float network puts in the same class, if there is one.
    pub same_class_as_float: Option<usize>,
}

impl Verdict {
    /// Whether everything that must be equal is.
    pub fn passed(&self) -> bool {
        self.host.kernels_equal == self.host.windows
            && self.host.golden.is_none_or(|(held, all)| held == all)
            && self.boards.iter().all(BoardVerdict::passed)
    }
}

pub fn run(args: &Args) -> Result<Status> {
    let device = args.common.device.device()?;
    let path = match &args.model {
        Some(path) => path.clone(),
        None => FirmwareFolder::locate(args.firmware_dir.as_deref())?
            .path()
            .join("../models/har2"),
    };
    let (loaded, data) = model_source::load(&path, &args.common.data, &device)?;
    let data = data.map_or_else(|| ModelData::load(&loaded.config, &args.common.data), Ok)?;
    let limit = (args.windows > 0).then_some(args.windows);
    let sequences = data.sequences(Split::Test, limit);
    ensure!(!sequences.is_empty(), "the test split is empty");
    let host = host(
        &loaded.file,
        loaded.run.as_ref(),
        loaded.folder.as_deref(),
        &sequences,
        &data.input_lsb,
        &device,
    )?;
    let model = loaded.file.model()?;
    let kernel = args.kernel.unwrap_or(KernelName::best_for(&model));
    let boards = if args.board.is_empty() {
        Vec::new()
    } else {
        let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
        boards(
            &folder,
            &args.board,
            kernel,
            &loaded.file,
            &sequences,
            &data.input_lsb,
        )?
    };
    let verdict = Verdict { host, boards };
    if args.common.json {
        output::json(&verdict)?;
    } else {
        print(&verdict, args.log)?;
    }
    Ok(if verdict.passed() {
        Status::Success
    } else {
        Status::Mismatch
    })
}

/// Checks the model on the host.
pub fn host(
    file: &ModelFile,
    run: Option<&Run>,
    folder: Option<&Path>,
    sequences: &Sequences,
    input_lsb: &[f32],
    device: &burn::tensor::Device,
) -> Result<HostVerdict> {
    let _spinner = Spinner::new("running every kernel on the host");
    let model = file.model()?;
    let mut all: Vec<(KernelName, Vec<Answer>)> = Vec::new();
    for kernel in KernelName::ALL {
        if kernel != KernelName::FwhtPacked
            || KernelName::best_for(&model) == KernelName::FwhtPacked
        {
            all.push((
                kernel,
                integer::answers(&model, kernel, sequences, input_lsb)?,
            ));
        }
    }
    let first = &all[0].1;
    let equal = |i: &usize| all.iter().all(|(_, answers)| answers[*i] == first[*i]);
    let float = run.map(|run| {
        evaluate::float_logits(
            &run.network,
            sequences,
            &run.checkpoint.task.standardisation,
            device,
        )
    });
    let same_class = float
        .filter(|logits| logits.len() == first.len())
        .map(|logits| {
            let classes = logits.iter().map(|logits| hadamrnn::metrics::class(logits));
            classes
                .zip(first)
                .filter(|(class, answer)| *class == answer.class)
                .count()
        });
    Ok(HostVerdict {
        windows: first.len(),
        kernels_equal: (0..first.len()).filter(equal).count(),
        kernels: all.iter().map(|(kernel, _)| *kernel).collect(),
        golden: folder
            .map(|folder| golden(file, folder))
            .transpose()?
            .flatten(),
        same_class_as_float: same_class,
    })
}

/// How many golden vectors of a model folder hold, of how many.
fn golden(file: &ModelFile, folder: &Path) -> Result<Option<(usize, usize)>> {
    let path = folder.join(files::GOLDEN);
    let Ok(text) = std::fs::read_to_string(&path) else {
        return Ok(None);
    };
    let expected: Vec<Answer> =
        serde_json::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?;
    let windows = folder.join(files::WINDOWS);
    let bytes =
        std::fs::read(&windows).with_context(|| format!("cannot read {}", windows.display()))?;
    let found = verify::answers_to_window_file(&file.model()?, &bytes)
        .with_context(|| format!("{}", windows.display()))?;
    let held = expected
        .iter()
        .zip(&found)
        .filter(|(expected, found)| expected == found)
        .count();
    Ok(Some((held, expected.len().max(found.len()))))
}

/// Builds and runs firmware for each named board.
pub fn boards(
    folder: &FirmwareFolder,
    names: &[String],
    kernel: KernelName,
    file: &ModelFile,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<BoardVerdict>> {
    let all: Vec<String> = match names {
        [name] if name == "all" => folder
            .emulated_boards()?
            .into_iter()
            .map(|board| board.name)
            .collect(),
        names => names.to_vec(),
    };
    all.iter()
        .map(|name| {
            let _spinner = Spinner::new(format!("building firmware for {name} and running it"));
            verify::board(folder, name, kernel, file, sequences, input_lsb)
        })
        .collect()
}

/// Runs at most `limit` test windows of `data` (0 is all) on each named board, with the fastest kernel.
pub fn boards_over_test_windows(
    folder: &FirmwareFolder,
    names: &[String],
    loaded: &LoadedModel,
    data: &ModelData,
    limit: usize,
) -> Result<Vec<BoardVerdict>> {
    let windows = data.sequences(Split::Test, (limit > 0).then_some(limit));
    let kernel = KernelName::best_for(&loaded.file.model()?);
    boards(
        folder,
        names,
        kernel,
        &loaded.file,
        &windows,
        &data.input_lsb,
    )
}

fn print(verdict: &Verdict, log: bool) -> Result<()> {
    let host = &verdict.host;
    let kernels: Vec<&str> = host.kernels.iter().map(|kernel| kernel.name()).collect();
    output::line(&format!(
        "host: {} of {} windows equal on {}",
        host.kernels_equal,
        host.windows,
        kernels.join(", ")
    ))?;
    if let Some((held, all)) = host.golden {
        output::line(&format!("host: {held} of {all} golden vectors hold"))?;
    }
    if let Some(same) = host.same_class_as_float {
        output::line(&format!(
            "host: {same} of {} windows in the float network's class",
            host.windows
        ))?;
    }
    if verdict.boards.is_empty() {
        return Ok(());
    }
    output::line("")?;
    print_boards(&verdict.boards)?;
    for board in &verdict.boards {
        if let Some(difference) = &board.first_difference {
            output::line(&format!(
                "{}: first difference: {difference:?}",
                board.board
            ))?;
        }
        if log {
            output::line(&format!("\n{} log:\n{}", board.board, board.log.join("\n")))?;
        }
    }
    Ok(())
}

/// One row a board.
pub fn print_boards(boards: &[BoardVerdict]) -> Result<()> {
    let head = [
        "board",
        "kernel",
        "equal",
        "accuracy",
        "instr/step",
        "instr/window",
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
        "flash, RAM: bytes of a firmware that only infers, model included; counts: exact instructions",
    )
}
