//! Putting a model into a slot of a board from outside of its firmware: through a debug probe, into an emulator's flash, or
//! as a UF2 file.

#[cfg(test)]
mod fixtures;
mod image;
mod parts;
#[cfg(feature = "probe")]
pub mod probe;
pub mod uf2;

pub use parts::{FlashSegment, descriptor_in, firmware_parts, model_parts};

use anyhow::{Context, Result, ensure};
use hadamrnn_device::descriptor::Descriptor;
use hadamrnn_device::slots::{
    Begun, Boot, Fault, HEADER_LEN, MemoryFlash, NewModel, PIECE, Region, SlotHeader, Slots,
    Timing, inspect,
};
use serde::Serialize;

use crate::integer::ModelFile;
use crate::visible;

/// A board whose slots can be read and written from here.
pub trait Device {
    /// Reads a slot.
    ///
    /// # Errors
    /// It cannot be read.
    fn read_slot(&mut self, index: u8, size: u32) -> Result<Vec<u8>>;

    /// Writes the header and the model of a slot, so that a power cut anywhere leaves no slot that looks whole and is
    /// not: the sector of the header is erased first.
    ///
    /// # Errors
    /// It cannot be written. The other slot is untouched.
    fn write_slot(&mut self, index: u8, bytes: &[u8]) -> Result<()>;
}

/// An installed model, and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Installed {
    /// The slot, 0 or 1.
    pub slot: u8,
    /// Header of the slot.
    pub header: SlotHeader,
    /// Whether the newest slot had this very model already, so that nothing was written.
    pub already_there: bool,
}

impl Installed {
    /// A model that was put into slot 0 whatever was there, see [`model_parts`].
    pub const fn over(header: SlotHeader) -> Self {
        Self {
            slot: 0,
            header,
            already_there: false,
        }
    }
}

/// A slot that is to be written.
struct SlotPlan {
    slot: u8,
    header: SlotHeader,
    bytes: Option<Vec<u8>>,
}

/// A copy of both slots, in which a transfer is played through: what the board would do, without the board. Sectors are
/// as small as slots allow, as only the outcome is of interest.
type Copy = MemoryFlash<4, HEADER_LEN>;

/// Writes a model into the slot that is not in use, and reads it back.
///
/// # Errors
/// The firmware cannot run the model, or the device fails; what the board booted before, it still boots.
pub fn install(
    device: &mut dyn Device,
    firmware: &Descriptor<'_>,
    file: &ModelFile,
    timing: Timing,
) -> Result<Installed> {
    let size = firmware.slot_size;
    let slots = [device.read_slot(0, size)?, device.read_slot(1, size)?];
    let plan = plan(&slots, firmware, file, timing)?;
    let (slot, header) = (plan.slot, plan.header);
    if let Some(bytes) = &plan.bytes {
        device.write_slot(slot, bytes)?;
        let written = device.read_slot(slot, size)?;
        let found = inspect(&written).map(|(header, _)| header);
        ensure!(
            found == Ok(header) && written.starts_with(bytes),
            "verification failed: slot {slot} reads back otherwise than it was written; the other slot is untouched"
        );
    }
    Ok(Installed {
        slot,
        header,
        already_there: plan.bytes.is_none(),
    })
}

/// Content of the slots, and the model that a board would boot with them.
///
/// # Errors
/// The slots are not of the firmware's size.
pub fn look(slots: &[Vec<u8>; 2], firmware: &Descriptor<'_>) -> Result<Boot> {
    let copy = Copy::holding(&slots.concat());
    let accept = |model: &hadamrnn_runtime::Model<'_>, timing| firmware.check(model, timing);
    Ok(Slots::new(copy, region(firmware), accept)?.boot())
}

fn region(firmware: &Descriptor<'_>) -> Region {
    Region {
        offset: 0,
        slot_size: firmware.slot_size,
    }
}

fn plan(
    slots: &[Vec<u8>; 2],
    firmware: &Descriptor<'_>,
    file: &ModelFile,
    timing: Timing,
) -> Result<SlotPlan> {
    let model = file.model()?;
    let board = visible::name(firmware.board);
    let refused = || format!("the firmware of {board} cannot run this model");
    firmware.check(&model, timing).with_context(refused)?;
    let bytes = file.bytes();
    let new = NewModel::of(bytes, timing);
    let accept = |model: &hadamrnn_runtime::Model<'_>, timing| firmware.check(model, timing);
    let copy = Copy::holding(&slots.concat());
    let mut copy = Slots::new(copy, region(firmware), accept)?;
    copy.boot();
    let already_there = copy.begin(new).with_context(refused)? == Begun::AlreadyThere;
    if !already_there {
        for (i, piece) in bytes.chunks(PIECE).enumerate() {
            copy.write(new.crc, (i * PIECE) as u32, piece)?;
        }
    }
    let header = copy.commit(new.crc)?;
    let found = copy.look().slots;
    let slot = found
        .iter()
        .position(|slot: &Result<SlotHeader, Fault>| *slot == Ok(header));
    let slot = slot.context("the plan holds no such slot")?;
    let written = [&header.to_bytes()[..], bytes].concat();
    Ok(SlotPlan {
        slot: slot as u8,
        header,
        bytes: (!already_there).then_some(written),
    })
}
