//! `hadamrnn eval`.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use hadamrnn::data::glue::{Padding, Submission};
use hadamrnn::data::{self, Sequences, Source, Split, Task};
use hadamrnn::evaluate;
use hadamrnn::files::write_atomically;
use hadamrnn::integer::{self, KernelName};
use hadamrnn::metrics::Metrics;
use hadamrnn::task_data::TaskData;
use serde_json::json;

use crate::Status;
use crate::common::{Common, DataArgs};
use crate::model_source::{self, LoadedModel};
use crate::output;
use crate::own_data;
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
    /// Write which classes were answered for which, of your own recordings, as comma-separated values
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
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
    /// Your recordings that the run does not know: made after it was trained.
    New,
}

/// The sequences of a split.
fn sequences(data: &TaskData, split: SplitName) -> Result<Cow<'_, Sequences>> {
    let found = match split {
        SplitName::Train => data.split(Split::Train),
        SplitName::Valid => data.split(Split::Valid),
        SplitName::Test => data.split(Split::Test),
        SplitName::New => {
            let own = data.own();
            Cow::Borrowed(&own.context("--split new is for your own recordings")?.new)
        }
    };
    let new = data.own().map_or(0, |own| own.new.len());
    ensure!(
        !found.is_empty(),
        "the split {} is empty{}",
        split.name(),
        match new {
            0 => String::new(),
            new =>
                format!(": --split new evaluates on the {new} windows that the run does not know"),
        }
    );
    Ok(found)
}

impl SplitName {
    fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
            Self::New => "new",
        }
    }

    /// The name for people.
    fn of_a_run(self) -> &'static str {
        match self {
            Self::Train => "the run's training split",
            Self::Valid => "the run's validation split",
            Self::Test => "the run's test split",
            Self::New => "what the run does not know",
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
    let data = data.map_or_else(|| loaded.data(&args.common.data), Ok)?;
    if !args.common.json {
        own_data::table(&data.task)?;
    }
    let sequences = sequences(&data.task, args.split)?;
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
    let evaluated = evaluate::integer_evaluation(&model, kernel, &sequences, &data.input_lsb)?;
    let integer = evaluated.metrics;
    drop(spinner);
    let confusion = data.task.confusion(&sequences, &evaluated.answers);
    if let Some((path, confusion)) = args.confusion.as_ref().zip(confusion.as_ref()) {
        write_atomically(path, &confusion.to_csv()?)?;
    }
    if args.common.json {
        let mut found = json!({
            "task": loaded.config.task, "split": args.split.name(), "sequences": sequences.len(),
            "kernel": kernel, "float": float, "integer": integer,
        });
        if let Some(confusion) = &confusion {
            found["recordings"] = json!(data.task.own().map(|own| &own.overview));
            found["balanced_accuracy"] = json!(confusion.balanced_accuracy());
            found["guess"] = json!(confusion.guess());
            found["confusion"] = json!(confusion);
        }
        output::json(&found)?;
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
        if let Some(confusion) = &confusion {
            let on = format!("integer model on {}", args.split.of_a_run());
            own_data::confusion(confusion, &on, None)?;
            if confusion.is_cut() && args.confusion.is_none() {
                output::line("what was answered for what: --confusion FILE writes it")?;
            }
        }
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
