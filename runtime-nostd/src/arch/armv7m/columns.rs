//! Code shared by the assembly with and without DSP instructions: the product of inputs and U, and how runs of driven
//! groups and of others alternate.
//!
//! The rows that a model's inputs drive are whole groups of eight, the first ones of each block. The accumulators of
//! other groups start at another value, and their code is entered past the columns.

use super::constants::Constants;

/// The part of their stack that both kinds of assembly have.
#[repr(C)]
pub(super) struct Common {
    /// Where the accumulators of rows 0 to 2 start, without biases. The last one starts as that before it.
    pub starts: [u32; 3],
    pub x: *const i32,
    /// Where the assembly goes for the first round of columns, and after a round.
    pub entry: usize,
    /// In groups that are not driven, which do not come there: where the accumulators of driven ones start.
    pub after: usize,
    /// Distance from an address of states, divided by 16, to the byte of signs of the same eight rows.
    pub signs_from_h: usize,
    pub scale: u32,
    /// Where the groups end that are driven, or not, as those before.
    pub run_end: *mut u32,
    pub constants: *const Constants<'static>,
}

/// What is above it: registers of the caller, and the part that only models of more than a round of columns have.
#[repr(C)]
pub(super) struct Above {
    saved: [u32; 3],
    /// Where to go after the last round.
    pub last: usize,
    /// Where the inputs end that come in pairs.
    pub pairs_end: *const i32,
}

/// Calls the assembly `$code` with the arguments that both kinds have, and `$r9`. It saves almost no register, which the caller
/// has done already: so none is on the stack twice.
macro_rules! call {
    ($code:ident, $shaped:ident, $($r9:tt)+) => {
        core::arch::asm!(
            "bl {code}",
            code = sym $code,
            inout("r0") $shaped.blocks.h().as_mut_ptr() => _,
            inout("r1") $shaped.constants() => _,
            inout("r2") $shaped.u().as_ptr() => _,
            inout("r3") $shaped.x().as_ptr() => _,
            inout("r4") $shaped.bias().as_ptr() => _,
            inout("r5") $shaped.signs().as_ptr() => _,
            inout("r8") $shaped.constants().scaled_gain($shaped.gain()) => _,
            inout("r12") $shaped.constants().start($shaped.correction()) => _,
            $($r9)+,
            out("r10") _,
            out("r11") _,
            out("lr") _,
        )
    };
}

/// A column: word `$w` of U, input `$x`. Fields in lr, mask in r8.
macro_rules! column {
    ($w:literal, $x:literal) => {
        concat!(
            concat!("mla r0, ", $w, ", ", $x, ", r0\n"),
            concat!("and.w lr, r8, ", $w, ", lsr #4\n"),
            concat!("mla r1, lr, ", $x, ", r1\n"),
            concat!("and.w lr, r8, ", $w, ", lsr #8\n"),
            concat!("mla r2, lr, ", $x, ", r2\n"),
            concat!("and.w lr, r8, ", $w, ", lsr #12\n"),
            concat!("mla r3, lr, ", $x, ", r3\n"),
        )
    };
}

/// Two columns, in [`PAIR_BYTES`].
macro_rules! pair {
    () => {
        concat!(
            "ldrd r6, r7, [r12], #8\n",
            "ldrd r4, r5, [r10], #8\n",
            column!("r4", "r6"),
            column!("r5", "r7"),
        )
    };
}

/// Makes room on the stack for `locals` and what is above them.
macro_rules! enter {
    () => {
        concat!(
            "ldr r10, [r1, #{pairs}]\n",
            "cmp r10, #{round}\n",
            "bls 1f\n",
            "add r10, r10, r3\n",
            "push {{r10}}\n",
            "adr.w r10, 5f\n",
            "ldr r11, [r1, #{last}]\n",
            "add r10, r10, r11\n",
            "push {{r10}}\n",
            "1:\n",
            "push {{r6, r7, lr}}\n",
            "sub sp, sp, #{locals}\n",
        )
    };
}

/// Leaves the stack as it was found. r4 points to the constants.
macro_rules! leave {
    () => {
        concat!(
            "ldr r5, [r4, #{pairs}]\n",
            "cmp r5, #{round}\n",
            "add sp, sp, #{locals}\n",
            "pop {{r6, r7, lr}}\n",
            "it hi\n",
            "addhi sp, sp, #8\n",
            "bx lr\n",
        )
    };
}

/// Fills the common part of the stack. Leaves next states in r11, next word of U in r10, next biases in r9, the gain in r8, the
/// scale of the transform in r7; changes all other registers.
macro_rules! set_up {
    () => {
        concat!(
            "mov r11, r0\n",
            "mov r10, r2\n",
            "mov r9, r4\n",
            "sub r5, r5, r0, lsr #4\n",
            "movw lr, #0x1111\n",
            "mul lr, lr, r12\n",
            "strd lr, r12, [sp, #{starts}]\n",
            "strd r12, r3, [sp, #{starts} + 8]\n",
            "str r1, [sp, #{constants}]\n",
            "ldm r1, {{r2-r4, r6, r7}}\n",
            "adr.w r12, 5f\n",
            "add r2, r2, r12\n",
            "add r3, r3, r12\n",
            "strd r2, r3, [sp, #{entry}]\n",
            "strd r5, r4, [sp, #{signs}]\n",
            "add r6, r6, r0\n",
            "str r6, [sp, #{run_end}]\n",
        )
    };
}

