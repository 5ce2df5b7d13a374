//! Armv7-M and Armv7E-M: the whole step in assembly, for models of the [common shape](crate::Model::has_common_shape).
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

mod code;
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) mod lanes;

use super::shape::{CommonShape, packed_stages};
use crate::step::Step;

/// Advances `h` if the model has the common shape; returns whether it has.
#[inline(never)]
pub(crate) fn step(h: &mut [u32], step: &Step<'_>) -> bool {
    let Some(shape) = CommonShape::of(h.len(), step) else {
        return false;
    };
    let block = step.layer.block_size();
    packed_stages(h, block, code::butterflies2, code::butterflies4);
    code::finish(h, &shape, step);
    true
}
