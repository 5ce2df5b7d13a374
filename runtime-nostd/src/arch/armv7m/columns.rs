//! Code shared by the assembly with and without DSP instructions: the product of inputs and U, and how runs of driven
//! groups and of others alternate.
//!
//! The rows that a model's inputs drive are whole groups of eight, the first ones of each block. The accumulators of
//! other groups start at another value, and their code is entered past the columns.

/// The part of their stack that both kinds of assembly have.
#[repr(C)]
pub(super) struct Common {
    /// Where the four accumulators start, without biases.
    pub starts: [u32; 4],
    pub mask: u32,
    pub x: *const i32,
    /// Where the assembly goes for the first round of columns, after a round and after the last one.
    pub entry: usize,
    pub after: usize,
    pub last: usize,
    /// `entry` for groups of the other kind: driven ones if those of this run are not, and the other way round.
    pub other_entry: usize,
    /// Distance from an address of states, divided by 16, to the byte of signs of the same eight rows.
    pub signs_from_h: usize,
    pub scale: u32,
    pub ones: u32,
    /// Where the inputs end that come in pairs.
    pub pairs_end: *const i32,
    /// Where the groups end that are driven, or not, as those before.
    pub run_end: *mut u32,
    pub h_end: *mut u32,
    /// Values for groups of the other kind: start of their accumulators, bytes of their run of states, and bytes of the
    /// run after it.
    pub other_start: u32,
    pub other_length: usize,
    pub next_length: usize,
}

/// The arguments from the fifth on, by the calling convention.
#[repr(C)]
pub(super) struct Arguments {
    pub bias: *const u32,
    pub signs: *const u32,
    pub gain: u32,
    /// Where the accumulators of driven groups start.
    pub start: u32,
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

/// Fills the common part of the stack, from the arguments in r0-r3: h, constants, u, x. Leaves next states in r11, next word of
/// U in r10, next biases in r9, the gain in r5; changes all other registers but r3.
macro_rules! set_up {
    () => {
        concat!(
            "mov r11, r0\n",
            "mov r10, r2\n",
            "mov lr, #0x000F000F\n",
            "strd lr, r3, [sp, #{mask}]\n",
            "ldm r1!, {{r4-r9}}\n",
            "adr.w r12, 5f\n",
            "add r4, r4, r12\n",
            "add r5, r5, r12\n",
            "add r6, r6, r12\n",
            "add r7, r7, r12\n",
            "strd r4, r5, [sp, #{entry}]\n",
            "strd r6, r7, [sp, #{last}]\n",
            "strd r8, r9, [sp, #{scale}]\n",
            "ldm r1, {{r4-r9}}\n",
            "add r4, r4, r3\n",
            "add r5, r5, r0\n",
            "add r6, r6, r0\n",
            "strd r4, r5, [sp, #{pairs_end}]\n",
            "strd r6, r7, [sp, #{h_end}]\n",
            "strd r8, r9, [sp, #{other_length}]\n",
            "ldrd r9, r4, [sp, #{bias}]\n",
            "ldrd r5, r6, [sp, #{gain}]\n",
            "sub r4, r4, r0, lsr #4\n",
            "str r4, [sp, #{signs}]\n",
            "movw r4, #0x1111\n",
            "mul r4, r4, r6\n",
            "strd r4, r6, [sp, #{starts}]\n",
            "strd r6, r6, [sp, #{starts} + 8]\n",
        )
    };
}

/// Eight rows: from the start of the accumulators to the sums of products, in r0-r3.
///
/// r4 and r5 words of U, r6 and r7 inputs, r8 mask, r10 next word of U, r12 next input, lr fields. One load fills four
/// accumulators, mask and next input, and jumps.
macro_rules! products {
    () => {
        concat!(
            // Eight rows.
            "2:\n",
            "add r12, sp, #{starts}\n",
            "ldm r12, {{r0-r3, r8, r12, pc}}\n",
            // Whether there are more rounds.
            "8:\n",
            "ldr.w r4, [sp, #{pairs_end}]\n",
            "cmp r12, r4\n",
            "bne.n 4f\n",
            "ldr.w pc, [sp, #{last}]\n",
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
            "7:\n",
            "sub r0, r0, r1, lsl #4\n",
            "sub r0, r0, r2, lsl #8\n",
            "sub r0, r0, r3, lsl #12\n",
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
            // The next run: what is driven and what is not change places.
            "ldrd r1, r2, [sp, #{h_end}]\n",
            "cmp r11, r1\n",
            "beq 9f\n",
            "ldrd r0, r1, [sp, #{other_length}]\n",
            "strd r1, r0, [sp, #{other_length}]\n",
            "add r0, r0, r11\n",
            "str r0, [sp, #{run_end}]\n",
            "ldr r0, [sp, #{starts} + 4]\n",
            "str r0, [sp, #{other_start}]\n",
            "strd r2, r2, [sp, #{starts} + 8]\n",
            "movw r1, #0x1111\n",
            "mul r1, r1, r2\n",
            "strd r1, r2, [sp, #{starts}]\n",
            "ldr r0, [sp, #{entry}]\n",
            "ldr r1, [sp, #{other_entry}]\n",
            "str r1, [sp, #{entry}]\n",
            "str r0, [sp, #{other_entry}]\n",
            "b 2b\n",
            "9:\n",
        )
    };
}
