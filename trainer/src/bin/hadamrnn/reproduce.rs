//! `hadamrnn reproduce`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hadamrnn::files::write_atomically;
use hadamrnn::jobs::{Plan, Setting};
use hadamrnn::pipeline::{self, CrossValidation, ReproduceOptions, TaskArgument};
use hadamrnn::recipe::Recipe;
use hadamrnn::visible;

use crate::Status;
use crate::choices::choice;
use crate::job::{self, WorkArgs};
use crate::output;
use crate::own_data;
use crate::progress::Terminal;

/// Name of the file of a cross-validation, beside the report.
const CROSS_VALIDATION_NAME: &str = "cross-validation.json";
/// Names of groups or recordings that a row tells of.
const MOST_TOLD: usize = 6;

#[derive(clap::Args)]
pub struct Args {
    /// Tasks: benchmarks, or task files of your own data [default: all benchmarks]
    task: Vec<TaskArgument>,
    /// Recipes, separated by commas
    #[arg(long, value_parser = choice::<Recipe>(), value_delimiter = ',', default_value = "fast")]
    recipe: Vec<Recipe>,
    /// Seeds, separated by commas
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Change a setting of every recipe, such as training.epochs=10; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// Cross-validate your own recordings: K jobs, each tested on another K-th of the groups or recordings
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// Folder of the jobs and the report
    #[arg(long, value_name = "DIR", default_value = "reproduce")]
    out: PathBuf,
    /// Jobs at once, each in a process of its own if more than one
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = ReproduceOptions {
        tasks: args.task.clone(),
        recipes: args.recipe.clone(),
        seeds: args.seeds.clone(),
        settings: args.set.clone(),
        folds: args.folds,
    };
    let out = &args.out;
    let planned = options.jobs(args.work.data_dir(), &mut Terminal::default())?;
    pipeline::check_folds(&planned)?;
    let plan = pipeline::write_plan(out, &job::command_line()?, &planned.jobs)?;
    pipeline::keep_data(out, &planned)?;
    let work = args.work.with_data_dir(planned.data_dir);
    let tally = job::run_plan(out, &plan, &work, args.jobs)?;
    let report = pipeline::gather("Reproduction", out, &plan, &mut Terminal::default());
    pipeline::write_report(&report, out)?;
    output::line(&format!(
        "{}; report: {}",
        report.summary(),
        out.join("report.html").display()
    ))?;
    if args.folds.is_some() {
        cross_validation(out, &plan)?;
    }
    Ok(job::status(&tally, &report))
}

/// Prints what the folds have brought together, and writes it beside the report.
fn cross_validation(out: &Path, plan: &Plan) -> Result<()> {
    let found = pipeline::cross_validations(out, plan)?;
    let text = serde_json::to_string_pretty(&found)? + "\n";
    write_atomically(&out.join(CROSS_VALIDATION_NAME), text.as_bytes())?;
    for found in &found {
        print(found)?;
    }
    Ok(())
}

fn print(found: &CrossValidation) -> Result<()> {
    output::line(&format!("\n{}, integer models:", found.group))?;
    let head = [
        "fold",
        "seed",
        "windows",
        "accuracy",
        "balanced",
        "tested on",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    for fold in &found.folds {
        let more = if fold.tested.len() > MOST_TOLD {
            ", …"
        } else {
            ""
        };
        let some = &fold.tested[..fold.tested.len().min(MOST_TOLD)];
        rows.push(vec![
            fold.fold.to_string(),
            fold.seed.to_string(),
            fold.windows.to_string(),
            output::percent(fold.accuracy),
            output::percent(fold.balanced_accuracy),
            format!("{}{more}", visible::names(some)),
        ]);
    }
    output::table(&rows)?;
    output::line(&format!(
        "accuracy {} ± {} (mean and standard deviation of {} folds)",
        output::percent(found.mean),
        output::percent(found.deviation),
        found.folds.len()
    ))?;
    if found.folds.len() < found.planned {
        output::note(&format!(
            "note: {} of {} folds are done; the same command goes on",
            found.folds.len(),
            found.planned
        ));
    }
    own_data::confusion(&found.confusion, "all folds together", None)
}
