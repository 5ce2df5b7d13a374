//! Sizes, widths and shifts of a model, as its file holds them.

use serde::{Deserialize, Serialize};

use super::{Addition, ModelError, SectionLengths, check, constant};

/// Sizes, widths and shifts of a model. Every quantity is defined in `docs/ARITHMETIC.md`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header<'a> {
    /// Name of the task that the model was trained for; for people, not for programs.
    pub name: &'a str,
    /// `n`, a power of two in `16..=1024`.
    pub hidden_size: u16,
    /// Columns of U: the channels of a sample and their copies, or 1 where a sample is a token.
    pub input_size: u16,
    /// Outputs; one means a binary task decided by the sign of its logit.
    pub output_size: u16,
    /// `q`: the recurrent matrix has diagonal blocks of `2^q`; `q = log2(n)` is the full Hadamard matrix.
    pub log2_block: u8,
    /// Field width of the input weights U, or of the token table: 2, 4 or 8 bits.
    pub input_weight_bits: u8,
    /// Field width of the output weights V: 2, 4 or 8 bits.
    pub readout_weight_bits: u8,
    /// Width `w` of the hidden state, `8..=16`: states saturate at `-2^(w-1)` and `2^(w-1) - 1`.
    pub state_bits: u8,
    /// Width of a standardised input, `4..=16`: inputs saturate likewise. Zero for tokens.
    pub input_bits: u8,
    /// Right shift of the standardisation, `1..=17`. Zero for tokens.
    pub input_shift: u8,
    /// Left shift of `U x + b`, `0..=20`.
    pub layer_input_shift: u8,
    /// Right shift after the recurrence, `4..=15`.
    pub gain_shift: u8,
    /// How logits come from the states.
    pub readout: Readout,
    /// Factor from an integer logit to the logit of the float model.
    pub logit_scale: f32,
    /// The fields that version 2 added; stored behind the fields above, from version 2 on.
    #[serde(skip)]
    pub extension: Extension,
    /// The fields that versions 3 and 4 added; stored before the weights, from version 3 on.
    #[serde(skip)]
    pub addition: Addition,
}

impl<'a> Header<'a> {
    /// Reads a file's header, by code that is for the compiler: firmware reads models by
    /// [`Model::from_bytes`](crate::Model::from_bytes).
    ///
    /// # Errors
    /// The errors of [`Model::from_bytes`](crate::Model::from_bytes), except those about alignment and those that
    /// depend on the weights.
    pub const fn read(file: &'a [u8]) -> Result<Self, ModelError> {
        let (header, sections) = match constant::read(file) {
            Ok(read) => read,
            Err(error) => return Err(error),
        };
        if let Err(error) = check::header(&header) {
            return Err(error);
        }
        let Some(lengths) = SectionLengths::of(&header) else {
            return Err(ModelError::WeightBits);
        };
        // How long the parts are the model's reader checks.
        let words = lengths
            .total()
            .saturating_add(header.addition.parts as usize);
        let fits = match header.addition.parts {
            0 => words == sections.len() / 4,
            _ => words <= sections.len() / 4,
        };
        if fits {
            Ok(header)
        } else {
            Err(ModelError::WeightsLength)
        }
    }

    /// Classes that the outputs tell apart.
    pub const fn class_count(&self) -> usize {
        match self.output_size {
            1 => 2,
            outputs => outputs as usize,
        }
    }

    /// The lowest version of the format that can hold this model: the one it is written in.
    pub fn version(&self) -> u16 {
        if self.addition.is_of_version_4() {
            4
        } else if self.addition != Addition::default() {
            3
        } else if self.readout == Readout::LastState && self.extension == Extension::default() {
            1
        } else {
            2
        }
    }
}

/// How logits come from the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// `V relu(h_T) + b_o` of the last state: the paper's many to one.
    LastState,
    /// `V relu(h_t) + b_o` after every step: the paper's copy task. The runtime computes the same as for `LastState`;
    /// only what the model was trained for differs. Version 2.
    EveryStep,
    /// `V mean_t relu(h_t) + b_o`: an extension. Version 2. The mean may forget: [`Addition::fading`], version 4.
    Pooled {
        /// Right shift of the sums, `0..=16`.
        shift: u8,
        /// Steps that the logits are scaled for: read them after so many.
        steps: u32,
    },
}

impl Readout {
    /// Which states the outputs are read from, without the numbers that an export adds.
    pub const fn kind(&self) -> ReadoutKind {
        match self {
            Self::LastState => ReadoutKind::LastState,
            Self::EveryStep => ReadoutKind::EveryStep,
            Self::Pooled { .. } => ReadoutKind::Pooled,
        }
    }
}

/// Which states the outputs are read from: a [`Readout`] before its network is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadoutKind {
    /// The last state of a sequence: the paper's many to one.
    #[default]
    LastState,
    /// The state after every step: the paper's copy task.
    EveryStep,
    /// The mean of the rectified states: an extension.
    Pooled,
}

/// The part of the header that version 2 of the format added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Extension {
    /// Whether samples are tokens, and which; else they are numbers.
    pub tokens: Option<Tokens>,
    /// Inputs that read the same raw count as the input before them, below `input_size`; a sample has so many values less.
    pub copies: u16,
    /// `k`: the recurrent matrix is scaled by `1 - 2^-k`, `1..=15`; 0 is no leak.
    pub leak: u8,
    /// A second recurrent layer on top of the first.
    pub second: Option<Second>,
}

/// Inputs that are tokens: each picks a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tokens {
    /// Rows of the table, `1..=65536`.
    pub vocabulary: u32,
    /// `r_z`: what a code of the table is multiplied by, `1..=32767`.
    pub multiplier: u16,
}

/// A second recurrent layer, driven by the rectified states of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Second {
    /// Hidden units `n'`, a power of two in `16..=1024`.
    pub hidden_size: u16,
    /// `q'`: the recurrent matrix has diagonal blocks of `2^q'`.
    pub log2_block: u8,
    /// `k'`: the recurrent matrix is scaled by `1 - 2^-k'`, `1..=15`; 0 is no leak.
    pub leak: u8,
    /// Width of the hidden state, `8..=16` bits: states saturate as those of the first layer.
    pub state_bits: u8,
    /// Right shift after the recurrence, `4..=15`.
    pub gain_shift: u8,
    /// `r`: what a sum of first-layer states is multiplied by, `1..=32767`.
    pub multiplier: u16,
    /// Kind of the matrix between the layers.
    pub mixing: BinaryMatrixKind,
    /// Whether there are biases.
    pub bias: bool,
}

/// The binary matrix `M` from the first layer's states to the second layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "lowercase")]
pub enum BinaryMatrixKind {
    /// A dense matrix of signs, in float `±1 / sqrt(n)`: the paper's.
    Dense,
    /// `diag(a) H diag(c)`, signs `a` and `c`, for layers of one size: an extension. It takes `2 n` bits, and costs one more
    /// fast Walsh-Hadamard transform a step.
    Hadamard,
}
