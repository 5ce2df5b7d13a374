//! The shape of a model: all that its costs depend on.

use hadamrnn_runtime::fields::FieldWidth;
use hadamrnn_runtime::format::{
    Addition, Extension, Fading, Header, HiddenReadout as HiddenHeader, Readout, SectionLengths,
};
use hadamrnn_runtime::{Capacities, Model};
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::export::proven_file;
use crate::integer::{KernelName, ModelFile};
use crate::nn::ReadoutKind;

/// Sums of U x + b at most of this fit a lane of 16 bits.
const LANE: usize = i16::MAX as usize;
/// Share of the largest sum of absolute weights that a row of a trained U seldom exceeds.
const TYPICAL_ROW: f64 = 0.5;
/// State bits plus the logarithm of a block that the packed kernel takes.
pub(crate) const PACKED_BITS: usize = 19;

/// Shape of a model of one recurrent layer that takes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Hidden units, `n`.
    pub hidden: usize,
    /// Logarithm of the side of a block, `q`.
    pub log2_block: usize,
    /// Rows of U that inputs drive, of all blocks together: `n` where all are driven.
    pub driven_rows: usize,
    /// Values of a sample.
    pub channels: usize,
    /// Inputs beside these that read a channel a second time.
    pub copies: usize,
    /// Logits.
    pub outputs: usize,
    /// Bits of a field of U: 2, 4 or 8.
    pub input_field: u8,
    /// Bits of a field of V: 2, 4 or 8.
    pub readout_field: u8,
    /// Bits of a standardised input.
    pub input_bits: u8,
    /// Bits of a state.
    pub state_bits: u8,
    /// Whether there is a leak.
    pub leak: bool,
    /// Whether the readout is pooled over time.
    pub pooled: bool,
    /// Units of a hidden readout layer; 0 is none.
    pub read: usize,
    /// Whether the hidden readout layer has biases.
    pub read_bias: bool,
    /// Whether every `|U x + b|` fits a lane of 16 bits. This depends on the weights, and is an expectation before there are any.
    pub fits_lanes: bool,
    /// Whether the target's assembly runs the model ([`Model::has_fast_path`]).
    pub fast: bool,
    /// Bytes of the model's name.
    pub name: usize,
    /// Steps of a window of a pooled readout; 0 of others.
    pub pool_steps: u32,
    /// How the sums of a pooled readout fade; none where they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fading: Option<Fading>,
}

/// Why there is no estimate for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uncovered {
    /// It takes tokens.
    #[error("its samples are tokens, not numbers")]
    Tokens,
    /// It has a second recurrent layer.
    #[error("it has a second recurrent layer")]
    SecondLayer,
    /// Its sums need more than 16 bits, and the core has no division.
    #[error("its sums need more than 16 bits, for which the estimates of this core are not exact")]
    WideSums,
    /// A size is beyond what a model file has room for.
    #[error("its sizes are beyond those of the model format")]
    Sizes,
}

impl Shape {
    /// The shape of a model.
    ///
    /// # Errors
    /// It is of a kind without estimates.
    pub fn of(model: &Model<'_>) -> Result<Self, Uncovered> {
        let header = model.header();
        if header.extension.tokens.is_some() {
            return Err(Uncovered::Tokens);
        }
        if header.extension.second.is_some() {
            return Err(Uncovered::SecondLayer);
        }
        let hidden = header.addition.hidden_readout;
        Ok(Self {
            hidden: model.hidden_size(),
            log2_block: header.log2_block.into(),
            driven_rows: match header.addition.driven_rows {
                0 => model.hidden_size(),
                rows => rows.into(),
            },
            channels: model.sample_size(),
            copies: header.extension.copies.into(),
            outputs: model.output_size(),
            input_field: header.input_weight_bits,
            readout_field: header.readout_weight_bits,
            input_bits: header.input_bits,
            state_bits: header.state_bits,
            leak: header.extension.leak > 0,
            pooled: matches!(header.readout, Readout::Pooled { .. }),
            read: hidden.map_or(0, |layer| layer.hidden_size.into()),
            read_bias: hidden.is_some_and(|layer| layer.bias),
            fits_lanes: usize::try_from(model.bounds().layer_input).is_ok_and(|it| it <= LANE),
            fast: model.has_fast_path(),
            name: header.name.len(),
            pool_steps: match header.readout {
                Readout::Pooled { steps, .. } => steps,
                _ => 0,
            },
            fading: model.fading(),
        })
    }

    /// The shape that a network of this configuration is expected to have as a model, for windows of `steps` samples of `channels`
    /// values and so many logits.
    ///
    /// # Errors
    /// It is of a kind without estimates.
    pub fn of_config(
        config: &RunConfig,
        steps: usize,
        channels: usize,
        outputs: usize,
    ) -> Result<Self, Uncovered> {
        let (network, export) = (&config.network, &config.export);
        if network.embedding.is_some() {
            return Err(Uncovered::Tokens);
        }
        if network.second.is_some() {
            return Err(Uncovered::SecondLayer);
        }
        let field = |bits: Option<u8>| {
            let bits = bits.or(export.weight_bits).unwrap_or(8);
            FieldWidth::for_weight_bits(bits).map_or(8, |width| width.bits() as u8)
        };
        let input_field = field(network.input_bits);
        let mut shape = Self {
            hidden: network.hidden_size,
            log2_block: network.log2_block,
            driven_rows: network.input_rows.unwrap_or(network.hidden_size),
            channels,
            copies: config.preparation.copies.len(),
            outputs,
            input_field: export.input_field_bits.unwrap_or(0).max(input_field),
            readout_field: field(network.readout_bits),
            input_bits: export.input_bits,
            state_bits: export.state_bits.unwrap_or(12),
            leak: network.leak.or(export.leak).is_some(),
            pooled: network.readout == ReadoutKind::Pooled,
            read: network.hidden_readout.map_or(0, |layer| layer.hidden_size),
            read_bias: network.hidden_readout.is_some_and(|layer| layer.bias),
            fits_lanes: true,
            fast: false,
            name: config.task.name().len(),
            pool_steps: match network.readout {
                ReadoutKind::Pooled => u32::try_from(steps).map_err(|_| Uncovered::Sizes)?,
                _ => 0,
            },
            fading: network.fading,
        };
        let bits = network.input_bits.or(export.weight_bits).unwrap_or(8);
        shape.expect_lanes(bits);
        shape.header().map(|_| shape).ok_or(Uncovered::Sizes)
    }

