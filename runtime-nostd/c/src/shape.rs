//! Which session a model runs in, and the bytes that it takes.

use hadamrnn_runtime::format::Readout;
use hadamrnn_runtime::kernel::FwhtPacked;
use hadamrnn_runtime::{HiddenReadout, Model};

/// What of a model decides about its session; see [`Shape::of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Room for hidden units in each layer: 64, 128, 256, 512 or 1,024.
    pub capacity: usize,
    /// Two layers.
    pub layered: bool,
    /// A pooled readout, or one with a hidden layer; a session of two layers has room for both in any case.
    pub pooled: bool,
    /// States too wide for the packed kernel.
    pub wide: bool,
}

impl Shape {
    /// The session of a model. The features of the library do not matter here: so `export` knows it for every build.
    pub fn of(model: &Model<'_>) -> Self {
        let second = model
            .second()
            .map_or(0, |second| second.layer().hidden_size());
        let readout = model.hidden_readout().map_or(0, HiddenReadout::units);
        let units = model.hidden_size().max(second).max(readout);
        let layered = second > 0;
        let pooled = matches!(model.readout(), Readout::Pooled { .. });
        Self {
            capacity: units.max(64).next_power_of_two(),
            layered,
            pooled: layered || pooled || readout > 0,
            wide: !model.runs_on::<FwhtPacked>(),
        }
    }

    /// Bytes of memory that a network of this shape is given, where a pointer has `pointer` bytes.
    pub const fn memory_bytes(self, pointer: usize) -> usize {
        self.pointers()
            .saturating_mul(pointer)
            .saturating_add(self.other_bytes())
    }

    /// Its pointers and lengths.
    pub const fn pointers(self) -> usize {
        HEAD_POINTERS
    }

    /// All else of it.
    pub const fn other_bytes(self) -> usize {
        let state = if self.wide { 4 } else { 2 };
        let mut unit = state;
        if self.pooled {
            unit += 4;
        }
        if self.layered {
            unit += state + 4;
        }
        self.capacity
            .saturating_mul(unit)
            .saturating_add(HEAD_BYTES)
    }
}

/// Pointers, lengths and other values of their size that the view of a model and a session have beside the state.
const HEAD_POINTERS: usize = 71;
/// What else they have.
const HEAD_BYTES: usize = 272;
