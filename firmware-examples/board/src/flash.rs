//! The flash of the two slots, whatever the chip's driver calls it: offset 0 is the first slot, and the core can read all of
//! it as memory.
#![allow(
    unsafe_code,
    reason = "flash is read where the core has it in its memory"
)]

use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use hadamrnn_firmware_common::slots::MappedFlash;

/// The region of the slots, in the flash of driver `F`.
pub struct SlotFlash<F> {
    driver: F,
    /// Of the region, as the driver counts.
    offset: u32,
    length: u32,
    /// Where the core reads the region.
    memory: *const u8,
    /// The same place, where that is a copy in RAM which writes have to follow.
    copy: Option<*mut u8>,
}

impl<F: NorFlash> SlotFlash<F> {
    /// Flash that the chip maps into its memory.
    ///
    /// # Safety
    /// The `length` bytes from `memory` on are those that `driver` has from `offset` on, for as long as the firmware runs,
    /// and nobody but this driver changes them.
    pub const unsafe fn mapped(driver: F, offset: u32, length: u32, memory: *const u8) -> Self {
        Self {
            driver,
            offset,
            length,
            memory,
            copy: None,
        }
    }

    /// Flash that the chip does not map: `ram` gets a copy, and its length is that of the region.
    ///
    /// # Errors
    /// The flash cannot be read.
    pub fn copied(mut driver: F, offset: u32, ram: &'static mut [u8]) -> Result<Self, F::Error> {
        driver.read(offset, ram)?;
        let length = ram.len() as u32;
        let copy = ram.as_mut_ptr();
        Ok(Self {
            driver,
            offset,
            length,
            memory: copy,
            copy: Some(copy),
        })
    }

    /// The model in the slot in use, given where it is: lives as long as the firmware runs.
    pub(crate) fn in_use(&self, (offset, length): (u32, usize)) -> &'static [u8] {
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the region, which nobody but `self` changes; and `Slots` never writes or erases the slot that its
        // `boot` has chosen, so these bytes do not change.
        unsafe { core::slice::from_raw_parts(self.memory.add(start), length) }
    }

    /// The part of a range that lies in the region.
    fn clamp(&self, offset: u32, length: usize) -> (usize, usize) {
        let start = offset.min(self.length) as usize;
        (start, length.min(self.length as usize - start))
    }

    /// Brings a range of the copy, if there is one, in line with the flash.
    fn refresh(&mut self, offset: u32, length: usize) -> Result<(), F::Error> {
        let Some(copy) = self.copy else {
            return Ok(());
        };
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the copy, which `copied` has taken for good; no slice of `bytes` exists, as `self` is borrowed mutably,
        // and that of `in_use` is in the other slot.
        let range = unsafe { core::slice::from_raw_parts_mut(copy.add(start), length) };
        self.driver.read(self.offset + offset, range)
    }
}

impl<F: ErrorType> ErrorType for SlotFlash<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> ReadNorFlash for SlotFlash<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.driver.read(self.offset + offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl<F: NorFlash> NorFlash for SlotFlash<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.driver.erase(self.offset + from, self.offset + to)?;
        self.refresh(from, to.saturating_sub(from) as usize)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.driver.write(self.offset + offset, bytes)?;
        self.refresh(offset, bytes.len())
    }
}

impl<F: NorFlash> MappedFlash for SlotFlash<F> {
    fn bytes(&self, offset: u32, length: usize) -> &[u8] {
        let (start, length) = self.clamp(offset, length);
        // SAFETY: in the region, which is not written while `self` is borrowed.
        unsafe { core::slice::from_raw_parts(self.memory.add(start), length) }
    }
}