/// Eight rows: from the start of the accumulators to the sums of products, in r0-r3.
///
/// r4 and r5 words of U, r6 and r7 inputs, r8 mask, r10 next word of U, r12 next input, lr fields. One load fills three
/// accumulators and next input, and jumps.
macro_rules! products {
    () => {
        concat!(
            // Eight rows.
            "2:\n",
            "add r12, sp, #{starts}\n",
            "mov.w r8, #0x000F000F\n",
            "ldr.w r3, [sp, #{starts} + 4]\n",
            "ldm r12, {{r0-r2, r12, pc}}\n",
            // Whether there are more rounds.
            "8:\n",
            "ldr.w r4, [sp, #{above_pairs_end}]\n",
            "cmp r12, r4\n",
            "bne.n 4f\n",
            "ldr.w pc, [sp, #{above_last}]\n",
            // A round.
            "4:\n",
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            // No code between these labels may be longer than the constants say.
            ".org 8b + {to_test}\n",
            "5:\n",
            "ldr.w pc, [sp, #{after}]\n",
            // The last of an odd number of columns.
            ".org 5b + {to_last}\n",
            "6:\n",
            "ldr.w r6, [r12]\n",
            "ldr.w r4, [r10], #4\n",
            column!("r4", "r6"),
            // Take off the excess of the unmasked accumulator.
            ".org 5b + {to_end}\n",
            "sub r0, r0, r1, lsl #4\n",
            "sub r0, r0, r2, lsl #8\n",
            "sub r0, r0, r3, lsl #12\n",
            // Groups that are not driven.
            "7:\n",
        )
    };
}

/// The stage within a word, the widening and the scaling by lr: words r4-r7, to r0-r7.
#[cfg(hadamrnn_arch = "armv7em")]
macro_rules! widen {
    () => {
        "
        smuad r0, r4, lr
        smusd r1, r4, lr
        smuad r2, r5, lr
        smusd r3, r5, lr
        smuad r4, r6, lr
        smusd r5, r6, lr
        smuad r6, r7, lr
        smusd r7, r7, lr
        "
    };
}

/// The last two stages on 32 bits, r0-r7, to rows 0 to 7 in r5, r8, r0, r2, r1, r4, r6, r7.
macro_rules! last_stages {
    () => {
        "
        add r8, r0, r2
        sub r2, r0, r2
        add r0, r1, r3
        sub r3, r1, r3
        add r1, r4, r6
        sub r6, r4, r6
        add r4, r5, r7
        sub r7, r5, r7
        add r5, r8, r1
        sub r1, r8, r1
        add r8, r0, r4
        sub r4, r0, r4
        add r0, r2, r6
        sub r6, r2, r6
        add r2, r3, r7
        sub r7, r3, r7
        "
    };
}

/// Goes on to the next eight rows, or past this.
macro_rules! next_rows {
    () => {
        concat!(
            "ldr r12, [sp, #{run_end}]\n",
            "cmp r11, r12\n",
            "bne.w 2b\n",
            "ldr r4, [sp, #{constants}]\n",
            "ldr r5, [r4, #{bias_end}]\n",
            "cmp r9, r5\n",
            "beq 9f\n",
            // The next run: of groups that are not driven after those that are, and the other way round.
            "ldrd r0, r2, [sp, #{entry}]\n",
            "adr.w r1, 7b\n",
            "adds r1, #1\n",
            "cmp r0, r1\n",
            "beq 3f\n",
            "ldr r2, [sp, #{starts} + 4]\n",
            "strd r1, r2, [sp, #{entry}]\n",
            "ldrd r5, r3, [r4, #{other_length}]\n",
            "strd r3, r3, [sp, #{starts}]\n",
            "b 4f\n",
            "3:\n",
            "ldm r4, {{r0, r1}}\n",
            "adr.w r3, 5b\n",
            "add r0, r0, r3\n",
            "add r1, r1, r3\n",
            "strd r0, r1, [sp, #{entry}]\n",
            "ldr r5, [r4, #{driven_length}]\n",
            "movw r1, #0x1111\n",
            "mul r1, r1, r2\n",
            "strd r1, r2, [sp, #{starts}]\n",
            "mov r3, r2\n",
            "4:\n",
            "str r3, [sp, #{starts} + 8]\n",
            "add r5, r5, r11\n",
            "str r5, [sp, #{run_end}]\n",
            "b 2b\n",
            "9:\n",
        )
    };
}
