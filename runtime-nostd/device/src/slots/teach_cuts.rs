//! Power cuts at every operation of the flash while a class is taught, and while it is taken back.

use hadamrnn_runtime::taught::{Lesson, Shown, Taught, TaughtWords};
use hadamrnn_runtime::{DIMENSIONS, Model};

use super::power_cuts::{CutFlash, HAR2, TIMING, install, region, running};
use super::*;
use crate::testing::with_metric;

/// The part of a model that was shown some windows of a new class, or of a class that is there.
fn lesson(file: &[u8], class: u16, value: i32) -> TaughtWords {
    let model = Model::from_bytes(file).expect("valid");
    let mut shown = Shown::default();
    for i in 0..10 {
        assert!(shown.add(&[value + i; DIMENSIONS]));
    }
    let label = "jump";
    TaughtWords::with(&model, Lesson { class, label }, &shown).expect("fits")
}

type Take = fn(&Model<'_>, Timing) -> Result<(), Fault>;

fn slots<F: MappedFlash>(flash: F) -> Slots<F, Take> {
    let take: Take = |_, _| Ok(());
    Slots::new(flash, region(F::ERASE_SIZE), take).expect("the region fits")
}

/// The bytes of the model that boots; none for the built-in one.
fn booted<const WRITE: usize, const ERASE: usize>(
    flash: &MemoryFlash<WRITE, ERASE>,
) -> Option<&'static [u8]> {
    let mut slots = slots(flash.clone());
    match slots.boot().running {
        Running::BuiltIn => None,
        Running::Slot { index, header } => {
            let (start, length) = slots.model_range(index, &header);
            Some(aligned(slots.flash().bytes(start, length)))
        }
    }
}

/// Cuts an action at every operation of the flash, and inside each in as many ways as there are `seeds`: what boots then is `old` or `new`,
/// and the action succeeds where the power is back. Gives the number of cuts.
fn every_cut<const WRITE: usize, const ERASE: usize>(
    before: &MemoryFlash<WRITE, ERASE>,
    act: impl Fn(&mut Slots<CutFlash<WRITE, ERASE>, Take>) -> Result<(), SlotError>,
    [old, new]: [Option<u32>; 2],
    seeds: u64,
) -> usize {
    let run = |flash, left, torn| {
        let mut slots = slots(CutFlash::new(flash, left, torn));
        slots.boot();
        let outcome = act(&mut slots);
        (outcome, slots.release())
    };
    let boots = |flash| running(&slots(flash).boot());
    let (outcome, whole) = run(before.clone(), usize::MAX, None);
    outcome.expect("no cut");
    assert_eq!(boots(whole.flash), new);
    let mut cuts = 0;
    for at in 0..whole.done {
        // Odd seeds leave noise.
        let torn = (0..seeds).map(|seed| Some(at as u64 * seeds + 2 * seed + seed % 2 + 1));
        for torn in [None].into_iter().chain(torn) {
            let (_, after) = run(before.clone(), at, torn);
            let found = boots(after.flash.clone());
            let may_be_new = at + 1 == whole.done && torn.is_some();
            assert!(
                found == old || may_be_new && found == new,
                "cut at {at} of {}, {torn:?}: boots {found:?}",
                whole.done
            );
            if found == old {
                let (outcome, healed) = run(after.flash, usize::MAX, None);
                outcome.expect("power is back");
                assert_eq!(boots(healed.flash), new, "cut at {at}");
            }
            cuts += 1;
        }
    }
    cuts
}

