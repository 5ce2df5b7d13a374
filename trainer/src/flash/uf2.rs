//! UF2 files, which a board's boot loader takes as a copy onto its drive (<https://github.com/microsoft/uf2>).
//!
//! The boot ROM of an RP2040 erases one sector for each sixteen block *numbers*: that of the block which arrives first of the
//! sixteen (erratum RP2040-E14). The sectors of a file are whole therefore, and each is sixteen blocks, from a number on that
//! is a multiple of sixteen. The ROM of an RP2350 erases by address, and needs no more than that.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

use super::FlashSegment;

const BLOCK: usize = 512;
const PAYLOAD: usize = 256;
/// Bytes that these boot loaders erase at once.
const SECTOR: usize = 4096;
const MAGIC_START: [u32; 2] = [0x0A32_4655, 0x9E5D_5157];
const MAGIC_END: u32 = 0x0AB1_6F30;
const FLAG_FAMILY: u32 = 0x2000;

/// The UF2 file of these parts, in their order, for chips of a family. Parts may meet within a sector, as the sections of a
/// firmware do; what they leave of a sector is erased, as the boot loader would do anyhow.
///
/// # Errors
/// Two parts overlap, or one ends beyond the address space.
pub fn file(parts: &[FlashSegment], family: u32) -> Result<Vec<u8>> {
    let sectors = sectors(parts)?;
    let count = u32::try_from(sectors.len() * SECTOR / PAYLOAD).context("too many blocks")?;
    let mut bytes = Vec::new();
    let payloads = sectors.iter().flat_map(Sector::payloads);
    for (number, (address, payload)) in (0..).zip(payloads) {
        let header = [
            MAGIC_START[0],
            MAGIC_START[1],
            FLAG_FAMILY,
            address,
            PAYLOAD as u32,
            number,
            count,
            family,
        ];
        let start = bytes.len();
        bytes.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        bytes.extend(payload.iter().map(|byte| byte.unwrap_or(0xff)));
        bytes.resize(start + BLOCK - 4, 0);
        bytes.extend(MAGIC_END.to_le_bytes());
    }
    Ok(bytes)
}

/// A sector that a part is in; nothing where no part says what goes there.
struct Sector {
    address: u32,
    bytes: Vec<Option<u8>>,
}

impl Sector {
    /// Payloads of its blocks, each with its address.
    fn payloads(&self) -> impl Iterator<Item = (u32, &[Option<u8>])> {
        let addresses = (self.address..).step_by(PAYLOAD);
        addresses.zip(self.bytes.chunks(PAYLOAD))
    }
}

