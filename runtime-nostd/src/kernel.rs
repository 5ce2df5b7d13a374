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

use crate::arch::lanes;
use crate::error::SessionError;
use crate::layer::Layer;
use crate::pool;
use crate::step::{OwnStep, Step};

/// A way to compute `(I ⊗ H) h` and, with the crate-private `Step`, the next state.
///
/// The trait is sealed: an implementation must equal all others bit for bit.
pub trait Kernel: sealed::Sealed {
    /// Its name in reports and on the command line.
    const NAME: &'static str;
    /// Hidden state with room for `N` units.
    type State<const N: usize>: HiddenState;

    /// Whether this kernel computes `layer` exactly with a capacity of `capacity` units.
    ///
    /// # Errors
    /// [`SessionError`] if it does not.
    fn check(layer: &Layer<'_>, capacity: usize) -> Result<(), SessionError>;

    /// Advances `state` by one time step with the target's own code; whether it has any for the model.
    fn step_own<const N: usize>(_: &mut Self::State<N>, _: &OwnStep<'_>) -> bool {
        false
    }

    /// Advances `state` by one time step.
    fn step<const N: usize>(state: &mut Self::State<N>, step: &Step<'_>);

    /// The same for a second layer: only firmware that has one links what is special about it.
    fn step_second<const N: usize>(state: &mut Self::State<N>, step: &Step<'_>) {
        Self::step(state, step);
    }
}

/// A kernel's representation of the hidden state.
pub trait HiddenState {
    /// The state before the first sample.
    const ZERO: Self;

    /// Value of a unit; zero beyond the capacity.
    fn get(&self, unit: usize) -> i16;

    /// Values of neighbours: units 0 and 1, 2 and 3, …
    fn pairs(&self) -> impl Iterator<Item = [i32; 2]>;

    /// Adds each unit, if it is positive, to its sum.
    fn add_rectified(&self, sums: &mut [u32]) {
        pool::add(sums, self.pairs());
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Fwht {}
    impl Sealed for super::FwhtPacked {}
    impl Sealed for super::XnorPopcount {}
}

/// The last three (or fewer) butterfly stages, with strides 1, 2 and 4, on four pairs of neighbouring rows.
#[inline(always)]
pub(crate) fn butterflies8<const STAGES: u32>(v: [[i32; 2]; 4]) -> [[i32; 2]; 4] {
    let [[a, b], [c, d], [e, f], [g, h]] = v;
    let (a, b, c, d) = (a + b, a - b, c + d, c - d);
    let (e, f, g, h) = (e + f, e - f, g + h, g - h);
    if STAGES == 1 {
        return [[a, b], [c, d], [e, f], [g, h]];
    }
    let (a, b, c, d) = (a + c, b + d, a - c, b - d);
    let (e, f, g, h) = (e + g, f + h, e - g, f - h);
    if STAGES == 2 {
        return [[a, b], [c, d], [e, f], [g, h]];
    }
    [
        [a + e, b + f],
        [c + g, d + h],
        [a - e, b - f],
        [c - g, d - h],
    ]
}

/// Keeps LLVM from unrolling the loop it is in, which costs no instruction; on targets without an operating system only:
/// elsewhere code may be long, and loops should become vector instructions.
///
/// At `opt-level = 3` LLVM unrolls small loops at run-time trip counts for Cortex-M, spills registers for it and doubles
/// the code. It leaves loops with inline assembly alone.
#[inline(always)]
pub(crate) fn keep_rolled() {
    if cfg!(target_os = "none") {
        core::hint::black_box(());
    }
}

/// A slice whose length the compiler does not know: it unrolls loops of a constant few rounds whatever they contain.
#[inline(always)]
pub(crate) fn opaque<T>(elements: &mut [T]) -> &mut [T] {
    if cfg!(target_os = "none") {
        core::hint::black_box(elements)
    } else {
        elements
    }
}

/// Butterfly stages with strides `from`, `from / 2`, … down to `TO`, in place, on whole blocks of `2 * from` elements.
///
/// Strides are powers of two. Two stages at a time, so that each element is loaded and stored half as often; the last two
/// have constant distances, and `LAST` must be `4 * TO`.
#[inline(never)]
pub(crate) fn strided_stages<T: Lane, const TO: usize, const LAST: usize>(
    elements: &mut [T],
    from: usize,
) {
    let mut stride = from;
    if stride < TO {
        return;
    }
    if (stride / TO).trailing_zeros().is_multiple_of(2) {
        for_each_block(elements, stride * 2, |block| radix2(block, stride));
        stride /= 2;
    }
    while stride > 2 * TO {
        for_each_block(elements, stride * 2, |block| radix4(block, stride / 2));
        stride /= 4;
    }
    if stride > TO {
        for block in elements.as_chunks_mut::<LAST>().0 {
            keep_rolled();
            for k in 0..TO {
                if TO > 4 {
                    keep_rolled();
                }
                let (a, b, c, d) = (k, k + TO, k + 2 * TO, k + 3 * TO);
                [block[a], block[b], block[c], block[d]] =
                    butterflies4([block[a], block[b], block[c], block[d]]);
            }
        }
    }
}

/// Calls `f` on each whole block of `size` elements. (`chunks_exact_mut` would link a panic for a size of zero.)
#[inline(always)]
pub(crate) fn for_each_block<T>(mut elements: &mut [T], size: usize, mut f: impl FnMut(&mut [T])) {
    while let Some((block, rest)) = elements.split_at_mut_checked(size) {
        if block.is_empty() {
            return;
        }
        keep_rolled();
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
        keep_rolled();
        (*a, *b) = (a.plus(*b), a.minus(*b));
    }
}

#[inline(always)]
fn radix4<T: Lane>(block: &mut [T], quarter: usize) {
    let Some((low, high)) = block.split_at_mut_checked(quarter * 2) else {
        return;
    };
    let Some((first, second)) = low.split_at_mut_checked(quarter) else {
        return;
    };
    let Some((third, fourth)) = high.split_at_mut_checked(quarter) else {
        return;
    };
    for ((a, b), (c, d)) in (first.iter_mut().zip(second)).zip(third.iter_mut().zip(fourth)) {
        keep_rolled();
        [*a, *b, *c, *d] = butterflies4([*a, *b, *c, *d]);
    }
}

#[inline(always)]
fn butterflies4<T: Lane>([a, b, c, d]: [T; 4]) -> [T; 4] {
    let (ac, ca) = (a.plus(c), a.minus(c));
    let (bd, db) = (b.plus(d), b.minus(d));
    [ac.plus(bd), ac.minus(bd), ca.plus(db), ca.minus(db)]
}

/// What butterflies add and subtract: one 32-bit value, or two 16-bit lanes in one word.
pub(crate) trait Lane: Copy {
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
        lanes::add(self, other)
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        lanes::sub(self, other)
    }
}
