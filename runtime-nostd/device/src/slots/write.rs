//! Writing a model into a slot.

use core::fmt;

use embedded_storage::nor_flash::NorFlash;
use hadamrnn_runtime::Model;
use hadamrnn_runtime::taught::TeachError;
use serde::{Deserialize, Serialize};

use super::boot::{Accept, Boot, Running, boot, inspect};
use super::header::{Fault, HEADER_LEN, SlotHeader, Timing, digest};

/// Every piece of a model but the last has a multiple of so many bytes: the largest smallest write of any flash.
pub const PIECE: usize = HEADER_LEN;

/// Flash that the core also reads as memory, as models are.
pub trait MappedFlash: NorFlash {
    /// The bytes there now; fewer where the flash ends before.
    fn bytes(&self, offset: u32, length: usize) -> &[u8];
}

/// Where the two slots are: one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Offset of the first slot, from the start of the driver's flash.
    pub offset: u32,
    /// Bytes of each slot, header included.
    pub slot_size: u32,
}

/// Why a region cannot hold slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionError {
    /// It ends beyond the flash, or a slot has no room for a header.
    Size,
    /// A slot does not start and end with a sector, or sectors are no multiple of four bytes.
    Sector,
    /// A header is not a whole number of the smallest writes.
    WriteSize,
}

/// A model that is to be written into a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewModel {
    /// Bytes of the model.
    pub length: u32,
    /// Their [`digest`].
    pub crc: u32,
    /// How it is run.
    pub timing: Timing,
}

/// How [`Slots::begin`] went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Write from this offset on; not 0 where the same transfer had begun before.
    Next(u32),
    /// The newest slot holds this very model; nothing is to be done.
    AlreadyThere,
}

/// Why a model is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SlotError {
    /// It does not fit, arrived damaged, or cannot be run here.
    Fault(Fault),
    /// The flash driver failed. What was written is lost.
    Flash,
    /// No transfer of this model has begun, or the board has restarted since.
    NoTransfer,
    /// A piece that is not the last one is not a multiple of [`PIECE`], or reaches beyond the model.
    Piece,
    /// Pieces are missing.
    Incomplete {
        /// The first byte that is missing.
        next: u32,
    },
    /// The class is not taught.
    Teach(TeachError),
    /// The model that the request names is not the one that runs, or not the newest.
    OtherModel,
    /// A newer model waits in a slot for the next start.
    Waiting,
    /// No slot has a model that could be taken back.
    Nothing,
    /// The firmware was built without the code for it.
    NotBuilt,
}

/// The two slots of a board, and the transfer into one of them.
#[derive(Debug)]
pub struct Slots<F, A> {
    flash: F,
    region: Region,
    accept: A,
    in_use: Option<u8>,
    transfer: Option<Transfer>,
}

#[derive(Clone, Copy, Debug)]
struct Transfer {
    new: NewModel,
    slot: u8,
    sequence: u32,
    /// Bytes of the model that are written.
    next: u32,
    /// Everything of the slot before this flash offset was erased.
    erased: u32,
}

impl NewModel {
    /// Describes the model file `model`, to be run with `timing`.
    #[must_use]
    pub const fn of(model: &[u8], timing: Timing) -> Self {
        Self {
            length: model.len() as u32,
            crc: digest(model),
            timing,
        }
    }
}

impl<F: MappedFlash, A: Accept> Slots<F, A> {
    /// Slots in a region of `flash`.
    ///
    /// # Errors
    /// The region does not fit the flash.
    pub fn new(flash: F, region: Region, accept: A) -> Result<Self, RegionError> {
        let Region { offset, slot_size } = region;
        let end = u64::from(offset) + 2 * u64::from(slot_size);
        if end > flash.capacity() as u64 || slot_size as usize <= HEADER_LEN {
            return Err(RegionError::Size);
        }
        let whole = |bytes: u32, unit: usize| (bytes as usize).is_multiple_of(unit);
        if !whole(offset, F::ERASE_SIZE)
            || !whole(slot_size, F::ERASE_SIZE)
            || !F::ERASE_SIZE.is_multiple_of(4)
        {
            return Err(RegionError::Sector);
        }
        if F::WRITE_SIZE == 0
            || !HEADER_LEN.is_multiple_of(F::WRITE_SIZE)
            || F::ERASE_SIZE < HEADER_LEN
        {
            return Err(RegionError::WriteSize);
        }
        Ok(Self {
            flash,
            region,
            accept,
            in_use: None,
            transfer: None,
        })
    }

    /// Chooses what runs, see [`boot`], and keeps off that slot from then on.
    pub fn boot(&mut self) -> Boot {
        let found = boot([self.slot(0), self.slot(1)], &self.accept);
        self.in_use = found.running.slot();
        found
    }

    /// Reads the content of both slots. The slot in use stays the one of [`Slots::boot`].
    #[must_use]
    pub fn look(&self) -> Boot {
        boot([self.slot(0), self.slot(1)], &self.accept)
    }

