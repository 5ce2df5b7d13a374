//! Standardisation: from raw sensor counts to the inputs of a model.

use heapless::VecView;

use crate::arch::{self, Channels};
use crate::codegen::keep_rolled;
use crate::format::Header;

/// Standardisation of one input channel; see [`crate::standardise`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Raw count that maps to zero.
    pub offset: i16,
    /// Factor before the shift, `0..=32767`.
    pub multiplier: u16,
}

impl Channel {
    /// Reads the constants of an input from its word in the file.
    pub(crate) const fn of_word(word: u32) -> Self {
        Self {
            offset: word as i16,
            multiplier: (word >> 16) as u16 & 0x7FFF,
        }
    }
}

/// Maps a raw sensor count to the model's input units.
///
/// `clamp(((raw - offset) * multiplier + half) >> shift)` with `half = 2^(shift-1)`, so it rounds to nearest, halves
/// up, and saturates at `-2^(bits-1)` and `2^(bits-1) - 1`. With `multiplier <= 32767` and `shift` in `1..=17` no
/// intermediate leaves 32 bits: `65535 * 32767 + 2^16 < 2^31`.
pub const fn standardise(raw: i16, channel: Channel, shift: u32, bits: u32) -> i16 {
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    let limit = 1i32.wrapping_shl(bits.wrapping_sub(1));
    saturate(scale(raw, channel, half, shift), limit) as i16
}

#[inline(always)]
const fn scale(raw: i16, channel: Channel, half: i32, shift: u32) -> i32 {
    (raw as i32 - channel.offset as i32)
        .wrapping_mul(channel.multiplier as i32)
        .wrapping_add(half)
        .wrapping_shr(shift)
}

#[inline(always)]
const fn saturate(scaled: i32, limit: i32) -> i32 {
    if scaled < limit.wrapping_neg() {
        limit.wrapping_neg()
    } else if scaled > limit.wrapping_sub(1) {
        limit.wrapping_sub(1)
    } else {
        scaled
    }
}

/// Fills `inputs` with those of a sample: each channel standardised, and again with other constants where it has a copy.
/// Returns their sum. There must be room for all. `words` are the channels of a model, `own` what the target's own code
/// takes of them.
#[inline(always)]
pub(crate) fn standardise_all(
    own: Option<&Channels<'_>>,
    words: &[u32],
    header: &Header<'_>,
    sample: &[i16],
    inputs: &mut VecView<i32>,
) -> i32 {
    match own.and_then(|channels| arch::standardise(channels, sample, inputs)) {
        Some(sum) => sum,
        None => standardise_each(words, sample, inputs, header),
    }
}

#[inline(never)]
fn standardise_each(
    channels: &[u32],
    sample: &[i16],
    inputs: &mut VecView<i32>,
    header: &Header<'_>,
) -> i32 {
    let shift = u32::from(header.input_shift);
    let half = 1i32.wrapping_shl(shift.wrapping_sub(1));
    let limit = 1i32.wrapping_shl(u32::from(header.input_bits).wrapping_sub(1));
    let mut counts = sample.iter();
    let (mut raw, mut sum) = (0, 0i32);
    for word in channels {
        keep_rolled();
        // The top bit marks an input that reads the count of the one before.
        if word >> 31 == 0 {
            raw = counts.next().copied().unwrap_or(0);
        }
        let input = saturate(scale(raw, Channel::of_word(*word), half, shift), limit);
        sum = sum.wrapping_add(input);
        if inputs.push(input).is_err() {
            break;
        }
    }
    sum
}
