//! A validated view of a model's bytes.

mod weights;

use crate::arch::{self, Channels, FastPath};
use crate::binary_matrix::SecondLayer;
use crate::bounds::shifted;
use crate::fields::FieldWidth;
use crate::format::check::pass;
use crate::format::{
    self, Bounds, Crc32, Fading, Header, ModelError, Parts, Readout, Sections, Tokens,
};
use crate::gain::Gain;
use crate::hidden_readout::HiddenReadout;
use crate::input_projection::Weights;
use crate::layer::Layer;
use crate::limits;

/// A model, read in place: weights stay where the bytes are.
///
/// Only [`from_bytes`](Self::from_bytes) makes one, so a `Model` is proof that no input can overflow its arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Model<'a> {
    header: Header<'a>,
    pub(crate) sections: Sections<'a>,
    parts: Parts<'a>,
    /// The first layer, and what drives it.
    pub(crate) first: Weights<'a>,
    pub(crate) readout_width: FieldWidth,
    second: Option<SecondLayer<'a>>,
    hidden_readout: Option<HiddenReadout<'a>>,
    bounds: Bounds,
    /// Constants and sections for the target's own code, if it runs the first layer.
    pub(crate) plan: Option<FastPath<'a>>,
    /// Standardisation of the inputs for the target's own code, if the inputs are numbers.
    pub(crate) channels: Option<Channels<'a>>,
}