    /// Where the slots are.
    #[must_use]
    pub const fn region(&self) -> Region {
        self.region
    }

    /// Flash offset and length of the model in a slot, for reading it in place.
    #[must_use]
    pub const fn model_range(&self, index: u8, header: &SlotHeader) -> (u32, usize) {
        let start = self.start(index) + HEADER_LEN as u32;
        (start, header.length as usize)
    }

    /// The transfer in progress, and how far it is.
    #[must_use]
    pub fn progress(&self) -> Option<(NewModel, u32)> {
        self.transfer.map(|transfer| (transfer.new, transfer.next))
    }

    /// Begins a transfer, or goes on with the same one. Erases the sector of the header first: from here on the slot
    /// counts as empty. A power cut leaves the other slot.
    ///
    /// # Errors
    /// The model does not fit, or the flash fails.
    pub fn begin(&mut self, new: NewModel) -> Result<Begun, SlotError> {
        if let Some((_, next)) = self.progress().filter(|(known, _)| *known == new) {
            return Ok(Begun::Next(next));
        }
        self.transfer = None;
        let room = self.region.slot_size - HEADER_LEN as u32;
        if new.length == 0 || new.length > room {
            let length = new.length;
            return Err(SlotError::Fault(Fault::Length { length, room }));
        }
        let newest = self.newest();
        if newest.is_some_and(|(_, header)| header.holds(&new)) && self.is_accepted(newest) {
            return Ok(Begun::AlreadyThere);
        }
        let kept = self.in_use.or(newest.map(|(index, _)| index));
        let slot = kept.map_or(0, |kept| 1 - kept.min(1));
        let sequence = kept.and_then(|kept| SlotHeader::parse(self.slot(kept)).ok());
        let sequence = sequence.map_or(1, |header| header.sequence.wrapping_add(1));
        let start = self.start(slot);
        self.erase(start)?;
        self.transfer = Some(Transfer {
            new,
            slot,
            sequence,
            next: 0,
            erased: start + F::ERASE_SIZE as u32,
        });
        Ok(Begun::Next(0))
    }

    /// Writes a piece of the model whose digest is `crc`, and gives the offset of the next one. Pieces that are
    /// written already, or come too early, change nothing.
    ///
    /// # Errors
    /// There is no such transfer, the piece is no multiple of [`PIECE`], or the flash fails.
    pub fn write(&mut self, crc: u32, offset: u32, data: &[u8]) -> Result<u32, SlotError> {
        let transfer = self.transfer.filter(|transfer| transfer.new.crc == crc);
        let mut transfer = transfer.ok_or(SlotError::NoTransfer)?;
        let left = (transfer.new.length - transfer.next) as usize;
        if offset != transfer.next || data.is_empty() {
            return Ok(transfer.next);
        }
        if data.len() > left || (data.len() < left && !data.len().is_multiple_of(PIECE)) {
            return Err(SlotError::Piece);
        }
        // A transfer whose flash failed cannot go on: words are written once.
        self.transfer = None;
        let at = self.start(transfer.slot) + HEADER_LEN as u32 + offset;
        while transfer.erased < at + data.len() as u32 {
            self.erase(transfer.erased)?;
            transfer.erased += F::ERASE_SIZE as u32;
        }
        self.program(at, data)?;
        transfer.next += data.len() as u32;
        self.transfer = Some(transfer);
        Ok(transfer.next)
    }

    /// Ends the transfer of the model whose digest is `crc`: reads the model back, checks that it can be run here, and
    /// writes the header. It runs from the next start on. Once more does no harm.
    ///
    /// # Errors
    /// There is no such transfer, pieces are missing, the model is damaged or refused, or the flash fails.
    pub fn commit(&mut self, crc: u32) -> Result<SlotHeader, SlotError> {
        let Some(transfer) = self.transfer.filter(|transfer| transfer.new.crc == crc) else {
            let newest = self.newest();
            let done = newest.filter(|(_, header)| header.crc == crc && self.is_accepted(newest));
            return done.map(|(_, header)| header).ok_or(SlotError::NoTransfer);
        };
        let NewModel {
            length,
            crc,
            timing,
        } = transfer.new;
        if transfer.next < length {
            let next = transfer.next;
            return Err(SlotError::Incomplete { next });
        }
        self.transfer = None;
        let header = SlotHeader {
            sequence: transfer.sequence,
            length,
            crc,
            timing,
        };
        self.check(transfer.slot, &header)
            .map_err(SlotError::Fault)?;
        self.program(self.start(transfer.slot), &header.to_bytes())?;
        match inspect(self.slot(transfer.slot)) {
            Ok((written, _)) if written == header => Ok(header),
            _ => Err(SlotError::Flash),
        }
    }