/// The parts, cut into sectors: each sector once, where the first of its bytes comes.
fn sectors(parts: &[FlashSegment]) -> Result<Vec<Sector>> {
    let mut sectors: Vec<Sector> = Vec::new();
    let mut place = HashMap::new();
    for part in parts {
        for (offset, &byte) in part.bytes.iter().enumerate() {
            let at = u32::try_from(offset).ok();
            let at = at.and_then(|offset| part.address.checked_add(offset));
            let at =
                at.with_context(|| format!("the part at {:#010x} is too long", part.address))?;
            let address = at - at % SECTOR as u32;
            let index = *place.entry(address).or_insert_with(|| {
                sectors.push(Sector {
                    address,
                    bytes: vec![None; SECTOR],
                });
                sectors.len() - 1
            });
            let before = sectors[index].bytes[(at - address) as usize].replace(byte);
            ensure!(before.is_none(), "two parts have a byte for {at:#010x}");
        }
    }
    Ok(sectors)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hadamrnn_device::descriptor::Descriptor;
    use hadamrnn_device::slots::{Fault, Running, SlotHeader, Timing, digest};

    use super::*;
    use crate::flash::fixtures::{board, har2, registry};
    use crate::flash::{look, model_parts};

    const FAMILY: u32 = 0xe48b_ff56;
    /// Where the core of these chips reads its flash.
    const ORIGIN: u32 = 0x1000_0000;

    /// A block as it arrives.
    #[derive(Clone, Copy)]
    struct Arriving<'a> {
        number: u32,
        address: u32,
        payload: &'a [u8],
    }

    /// The blocks of a file, whose form is checked.
    fn blocks(file: &[u8], family: u32) -> Vec<Arriving<'_>> {
        let word = |block: &[u8], at: usize| {
            let four = block[at..at + 4].try_into().expect("four bytes");
            u32::from_le_bytes(four)
        };
        let count = file.len() / BLOCK;
        let blocks = file.chunks(BLOCK).enumerate().map(|(i, block)| {
            assert_eq!([word(block, 0), word(block, 4)], MAGIC_START);
            assert_eq!(word(block, 8), FLAG_FAMILY);
            assert_eq!(
                [word(block, 16), word(block, 20), word(block, 24)],
                [256, i as u32, count as u32]
            );
            assert_eq!(word(block, 28), family);
            assert_eq!(word(block, BLOCK - 4), MAGIC_END);
            Arriving {
                number: word(block, 20),
                address: word(block, 12),
                payload: &block[32..32 + PAYLOAD],
            }
        });
        blocks.collect()
    }

    /// The boot ROM of a chip, by what it looks up whether the sector of a block was erased already.
    #[derive(Clone, Copy, Debug)]
    enum Rom {
        /// The number of the block.
        Rp2040,
        /// The address of the block.
        Rp2350,
    }

    impl Rom {
        /// Takes blocks into `flash`: erases the whole sector of a block, or nothing; programs, which clears bits only.
        fn take(self, blocks: &[Arriving<'_>], flash: &mut [u8]) {
            let mut erased = HashSet::new();
            for block in blocks {
                let at = (block.address - ORIGIN) as usize;
                let group = match self {
                    Self::Rp2040 => block.number as usize * PAYLOAD / SECTOR,
                    Self::Rp2350 => at / SECTOR,
                };
                if erased.insert(group) {
                    flash[at / SECTOR * SECTOR..][..SECTOR].fill(0xff);
                }
                for (to, byte) in flash[at..].iter_mut().zip(block.payload) {
                    *to &= byte;
                }
            }
        }
    }

    /// Flash full of another firmware, and a model in each slot, the newer in slot 1.
    fn older(firmware: &Descriptor<'_>) -> Vec<u8> {
        let model = har2();
        let mut flash = vec![0x5a; (firmware.slots_origin - ORIGIN) as usize];
        for sequence in [6, 7] {
            let header = SlotHeader {
                sequence,
                length: model.bytes().len() as u32,
                crc: digest(model.bytes()),
                timing: Timing::default(),
            };
            let end = flash.len() + firmware.slot_size as usize;
            flash.extend(header.to_bytes());
            flash.extend(model.bytes());
            flash.resize(end, 0xff);
        }
        flash
    }

    /// Bytes of both slots of a board.
    fn slots(flash: &[u8], firmware: &Descriptor<'_>) -> [Vec<u8>; 2] {
        let at = (firmware.slots_origin - ORIGIN) as usize;
        let size = firmware.slot_size as usize;
        [0, size].map(|offset| flash[at + offset..][..size].to_vec())
    }

    const TIMING: Timing = Timing {
        window: 128,
        hop: 64,
        decimation: 1,
        ..Timing::OPEN
    };

    /// Sections as a linker leaves them, with gaps, and the descriptor in the last bytes of its region.
    fn firmware_sections(descriptor: &Descriptor<'_>, address: u32) -> Vec<FlashSegment> {
        let part = |address, length| FlashSegment {
            address,
            bytes: (0..length).map(|i: u32| (i * 7 + 3) as u8).collect(),
        };
        vec![
            part(ORIGIN, 0x100),
            part(ORIGIN + 0x100, 0xc0),
            part(ORIGIN + 0x1c0, 0x3_1234),
            part(ORIGIN + 0x3_2000, 0x77),
            part(ORIGIN + 0x3_2078, 0x1f03),
            FlashSegment {
                address,
                bytes: descriptor.to_bytes().to_vec(),
            },
        ]
    }

    /// Flash as parts leave it: their bytes, erased around them up to sectors, as it was elsewhere.
    fn written(before: &[u8], parts: &[FlashSegment]) -> Vec<u8> {
        let mut flash = before.to_vec();
        let range = |part: &FlashSegment| {
            let at = (part.address - ORIGIN) as usize;
            at..at + part.bytes.len()
        };
        for part in parts {
            let range = range(part);
            flash[range.start / SECTOR * SECTOR..range.end.next_multiple_of(SECTOR)].fill(0xff);
        }
        for part in parts {
            flash[range(part)].copy_from_slice(&part.bytes);
        }
        flash
    }

    /// Whatever flash held before: nothing, something else everywhere, or models in both slots. In either order of the blocks,
    /// as a computer may write a file in any.
    #[test]
    fn a_boot_rom_leaves_firmware_and_model_and_no_older_one() {
        let registry = registry();
        let boards = registry.board.iter();
        let boards: Vec<_> = boards.filter(|board| board.uf2_family.is_some()).collect();
        assert_eq!(boards.len(), 2);
        for board in boards {
            let firmware = board.descriptor().expect("has slots");
            let address = board.descriptor_address().expect("has slots");
            let erase_size = board.stream.as_ref().expect("has slots").erase_size;
            let (header, model) =
                model_parts(&firmware, erase_size, &har2(), TIMING).expect("fits");
            let mut parts = firmware_sections(&firmware, address);
            parts.extend(model);
            let family = board.uf2_family.expect("has one");
            let file = file(&parts, family).expect("no overlap");
            let mut blocks = blocks(&file, family);
            let blank = vec![0xff; older(&firmware).len()];
            let full = vec![0x5a; blank.len()];
            for before in [blank, full, older(&firmware)] {
                for rom in [Rom::Rp2040, Rom::Rp2040, Rom::Rp2350, Rom::Rp2350] {
                    let mut flash = before.clone();
                    rom.take(&blocks, &mut flash);
                    let what = format!("{} {rom:?}", board.name);
                    assert!(flash == written(&before, &parts), "{what}");
                    let boot = look(&slots(&flash, &firmware), &firmware).expect("slots");
                    assert_eq!(boot.running, Running::Slot { index: 0, header }, "{what}");
                    assert_eq!(boot.slots[1], Err(Fault::Empty), "{what}");
                    blocks.reverse();
                }
            }
        }
    }

    /// The order of a file's blocks is that of its parts: slot 1 is given up when slot 0 is whole.
    #[test]
    fn a_model_boots_after_any_block_of_a_file() {
        let board = board("pico");
        let firmware = board.descriptor().expect("has slots");
        let (header, parts) = model_parts(&firmware, 4096, &har2(), TIMING).expect("fits");
        let file = file(&parts, FAMILY).expect("aligned");
        let blocks = blocks(&file, FAMILY);
        for count in 0..=blocks.len() {
            let mut flash = older(&firmware);
            Rom::Rp2040.take(&blocks[..count], &mut flash);
            let boot = look(&slots(&flash, &firmware), &firmware).expect("slots");
            let Running::Slot {
                index,
                header: found,
            } = boot.running
            else {
                panic!("no model after {count} blocks");
            };
            let given_up = count > parts[0].bytes.len() / PAYLOAD;
            assert_eq!(
                (index == 0, found == header),
                (given_up, given_up),
                "{count}"
            );
        }
    }

    #[test]
    fn parts_that_meet_within_a_sector_share_it() {
        let part = |offset: u32, bytes: std::ops::Range<u8>| FlashSegment {
            address: ORIGIN + offset,
            bytes: bytes.collect(),
        };
        // The second begins where the first ends; the third is in two sectors.
        let parts = [
            part(0x80, 0..200),
            part(0x80 + 200, 200..210),
            part(0xffe, 1..4),
        ];
        let file = file(&parts, FAMILY).expect("no overlap");
        assert_eq!(file.len(), 32 * BLOCK);
        let mut flash = vec![0; 3 * SECTOR];
        Rom::Rp2040.take(&blocks(&file, FAMILY), &mut flash);
        let mut expected = vec![0xff; 3 * SECTOR];
        expected[2 * SECTOR..].fill(0);
        for part in &parts {
            let at = (part.address - ORIGIN) as usize;
            expected[at..at + part.bytes.len()].copy_from_slice(&part.bytes);
        }
        assert!(flash == expected);
    }

    #[test]
    fn parts_that_overlap_or_never_end_are_refused() {
        let part = |address, length| FlashSegment {
            address,
            bytes: vec![1; length],
        };
        let refused =
            |parts: &[FlashSegment]| format!("{:#}", file(parts, FAMILY).expect_err("refused"));
        let error = refused(&[part(0x1000_0000, 9), part(0x1000_0008, 1)]);
        assert!(error.contains("0x10000008"), "{error}");
        let error = refused(&[part(0xffff_fff0, 17)]);
        assert!(error.contains("0xfffffff0"), "{error}");
    }
}
