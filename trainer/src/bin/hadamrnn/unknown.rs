//! `hadamrnn unknown`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use hadamrnn::data::Holdout;
use hadamrnn::jobs::{Seeds, Setting, with_settings};
use hadamrnn::lessons::Lessons;
use hadamrnn::pipeline::{self, ConfigOptions, LeftOut, TaskArgument, UnknownOptions};
use serde_json::json;

use crate::Status;
use crate::common::Common;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Task: a benchmark such as har6
    task: TaskArgument,
    /// Configuration file: the settings that differ from the recipe's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Change a setting, such as training.epochs=10; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// Seeds of the runs of each class, such as 1,2,3
    #[arg(long, default_value = "1,2,3")]
    seeds: Seeds,
    /// Leave out this class alone; may be given several times [default: each class in turn]
    #[arg(long, value_name = "NAME")]
    class: Vec<String>,
    /// Teach the class to the model afterwards, ten windows of a person or of each of three, and measure that too
    #[arg(long)]
    teach: bool,
    /// Share of known windows that may be called none of the classes, on the validation split
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    false_alarms: f64,
    /// Folder of the runs; finished ones are not trained anew
    #[arg(long, value_name = "DIR", default_value = "unknown")]
    out: PathBuf,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let mut terminal = Terminal::stoppable()?.with_tables(false);
    let setup = ConfigOptions {
        task: Some(args.task.clone()),
        file: args.config.clone(),
        recipe: None,
    };
    let setup = setup.read(&mut terminal)?;
    let data_dir = setup.data_dir(args.common.data.data_dir.as_deref())?;
    let mut config = with_settings(&setup.config, &args.set)?;
    if config.holdout == Holdout::None {
        ensure!(
            args.set.iter().all(|setting| setting.key != "holdout"),
            "--set holdout: thresholds are calibrated on a validation split, and there would be none: leave it out, or set another, such \
             as holdout=standard"
        );
        // Thresholds are calibrated on it.
        config.holdout = Holdout::Standard;
    }
    let options = UnknownOptions {
        config,
        false_alarms: args.false_alarms,
        teaches: args.teach,
        seeds: args.seeds.clone().into_inner(),
        classes: args.class.clone(),
        folder: args.out.clone(),
        data_dir,
        device: args.common.device.device,
    };
    let found = pipeline::unknown(&options, &mut terminal)?;
    terminal.finish()?;
    match args.common.json {
        true => output::json(&json!(found))?,
        false => print(&found)?,
    }
    Ok(Status::Success)
}

/// A row for each class, with the means over its seeds, and one for the mean of the classes.
fn print(found: &[LeftOut]) -> Result<()> {
    let row = |name: &str, of: &[&LeftOut]| {
        let mean = |value: fn(&LeftOut) -> f64| {
            of.iter().map(|it| value(it)).sum::<f64>() / of.len().max(1) as f64
        };
        let least = of.iter().map(|it| it.told.auroc).fold(1.0, f64::min);
        vec![
            name.to_string(),
            format!("{:.3}", mean(|it| it.told.auroc)),
            format!("{least:.3}"),
            output::percent(mean(|it| it.told.found)),
            output::percent(mean(|it| it.told.false_alarms)),
            output::percent(mean(|it| it.accuracy)),
        ]
    };
    let head = [
        "left out",
        "AUROC",
        "least",
        "called none",
        "false alarms",
        "accuracy of the others",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    let mut names: Vec<&str> = found.iter().map(|it| it.class.as_str()).collect();
    names.dedup();
    for name in names {
        let of: Vec<&LeftOut> = found.iter().filter(|it| it.class == name).collect();
        rows.push(row(name, &of));
    }
    rows.push(row("mean", &found.iter().collect::<Vec<_>>()));
    output::table(&rows)?;
    match found.iter().any(|it| it.taught.is_some()) {
        true => print_taught(found),
        false => Ok(()),
    }
}

/// The same of what teaching gives.
fn print_taught(found: &[LeftOut]) -> Result<()> {
    let row = |name: &str, of: &[&Lessons]| {
        let mean = |value: fn(&Lessons) -> f64| {
            output::percent(of.iter().map(|it| value(it)).sum::<f64>() / of.len() as f64)
        };
        vec![
            name.to_string(),
            mean(|it| it.own.recall),
            mean(|it| it.own.lost),
            mean(|it| it.others.recall),
            mean(|it| it.others.lost),
        ]
    };
    let head = [
        "taught",
        "own windows",
        "lost on old classes",
        "others' windows, three taught",
        "lost on old classes",
    ];
    let mut rows = vec![head.map(String::from).to_vec()];
    let mut names: Vec<&str> = found.iter().map(|it| it.class.as_str()).collect();
    names.dedup();
    let of = |name: Option<&str>| -> Vec<&Lessons> {
        let is_of = |it: &&LeftOut| name.is_none_or(|name| it.class == name);
        (found.iter().filter(is_of))
            .filter_map(|it| it.taught.as_ref())
            .collect()
    };
    for name in names {
        match of(Some(name)) {
            none if none.is_empty() => {}
            lessons => rows.push(row(name, &lessons)),
        }
    }
    rows.push(row("mean", &of(None)));
    output::line("")?;
    output::table(&rows)
}
