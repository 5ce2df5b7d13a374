//! Why a session does not start or go on.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why a model cannot run in a session, or a sample was refused.
///
/// Boards report it by its number in this order: new variants come last.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SessionError {
    /// The model's hidden size exceeds the session's capacity.
    HiddenCapacity {
        /// Hidden size of the model.
        needed: usize,
        /// Capacity of the session.
        capacity: usize,
    },
    /// The model's input size exceeds the session's capacity.
    InputCapacity {
        /// Input size of the model.
        needed: usize,
        /// Capacity of the session.
        capacity: usize,
    },
    /// The kernel cannot hold this model's transform exactly: choose another kernel, or export fewer state bits.
    KernelRange,
    /// The second layer's hidden size exceeds the session's capacity for one.
    SecondCapacity {
        /// Hidden size of the second layer.
        needed: usize,
        /// Capacity of the session.
        capacity: usize,
    },
    /// The model's readout has a hidden layer of more units than the session has room for.
    ReadoutCapacity {
        /// Units of the hidden readout layer.
        needed: usize,
        /// Capacity of the session.
        capacity: usize,
    },
    /// The model's readout is pooled over more units than the session has room for.
    PoolCapacity {
        /// Hidden size of the layer that is read.
        needed: usize,
        /// Capacity of the session.
        capacity: usize,
    },
    /// A token for a model of numbers, or numbers for a model of tokens.
    InputKind,
    /// A token that the model's vocabulary does not have.
    Token {
        /// Tokens of the model.
        vocabulary: u32,
        /// The token.
        found: u16,
    },
    /// A sample does not have as many channels as the model has inputs.
    SampleLength {
        /// Input size of the model.
        expected: usize,
        /// Length of the sample.
        found: usize,
    },
}

/// Text of [`SessionError::KernelRange`].
pub(crate) const KERNEL_RANGE: &str =
    "this kernel cannot hold the model's transform without overflow";

/// Text for a model that the compiler refuses, since its target has no code for it.
pub(crate) const NO_FALLBACK: &str =
    "the target's assembly does not take this model: switch on the feature `fallback`";

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenCapacity { needed, capacity } => write!(
                f,
                "model needs a hidden capacity of {needed}, the session has {capacity}"
            ),
            Self::InputCapacity { needed, capacity } => write!(
                f,
                "model needs an input capacity of {needed}, the session has {capacity}"
            ),
            Self::SecondCapacity { needed, capacity } => write!(
                f,
                "model needs a second-layer capacity of {needed}, the session has {capacity}"
            ),
            Self::PoolCapacity { needed, capacity } => write!(
                f,
                "model needs a pool capacity of {needed}, the session has {capacity}"
            ),
            Self::ReadoutCapacity { needed, capacity } => write!(
                f,
                "model needs a readout capacity of {needed}, the session has {capacity}"
            ),
            Self::InputKind => {
                f.write_str("a token for a model of numbers, or numbers for a model of tokens")
            }
            Self::Token { vocabulary, found } => {
                write!(f, "token {found} is beyond the vocabulary of {vocabulary}")
            }
            Self::KernelRange => f.write_str(KERNEL_RANGE),
            Self::SampleLength { expected, found } => {
                write!(f, "sample has {found} channels, the model takes {expected}")
            }
        }
    }
}

impl core::error::Error for SessionError {}