/// Teaches a built-in model, then the taught one again, and takes both back; each cut everywhere.
fn lessons<const WRITE: usize, const ERASE: usize>() -> [usize; 2] {
    let built_in = with_metric(HAR2, 1 << 20);
    let capacity = 2 * region(ERASE).slot_size as usize + ERASE;
    let [mut cuts, mut of_undo] = [0, 0];
    let mut teach = |before: &MemoryFlash<WRITE, ERASE>, file: &[u8], value| {
        let words = lesson(file, 2, value);
        let mut whole = slots(before.clone());
        let old = running(&whole.boot());
        let new = whole.write_taught(file, TIMING, &words).expect("fits").crc;
        let act = |slots: &mut Slots<_, Take>| slots.write_taught(file, TIMING, &words).map(drop);
        cuts += every_cut(before, act, [old, Some(new)], 2);
        whole.release()
    };
    let first = teach(&MemoryFlash::erased(capacity), built_in, 40);
    let taught = booted(&first).expect("a slot runs");
    let second = teach(&first, taught, 900);
    let twice = booted(&second).expect("a slot runs");
    let model = Model::from_bytes(twice).expect("valid");
    let found = Taught::of(&model).expect("valid").expect("taught");
    assert_eq!(found.class_count(), 3);
    assert!(found.labels().eq(["jump"]));
    let entry = found.entries().next().expect("an entry");
    // 40 to 49 have the mean 45, halves rounded up; with 900 to 909 it is 475.
    assert_eq!((entry.windows, entry.centre()[0]), (20, 475));

    let mut undo = |before: &MemoryFlash<WRITE, ERASE>| {
        let mut whole = slots(before.clone());
        let newest = running(&whole.boot());
        let crc = newest.expect("a slot runs");
        whole.undo(crc).expect("a slot has a model");
        let flash = whole.release();
        let back = running(&slots(flash.clone()).boot());
        of_undo += every_cut(before, |slots| slots.undo(crc), [newest, back], 40);
        flash
    };
    let back = undo(&second);
    assert_eq!(booted(&back), Some(taught));
    let nothing = undo(&back);
    assert_eq!(booted(&nothing), None);
    assert_eq!(slots(nothing).undo(1), Err(SlotError::Nothing));
    [cuts, of_undo]
}

/// A copy on a boundary of words that lives as long as the tests do.
fn aligned(bytes: &[u8]) -> &'static [u8] {
    let mut words = vec![0u32; bytes.len().div_ceil(4)];
    bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
    &bytemuck::cast_slice(words.leak())[..bytes.len()]
}

#[test]
fn a_cut_while_a_class_is_taught_or_taken_back_leaves_a_model_that_runs() {
    let cuts = [
        lessons::<4, 4096>(), // nRF52, ESP32-C3
        lessons::<8, 2048>(), // STM32G0
        lessons::<32, 256>(), // a model over several sectors
        lessons::<1, 4096>(), // RP2040
    ];
    let [teach, undo] = [0, 1].map(|i| cuts.iter().map(|cuts| cuts[i]).sum::<usize>());
    println!("{teach} cuts while a class was taught, {undo} while it was taken back");
    assert!(teach >= 500 && undo >= 300, "{cuts:?}");
}

#[test]
fn a_model_that_does_not_fit_with_what_it_is_taught_is_refused_and_stays() {
    let built_in = with_metric(HAR2, 1 << 20);
    let words = lesson(built_in, 2, 7);
    let room = built_in.len() + 12;
    let small = Region {
        offset: 0,
        slot_size: (room + HEADER_LEN).next_multiple_of(32) as u32,
    };
    let flash = MemoryFlash::<4, 32>::erased(2 * small.slot_size as usize);
    let mut slots = Slots::new(flash, small, |_, _| Ok(())).expect("fits");
    install(&mut slots, built_in).expect("fits");
    let before = slots.boot();
    let refused = |result| matches!(result, Err(SlotError::Fault(Fault::Length { .. })));
    assert!(refused(slots.check_room(built_in, &words)));
    assert!(refused(
        slots.write_taught(built_in, TIMING, &words).map(drop)
    ));
    assert_eq!(slots.boot(), before);
}

#[test]
fn an_undo_names_what_it_takes_back() {
    let built_in = with_metric(HAR2, 1 << 20);
    let mut slots = slots(MemoryFlash::<4, 1024>::erased(9 << 10));
    slots.boot();
    assert_eq!(slots.undo(digest(built_in)), Err(SlotError::Nothing));
    install(&mut slots, built_in).expect("fits");
    slots.boot();
    assert_eq!(slots.undo(1), Err(SlotError::OtherModel));
    slots.undo(digest(built_in)).expect("the newest");
    assert_eq!(slots.boot().running, Running::BuiltIn);
}
