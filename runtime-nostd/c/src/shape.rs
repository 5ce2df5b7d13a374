//! Chooses the session that a model runs in, and counts the bytes that it takes.

use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel};
use hadamrnn_runtime::{Capacities, Model, limits};

// The largest of the features `hidden-64` to `hidden-1024` has room for every model.
const _: () = assert!(limits::HIDDEN_SIZE.max == 1024);

/// The properties of a model that decide about its session; see [`Shape::of`].
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
        let Capacities {
            hidden,
            pool,
            second,
            read,
            inputs: _,
        } = Capacities::needed_by(model);
        let units = usize::from(hidden.max(second).max(read));
        Self {
            capacity: units.max(64).next_power_of_two(),
            layered: second > 0,
            pooled: second > 0 || pool > 0 || read > 0,
            wide: !model.runs_on::<FwhtPacked>(),
        }
    }

    /// Bytes of memory that a network of this shape is given, where a pointer has `pointer` bytes.
    pub const fn memory_bytes(self, pointer: usize) -> usize {
        self.pointers()
            .saturating_mul(pointer)
            .saturating_add(self.other_bytes())
    }

    /// Number of pointers and lengths in the view of a model and its session.
    pub const fn pointers(self) -> usize {
        HEAD_POINTERS
    }

    /// Bytes of the view of a model and its session, without pointers and lengths.
    pub const fn other_bytes(self) -> usize {
        let unit_bytes = if self.wide {
            Fwht::UNIT_BYTES
        } else {
            FwhtPacked::UNIT_BYTES
        };
        let hidden = self.capacity as u16;
        let capacities = Capacities {
            hidden,
            pool: if self.pooled { hidden } else { 0 },
            second: if self.layered { hidden } else { 0 },
            // They are on the stack.
            inputs: 0,
            read: 0,
        };
        capacities
            .session_bytes(unit_bytes)
            .saturating_add(HEAD_BYTES)
    }
}

/// Pointers, lengths and other values of their size that the view of a model and a session have beside the state.
const HEAD_POINTERS: usize = 71;
/// All other bytes of the view of a model and of a session.
const HEAD_BYTES: usize = 272;
