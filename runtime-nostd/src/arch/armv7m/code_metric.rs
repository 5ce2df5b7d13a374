//! A metric's projection of a pooled readout.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

use crate::limits::METRIC_DIMENSIONS_OF_GROUP as GROUP;

/// Products of the codes of a group of dimensions, three words for two units, and the scaled sums of a pooled readout; see `project`
/// of the module `novelty`. In groups of four units: hidden sizes are multiples of that. None where sums are not shifted.
#[inline(always)]
pub(crate) fn project_pooled(codes: &[u32], sums: &[u32], shift: u32) -> Option<[i32; GROUP]> {
    let (codes, rest) = codes.as_chunks::<6>();
    let sums = sums.as_chunks::<4>().0;
    let groups = codes.len().min(sums.len());
    let range = sums.get(..groups)?.as_ptr_range();
    if groups == 0 || !rest.is_empty() || !(1..=31).contains(&shift) {
        return None;
    }
    let mut found = [0; GROUP];
    // SAFETY: there are as many groups of codes as of sums, at least one; the shift is in `1..=31`.
    unsafe { project_pooled_code(codes.as_ptr(), range.start, range.end, shift, &mut found) };
    Some(found)
}

/// A shift leaves the last bit that it drops in the carry, which rounds. Two values in a word meet two codes of each dimension.
///
/// # Safety
/// From `sums` to `end` is one group or more, and as many at `codes`; `shift` is in `1..=31`; `found` may be written.
#[unsafe(naked)]
unsafe extern "C" fn project_pooled_code(
    codes: *const [u32; 6],
    sums: *const [u32; 4],
    end: *const [u32; 4],
    shift: u32,
    found: *mut [i32; GROUP],
) {
    naked_asm!(
        cpu!(),
        "push {{r4-r11, lr}}",
        "movs r4, #0",
        "movs r5, #0",
        "movs r6, #0",
        "movs r7, #0",
        "mov r8, #0",
        "mov r9, #0",
        "2:",
        "ldrd r10, r11, [r1], #8",
        "lsrs r10, r10, r3",
        "adc r10, r10, #0",
        "lsrs r11, r11, r3",
        "adc r11, r11, #0",
        "usat r10, #15, r10",
        "usat r11, #15, r11",
        "pkhbt r10, r10, r11, lsl #16",
        "ldrd r12, lr, [r0], #8",
        "sxtb16 r11, r12",
        "smlad r4, r11, r10, r4",
        "sxtb16 r11, r12, ror #8",
        "smlad r5, r11, r10, r5",
        "sxtb16 r11, lr",
        "smlad r6, r11, r10, r6",
        "sxtb16 r11, lr, ror #8",
        "smlad r7, r11, r10, r7",
        "ldrd r12, lr, [r0], #8",
        "sxtb16 r11, r12",
        "smlad r8, r11, r10, r8",
        "sxtb16 r11, r12, ror #8",
        "smlad r9, r11, r10, r9",
        "ldrd r10, r11, [r1], #8",
        "lsrs r10, r10, r3",
        "adc r10, r10, #0",
        "lsrs r11, r11, r3",
        "adc r11, r11, #0",
        "usat r10, #15, r10",
        "usat r11, #15, r11",
        "pkhbt r10, r10, r11, lsl #16",
        "sxtb16 r11, lr",
        "smlad r4, r11, r10, r4",
        "sxtb16 r11, lr, ror #8",
        "smlad r5, r11, r10, r5",
        "ldrd r12, lr, [r0], #8",
        "sxtb16 r11, r12",
        "smlad r6, r11, r10, r6",
        "sxtb16 r11, r12, ror #8",
        "smlad r7, r11, r10, r7",
        "sxtb16 r11, lr",
        "smlad r8, r11, r10, r8",
        "sxtb16 r11, lr, ror #8",
        "smlad r9, r11, r10, r9",
        "cmp r1, r2",
        "bne 2b",
        "ldr r0, [sp, #36]",
        "stm r0, {{r4-r9}}",
        "pop {{r4-r11, pc}}",
    )
}
