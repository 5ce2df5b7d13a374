//! What of a firmware goes where in flash.

use anyhow::{Context, Result, ensure};
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{ElfFile, ProgramHeader};

/// Bytes for an address of flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where they go.
    pub address: u32,
    /// What they are.
    pub bytes: Vec<u8>,
}

/// The parts of a firmware, where they are loaded (that of `.data` is not where it runs), by address.
///
/// # Errors
/// The file is no 32-bit ELF file, or has nothing to load.
pub fn firmware_parts(elf: &[u8]) -> Result<Vec<Part>> {
    let file = ElfFile::<FileHeader32<Endianness>>::parse(elf)
        .context("the firmware is no 32-bit ELF file")?;
    let endian = file.endian();
    let mut parts = Vec::new();
    for header in file.elf_program_headers() {
        let bytes = header.data(endian, elf).ok();
        let bytes = bytes.context("a segment of the firmware ends beyond its file")?;
        if header.p_type(endian) == PT_LOAD && !bytes.is_empty() {
            parts.push(Part {
                address: header.p_paddr(endian),
                bytes: bytes.to_vec(),
            });
        }
    }
    ensure!(!parts.is_empty(), "the firmware has nothing to load");
    parts.sort_by_key(|part| part.address);
    Ok(parts)
}
