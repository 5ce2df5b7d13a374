//! Accuracy of a run or a model on a split of its data, and answers to an unlabelled table.

use std::path::{Path, PathBuf};

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::model::{self, LoadedModel};
use crate::data::glue::{Padding, Submission};
use crate::data::{self, Source, Split, Task};
use crate::evaluate;
use crate::integer::{self, KernelName, ModelFile};
use crate::metrics::Metrics;
use crate::observer::{Observer, Stage, staged};

/// A run or a model to evaluate.
#[derive(Clone, Debug)]
pub struct EvaluateOptions {
    /// Run folder, model folder or model file.
    pub model: PathBuf,
    /// Split to evaluate on.
    pub split: Split,
    /// Kernel of the integer runtime; none is the fastest that fits the model.
    pub kernel: Option<KernelName>,
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that evaluates the float network.
    pub device: DeviceName,
}

impl EvaluateOptions {
    /// Evaluation of the model at `path` on the test split of its data.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self {
            model: path.into(),
            split: Split::Test,
            kernel: None,
            data_dir: None,
            device: DeviceName::default(),
        }
    }
}

/// Accuracy of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
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
}

/// Evaluates a model on a split.
///
/// # Errors
/// [`Error::Model`] or [`Error::Checkpoint`]: there is no model, it is damaged, or the kernel cannot run it;
/// [`Error::Data`]: the data are missing, not of its task, or have no such split; [`Error::Device`].
pub fn evaluate(options: &EvaluateOptions, observer: &mut dyn Observer) -> Result<Evaluation> {
    let device = options.device.open()?;
    let data_dir = options.data_dir.as_deref();
    let (loaded, data) = model::load(&options.model, data_dir, &device, observer)?;
    let data = match data {
        Some(data) => data,
        None => RunData::load(&loaded.config, data_dir, observer)?,
    };
    let sequences = data.sequences(options.split, None);
    if sequences.is_empty() {
        return Err(Error::Data(Fault::new("the split is empty")));
    }
    let model = loaded.file.model().sort_at(Error::Model, &options.model)?;
    let kernel = options.kernel.unwrap_or(KernelName::best_for(&model));
    let stage = Stage::Evaluating {
        sequences: sequences.len(),
    };
    let (float, integer) = staged(observer, &stage, || {
        let float = loaded.run.as_ref().map(|run| {
            let standardisation = &run.checkpoint.task.standardisation;
            evaluate::float_metrics(&run.network, &sequences, standardisation, &device)
        });
        let integer = evaluate::integer_metrics(&model, kernel, &sequences, &data.input_lsb);
        (float, integer)
    });
    Ok(Evaluation {
        task: loaded.config.task,
        sequences: sequences.len(),
        kernel,
        float,
        integer: integer.sort_at(Error::Model, &options.model)?,
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
    let data_dir = options.data_dir.as_deref();
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
    let kernel = kernel.unwrap_or(KernelName::best_for(&model));
    let answers = integer::answers(&model, kernel, &submission.sequences, &[])?;
    Ok(answers.iter().map(|answer| answer.class as u32).collect())
}