    /// Fills in what depends on the weights, for a U of so many bits.
    fn expect_lanes(&mut self, bits: u8) {
        let largest =
            self.inputs() << (usize::from(bits.max(2)) - 1 + usize::from(self.input_bits) - 1);
        self.fits_lanes = largest as f64 * TYPICAL_ROW <= LANE as f64;
        self.fast = self.fits_lanes
            && self.input_field == 4
            && self.log2_block >= 5
            && (10..=12).contains(&self.state_bits)
            && self.log2_block + usize::from(self.state_bits) <= PACKED_BITS;
    }

    /// Inputs: channels and copies.
    pub const fn inputs(&self) -> usize {
        self.channels + self.copies
    }

    /// Columns of V.
    pub const fn read_size(&self) -> usize {
        if self.read > 0 {
            self.read
        } else {
            self.hidden
        }
    }

    /// Whether the target's assembly runs it with this kernel.
    pub fn is_fast(&self, kernel: KernelName) -> bool {
        self.fast && kernel == KernelName::FwhtPacked
    }

    /// The fastest kernel that computes it exactly.
    pub fn best_kernel(&self) -> KernelName {
        match self.log2_block + usize::from(self.state_bits) <= PACKED_BITS {
            true => KernelName::FwhtPacked,
            false => KernelName::Fwht,
        }
    }

    /// The least capacities of a session; none where a size is beyond those of the format.
    pub fn capacities(&self) -> Option<Capacities> {
        self.header().map(|header| Capacities::of(&header))
    }

    /// Bytes of the model file; none where a size is beyond those of the format.
    pub fn model_bytes(&self) -> Option<u64> {
        let header = self.header()?;
        let words = SectionLengths::of(&header)?.total();
        let zeros = vec![0; words];
        let mut bytes = vec![0; 256 + 4 * words];
        let name = "n".repeat(self.name);
        let header = Header {
            name: &name,
            ..header
        };
        let length = hadamrnn_runtime::format::encode(&header, &zeros, &mut bytes).ok()?;
        Some(length as u64)
    }

    /// A model of this shape whose weights are all zero: what a board has to say about it before there is one.
    ///
    /// # Errors
    /// A size is beyond the ranges of the format.
    pub fn placeholder(&self) -> anyhow::Result<ModelFile> {
        use anyhow::Context;
        let header = self
            .header()
            .context("its sizes are beyond the model format")?;
        let lengths = SectionLengths::of(&header).context("its widths are none of the format's")?;
        let zeros = |field: u8| (u32::MAX / ((1 << field) - 1)) << (field - 1);
        let zero = [
            (1, zeros(self.input_field)),
            (2, 0x8000_8000),
            (9, zeros(self.readout_field)),
        ];
        let mut words = vec![0; lengths.total()];
        for (section, word) in zero {
            let first: usize = lengths.0[..section].iter().sum();
            words[first..first + lengths.0[section]].fill(word);
        }
        for copy in 0..self.copies.min(self.channels) {
            words[2 * copy + 1] = 1 << 31;
        }
        let name = "n".repeat(self.name);
        let header = Header {
            name: &name,
            ..header
        };
        proven_file(header, &words)?.context("its sums can overflow")
    }

    /// A header of this shape; numbers that cost nothing are as good as any.
    pub(crate) fn header(&self) -> Option<Header<'static>> {
        let half = |size: usize| u16::try_from(size).ok();
        Some(Header {
            name: "",
            hidden_size: half(self.hidden)?,
            input_size: half(self.inputs())?,
            output_size: half(self.outputs)?,
            log2_block: self.log2_block as u8,
            input_weight_bits: self.input_field,
            readout_weight_bits: self.readout_field,
            state_bits: self.state_bits,
            input_bits: self.input_bits,
            input_shift: 17,
            // States that stay within their range.
            layer_input_shift: self
                .state_bits
                .saturating_sub(if self.fits_lanes { 3 } else { 8 }),
            gain_shift: 15,
            readout: match self.pooled {
                true => Readout::Pooled {
                    shift: 4,
                    steps: self.pool_steps.max(1),
                },
                false => Readout::LastState,
            },
            logit_scale: 1.0,
            extension: Extension {
                copies: half(self.copies)?,
                leak: if self.leak { 3 } else { 0 },
                ..Extension::default()
            },
            addition: Addition {
                fading: self.fading,
                driven_rows: match self.driven_rows == self.hidden {
                    true => 0,
                    false => half(self.driven_rows)?,
                },
                hidden_readout: match self.read {
                    0 => None,
                    units => Some(HiddenHeader {
                        hidden_size: half(units)?,
                        multiplier: 64,
                        shift: 12,
                        bits: 12,
                        bias: self.read_bias,
                    }),
                },
                ..Addition::default()
            },
        })
    }
}
