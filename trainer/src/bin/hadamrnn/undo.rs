//! `hadamrnn undo`.

use anyhow::Result;
use hadamrnn::pipeline::{self, PortOptions};
use serde_json::json;

use crate::Status;
use crate::board_link::PortArgs;
use crate::output;
use crate::send::describe;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    port: PortArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Status> {
    let status = pipeline::undo(&PortOptions {
        port: args.port.port()?.clone(),
        baud: args.port.baud,
    })?;
    match args.json {
        true => output::json(&json!({ "status": status }))?,
        false => output::line(&describe(&status))?,
    }
    Ok(Status::Success)
}
