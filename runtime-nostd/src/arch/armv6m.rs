//! Armv6-M: the whole step in assembly, for models of the [fast path](crate::Model::has_fast_path).
//!
//! The eight low registers do all the work, so everything is arranged to need few of them at a time; the high ones hold
//! accumulators, to which this architecture can add, and pointers. Eight rows at a time:
//!
//! 1. **Input projection.** As in `armv7m`: three of four pairs of fields are masked, the fourth is what the whole word leaves; pairs of
//!    columns are unrolled.
//! 2. **Transform.** The last three stages need more than 16 bits. First the two stages across words, on the low lanes,
//!    then on the high lanes; the stage within a word comes with the finish.
//! 3. **Finish.** Rows are packed before they are tested for saturation, which so takes one test and one branch for all eight
//!    that is rarely taken. This needs the sums below 2^30 of the fast path.

#[macro_use]
mod columns;
mod constants;

mod code_finish;
mod code_inputs;
mod code_pool;
mod code_transform;

pub(crate) use code_inputs::standardise;
pub(crate) use code_pool::add_rectified;
/// They borrow nothing of the model.
pub(crate) type Constants<'a> = constants::Constants;

use super::plan::Shaped;
use super::step::OwnStep;

/// Advances a state in the first of the `words` if the model has the fast path; returns whether it has.
#[inline(always)]
pub(crate) fn step(words: &mut [u32], step: &OwnStep<'_>) -> bool {
    let Some(mut shaped) = Shaped::new(words, step) else {
        return false;
    };
    code_transform::stages(&mut shaped.blocks);
    code_finish::finish(&mut shaped);
    true
}
