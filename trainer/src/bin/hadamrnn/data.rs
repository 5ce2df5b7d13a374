//! `hadamrnn data`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::{self, catalog, uci_har};
use hadamrnn::pipeline;
use serde_json::json;

use crate::Status;
use crate::common::DataArgs;
use crate::output;
use crate::progress::{Spinner, Terminal};

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
        data: DataArgs,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check your own recordings before training, or compare a data set with the published one
    ///
    /// Of recordings: classes, ranges, saturation, rate and gaps, duplicates, leaks, units, axes, time trends. Findings are errors
    /// (training would fail, or its result would be wrong), warnings (look before you believe a result) and notes. The status is 0
    /// where there is no error, and 1 where there is one.
    Check(crate::data_check::Args),
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
        data: DataArgs,
        /// Archive to write
        #[arg(long)]
        out: PathBuf,
    },
}

pub fn run(args: &Args) -> Result<Status> {
    match &args.command {
        Command::List { data, json } => list(data, *json)?,
        Command::Check(args) => return crate::data_check::run(args),
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

fn list(args: &DataArgs, as_json: bool) -> Result<()> {
    let sets = catalog::list();
    if as_json {
        let sets: Vec<_> = sets
            .iter()
            .map(|set| {
                json!({
                    "name": set.name, "title": set.title, "page": set.page,
                    "urls": set.parts.iter().map(|part| part.url).collect::<Vec<_>>(),
                    "licence": set.licence, "citation": set.citation, "found": pipeline::place_of_data(set, args.data_dir.as_deref()),
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
        if let Some(subjects) = data::known_subjects(set.name) {
            output::line(&format!("  holdout   {subjects}"))?;
        }
        output::line(&format!(
            "  found     {}\n",
            pipeline::place_of_data(set, args.data_dir.as_deref())
        ))?;
    }
    Ok(())
}

#[cfg(feature = "fetch")]
fn fetch(name: &str, data_dir: Option<PathBuf>) -> Result<()> {
    let folder = data::named_folder(data_dir).unwrap_or_else(|| PathBuf::from("data"));
    for path in pipeline::fetch_data(name, &folder, &mut Terminal::default())? {
        output::line(&format!("{}: fetched and checked", path.display()))?;
    }
    output::line(&format!("use it with --data-dir {}", folder.display()))
}
