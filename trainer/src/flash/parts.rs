//! Bytes and addresses in flash, for writing without a look at what is there.

use anyhow::{Context, Result, ensure};
use hadamrnn_device::descriptor::{Descriptor, LEN};
use hadamrnn_device::slots::{HEADER_LEN, SlotHeader, Timing};
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{ElfFile, ProgramHeader};

use super::plan;
use crate::integer::ModelFile;
use crate::link::Firmware;

/// Bytes for an address of flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlashSegment {
    /// Where they go.
    pub address: u32,
    /// The bytes themselves.
    pub bytes: Vec<u8>,
}

/// The parts of a firmware, where they are loaded (that of `.data` is not where it runs), by address.
///
/// # Errors
/// The file is no 32-bit ELF file, or has nothing to load.
pub fn firmware_parts(elf: &[u8]) -> Result<Vec<FlashSegment>> {
    let file = ElfFile::<FileHeader32<Endianness>>::parse(elf)
        .context("the firmware is no 32-bit ELF file")?;
    let endian = file.endian();
    let mut parts = Vec::new();
    for header in file.elf_program_headers() {
        let bytes = header.data(endian, elf).ok();
        let bytes = bytes.context("a segment of the firmware ends beyond its file")?;
        if header.p_type(endian) == PT_LOAD && !bytes.is_empty() {
            parts.push(FlashSegment {
                address: header.p_paddr(endian),
                bytes: bytes.to_vec(),
            });
        }
    }
    ensure!(!parts.is_empty(), "the firmware has nothing to load");
    parts.sort_by_key(|part| part.address);
    Ok(parts)
}

/// The descriptor that a firmware's parts have at `address`.
///
/// # Errors
/// There is none.
pub fn descriptor_in(parts: &[FlashSegment], address: u32) -> Result<Firmware> {
    let bytes = parts.iter().find_map(|part| {
        let start = address.checked_sub(part.address)? as usize;
        part.bytes.get(start..start.checked_add(LEN)?)
    });
    let bytes = bytes
        .with_context(|| format!("the firmware has nothing at {address:#010x} for a descriptor"))?;
    let descriptor = Descriptor::parse(bytes)
        .with_context(|| format!("at {address:#010x}, where the firmware has its descriptor"))?;
    Ok(Firmware::new(&descriptor))
}

/// The parts that make a board boot `file`, whatever its slots hold: the model in slot 0, then nothing in slot 1, each
/// filled to a multiple of `sector` bytes.
///
/// This is for tools that cannot read the slots first, so they cannot take the slot that is free. The order keeps a
/// board bootable all the same: slot 1 is given up when slot 0 is whole.
///
/// # Errors
/// The firmware cannot run the model.
pub fn model_parts(
    firmware: &Descriptor<'_>,
    sector: u32,
    file: &ModelFile,
    timing: Timing,
) -> Result<(SlotHeader, [FlashSegment; 2])> {
    let erased = || vec![0xff; firmware.slot_size as usize];
    let plan = plan(&[erased(), erased()], firmware, file, timing)?;
    let mut bytes = plan.bytes.context("an erased slot has no model")?;
    let sector = (sector as usize).max(HEADER_LEN);
    // Whole sectors: boot loaders erase a sector when its first byte arrives.
    bytes.resize(bytes.len().next_multiple_of(sector), 0xff);
    let first = FlashSegment {
        address: firmware.slots_origin,
        bytes,
    };
    let second = FlashSegment {
        address: firmware.slots_origin + firmware.slot_size,
        bytes: vec![0xff; sector],
    };
    Ok((plan.header, [first, second]))
}

#[cfg(test)]
mod tests {
    use hadamrnn_device::slots::{Running, inspect};

    use super::*;
    use crate::flash::fixtures::{board, har2};
    use crate::flash::look;

    const TIMING: Timing = Timing {
        window: 128,
        hop: 64,
        decimation: 1,
        ..Timing::OPEN
    };

    /// Slots that held something else before, after the parts were written.
    fn written(firmware: &Descriptor<'_>, parts: &[FlashSegment]) -> [Vec<u8>; 2] {
        let size = firmware.slot_size as usize;
        let mut flash = vec![0x5a; 2 * size];
        for part in parts {
            let at = (part.address - firmware.slots_origin) as usize;
            flash[at..at + part.bytes.len()].copy_from_slice(&part.bytes);
        }
        let second = flash.split_off(size);
        [flash, second]
    }

    #[test]
    fn a_model_boots_whatever_the_slots_held() {
        for name in ["pico", "nucleo-f411", "esp32c3"] {
            let board = board(name);
            let firmware = board.descriptor().expect("has slots");
            let sector = board.stream.as_ref().expect("has slots").erase_size;
            let (header, parts) = model_parts(&firmware, sector, &har2(), TIMING).expect("fits");
            assert_eq!((header.timing, header.sequence), (TIMING, 1));
            for part in &parts {
                assert_eq!(part.address % sector, 0, "{name}");
                assert_eq!(part.bytes.len() % sector as usize, 0, "{name}");
            }
            // Slot 1 is given up last, and until then slot 0 is whole already.
            for count in [1, 2] {
                let slots = written(&firmware, &parts[..count]);
                let running = look(&slots, &firmware).expect("slots").running;
                assert_eq!(running, Running::Slot { index: 0, header }, "{name}");
                assert_eq!(inspect(&slots[0]).expect("whole").1, har2().bytes());
            }
            let slots = written(&firmware, &parts);
            assert!(slots[1].starts_with(&[0xff; HEADER_LEN]), "{name}");
        }
    }

    #[test]
    fn a_model_that_the_firmware_cannot_run_or_hold_is_refused() {
        let board = board("esp32c3");
        let firmware = board.descriptor().expect("has slots");
        let other_sensor = Descriptor {
            channels: 3,
            ..firmware
        };
        let small_slots = Descriptor {
            slot_size: 512,
            ..firmware
        };
        for (firmware, part) in [
            (other_sensor, "the sensor gives 3"),
            (
                small_slots,
                "a model of 996 bytes in a slot with room for 480",
            ),
        ] {
            let error = model_parts(&firmware, 256, &har2(), TIMING).expect_err("refused");
            let error = format!("{error:#}");
            assert!(error.contains(part) && error.contains("esp32c3"), "{error}");
        }
    }

    #[test]
    fn a_descriptor_is_found_in_its_part_alone() {
        let board = board("esp32c3");
        let descriptor = board.descriptor().expect("has slots");
        let part = |address, bytes| FlashSegment { address, bytes };
        let bytes = [&[0; 256][..], &descriptor.to_bytes(), &[1; 9]].concat();
        let mut parts = vec![part(0x4038_0000, vec![0; 64]), part(0x3c00_0020, bytes)];
        let address = board.descriptor_address().expect("has slots");
        let found = descriptor_in(&parts, address).expect("is there");
        assert_eq!(found.descriptor().expect("known"), descriptor);
        assert!(descriptor_in(&parts, address + 1).is_err());
        parts[1].bytes.truncate(256 + LEN - 1);
        let error = descriptor_in(&parts, address).expect_err("cut");
        assert!(error.to_string().contains("0x3c000120"), "{error}");
    }
}
