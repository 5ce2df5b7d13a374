//! `hadamrnn data`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::{self, catalog, uci_har};
use serde_json::json;

use crate::Status;
use crate::output;
use crate::progress::Spinner;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Known data sets: origin, licence, and where they were found
    List {
        #[command(flatten)]
        data: crate::common::DataArgs,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Compare the content of a data set with the published one
    Check {
        /// Data set, as `data list` names it
        name: String,
        #[command(flatten)]
        data: crate::common::DataArgs,
    },
    /// Download a data set from its official source and check it; resumes where it broke off
    #[cfg(feature = "fetch")]
    Fetch {
        /// Data set, as `data list` names it
        name: String,
        /// Folder to put it in [default: $HADAMRNN_DATA, else data]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Read recordings in the formats of loggers, phones and other tools, and write them for `train recordings`
    Import(crate::data_import::Args),
    /// Write the sample that ships with the program from the full set
    #[command(hide = true)]
    Sample {
        #[command(flatten)]
        data: crate::common::DataArgs,
        /// Archive to write
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn run(args: &Args) -> Result<Status> {
    match &args.command {
        Command::List { data, json } => list(data, *json)?,
        Command::Check { name, data } => return check(name, data),
        #[cfg(feature = "fetch")]
        Command::Fetch { name, data_dir } => fetch(name, data_dir.clone())?,
        Command::Import(args) => crate::data_import::run(args)?,
        Command::Sample { data, out } => {
            let source = data::locate(data::Task::Har2, data.data_dir.as_deref())?;
            let _spinner = Spinner::new("selecting and compressing");
            uci_har::write_sample(&source, out)?;
        }
    }
    Ok(Status::Success)
}

/// A task that stands on `set`.
fn task_of(set: &data::DataSet) -> Option<data::Task> {
    let mut tasks = data::Task::ALL.into_iter();
    tasks.find(|task| task.data_set().name == set.name)
}

fn place(set: &data::DataSet, args: &crate::common::DataArgs) -> String {
    match task_of(set).map(|task| data::locate(task, args.data_dir.as_deref())) {
        Some(Ok(source)) => source.to_string(),
        Some(Err(_)) => format!("nowhere: `hadamrnn data fetch {}`", set.name),
        None => "unused".into(),
    }
}

fn list(args: &crate::common::DataArgs, as_json: bool) -> Result<()> {
    let sets = catalog::list();
    if as_json {
        let sets: Vec<_> = sets
            .iter()
            .map(|set| {
                json!({
                    "name": set.name, "title": set.title, "page": set.page,
                    "urls": set.parts.iter().map(|part| part.url).collect::<Vec<_>>(),
                    "licence": set.licence, "citation": set.citation, "found": place(set, args),
                })
            })
            .collect();
        return output::json(&sets);
    }
    for set in sets {
        output::line(&format!("{}: {}", set.name, set.title))?;
        output::line(&format!(
            "  page      {}\n  licence   {}\n  cite      {}",
            set.page, set.licence, set.citation
        ))?;
        output::line(&format!("  found     {}\n", place(set, args)))?;
    }
    Ok(())
}

fn check(name: &str, args: &crate::common::DataArgs) -> Result<Status> {
    let set = catalog::find(name)?;
    let Some(task) = task_of(set).filter(|_| !set.is_generated()) else {
        output::line(&format!("{name} is generated: there is nothing to check"))?;
        return Ok(Status::Success);
    };
    let source = data::locate(task, args.data_dir.as_deref())?;
    let parts = {
        let _spinner = Spinner::new(format!("reading {source}"));
        data::check(set, &source)?
    };
    for part in &parts {
        output::line(&part.to_string())?;
    }
    let other = parts
        .iter()
        .any(|part| part.verdict == data::Verdict::Other);
    Ok(match other {
        true => Status::Mismatch,
        false => Status::Success,
    })
}

#[cfg(feature = "fetch")]
fn fetch(name: &str, data_dir: Option<PathBuf>) -> Result<()> {
    let variable = || std::env::var_os(data::DATA_DIR_VARIABLE).map(PathBuf::from);
    let folder = data_dir
        .or_else(variable)
        .unwrap_or_else(|| PathBuf::from("data"));
    let style = "{prefix} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let bar = indicatif::ProgressBar::new(0)
        .with_style(indicatif::ProgressStyle::with_template(style)?.progress_chars("=> "))
        .with_prefix(name.to_string());
    let paths = data::fetch(name, &folder, &mut |part, progress| {
        bar.set_prefix(part.what);
        bar.set_length(progress.total.unwrap_or(progress.done));
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    for path in paths? {
        output::line(&format!("{}: fetched and checked", path.display()))?;
    }
    output::line(&format!("use it with --data-dir {}", folder.display()))
}
