//! Parts of the assembly: the layer input, the element-wise end, and how runs of driven groups and of others alternate.

/// Adds the three masked pairs of fields of word `$w` times `$x` to r9, r10 and r11, and the word times `$x` to r8.
macro_rules! column {
    ($w:literal, $x:literal) => {
        concat!(
            concat!("lsrs r4, ", $w, ", #4\n"),
            "ands r4, r5\n",
            concat!("muls r4, ", $x, ", r4\n"),
            "add r9, r4\n",
            concat!("lsrs r4, ", $w, ", #8\n"),
            "ands r4, r5\n",
            concat!("muls r4, ", $x, ", r4\n"),
            "add r10, r4\n",
            concat!("lsrs r4, ", $w, ", #12\n"),
            "ands r4, r5\n",
            concat!("muls r4, ", $x, ", r4\n"),
            "add r11, r4\n",
            concat!("muls ", $w, ", ", $x, ", ", $w, "\n"),
            concat!("add r8, ", $w, "\n"),
        )
    };
}

/// Two columns, in [`PAIR_BYTES`].
macro_rules! pair {
    () => {
        concat!(
            "ldmia r7!, {{r2, r3}}\n",
            "ldmia r6!, {{r0, r1}}\n",
            column!("r0", "r2"),
            column!("r1", "r3"),
        )
    };
}

/// The stages with strides 2 and 4 rows on one lane of four words, r0-r3.
macro_rules! across_words {
    () => {
        "
        adds r4, r0, r1
        subs r5, r0, r1
        adds r6, r2, r3
        subs r7, r2, r3
        adds r0, r4, r6
        adds r1, r5, r7
        subs r2, r4, r6
        subs r3, r5, r7
        "
    };
}

/// Rows `2 $pair` and `2 $pair + 1`: the last stage, gain, the layer input in `$layer_input`, signs and the shift.
///
/// A shift of r1 by `$signs` moves the sign of the odd row into the carry, that of the even row into the top bit.
macro_rules! finish_pair {
    ($pair:literal, $layer_input:literal, $signs:literal) => {
        concat!(
            concat!("ldr r4, [sp, #4 * ", $pair, "]\n"),
            concat!("ldr r6, [sp, #{high} + 4 * ", $pair, "]\n"),
            "subs r5, r4, r6\n",
            "adds r4, r4, r6\n",
            "muls r4, r0, r4\n",
            "muls r5, r0, r5\n",
            concat!("mov r7, ", $layer_input, "\n"),
            "sxth r6, r7\n",
            "subs r7, r7, r6\n",
            "lsls r6, r2\n",
            "asrs r7, r3\n",
            concat!("lsls r1, r1, #", $signs, "\n"),
            "bcs 5f\n",
            "bmi 6f\n",
            "adds r4, r6, r4\n",
            "adds r5, r7, r5\n",
            "b 8f\n",
            "6:\n",
            "subs r4, r6, r4\n",
            "adds r5, r7, r5\n",
            "b 8f\n",
            "5:\n",
            "bmi 6f\n",
            "adds r4, r6, r4\n",
            "subs r5, r7, r5\n",
            "b 8f\n",
            "6:\n",
            "subs r4, r6, r4\n",
            "subs r5, r7, r5\n",
            "8:\n",
            "asrs r4, r4, #{shift}\n",
            "asrs r5, r5, #{shift}\n",
            "lsls r5, r5, #16\n",
            "adds r4, r4, r5\n",
            concat!("str r4, [sp, #4 * ", $pair, "]\n"),
        )
    };
}

/// `$to = 0x1111 $start`, by way of `$temporary`.
macro_rules! start_of_all {
    ($to:literal, $start:literal, $temporary:literal) => {
        concat!(
            concat!("lsls ", $to, ", ", $start, ", #4\n"),
            concat!("adds ", $to, ", ", $to, ", ", $start, "\n"),
            concat!("lsls ", $temporary, ", ", $to, ", #8\n"),
            concat!("adds ", $to, ", ", $to, ", ", $temporary, "\n"),
        )
    };
}

/// Fills the stack, from the arguments in r0-r3: h, constants, u, x. Leaves next states in lr and next word of U in r12.
macro_rules! set_up {
    () => {
        concat!(
            "mov lr, r0\n",
            "mov r12, r2\n",
            "add r7, sp, #{centre}\n",
            "ldmia r1!, {{r4, r5}}\n",
            "stmia r7!, {{r4, r5}}\n",
            "ldr r2, [sp, #{gain_argument}]\n",
            "ldr r4, [sp, #{signs_argument}]\n",
            "lsrs r5, r0, #4\n",
            "subs r4, r4, r5\n",
            "ldmia r1!, {{r5, r6}}\n",
            "add r7, sp, #{gain}\n",
            "stmia r7!, {{r2, r4-r6}}\n",
            // The values that a group starts with.
            "ldr r4, [sp, #{start_argument}]\n",
            start_of_all!("r2", "r4", "r5"),
            "ldmia r1!, {{r5, r6}}\n",
            "adr r0, 31f\n",
            "adds r5, r5, r0\n",
            "stmia r7!, {{r2, r4-r6}}\n",
            "stmia r7!, {{r3}}\n",
            "ldmia r1!, {{r2, r4, r5}}\n",
            "adds r2, r2, r0\n",
            "adds r4, r4, r0\n",
            "adds r5, r5, r0\n",
            "stmia r7!, {{r2, r4, r5}}\n",
            "ldmia r1!, {{r2, r4-r6}}\n",
            "stmia r7!, {{r2, r4-r6}}\n",
            "ldmia r1!, {{r2}}\n",
            "stmia r7!, {{r2}}\n",
            // Ends, and biases.
            "mov r0, lr\n",
            "ldmia r1!, {{r2, r4, r5}}\n",
            "adds r2, r2, r3\n",
            "adds r4, r4, r0\n",
            "adds r5, r5, r0\n",
            "ldr r6, [sp, #{bias_argument}]\n",
            "subs r6, r6, r0\n",
            "stmia r7!, {{r2, r4-r6}}\n",
        )
    };
}

