//! In-place fast Walsh-Hadamard transform on 32-bit values.

use super::{HiddenState, Kernel, butterflies8, strided_stages};
use crate::error::SessionError;
use crate::model::Model;
use crate::step::Step;

/// `n log2(B)` additions on 32-bit values: any state width, `4 N` bytes of state.
pub struct Fwht;

/// The state of [`Fwht`].
pub struct Words<const N: usize>([i32; N]);

impl<const N: usize> HiddenState for Words<N> {
    const ZERO: Self = Self([0; N]);

    fn get(&self, unit: usize) -> i16 {
        self.0.get(unit).map_or(0, |&value| value as i16)
    }
}

impl Kernel for Fwht {
    const NAME: &'static str = "fwht";
    type State<const N: usize> = Words<N>;

    /// Always exact: [`Model::from_bytes`] has bounded the transform within 32 bits.
    fn check(_: &Model<'_>, _: usize) -> Result<(), SessionError> {
        Ok(())
    }

    fn step<const N: usize>(state: &mut Words<N>, step: &Step<'_>) {
        step_words(&mut state.0, step);
    }
}

/// Not generic over the capacity, so that sessions of several sizes share the code.
fn step_words(state: &mut [i32], step: &Step<'_>) {
    let Some(h) = state.get_mut(..step.model.hidden_size()) else {
        return;
    };
    strided_stages(h, step.model.block_size() / 2, 8);
    let stages = u32::from(step.model.header().log2_block).min(3);
    for (group, rows) in h.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        *rows = step.finish8(group, butterflies8(*rows, stages));
    }
}
