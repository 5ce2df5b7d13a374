//! `hadamrnn pull`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::card::sha256;
use hadamrnn::pipeline::{self, PortOptions, PullOptions};
use hadamrnn::taught;
use hadamrnn::visible;
use serde_json::json;

use crate::Status;
use crate::board_link::PortArgs;
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Model file to write, or with --model a model folder
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Folder of the model that the board's was made of: a folder with its card is written, so that `eval` and `teach` know its data
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    #[command(flatten)]
    port: PortArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = PullOptions {
        port: PortOptions {
            port: args.port.port()?.clone(),
            baud: args.port.baud,
        },
        out: args.out.clone(),
        model: args.model.clone(),
    };
    let file = pipeline::pull(&options, &mut Terminal::default())?;
    let model = file.model()?;
    let labels = taught::labels(&model)?;
    match args.json {
        true => output::json(&json!({
            "out": args.out, "name": model.name(), "bytes": file.bytes().len(), "sha256": sha256(file.bytes()), "taught": labels,
        }))?,
        false => output::line(&format!(
            "{}: \"{}\", {} bytes{}",
            args.out.display(),
            visible::name(model.name()),
            output::grouped(file.bytes().len() as u64),
            match labels.is_empty() {
                true => String::new(),
                false => format!(", taught {}", visible::names(&labels)),
            }
        ))?,
    }
    Ok(Status::Success)
}