/// Columns of eight rows: from the start of the accumulators to the sums of products, in r8-r11.
macro_rules! products {
    () => {
        concat!(
            // Whether there are more rounds. No code from here to the biases may be longer than the constants say.
            ".balign 4\n",
            "31:\n",
            "ldr r0, [sp, #{pairs_end}]\n",
            "cmp r7, r0\n",
            "bne 4f\n",
            "ldr r4, [sp, #{last}]\n",
            "bx r4\n",
            // A round.
            "4:\n",
            pair!(),
            pair!(),
            pair!(),
            pair!(),
            ".org 31b + {to_round_end}\n",
            "ldr r4, [sp, #{after}]\n",
            "bx r4\n",
            // The last of an odd number of columns.
            ".org 31b + {to_last}\n",
            "ldr r2, [r7]\n",
            "ldmia r6!, {{r0}}\n",
            column!("r0", "r2"),
            // Take off the excess of the unmasked accumulator; add biases.
            ".org 31b + {to_end}\n",
            "mov r12, r6\n",
        )
    };
}

/// Saturates the rows of four words on the stack and stores them; goes on to the next eight rows, or to label 9. The first ones
/// start at label 2.
macro_rules! next_rows {
    () => {
        concat!(
            // Whether a state is out of its range.
            "mov r7, sp\n",
            "ldmia r7!, {{r0-r5}}\n",
            "adds r6, r0, r4\n",
            "adds r7, r1, r4\n",
            "orrs r6, r7\n",
            "adds r7, r2, r4\n",
            "orrs r6, r7\n",
            "adds r7, r3, r4\n",
            "orrs r6, r7\n",
            "tst r6, r5\n",
            "bne 12f\n",
            "10:\n",
            "mov r7, lr\n",
            "stmia r7!, {{r0-r3}}\n",
            "mov lr, r7\n",
            "ldr r0, [sp, #{run_end}]\n",
            "cmp lr, r0\n",
            "beq 11f\n",
            // Eight rows.
            "2:\n",
            "add r7, sp, #{start_of_all}\n",
            "ldmia r7, {{r0, r1, r3, r5, r7}}\n",
            "mov r8, r0\n",
            "mov r9, r1\n",
            "mov r10, r1\n",
            "mov r11, r1\n",
            "mov r6, r12\n",
            "bx r3\n",
            // The next run: what is driven and what is not change places.
            "11:\n",
            "ldr r1, [sp, #{h_end}]\n",
            "cmp lr, r1\n",
            "beq 9f\n",
            "ldr r1, [sp, #{other_length}]\n",
            "ldr r2, [sp, #{next_length}]\n",
            "str r1, [sp, #{next_length}]\n",
            "str r2, [sp, #{other_length}]\n",
            "adds r0, r0, r1\n",
            "str r0, [sp, #{run_end}]\n",
            "ldr r0, [sp, #{start}]\n",
            "ldr r1, [sp, #{other_start}]\n",
            "str r0, [sp, #{other_start}]\n",
            "str r1, [sp, #{start}]\n",
            start_of_all!("r0", "r1", "r2"),
            "str r0, [sp, #{start_of_all}]\n",
            "ldr r0, [sp, #{entry}]\n",
            "ldr r1, [sp, #{other_entry}]\n",
            "str r0, [sp, #{other_entry}]\n",
            "str r1, [sp, #{entry}]\n",
            "b 2b\n",
            // Saturates the rows of four words.
            "12:\n",
            "mov r7, sp\n",
            "ldr r6, [sp, #{largest}]\n",
            "mvns r5, r6\n",
            "add r3, sp, #16\n",
            "13:\n",
            "ldr r0, [r7]\n",
            "sxth r1, r0\n",
            "subs r0, r0, r1\n",
            "asrs r0, r0, #16\n",
            "cmp r0, r6\n",
            "ble 3f\n",
            "mov r0, r6\n",
            "3:\n",
            "cmp r0, r5\n",
            "bge 3f\n",
            "mov r0, r5\n",
            "3:\n",
            "cmp r1, r6\n",
            "ble 3f\n",
            "mov r1, r6\n",
            "3:\n",
            "cmp r1, r5\n",
            "bge 3f\n",
            "mov r1, r5\n",
            "3:\n",
            "lsls r0, r0, #16\n",
            "adds r0, r0, r1\n",
            "stmia r7!, {{r0}}\n",
            "cmp r7, r3\n",
            "bne 13b\n",
            "mov r7, sp\n",
            "ldmia r7!, {{r0-r3}}\n",
            "b 10b\n",
        )
    };
}
