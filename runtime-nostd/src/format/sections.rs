//! The weights: which sections there are, and how long each is.

use super::{BinaryMatrixKind, Header};
use crate::fields::FieldWidth;

/// The weight sections, as little-endian 32-bit words, in the order of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sections<'a> {
    /// One word an input: offset as i16 in the low half, multiplier `0..=32767` in the high half, whose top bit is set where
    /// the input reads the same raw count as the one before. None for tokens.
    pub channels: &'a [u32],
    /// U in groups of `R` rows; in a group one word for each column, holding its `R` codes ([`crate::fields`]). Of each
    /// diagonal block only the rows that are driven.
    ///
    /// For tokens the table, token by token, each like a U of one column.
    pub input: &'a [u32],
    /// Two biases a word, each stored as `b + 32768` in 16 bits, the even row in the low half.
    pub bias: &'a [u32],
    /// Row signs of the recurrent matrix: bit `i % 32` of word `i / 32`; set means -1.
    pub signs: &'a [u32],
    /// The matrix between the layers, set bits for -1. Dense: for each group of four columns the rows' nibbles, eight a
    /// word, the first column in the lowest bit. Hadamard: the signs `a`, then `c`, each like [`signs`](Self::signs).
    pub mixing: &'a [u32],
    /// Biases of the second layer, one i32 a row; empty if it has none.
    pub second_bias: &'a [u32],
    /// Signs of the second layer, stored like [`signs`](Self::signs).
    pub second_signs: &'a [u32],
    /// The matrix of the hidden readout layer, as a dense [`mixing`](Self::mixing).
    pub hidden_matrix: &'a [u32],
    /// Biases of the hidden readout layer, one i32 a unit; empty if it has none.
    pub hidden_bias: &'a [u32],
    /// V row by row, `n / R` words each.
    pub readout: &'a [u32],
    /// Biases of the outputs, one i32 an output, in logit units.
    pub readout_bias: &'a [u32],
}

/// Names of the sections, in order, for people.
pub const SECTION_NAMES: [&str; 11] = [
    "channels",
    "input weights U",
    "biases",
    "signs",
    "matrix between the layers",
    "second biases",
    "second signs",
    "matrix of the hidden readout layer",
    "biases of the hidden readout layer",
    "output weights V",
    "output biases",
];

/// Lengths in words of the sections, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionLengths(pub [usize; 11]);

impl SectionLengths {
    /// The lengths that `header` calls for, or `None` where a field width is unknown.
    pub const fn of(header: &Header<'_>) -> Option<Self> {
        let n = header.hidden_size as usize;
        let outputs = header.output_size as usize;
        let Some(input_width) = FieldWidth::from_bits(header.input_weight_bits) else {
            return None;
        };
        let Some(readout_width) = FieldWidth::from_bits(header.readout_weight_bits) else {
            return None;
        };
        let (channels, columns) = match header.extension.tokens {
            Some(tokens) => (0, tokens.vocabulary as usize),
            None => (header.input_size as usize, header.input_size as usize),
        };
        let (mixing, second, second_bias) = match header.extension.second {
            Some(second) => {
                let rows = second.hidden_size as usize;
                let words = match second.mixing {
                    BinaryMatrixKind::Dense => n / 4 * (rows / 8),
                    BinaryMatrixKind::Hadamard => 2 * rows.div_ceil(32),
                };
                (words, rows, if second.bias { rows } else { 0 })
            }
            None => (0, 0, 0),
        };
        let top = if second == 0 { n } else { second };
        let rows = match header.addition.driven_rows {
            0 => n,
            rows => rows as usize,
        };
        let (hidden_matrix, hidden_bias, read) = match header.addition.hidden_readout {
            Some(hidden) => {
                let units = hidden.hidden_size as usize;
                let bias = if hidden.bias { units } else { 0 };
                (top / 4 * (units / 8), bias, units)
            }
            None => (0, 0, top),
        };
        Some(Self([
            channels,
            // A 32-bit core could not address more either.
            rows.div_ceil(input_width.per_word())
                .saturating_mul(columns),
            n.div_ceil(2),
            n.div_ceil(32),
            mixing,
            second_bias,
            second.div_ceil(32),
            hidden_matrix,
            hidden_bias,
            read.div_ceil(readout_width.per_word()) * outputs,
            outputs,
        ]))
    }

    /// Words of all sections together.
    pub const fn total(&self) -> usize {
        let (mut rest, mut sum) = (self.0.as_slice(), 0usize);
        while let Some((length, others)) = rest.split_first() {
            (rest, sum) = (others, sum.saturating_add(*length));
        }
        sum
    }
}

impl<'a> Sections<'a> {
    /// All sections, in order: what a writer takes, when they are put together.
    #[must_use]
    pub const fn all(&self) -> [&'a [u32]; 11] {
        [
            self.channels,
            self.input,
            self.bias,
            self.signs,
            self.mixing,
            self.second_bias,
            self.second_signs,
            self.hidden_matrix,
            self.hidden_bias,
            self.readout,
            self.readout_bias,
        ]
    }

    /// No words.
    #[cfg(feature = "encode")]
    pub(crate) const EMPTY: Self = Self {
        channels: &[],
        input: &[],
        bias: &[],
        signs: &[],
        mixing: &[],
        second_bias: &[],
        second_signs: &[],
        hidden_matrix: &[],
        hidden_bias: &[],
        readout: &[],
        readout_bias: &[],
    };

    /// Cuts sections off the weight words, and gives what is left, too; `None` where there are too few or not as many inputs as the
    /// header says are copies of the one before.
    pub(crate) const fn split(header: &Header<'_>, words: &'a [u32]) -> Option<(Self, &'a [u32])> {
        let Some(SectionLengths(lengths)) = SectionLengths::of(header) else {
            return None;
        };
        let mut sections = [&[] as &[u32]; 11];
        let (mut rest, mut at) = (words, 0);
        while at < sections.len() {
            let Some((section, others)) = rest.split_at_checked(lengths[at]) else {
                return None;
            };
            (sections[at], rest) = (section, others);
            at += 1;
        }
        let [
            channels,
            input,
            bias,
            signs,
            mixing,
            second_bias,
            second_signs,
            hidden_matrix,
            hidden_bias,
            readout,
            readout_bias,
        ] = sections;
        let starts = match channels.first() {
            Some(channel) => !is_copy(*channel),
            None => true,
        };
        let copies = channels.len().wrapping_sub(counts(channels));
        if !starts || copies != header.extension.copies as usize {
            return None;
        }
        let sections = Self {
            channels,
            input,
            bias,
            signs,
            mixing,
            second_bias,
            second_signs,
            hidden_matrix,
            hidden_bias,
            readout,
            readout_bias,
        };
        Some((sections, rest))
    }
}

/// Whether an input reads the same raw count as the one before. Not inlined, so that loops stay loops, see
/// [`larger`](crate::bounds::larger).
#[inline(never)]
pub(crate) const fn is_copy(channel: u32) -> bool {
    channel >> 31 == 1
}

/// Number of inputs that are not copies: values of a sample.
#[inline(never)]
pub(crate) const fn counts(mut channels: &[u32]) -> usize {
    let mut counts = 0usize;
    while let Some((channel, others)) = channels.split_first() {
        counts = counts.wrapping_add(!is_copy(*channel) as usize);
        channels = others;
    }
    counts
}
