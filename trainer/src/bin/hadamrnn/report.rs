//! `hadamrnn report`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hadamrnn::files::write_over_own;
use hadamrnn::pipeline::{self, EvaluateOptions, EvaluatedSplit, ReportOptions};
use hadamrnn::report::RunReport;
use serde_json::json;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

/// Name of the page in a run folder.
const NAME: &str = "report.html";

/// Bytes by which an earlier page is told from a file of another kind.
const HTML_START: usize = 15;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder, model folder or model file
    run: PathBuf,
    /// Page to write [default: report.html in a run's folder, NAME-report.html beside a model]
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Split to measure on
    #[arg(long, value_parser = choice::<EvaluatedSplit>(), default_value_t = EvaluatedSplit::Test)]
    split: EvaluatedSplit,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = ReportOptions {
        evaluate: EvaluateOptions {
            split: args.split,
            data_dir: args.common.data.data_dir.clone(),
            device: args.common.device.device,
            ..EvaluateOptions::of(&args.run)
        },
    };
    let mut terminal = Terminal::default();
    let report = pipeline::report(&options, &mut terminal)?;
    terminal.finish()?;
    let path = args.out.clone().unwrap_or_else(|| default_path(&args.run));
    let html = report.html()?;
    write_over_own(&path, html.as_bytes(), HTML_START)?;
    match args.common.json {
        true => output::json(&as_json(&report, &path, html.len()))?,
        false => output::line(&format!(
            "{}: {} bytes; {} split, integer accuracy {}",
            path.display(),
            output::grouped(html.len() as u64),
            report.split,
            output::percent(report.integer.accuracy)
        ))
        .and_then(|()| next(args))?,
    }
    Ok(Status::Success)
}

/// A run is exported; a model that is exported is compared with its golden vectors, and on boards.
fn next(args: &Args) -> Result<()> {
    let command = match pipeline::is_run(&args.run) {
        true => "export",
        false => "verify",
    };
    let device = args.common.device.given();
    output::next(
        command,
        &args.run,
        args.common.data.data_dir.as_deref(),
        &device,
    )
}

/// The page of a run lies in its folder; that of a model beside it, for a model's folder holds its model and nothing else.
fn default_path(run: &Path) -> PathBuf {
    if pipeline::is_run(run) {
        return run.join(NAME);
    }
    let absolute = std::path::absolute(run).unwrap_or_else(|_| run.to_path_buf());
    // A model file in a model folder stands for the folder.
    let model = match absolute.parent() {
        Some(folder) if absolute.is_file() => folder,
        _ => &absolute,
    };
    match model.file_name() {
        Some(name) => model.with_file_name(format!("{}-{NAME}", name.to_string_lossy())),
        None => model.join(NAME),
    }
}

fn as_json(report: &RunReport, path: &Path, bytes: usize) -> serde_json::Value {
    let mut found = json!({
        "report": path, "bytes": bytes, "task": report.task, "split": report.split,
        "sequences": report.sequences, "float": report.float, "integer": report.integer,
        "wrong": report.wrong.count(), "wrong_shown": report.wrong.shown.len(),
    });
    if let Some(confusion) = &report.confusion {
        found["balanced_accuracy"] = json!(confusion.balanced_accuracy());
        found["guess"] = json!(confusion.guess());
        found["confusion"] = json!(confusion);
    }
    found
}
