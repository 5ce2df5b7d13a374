//! The flash of an emulated board.

use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use hadamrnn_device::slots::HEADER_LEN;

use super::Device;
use crate::board::FlashFile;

/// The slots are at the start of the file, one after the other.
impl Device for FlashFile {
    fn read_slot(&mut self, index: u8, size: u32) -> Result<Vec<u8>> {
        let mut bytes = vec![0; size as usize];
        let at = u64::from(index) * u64::from(size);
        let read = self.file.read_exact_at(&mut bytes, at);
        read.context("cannot read the emulator's flash")?;
        Ok(bytes)
    }

    fn write_slot(&mut self, index: u8, bytes: &[u8]) -> Result<()> {
        let size = self.slot_size;
        let start = u64::from(index) * u64::from(size);
        let (header, model) = bytes.split_at(HEADER_LEN.min(bytes.len()));
        let erased = vec![0xff; size as usize];
        let file = &self.file;
        file.write_all_at(&erased, start)
            .and_then(|()| file.write_all_at(model, start + HEADER_LEN as u64))
            .and_then(|()| file.sync_data())
            .and_then(|()| file.write_all_at(header, start))
            .and_then(|()| file.sync_data())
            .context("cannot write the emulator's flash")
    }
}
