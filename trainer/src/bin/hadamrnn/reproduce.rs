//! `hadamrnn reproduce`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::Task;
use hadamrnn::jobs::{self, Entry, Job, Plan, Setting};
use hadamrnn::recipe::Recipe;

use crate::Status;
use crate::job::{self, WorkArgs};
use crate::output;

#[derive(clap::Args)]
pub struct Args {
    /// Tasks [default: all]
    task: Vec<Task>,
    /// Recipes, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "fast")]
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
    let plan = Plan::write(&args.out, &job::command_line()?, &planned(args)?)?;
    let tally = job::run_plan(&args.out, &plan, &args.work, args.jobs)?;
    let report = job::report("Reproduction", &args.out, &plan);
    report.write(&args.out)?;
    output::line(&format!(
        "{}; report: {}",
        report.summary(),
        args.out.join("report.html").display()
    ))?;
    Ok(job::status(&tally, &report))
}

fn planned(args: &Args) -> Result<Vec<Job>> {
    let tasks = match args.task.is_empty() {
        true => Task::ALL.to_vec(),
        false => args.task.clone(),
    };
    let mut planned = Vec::new();
    for task in tasks {
        for recipe in &args.recipe {
            let base = jobs::with_settings(&recipe.config(task), &args.set)?;
            for &seed in &args.seeds {
                let mut config = base.clone();
                config.seed = seed;
                let recipe = recipe.name();
                planned.push(Job {
                    entry: Entry {
                        name: format!("{task}-{recipe}-{seed}"),
                        group: format!("{task} {recipe}"),
                        settings: args.set.clone(),
                    },
                    config,
                });
            }
        }
    }
    Ok(planned)
}
