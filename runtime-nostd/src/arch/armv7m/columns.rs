//! What the assembly with and without DSP instructions has in common: the drive, and how runs of driven groups and of
//! others alternate.
//!
//! The rows that a model's inputs drive are whole groups of eight, the first ones of each block. The accumulators of
//! other groups start at another value, and their code is entered past the columns.

/// Pairs of columns in a round of the unrolled loop.
pub(super) const PAIRS: usize = 4;
/// Bytes of code for a pair of columns: sixteen instructions of four bytes.
pub(super) const PAIR_BYTES: usize = 64;

/// What both kinds of assembly find on their stack: the arguments from the fifth on, by the calling convention.
#[repr(C)]
pub(super) struct Arguments {
    /// Where the four accumulators start, without biases.
    pub starts: [u32; 4],
    pub x: *const i32,
    pub mask: u32,
    pub h: *mut u32,
    pub u: *const u32,
    pub bias: *const u32,
    /// Where the groups end that are driven, or not, as those before.
    pub run_end: *mut u32,
    /// The scale of the transform, in both halves; with DSP instructions only.
    pub ones: u32,
    /// From an address of states, divided by 16, to the byte of signs of the same eight rows.
    pub signs_from_h: usize,
    /// `2^drive_shift`
    pub scale: i32,
    pub columns: usize,
    /// Of groups that are not driven, or are, unlike those before: where accumulators start, and what `entry` is.
    pub other_start: u32,
    pub other_entry: usize,
    /// Bytes of states of groups that are not driven, or are, unlike those before; and of the ones after them.
    pub other_length: usize,
    pub next_length: usize,
    pub h_end: *mut u32,
}

/// A column: word `$w` of U, input `$x`. Fields in r8.
macro_rules! column {
    ($w:literal, $x:literal) => {
        concat!(
            "mla r0, ",
            $w,
            ", ",
            $x,
            ", r0\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #4\n",
            "mla r1, r8, ",
            $x,
            ", r1\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #8\n",
            "mla r2, r8, ",
            $x,
            ", r2\n",
            "and.w r8, lr, ",
            $w,
            ", lsr #12\n",
            "mla r3, r8, ",
            $x,
            ", r3\n",
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

/// Decides where to go: to the last column if their number is odd, else past it; by way of a test if there are more rounds;
/// and first into a round where what is left for it begins. Bit 0 means Thumb.
macro_rules! set_out {
    () => {
        concat!(
            "ldr r2, [sp, #{columns}]\n",
            "adr.w r0, 6f\n",
            "adr.w r1, 7f\n",
            "orr r1, r1, #1\n",
            "str r1, [sp, #{other_entry}]\n",
            "lsls r3, r2, #31\n",
            "it pl\n",
            "movpl r0, r1\n",
            "orr r0, r0, #1\n",
            "str r0, [sp, #{last}]\n",
            "mov r1, r0\n",
            "lsrs r2, r2, #1\n",
            "beq 3f\n",
            "subs r3, r2, #1\n",
            "cmp r3, #{pairs}\n",
            "and r3, r3, #({pairs} - 1)\n",
            "adr.w r1, 5f - {pair_bytes}\n",
            "sub r1, r1, r3, lsl #6\n",
            "orr r1, r1, #1\n",
            "itt hs\n",
            "adrhs.w r0, 8f\n",
            "orrhs r0, r0, #1\n",
            "3:\n",
            "strd r1, r0, [sp, #{entry}]\n",
        )
    };
}

/// Eight rows: from the start of the accumulators to the sums of products, in r0-r3.
///
/// r4 and r5 words of U, r6 and r7 inputs, r8 fields, r10 next word of U, r12 next input, lr mask.
macro_rules! products {
    () => {
        concat!(
            // Eight rows.
            "2:\n",
            "add r12, sp, #{starts}\n",
            "ldm r12, {{r0-r3, r12, lr}}\n",
            "ldr pc, [sp, #{entry}]\n",
            // More rounds.
            "8:\n",
            "ldr r4, [sp, #{columns}]\n",
            "ldr r5, [sp, #{x}]\n",
            "bic r4, r4, #1\n",
            "add r5, r5, r4, lsl #2\n",
            "cmp r12, r5\n",
            "bne 4f\n",
            "ldr pc, [sp, #{last}]\n",
            // A round.
            "4:\n",
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            "5:\n",
            "ldr pc, [sp, #{after}]\n",
            // The last of an odd number of columns.
            "6:\n",
            "ldr r6, [r12]\n",
            "ldr r4, [r10], #4\n",
            column!("r4", "r6"),
            // What the unmasked accumulator has too much; biases.
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
            "bne 2b\n",
            // The next run: what is driven and what is not change places.
            "ldrd r0, r1, [sp, #{next_length}]\n",
            "ldr r2, [sp, #{other_length}]\n",
            "cmp r11, r1\n",
            "beq 9f\n",
            "strd r0, r2, [sp, #{other_length}]\n",
            "add r0, r11, r2\n",
            "str r0, [sp, #{run_end}]\n",
            "ldrd r0, r1, [sp, #{other_start}]\n",
            "ldr r2, [sp, #{starts} + 4]\n",
            "ldr r3, [sp, #{entry}]\n",
            "strd r2, r3, [sp, #{other_start}]\n",
            "str r1, [sp, #{entry}]\n",
            "strd r0, r0, [sp, #{starts} + 8]\n",
            "movw r1, #0x1111\n",
            "mul r1, r1, r0\n",
            "strd r1, r0, [sp, #{starts}]\n",
            "b 2b\n",
            "9:\n",
        )
    };
}
