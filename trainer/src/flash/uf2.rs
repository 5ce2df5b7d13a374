//! UF2 files, which a board's boot loader takes as a copy onto its drive (<https://github.com/microsoft/uf2>).

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

use super::Part;

const BLOCK: usize = 512;
const PAYLOAD: usize = 256;
const MAGIC_START: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const MAGIC_END: u32 = 0x0AB1_6F30;
const FLAG_FAMILY: u32 = 0x2000;

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
    use hadamrnn_firmware_common::slots::Timing;

    use super::*;
    use crate::flash::fixtures::{board, har2};
    use crate::flash::model_parts;

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

    /// The order of a file's blocks is that of its parts: the slot that is given up comes last.
    #[test]
    fn a_model_in_a_file_is_in_flash_in_the_order_of_its_parts() {
        let board = board("pico");
        let firmware = board.descriptor().expect("has slots");
        let (_, parts) = model_parts(&firmware, 4096, &har2(), Timing::default()).expect("fits");
        let bytes = file(&parts, FAMILY).expect("aligned");
        let mut flash = vec![0x5a; 2 * firmware.slot_size as usize];
        taken(&bytes, firmware.slots_origin, &mut flash);
        for part in &parts {
            let at = (part.address - firmware.slots_origin) as usize;
            assert_eq!(flash[at..at + part.bytes.len()], part.bytes);
        }
        let last = &bytes[bytes.len() - BLOCK..];
        let address = u32::from_le_bytes(last[12..16].try_into().expect("four bytes"));
        let second = firmware.slots_origin + firmware.slot_size;
        assert_eq!(address, second + 4096 - PAYLOAD as u32);
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