    /// The slot that boots next, if it has the model whose digest is `crc`, so that [`undo`](Self::undo) takes it back.
    ///
    /// # Errors
    /// No slot has a model that can be run, or another one boots.
    pub fn check_undo(&self, crc: u32) -> Result<u8, SlotError> {
        match self.look().running {
            Running::BuiltIn => Err(SlotError::Nothing),
            Running::Slot { index, header } if header.crc == crc => Ok(index),
            Running::Slot { .. } => Err(SlotError::OtherModel),
        }
    }

    /// Takes the newest model back, whose digest is `crc`: erases the sector of its header, so that the other slot's model boots, or the
    /// built-in one. A power cut leaves the one or the other.
    ///
    /// This alone erases the slot in use: nothing may read its model afterwards. Restart the board at once.
    ///
    /// # Errors
    /// Those of [`check_undo`](Self::check_undo), or the flash fails.
    pub fn undo(&mut self, crc: u32) -> Result<(), SlotError> {
        let slot = self.check_undo(crc)?;
        self.transfer = None;
        self.erase(self.start(slot))
    }

    /// Gives the transfer up. The slot stays without a header, so it counts as damaged until the next transfer.
    pub fn abort(&mut self) {
        self.transfer = None;
    }

    /// The flash, to read.
    #[must_use]
    pub const fn flash(&self) -> &F {
        &self.flash
    }

    /// Gives the flash back.
    pub fn release(self) -> F {
        self.flash
    }

    /// The newest slot that was written in full, whether or not its model can be run here.
    fn newest(&self) -> Option<(u8, SlotHeader)> {
        let header = |index| {
            inspect(self.slot(index))
                .ok()
                .map(|(header, _)| (index, header))
        };
        match (header(0), header(1)) {
            (Some(first), Some(second)) if second.1.is_newer_than(&first.1) => Some(second),
            (first, second) => first.or(second),
        }
    }

    fn is_accepted(&self, slot: Option<(u8, SlotHeader)>) -> bool {
        slot.is_some_and(|(index, header)| self.check(index, &header).is_ok())
    }

    /// Whether the bytes of a slot are the model that `header` says, and can be run.
    fn check(&self, slot: u8, header: &SlotHeader) -> Result<(), Fault> {
        let (start, length) = self.model_range(slot, header);
        let model = self.flash.bytes(start, length);
        if model.len() != length || digest(model) != header.crc {
            return Err(Fault::Checksum);
        }
        (self.accept)(&Model::from_bytes(model)?, header.timing)
    }

    const fn start(&self, slot: u8) -> u32 {
        self.region.offset + slot as u32 * self.region.slot_size
    }

    fn slot(&self, index: u8) -> &[u8] {
        let size = self.region.slot_size as usize;
        self.flash.bytes(self.start(index), size)
    }

    fn erase(&mut self, sector: u32) -> Result<(), SlotError> {
        self.flash
            .erase(sector, sector + F::ERASE_SIZE as u32)
            .map_err(|_| SlotError::Flash)
    }

    /// Writes, and fills the last of the smallest writes up.
    fn program(&mut self, at: u32, data: &[u8]) -> Result<(), SlotError> {
        let (whole, rest) = data.split_at(data.len() - data.len() % F::WRITE_SIZE);
        let mut last = [0xff; HEADER_LEN];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        let last = last.get(..F::WRITE_SIZE).filter(|_| !rest.is_empty());
        let parts = [
            (at, whole),
            (at + whole.len() as u32, last.unwrap_or_default()),
        ];
        for (at, bytes) in parts {
            if !bytes.is_empty() {
                self.flash.write(at, bytes).map_err(|_| SlotError::Flash)?;
            }
        }
        Ok(())
    }
}

impl SlotHeader {
    /// Whether it is the header of this model.
    #[must_use]
    pub fn holds(&self, new: &NewModel) -> bool {
        let Self {
            length,
            crc,
            timing,
            ..
        } = *self;
        NewModel {
            length,
            crc,
            timing,
        } == *new
    }
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => fault.fmt(f),
            Self::Flash => f.write_str("the flash could not be written"),
            Self::NoTransfer => f.write_str("no transfer of this model is in progress"),
            Self::Piece => f.write_str("a piece of the model has a wrong length"),
            Self::Incomplete { next } => write!(f, "the model is missing from byte {next} on"),
            Self::Teach(error) => error.fmt(f),
            Self::OtherModel => f.write_str("the board's model is another one by now"),
            Self::Waiting => f.write_str(
                "a newer model waits in a slot for the board's restart: restart it first",
            ),
            Self::NotBuilt => f.write_str(
                "this board's firmware was built without teaching: teach the model from recordings, and send it",
            ),
            Self::Nothing => f.write_str(
                "no slot has a model: the built-in one runs, and there is nothing to go back to",
            ),
        }
    }
}

impl core::error::Error for SlotError {}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Size => "the slot region is too small or ends beyond the flash",
            Self::Sector => "slots must start and end with a flash sector",
            Self::WriteSize => "a slot header must be a whole number of flash writes",
        })
    }
}

impl core::error::Error for RegionError {}
