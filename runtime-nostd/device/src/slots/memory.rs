//! Flash in memory, with the rules of NOR flash: for the host's tools and for tests.

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};

use super::write::MappedFlash;

/// A copy of a board's flash: bytes can be written once after each erase, in units of `WRITE` bytes, and are erased in
/// sectors of `ERASE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryFlash<const WRITE: usize, const ERASE: usize> {
    /// Four-byte aligned, as models are read in place.
    words: Vec<u32>,
    /// Which units were written since they were erased.
    written: Vec<bool>,
}

impl<const WRITE: usize, const ERASE: usize> MemoryFlash<WRITE, ERASE> {
    /// Erased flash of so many bytes, rounded up to whole sectors.
    #[must_use]
    pub fn erased(capacity: usize) -> Self {
        let capacity = capacity.next_multiple_of(ERASE);
        Self {
            words: vec![u32::MAX; capacity.div_ceil(4)],
            written: vec![false; capacity / WRITE],
        }
    }

    /// Flash that holds these bytes, erased beyond; whatever is not erased counts as written.
    #[must_use]
    pub fn holding(bytes: &[u8]) -> Self {
        let mut flash = Self::erased(bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            flash.set(at, *byte);
        }
        let units = bytes.chunks(WRITE);
        for (written, unit) in flash.written.iter_mut().zip(units) {
            *written = unit.iter().any(|&byte| byte != 0xff);
        }
        flash
    }

    /// All bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn as_bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }

    /// Sets a byte against all rules: for damage.
    pub(super) fn set(&mut self, at: usize, byte: u8) {
        if let Some(to) = bytemuck::cast_slice_mut::<u32, u8>(&mut self.words).get_mut(at) {
            *to = byte;
        }
    }

    /// Marks a unit as written.
    #[cfg(test)]
    pub(super) fn mark(&mut self, at: usize) {
        if let Some(written) = self.written.get_mut(at / WRITE) {
            *written = true;
        }
    }
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for MemoryFlash<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for MemoryFlash<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        check_read(self, offset, bytes.len())?;
        bytes.copy_from_slice(self.bytes(offset, bytes.len()));
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.written.len() * WRITE
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for MemoryFlash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        check_erase(self, from, to)?;
        (from as usize..to as usize).for_each(|at| self.set(at, 0xff));
        self.written[from as usize / WRITE..to as usize / WRITE].fill(false);
        Ok(())
    }

    /// Fails where something was written since the last erase, even `0xff`: flash with error correction does.
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        check_write(self, offset, bytes.len())?;
        for (i, unit) in bytes.chunks_exact(WRITE).enumerate() {
            let at = offset as usize + i * WRITE;
            if std::mem::replace(&mut self.written[at / WRITE], true) {
                return Err(NorFlashErrorKind::Other);
            }
            for (i, byte) in unit.iter().enumerate() {
                self.set(at + i, *byte);
            }
        }
        Ok(())
    }
}

impl<const WRITE: usize, const ERASE: usize> MappedFlash for MemoryFlash<WRITE, ERASE> {
    fn bytes(&self, offset: u32, length: usize) -> &[u8] {
        let from = self.as_bytes().get(offset as usize..).unwrap_or_default();
        from.get(..length).unwrap_or(from)
    }
}
