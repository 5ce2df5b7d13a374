//! `hadamrnn sweep`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn::card::sha256;
use hadamrnn::data::Task;
use hadamrnn::jobs::{self, Axis, Entry, Job, Plan, Scheduler, Setting, shell_quote};
use hadamrnn::recipe::Recipe;
use hadamrnn::report::Report;

use crate::Status;
use crate::job::{self, WorkArgs};
use crate::{output, train};

#[derive(clap::Args)]
pub struct Args {
    /// Configuration to start from, whole or what differs from the fast recipe's [default: the recipe's for --task]
    config: Option<PathBuf>,
    /// Task, where there is no configuration file
    #[arg(long, conflicts_with = "config")]
    task: Option<Task>,
    /// Recipe to start from
    #[arg(long, value_enum, default_value_t = Recipe::Fast, conflicts_with = "config")]
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
    #[arg(long, value_enum, value_name = "SCHEDULER")]
    emit: Option<Scheduler>,
    /// Only gather what the jobs of a sweep have brought so far: report, CSV, JSON and pictures
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "task", "set", "grid", "out", "emit"])]
    merge: Option<PathBuf>,
    #[command(flatten)]
    work: WorkArgs,
}

pub fn run(args: &Args) -> Result<Status> {
    if let Some(out) = &args.merge {
        merge(out, &Plan::read(out)?)?;
        return Ok(Status::Success);
    }
    let out = args.out.as_deref().context("--out is missing")?;
    let plan = Plan::write(out, &job::command_line(), &planned(args)?)?;
    if let Some(scheduler) = args.emit {
        return emit(scheduler, out, &plan, &args.work);
    }
    let tally = job::run_plan(out, &plan, &args.work, args.jobs)?;
    merge(out, &plan)?;
    Ok(job::status(&tally))
}

fn merge(out: &Path, plan: &Plan) -> Result<()> {
    Report::read("Sweep", out, plan)?.write(out)?;
    let csv = out.join("results.csv");
    let report = out.join("report.html");
    output::line(&format!(
        "results: {}; report: {}",
        csv.display(),
        report.display()
    ))
}

fn emit(scheduler: Scheduler, out: &Path, plan: &Plan, work: &WorkArgs) -> Result<Status> {
    let program = std::env::current_exe().context("this program's own file is unknown")?;
    let work = work.absolute()?;
    let command = |folder: &Path| {
        let words = std::iter::once(program.to_string_lossy().into_owned());
        let words = words.chain(job::arguments(folder, &work));
        let words: Vec<String> = words.map(|word| shell_quote(&word)).collect();
        words.join(" ")
    };
    let start = scheduler.write(out, plan, command)?;
    output::line(&format!(
        "{} jobs in {}; start them with: {start}",
        plan.jobs.len(),
        out.display()
    ))?;
    output::line(&format!(
        "then gather the results with: hadamrnn sweep --merge {}",
        shell_quote(&out.to_string_lossy())
    ))?;
    Ok(Status::Success)
}

fn planned(args: &Args) -> Result<Vec<Job>> {
    let base = match (&args.config, args.task) {
        (Some(path), _) => train::read_config(path, None, None)?,
        (None, Some(task)) => args.recipe.config(task),
        (None, None) => bail!("what is swept? Give a configuration file, or --task"),
    };
    ensure!(
        !args.grid.is_empty(),
        "what is swept? Give at least one --grid, such as --grid training.learning_rate=1e-3,3e-3"
    );
    let job = |chosen: Vec<Setting>| {
        let all: Vec<Setting> = args.set.iter().chain(&chosen).cloned().collect();
        let config = jobs::with_settings(&base, &all)?;
        let without_seed: Vec<Setting> = chosen
            .iter()
            .filter(|setting| setting.key != "seed")
            .cloned()
            .collect();
        Ok(Job {
            entry: Entry {
                name: folder_name(&chosen),
                group: label(&without_seed),
                settings: chosen,
            },
            config,
        })
    };
    jobs::combinations(&args.grid)?
        .into_iter()
        .map(job)
        .collect()
}

/// The settings in short: the last parts of their paths, whole paths where two end alike.
fn label(settings: &[Setting]) -> String {
    let last = |key: &str| key.rsplit('.').next().unwrap_or(key).to_string();
    let part = |setting: &Setting| {
        let short = last(&setting.key);
        let alike = settings.iter().filter(|other| last(&other.key) == short);
        let name = match alike.count() {
            1 => short,
            _ => setting.key.clone(),
        };
        format!("{name}={}", setting.value)
    };
    match settings.is_empty() {
        true => "all seeds".into(),
        false => settings.iter().map(part).collect::<Vec<_>>().join(" "),
    }
}

/// Longest name of a folder.
const LONGEST_NAME: usize = 120;

/// The label as a name for a folder. It depends on the job's settings only, so that a grid can grow.
fn folder_name(settings: &[Setting]) -> String {
    let label = label(settings);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-=".contains(c);
    let name: String = label
        .chars()
        .map(|c| match c {
            ' ' => ',',
            c if plain(c) => c,
            _ => '_',
        })
        .collect();
    let faithful = label.chars().all(|c| plain(c) || c == ' ');
    if faithful && name.len() <= LONGEST_NAME {
        return name;
    }
    // What the name does not show is in its digest.
    let kept: String = name.chars().take(LONGEST_NAME).collect();
    format!("{kept}-{}", &sha256(label.as_bytes())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(texts: &[&str]) -> Vec<Setting> {
        texts
            .iter()
            .map(|text| text.parse().expect("a setting"))
            .collect()
    }

    #[test]
    fn names_are_short_and_distinct() {
        let name = |texts: &[&str]| folder_name(&settings(texts));
        assert_eq!(
            name(&["network.hidden_size=64", "training.learning_rate=1e-3"]),
            "hidden_size=64,learning_rate=1e-3"
        );
        assert_eq!(
            name(&["network.input_bits=4", "export.input_bits=10"]),
            "network.input_bits=4,export.input_bits=10"
        );
        let odd = [
            name(&["training.signs={trained = 1e-4}"]),
            name(&["training.signs=[trained = 1e-4]"]),
        ];
        assert_ne!(odd[0], odd[1]);
        let long = "training.learning_rate=0.".to_string() + &"1".repeat(300);
        assert!(name(&[&long]).len() <= LONGEST_NAME + 9);
        assert_eq!(label(&[]), "all seeds");
    }
}
