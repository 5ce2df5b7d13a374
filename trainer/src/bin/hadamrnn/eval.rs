//! `hadamrnn eval`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;
use hadamrnn::data::glue::{Padding, Submission};
use hadamrnn::data::{self, Source, Split, Task};
use hadamrnn::evaluate;
use hadamrnn::integer::{self, KernelName};
use hadamrnn::metrics::Metrics;
use serde_json::json;

use crate::Status;
use crate::common::{Common, DataArgs};
use crate::model_source::{self, LoadedModel, ModelData};
use crate::output;
use crate::progress::Spinner;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file
    model: PathBuf,
    /// Split to evaluate on
    #[arg(long, value_enum, default_value_t = SplitName::Test)]
    split: SplitName,
    /// Kernel of the integer runtime [default: the fastest that fits the model]
    #[arg(long, value_enum)]
    kernel: Option<KernelName>,
    /// Answer GLUE's unlabelled test part (sst2, qqp) instead, and write the table to upload
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    submission: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SplitName {
    /// What the weights were fitted to.
    Train,
    /// What the weights were chosen by.
    Valid,
    /// What is reported.
    Test,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Self::Train,
            SplitName::Valid => Self::Valid,
            SplitName::Test => Self::Test,
        }
    }
}

pub fn run(args: &Args) -> Result<Status> {
    let device = args.common.device.device()?;
    let (loaded, data) = model_source::load(&args.model, &args.common.data, &device)?;
    if let Some(path) = &args.submission {
        let rows = write_submission(path, &loaded, args.kernel, &args.common.data)?;
        if args.common.json {
            output::json(&json!({ "submission": path, "rows": rows }))?;
        } else {
            output::line(&format!("{}: {rows} predictions", path.display()))?;
        }
        return Ok(Status::Success);
    }
    let data = data.map_or_else(|| ModelData::load(&loaded.config, &args.common.data), Ok)?;
    let sequences = data.sequences(args.split.into(), None);
    ensure!(!sequences.is_empty(), "the split is empty");
    let model = loaded.file.model()?;
    let kernel = args.kernel.unwrap_or(KernelName::best_for(&model));
    let spinner = Spinner::new(format!("evaluating {} sequences", sequences.len()));
    let float = loaded.run.as_ref().map(|run| {
        evaluate::float_metrics(
            &run.network,
            &sequences,
            &run.checkpoint.task.standardisation,
            &device,
        )
    });
    let integer = evaluate::integer_metrics(&model, kernel, &sequences, &data.input_lsb)?;
    drop(spinner);
    if args.common.json {
        let split = format!("{:?}", args.split).to_lowercase();
        output::json(&json!({
            "task": loaded.config.task, "split": split, "sequences": sequences.len(),
            "kernel": kernel, "float": float, "integer": integer,
        }))?;
    } else {
        let row = |name: &str, metrics: Metrics| {
            vec![
                name.to_string(),
                output::percent(metrics.accuracy),
                format!("{:.6}", metrics.loss),
            ]
        };
        let mut rows = vec![vec![
            format!("{} sequences", sequences.len()),
            "accuracy".into(),
            "loss".into(),
        ]];
        rows.extend(float.map(|metrics| row("float", metrics)));
        rows.push(row(&format!("integer ({})", kernel.name()), integer));
        output::table(&rows)?;
    }
    Ok(Status::Success)
}

/// Writes the integer model's answers to the unlabelled test part; gives how many there are.
fn write_submission(
    path: &Path,
    loaded: &LoadedModel,
    kernel: Option<KernelName>,
    args: &DataArgs,
) -> Result<usize> {
    let task = loaded.config.task;
    ensure!(
        matches!(task, Task::Sst2 | Task::Qqp),
        "--submission is for the tasks of GLUE, sst2 and qqp: this model is of {task}, whose test labels are public"
    );
    let source = data::locate(task, args.data_dir.as_deref())?;
    if !matches!(source, Source::Files(_)) {
        bail!("--submission needs the published tables of {task}: give --data-dir");
    }
    let submission = Submission::load(task, &source, Padding::default())?;
    let model = loaded.file.model()?;
    let kernel = kernel.unwrap_or(KernelName::best_for(&model));
    let spinner = Spinner::new(format!("answering {} rows", submission.indices.len()));
    let answers = integer::answers(&model, kernel, &submission.sequences, &[])?;
    drop(spinner);
    let classes: Vec<u32> = answers.iter().map(|answer| answer.class as u32).collect();
    submission.write(path, &classes)?;
    Ok(classes.len())
}
