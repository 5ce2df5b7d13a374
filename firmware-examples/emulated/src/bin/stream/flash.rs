//! Flash with the rules of NOR flash in the board's external memory, which the emulator keeps in a file: a word is
//! written at a time, so that killing the emulator anywhere is a power cut there.
#![allow(unsafe_code, reason = "reads and writes memory at a fixed address")]

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use hadamrnn_device::slots::MappedFlash;

use crate::config::{ERASE_SIZE, SLOT_SIZE, SLOTS_ORIGIN};

const CAPACITY: usize = 2 * SLOT_SIZE as usize;
const WORD: usize = 4;

/// The only owner of the memory, but for [`in_use`].
pub struct Flash {
    delay: u32,
}

/// The model in the slot in use, given where it is in flash: lives as long as the firmware runs.
pub fn in_use((offset, length): (u32, usize)) -> &'static [u8] {
    let end = CAPACITY.saturating_sub(offset as usize);
    // SAFETY: the range lies in the slots' memory, which nothing else uses. `Slots` never writes or erases the slot that
    // `boot` has chosen, but for `Server::undo`, after which the firmware restarts and reads it no more: so these bytes do not change
    // as long as anything reads them.
    unsafe { core::slice::from_raw_parts(address(offset).cast(), length.min(end)) }
}

const fn address(offset: u32) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut(SLOTS_ORIGIN as usize + offset as usize)
}

impl Flash {
    /// The flash, with `delay` turns of a loop for each word that is written or erased. Called once.
    pub const fn new(delay: u32) -> Self {
        Self { delay }
    }

    /// Writes a word, and takes its time.
    fn set(&mut self, offset: u32, word: u32) {
        cortex_m::asm::delay(self.delay);
        // SAFETY: callers have checked that the word is aligned and in the slots' memory, and `self` is borrowed mutably,
        // so no slice of `bytes` exists; that of `in_use` is elsewhere.
        unsafe { address(offset).write_volatile(word) }
    }

    fn get(&self, offset: u32) -> u32 {
        // SAFETY: callers have checked that the word is aligned and in the slots' memory.
        unsafe { address(offset).read_volatile() }
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        for (to, from) in bytes.iter_mut().zip(self.bytes(offset, CAPACITY)) {
            *to = *from;
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        CAPACITY
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        for offset in (from..to).step_by(WORD) {
            self.set(offset, u32::MAX);
        }
        Ok(())
    }

    /// Writing can clear bits only, and fails where it would have to set one.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        for (offset, four) in (offset..).step_by(WORD).zip(bytes.as_chunks().0) {
            let (word, old) = (u32::from_le_bytes(*four), self.get(offset));
            self.set(offset, word & old);
            if word & old != word {
                return Err(NorFlashErrorKind::Other);
            }
        }
        Ok(())
    }
}

impl MappedFlash for Flash {
    fn bytes(&self, offset: u32, length: usize) -> &[u8] {
        let end = CAPACITY.saturating_sub(offset as usize);
        // SAFETY: the range lies in the slots' memory, which nothing else uses, and which is not written while `self` is
        // borrowed.
        unsafe { core::slice::from_raw_parts(address(offset).cast(), length.min(end)) }
    }
}
