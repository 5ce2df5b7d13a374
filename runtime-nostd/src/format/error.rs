//! Why a file is not a model.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::VERSION;

/// Why a byte string is not a model that this version can run.
///
/// Boards report it by its number in this order: new variants come last.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ModelError {
    /// The first byte does not lie on a four-byte boundary: use [`include_model!`](crate::include_model).
    Misaligned,
    /// The bytes do not start with `HDRN`.
    BadMagic,
    /// A format version this runtime does not know; the version found is given.
    UnsupportedVersion(u16),
    /// Fewer bytes than the file says it has.
    Truncated,
    /// More bytes than the file says it has.
    TrailingBytes,
    /// The CRC-32 over the file does not match: the model is corrupted.
    Checksum,
    /// The checksum holds but the postcard body cannot be decoded.
    Malformed,
    /// The hidden size is not a power of two in `16..=1024`.
    HiddenSize,
    /// The block size is not `2^q` with `1 <= q <= log2(n)`.
    BlockSize,
    /// No inputs, or more than [`limits::INPUTS`](crate::limits::INPUTS).
    InputSize,
    /// No outputs, or more than [`limits::OUTPUTS`](crate::limits::OUTPUTS).
    OutputSize,
    /// A weight field width other than 2, 4 or 8 bits.
    WeightBits,
    /// A state width outside `8..=16` bits.
    StateBits,
    /// An input width outside `4..=16` bits.
    InputBits,
    /// A shift outside its documented range.
    Shift,
    /// The weight section does not have the length that the sizes call for.
    WeightsLength,
    /// Some input could overflow the 32-bit accumulator: the exporter must choose smaller widths or shifts.
    Overflow,
    /// The logit scale is not a positive finite number.
    LogitScale,
    /// A leak beyond 15.
    Leak,
    /// A token model whose vocabulary is not in `1..=65536`, whose multiplier is not in `1..=32767`, or that has inputs.
    Tokens,
    /// A pooled readout whose shift is beyond 16, that is for no steps, or that fades by numbers out of range; or another readout that
    /// fades.
    Pool,
    /// InputTile rows that are not an equal part of every diagonal block, in whole words of U, or that are all rows.
    DrivenRows,
    /// A hidden readout layer with a size, multiplier, shift or width out of range.
    HiddenReadout,
    /// The bounds in the file are not those that its weights give.
    Bounds,
    /// A second layer whose multiplier is not in `1..=32767`, or that is mixed by a Hadamard matrix of another size.
    SecondLayer,
    /// Parts beside the network whose numbers do not rise, or whose lengths do not add up.
    Parts,
    /// A metric with numbers out of range, or of a length that they do not call for.
    Metric,
    /// A critical part that this runtime does not know, of this number: the model needs a newer one.
    UnknownPart(u16),
    /// Taught classes with numbers out of range, of another length than they call for, or without a metric.
    Taught,
}

impl ModelError {
    /// A text for people that says what is wrong.
    pub const fn text(&self) -> &'static str {
        match self {
            Self::Misaligned => "model bytes are not aligned to four bytes",
            Self::BadMagic => "not a hadamrnn model: it does not start with HDRN",
            Self::UnsupportedVersion(_) => "model format version is not supported",
            Self::Truncated => "model is truncated: fewer bytes than its header says",
            Self::TrailingBytes => "model has more bytes than its header says",
            Self::Checksum => "model is corrupted: CRC-32 mismatch",
            Self::Malformed => "model body cannot be decoded",
            Self::HiddenSize => "hidden size is not a power of two in 16..=1024",
            Self::BlockSize => "block size is not a power of two in 2..=hidden size",
            Self::InputSize => "number of inputs is out of range",
            Self::OutputSize => "number of outputs is out of range",
            Self::WeightBits => "weight fields are not 2, 4 or 8 bits wide",
            Self::StateBits => "state width is outside 8..=16 bits",
            Self::InputBits => "input width is outside 4..=16 bits",
            Self::Shift => "a shift is outside its range",
            Self::WeightsLength => "weight section does not fit the sizes in the header",
            Self::Overflow => "the weights could overflow a 32-bit accumulator",
            Self::LogitScale => "logit scale is not a positive finite number",
            Self::Leak => "leak is beyond 15",
            Self::Tokens => "token table has sizes or a multiplier out of range",
            Self::Pool => "pooled readout has a shift beyond 16, no steps, or fades out of range",
            Self::DrivenRows => {
                "driven rows are not an equal part of every block in whole words of U"
            }
            Self::HiddenReadout => "hidden readout layer has a size or number out of range",
            Self::Bounds => "the bounds in the file are not those of its weights",
            Self::SecondLayer => {
                "second layer has a multiplier out of range or does not fit its matrix"
            }
            Self::Parts => "parts beside the network are out of order or of wrong length",
            Self::Metric => "metric has numbers out of range or is of wrong length",
            Self::Taught => {
                "taught classes have numbers out of range, are of wrong length or without a metric"
            }
            Self::UnknownPart(_) => "model has a critical part that this runtime does not know",
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedVersion(version) => write!(
                f,
                "model format version {version} is not supported (this runtime reads 1 to {VERSION})"
            ),
            Self::UnknownPart(id) => write!(
                f,
                "model has a critical part of number {id}, which this runtime does not know: it needs a newer one"
            ),
            _ => f.write_str(self.text()),
        }
    }
}

impl core::error::Error for ModelError {}
