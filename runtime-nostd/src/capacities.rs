//! Sizes that a session has room for, and those that a model needs.

use serde::{Deserialize, Serialize};

use crate::error::SessionError;
use crate::format::{Header, Readout};
use crate::model::Model;

/// Sizes that a session has room for; a model needs at most so many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacities {
    /// Hidden units of the first layer.
    pub hidden: u16,
    /// Inputs: channels and their copies. None for tokens.
    pub inputs: u16,
    /// Units of a pooled readout.
    #[serde(default)]
    pub pool: u16,
    /// Units of a second layer.
    #[serde(default)]
    pub second: u16,
    /// Units of a hidden readout layer.
    #[serde(default)]
    pub read: u16,
}

impl Capacities {
    /// The least capacities of a session of this model.
    #[must_use]
    pub const fn needed_by(model: &Model<'_>) -> Self {
        Self::of(model.header())
    }

    /// The least capacities of a session of a model with this header.
    #[must_use]
    pub const fn of(header: &Header<'_>) -> Self {
        let second = match header.extension.second {
            Some(second) => second.hidden_size,
            None => 0,
        };
        let top = if second == 0 {
            header.hidden_size
        } else {
            second
        };
        Self {
            hidden: header.hidden_size,
            inputs: match header.extension.tokens {
                Some(_) => 0,
                None => header.input_size,
            },
            pool: match header.readout {
                Readout::Pooled { .. } => top,
                _ => 0,
            },
            second,
            read: match header.addition.hidden_readout {
                Some(layer) => layer.hidden_size,
                None => 0,
            },
        }
    }

    /// Whether a session of these capacities has room for a model.
    ///
    /// # Errors
    /// The first capacity that is too small.
    pub const fn check(self, model: &Model<'_>) -> Result<(), SessionError> {
        let needed = Self::needed_by(model);
        if let Some((needed, capacity)) = short(needed.hidden, self.hidden) {
            return Err(SessionError::HiddenCapacity { needed, capacity });
        }
        if let Some((needed, capacity)) = short(needed.inputs, self.inputs) {
            return Err(SessionError::InputCapacity { needed, capacity });
        }
        if let Some((needed, capacity)) = short(needed.pool, self.pool) {
            return Err(SessionError::PoolCapacity { needed, capacity });
        }
        if let Some((needed, capacity)) = short(needed.second, self.second) {
            return Err(SessionError::SecondCapacity { needed, capacity });
        }
        if let Some((needed, capacity)) = short(needed.read, self.read) {
            return Err(SessionError::ReadoutCapacity { needed, capacity });
        }
        Ok(())
    }

    /// Bytes of RAM that a session takes, without a few words beside its arrays, where the kernel keeps a unit's state in
    /// [`unit_bytes`](crate::Kernel::UNIT_BYTES).
    #[must_use]
    pub const fn session_bytes(self, unit_bytes: usize) -> usize {
        let first = unit_bytes.wrapping_mul(self.hidden as usize);
        let second = unit_bytes
            .wrapping_add(4)
            .wrapping_mul(self.second as usize);
        let pool = 4usize.wrapping_mul(self.pool as usize);
        first.wrapping_add(second).wrapping_add(pool)
    }

    /// Bytes of stack that grow with the capacities: the inputs while a sample is pushed, or the hidden readout layer while
    /// logits are read.
    #[must_use]
    pub const fn stack_bytes(self) -> usize {
        let longer = if self.inputs > self.read {
            self.inputs
        } else {
            self.read
        };
        4usize.wrapping_mul(longer as usize)
    }
}

/// The needed and the available size if there is not enough room.
const fn short(needed: u16, capacity: u16) -> Option<(usize, usize)> {
    if needed > capacity {
        Some((needed as usize, capacity as usize))
    } else {
        None
    }
}
