//! `hadamrnn eval`.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use hadamrnn::data::Split;
use hadamrnn::evaluate;
use hadamrnn::integer::KernelName;
use hadamrnn::metrics::Metrics;
use serde_json::json;

use crate::Status;
use crate::common::Common;
use crate::model_source::{self, ModelData};
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
    let data = data.map_or_else(|| ModelData::load(&loaded.config, &args.common.data), Ok)?;
    let sequences = data.sequences(args.split.into(), None);
    anyhow::ensure!(!sequences.is_empty(), "the split is empty");
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
