//! The sums of a pooled readout.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

/// Adds the positive ones of the states, two a word, to their sums, modulo 2^32. In groups of four: hidden sizes are multiples
/// of that, so what is left of the room for more is of no model.
#[inline(always)]
pub(crate) fn add_rectified(states: &[u32], sums: &mut [u32]) -> bool {
    let states = states.as_chunks::<2>().0;
    let sums = sums.as_chunks_mut::<4>().0;
    let groups = states.len().min(sums.len());
    let (Some(states), Some(sums)) = (states.get(..groups), sums.get_mut(..groups)) else {
        return true;
    };
    let range = states.as_ptr_range();
    if !states.is_empty() {
        // SAFETY: there are as many groups of sums as of states, at least one.
        unsafe { add_rectified_code(range.start, range.end, sums.as_mut_ptr()) };
    }
    true
}

/// Adds both states of word `$word`, if they are positive, to the next two sums at r2.
macro_rules! add_pair {
    ($word:literal) => {
        concat!(
            concat!("sxth r5, ", $word, "\n"),
            concat!("subs ", $word, ", ", $word, ", r5\n"),
            "asrs r6, r5, #31\n",
            "bics r5, r6\n",
            concat!("asrs ", $word, ", ", $word, ", #16\n"),
            concat!("asrs r6, ", $word, ", #31\n"),
            concat!("bics ", $word, ", r6\n"),
            "ldr r6, [r2]\n",
            "ldr r7, [r2, #4]\n",
            "adds r6, r6, r5\n",
            concat!("adds r7, r7, ", $word, "\n"),
            "stmia r2!, {{r6, r7}}\n",
        )
    };
}

/// # Safety
/// From `states` to `end` is one group or more, and as many at `sums`, which may be written.
#[unsafe(naked)]
unsafe extern "C" fn add_rectified_code(
    states: *const [u32; 2],
    end: *const [u32; 2],
    sums: *mut [u32; 4],
) {
    naked_asm!(
        "push {{r4-r7, lr}}",
        "2:",
        "ldmia r0!, {{r3, r4}}",
        add_pair!("r3"),
        add_pair!("r4"),
        "cmp r0, r1",
        "bne 2b",
        "pop {{r4-r7, pc}}",
    )
}
