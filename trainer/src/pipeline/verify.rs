//! Checking a model: reference answers, kernels, boards.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use burn::tensor::Device;
use hadamrnn_runtime::Model;
use serde::Serialize;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::model::{self, FloatRun, LoadedModel};
use crate::board::FirmwareFolder;
use crate::card::files;
use crate::data::{self, Sequences, Split};
use crate::evaluate;
use crate::integer::{self, Answer, Judged, KernelName, ModelFile};
use crate::metrics;
use crate::model_folder::ModelFolder;
use crate::observer::{Observer, Stage, staged};
use crate::shipped;
use crate::taught;
use crate::verify::{self, BoardVerdict};

/// A model to check.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// Run folder, model folder or model file; none is the shipped model of `har2`.
    pub model: Option<PathBuf>,
    /// Boards to build firmware for and run, see [`BoardOptions`]. Without any, the model is checked on the host alone.
    pub boards: BoardOptions,
    /// Kernel of the firmware; none is the fastest that fits the model.
    pub kernel: Option<KernelName>,
    /// Windows to compare, spread evenly over the test split; 0 is all. Without the data set, those of the model folder.
    pub windows: usize,
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that evaluates the float network.
    pub device: DeviceName,
}

/// Emulated boards to run firmware on.
#[derive(Clone, Debug, Default)]
pub struct BoardOptions {
    /// Names of boards of the registry, or "all" alone.
    pub names: Vec<String>,
    /// Folder of the firmware sources; none is `firmware-examples` here or above.
    pub firmware_dir: Option<PathBuf>,
}

impl BoardOptions {
    /// Checks, before long work and not after it, that there are firmware sources if there are boards.
    ///
    /// # Errors
    /// [`Error::Board`]: there are none.
    pub(super) fn check_firmware(&self) -> Result<()> {
        if !self.names.is_empty() {
            FirmwareFolder::locate(self.firmware_dir.as_deref()).sort(Error::Board)?;
        }
        Ok(())
    }
}

/// Outcome of all checks.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// On the host.
    pub host: HostVerdict,
    /// One a board.
    pub boards: Vec<BoardVerdict>,
}

/// Outcome of the checks that need no board.
#[derive(Clone, Debug, Serialize)]
pub struct HostVerdict {
    /// Windows compared.
    pub windows: usize,
    /// Where they are from.
    pub windows_of: String,
    /// Windows on which every kernel gives the same class, logits and state digest.
    pub kernels_equal: usize,
    /// Kernels compared: those that can run the model.
    pub kernels: Vec<KernelName>,
    /// Names of the model's parts that judge windows: its metric, its decision.
    pub parts: Vec<&'static str>,
    /// Windows on which every kernel gives the same novelty score and decided class, as the answers of one stream; none of a model
    /// without these parts.
    pub judged_equal: Option<usize>,
    /// Golden vectors that hold, of how many, if the model lies in a folder.
    pub golden: Option<(usize, usize)>,
    /// Windows that the float network puts in the same class, if there is one.
    pub same_class_as_float: Option<usize>,
}

impl HostVerdict {
    /// Whether everything that must be equal is.
    pub fn passed(&self) -> bool {
        self.windows > 0
            && self.kernels_equal == self.windows
            && self.judged_equal.is_none_or(|equal| equal == self.windows)
            && self.golden.is_none_or(|(held, all)| held == all)
    }
}

impl Verdict {
    /// Whether everything that must be equal is.
    pub fn passed(&self) -> bool {
        self.host.passed() && self.boards.iter().all(BoardVerdict::passed)
    }
}

