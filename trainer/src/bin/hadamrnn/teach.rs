//! `hadamrnn teach`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use hadamrnn::data::Split;
use hadamrnn::pipeline::{
    self, PortOptions, ShownWindows, TaughtModel, TeachBoardOptions, TeachOptions,
};
use hadamrnn::visible;
use serde_json::json;

use crate::Status;
use crate::board_link::PortArgs;
use crate::choices::choice;
use crate::output;
use crate::progress::Terminal;
use crate::send::describe;

/// Windows that a board takes where no number is given.
const WINDOWS: u16 = 10;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder or model file, of a run that was exported with --novelty. With --port: the folder of the board's model, for the
    /// names of its classes
    model: Option<PathBuf>,
    /// Recordings of the class, or window files: without labels all of them, else what has the label
    #[arg(conflicts_with = "port")]
    recordings: Vec<PathBuf>,
    /// Name of the class: one that the model has, or a new one
    #[arg(long, value_name = "NAME")]
    label: String,
    /// Windows to take, of which no two overlap [default: all of recordings, 10 of a board]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=32767))]
    windows: Option<u16>,
    /// Model to write: a folder where the model is in one, else a file
    #[arg(long, value_name = "NEW", conflicts_with = "port")]
    out: Option<PathBuf>,
    /// Without recordings: split of the data of the model's task whose windows are taken
    #[arg(long, value_parser = choice::<Split>(), default_value = "train", conflicts_with = "port")]
    split: Split,
    /// Without recordings: name or number of the person or group of the data whose windows are taken [default: all]
    #[arg(long, value_name = "GROUP", conflicts_with = "port")]
    group: Option<String>,
    /// Without recordings: folder with the data sets
    #[arg(long, value_name = "DIR", conflicts_with_all = ["port", "recordings"])]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    port: PortArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Status> {
    match &args.port.port {
        Some(_) => on_board(args),
        None => on_host(args),
    }
}

fn on_host(args: &Args) -> Result<Status> {
    let model = args.model.clone().context(
        "which model? Give a model folder and recordings of the class, or the port of a board with --port",
    )?;
    let out = args
        .out
        .clone()
        .context("where to? --out names the model that is written")?;
    let options = TeachOptions {
        model,
        label: args.label.clone(),
        windows: match args.recordings.is_empty() {
            true => ShownWindows::Data {
                split: args.split,
                group: args.group.clone(),
                data_dir: args.data_dir.clone(),
            },
            false => ShownWindows::Recordings(args.recordings.clone()),
        },
        most: args.windows.map(usize::from),
        out: out.clone(),
    };
    let mut terminal = Terminal::default().with_tables(!args.json);
    let taught = pipeline::teach(&options, &mut terminal)?;
    terminal.finish()?;
    if let Some(wanted) = args.windows {
        ensure!(
            taught.windows > 0 && taught.windows <= usize::from(wanted),
            "there are no windows"
        );
        if taught.windows < usize::from(wanted) {
            output::note(&format!(
                "note: there were {} windows of the class, not {wanted}",
                taught.windows
            ));
        }
    }
    let TaughtModel {
        class,
        is_new,
        windows,
        classes,
        bytes,
    } = taught;
    match args.json {
        true => output::json(&json!({
            "model": out, "class": class, "new": is_new, "windows": windows, "classes": classes, "bytes": bytes,
        }))?,
        false => output::line(&format!(
            "{}: taught {} with {windows} windows, {} (class {class} of {})",
            out.display(),
            visible::name(&args.label),
            kind(is_new),
            classes.len()
        ))?,
    }
    Ok(Status::Success)
}

const fn kind(is_new: bool) -> &'static str {
    match is_new {
        true => "a new class",
        false => "one that was there",
    }
}

fn on_board(args: &Args) -> Result<Status> {
    let options = TeachBoardOptions {
        port: PortOptions {
            port: args.port.port()?.clone(),
            baud: args.port.baud,
        },
        label: args.label.clone(),
        model: args.model.clone(),
        windows: args.windows.unwrap_or(WINDOWS),
    };
    let taught = pipeline::teach_board(&options, &mut Terminal::stoppable()?)?;
    match args.json {
        true => output::json(&json!({
            "class": taught.class, "new": taught.is_new, "windows": options.windows, "model": taught.model, "status": taught.status,
        }))?,
        false => {
            output::line(&format!(
                "taught {}, {} (class {})",
                visible::name(&args.label),
                kind(taught.is_new),
                taught.class
            ))?;
            output::line(&describe(&taught.status))?;
        }
    }
    Ok(Status::Success)
}
