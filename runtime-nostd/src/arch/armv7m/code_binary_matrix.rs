//! Columns of a dense binary matrix; see `crate::binary_matrix`.
#![allow(
    unsafe_code,
    reason = "assembly; each block and function states why it is sound"
)]

use core::arch::naked_asm;

/// Adds to each row the eight values, negated where its bits say so; two nibbles a row, one in each half of `nibbles`. `false`,
/// and nothing done, unless these have a nibble for every row.
#[inline(always)]
pub(crate) fn add_columns(values: &[i32; 8], nibbles: &[u32], rows: &mut [i32]) -> bool {
    let (groups, rest) = rows.as_chunks_mut::<8>();
    if groups.is_empty() || !rest.is_empty() || nibbles.len() != groups.len().wrapping_mul(2) {
        return false;
    }
    let range = groups.as_mut_ptr_range();
    // SAFETY: there is a group of rows or more, and two words of nibbles for each.
    unsafe { add_columns_code(values, nibbles.as_ptr(), range.start, range.end) };
    true
}

/// The signed sums of four values, from r4: sixteen words at r5, which ends up behind them.
macro_rules! signed_sums {
    () => {
        "
        ldm r4!, {{r6-r9}}
        add r10, r6, r7
        sub r11, r7, r6
        add r12, r8, r9
        sub lr, r9, r8
        add r6, r12, r10
        add r7, r12, r11
        sub r8, r12, r11
        sub r9, r12, r10
        stm r5!, {{r6-r9}}
        add r6, lr, r10
        add r7, lr, r11
        sub r8, lr, r11
        sub r9, lr, r10
        stm r5!, {{r6-r9}}
        rsb lr, lr, #0
        add r6, lr, r10
        add r7, lr, r11
        sub r8, lr, r11
        sub r9, lr, r10
        stm r5!, {{r6-r9}}
        rsb r12, r12, #0
        add r6, r12, r10
        add r7, r12, r11
        sub r8, r12, r11
        sub r9, r12, r10
        stm r5!, {{r6-r9}}
        "
    };
}

/// Adds to row `$row` the sum of the table at `$table` that the nibble from bit `$bit` of r8 names.
macro_rules! look_up {
    ($row:literal, $table:literal, $bit:literal) => {
        concat!(
            concat!("ubfx r9, r8, #", $bit, ", #4\n"),
            concat!("ldr r9, [", $table, ", r9, lsl #2]\n"),
            concat!("add ", $row, ", ", $row, ", r9\n"),
        )
    };
}

/// Adds the entries of one table to all eight rows, r0 to r7.
macro_rules! look_up_all {
    ($table:literal) => {
        concat!(
            look_up!("r0", $table, "0"),
            look_up!("r1", $table, "4"),
            look_up!("r2", $table, "8"),
            look_up!("r3", $table, "12"),
            look_up!("r4", $table, "16"),
            look_up!("r5", $table, "20"),
            look_up!("r6", $table, "24"),
            look_up!("r7", $table, "28"),
        )
    };
}

/// Two tables of signed sums, then eight rows at a time: r8 nibbles, r9 indices and sums, r10 second table, r11 rows, r12 next
/// nibbles, lr from there to those of the second table.
///
/// # Safety
/// From `rows` to `end` is one group of rows or more, which may be written; `nibbles` has two words for each.
#[unsafe(naked)]
unsafe extern "C" fn add_columns_code(
    values: &[i32; 8],
    nibbles: *const u32,
    rows: *mut [i32; 8],
    end: *mut [i32; 8],
) {
    naked_asm!(
        cpu!(),
        "push {{r1-r11, lr}}",
        "sub sp, sp, #128",
        "mov r4, r0",
        "mov r5, sp",
        signed_sums!(),
        signed_sums!(),
        // A word of nibbles for eight rows of four bytes.
        "ldr r12, [sp, #128]",
        "mov r11, r2",
        "sub lr, r3, r2",
        "lsr lr, lr, #3",
        "add r10, sp, #64",
        "2:",
        "ldm r11, {{r0-r7}}",
        "ldr r8, [r12, lr]",
        look_up_all!("r10"),
        "ldr r8, [r12], #4",
        look_up_all!("sp"),
        "ldr r8, [sp, #136]",
        "stm r11!, {{r0-r7}}",
        "cmp r11, r8",
        "bne 2b",
        "add sp, sp, #140",
        "pop {{r4-r11, pc}}",
    )
}