/// Checks a model. A difference is no error: the verdict has it.
///
/// # Errors
/// [`Error::Model`] or [`Error::Checkpoint`]: there is no model, or it is damaged; [`Error::Config`]: the kernel cannot run
/// it; [`Error::Data`]: there are no windows to compare; [`Error::Board`]: firmware cannot be built or run;
/// [`Error::Device`]; [`Error::Io`].
pub fn verify(options: &VerifyOptions, observer: &mut dyn Observer) -> Result<Verdict> {
    options.boards.check_firmware()?;
    let device = options.device.open()?;
    let data_dir = options.data_dir.as_deref();
    let unpacked;
    let path = match &options.model {
        Some(path) => path.as_path(),
        None => {
            unpacked = shipped::har2_folder().sort(Error::Io)?;
            unpacked.path()
        }
    };
    let (loaded, data) = model::load(path, data_dir, &device, observer)?;
    let loaded_data;
    let windows = match (instead_of_data(&loaded, data_dir), data) {
        (Some(folder), _) => {
            let windows = TestWindows::of_folder(folder, &loaded.file, options.windows);
            windows.sort_at(Error::Model, path)?
        }
        (None, data) => {
            loaded_data = match data {
                Some(data) => data,
                None => loaded.data(data_dir, observer)?,
            };
            TestWindows::of_data(&loaded_data, options.windows)
        }
    };
    let model = loaded.file.model().sort_at(Error::Model, path)?;
    if taught::is_taught(&model).sort_at(Error::Model, path)? {
        observer.notice(
            "note: the answers that are compared are the network's; what the model was taught does not enter them",
        );
    }
    let host = host(
        &loaded.file,
        loaded.run.as_ref(),
        loaded.folder.as_ref(),
        &windows,
        &device,
        observer,
    )?;
    let kernel = kernel(options.kernel, &loaded.file)?;
    let boards = boards(&options.boards, kernel, &loaded.file, &windows, observer)?;
    Ok(Verdict { host, boards })
}

/// The kernel of the firmware.
fn kernel(wanted: Option<KernelName>, file: &ModelFile) -> Result<KernelName> {
    let model = file.model().sort(Error::Model)?;
    let kernel = wanted.unwrap_or(KernelName::best_for(&model));
    if kernel.runs(&model) {
        return Ok(kernel);
    }
    Err(Error::Config(Fault::new(format_args!(
        "--kernel {kernel}: the model's states are too wide for it"
    ))))
}

/// The model folder whose windows stand in for the data set, where that is not at hand and was not asked for.
fn instead_of_data<'a>(
    loaded: &'a LoadedModel,
    data_dir: Option<&Path>,
) -> Option<&'a ModelFolder> {
    // A folder that is not there was mistyped; one that lacks the set may be for others.
    let is_mistyped = std::env::var_os(data::DATA_DIR_VARIABLE)
        .is_some_and(|folder| !folder.is_empty() && !Path::new(&folder).exists());
    let asked = data_dir.is_some() || is_mistyped;
    let folder = loaded.folder.as_ref().filter(|_| !asked)?;
    data::locate(loaded.config.task, None)
        .is_err()
        .then_some(folder)
}

/// Windows to compare answers on.
pub(super) struct TestWindows<'a> {
    sequences: Cow<'a, Sequences>,
    input_lsb: Vec<f32>,
    /// Whether their classes are known.
    is_labelled: bool,
    /// Where they are from, for people.
    origin: String,
}

impl<'a> TestWindows<'a> {
    /// At most `limit` windows of the test split, 0 for all.
    pub(super) fn of_data(data: &'a RunData, limit: usize) -> Self {
        Self {
            sequences: data.sequences(Split::Test, (limit > 0).then_some(limit)),
            input_lsb: data.input_lsb.clone(),
            is_labelled: true,
            origin: "the test split".into(),
        }
    }

