//! Writing the model that runs, with what it was taught, into the other slot.

use hadamrnn_runtime::format::{Part, Replaced, part};
use hadamrnn_runtime::taught::TaughtWords;

use super::boot::Accept;
use super::header::{Fault, HEADER_LEN, SlotHeader, Timing};
use super::write::{Begun, MappedFlash, NewModel, PIECE, SlotError, Slots};
use crate::slots::ModelId;

/// Bytes that are written at once: all of the file that is ever in RAM.
const AT_ONCE: usize = 4 * PIECE;

impl<F: MappedFlash, A: Accept> Slots<F, A> {
    /// Whether there is room for the model `old` with what it is taught.
    ///
    /// # Errors
    /// There is not, or `old` is no model with parts.
    pub fn check_room(&self, old: &[u8], taught: &TaughtWords) -> Result<(), SlotError> {
        let room = self.region().slot_size - HEADER_LEN as u32;
        let length = taught_file(old, taught)?.length() as u32;
        match length <= room {
            true => Ok(()),
            false => Err(SlotError::Fault(Fault::Length { length, room })),
        }
    }

    /// Writes the model `old`, of the slot in use or built in, with what it was taught, into the slot that does not run, as a transfer is
    /// written: a power cut at any moment leaves the old model. It runs from the next start on. Takes the time of a whole transfer.
    ///
    /// # Errors
    /// It does not fit or is refused, or the flash fails; the old model still runs.
    pub fn write_taught(
        &mut self,
        old: &[u8],
        timing: Timing,
        taught: &TaughtWords,
    ) -> Result<SlotHeader, SlotError> {
        let file = taught_file(old, taught)?;
        let ModelId { length, crc } = ModelId::of_pieces(&file.pieces());
        let new = NewModel {
            length,
            crc,
            timing,
        };
        self.abort();
        if let Begun::Next(mut next) = self.begin(new)? {
            let mut piece = [0; AT_ONCE];
            while next < length {
                let count = file.copy(next as usize, &mut piece);
                let written = self.write(crc, next, piece.get(..count).unwrap_or_default())?;
                if written == next {
                    return Err(SlotError::Flash);
                }
                next = written;
            }
        }
        self.commit(crc)
    }
}

/// The file `old` with what it was taught.
fn taught_file<'a>(old: &'a [u8], taught: &'a TaughtWords) -> Result<Replaced<'a>, SlotError> {
    let part = Part {
        id: part::TAUGHT,
        critical: true,
        words: taught.words(),
    };
    let error = SlotError::Fault(Fault::Model(hadamrnn_runtime::ModelError::Parts));
    Replaced::new(old, &part).ok_or(error)
}
