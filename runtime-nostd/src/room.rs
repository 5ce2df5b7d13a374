//! Room for a session's state: arrays whose lengths are known when it is compiled.

use core::marker::PhantomData;

use heapless::VecView;

use crate::capacities::Capacities;
use crate::kernel::{HiddenState, Kernel};

/// The kernel of a session, and arrays for what it computes with. [`RoomOf`] is the only one.
pub trait Room: sealed::Sealed {
    /// The kernel.
    type Kernel: Kernel;
    /// The first layer's state.
    type State: HiddenState<Word = WordOf<Self>>;
    /// A second layer's state.
    type Second: HiddenState<Word = WordOf<Self>>;
    /// Input projection of a second layer in a step.
    type InputTile: Array<i32>;
    /// Sums of a pooled readout.
    type Pool: Array<u32>;
    /// A hidden readout layer, while logits are read.
    type Read: Array<i32>;
    /// Standardised inputs, during a step.
    type Inputs: Inputs;
    /// Raw counts of a sample: for who reads one.
    type Sample: Array<i16>;
    /// The lengths.
    const CAPACITIES: Capacities;
}

/// The words in which the kernel of a room keeps states.
pub type WordOf<R> = <<R as Room>::Kernel as Kernel>::Word;

/// Room for models of at most these sizes, run by the kernel `K`: hidden units, and inputs (channels and their copies, 0 for
/// tokens).
///
/// Three more cost RAM and code only where they are given: units of a pooled readout, of a second layer, and of a hidden
/// layer in the readout (four bytes each, on the stack while logits are read).
pub struct RoomOf<
    K: Kernel,
    const HIDDEN: usize,
    const INPUTS: usize,
    const POOL: usize = 0,
    const SECOND: usize = 0,
    const READ: usize = 0,
>(PhantomData<fn() -> K>);

impl<
    K: Kernel,
    const HIDDEN: usize,
    const INPUTS: usize,
    const POOL: usize,
    const SECOND: usize,
    const READ: usize,
> Room for RoomOf<K, HIDDEN, INPUTS, POOL, SECOND, READ>
{
    type Kernel = K;
    type State = K::State<HIDDEN>;
    type Second = K::State<SECOND>;
    type InputTile = [i32; SECOND];
    type Pool = [u32; POOL];
    type Read = [i32; READ];
    type Inputs = heapless::Vec<i32, INPUTS>;
    type Sample = [i16; INPUTS];
    const CAPACITIES: Capacities = Capacities {
        hidden: capacity(HIDDEN),
        inputs: capacity(INPUTS),
        pool: capacity(POOL),
        second: capacity(SECOND),
        read: capacity(READ),
    };
}

/// No model needs more than 16 bits.
const fn capacity(length: usize) -> u16 {
    if length > u16::MAX as usize {
        u16::MAX
    } else {
        length as u16
    }
}

/// An array of numbers.
pub trait Array<T>: AsRef<[T]> + AsMut<[T]> {
    /// All zero.
    const ZERO: Self;
}

impl<const N: usize> Array<i32> for [i32; N] {
    const ZERO: Self = [0; N];
}

impl<const N: usize> Array<i16> for [i16; N] {
    const ZERO: Self = [0; N];
}

impl<const N: usize> Array<u32> for [u32; N] {
    const ZERO: Self = [0; N];
}

/// Room for standardised inputs.
pub trait Inputs {
    /// Room alone.
    fn empty() -> Self;

    /// The inputs so far, with room for more.
    fn view(&mut self) -> &mut VecView<i32>;
}

impl<const N: usize> Inputs for heapless::Vec<i32, N> {
    #[inline(always)]
    fn empty() -> Self {
        Self::new()
    }

    #[inline(always)]
    fn view(&mut self) -> &mut VecView<i32> {
        self
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
    impl<
        K: crate::Kernel,
        const HIDDEN: usize,
        const INPUTS: usize,
        const POOL: usize,
        const SECOND: usize,
        const READ: usize,
    > Sealed for super::RoomOf<K, HIDDEN, INPUTS, POOL, SECOND, READ>
    {
    }
}
