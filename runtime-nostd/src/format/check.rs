//! Ranges of the header's fields.

use super::{
    Header, HiddenReadout, MAX_HIDDEN, MAX_INPUTS, MAX_OUTPUTS, MAX_VOCABULARY, MIN_HIDDEN, Mixing,
    ModelError, Readout, Second,
};
use crate::fields::FieldWidth;

/// Ends the function that it is in with the error, if there is one.
macro_rules! pass {
    ($result:expr) => {
        if let Err(error) = $result {
            return Err(error);
        }
    };
}

/// Checks every range that `docs/FORMAT.md` states.
#[inline(always)]
pub(crate) const fn header(header: &Header<'_>) -> Result<(), ModelError> {
    pass!(sizes(header.hidden_size, header.log2_block));
    if header.output_size == 0 || header.output_size as usize > MAX_OUTPUTS {
        return Err(ModelError::OutputSize);
    }
    pass!(state_and_gain(
        header.state_bits,
        header.gain_shift,
        header.log2_block,
        header.extension.leak,
    ));
    pass!(inputs(header));
    if header.drive_shift > 20 {
        return Err(ModelError::Shift);
    }
    if let Readout::Pooled { shift, steps } = header.readout
        && (shift > 16 || steps == 0)
    {
        return Err(ModelError::Pool);
    }
    if !(header.logit_scale.is_finite() && header.logit_scale > 0.0) {
        return Err(ModelError::LogitScale);
    }
    pass!(driven_rows(header));
    if let Some(layer) = &header.extension.second {
        pass!(second(header, layer));
    }
    match &header.addition.hidden_readout {
        Some(layer) => hidden_readout(layer),
        None => Ok(()),
    }
}

/// Rows of U come in whole words, so a block that is driven in part has words of its own.
#[inline(always)]
const fn driven_rows(header: &Header<'_>) -> Result<(), ModelError> {
    let rows = header.addition.driven_rows;
    if rows == 0 {
        return Ok(());
    }
    let Some(width) = FieldWidth::from_bits(header.input_weight_bits) else {
        return Err(ModelError::WeightBits);
    };
    // Rows of a block in whole words, times the number of blocks: both powers of two.
    let blocks = (header.hidden_size as usize).wrapping_shr(header.log2_block as u32);
    let whole = width.per_word().wrapping_mul(blocks);
    if rows < header.hidden_size && rows as usize & whole.wrapping_sub(1) == 0 {
        Ok(())
    } else {
        Err(ModelError::DrivenRows)
    }
}

#[inline(always)]
const fn hidden_readout(layer: &HiddenReadout) -> Result<(), ModelError> {
    let units = layer.hidden_size as usize;
    if units.is_multiple_of(16)
        && matches!(units, 16..=MAX_HIDDEN)
        && matches!(layer.multiplier, 1..=0x7FFF)
        && layer.shift <= 30
        && matches!(layer.bits, 8..=16)
    {
        Ok(())
    } else {
        Err(ModelError::HiddenReadout)
    }
}

#[inline(always)]
const fn inputs(header: &Header<'_>) -> Result<(), ModelError> {
    let copies = header.extension.copies;
    if let Some(tokens) = header.extension.tokens {
        let fits = matches!(tokens.vocabulary as usize, 1..=MAX_VOCABULARY)
            && matches!(tokens.multiplier, 1..=0x7FFF)
            && header.input_size == 1
            && header.input_bits == 0
            && header.input_shift == 0
            && copies == 0;
        return if fits {
            Ok(())
        } else {
            Err(ModelError::Tokens)
        };
    }
    if !matches!(header.input_size as usize, 1..=MAX_INPUTS) || copies >= header.input_size {
        return Err(ModelError::InputSize);
    }
    if !matches!(header.input_bits, 4..=16) {
        return Err(ModelError::InputBits);
    }
    if !matches!(header.input_shift, 1..=17) {
        return Err(ModelError::Shift);
    }
    Ok(())
}

const fn second(header: &Header<'_>, second: &Second) -> Result<(), ModelError> {
    pass!(sizes(second.hidden_size, second.log2_block));
    pass!(state_and_gain(
        second.state_bits,
        second.gain_shift,
        second.log2_block,
        second.leak,
    ));
    let sizes_fit =
        matches!(second.mixing, Mixing::Dense) || second.hidden_size == header.hidden_size;
    if !sizes_fit || !matches!(second.multiplier, 1..=0x7FFF) {
        return Err(ModelError::SecondLayer);
    }
    Ok(())
}

const fn sizes(hidden_size: u16, log2_block: u8) -> Result<(), ModelError> {
    let n = hidden_size as usize;
    if !n.is_power_of_two() || !matches!(n, MIN_HIDDEN..=MAX_HIDDEN) {
        return Err(ModelError::HiddenSize);
    }
    if log2_block == 0 || log2_block as u32 > n.trailing_zeros() {
        return Err(ModelError::BlockSize);
    }
    Ok(())
}

const fn state_and_gain(
    bits: u8,
    gain_shift: u8,
    log2_block: u8,
    leak: u8,
) -> Result<(), ModelError> {
    if !matches!(bits, 8..=16) {
        return Err(ModelError::StateBits);
    }
    if !matches!(gain_shift, 4..=15) || log2_block / 2 > gain_shift {
        return Err(ModelError::Shift);
    }
    if leak > 15 {
        return Err(ModelError::Leak);
    }
    Ok(())
}
