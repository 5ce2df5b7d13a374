//! Armv7-M and Armv7E-M: the whole step in assembly, for models of the common shape.
//!
//! Common shape: 4-bit `U`, two or more inputs, blocks of eight or more, a gain shift of 15 (what the exporter takes
//! unless 32 bits are too few), and drives that leave room for the rounding constant in a 16-bit lane. [`plan`] checks
//! it; any other model takes the portable code.
//!
//! Eight rows at a time, in registers:
//!
//! 1. **Drive.** The fields of a word of `U` are `w = w0 + 16 w1 + 256 w2 + 4096 w3`, each `wk` a pair of fields in two
//!    lanes. Instead of `w0 x` the sum of `w x` is accumulated, which saves a mask; the other three accumulators, shifted
//!    and subtracted, leave that of `w0`. All of it is arithmetic modulo 2^32, so nothing is lost.
//! 2. **Transform.** The last three stages need more than 16 bits. The stage within a word and the widening are one
//!    operation: with DSP `SMUAD` and `SMUSD` (which also scale), else additions with a shifted operand.
//! 3. **Finish.** Sign and gain come from a table indexed by the sign bits of two rows. With DSP, `SMLAW` multiplies the
//!    transform by a 16-bit gain and adds the drive: `(v 2^a * G 2^b) >> 16` with `a + b = 16` is exact.
//!
//! The rounding constant `2^(g-1)` enters as `2^(g-1-k)` before the drive is shifted by `k`.

mod code;
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) mod lanes;

use crate::fields::FieldWidth;
use crate::step::Step;
use code::Plan;

/// The gain shift of the common shape.
pub(super) const GAIN_SHIFT: u32 = 15;

/// Advances `h` if the model has the common shape; returns whether it has.
#[inline(never)]
pub(crate) fn step(h: &mut [u32], step: &Step<'_>) -> bool {
    let Some(plan) = plan(h.len(), step) else {
        return false;
    };
    let mut stride = step.model.block_size() / 4;
    if stride >= 4 && (stride / 4).trailing_zeros().is_multiple_of(2) {
        code::butterflies2(h, stride);
        stride /= 2;
    }
    while stride > 4 {
        code::butterflies4(h, stride / 2);
        stride /= 4;
    }
    plan.finish(h)
}

/// What the assembly needs to know, or `None` for a model that it cannot run.
#[inline(always)]
fn plan<'a>(words: usize, step: &Step<'a>) -> Option<Plan<'a>> {
    let model = step.model;
    let shift = model.drive_shift;
    let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(shift));
    let common = model.input_width == FieldWidth::Four
        && model.gain_shift == GAIN_SHIFT
        && step.log2_block() >= 3
        && shift < GAIN_SHIFT
        && model.drive_bound().saturating_add(rounding) <= i32::from(i16::MAX);
    if !common {
        return None;
    }
    let sum = step.x.iter().fold(0i32, |sum, x| {
        crate::kernel::keep_rolled();
        sum.wrapping_add(*x)
    });
    // Fields are codes + 8. Stored biases have 32768 too much in both lanes; the low lane keeps it.
    let offset = rounding.wrapping_sub(sum.wrapping_mul(8));
    let start = (offset as u32)
        .wrapping_mul(0x0001_0001)
        .wrapping_sub(1 << 31);
    Plan::new(words, step, start, 1i32.wrapping_shl(shift))
}
