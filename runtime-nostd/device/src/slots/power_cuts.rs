//! Power cuts at every operation of the flash, and inside each.

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
use hadamrnn_runtime::Model;
use proptest::prelude::*;

use super::*;

/// Flash whose power goes at some operation: the write of one unit or the erase of one sector.
pub(super) struct CutFlash<const WRITE: usize, const ERASE: usize> {
    pub(super) flash: MemoryFlash<WRITE, ERASE>,
    /// Operations until the cut; none left means that the power is gone.
    left: usize,
    /// The operation at the cut is not left out but half done, with these random bits.
    torn: Option<u64>,
    /// Operations so far.
    pub(super) done: usize,
}

impl<const WRITE: usize, const ERASE: usize> CutFlash<WRITE, ERASE> {
    pub(super) fn new(flash: MemoryFlash<WRITE, ERASE>, left: usize, torn: Option<u64>) -> Self {
        Self {
            flash,
            left,
            torn,
            done: 0,
        }
    }

    /// Whether the power holds for one more operation; half of it is done where it goes within.
    fn power(&mut self, half: impl FnOnce(&mut MemoryFlash<WRITE, ERASE>, u64)) -> bool {
        if self.left == 0 {
            if let Some(random) = self.torn.take() {
                half(&mut self.flash, random);
            }
            return false;
        }
        self.left -= 1;
        self.done += 1;
        true
    }
}

/// xorshift64*: random bits that a seed repeats.
fn random(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 56) as u8
}

impl<const WRITE: usize, const ERASE: usize> ErrorType for CutFlash<WRITE, ERASE> {
    type Error = NorFlashErrorKind;
}

impl<const WRITE: usize, const ERASE: usize> ReadNorFlash for CutFlash<WRITE, ERASE> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.flash.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<const WRITE: usize, const ERASE: usize> NorFlash for CutFlash<WRITE, ERASE> {
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        for sector in (from..to).step_by(ERASE) {
            // Cut short, an erase leaves anything: some bits already set, or, where the seed is odd, mere noise.
            let half = |flash: &mut MemoryFlash<WRITE, ERASE>, seed: u64| {
                let mut state = seed | 1;
                for at in sector as usize..sector as usize + ERASE {
                    let old = flash.bytes(at as u32, 1)[0];
                    let keep = if seed.is_multiple_of(2) { old } else { 0 };
                    flash.set(at, keep | random(&mut state));
                    flash.mark(at);
                }
            };
            if !self.power(half) {
                return Err(NorFlashErrorKind::Other);
            }
            self.flash.erase(sector, sector + ERASE as u32)?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        for (i, unit) in bytes.chunks(WRITE).enumerate() {
            let at = offset as usize + i * WRITE;
            let half = |flash: &mut MemoryFlash<WRITE, ERASE>, seed: u64| {
                let mut state = seed | 1;
                for (i, byte) in unit.iter().enumerate() {
                    flash.set(at + i, byte | random(&mut state));
                }
                flash.mark(at);
            };
            if !self.power(half) {
                return Err(NorFlashErrorKind::Other);
            }
            self.flash.write(at as u32, unit)?;
        }
        Ok(())
    }
}

impl<const WRITE: usize, const ERASE: usize> MappedFlash for CutFlash<WRITE, ERASE> {
    fn bytes(&self, offset: u32, length: usize) -> &[u8] {
        self.flash.bytes(offset, length)
    }
}

pub(super) const HAR2: &[u8] =
    hadamrnn_runtime::include_model!("../../../../models/har2/model.hdrn");
const HAR6: &[u8] = hadamrnn_runtime::include_model!("../../../../models/har6/model.hdrn");
pub(super) const TIMING: Timing = Timing {
    window: 128,
    hop: 0,
    decimation: 1,
    ..Timing::OPEN
};

pub(super) fn new_model(bytes: &[u8]) -> NewModel {
    NewModel::of(bytes, TIMING)
}

/// Takes every model, as its checks are another module's.
fn any_model(_: &Model<'_>, _: Timing) -> Result<(), Fault> {
    Ok(())
}

pub(super) fn region(erase: usize) -> Region {
    Region {
        offset: erase as u32,
        slot_size: 4096_usize.next_multiple_of(erase) as u32,
    }
}

pub(super) fn slots<F: MappedFlash>(flash: F) -> Slots<F, impl Accept> {
    Slots::new(flash, region(F::ERASE_SIZE), any_model).expect("the region fits")
}

/// A whole transfer, as the link does it.
pub(super) fn install<F: MappedFlash>(
    slots: &mut Slots<F, impl Accept>,
    model: &[u8],
) -> Result<(), SlotError> {
    let new = new_model(model);
    let Begun::Next(mut next) = slots.begin(new)? else {
        return Ok(());
    };
    while next < new.length {
        let end = model.len().min(next as usize + 128);
        next = slots.write(new.crc, next, &model[next as usize..end])?;
    }
    slots.commit(new.crc).map(drop)
}

/// The CRC of what runs.
pub(super) fn running(boot: &Boot) -> Option<u32> {
    match boot.running {
        Running::BuiltIn => None,
        Running::Slot { header, .. } => Some(header.crc),
    }
}

