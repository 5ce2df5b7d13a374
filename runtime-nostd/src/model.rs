//! A validated view of a model's bytes.

use crate::error::ModelError;
use crate::fields::FieldWidth;
use crate::format::{self, Header, Readout, SectionLengths, Sections};
use crate::gain::Gain;
use crate::kernel::keep_rolled;

/// Standardisation of one input channel; see [`crate::standardise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Raw count that maps to zero.
    pub offset: i16,
    /// Factor before the shift, `0..=32767`.
    pub multiplier: u16,
}

/// A model, read in place: weights stay where the bytes are.
///
/// Only [`from_bytes`](Self::from_bytes) makes one, so a `Model` is proof that no input can overflow its arithmetic.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    header: Header<'a>,
    pub(crate) sections: Sections<'a>,
    pub(crate) input_width: FieldWidth,
    pub(crate) readout_width: FieldWidth,
    pub(crate) gain: Gain,
    pub(crate) state_bits: u32,
    pub(crate) drive_shift: u32,
    pub(crate) gain_shift: u32,
    /// Whether every row of `U x + b` fits 16 bits whatever the input.
    pub(crate) lanes_hold_drive: bool,
    drive_bound: i32,
}

impl<'a> Model<'a> {
    /// Reads and validates a model.
    ///
    /// `bytes` must be exactly one file and start on a four-byte boundary ([`crate::include_model!`]). The work is
    /// proportional to the number of weights: it includes the proof that no input overflows.
    ///
    /// # Errors
    /// A distinct [`ModelError`] for every way in which the bytes can be wrong.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ModelError> {
        if !bytes.as_ptr().cast::<u32>().is_aligned() {
            return Err(ModelError::Misaligned);
        }
        let body = format::decode(bytes)?;
        let header = body.header;
        check_header(&header)?;
        let words = bytemuck::try_cast_slice(body.weights).map_err(|_| ModelError::Malformed)?;
        let sections = split(&header, words).ok_or(ModelError::WeightsLength)?;
        let input_width = width(header.input_weight_bits)?;
        let readout_width = width(header.readout_weight_bits)?;
        let mut model = Self {
            header,
            sections,
            input_width,
            readout_width,
            gain: Gain::new(header.log2_block, header.gain_shift),
            state_bits: u32::from(header.state_bits),
            drive_shift: u32::from(header.drive_shift),
            gain_shift: u32::from(header.gain_shift),
            lanes_hold_drive: false,
            drive_bound: 0,
        };
        model.prove_no_overflow()?;
        Ok(model)
    }

    /// Bounds every accumulator over all inputs and states; see `docs/ARITHMETIC.md`.
    fn prove_no_overflow(&mut self) -> Result<(), ModelError> {
        let drive = self.largest_drive();
        let state = 1i64 << self.state_bits.saturating_sub(1);
        let transform = state << u32::from(self.header.log2_block);
        let half = 1i64 << self.gain_shift.saturating_sub(1);
        let recurrent = transform.saturating_mul(i64::from(self.gain.max()));
        let step = recurrent
            .saturating_add(drive.saturating_mul(1i64 << self.drive_shift))
            .saturating_add(half);
        let limit = i64::from(i32::MAX);
        if step > limit || self.largest_logit() > limit {
            return Err(ModelError::Overflow);
        }
        self.lanes_hold_drive = drive <= i64::from(i16::MAX);
        self.drive_bound = i32::try_from(drive).map_err(|_| ModelError::Overflow)?;
        Ok(())
    }

    /// Largest `|U x + b|` of any row over all saturated inputs.
    fn largest_drive(&self) -> i64 {
        let input = 1i64 << (u32::from(self.header.input_bits).saturating_sub(1));
        (0..self.hidden_size())
            .map(|row| {
                let weights: i64 = (0..self.input_size())
                    .inspect(|_| keep_rolled())
                    .map(|column| i64::from(self.input_weight(row, column)).abs())
                    .sum();
                weights
                    .saturating_mul(input)
                    .saturating_add(i64::from(self.bias(row)).abs())
            })
            .max()
            .unwrap_or(0)
    }

    /// Largest absolute logit over all states.
    fn largest_logit(&self) -> i64 {
        let state = 1i64 << self.state_bits.saturating_sub(1);
        (0..self.output_size())
            .map(|output| {
                let weights: i64 = (0..self.hidden_size())
                    .inspect(|_| keep_rolled())
                    .map(|unit| i64::from(self.readout_weight(output, unit)).abs())
                    .sum();
                weights
                    .saturating_mul(state)
                    .saturating_add(i64::from(self.readout_bias(output)).abs())
            })
            .max()
            .unwrap_or(0)
    }

    /// The header as stored.
    pub const fn header(&self) -> &Header<'a> {
        &self.header
    }

    /// What the model was trained for.
    pub const fn name(&self) -> &'a str {
        self.header.name
    }

    /// `n`, the number of hidden units.
    pub const fn hidden_size(&self) -> usize {
        self.header.hidden_size as usize
    }

    /// Channels of a sample.
    pub const fn input_size(&self) -> usize {
        self.header.input_size as usize
    }

    /// Logits; one for a binary task.
    pub const fn output_size(&self) -> usize {
        self.header.output_size as usize
    }

    /// Classes that [`Session::class`](crate::Session::class) tells apart.
    pub const fn class_count(&self) -> usize {
        if self.header.output_size == 1 {
            2
        } else {
            self.output_size()
        }
    }

    /// `2^q`, the side of the diagonal blocks.
    pub const fn block_size(&self) -> usize {
        1 << self.header.log2_block
    }

    /// How logits come from the states.
    pub const fn readout(&self) -> Readout {
        self.header.readout
    }

    /// The gain sequence of the recurrence.
    pub const fn gain(&self) -> Gain {
        self.gain
    }

    /// Bound on every `|(U x + b)_i|`, over all inputs.
    pub const fn drive_bound(&self) -> i32 {
        self.drive_bound
    }

    /// Standardisation of a channel; zero beyond the last one.
    pub fn channel(&self, index: usize) -> Channel {
        let word = word(self.sections.channels, index);
        Channel {
            offset: word as i16,
            multiplier: (word >> 16) as u16,
        }
    }

    /// Code of `U[row][column]`.
    pub fn input_weight(&self, row: usize, column: usize) -> i32 {
        let block = row / self.input_width.per_word();
        let index = block.wrapping_mul(self.input_size()).wrapping_add(column);
        self.input_width.get(word(self.sections.input, index), row)
    }

    /// Bias of a row in units of `U x`.
    pub fn bias(&self, row: usize) -> i32 {
        let stored = word(self.sections.bias, row / 2) >> (16 * (row as u32 % 2));
        (stored & 0xFFFF) as i32 - (1 << 15)
    }

    /// Row sign of the recurrent matrix, +1 or -1.
    pub fn sign(&self, row: usize) -> i32 {
        if word(self.sections.signs, row / 32) >> (row % 32) & 1 == 0 {
            1
        } else {
            -1
        }
    }

    /// Code of `V[output][unit]`.
    pub fn readout_weight(&self, output: usize, unit: usize) -> i32 {
        let width = self.readout_width;
        let row = output.wrapping_mul(self.hidden_size() / width.per_word());
        let index = row.wrapping_add(unit / width.per_word());
        width.get(word(self.sections.readout, index), unit)
    }

    /// Bias of an output in logit units.
    pub fn readout_bias(&self, output: usize) -> i32 {
        word(self.sections.readout_bias, output) as i32
    }
}

