//! Accuracy of a run or a model on a split of its data, and answers to an unlabelled table.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use hadamrnn_runtime::Model;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::model::{self, FloatRun, LoadedModel};
use super::place;
use crate::choice::{self, Choice};
use crate::data::glue::{Padding, Submission};
use crate::data::recordings::Overview;
use crate::data::{self, Sequences, Source, Split, Task};
use crate::evaluate;
use crate::integer::{self, KernelName, ModelFile};
use crate::metrics::{self, Confusion, Metrics};
use crate::observer::{Observer, Stage, counting, staged, staged_with};
use crate::task_data::TaskData;
use crate::taught::{self, Judge};

/// A run or a model to evaluate.
#[derive(Clone, Debug)]
pub struct EvaluateOptions {
    /// Run folder, model folder or model file.
    pub model: PathBuf,
    /// Split to evaluate on.
    pub split: EvaluatedSplit,
    /// Kernel of the integer runtime; none is the fastest that fits the model.
    pub kernel: Option<KernelName>,
    /// Folder with the data sets; none is the one that the run keeps, else as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that evaluates the float network.
    pub device: DeviceName,
}

impl EvaluateOptions {
    /// Evaluation of the model at `path` on the test split of its data.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self {
            model: path.into(),
            split: EvaluatedSplit::Test,
            kernel: None,
            data_dir: None,
            device: DeviceName::default(),
        }
    }
}

/// Sequences to evaluate on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvaluatedSplit {
    /// Training split: the sequences that the network was trained on.
    Train,
    /// Validation split: the sequences by which the weights were chosen.
    Valid,
    /// Test split: the sequences that results are reported on.
    Test,
    /// The user's own recordings that are in no split of the run: made after it was trained.
    New,
}

impl Choice for EvaluatedSplit {
    const CHOICES: &'static [Self] = &[Self::Train, Self::Valid, Self::Test, Self::New];
    const KIND: &'static str = "split";

    fn word(self) -> &'static str {
        match self {
            Self::Train => Split::Train.word(),
            Self::Valid => Split::Valid.word(),
            Self::Test => Split::Test.word(),
            Self::New => "new",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Train => Split::Train.meaning(),
            Self::Valid => Split::Valid.meaning(),
            Self::Test => Split::Test.meaning(),
            Self::New => "Your recordings that the run does not know: made after it was trained",
        }
    }
}

choice::words!(EvaluatedSplit);

impl From<Split> for EvaluatedSplit {
    fn from(split: Split) -> Self {
        match split {
            Split::Train => Self::Train,
            Split::Valid => Self::Valid,
            Split::Test => Self::Test,
        }
    }
}

impl EvaluatedSplit {
    /// Place of the split among the origins of windows.
    pub(super) fn place(self) -> usize {
        match self {
            Self::Train => 0,
            Self::Valid => 1,
            Self::Test => 2,
            Self::New => 3,
        }
    }
}

/// The sequences of a split.
pub(super) fn sequences(data: &TaskData, split: EvaluatedSplit) -> Result<Cow<'_, Sequences>> {
    let new = data.own().map(|own| &own.new);
    let found = match split {
        EvaluatedSplit::Train => data.split(Split::Train),
        EvaluatedSplit::Valid => data.split(Split::Valid),
        EvaluatedSplit::Test => data.split(Split::Test),
        EvaluatedSplit::New => {
            let none = || Error::Config(Fault::new("--split new is for your own recordings"));
            Cow::Borrowed(new.ok_or_else(none)?)
        }
    };
    match (found.is_empty(), new.map_or(0, Sequences::len)) {
        (false, _) => Ok(found),
        (true, 0) => Err(Error::Data(Fault::new(format_args!(
            "the split {split} is empty"
        )))),
        (true, new) => Err(Error::Data(Fault::new(format_args!(
            "the split {split} is empty: --split new evaluates on the {new} windows that the run does not know"
        )))),
    }
}

/// Accuracy of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Task of the model.
    pub task: Task,
    /// Sequences of the split.
    pub sequences: usize,
    /// Kernel of the integer runtime.
    pub kernel: KernelName,
    /// Loss and accuracy of the float network; a run folder alone has one.
    pub float: Option<Metrics>,
    /// Loss and accuracy of the integer model.
    pub integer: Metrics,
    /// The user's own recordings that it was evaluated on; none of other data.
    pub recordings: Option<EvaluatedRecordings>,
}

/// Own recordings, and the answers of the integer model to them.
#[derive(Clone, Debug, PartialEq)]
pub struct EvaluatedRecordings {
    /// How they spread over classes and splits.
    pub overview: Overview,
    /// Classes that the integer model answers on the split.
    pub confusion: Confusion,
}

