//! `hadamrnn eval`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::Split;
use hadamrnn::integer::KernelName;
use hadamrnn::metrics::Metrics;
use hadamrnn::pipeline::{self, EvaluateOptions, Evaluation};
use serde_json::json;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file
    model: PathBuf,
    /// Split to evaluate on
    #[arg(long, value_parser = choice::<Split>(), default_value_t = Split::Test)]
    split: Split,
    /// Kernel of the integer runtime [default: the fastest that fits the model]
    #[arg(long, value_parser = choice::<KernelName>())]
    kernel: Option<KernelName>,
    /// Answer GLUE's unlabelled test part (sst2, qqp) instead, and write the table to upload
    #[arg(long, value_name = "FILE", conflicts_with = "split")]
    submission: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = EvaluateOptions {
        model: args.model.clone(),
        split: args.split,
        kernel: args.kernel,
        data_dir: args.common.data.data_dir.clone(),
        device: args.common.device.device,
    };
    let mut terminal = Terminal::default();
    if let Some(path) = &args.submission {
        let rows = pipeline::write_submission(&options, path, &mut terminal)?;
        match args.common.json {
            true => output::json(&json!({ "submission": path, "rows": rows }))?,
            false => output::line(&format!("{}: {rows} predictions", path.display()))?,
        }
        return Ok(Status::Success);
    }
    let evaluation = pipeline::evaluate(&options, &mut terminal)?;
    match args.common.json {
        true => output::json(&json!({
            "task": evaluation.task, "split": args.split.to_string(), "sequences": evaluation.sequences,
            "kernel": evaluation.kernel, "float": evaluation.float, "integer": evaluation.integer,
        }))?,
        false => print(&evaluation)?,
    }
    Ok(Status::Success)
}

fn print(evaluation: &Evaluation) -> Result<()> {
    let row = |name: &str, metrics: Metrics| {
        vec![
            name.to_string(),
            output::percent(metrics.accuracy),
            format!("{:.6}", metrics.loss),
        ]
    };
    let mut rows = vec![vec![
        format!("{} sequences", evaluation.sequences),
        "accuracy".into(),
        "loss".into(),
    ]];
    rows.extend(evaluation.float.map(|metrics| row("float", metrics)));
    let name = format!("integer ({})", evaluation.kernel);
    rows.push(row(&name, evaluation.integer));
    output::table(&rows)
}