#[inline(always)]
fn word(section: &[u32], index: usize) -> u32 {
    section.get(index).copied().unwrap_or(0)
}

fn width(bits: u8) -> Result<FieldWidth, ModelError> {
    FieldWidth::from_bits(bits).ok_or(ModelError::WeightBits)
}

fn check_header(header: &Header<'_>) -> Result<(), ModelError> {
    let n = usize::from(header.hidden_size);
    if !n.is_power_of_two() || !(format::MIN_HIDDEN..=format::MAX_HIDDEN).contains(&n) {
        return Err(ModelError::HiddenSize);
    }
    if header.log2_block == 0 || u32::from(header.log2_block) > n.trailing_zeros() {
        return Err(ModelError::BlockSize);
    }
    if !(1..=format::MAX_INPUTS).contains(&usize::from(header.input_size)) {
        return Err(ModelError::InputSize);
    }
    if !(1..=format::MAX_OUTPUTS).contains(&usize::from(header.output_size)) {
        return Err(ModelError::OutputSize);
    }
    if !(8..=16).contains(&header.state_bits) {
        return Err(ModelError::StateBits);
    }
    if !(4..=16).contains(&header.input_bits) {
        return Err(ModelError::InputBits);
    }
    let shifts_fit = (1..=17).contains(&header.input_shift)
        && header.drive_shift <= 20
        && (4..=15).contains(&header.gain_shift)
        && header.log2_block / 2 <= header.gain_shift;
    if !shifts_fit {
        return Err(ModelError::Shift);
    }
    if !(header.logit_scale.is_finite() && header.logit_scale > 0.0) {
        return Err(ModelError::LogitScale);
    }
    Ok(())
}

/// Cuts the weight words into sections; `None` unless they fit exactly and every channel's multiplier is in range.
fn split<'a>(header: &Header<'_>, words: &'a [u32]) -> Option<Sections<'a>> {
    let [channels, input, bias, signs, readout, readout_bias] = SectionLengths::of(header)?.0;
    let (channels, words) = words.split_at_checked(channels)?;
    let (input, words) = words.split_at_checked(input)?;
    let (bias, words) = words.split_at_checked(bias)?;
    let (signs, words) = words.split_at_checked(signs)?;
    let (readout, words) = words.split_at_checked(readout)?;
    let (readout_bias, words) = words.split_at_checked(readout_bias)?;
    let in_range = channels.iter().all(|channel| channel >> 31 == 0);
    (words.is_empty() && in_range).then_some(Sections {
        channels,
        input,
        bias,
        signs,
        readout,
        readout_bias,
    })
}
