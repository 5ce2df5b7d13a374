//! `hadamrnn reproduce`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::Task;
use hadamrnn::jobs::Setting;
use hadamrnn::pipeline::{self, ReproduceOptions};
use hadamrnn::recipe::Recipe;

use crate::Status;
use crate::choices::choice;
use crate::job::{self, WorkArgs};
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Tasks [default: all]
    task: Vec<Task>,
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
    let plan = pipeline::write_plan(out, &job::command_line()?, &options.jobs()?)?;
    let tally = job::run_plan(out, &plan, &args.work, args.jobs)?;
    let report = pipeline::gather("Reproduction", out, &plan, &mut Terminal::default());
    pipeline::write_report(&report, out)?;
    output::line(&format!(
        "{}; report: {}",
        report.summary(),
        out.join("report.html").display()
    ))?;
    Ok(job::status(&tally, &report))
}
