//! `hadamrnn send`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::link::{BoardStatus, Sent};
use hadamrnn::pipeline::{self, SendOptions, SentModel};
use hadamrnn::visible;
use hadamrnn_device::slots::{Running, Timing};
use serde_json::json;

use crate::Status;
use crate::board_link::{PortArgs, TimingArgs};
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder or model file
    model: PathBuf,
    #[command(flatten)]
    port: PortArgs,
    #[command(flatten)]
    timing: TimingArgs,
    /// Leave the board running its present model; it starts the new one after its next restart
    #[arg(long)]
    no_restart: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Status> {
    let options = SendOptions {
        model: args.model.clone(),
        port: args.port.port()?.clone(),
        baud: args.port.baud,
        timing: args.timing.options(),
        restart: !args.no_restart,
    };
    let SentModel { sent, status } = pipeline::send(&options, &mut Terminal::default())?;
    if args.json {
        let written = sent == Sent::Written;
        output::json(&json!({ "written": written, "status": status }))?;
    } else {
        output::line(match sent {
            Sent::Written => "sent and verified",
            Sent::AlreadyThere => "the board has this model already",
        })?;
        output::line(&describe(&status))?;
    }
    Ok(Status::Success)
}

/// How a model is run, for people.
pub fn describe_timing(timing: Timing) -> String {
    let used = match timing.decimation {
        0 | 1 => String::new(),
        decimation => format!(", of which one of {decimation} is used"),
    };
    format!(
        "windows of {} samples every {}{used}",
        timing.window, timing.hop
    )
}

/// Describes the model that a board runs, for people.
pub fn describe(status: &BoardStatus) -> String {
    let from = match status.running {
        Running::BuiltIn => "built into its firmware".into(),
        Running::Slot { index, header } => format!("slot {index}, number {}", header.sequence),
    };
    let slots = status.slots.iter().enumerate().filter_map(|(i, slot)| {
        let fault = slot.err()?;
        Some(format!("\nslot {i}: {fault}"))
    });
    format!(
        "the board runs \"{}\" ({from}), {} classes, {}{}",
        visible::name(&status.name),
        status.classes,
        describe_timing(status.timing),
        slots.collect::<String>()
    )
}
