//! `hadamrnn verify`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::card::files;
use hadamrnn::data::{self, Sequences, Split};
use hadamrnn::evaluate;
use hadamrnn::integer::{self, Answer, KernelName, ModelFile};
use hadamrnn::model_folder::ModelFolder;
use hadamrnn::shipped;
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
    #[arg(long, value_enum, requires = "board")]
    kernel: Option<KernelName>,
    /// Windows to compare, spread evenly over the test split; 0 is all. Without the data set, those of the model folder
    #[arg(long, default_value_t = 256)]
    windows: usize,
    /// Show the firmware's log
    #[arg(long, requires = "board")]
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
    /// Where they are from.
    windows_of: String,
    /// Windows on which every kernel gives the same class, logits and state digest.
    kernels_equal: usize,
    kernels: Vec<KernelName>,
    /// Golden vectors that hold, of how many, if the model lies in a folder.
    golden: Option<(usize, usize)>,
    /// Windows that the float network puts in the same class, if there is one.
    pub same_class_as_float: Option<usize>,
}

impl Verdict {
    /// Whether everything that must be equal is.
    pub fn passed(&self) -> bool {
        self.host.windows > 0
            && self.host.kernels_equal == self.host.windows
            && self.host.golden.is_none_or(|(held, all)| held == all)
            && self.boards.iter().all(BoardVerdict::passed)
    }
}

pub fn run(args: &Args) -> Result<Status> {
    let device = args.common.device.device()?;
    let unpacked;
    let path = match &args.model {
        Some(path) => path.as_path(),
        None => {
            unpacked = shipped::har2_folder()?;
            unpacked.path()
        }
    };
    let (loaded, data) = model_source::load(path, &args.common.data, &device)?;
    let loaded_data;
    let windows = match instead_of_data(&loaded, args) {
        Some(folder) => Windows::of_folder(folder, &loaded.file, args.windows)?,
        None => {
            loaded_data = data.map_or_else(|| loaded.data(&args.common.data), Ok)?;
            Windows::of_data(&loaded_data, args.windows)
        }
    };
    ensure!(!windows.sequences.is_empty(), "{} is empty", windows.origin);
    let golden = loaded.folder.as_ref();
    let host = host(&loaded.file, loaded.run.as_ref(), golden, &windows, &device)?;
    let kernel = kernel(args, &loaded.file)?;
    let boards = if args.board.is_empty() {
        Vec::new()
    } else {
        let folder = FirmwareFolder::locate(args.firmware_dir.as_deref())?;
        boards(&folder, &args.board, kernel, &loaded.file, &windows)?
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

/// The kernel of the firmware.
fn kernel(args: &Args, file: &ModelFile) -> Result<KernelName> {
    let model = file.model()?;
    let kernel = args.kernel.unwrap_or(KernelName::best_for(&model));
    ensure!(
        kernel.runs(&model),
        "--kernel {}: the model's states are too wide for it",
        kernel.name()
    );
    Ok(kernel)
}

/// The model folder whose windows stand in for the data set, where that is not at hand and was not asked for.
fn instead_of_data<'a>(loaded: &'a LoadedModel, args: &Args) -> Option<&'a ModelFolder> {
    // A folder that is not there was mistyped; one that lacks the set may be for others.
    let is_mistyped = std::env::var_os(data::DATA_DIR_VARIABLE)
        .is_some_and(|folder| !folder.is_empty() && !Path::new(&folder).exists());
    let asked = args.common.data.data_dir.is_some() || is_mistyped;
    let folder = loaded.folder.as_ref().filter(|_| !asked)?;
    data::locate(loaded.config.task, None)
        .is_err()
        .then_some(folder)
}

/// Windows to compare on.
pub struct Windows<'a> {
    sequences: Cow<'a, Sequences>,
    input_lsb: Vec<f32>,
    /// Whether their classes are known.
    is_labelled: bool,
    /// Where they are from, for people.
    origin: String,
}

impl<'a> Windows<'a> {
    /// At most `limit` windows of the test split, 0 for all.
    pub fn of_data(data: &'a ModelData, limit: usize) -> Self {
        Self {
            sequences: data.sequences(Split::Test, (limit > 0).then_some(limit)),
            input_lsb: data.input_lsb.clone(),
            is_labelled: true,
            origin: "the test split".into(),
        }
    }

