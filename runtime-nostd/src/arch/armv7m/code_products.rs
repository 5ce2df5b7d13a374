//! Products of inputs and fields, one row a register: for sums that need more than 16 bits.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

/// Adds to each of eight rows its unsigned 4-bit fields times the inputs, modulo 2^32. `false`, and nothing done, unless there
/// are eight rows and as many columns as inputs.
#[inline(always)]
pub(crate) fn add_products(rows: &mut [u32], columns: &[u32], x: &[i32]) -> bool {
    let Ok(rows): Result<&mut [u32; 8], _> = rows.try_into() else {
        return false;
    };
    if columns.len() != x.len() {
        return columns.is_empty();
    }
    let range = columns.as_ptr_range();
    if !columns.is_empty() {
        // SAFETY: there are eight rows, and as many inputs as columns, at least one.
        unsafe { add_products_code(rows, range.start, range.end, x.as_ptr()) };
    }
    true
}

/// Adds the products of inputs and U to eight rows. Registers: r0-r7 rows, r8 word of U, r9 input, r10 field, r11 next
/// word of U, r12 their end, lr next input.
///
/// # Safety
/// From `columns` to `end` is one word or more, and as many at `x`; `rows` may be written.
#[unsafe(naked)]
unsafe extern "C" fn add_products_code(
    rows: &mut [u32; 8],
    columns: *const u32,
    end: *const u32,
    x: *const i32,
) {
    naked_asm!(
        cpu!(),
        "push {{r0, r4-r11, lr}}",
        "mov r11, r1",
        "mov r12, r2",
        "mov lr, r3",
        "ldm r0, {{r0-r7}}",
        "2:",
        "ldr r8, [r11], #4",
        "ldr r9, [lr], #4",
        "ubfx r10, r8, #0, #4",
        "mla r0, r10, r9, r0",
        "ubfx r10, r8, #16, #4",
        "mla r1, r10, r9, r1",
        "ubfx r10, r8, #4, #4",
        "mla r2, r10, r9, r2",
        "ubfx r10, r8, #20, #4",
        "mla r3, r10, r9, r3",
        "ubfx r10, r8, #8, #4",
        "mla r4, r10, r9, r4",
        "ubfx r10, r8, #24, #4",
        "mla r5, r10, r9, r5",
        "ubfx r10, r8, #12, #4",
        "mla r6, r10, r9, r6",
        "lsr r10, r8, #28",
        "mla r7, r10, r9, r7",
        "cmp r11, r12",
        "bne 2b",
        "pop {{r12}}",
        "stm r12, {{r0-r7}}",
        "pop {{r4-r11, pc}}",
    )
}
