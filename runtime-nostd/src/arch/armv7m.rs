//! Armv7-M and Armv7E-M: the whole step in assembly, for models of the [fast path](crate::Model::has_fast_path).
//!
//! Eight rows at a time, in registers:
//!
//! 1. **Input projection.** The fields of a word of `U` are `w = w0 + 16 w1 + 256 w2 + 4096 w3`, each `wk` a pair of fields in two
//!    lanes. Instead of `w0 x` the sum of `w x` is accumulated, which saves a mask; the other three accumulators, shifted
//!    and subtracted, leave that of `w0`. All of it is arithmetic modulo 2^32, so nothing is lost. Pairs of columns are
//!    unrolled, and the loop is entered where as many are left as there are; rows that no input drives enter behind it.
//! 2. **Biases** come last. With DSP, `SADD16` adds them and undoes the borrow between the lanes at once.
//! 3. **Transform.** The last three stages need more than 16 bits. The stage within a word and the widening are one
//!    operation: with DSP `SMUAD` and `SMUSD` (which also scale), else additions with a shifted operand.
//! 4. **Finish.** Sign and gain come from a table indexed by the sign bits of two rows. With DSP, `SMULW` multiplies the
//!    transform by a 16-bit gain: `(v 2^a * G 2^b) >> 16` with `a + b = 16` is exact. `SMLABB` and `SMLATB` scale and add the
//!    layer input.
//!
//! With DSP, second layers have code of their own for steps 3 and 4.

/// Tells the assembler of whole functions that an Armv8-M core has DSP instructions: it does not see target features.
#[cfg(hadamrnn_armv8m)]
macro_rules! cpu {
    () => {
        ".cpu cortex-m33"
    };
}
#[cfg(not(hadamrnn_armv8m))]
macro_rules! cpu {
    () => {
        ""
    };
}
#[macro_use]
mod columns;
mod constants;

mod code_binary_matrix;
#[cfg(hadamrnn_arch = "armv7m")]
mod code_finish;
#[cfg(hadamrnn_arch = "armv7em")]
mod code_finish_dsp;
mod code_inputs;
#[cfg(hadamrnn_arch = "armv7em")]
mod code_metric;
#[cfg(hadamrnn_arch = "armv7em")]
mod code_pool;
mod code_products;
#[cfg(hadamrnn_arch = "armv7em")]
mod code_ready_dsp;
mod code_transform;

#[cfg(hadamrnn_arch = "armv7m")]
use code_finish::{finish, gain_shift, start};
#[cfg(hadamrnn_arch = "armv7em")]
use code_finish_dsp::{finish, gain_shift, start};

pub(crate) use code_binary_matrix::add_columns;
pub(crate) use code_inputs::standardise;
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) use code_metric::project_pooled;
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) use code_pool::add_rectified;
pub(crate) use code_products::add_products;
pub(crate) use constants::Constants;

#[cfg(hadamrnn_arch = "armv7em")]
use super::plan::Ready;
use super::plan::Shaped;
use super::step::OwnStep;
#[cfg(hadamrnn_arch = "armv7em")]
use crate::layer::Layer;

/// Advances a state in the first of the `words` if the model has the fast path; returns whether it has.
#[inline(always)]
pub(crate) fn step(words: &mut [u32], step: &OwnStep<'_>) -> bool {
    let Some(mut shaped) = Shaped::new(words, step) else {
        return false;
    };
    code_transform::stages(&mut shaped.blocks);
    finish(&mut shaped);
    true
}

/// Advances the state of a second layer, whose input projection is computed already: `rows`. Returns whether the
/// assembly runs this layer.
#[cfg(hadamrnn_arch = "armv7em")]
pub(crate) fn step_second(h: &mut [u32], layer: &Layer<'_>, rows: &[i32], gain: i32) -> bool {
    let Some(mut ready) = Ready::new(h, layer, rows, gain) else {
        return false;
    };
    code_transform::stages(&mut ready.blocks);
    code_ready_dsp::finish(&mut ready);
    true
}
