//! The sums of a pooled readout.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

/// Adds the positive ones of the states, two a word, to their sums, modulo 2^32. In groups of eight: hidden sizes are multiples
/// of that, so what is left of the room for more is of no model.
#[inline(always)]
pub(crate) fn add_rectified(states: &[u32], sums: &mut [u32]) -> bool {
    let states = states.as_chunks::<4>().0;
    let sums = sums.as_chunks_mut::<8>().0;
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

/// `USAT16` of a word of states is their rectification, `UXTAH` adds one of them to its sum.
///
/// # Safety
/// From `states` to `end` is one group or more, and as many at `sums`, which may be written.
#[unsafe(naked)]
unsafe extern "C" fn add_rectified_code(
    states: *const [u32; 4],
    end: *const [u32; 4],
    sums: *mut [u32; 8],
) {
    naked_asm!(
        cpu!(),
        "push {{r4-r11, lr}}",
        "push {{r1}}",
        "2:",
        "ldm r0!, {{r1, r3-r5}}",
        "usat16 r1, #15, r1",
        "usat16 r3, #15, r3",
        "usat16 r4, #15, r4",
        "usat16 r5, #15, r5",
        "ldm r2, {{r6-r12, lr}}",
        "uxtah r6, r6, r1",
        "uxtah r7, r7, r1, ror #16",
        "uxtah r8, r8, r3",
        "uxtah r9, r9, r3, ror #16",
        "uxtah r10, r10, r4",
        "uxtah r11, r11, r4, ror #16",
        "uxtah r12, r12, r5",
        "uxtah lr, lr, r5, ror #16",
        "ldr r1, [sp]",
        "stm r2!, {{r6-r12, lr}}",
        "cmp r0, r1",
        "bne 2b",
        "pop {{r1, r4-r11, pc}}",
    )
}
