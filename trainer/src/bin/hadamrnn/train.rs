//! `hadamrnn train`.

mod image_options;
mod options;

use std::path::{Path, PathBuf};

use anyhow::Result;
use hadamrnn::pipeline::{
    self, ConfigOptions, Observer, Start, TaskArgument, TaskSetup, TrainOptions, Trained,
};
use hadamrnn::recipe::Recipe;
use hadamrnn::train::Outcome;
use serde_json::json;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::output;
use crate::own_data;
use crate::progress::Terminal;
use options::Options;

#[derive(clap::Args)]
pub struct Args {
    /// Task: a benchmark such as har2, or for your own data the task file that `hadamrnn init` writes, or "recordings" with
    /// --data-dir (with --resume or --config it may be left out)
    task: Option<TaskArgument>,
    /// Folder of the run [default: runs/TASK-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in this folder, with the configuration and the data that it was started with
    #[arg(long, value_name = "DIR", conflicts_with_all = ["task", "out", "config", "overwrite", "recipe"])]
    resume: Option<PathBuf>,
    /// Start anew where a run already is
    #[arg(long)]
    overwrite: bool,
    /// Read the configuration from a TOML file: a whole one, as --print-config writes it, or the settings that differ from
    /// the recipe's. The options below override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Recipe to start from; the configuration file and the options below override it [default: fast]
    #[arg(long, value_parser = choice::<Recipe>())]
    recipe: Option<Recipe>,
    /// Print the configuration as TOML and do nothing
    #[arg(long, conflicts_with = "resume")]
    print_config: bool,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    if args.print_config {
        let setup = configuration(args, &mut Terminal::default())?;
        output::line(setup.config.to_toml().trim_end())?;
        return Ok(Status::Success);
    }
    let mut terminal = Terminal::stoppable()?.with_tables(!args.common.json);
    let options = train_options(args, &mut terminal)?;
    let trained = pipeline::train(&options, &mut terminal)?;
    terminal.finish()?;
    match trained.outcome {
        Outcome::Interrupted => {
            let command = next_command("train --resume", &trained.folder, &options, &args.common);
            output::note(&format!("saved; continue with: {command}"));
            Ok(Status::Interrupted)
        }
        Outcome::Finished => {
            print(&trained, &options, &args.common)?;
            Ok(Status::Success)
        }
    }
}

fn train_options(args: &Args, observer: &mut dyn Observer) -> Result<TrainOptions> {
    let given = args.common.data.data_dir.as_deref();
    let (folder, start, data_dir) = match &args.resume {
        Some(folder) => {
            let mut expected = pipeline::config_of_run(folder)?;
            args.options.apply(&mut expected)?;
            let expected = Some(expected);
            (
                folder.clone(),
                Start::Resume { expected },
                given.map(Path::to_owned),
            )
        }
        None => {
            let setup = configuration(args, observer)?;
            let data_dir = setup.data_dir(given)?;
            let config = setup.config;
            let default = || PathBuf::from(format!("runs/{}-{}", setup.name, config.seed));
            let folder = args.out.clone().unwrap_or_else(default);
            let start = match args.overwrite {
                true => Start::Overwrite(config),
                false => Start::New(config),
            };
            (folder, start, data_dir)
        }
    };
    Ok(TrainOptions {
        folder,
        start,
        data_dir,
        device: args.common.device.device,
    })
}

fn configuration(args: &Args, observer: &mut dyn Observer) -> Result<TaskSetup> {
    let options = ConfigOptions {
        task: args.task.clone(),
        file: args.config.clone(),
        recipe: args.recipe,
    };
    let mut setup = options.read(observer)?;
    args.options.apply(&mut setup.config)?;
    setup.config.validate()?;
    Ok(setup)
}

fn print(trained: &Trained, options: &TrainOptions, common: &Common) -> Result<()> {
    let (folder, epochs) = (&trained.folder, trained.checkpoint.position.epoch);
    let best = trained.checkpoint.best.as_ref();
    if common.json {
        let mut found = json!({
            "run": folder,
            "epochs": epochs,
            "best_epoch": best.map(|best| best.epoch),
            "valid": best.map(|best| best.valid),
        });
        if let Some(own) = &trained.recordings {
            found["recordings"] = json!(own.overview);
            found["confusion"] = json!(own.validation);
        }
        return output::json(&found);
    }
    let best = best.map_or(String::new(), |best| {
        format!(": best epoch {}, validation {}", best.epoch, best.valid)
    });
    output::line(&format!(
        "trained {epochs} epochs in {}{best}",
        folder.display()
    ))?;
    let validation = trained.recordings.as_ref();
    if let Some(confusion) = validation.and_then(|own| own.validation.as_ref()) {
        own_data::confusion(confusion, "validation split, float network", Some(folder))?;
    }
    let command = next_command("export", folder, options, common);
    output::line(&format!("next: {command}"))
}

/// A command on the run in `folder`, with the data and the device of this one, as a shell takes it.
fn next_command(command: &str, folder: &Path, options: &TrainOptions, common: &Common) -> String {
    let mut text = format!("hadamrnn {command} {}", output::quoted(folder));
    if let Some(data) = &options.data_dir {
        text += &format!(" --data-dir {}", output::quoted(data));
    }
    text + &common.device.given()
}
