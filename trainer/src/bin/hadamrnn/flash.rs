//! `hadamrnn flash`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::flash::Installed;
use hadamrnn::pipeline::{self, FlashOptions, FlashTarget};
use serde_json::json;

use crate::Status;
use crate::board_link::{FirmwareArgs, TimingArgs};
use crate::output;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Model folder or model file
    #[arg(required_unless_present = "firmware")]
    model: Option<PathBuf>,
    /// Board of the registry, real or emulated
    #[arg(long, value_name = "NAME", required_unless_present = "chip")]
    board: Option<String>,
    /// Chip by its probe-rs name, for boards that are not in the registry; its core has to see the slots as memory
    #[arg(
        long,
        value_name = "CHIP",
        conflicts_with = "board",
        requires = "slots",
        requires = "descriptor"
    )]
    chip: Option<String>,
    /// With --chip: address of the first slot
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    slots: Option<u32>,
    /// With --chip: address of the firmware's descriptor
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    descriptor: Option<u32>,
    /// Debug probe, where there are several: VID:PID or VID:PID:SERIAL
    #[arg(long, value_name = "PROBE")]
    probe: Option<String>,
    /// Build the board's `stream` firmware and write it too
    #[arg(long)]
    firmware: bool,
    /// Write a UF2 file to be copied onto the board's drive, instead of using a probe
    #[arg(long, value_name = "FILE")]
    uf2: Option<PathBuf>,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    sources: FirmwareArgs,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// An address, in decimal or, with `0x`, hexadecimal; digits may be grouped by `_`.
fn address(text: &str) -> Result<u32, String> {
    let digits = text.replace('_', "");
    let number = match digits.strip_prefix("0x") {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => digits.parse(),
    };
    number.map_err(|_| format!("{text:?} is no address: write 0x08060000, for instance"))
}

pub fn run(args: &Args) -> Result<Status> {
    let chip = || FlashTarget::Chip(args.chip.clone().unwrap_or_default());
    let options = FlashOptions {
        model: args.model.clone(),
        target: args.board.clone().map_or_else(chip, FlashTarget::Board),
        uf2: args.uf2.clone(),
        slots: args.slots,
        descriptor: args.descriptor,
        probe: args.probe.clone(),
        firmware: args.firmware,
        timing: args.timing.options(),
        sources: args.sources.options(),
    };
    let mut terminal = Terminal::default().with_headings();
    let flashed = pipeline::flash(&options, &mut terminal);
    terminal.finish()?;
    let flashed = flashed?;
    if let Some(path) = &flashed.uf2 {
        output::line(&format!(
            "wrote {}: hold the board's boot button while you plug it in, and copy the file onto its drive",
            path.display()
        ))?;
    }
    match (&flashed.installed, args.json) {
        (None, _) => {}
        (Some(installed), true) => {
            output::json(&json!({ "place": flashed.place, "installed": installed }))?;
        }
        (Some(installed), false) => output::line(&describe(installed, &flashed.place))?,
    }
    Ok(Status::Success)
}

fn describe(installed: &Installed, place: &str) -> String {
    let Installed { slot, header, .. } = installed;
    if installed.already_there {
        return format!("slot {slot} of {place} has this model already");
    }
    format!(
        "slot {slot} of {place}: {} bytes written and verified, number {}",
        header.length, header.sequence
    )
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses() {
        assert_eq!(address("0x0806_0000"), Ok(0x0806_0000));
        assert_eq!(address("4096"), Ok(4096));
        assert!(
            address("0x1_0000_0000").is_err() && address("slot").is_err() && address("").is_err()
        );
    }
}