/// Evaluates a model on a split.
///
/// # Errors
/// [`Error::Model`] or [`Error::Checkpoint`]: there is no model, it is damaged, or the kernel cannot run it;
/// [`Error::Data`]: the data are missing, not of its task, or have no such split; [`Error::Device`].
pub fn evaluate(options: &EvaluateOptions, observer: &mut dyn Observer) -> Result<Evaluation> {
    let Measured {
        loaded,
        data,
        kernel,
        float,
        integer,
    } = measure(options, observer)?;
    let sequences = sequences(&data.task, options.split)?;
    let lacking = integer
        .answers
        .iter()
        .filter(|&&answer| answer == u32::MAX)
        .count();
    if lacking > 0 {
        observer.notice(&format!(
            "note: {lacking} of {} windows are answered with classes that were taught and the data lack: they count as wrong, and there is \
             no table of answers",
            integer.answers.len()
        ));
    }
    let confusion = (lacking == 0).then(|| data.task.confusion(&sequences, &integer.answers));
    let confusion = confusion.flatten();
    let own = data.task.own().zip(confusion);
    Ok(Evaluation {
        task: loaded.config.task,
        sequences: sequences.len(),
        kernel,
        float,
        integer: integer.metrics,
        recordings: own.map(|(own, confusion)| EvaluatedRecordings {
            overview: own.overview.clone(),
            confusion,
        }),
    })
}

/// A model with its data, and what it answers to a split of them.
pub(super) struct Measured {
    pub loaded: LoadedModel,
    pub data: RunData,
    /// Kernel of the integer runtime.
    pub kernel: KernelName,
    /// Loss and accuracy of the float network; a run folder alone has one.
    pub float: Option<Metrics>,
    /// Loss, accuracy and answers of the integer model.
    pub integer: metrics::Evaluation,
}

/// Reads a model and its data, and runs it on a split.
///
/// # Errors
/// Those of [`evaluate()`].
pub(super) fn measure(options: &EvaluateOptions, observer: &mut dyn Observer) -> Result<Measured> {
    let device = options.device.open()?;
    let (loaded, data) = read(options, &device, observer)?;
    let sequences = sequences(&data.task, options.split)?;
    let model = loaded.file.model().sort_at(Error::Model, &options.model)?;
    let kernel = options.kernel.unwrap_or(KernelName::best_for(&model));
    let stage = Stage::Evaluating {
        sequences: sequences.len(),
    };
    let (float, integer) = staged_with(observer, &stage, |observer| {
        let float = loaded
            .run
            .as_ref()
            .map(|run| float(run, &sequences, &device, observer));
        let lsb = &data.input_lsb;
        let integer = match Judge::of(&model) {
            Ok(None) => integer(&model, kernel, &sequences, lsb, observer),
            Ok(Some(judge)) => {
                let named = numbers_of_data(&loaded, &model, &data);
                named.and_then(|numbers| {
                    let told = &mut counting(observer, "taught model", sequences.len());
                    taught::evaluation(&model, &judge, kernel, &sequences, lsb, &numbers, told)
                })
            }
            Err(error) => Err(error),
        };
        (float, integer)
    });
    let integer = integer.sort_at(Error::Model, &options.model)?;
    if let Some(line) = unlike_the_card(&loaded, &data.source, options, &integer.metrics) {
        observer.notice(&line);
    }
    drop(sequences);
    Ok(Measured {
        loaded,
        data,
        kernel,
        float,
        integer,
    })
}