impl<'a> Model<'a> {
    /// Reads and validates a model.
    ///
    /// `bytes` must be exactly one file and start on a four-byte boundary ([`crate::include_model!`]). The work is
    /// proportional to the number of bytes: it includes their checksum and the proof that no input overflows.
    ///
    /// # Errors
    /// A distinct [`ModelError`] for every way in which the bytes can be wrong.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ModelError> {
        Self::from_bytes_with(bytes, format::crc32)
    }

    /// The same, with the checksum computed by `crc32`, such as a chip's own unit: most of the time that a large model takes.
    ///
    /// The function is given all bytes before the file's own checksum, at most once. That damaged bytes are found rests on it;
    /// that no input overflows does not, whatever it gives.
    ///
    /// # Errors
    /// Those of [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_with(bytes: &'a [u8], crc32: impl Crc32) -> Result<Self, ModelError> {
        let model = Self::proven(bytes, crc32)?;
        model.check_stated_bounds()?;
        Ok(model)
    }

    /// Whether this model, which was read from the file `bytes`, is still what reading them gives: no bit of it has flipped in RAM. The
    /// file's own checksum is not compared; see [`guard`](crate::guard).
    #[must_use]
    pub fn is_still(&self, bytes: &'a [u8]) -> bool {
        let stated = bytes.last_chunk().copied().map_or(0, u32::from_le_bytes);
        Self::from_bytes_with(bytes, |_| stated).is_ok_and(|read| read == *self)
    }

    /// The model of a file whose header has been read and whose weights are `words`: what is left to check of it, by the
    /// compiler or on a device.
    pub(crate) const fn of_parts(header: Header<'a>, words: &'a [u32]) -> Result<Self, ModelError> {
        let model = match Self::prove(header, words) {
            Ok(model) => model,
            Err(error) => return Err(error),
        };
        match model.check_stated_bounds() {
            Ok(()) => Ok(model),
            Err(error) => Err(error),
        }
    }

    /// The bounds that a file of these weights and this header must state, whatever it states.
    ///
    /// # Errors
    /// The errors of [`from_bytes`](Self::from_bytes), except [`ModelError::Bounds`].
    #[cfg(feature = "encode")]
    pub fn proven_bounds(bytes: &'a [u8]) -> Result<Bounds, ModelError> {
        Self::proven(bytes, format::crc32).map(|model| model.bounds)
    }

    /// A model that cannot overflow, of the file `bytes`.
    fn proven(bytes: &'a [u8], crc32: impl Crc32) -> Result<Self, ModelError> {
        if !bytes.as_ptr().cast::<u32>().is_aligned() {
            return Err(ModelError::Misaligned);
        }
        let (header, words) = format::decode(bytes, crc32)?;
        Self::prove(header, words)
    }

    /// A model that cannot overflow, of a header and the words of table, sections and parts.
    #[inline(never)]
    const fn prove(header: Header<'a>, words: &'a [u32]) -> Result<Self, ModelError> {
        pass!(format::check::header(&header));
        let (Some(input_width), Some(readout_width)) = (
            FieldWidth::from_bits(header.input_weight_bits),
            FieldWidth::from_bits(header.readout_weight_bits),
        ) else {
            return Err(ModelError::WeightBits);
        };
        let Some((table, words)) = words.split_at_checked(header.addition.parts as usize) else {
            return Err(ModelError::WeightsLength);
        };
        let Some((sections, words)) = Sections::split(&header, words) else {
            return Err(ModelError::WeightsLength);
        };
        let parts = match (table.is_empty(), words.is_empty()) {
            (true, true) => Parts::NONE,
            (true, false) => return Err(ModelError::WeightsLength),
            _ => match Parts::read(table, words) {
                Ok(parts) => parts,
                Err(error) => return Err(error),
            },
        };
        let mut model = Self {
            header,
            sections,
            parts,
            first: Weights {
                width: input_width,
                layer: first_layer(&header, &sections),
                bias: sections.bias,
                input_bits: match header.extension.tokens {
                    Some(_) => None,
                    None => Some(header.input_bits),
                },
            },
            readout_width,
            second: match &header.extension.second {
                Some(second) => Some(SecondLayer::new(second, &sections)),
                None => None,
            },
            hidden_readout: None,
            bounds: Bounds::NONE,
            plan: None,
            channels: Channels::new(&header, sections.channels),
        };
        let read = model.top().hidden_size;
        if let Some(hidden) = &header.addition.hidden_readout {
            model.hidden_readout = Some(HiddenReadout::new(hidden, &sections, read));
        }
        pass!(model.prove_no_overflow());
        let columns = match model.tokens() {
            Some(_) => 1,
            None => model.input_size(),
        };
        model.plan = FastPath::new(&model.first.layer, &sections, columns);
        Ok(model)
    }

    /// Bounds every accumulator.
    const fn prove_no_overflow(&mut self) -> Result<(), ModelError> {
        let layer_input = self.largest_layer_input();
        let driven = shifted(layer_input, self.first.layer.layer_input_shift);
        let layer = &self.first.layer;
        let second_step = match &self.second {
            Some(second) => second.bound(layer.hidden_size, layer.state_bits),
            None => 0,
        };
        let hidden = match self.hidden_readout() {
            Some(hidden) => hidden.bound(self.read_bits()),
            None => 0,
        };
        let step = layer.step_bound(driven);
        let logit = self.largest_logit();
        // The top bit of any of them.
        if layer_input | step | second_step | hidden | logit > i32::MAX as u32 {
            return Err(ModelError::Overflow);
        }
        let layer_input = layer_input as i32;
        self.first.layer.layer_input_bound = layer_input;
        self.first.layer.lanes_hold_layer_input = layer_input <= i16::MAX as i32;
        self.first.layer.fast_path =
            arch::first_layer_has_fast_path(&self.first.layer, self.first.width);
        if let Some(second) = &mut self.second {
            let layer = &mut second.layer;
            layer.fast_path = arch::RUNS_SECOND_LAYERS && arch::recurrence_has_fast_path(layer);
        }
        self.bounds = Bounds {
            layer_input,
            step: step as i32,
            second_step: second_step as i32,
            hidden: hidden as i32,
            logit: logit as i32,
        };
        Ok(())
    }

    /// Whether the file states the bounds that have been proven, if it states any.
    const fn check_stated_bounds(&self) -> Result<(), ModelError> {
        let stated = &self.header.addition;
        if !stated.is_none() && !stated.bounds.is(&self.bounds) {
            return Err(ModelError::Bounds);
        }
        Ok(())
    }

    /// The header as stored.
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// Name of the task that the model was trained for.
    pub const fn name(&self) -> &'a str {
        self.header.name
    }

    /// `n`, the number of hidden units of the first layer.
    pub const fn hidden_size(&self) -> usize {
        self.header.hidden_size as usize
    }

    /// Columns of U: the channels of a sample and their copies, or 1 where a sample is a token.
    pub const fn input_size(&self) -> usize {
        self.header.input_size as usize
    }

    /// Values of a sample: its channels, or 1 where a sample is a token.
    pub const fn sample_size(&self) -> usize {
        self.input_size()
            .saturating_sub(self.header.extension.copies as usize)
    }

    /// Whether samples are tokens, and which; else they are numbers.
    pub const fn tokens(&self) -> Option<Tokens> {
        self.header.extension.tokens
    }

    /// Logits; one for a binary task.
    pub const fn output_size(&self) -> usize {
        self.header.output_size as usize
    }

    /// Classes that [`Session::class`](crate::Session::class) tells apart.
    pub const fn class_count(&self) -> usize {
        self.header.class_count()
    }

    /// `2^q`, the side of the first layer's diagonal blocks.
    pub const fn block_size(&self) -> usize {
        self.first.layer.block_size()
    }

    /// How logits come from the states.
    pub const fn readout(&self) -> Readout {
        self.header.readout
    }

    /// How the sums of a pooled readout forget, if they do.
    pub const fn fading(&self) -> Option<Fading> {
        self.header.addition.fading
    }

    /// The weight sections.
    pub const fn sections(&self) -> &Sections<'a> {
        &self.sections
    }

    /// What the file has beside the network.
    pub const fn parts(&self) -> &Parts<'a> {
        &self.parts
    }

    /// The first layer.
    pub const fn layer(&self) -> &Layer<'a> {
        &self.first.layer
    }

    /// The second layer, if there is one.
    pub const fn second(&self) -> Option<&SecondLayer<'a>> {
        self.second.as_ref()
    }

    /// The layer that the outputs are read from.
    pub const fn top(&self) -> &Layer<'a> {
        match &self.second {
            Some(second) => &second.layer,
            None => &self.first.layer,
        }
    }

    /// The layer between what is read and the logits, if there is one.
    pub const fn hidden_readout(&self) -> Option<&HiddenReadout<'a>> {
        self.hidden_readout.as_ref()
    }

    /// Units that V reads: of the hidden readout layer if there is one, else of the top layer.
    pub const fn read_size(&self) -> usize {
        match &self.hidden_readout {
            Some(hidden) => hidden.units,
            None => self.top().hidden_size,
        }
    }

    /// Width of what is read of the top layer: its state, or the pooled mean.
    const fn read_bits(&self) -> u32 {
        match self.readout() {
            Readout::Pooled { .. } => limits::POOLED_BITS as u32,
            _ => self.top().state_bits,
        }
    }

    /// Width of what V reads.
    const fn feature_bits(&self) -> u32 {
        match self.hidden_readout() {
            Some(hidden) => hidden.bits,
            None => self.read_bits(),
        }
    }

    /// Rows of U that are stored: those that an input drives.
    pub const fn driven_rows(&self) -> usize {
        match self.header.addition.driven_rows {
            0 => self.hidden_size(),
            rows => rows as usize,
        }
    }

    /// Whether the assembly of [`FwhtPacked`](crate::kernel::FwhtPacked) runs this model. If not, portable code does, where
    /// the feature `fallback` is on; the answers are the same.
    ///
    /// The shape: 4-bit `U`, or a table of tokens; blocks of 32 or more; 10 to 12 state bits, and no more than 19 with
    /// `log2(block)`; a gain shift of 15, which the exporter takes unless 32 bits are too few; layer inputs that leave room for the
    /// rounding constant in a 16-bit lane; sums below 2^30, so that a row, shifted, fits such a lane.
    ///
    /// A second layer is run by portable code, but for Cortex-M4 and its like: there by assembly if its shape allows.
    pub const fn has_fast_path(&self) -> bool {
        self.first.layer.fast_path && self.second.is_none()
    }

    /// The proven bounds of every accumulator.
    pub const fn bounds(&self) -> Bounds {
        self.bounds
    }
}

const fn first_layer<'a>(header: &Header<'_>, sections: &Sections<'a>) -> Layer<'a> {
    let log2_hidden = header.hidden_size.trailing_zeros();
    let log2_blocks = log2_hidden.wrapping_sub(header.log2_block as u32);
    Layer {
        hidden_size: header.hidden_size as usize,
        log2_block: header.log2_block as u32,
        state_bits: header.state_bits as u32,
        driven_rows: match header.addition.driven_rows {
            0 => 1usize.wrapping_shl(header.log2_block as u32),
            rows => rows as usize >> (log2_blocks & 15),
        },
        layer_input_shift: header.layer_input_shift as u32,
        gain_shift: header.gain_shift as u32,
        gain: Gain::new(header.log2_block, header.gain_shift, header.extension.leak),
        signs: sections.signs,
        layer_input_bound: 0,
        lanes_hold_layer_input: false,
        fast_path: false,
    }
}