    /// At most `limit` windows of a model folder, 0 for all.
    fn of_folder(folder: &ModelFolder, file: &ModelFile, limit: usize) -> Result<Self> {
        let path = folder.path.join(files::WINDOWS).display().to_string();
        let all = verify::windows_of_file(&file.model()?, &folder.windows)
            .with_context(|| path.clone())?;
        let count = match limit {
            0 => all.len(),
            limit => limit.min(all.len()),
        };
        Ok(Self {
            input_lsb: vec![1.0; all.channels],
            sequences: Cow::Owned(all.select(&(0..count).collect::<Vec<_>>())),
            is_labelled: false,
            origin: path,
        })
    }
}

/// Checks the model on the host: its kernels, the vectors of its folder, and the network of its run.
pub fn host(
    file: &ModelFile,
    run: Option<&Run>,
    folder: Option<&ModelFolder>,
    windows: &Windows<'_>,
    device: &burn::tensor::Device,
) -> Result<HostVerdict> {
    let _spinner = Spinner::new("running every kernel on the host");
    let model = file.model()?;
    let (sequences, lsb) = (&windows.sequences, &windows.input_lsb);
    let kernels: Vec<KernelName> = (KernelName::ALL.into_iter())
        .filter(|kernel| kernel.runs(&model))
        .collect();
    let all: Vec<Vec<Answer>> = (kernels.iter())
        .map(|&kernel| integer::answers(&model, kernel, sequences, lsb))
        .collect::<Result<_>>()?;
    let first = &all[0];
    let equal = |i: &usize| all.iter().all(|answers| answers[*i] == first[*i]);
    let same_class = run.map(|run| {
        let standardisation = &run.checkpoint.task.standardisation;
        let logits = evaluate::float_logits(&run.network, sequences, standardisation, device);
        // Of each window the last step's.
        let steps = (logits.len() / first.len().max(1)).max(1);
        let last = logits.chunks(steps).filter_map(|steps| steps.last());
        let classes = last.map(|logits| hadamrnn::metrics::class(logits));
        let both = classes.zip(first);
        both.filter(|(class, answer)| *class == answer.class)
            .count()
    });
    Ok(HostVerdict {
        windows: first.len(),
        windows_of: windows.origin.clone(),
        kernels_equal: (0..first.len()).filter(equal).count(),
        kernels,
        golden: folder.map(|folder| golden(file, folder)).transpose()?,
        same_class_as_float: same_class,
    })
}

/// How many golden vectors of a model folder hold, of how many.
fn golden(file: &ModelFile, folder: &ModelFolder) -> Result<(usize, usize)> {
    let found = verify::answers_to_window_file(&file.model()?, &folder.windows)
        .with_context(|| format!("{}", folder.path.join(files::WINDOWS).display()))?;
    let both = folder.golden.iter().zip(&found);
    let held = both.filter(|(expected, found)| expected == found).count();
    Ok((held, folder.golden.len().max(found.len())))
}

/// Builds and runs firmware for each named board.
pub fn boards(
    folder: &FirmwareFolder,
    names: &[String],
    kernel: KernelName,
    file: &ModelFile,
    windows: &Windows<'_>,
) -> Result<Vec<BoardVerdict>> {
    let all: Vec<String> = match names {
        [name] if name == "all" => folder
            .emulated_boards()?
            .into_iter()
            .map(|board| board.name)
            .collect(),
        names => names.to_vec(),
    };
    ensure!(!all.is_empty(), "--board all: there is no emulated board");
    all.iter()
        .map(|name| {
            let _spinner = Spinner::new(format!("building firmware for {name} and running it"));
            let (sequences, lsb) = (&windows.sequences, &windows.input_lsb);
            let mut verdict = verify::board(folder, name, kernel, file, sequences, lsb)?;
            verdict.accuracy = verdict.accuracy.filter(|_| windows.is_labelled);
            Ok(verdict)
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
    let kernel = KernelName::best_for(&loaded.file.model()?);
    let windows = Windows::of_data(data, limit);
    boards(folder, names, kernel, &loaded.file, &windows)
}

/// What was compared, and what not.
fn print(verdict: &Verdict, log: bool) -> Result<()> {
    let host = &verdict.host;
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
    for kernel in KernelName::ALL {
        if !host.kernels.contains(&kernel) {
            let name = kernel.name();
            output::line(&format!(
                "kernels: {name} not compared, the model's states are too wide for it"
            ))?;
        }
    }
    output::line(&match host.same_class_as_float {
        Some(same) => format!(
            "float network: {same} of {} windows in its class",
            host.windows
        ),
        None => "float network: not compared, only a run folder has it".into(),
    })?;
    if verdict.boards.is_empty() {
        return output::line("boards: not compared, none was named with --board");
    }
    let passed = verdict.boards.iter().filter(|board| board.passed()).count();
    output::line(&format!(
        "boards: {passed} of {} equal to the host\n",
        verdict.boards.len()
    ))?;
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
