//! `hadamrnn eval`.

mod stream;

use std::path::PathBuf;

use anyhow::{Result, bail};
use hadamrnn::files::write_over_own;
use hadamrnn::integer::KernelName;
use hadamrnn::metrics::Metrics;
use hadamrnn::pipeline::{self, EvaluateOptions, EvaluatedSplit, Evaluation};
use serde_json::json;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::output;
use crate::own_data;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file
    model: PathBuf,
    /// Split to evaluate on
    #[arg(long, value_parser = choice::<EvaluatedSplit>(), default_value_t = EvaluatedSplit::Test)]
    split: EvaluatedSplit,
    /// Kernel of the integer runtime [default: the fastest that fits the model]
    #[arg(long, value_parser = choice::<KernelName>())]
    kernel: Option<KernelName>,
    /// Answer GLUE's unlabelled test part (sst2, qqp) instead, and write the table to upload
    #[arg(long, value_name = "FILE", conflicts_with_all = ["split", "stream"])]
    submission: Option<PathBuf>,
    /// Evaluate events instead: windows of a person or a recording follow each other as a stream, and the model's decision says when
    /// answers count
    #[arg(long)]
    stream: bool,
    /// With --stream: draw the streams over time, as SVG or PNG
    #[arg(long, value_name = "FILE", requires = "stream")]
    timeline: Option<PathBuf>,
    /// Write which classes were answered for which, of your own recordings, as comma-separated values; with --stream, which were decided
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
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
    let mut terminal = Terminal::default().with_tables(!args.common.json);
    if let Some(path) = &args.submission {
        let rows = pipeline::write_submission(&options, path, &mut terminal)?;
        match args.common.json {
            true => output::json(&json!({ "submission": path, "rows": rows }))?,
            false => output::line(&format!("{}: {rows} predictions", path.display()))?,
        }
        return Ok(Status::Success);
    }
    if args.stream {
        return stream::run(args, &options, terminal);
    }
    let evaluation = pipeline::evaluate(&options, &mut terminal)?;
    terminal.finish()?;
    if let Some(path) = &args.confusion {
        let Some(own) = &evaluation.recordings else {
            bail!(
                "there is no table of answers to write to {}: that is for the user's own recordings, and --stream writes one for any sensor",
                path.display()
            );
        };
        write_over_own(path, &own.confusion.to_csv()?, "true class".len())?;
    }
    match args.common.json {
        true => output::json(&as_json(&evaluation, args.split))?,
        false => print(&evaluation, args)?,
    }
    Ok(Status::Success)
}

fn as_json(evaluation: &Evaluation, split: EvaluatedSplit) -> serde_json::Value {
    let mut found = json!({
        "task": evaluation.task, "split": split.to_string(), "sequences": evaluation.sequences,
        "kernel": evaluation.kernel, "float": evaluation.float, "integer": evaluation.integer,
    });
    if let Some(own) = &evaluation.recordings {
        found["recordings"] = json!(own.overview);
        found["balanced_accuracy"] = json!(own.confusion.balanced_accuracy());
        found["guess"] = json!(own.confusion.guess());
        found["confusion"] = json!(own.confusion);
    }
    found
}

/// The split, for people.
fn of_a_run(split: EvaluatedSplit) -> &'static str {
    match split {
        EvaluatedSplit::Train => "the run's training split",
        EvaluatedSplit::Valid => "the run's validation split",
        EvaluatedSplit::Test => "the run's test split",
        _ => "what the run does not know",
    }
}

fn print(evaluation: &Evaluation, args: &Args) -> Result<()> {
    let row = |name: &str, metrics: Metrics| {
        vec![
            name.to_string(),
            output::percent(metrics.accuracy),
            match metrics.loss.is_nan() {
                // Of a taught model: it has no probabilities.
                true => "none".into(),
                false => format!("{:.6}", metrics.loss),
            },
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
    output::table(&rows)?;
    if let Some(own) = &evaluation.recordings {
        let on = format!("integer model on {}", of_a_run(args.split));
        own_data::confusion(&own.confusion, &on, None)?;
        if own.confusion.is_cut() && args.confusion.is_none() {
            output::line("what was answered for what: --confusion FILE writes it")?;
        }
    }
    Ok(())
}