    /// At most `limit` windows of a model folder, 0 for all.
    fn of_folder(folder: &ModelFolder, file: &ModelFile, limit: usize) -> anyhow::Result<Self> {
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
pub(super) fn host(
    file: &ModelFile,
    run: Option<&FloatRun>,
    folder: Option<&ModelFolder>,
    windows: &TestWindows<'_>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<HostVerdict> {
    if windows.sequences.is_empty() {
        let fault = Fault::new(format_args!("{} is empty", windows.origin));
        return Err(Error::Data(fault));
    }
    let verdict: anyhow::Result<HostVerdict> = staged(observer, &Stage::CheckingKernels, || {
        let (kernels, all) = every_kernel(file, windows)?;
        let first = &all[0];
        let equal = |i: &usize| all.iter().all(|answers| answers[*i] == first[*i]);
        let model = file.model()?;
        let parts = verify::parts(&model);
        let judged_equal = match parts.is_empty() {
            true => None,
            false => Some(judged_equal(&model, &kernels, windows)?),
        };
        Ok(HostVerdict {
            windows: first.len(),
            windows_of: windows.origin.clone(),
            kernels_equal: (0..first.len()).filter(equal).count(),
            kernels,
            parts,
            judged_equal,
            golden: folder.map(|folder| golden(file, folder)).transpose()?,
            same_class_as_float: run.map(|run| same_class(run, first, windows, device)),
        })
    });
    verdict.sort(Error::Model)
}

/// The kernels that can run the model, and the answers of each.
fn every_kernel(
    file: &ModelFile,
    windows: &TestWindows<'_>,
) -> anyhow::Result<(Vec<KernelName>, Vec<Vec<Answer>>)> {
    let model = file.model()?;
    let kernels: Vec<KernelName> = (KernelName::ALL.into_iter())
        .filter(|kernel| kernel.runs(&model))
        .collect();
    let answers = |&kernel: &KernelName| {
        integer::answers(&model, kernel, &windows.sequences, &windows.input_lsb)
    };
    let all = kernels.iter().map(answers).collect::<anyhow::Result<_>>()?;
    Ok((kernels, all))
}

/// Windows on which every kernel gives the same novelty score and decided class.
fn judged_equal(
    model: &Model<'_>,
    kernels: &[KernelName],
    windows: &TestWindows<'_>,
) -> anyhow::Result<usize> {
    let of = |&kernel| verify::judge(model, kernel, &windows.sequences, &windows.input_lsb);
    let all: Vec<Vec<Judged>> = kernels.iter().map(of).collect::<anyhow::Result<_>>()?;
    let Some((first, others)) = all.split_first() else {
        return Ok(0);
    };
    let is_equal = |i: &usize| others.iter().all(|other| other[*i] == first[*i]);
    Ok((0..first.len()).filter(is_equal).count())
}

/// Number of windows that the float network puts in the integer model's class.
fn same_class(
    run: &FloatRun,
    answers: &[Answer],
    windows: &TestWindows<'_>,
    device: &Device,
) -> usize {
    let standardisation = &run.checkpoint.task.standardisation;
    let logits = evaluate::float_logits(&run.network, &windows.sequences, standardisation, device);
    // Of each window the last step's.
    let steps = (logits.len() / answers.len().max(1)).max(1);
    let last = logits.chunks(steps).filter_map(|steps| steps.last());
    let classes = last.map(|logits| metrics::class(logits));
    let both = classes.zip(answers);
    both.filter(|(class, answer)| *class == answer.class)
        .count()
}

/// How many golden vectors of a model folder hold, of how many.
fn golden(file: &ModelFile, folder: &ModelFolder) -> anyhow::Result<(usize, usize)> {
    let found = verify::answers_to_window_file(&file.model()?, &folder.windows)
        .with_context(|| format!("{}", folder.path.join(files::WINDOWS).display()))?;
    let both = folder.golden.iter().zip(&found);
    let held = both.filter(|(expected, found)| expected == found).count();
    Ok((held, folder.golden.len().max(found.len())))
}

/// Builds and runs firmware for each named board.
fn boards(
    options: &BoardOptions,
    kernel: KernelName,
    file: &ModelFile,
    windows: &TestWindows<'_>,
    observer: &mut dyn Observer,
) -> Result<Vec<BoardVerdict>> {
    if options.names.is_empty() {
        return Ok(Vec::new());
    }
    let folder = FirmwareFolder::locate(options.firmware_dir.as_deref()).sort(Error::Board)?;
    let names = board_names(&folder, &options.names)?;
    let mut verdicts = Vec::new();
    for name in names {
        let stage = Stage::RunningBoard {
            board: name.clone(),
        };
        let (sequences, lsb) = (&windows.sequences, &windows.input_lsb);
        let verdict = staged(observer, &stage, || {
            verify::board(&folder, &name, kernel, file, sequences, lsb)
        });
        let mut verdict = verdict.sort(Error::Board)?;
        verdict.accuracy = verdict.accuracy.filter(|_| windows.is_labelled);
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

fn board_names(folder: &FirmwareFolder, names: &[String]) -> Result<Vec<String>> {
    let all: Vec<String> = match names {
        [name] if name == "all" => {
            let boards = folder.emulated_boards().sort(Error::Board)?;
            boards.into_iter().map(|board| board.name).collect()
        }
        names => names.to_vec(),
    };
    if all.is_empty() {
        let fault = Fault::new("--board all: there is no emulated board");
        return Err(Error::Board(fault));
    }
    Ok(all)
}

/// Runs at most `limit` test windows of `data` (0 is all) on each named board, with the fastest kernel.
pub(super) fn boards_over_test_windows(
    options: &BoardOptions,
    file: &ModelFile,
    data: &RunData,
    limit: usize,
    observer: &mut dyn Observer,
) -> Result<Vec<BoardVerdict>> {
    let kernel = kernel(None, file)?;
    boards(
        options,
        kernel,
        file,
        &TestWindows::of_data(data, limit),
        observer,
    )
}
