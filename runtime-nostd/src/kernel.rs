//! Interchangeable ways to advance the hidden state, equal bit for bit.
//!
//! | kernel | state | needs | good for |
//! |---|---|---|---|
//! | [`FwhtPacked`] | `2 N` bytes | `state_bits + log2(block) <= 19` | every core; the default choice |
//! | [`Fwht`] | `4 N` bytes | nothing | wide states (13 to 16 bits) |
//! | [`XnorPopcount`] | `4 N` bytes | `state_bits * ceil(n/32) <= N/2` | small blocks on cores with a population count |

mod fwht;
mod fwht_packed;
mod xnor;

pub use fwht::Fwht;
pub use fwht_packed::FwhtPacked;
pub use xnor::XnorPopcount;

use crate::error::SessionError;
use crate::model::Model;
use crate::step::Step;

/// A way to compute `(I ⊗ H) h` and, with [`Step`], the next state.
///
/// The trait is sealed: an implementation must equal all others bit for bit.
pub trait Kernel: sealed::Sealed {
    /// Its name in reports and on the command line.
    const NAME: &'static str;
    /// Hidden state with room for `N` units.
    type State<const N: usize>: HiddenState;

    /// Whether this kernel computes `model` exactly with a capacity of `capacity` units.
    ///
    /// # Errors
    /// [`SessionError`] if it does not.
    fn check(model: &Model<'_>, capacity: usize) -> Result<(), SessionError>;

    /// Advances `state` by one time step.
    fn step<const N: usize>(state: &mut Self::State<N>, step: &Step<'_>);
}

/// A kernel's representation of the hidden state.
pub trait HiddenState {
    /// The state before the first sample.
    const ZERO: Self;

    /// Value of a unit; zero beyond the capacity.
    fn get(&self, unit: usize) -> i16;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fwht {}
    impl Sealed for super::FwhtPacked {}
    impl Sealed for super::XnorPopcount {}
}

/// The last three (or fewer) butterfly stages, with strides 1, 2 and 4, on eight neighbouring rows.
#[inline(always)]
fn butterflies8(v: [i32; 8], stages: u32) -> [i32; 8] {
    let [a, b, c, d, e, f, g, h] = v;
    if stages == 0 {
        return v;
    }
    let (a, b, c, d) = (a + b, a - b, c + d, c - d);
    let (e, f, g, h) = (e + f, e - f, g + h, g - h);
    if stages == 1 {
        return [a, b, c, d, e, f, g, h];
    }
    let (a, b, c, d) = (a + c, b + d, a - c, b - d);
    let (e, f, g, h) = (e + g, f + h, e - g, f - h);
    if stages == 2 {
        return [a, b, c, d, e, f, g, h];
    }
    [a + e, b + f, c + g, d + h, a - e, b - f, c - g, d - h]
}

/// Butterfly stages with strides `from`, `from / 2`, … down to `to`, in place, on whole blocks of `2 * from` elements.
///
/// Strides are powers of two. Two stages at a time: each element is loaded and stored half as often.
#[inline(always)]
fn strided_stages<T: Lane>(elements: &mut [T], from: usize, to: usize) {
    let mut stride = from;
    while stride >= to.max(1) {
        if stride / 2 >= to.max(1) {
            for_each_block(elements, stride * 2, |block| radix4(block, stride / 2));
            stride /= 4;
        } else {
            for_each_block(elements, stride * 2, |block| radix2(block, stride));
            stride /= 2;
        }
    }
}

/// Calls `f` on each whole block of `size` elements. (`chunks_exact_mut` would link a panic for a size of zero.)
#[inline(always)]
fn for_each_block<T>(mut elements: &mut [T], size: usize, mut f: impl FnMut(&mut [T])) {
    while let Some((block, rest)) = elements.split_at_mut_checked(size) {
        if block.is_empty() {
            return;
        }
        f(block);
        elements = rest;
    }
}

#[inline(always)]
fn radix2<T: Lane>(block: &mut [T], stride: usize) {
    let Some((low, high)) = block.split_at_mut_checked(stride) else {
        return;
    };
    for (a, b) in low.iter_mut().zip(high) {
        (*a, *b) = (a.plus(*b), a.minus(*b));
    }
}

#[inline(always)]
fn radix4<T: Lane>(block: &mut [T], quarter: usize) {
    let Some((first, rest)) = block.split_at_mut_checked(quarter) else {
        return;
    };
    let Some((second, rest)) = rest.split_at_mut_checked(quarter) else {
        return;
    };
    let Some((third, fourth)) = rest.split_at_mut_checked(quarter) else {
        return;
    };
    for (((a, b), c), d) in first.iter_mut().zip(second).zip(third).zip(fourth) {
        let (ac, ca) = (a.plus(*c), a.minus(*c));
        let (bd, db) = (b.plus(*d), b.minus(*d));
        (*a, *b, *c, *d) = (ac.plus(bd), ac.minus(bd), ca.plus(db), ca.minus(db));
    }
}

/// What butterflies add and subtract: one 32-bit value, or two 16-bit lanes in one word.
trait Lane: Copy {
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

impl Lane for i32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}

impl Lane for u32 {
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        self.wrapping_sub(other)
    }
}
