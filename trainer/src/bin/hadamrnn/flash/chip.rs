//! `hadamrnn flash` through a debug probe.

use anyhow::{Context, Result, bail};
use hadamrnn::board::FirmwareFolder;
use hadamrnn::flash::{self, Installed, descriptor_in, firmware_parts, model_parts, probe};
use hadamrnn::link::Firmware;
use hadamrnn::visible;
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_firmware_support::boards::Board;

use super::{Args, build, report};
use crate::Status;
use crate::board_link::{BoardModel, byte_bar};
use crate::output;

/// Writes firmware and model, as asked for.
pub fn on_chip(
    args: &Args,
    chip: &str,
    board: Option<(Option<&FirmwareFolder>, &Board)>,
    model: Option<&BoardModel>,
) -> Result<Status> {
    let bar = byte_bar("flashing", 0)?;
    let progress = |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    };
    // Built first: nothing is touched when that fails.
    let firmware = match board {
        Some((folder, board)) => build(args, folder, board)?,
        None => None,
    };
    let elf = firmware.map(|firmware| firmware.read()).transpose()?;
    let at = args
        .descriptor
        .or_else(|| board.and_then(|(_, board)| board.descriptor_address()));
    let at = at.context("this board has no firmware with model slots")?;
    let mut device = probe::Board::attach(chip, args.probe.as_deref(), Box::new(progress))?;
    let mut written = None;
    if let (Some(elf), Some((Some(folder), board))) = (elf, board) {
        written = Some(write_firmware(&mut device, elf, folder, board, at)?);
        output::line("firmware: written and verified")?;
    }
    if let Some(model) = model {
        let firmware = written.map_or_else(|| device.firmware(at), Ok)?;
        let descriptor = firmware.descriptor()?;
        let board = board.map(|(_, board)| board);
        same_board(&descriptor, board)?;
        let installed = write_model(&mut device, &descriptor, args.slots, board, model)?;
        report(args, &installed, chip)?;
    }
    bar.finish_and_clear();
    device.restart()?;
    Ok(Status::Success)
}

/// Gives what the firmware says of itself.
fn write_firmware(
    device: &mut probe::Board<'_>,
    elf: Vec<u8>,
    folder: &FirmwareFolder,
    board: &Board,
    descriptor: u32,
) -> Result<Firmware> {
    let parts = firmware_parts(&elf)?;
    let firmware = descriptor_in(&parts, descriptor)?;
    match &board.partitions {
        Some(table) => device.write_idf(elf, &folder.of_board(board).join(table))?,
        None => device.write(&parts)?,
    }
    Ok(firmware)
}

/// Into the slot that is free, or, where the probe does not see the slots, into the first.
fn write_model(
    device: &mut probe::Board<'_>,
    firmware: &Descriptor<'_>,
    slots: Option<u32>,
    board: Option<&Board>,
    BoardModel { file, timing }: &BoardModel,
) -> Result<Installed> {
    let stream = board.and_then(|board| board.stream.as_ref());
    if let Some(unseen) = stream.filter(|stream| !stream.slots_mapped) {
        let (header, parts) = model_parts(firmware, unseen.erase_size, file, *timing)?;
        device.write(&parts)?;
        return Ok(Installed::over(header));
    }
    device.set_slots(slots.unwrap_or(firmware.slots_origin), firmware.slot_size);
    flash::install(device, firmware, file, *timing)
}

fn same_board(found: &Descriptor<'_>, board: Option<&Board>) -> Result<()> {
    match board {
        Some(board) if board.name != found.board => bail!(
            "the firmware on this board is for {}, not {}: name the right board, or flash with --firmware",
            visible::name(found.board),
            board.name
        ),
        _ => Ok(()),
    }
}
