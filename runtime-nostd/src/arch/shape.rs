//! The shape of model that the assembly backends run, and what they need of it.

use crate::fields::FieldWidth;
use crate::kernel::keep_rolled;
use crate::step::Step;

/// The gain shift of the common shape.
pub(super) const GAIN_SHIFT: u32 = 15;

/// A step of a model of the common shape: 4-bit `U`, two or more inputs, blocks of eight or more, a gain shift of 15 (what
/// the exporter takes unless 32 bits are too few), and drives that leave room for the rounding constant in a 16-bit lane.
///
/// The rounding constant `2^(g-1)` is added to the drive as `2^(g-1-k)`, before its shift by `k`.
pub(super) struct CommonShape<'a> {
    /// `U`: `x.len()` words for each group of eight rows.
    pub u: &'a [u32],
    /// Biases of two rows a word, four words for each group.
    pub bias: &'a [u32],
    /// Signs: a byte for each group, in words.
    pub signs: &'a [u32],
    /// Two or more standardised inputs.
    pub x: &'a [i32],
    /// Groups of eight rows; at least one.
    pub groups: usize,
    /// What a sum of unsigned fields lacks, in one lane: `2^(g-1-k) - 8 sum(x)`. Stored biases have 32768 too much.
    pub offset: i32,
    /// `k`, below `GAIN_SHIFT`.
    pub drive_shift: u32,
}

impl<'a> CommonShape<'a> {
    /// `None` if the model has another shape, or its state does not have `words` words.
    #[inline(always)]
    pub fn of(words: usize, step: &Step<'a>) -> Option<Self> {
        let (model, x) = (step.model, step.x);
        let sections = &model.sections;
        let drive_shift = model.drive_shift;
        let rounding = 1i32.wrapping_shl(GAIN_SHIFT.wrapping_sub(1).wrapping_sub(drive_shift));
        let groups = words / 4;
        let common = model.input_width == FieldWidth::Four
            && model.gain_shift == GAIN_SHIFT
            && step.log2_block() >= 3
            && drive_shift < GAIN_SHIFT
            && model.drive_bound().saturating_add(rounding) <= i32::from(i16::MAX)
            && words.is_multiple_of(4)
            && groups > 0
            && x.len() >= 2
            && sections.input.len() == groups.wrapping_mul(x.len())
            && sections.bias.len() == words
            && sections.signs.len().wrapping_mul(4) >= groups;
        if !common {
            return None;
        }
        let sum = x.iter().fold(0i32, |sum, x| {
            keep_rolled();
            sum.wrapping_add(*x)
        });
        Some(Self {
            u: sections.input,
            bias: sections.bias,
            signs: sections.signs,
            x,
            groups,
            offset: rounding.wrapping_sub(sum.wrapping_mul(8)),
            drive_shift,
        })
    }
}

/// Butterfly stages with strides from `block / 4` words down to four: two stages at a time with `four`, which takes a block
/// of words and a quarter of its length, and one with `two`, which takes half the length, if their number is odd.
#[inline(always)]
pub(super) fn packed_stages(
    h: &mut [u32],
    block: usize,
    two: impl Fn(&mut [u32], usize),
    four: impl Fn(&mut [u32], usize),
) {
    let mut stride = block / 4;
    if stride >= 4 && (stride / 4).trailing_zeros().is_multiple_of(2) {
        two(h, stride);
        stride /= 2;
    }
    while stride > 4 {
        four(h, stride / 2);
        stride /= 4;
    }
}
