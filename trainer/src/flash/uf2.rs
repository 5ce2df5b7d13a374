//! UF2 files, which a board's boot loader takes as a copy onto its drive (<https://github.com/microsoft/uf2>).

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use hadamrnn_firmware_common::boards::Board;
use hadamrnn_firmware_common::slots::{Begun, MemoryFlash, NewModel, PIECE, Region, Slots, Timing};

use super::Part;
use crate::integer::ModelFile;

const BLOCK: usize = 512;
const PAYLOAD: usize = 256;
const MAGIC_START: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const MAGIC_END: u32 = 0x0AB1_6F30;
const FLAG_FAMILY: u32 = 0x2000;

/// The parts that make a board boot `file`: the model in slot 0, then nothing in slot 1.
///
/// A UF2 file is written without looking, so it cannot take the slot that is free. The order keeps a board bootable all
/// the same: slot 1 is given up when slot 0 is whole.
///
/// # Errors
/// The board has no slots, or cannot run the model.
pub fn model(board: &Board, file: &ModelFile, timing: Timing) -> Result<Vec<Part>> {
    let firmware = board.descriptor();
    let firmware = firmware.with_context(|| format!("{} has no model slots", board.name))?;
    let sector = board.stream.as_ref().map_or(0, |stream| stream.erase_size) as usize;
    let accept = |model: &hadamrnn_runtime::Model<'_>, timing| firmware.check(model, timing);
    let refused = || format!("the firmware of {} cannot run this model", board.name);
    accept(&file.model()?, timing).with_context(refused)?;
    let bytes = file.bytes();
    let region = Region {
        offset: 0,
        slot_size: firmware.slot_size,
    };
    let flash = MemoryFlash::<4, 32>::erased(2 * region.slot_size as usize);
    let mut slots = Slots::new(flash, region, accept)?;
    let new = NewModel::of(bytes, timing);
    let begun = slots.begin(new).with_context(refused)?;
    ensure!(
        begun == Begun::Next(0),
        "a transfer into erased slots starts at 0"
    );
    for (i, piece) in bytes.chunks(PIECE).enumerate() {
        slots.write(new.crc, (i * PIECE) as u32, piece)?;
    }
    slots.commit(new.crc)?;
    let image = slots.release().to_bytes();
    // Whole sectors: a boot loader erases a sector when its first block arrives.
    let used = (bytes.len() + PIECE).next_multiple_of(sector);
    Ok(vec![
        Part {
            address: firmware.slots_origin,
            bytes: image[..used].to_vec(),
        },
        Part {
            address: firmware.slots_origin + firmware.slot_size,
            bytes: vec![0xff; sector],
        },
    ])
}

/// The UF2 file of these parts, in their order, for chips of a family. Parts may meet within a block, as the sections of a
/// firmware do; what they leave of a block is erased.
///
/// # Errors
/// Two parts overlap, or one ends beyond the address space.
pub fn file(parts: &[Part], family: u32) -> Result<Vec<u8>> {
    let blocks = blocks(parts)?;
    let count = u32::try_from(blocks.len()).context("too many blocks")?;
    let mut bytes = Vec::new();
    for (number, block) in (0..).zip(blocks) {
        let header = [
            MAGIC_START[0],
            MAGIC_START[1],
            FLAG_FAMILY,
            block.address,
            PAYLOAD as u32,
            number,
            count,
            family,
        ];
        let start = bytes.len();
        bytes.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(block.bytes.iter().map(|byte| byte.unwrap_or(0xff)));
        bytes.resize(start + BLOCK - 4, 0);
        bytes.extend(MAGIC_END.to_le_bytes());
    }
    Ok(bytes)
}

/// What a block of the file carries; nothing where no part says what goes there.
struct Payload {
    address: u32,
    bytes: [Option<u8>; PAYLOAD],
}

