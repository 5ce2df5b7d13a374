//! Ranges of the header's fields.

use crate::fields::FieldWidth;
use crate::format::{self, Header, HiddenReadout, Mixing, ModelError, Readout, Second};

/// Checks every range that `docs/FORMAT.md` states.
pub(super) fn header(header: &Header<'_>) -> Result<(), ModelError> {
    sizes(header.hidden_size, header.log2_block)?;
    if !(1..=format::MAX_OUTPUTS).contains(&usize::from(header.output_size)) {
        return Err(ModelError::OutputSize);
    }
    state_and_gain(
        header.state_bits,
        header.gain_shift,
        header.log2_block,
        header.extension.leak,
    )?;
    inputs(header)?;
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
    driven_rows(header)?;
    if let Some(layer) = &header.extension.second {
        second(header, layer)?;
    }
    match &header.addition.hidden_readout {
        Some(layer) => hidden_readout(layer),
        None => Ok(()),
    }
}

/// Rows of U come in whole words, so a block that is driven in part has words of its own.
fn driven_rows(header: &Header<'_>) -> Result<(), ModelError> {
    let rows = header.addition.driven_rows;
    if rows == 0 {
        return Ok(());
    }
    let width = FieldWidth::from_bits(header.input_weight_bits).ok_or(ModelError::WeightBits)?;
    // Rows of a block in whole words, times the number of blocks: both powers of two.
    let whole = width
        .per_word()
        .wrapping_mul(usize::from(header.hidden_size) >> header.log2_block);
    let fits = rows < header.hidden_size && usize::from(rows) & whole.wrapping_sub(1) == 0;
    fits.then_some(()).ok_or(ModelError::DrivenRows)
}

fn hidden_readout(layer: &HiddenReadout) -> Result<(), ModelError> {
    let units = usize::from(layer.hidden_size);
    let fits = units.is_multiple_of(16)
        && (16..=format::MAX_HIDDEN).contains(&units)
        && (1..=0x7FFF).contains(&layer.multiplier)
        && layer.shift <= 30
        && (8..=16).contains(&layer.bits);
    fits.then_some(()).ok_or(ModelError::HiddenReadout)
}

fn inputs(header: &Header<'_>) -> Result<(), ModelError> {
    if let Some(tokens) = header.extension.tokens {
        let vocabulary = 1..=format::MAX_VOCABULARY as u32;
        if !vocabulary.contains(&tokens.vocabulary) || !(1..=0x7FFF).contains(&tokens.multiplier) {
            return Err(ModelError::Tokens);
        }
        let copies = header.extension.copies;
        return match (header.input_size, header.input_bits, header.input_shift) {
            (1, 0, 0) if copies == 0 => Ok(()),
            _ => Err(ModelError::Tokens),
        };
    }
    if !(1..=format::MAX_INPUTS).contains(&usize::from(header.input_size))
        || header.extension.copies >= header.input_size
    {
        return Err(ModelError::InputSize);
    }
    if !(4..=16).contains(&header.input_bits) {
        return Err(ModelError::InputBits);
    }
    if !(1..=17).contains(&header.input_shift) {
        return Err(ModelError::Shift);
    }
    Ok(())
}

fn second(header: &Header<'_>, second: &Second) -> Result<(), ModelError> {
    sizes(second.hidden_size, second.log2_block)?;
    state_and_gain(
        second.state_bits,
        second.gain_shift,
        second.log2_block,
        second.leak,
    )?;
    let sizes_fit = second.mixing == Mixing::Dense || second.hidden_size == header.hidden_size;
    if !sizes_fit || !(1..=0x7FFF).contains(&second.multiplier) {
        return Err(ModelError::SecondLayer);
    }
    Ok(())
}

fn sizes(hidden_size: u16, log2_block: u8) -> Result<(), ModelError> {
    let n = usize::from(hidden_size);
    if !n.is_power_of_two() || !(format::MIN_HIDDEN..=format::MAX_HIDDEN).contains(&n) {
        return Err(ModelError::HiddenSize);
    }
    if log2_block == 0 || u32::from(log2_block) > n.trailing_zeros() {
        return Err(ModelError::BlockSize);
    }
    Ok(())
}

fn state_and_gain(bits: u8, gain_shift: u8, log2_block: u8, leak: u8) -> Result<(), ModelError> {
    if !(8..=16).contains(&bits) {
        return Err(ModelError::StateBits);
    }
    if !(4..=15).contains(&gain_shift) || log2_block / 2 > gain_shift {
        return Err(ModelError::Shift);
    }
    if leak > 15 {
        return Err(ModelError::Leak);
    }
    Ok(())
}
