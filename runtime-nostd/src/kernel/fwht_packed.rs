//! Fast Walsh-Hadamard transform on two 16-bit lanes a word.
//!
//! Two neighbouring states share a word as `even + odd * 65536`. Ordinary 32-bit additions and subtractions of such words
//! act on both lanes at once, exactly, as long as both results fit 16 bits; a borrow from the low lane into the high one is
//! part of the representation and disappears when the lanes are taken apart. So the two-lane SIMD works on any core, and
//! every core computes the same bits.
//!
//! The stages of a Walsh-Hadamard transform commute. Those with strides of 8 and more act on whole words and come first;
//! the last three act within eight neighbours, on 32-bit values, together with the element-wise end of the step.
//!
//! Exactness: after `m` packed stages a lane holds `sum of ±h` over `2^m` states in `-2^(w-1) ..= 2^(w-1) - 1`. Row 0 of
//! the transform has only plus signs: its least sum is `-2^(w-1+m)`. Every other row has as many minus as plus signs, so
//! it stays within `±(2^(w+m-1) - 2^(m-1))`. With `w - 1 + m <= 15` all of these fit a lane.

#[cfg(any(feature = "fallback", hadamrnn_arch = "portable"))]
mod portable;
/// Empty stand-in where only the assembly is linked. It is never called: [`FwhtPacked::check`] refuses models that the
/// assembly does not take.
#[cfg(not(any(feature = "fallback", hadamrnn_arch = "portable")))]
mod portable {
    pub(super) fn step(_: &mut [u32], _: &crate::step::Step<'_>) {}
}

use super::{HiddenState, Kernel};
use crate::arch::{self, OwnStep};
use crate::lanes;
use crate::layer_input::LayerInput;
use crate::pool;
use crate::step::Step;

/// Half the memory and half the additions of [`Fwht`](super::Fwht), for `state_bits + log2(block) <= 19`.
pub struct FwhtPacked;

/// The state of [`FwhtPacked`]: `N/2` words of two lanes, kept as 16-bit units so that the capacity is `N`.
#[repr(C, align(4))]
pub struct Lanes<const N: usize>([i16; N]);

impl<const N: usize> Lanes<N> {
    fn words(&self) -> &[u32] {
        bytemuck::try_cast_slice(&self.0).unwrap_or(&[])
    }
}

impl<const N: usize> HiddenState for Lanes<N> {
    type Word = u32;
    const ZERO: Self = Self([0; N]);

    fn words_mut(&mut self) -> &mut [u32] {
        // Cannot fail for an even N: the alignment is in the type.
        bytemuck::try_cast_slice_mut(&mut self.0).unwrap_or(&mut [])
    }

    fn raw_words(&self) -> &[u32] {
        self.words()
    }

    fn get(&self, unit: usize) -> i16 {
        let pair = self.words().get(unit / 2).copied().unwrap_or(0);
        let (even, odd) = lanes::unpack(pair);
        (if unit.is_multiple_of(2) { even } else { odd }) as i16
    }

    fn pairs(&self) -> impl Iterator<Item = [i32; 2]> {
        self.words().iter().map(|pair| lanes::unpack(*pair).into())
    }

    fn add_rectified(&self, sums: &mut [u32]) {
        if !arch::add_rectified(self.words(), sums) {
            pool::add(sums, self.pairs());
        }
    }
}

impl Kernel for FwhtPacked {
    const NAME: &'static str = "fwht-packed";
    /// A lane has 16 bits, and three stages are not done in lanes. States have at most 16, so blocks of less need no room.
    const MOST_BITS: u32 = 19;
    const UNIT_BYTES: usize = 2;
    const MULTIPLE: usize = 2;
    const ANY_SHAPE: bool = HAS_PORTABLE;
    type Word = u32;
    type State<const N: usize> = Lanes<N>;

    #[inline(always)]
    fn step_own(state: &mut [u32], step: &OwnStep<'_>) -> bool {
        arch::step(state, step)
    }

    fn step(state: &mut [u32], step: &Step<'_>) {
        step_lanes(state, step);
    }

    fn step_second(state: &mut [u32], step: &Step<'_>) {
        step_second_lanes(state, step);
    }
}

/// Advances the state by one step in portable code. It is not generic over the capacity, so that sessions of several
/// sizes share the code.
fn step_lanes(words: &mut [u32], step: &Step<'_>) {
    if let Some(h) = words.get_mut(..step.layer.hidden_size() / 2) {
        portable::step(h, step);
    }
}

fn step_second_lanes(words: &mut [u32], step: &Step<'_>) {
    let Some(h) = words.get_mut(..step.layer.hidden_size() / 2) else {
        return;
    };
    let own = match step.layer_input {
        LayerInput::Ready(rows) => arch::step_second(h, step.layer, rows, step.gain),
        LayerInput::Product(_) => false,
    };
    if !own {
        portable::step(h, step);
    }
}

/// Whether models of other than the fast path can be run.
const HAS_PORTABLE: bool = cfg!(any(feature = "fallback", hadamrnn_arch = "portable"));