/// The parts, cut into blocks: each block once, where the first of its bytes comes.
fn blocks(parts: &[Part]) -> Result<Vec<Payload>> {
    let mut blocks: Vec<Payload> = Vec::new();
    let mut place = HashMap::new();
    for part in parts {
        for (offset, &byte) in part.bytes.iter().enumerate() {
            let at = u32::try_from(offset).ok();
            let at = at.and_then(|offset| part.address.checked_add(offset));
            let at =
                at.with_context(|| format!("the part at {:#010x} is too long", part.address))?;
            let address = at - at % PAYLOAD as u32;
            let index = *place.entry(address).or_insert_with(|| {
                blocks.push(Payload {
                    address,
                    bytes: [None; PAYLOAD],
                });
                blocks.len() - 1
            });
            let before = blocks[index].bytes[(at - address) as usize].replace(byte);
            ensure!(before.is_none(), "two parts have a byte for {at:#010x}");
        }
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use hadamrnn_firmware_common::slots::{Running, boot, inspect};

    use super::*;

    const FAMILY: u32 = 0xe48b_ff56;

    /// What is in flash after a boot loader has taken a file.
    fn taken(file: &[u8], origin: u32, flash: &mut [u8]) {
        let word = |block: &[u8], at: usize| {
            let four = block[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(four)
        };
        let count = file.len() / BLOCK;
        for (i, block) in file.chunks(BLOCK).enumerate() {
            assert_eq!([word(block, 0), word(block, 4)], MAGIC_START);
            assert_eq!(word(block, 8), FLAG_FAMILY);
            assert_eq!(
                [word(block, 16), word(block, 20), word(block, 24)],
                [256, i as u32, count as u32]
            );
            assert_eq!(word(block, 28), FAMILY);
            assert_eq!(word(block, BLOCK - 4), MAGIC_END);
            let at = (word(block, 12) - origin) as usize;
            flash[at..at + PAYLOAD].copy_from_slice(&block[32..32 + PAYLOAD]);
        }
    }

    #[test]
    fn a_model_in_a_file_boots_and_the_order_is_safe() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let folder = format!("{root}/firmware-examples");
        let board = crate::board::FirmwareFolder::locate(Some(folder.as_ref()))
            .and_then(|folder| folder.board("qemu-m4"))
            .expect("a board with slots");
        let model =
            ModelFile::read(format!("{root}/models/har2/model.hdrn").as_ref()).expect("shipped");
        let timing = Timing {
            window: 128,
            hop: 64,
            every: 1,
        };
        let parts = super::model(&board, &model, timing).expect("fits");
        let bytes = file(&parts, FAMILY).expect("aligned");
        let slots = board.descriptor().expect("has slots");
        let size = slots.slot_size as usize;
        // Both slots held something before.
        let mut flash = vec![0x5a; 2 * size];
        taken(&bytes, slots.slots_origin, &mut flash);
        let mut words = vec![0_u32; 2 * size / 4];
        bytemuck::cast_slice_mut(&mut words).copy_from_slice(&flash);
        let (first, second) = bytemuck::cast_slice::<u32, u8>(&words).split_at(size);
        let found = boot([first, second], |_: &hadamrnn_runtime::Model<'_>, _| Ok(()));
        assert_eq!(found.running.slot(), Some(0));
        assert!(matches!(found.running, Running::Slot { header, .. } if header.timing == timing));
        assert_eq!(inspect(first).expect("whole").1, model.bytes());
        // Slot 1 is given up last.
        let blank = parts.last().expect("two parts");
        assert_eq!(blank.address, slots.slots_origin + slots.slot_size);
        assert!(blank.bytes.iter().all(|&byte| byte == 0xff));
    }

    #[test]
    fn parts_that_meet_within_a_block_share_it() {
        let origin = 0x1000_0000;
        let part = |offset: u32, bytes: std::ops::Range<u8>| Part {
            address: origin + offset,
            bytes: bytes.collect(),
        };
        // The second begins where the first ends, the third in the same block but one after a gap.
        let parts = [
            part(0x80, 0..200),
            part(0x80 + 200, 200..210),
            part(0x3fe, 1..4),
        ];
        let file = file(&parts, FAMILY).expect("no overlap");
        assert_eq!(file.len(), 4 * BLOCK);
        let mut flash = vec![0; 0x500];
        taken(&file, origin, &mut flash);
        let mut expected = vec![0xff; 0x500];
        expected[0x200..0x300].fill(0);
        for part in &parts {
            let at = (part.address - origin) as usize;
            expected[at..at + part.bytes.len()].copy_from_slice(&part.bytes);
        }
        assert_eq!(flash, expected);
    }

    #[test]
    fn parts_that_overlap_or_never_end_are_refused() {
        let part = |address, length| Part {
            address,
            bytes: vec![1; length],
        };
        let refused = |parts: &[Part]| format!("{:#}", file(parts, FAMILY).expect_err("refused"));
        let error = refused(&[part(0x1000_0000, 9), part(0x1000_0008, 1)]);
        assert!(error.contains("0x10000008"), "{error}");
        let error = refused(&[part(0xffff_fff0, 17)]);
        assert!(error.contains("0xfffffff0"), "{error}");
    }
}
