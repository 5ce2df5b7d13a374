//! Interchangeable ways to advance the hidden state, equal bit for bit.
//!
//! | kernel | state | needs | good for |
//! |---|---|---|---|
//! | [`FwhtPacked`] | `2 N` bytes | `state_bits + log2(block) <= 19` | every core; the default choice |
//! | [`Fwht`] | `4 N` bytes | nothing | wide states (13 to 16 bits) |
//! | [`XnorPopcount`] | `4 N` bytes | nothing | comparison: the form for binary hardware |

mod fwht;
mod fwht_packed;
mod xnor;

pub use fwht::Fwht;
pub use fwht_packed::FwhtPacked;
pub use xnor::XnorPopcount;

use crate::arch::OwnStep;
use crate::error::SessionError;
use crate::layer::Layer;
use crate::model::Model;
use crate::pool;
use crate::step::Step;

/// A way to compute `(I ⊗ H) h` and, with the crate-private `Step`, the next state.
///
/// The trait is sealed: an implementation must equal all others bit for bit.
pub trait Kernel: sealed::Sealed {
    /// Name of the kernel in reports and on the command line.
    const NAME: &'static str;
    /// Most `state_bits + log2(block)` of a layer that it computes exactly.
    const MOST_BITS: u32;
    /// Bytes that the state of a unit takes.
    const UNIT_BYTES: usize;
    /// Units of which the capacity must be a multiple.
    const MULTIPLE: usize = 1;
    /// Whether it computes layers of any shape, rather than those of the [fast path](crate::Model::has_fast_path) alone.
    const ANY_SHAPE: bool = true;
    /// Word that holds one or more states.
    type Word;
    /// Hidden state with room for `N` units.
    type State<const N: usize>: HiddenState<Word = Self::Word>;

    /// Whether this kernel computes `layer` exactly with a capacity of `capacity` units.
    ///
    /// # Errors
    /// [`SessionError`] if it does not.
    fn check(layer: &Layer<'_>, capacity: usize) -> Result<(), SessionError> {
        check::<Self>(layer, capacity)
    }

    /// Advances `state` by one time step with the target's own code; whether it has any for the model.
    fn step_own(_: &mut [Self::Word], _: &OwnStep<'_>) -> bool {
        false
    }

    /// Advances `state` by one time step.
    fn step(state: &mut [Self::Word], step: &Step<'_>);

    /// Advances `state` of a second layer by one time step. Only firmware with a second layer links the code that is
    /// special about it.
    fn step_second(state: &mut [Self::Word], step: &Step<'_>) {
        Self::step(state, step);
    }
}

/// Whether the kernel `K` computes `layer` exactly with a capacity of `capacity` units.
pub(crate) const fn check<K: Kernel + ?Sized>(
    layer: &Layer<'_>,
    capacity: usize,
) -> Result<(), SessionError> {
    if layer.state_bits.saturating_add(layer.log2_block) > K::MOST_BITS
        || !capacity.is_multiple_of(K::MULTIPLE)
        || !(K::ANY_SHAPE || layer.fast_path)
    {
        return Err(SessionError::KernelRange);
    }
    Ok(())
}

/// A kernel's representation of the hidden state.
pub trait HiddenState {
    /// Word that holds one or more states.
    type Word;
    /// The state before the first sample.
    const ZERO: Self;

    /// All words of the state.
    fn words_mut(&mut self) -> &mut [Self::Word];

    /// The same, to read, whatever they hold.
    fn raw_words(&self) -> &[u32];

    /// Value of a unit; zero beyond the capacity.
    fn get(&self, unit: usize) -> i16;

    /// Values of neighbours: units 0 and 1, 2 and 3, …
    fn pairs(&self) -> impl Iterator<Item = [i32; 2]>;

    /// Adds each unit, if it is positive, to its sum.
    fn add_rectified(&self, sums: &mut [u32]) {
        pool::add(sums, self.pairs());
    }
}

impl Model<'_> {
    /// Whether `K` computes every layer exactly, given capacities of its size.
    pub fn runs_on<K: Kernel>(&self) -> bool {
        let fits = |layer: &Layer<'_>| K::check(layer, layer.hidden_size).is_ok();
        fits(self.layer()) && self.second().is_none_or(|second| fits(second.layer()))
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fwht {}
    impl Sealed for super::FwhtPacked {}
    impl Sealed for super::XnorPopcount {}
}
