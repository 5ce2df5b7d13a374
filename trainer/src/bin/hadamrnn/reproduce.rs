//! `hadamrnn reproduce`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::jobs::Setting;
use hadamrnn::pipeline::{self, ReproduceOptions, TaskArgument};
use hadamrnn::recipe::Recipe;

use crate::Status;
use crate::choices::choice;
use crate::job::{self, WorkArgs};
use crate::output;
use crate::progress::Terminal;

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
    };
    let out = &args.out;
    let planned = options.jobs(args.work.data_dir(), &mut Terminal::default())?;
    let plan = pipeline::write_plan(out, &job::command_line()?, &planned.jobs)?;
    let work = args.work.with_data_dir(planned.data_dir);
    let tally = job::run_plan(out, &plan, &work, args.jobs)?;
    let report = pipeline::gather("Reproduction", out, &plan, &mut Terminal::default());
    pipeline::write_report(&report, out)?;
    output::line(&format!(
        "{}; report: {}",
        report.summary(),
        out.join("report.html").display()
    ))?;
    Ok(job::status(&tally, &report))
}
