//! `hadamrnn sweep`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use hadamrnn::jobs::{Axis, Plan, Scheduler, Setting, Tally};
use hadamrnn::pipeline::{self, ConfigOptions, SweepOptions, TaskArgument};
use hadamrnn::recipe::Recipe;
use hadamrnn::report::Report;

use crate::Status;
use crate::choices::choice;
use crate::job::{self, WorkArgs};
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Configuration to start from, whole or what differs from the fast recipe's; or a task file [default: the recipe's for --task]
    config: Option<PathBuf>,
    /// Task: a benchmark or a task file, where there is no configuration file
    #[arg(long, conflicts_with = "config")]
    task: Option<TaskArgument>,
    /// Recipe to start from
    #[arg(long, value_parser = choice::<Recipe>(), default_value_t = Recipe::Fast, conflicts_with = "config")]
    recipe: Recipe,
    /// Change a setting of every job, such as training.epochs=10; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// Settings to combine, such as network.hidden_size=64,128 or seed=1,2,3; may be given several times. Keys are paths
    /// into the configuration that `hadamrnn train --print-config` shows
    #[arg(long, value_name = "KEY=V1,V2")]
    grid: Vec<Axis>,
    /// Folder of the jobs and their results
    #[arg(long, value_name = "DIR", required_unless_present = "merge")]
    out: Option<PathBuf>,
    /// Jobs at once, each in a process of its own if more than one
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Write the jobs and a script for a scheduler instead of running them here
    #[arg(long, value_parser = choice::<Scheduler>(), value_name = "SCHEDULER")]
    emit: Option<Scheduler>,
    /// Only gather what the jobs of a sweep have brought so far: report, CSV, JSON and pictures
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "task", "set", "grid", "out", "emit"])]
    merge: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(args: &Args) -> Result<Status> {
    if let Some(out) = &args.merge {
        let report = merge(out, &pipeline::read_plan(out)?)?;
        return Ok(job::status(&Tally::default(), &report));
    }
    let out = args.out.as_deref().context("--out is missing")?;
    let planned = options(args).jobs(args.work.data_dir(), &mut Terminal::default())?;
    let plan = pipeline::write_plan(out, &job::command_line()?, &planned.jobs)?;
    pipeline::keep_data(out, &planned)?;
    let work = args.work.with_data_dir(planned.data_dir);
    if let Some(scheduler) = args.emit {
        emit(scheduler, out, &plan, &work)?;
        return Ok(Status::Success);
    }
    let tally = job::run_plan(out, &plan, &work, args.jobs)?;
    let report = merge(out, &plan)?;
    Ok(job::status(&tally, &report))
}

fn options(args: &Args) -> SweepOptions {
    SweepOptions {
        base: match &args.config {
            Some(path) => ConfigOptions {
                file: Some(path.clone()),
                ..ConfigOptions::default()
            },
            None => ConfigOptions {
                task: args.task.clone(),
                recipe: Some(args.recipe),
                file: None,
            },
        },
        settings: args.set.clone(),
        grid: args.grid.clone(),
    }
}

fn merge(out: &Path, plan: &Plan) -> Result<Report> {
    let report = pipeline::gather("Sweep", out, plan, &mut Terminal::default());
    pipeline::write_report(&report, out)?;
    output::line(&format!(
        "{}; results: {}; report: {}",
        report.summary(),
        out.join("results.csv").display(),
        out.join("report.html").display()
    ))?;
    Ok(report)
}

fn emit(scheduler: Scheduler, out: &Path, plan: &Plan, work: &WorkArgs) -> Result<()> {
    let command = job::job_command(work.options().absolute()?)?;
    let start = pipeline::hand_over(scheduler, out, plan, &command)?;
    output::line(&format!(
        "{} jobs in {}; start them with:",
        plan.jobs.len(),
        out.display()
    ))?;
    for command in start {
        output::line(&format!("  {command}"))?;
    }
    output::line(&format!(
        "then gather the results with: hadamrnn sweep --merge {}",
        shlex::try_quote(&out.to_string_lossy())?
    ))
}
