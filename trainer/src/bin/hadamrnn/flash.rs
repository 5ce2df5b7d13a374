//! `hadamrnn flash`.

#[cfg(feature = "probe")]
mod chip;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use hadamrnn::board::{self, FirmwareFolder, FlashFile};
use hadamrnn::flash::{self, Installed, Part, firmware_parts, model_parts, uf2};
use hadamrnn_firmware_support::boards::Board;
use serde_json::json;

use crate::Status;
use crate::board_link::{BoardModel, FirmwareArgs, TimingArgs};
use crate::output;
use crate::progress::Spinner;

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
    let model = match &args.model {
        Some(path) => Some(BoardModel::read(path, args.timing)?),
        None => None,
    };
    let Some(name) = &args.board else {
        return on_chip(
            args,
            args.chip.as_deref().unwrap_or_default(),
            None,
            model.as_ref(),
        );
    };
    let folder = args.sources.folder_if(args.firmware)?;
    let registry = board::registry(folder.as_ref())?;
    let board = registry.board(name).map_err(|message| {
        anyhow!("{message}; --firmware-dir names a folder with another boards.toml")
    })?;
    if let Some(path) = &args.uf2 {
        return to_uf2(args, path, folder.as_ref(), board, model.as_ref());
    }
    if board.is_emulated() {
        let board = registry.emulated_board_with_slots(name);
        let board = board.map_err(|message| anyhow!(message))?;
        return to_emulated(args, folder.as_ref(), board, model.as_ref());
    }
    ensure!(
        !board.chip.is_empty(),
        "{name} has no chip in boards.toml that a probe could flash"
    );
    on_chip(
        args,
        &board.chip,
        Some((folder.as_ref(), board)),
        model.as_ref(),
    )
}

/// Builds a board's firmware, where it was asked for, which the sources are at hand for then.
fn build(
    args: &Args,
    folder: Option<&FirmwareFolder>,
    board: &Board,
) -> Result<Option<board::Firmware>> {
    let Some(folder) = folder.filter(|_| args.firmware) else {
        return Ok(None);
    };
    let _spinner = Spinner::new(format!("building firmware for {}", board.name));
    board::build_stream(folder, board).map(Some)
}

/// Into the file that is an emulated board's flash.
fn to_emulated(
    args: &Args,
    folder: Option<&FirmwareFolder>,
    board: &Board,
    model: Option<&BoardModel>,
) -> Result<Status> {
    if let Some(firmware) = build(args, folder, board)? {
        output::line(&format!("firmware: {}", firmware.elf.display()))?;
    }
    let Some(model) = model else {
        return Ok(Status::Success);
    };
    let path = args.sources.flash_path(board)?;
    let mut file = FlashFile::open(&path, board)?;
    let descriptor = board.descriptor().context("the board has no slots")?;
    let installed = flash::install(&mut file, &descriptor, &model.file, model.timing)?;
    report(args, &installed, &path.display().to_string())
}

/// As a file for the boot loader.
fn to_uf2(
    args: &Args,
    path: &Path,
    folder: Option<&FirmwareFolder>,
    board: &Board,
    model: Option<&BoardModel>,
) -> Result<Status> {
    let family = board.uf2_family.with_context(|| {
        format!(
            "{} takes no UF2 files (no uf2_family in boards.toml): flash it by a probe",
            board.name
        )
    })?;
    let mut parts: Vec<Part> = Vec::new();
    if let Some(firmware) = build(args, folder, board)? {
        parts.extend(firmware_parts(&firmware.read()?)?);
    }
    if let Some(model) = model {
        let descriptor = board.descriptor();
        let stream = descriptor.zip(board.stream.as_ref());
        let (descriptor, stream) = stream.context("the board has no slots")?;
        let sector = stream.erase_size;
        parts.extend(model_parts(&descriptor, sector, &model.file, model.timing)?.1);
    }
    let bytes = uf2::file(&parts, family)?;
    std::fs::write(path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
    output::line(&format!(
        "wrote {}: hold the board's boot button while you plug it in, and copy the file onto its drive",
        path.display()
    ))?;
    Ok(Status::Success)
}

#[cfg(feature = "probe")]
use chip::on_chip;

#[cfg(not(feature = "probe"))]
fn on_chip(
    _: &Args,
    chip: &str,
    _: Option<(Option<&FirmwareFolder>, &Board)>,
    _: Option<&BoardModel>,
) -> Result<Status> {
    anyhow::bail!(
        "this program was built without probe support, which flashing {chip} needs: build it with `cargo build --release \
         --features probe`, or use --uf2 or `hadamrnn send`"
    )
}

fn report(args: &Args, installed: &Installed, place: &str) -> Result<Status> {
    if args.json {
        output::json(&json!({ "place": place, "installed": installed }))?;
    } else if installed.already_there {
        output::line(&format!(
            "slot {} of {place} has this model already",
            installed.slot
        ))?;
    } else {
        output::line(&format!(
            "slot {} of {place}: {} bytes written and verified, number {}",
            installed.slot, installed.header.length, installed.header.sequence
        ))?;
    }
    Ok(Status::Success)
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
