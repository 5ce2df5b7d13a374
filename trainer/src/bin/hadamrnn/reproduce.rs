//! `hadamrnn reproduce`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use hadamrnn::files::write_atomically;
use hadamrnn::jobs::{NoSeeds, Plan, Seeds, Setting};
use hadamrnn::pipeline::{self, CrossValidation, ReproduceOptions, TaskArgument};
use hadamrnn::recipe::Recipe;
use hadamrnn::report::Report;
use hadamrnn::results::Results;
use hadamrnn::visible;

use crate::Status;
use crate::choices::choice;
use crate::job::{self, WorkArgs};
use crate::output;
use crate::own_data;
use crate::progress::Terminal;

/// Name of the file of a cross-validation, beside the report.
const CROSS_VALIDATION_NAME: &str = "cross-validation.json";
/// Seeds where none are given for all tasks.
const DEFAULT_SEEDS: [u64; 3] = [1, 2, 3];
/// Names of groups or recordings that a row tells of.
const MOST_TOLD: usize = 6;

#[derive(clap::Args)]
pub struct Args {
    /// Tasks: benchmarks, or task files of your own data [default: all benchmarks]
    task: Vec<TaskArgument>,
    /// Recipes, separated by commas
    #[arg(long, value_parser = choice::<Recipe>(), value_delimiter = ',', default_value = "fast")]
    recipe: Vec<Recipe>,
    /// Seeds, such as 1,2,3 or 101..110, which is ten; TASK=SEEDS are those of one task; may be given several times [default: 1,2,3]
    #[arg(long, value_name = "[TASK=]SEEDS")]
    seeds: Vec<SeedsArgument>,
    /// Configuration in place of recipes: a file, or the card of a model, whose seed does not matter
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "recipe",
        requires = "name"
    )]
    config: Option<PathBuf>,
    /// Name of the results in reports and of the jobs' folders, where there is one task and one recipe or configuration [default: TASK
    /// RECIPE]
    #[arg(long)]
    name: Option<String>,
    /// Change a setting of every recipe, such as training.epochs=10, or take it away, as network.hidden_readout= does; may be given
    /// several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// Cross-validate your own recordings: K jobs, each tested on another K-th of the groups or recordings
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// Folder of the jobs and the report
    #[arg(long, value_name = "DIR", default_value = "reproduce")]
    out: PathBuf,
    /// Also put the results of groups whose jobs are all done into this file, each in the place of the row of its name
    #[arg(long, value_name = "FILE")]
    results: Option<PathBuf>,
    /// Jobs at once, each in a process of its own if more than one
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    #[command(flatten)]
    work: WorkArgs,
}

/// Seeds of one task or of all.
#[derive(Clone)]
struct SeedsArgument {
    task: Option<String>,
    seeds: Seeds,
    /// As it was given.
    text: String,
}

impl FromStr for SeedsArgument {
    type Err = NoSeeds;

    fn from_str(text: &str) -> Result<Self, NoSeeds> {
        let (task, seeds) = match text.split_once('=') {
            Some((task, seeds)) => (Some(task.trim().to_owned()), seeds),
            None => (None, text),
        };
        Ok(Self {
            task,
            seeds: seeds.parse()?,
            text: text.into(),
        })
    }
}

/// The seeds of all tasks, and those of tasks that have their own.
type AllSeeds = (Vec<u64>, Vec<(String, Vec<u64>)>);

/// The seeds of all tasks that have none of their own, and those of tasks that do.
fn seeds(given: &[SeedsArgument]) -> Result<AllSeeds> {
    let (mut common, mut own): AllSeeds = Default::default();
    for argument in given {
        let seeds = argument.seeds.clone().into_inner();
        let Some(task) = &argument.task else {
            common.extend(seeds);
            continue;
        };
        match own.iter_mut().find(|(name, _)| name == task) {
            Some((_, before)) => before.extend(seeds),
            None => own.push((task.clone(), seeds)),
        }
    }
    if common.is_empty() {
        common = DEFAULT_SEEDS.into();
    }
    for list in std::iter::once(&common).chain(own.iter().map(|(_, list)| list)) {
        Seeds::new(list.clone()).context("--seeds")?;
    }
    Ok((common, own))
}

pub fn run(args: &Args) -> Result<Status> {
    let (common, own_seeds) = seeds(&args.seeds)?;
    let options = ReproduceOptions {
        tasks: args.task.clone(),
        recipes: args.recipe.clone(),
        config: args.config.clone(),
        name: args.name.clone(),
        seeds: common,
        own_seeds,
        settings: args.set.clone(),
        folds: args.folds,
    };
    let out = &args.out;
    // Before the work, not after it.
    args.results
        .as_deref()
        .map(Results::read_if_there)
        .transpose()?;
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
    let is_kept = match &args.results {
        Some(path) => keep(&report, &command(args)?, path)?,
        None => true,
    };
    Ok(match job::status(&tally, &report) {
        Status::Success => Status::of(is_kept),
        status => status,
    })
}

/// Puts the results of whole groups into a file; gives whether all could be put there.
fn keep(report: &Report, command: &str, path: &Path) -> Result<bool> {
    let mut results = Results::read_if_there(path)?;
    let mut all = true;
    for (name, row) in report.kept(command) {
        let place = path.display();
        match row {
            Ok(row) => {
                let accuracy = row.percent();
                let told = format!(
                    "{name}: {} % ({}), {} seeds: put into {place}",
                    accuracy.text(2),
                    accuracy.range(2),
                    row.seeds.len()
                );
                results
                    .put_seeded(row)
                    .with_context(|| path.display().to_string())?;
                output::line(&told)?;
            }
            Err(why) => {
                output::note(&format!("{name}: not put into {place}: {why}"));
                all = false;
            }
        }
    }
    results.write(path)?;
    Ok(all)
}

/// The command that measures the same again elsewhere: without the places of this machine.
fn command(args: &Args) -> Result<String> {
    let mut words: Vec<String> = vec!["hadamrnn".into(), "reproduce".into()];
    words.extend(args.task.iter().map(TaskArgument::to_string));
    let mut option = |name: &str, value: String| words.extend([name.into(), value]);
    match &args.config {
        Some(path) => option("--config", path.display().to_string()),
        None if args.recipe == [Recipe::default()] => {}
        None => {
            let recipes: Vec<&str> = args.recipe.iter().map(|recipe| recipe.name()).collect();
            option("--recipe", recipes.join(","));
        }
    }
    if let Some(name) = &args.name {
        option("--name", name.clone());
    }
    for seeds in &args.seeds {
        option("--seeds", seeds.text.clone());
    }
    for Setting { key, value } in &args.set {
        option("--set", format!("{key}={value}"));
    }
    for board in args.work.boards() {
        option("--board", board.clone());
    }
    option("--data-dir", "DATA".into());
    let words = words.iter().map(String::as_str);
    Ok(shlex::try_join(words)?)
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