/// Installs `new` with a cut, and shows what boots then; a further install without a cut must succeed.
fn cut<const WRITE: usize, const ERASE: usize>(
    before: &MemoryFlash<WRITE, ERASE>,
    new: &[u8],
    at: usize,
    torn: Option<u64>,
) -> (Option<u32>, MemoryFlash<WRITE, ERASE>) {
    let mut cut = slots(CutFlash::new(before.clone(), at, torn));
    cut.boot();
    let _ = install(&mut cut, new);
    let after = cut.release().flash;
    let mut restarted = slots(after.clone());
    let boots = running(&restarted.boot());
    install(&mut restarted, new).expect("power is back");
    assert_eq!(
        running(&restarted.look()),
        Some(digest(new)),
        "a cut at {at} ({torn:?}) is not made good by the next transfer"
    );
    (boots, after)
}

fn every_cut<const WRITE: usize, const ERASE: usize>() {
    let capacity = 2 * region(ERASE).slot_size as usize + ERASE;
    let mut first = slots(MemoryFlash::<WRITE, ERASE>::erased(capacity));
    first.boot();
    install(&mut first, HAR6).expect("no cut");
    let before = first.release();
    let (old, new) = (digest(HAR6), digest(HAR2));
    let mut whole = slots(CutFlash::new(before.clone(), usize::MAX, None));
    whole.boot();
    install(&mut whole, HAR2).expect("no cut");
    let operations = whole.release().done;
    assert!(
        operations > (HAR2.len() + HEADER_LEN) / WRITE,
        "a body and a header"
    );
    for at in 0..operations {
        for torn in [None, Some(at as u64 * 2 + 2), Some(at as u64 * 2 + 1)] {
            let (boots, _) = cut(&before, HAR2, at, torn);
            // A torn write of the last unit may, by luck, be whole.
            let may_be_new = at + 1 == operations && torn.is_some();
            assert!(
                boots == Some(old) || (may_be_new && boots == Some(new)),
                "cut at {at} of {operations}, {torn:?}: boots {boots:?}"
            );
        }
    }
}

#[test]
fn a_cut_at_every_operation_leaves_the_old_model_and_heals() {
    every_cut::<4, 4096>(); // nRF52, ESP32-C3
    every_cut::<8, 2048>(); // STM32G0: with error correction, two words at a time
    every_cut::<32, 256>(); // a model over several sectors
    every_cut::<1, 4096>(); // RP2040, whose driver fills pages up
}

#[test]
fn the_first_model_is_there_whole_or_not_at_all() {
    let blank = MemoryFlash::<4, 1024>::erased(9 << 10);
    for at in 0..300 {
        let (boots, _) = cut(&blank, HAR2, at, Some(at as u64));
        assert!(boots.is_none() || (at > 250 && boots == Some(digest(HAR2))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Transfer after transfer, each cut somewhere: what boots is always a model that was sent whole.
    #[test]
    fn cuts_in_a_row(cuts in prop::collection::vec((0usize..700, any::<bool>(), any::<u64>()), 1..12)) {
        let mut first = slots(MemoryFlash::<8, 512>::erased(9 << 10));
        first.boot();
        install(&mut first, HAR6).unwrap();
        let mut flash = first.release();
        let mut runs = digest(HAR6);
        for (i, (at, is_torn, seed)) in cuts.into_iter().enumerate() {
            let model = if i % 2 == 0 { HAR2 } else { HAR6 };
            let (boots, after) = cut(&flash, model, at, is_torn.then_some(seed));
            prop_assert!(boots == Some(runs) || boots == Some(digest(model)), "{:?}", boots);
            runs = boots.unwrap_or_default();
            flash = after;
        }
    }

    /// Any bytes whatever in flash: no panic, and nothing but a whole model boots.
    #[test]
    fn noise_boots_the_built_in_model(bytes in prop::collection::vec(any::<u8>(), 512 * 17), first in any::<u64>()) {
        let mut bytes = bytes;
        if first.is_multiple_of(2) {
            // A header of a whole slot before noise: more is looked at.
            let header = SlotHeader { sequence: 1, length: (first >> 40) as u32, crc: 5, timing: TIMING };
            bytes[512..512 + HEADER_LEN].copy_from_slice(&header.to_bytes());
        }
        let mut slots = slots(MemoryFlash::<4, 512>::holding(&bytes));
        prop_assert_eq!(slots.boot().running, Running::BuiltIn);
    }
}

#[test]
fn the_slot_in_use_is_never_touched() {
    let mut slots = slots(MemoryFlash::<4, 512>::erased(9 << 10));
    slots.boot();
    install(&mut slots, HAR6).unwrap();
    let in_use = slots.boot().running.slot().expect("a slot runs");
    let before = slot_bytes(&slots, in_use);
    for model in [HAR2, HAR6, HAR2, HAR6, HAR2] {
        install(&mut slots, model).unwrap();
        assert_eq!(slot_bytes(&slots, in_use), before);
    }
    assert_eq!(running(&slots.look()), Some(digest(HAR2)));
    // After a restart it runs, and the other slot is the free one.
    assert_eq!(slots.boot().running.slot(), Some(1 - in_use));
}

/// All bytes of a slot.
fn slot_bytes<F: MappedFlash>(slots: &Slots<F, impl Accept>, index: u8) -> Vec<u8> {
    let Region { offset, slot_size } = slots.region();
    let start = offset + u32::from(index) * slot_size;
    slots.flash().bytes(start, slot_size as usize).to_vec()
}