/// Reads a model and its data, of which the split is not empty.
///
/// # Errors
/// Those of [`evaluate()`].
pub(super) fn read(
    options: &EvaluateOptions,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(LoadedModel, RunData)> {
    let data_dir = place::data_of_run(&options.model, options.data_dir.as_deref(), observer)?;
    let data_dir = data_dir.as_deref();
    let (loaded, data) = model::load(&options.model, data_dir, device, observer)?;
    let data = match data {
        Some(data) => data,
        None => loaded.data(data_dir, observer)?,
    };
    data.tell(observer);
    let found = sequences(&data.task, options.split).map(drop);
    if let (Err(_), Some(own)) = (&found, data.task.own()) {
        // There is no accuracy that they could stand beside.
        own.doubts.iter().for_each(|line| observer.notice(line));
    }
    found?;
    Ok((loaded, data))
}

/// Numbers of a taught model's classes among those of its data.
fn numbers_of_data(
    loaded: &LoadedModel,
    model: &Model<'_>,
    data: &RunData,
) -> anyhow::Result<Vec<u32>> {
    let folder = loaded.folder.as_ref();
    let trained = folder.map(|folder| &folder.card.classes[..]);
    taught::numbers(model, trained, &data.task.classes())
}

/// The float network's loss and accuracy; the observer is told how far it is.
pub(super) fn float(
    run: &FloatRun,
    sequences: &Sequences,
    device: &Device,
    observer: &mut dyn Observer,
) -> Metrics {
    let told = &mut counting(observer, "float network", sequences.len());
    let standardisation = &run.checkpoint.task.standardisation;
    evaluate::float_evaluation(&run.network, sequences, standardisation, device, told).metrics
}

/// The integer model's loss, accuracy and answers; the observer is told how far it is.
pub(super) fn integer(
    model: &Model<'_>,
    kernel: KernelName,
    sequences: &Sequences,
    input_lsb: &[f32],
    observer: &mut dyn Observer,
) -> anyhow::Result<metrics::Evaluation> {
    let told = &mut counting(observer, "integer model", sequences.len());
    evaluate::integer_evaluation(model, kernel, sequences, input_lsb, told)
}

/// A warning where a model's test split has other metrics than its card says: the same samples and labels give the same.
fn unlike_the_card(
    loaded: &LoadedModel,
    source: &Source,
    options: &EvaluateOptions,
    found: &Metrics,
) -> Option<String> {
    let card = &loaded.folder.as_ref()?.card;
    // What it was taught since has changed it; of that the card tells nothing.
    if found.loss.is_nan() {
        return None;
    }
    let stated = card.results.integer_test;
    let is_same = stated.count == found.count
        && (stated.accuracy - found.accuracy).abs() < 1e-9
        && (stated.loss - found.loss).abs() < 1e-6;
    // That the sample is not the data set is told anyway.
    let applies = options.split == EvaluatedSplit::Test && *source != Source::Sample;
    (applies && !is_same).then(|| {
        format!(
            "warning: these are not the samples and labels that the model was tested on: its card says {:.2} % of {} windows, here it \
             is {:.2} % of {}",
            100.0 * stated.accuracy,
            stated.count,
            100.0 * found.accuracy,
            found.count
        )
    })
}

/// Writes the integer model's answers to GLUE's unlabelled test part as the table to upload; gives how many there are.
/// The split of the options is of no effect.
///
/// # Errors
/// The same as those of [`evaluate()`], and [`Error::Config`]: the task has no such part; [`Error::Io`].
pub fn write_submission(
    options: &EvaluateOptions,
    table: &Path,
    observer: &mut dyn Observer,
) -> Result<usize> {
    let device = options.device.open()?;
    let data_dir = place::data_of_run(&options.model, options.data_dir.as_deref(), observer)?;
    let data_dir = data_dir.as_deref();
    let (loaded, _) = model::load(&options.model, data_dir, &device, observer)?;
    let submission = unlabelled(&loaded, data_dir)?;
    let stage = Stage::Answering {
        rows: submission.indices.len(),
    };
    let classes = staged(observer, &stage, || {
        classes(&loaded.file, options.kernel, &submission)
    });
    let classes = classes.sort_at(Error::Model, &options.model)?;
    submission
        .write(table, &classes)
        .sort_at(Error::Io, table)?;
    Ok(classes.len())
}

/// The unlabelled part of a model's task.
fn unlabelled(loaded: &LoadedModel, data_dir: Option<&Path>) -> Result<Submission> {
    let task = loaded.config.task;
    if !matches!(task, Task::Sst2 | Task::Qqp) {
        return Err(Error::Config(Fault::new(format_args!(
            "--submission is for the tasks of GLUE, sst2 and qqp: this model is of {task}, whose test labels are public"
        ))));
    }
    let source = data::locate(task, data_dir).sort(Error::Data)?;
    if !matches!(source, Source::Files(_)) {
        return Err(Error::Data(Fault::new(format_args!(
            "--submission needs the published tables of {task}: give --data-dir"
        ))));
    }
    Submission::load(task, &source, Padding::default()).sort(Error::Data)
}

fn classes(
    file: &ModelFile,
    kernel: Option<KernelName>,
    submission: &Submission,
) -> anyhow::Result<Vec<u32>> {
    let model = file.model()?;
    taught::refuse(&model, "a table of answers")?;
    let kernel = kernel.unwrap_or(KernelName::best_for(&model));
    let answers = integer::answers(&model, kernel, &submission.sequences, &[])?;
    Ok(answers.iter().map(|answer| answer.class as u32).collect())
}
