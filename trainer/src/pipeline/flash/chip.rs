//! Flashing through a debug probe.

use std::cell::RefCell;

use anyhow::{Context, Result, bail};
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_device::slots::Timing;
use hadamrnn_firmware_support::boards::Board;

use super::{Flashed, Work};
use crate::board::{self, FirmwareFolder};
use crate::flash::{self, Installed, descriptor_in, firmware_parts, model_parts, probe};
use crate::integer::ModelFile;
use crate::link::Firmware;
use crate::observer::{Observer, Stage, Transfer};
use crate::visible;

/// Writes firmware and model, as asked for, and restarts the board.
pub(super) fn write(
    work: &Work<'_>,
    chip: &str,
    board: Option<(Option<&FirmwareFolder>, &Board)>,
    firmware: Option<&board::Firmware>,
    observer: &mut dyn Observer,
) -> Result<Flashed> {
    let what = "flashing";
    observer.stage_begun(&Stage::Transferring { what: what.into() });
    // The probe tells of its progress while the observer is told of the firmware.
    let observer = RefCell::new(observer);
    let flashed = write_all(work, chip, board, firmware, &observer);
    observer.into_inner().stage_ended();
    flashed
}

fn write_all(
    work: &Work<'_>,
    chip: &str,
    board: Option<(Option<&FirmwareFolder>, &Board)>,
    firmware: Option<&board::Firmware>,
    observer: &RefCell<&mut dyn Observer>,
) -> Result<Flashed> {
    let progress = |done, total| {
        observer.borrow_mut().transfer(&Transfer {
            what: "flashing",
            done,
            total: Some(total),
        });
    };
    let options = work.options;
    let elf = firmware.map(board::Firmware::read).transpose()?;
    let at = options
        .descriptor
        .or_else(|| board.and_then(|(_, board)| board.descriptor_address()));
    let at = at.context("this board has no firmware with model slots")?;
    let mut device = probe::Board::attach(chip, options.probe.as_deref(), Box::new(progress))?;
    let mut written = None;
    if let (Some(elf), Some((Some(folder), board))) = (elf, board) {
        written = Some(write_firmware(&mut device, elf, folder, board, at)?);
        observer
            .borrow_mut()
            .heading("firmware: written and verified");
    }
    let mut installed = None;
    if let Some(model) = work.model {
        let firmware = written.map_or_else(|| device.firmware(at), Ok)?;
        let descriptor = firmware.descriptor()?;
        let board = board.map(|(_, board)| board);
        same_board(&descriptor, board)?;
        let slots = options.slots;
        let timing = model.timing_on(&descriptor, &mut **observer.borrow_mut())?;
        let file = &model.file;
        installed = Some(write_model(
            &mut device,
            &descriptor,
            slots,
            board,
            file,
            timing,
        )?);
    }
    device.restart()?;
    Ok(Flashed {
        installed,
        place: chip.into(),
        uf2: None,
    })
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
    file: &ModelFile,
    timing: Timing,
) -> Result<Installed> {
    let stream = board.and_then(|board| board.stream.as_ref());
    if let Some(unseen) = stream.filter(|stream| !stream.slots_mapped) {
        let (header, parts) = model_parts(firmware, unseen.erase_size, file, timing)?;
        device.write(&parts)?;
        return Ok(Installed::over(header));
    }
    device.set_slots(slots.unwrap_or(firmware.slots_origin), firmware.slot_size);
    flash::install(device, firmware, file, timing)
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
