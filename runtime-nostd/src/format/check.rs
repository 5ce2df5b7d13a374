//! Ranges of the header's fields.

use super::{BinaryMatrixKind, Header, ModelError, Readout, Second};
use crate::fields::FieldWidth;
use crate::limits;

/// Ends the function that it is in with the error, if there is one.
macro_rules! pass {
    ($result:expr) => {
        if let Err(error) = $result {
            return Err(error);
        }
    };
}
pub(crate) use pass;

/// Checks every range that `docs/FORMAT.md` states.
#[inline(always)]
pub(crate) const fn header(header: &Header<'_>) -> Result<(), ModelError> {
    pass!(sizes(header.hidden_size, header.log2_block));
    if !limits::OUTPUTS.holds(header.output_size as usize) {
        return Err(ModelError::OutputSize);
    }
    pass!(state_and_gain(
        header.state_bits,
        header.gain_shift,
        header.log2_block,
        header.extension.leak,
    ));
    pass!(inputs(header));
    if !limits::LAYER_INPUT_SHIFT.holds(header.layer_input_shift as usize) {
        return Err(ModelError::Shift);
    }
    pass!(pool(header));
    if !(header.logit_scale.is_finite() && header.logit_scale > 0.0) {
        return Err(ModelError::LogitScale);
    }
    pass!(driven_rows(header));
    if let Some(layer) = &header.extension.second {
        pass!(second(header, layer));
    }
    header.addition.check()
}

/// The shifts of a pooled readout, and that sums of a fading one stay below `2^31` for ever.
///
/// A sum that loses `2^-f` of itself every `2^i` steps, rounded down, and gains at most `2^(w-1) - 1` a step is at most
/// `2^f (2^i (2^(w-1) - 1) + 1) - 1`, which it keeps once it is there.
#[inline(always)]
const fn pool(header: &Header<'_>) -> Result<(), ModelError> {
    let Readout::Pooled { shift, steps } = header.readout else {
        return match header.addition.fading {
            Some(_) => Err(ModelError::Pool),
            None => Ok(()),
        };
    };
    if !limits::POOL_SHIFT.holds(shift as usize) || steps == 0 {
        return Err(ModelError::Pool);
    }
    let Some(fading) = header.addition.fading else {
        return Ok(());
    };
    let state_bits = match &header.extension.second {
        Some(second) => second.state_bits,
        None => header.state_bits,
    };
    let bits = fading.shift as usize + fading.log2_interval as usize + state_bits as usize;
    if limits::FADE_SHIFT.holds(fading.shift as usize)
        && limits::LOG2_FADE_INTERVAL.holds(fading.log2_interval as usize)
        && bits <= limits::FADING_POOL_BITS
    {
        Ok(())
    } else {
        Err(ModelError::Pool)
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
const fn inputs(header: &Header<'_>) -> Result<(), ModelError> {
    let copies = header.extension.copies;
    if let Some(tokens) = header.extension.tokens {
        let fits = limits::VOCABULARY.holds(tokens.vocabulary as usize)
            && limits::MULTIPLIER.holds(tokens.multiplier as usize)
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
    if !limits::INPUTS.holds(header.input_size as usize) || copies >= header.input_size {
        return Err(ModelError::InputSize);
    }
    if !limits::INPUT_BITS.holds(header.input_bits as usize) {
        return Err(ModelError::InputBits);
    }
    if !limits::INPUT_SHIFT.holds(header.input_shift as usize) {
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
    let sizes_fit = matches!(second.mixing, BinaryMatrixKind::Dense)
        || second.hidden_size == header.hidden_size;
    if !sizes_fit || !limits::MULTIPLIER.holds(second.multiplier as usize) {
        return Err(ModelError::SecondLayer);
    }
    Ok(())
}

const fn sizes(hidden_size: u16, log2_block: u8) -> Result<(), ModelError> {
    let n = hidden_size as usize;
    if !n.is_power_of_two() || !limits::HIDDEN_SIZE.holds(n) {
        return Err(ModelError::HiddenSize);
    }
    let log2_block = log2_block as usize;
    if log2_block < limits::MIN_LOG2_BLOCK || log2_block > n.trailing_zeros() as usize {
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
    if !limits::STATE_BITS.holds(bits as usize) {
        return Err(ModelError::StateBits);
    }
    if !limits::GAIN_SHIFT.holds(gain_shift as usize) || log2_block / 2 > gain_shift {
        return Err(ModelError::Shift);
    }
    if leak as usize > limits::LEAK.max {
        return Err(ModelError::Leak);
    }
    Ok(())
}
