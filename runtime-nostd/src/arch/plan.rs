//! The sizes and sections of a model that the backends use. They are checked once, when the model is read; only the few
//! checks that depend on a step are left for the step.
//!
//! The fields of these types are private, and only their constructors, which compare the lengths of all sections, make
//! one: so `unsafe` code need not trust what made the model.
#![allow(dead_code, reason = "a backend takes of it what it needs")]

use super::Constants;
use super::fast_path::GAIN_SHIFT;
use super::step::OwnStep;
use crate::format::Sections;
use crate::layer::Layer;

/// A model of the fast path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FastPath<'a> {
    bias: &'a [u32],
    signs: &'a [u32],
    geometry: Geometry,
    constants: Constants<'a>,
}

/// Sizes of a model of the fast path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    words: usize,
    block: usize,
    driven: usize,
    columns: usize,
    input: usize,
    state_bits: u32,
    layer_input_shift: u32,
    largest_gain: u32,
}

impl Geometry {
    /// Words of states: one or more whole blocks.
    pub const fn words(&self) -> usize {
        self.words
    }

    /// Words of states in a block: a power of two from 16 on.
    pub const fn block(&self) -> usize {
        self.block
    }

    /// Words of states in the driven groups of a block, the first ones; from four to all.
    pub const fn driven(&self) -> usize {
        self.driven
    }

    /// Columns of `U`, one or more.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Width of a state: 10 to 12 bits.
    pub const fn state_bits(&self) -> u32 {
        self.state_bits
    }

    /// Left shift of the layer input, below [`GAIN_SHIFT`].
    pub const fn layer_input_shift(&self) -> u32 {
        self.layer_input_shift
    }

    /// The largest gain of a step.
    pub const fn largest_gain(&self) -> u32 {
        self.largest_gain
    }

    /// The rounding constant `2^(g-1)`, before the shift of the layer input.
    pub const fn rounding(&self) -> i32 {
        1i32.wrapping_shl(
            GAIN_SHIFT
                .wrapping_sub(1)
                .wrapping_sub(self.layer_input_shift),
        )
    }
}

impl<'a> FastPath<'a> {
    /// `None` if the layer, which `columns` inputs drive, has another shape, or the sections do not fit it.
    pub const fn new(layer: &Layer<'a>, sections: &Sections<'a>, columns: usize) -> Option<Self> {
        let words = layer.hidden_size / 2;
        let (block, driven) = (block_words(layer), layer.driven_rows / 8);
        let fits = layer.fast_path
            && is_whole_blocks(words, block)
            && columns > 0
            && sections.bias.len() == words
            && layer.signs.len().wrapping_mul(16) >= words
            // Some groups of each block, or all.
            && driven.wrapping_sub(1) < block / 4;
        let geometry = Geometry {
            words,
            block,
            driven: driven.wrapping_mul(4),
            columns,
            // A block of no words has not passed as whole blocks.
            input: (match words.checked_div(block) {
                Some(inputs) => inputs,
                None => 0,
            })
            .wrapping_mul(driven)
            .wrapping_mul(columns),
            state_bits: layer.state_bits,
            layer_input_shift: layer.layer_input_shift,
            largest_gain: layer.gain.max() as u32,
        };
        if !fits {
            return None;
        }
        Some(Self {
            bias: sections.bias,
            signs: layer.signs,
            geometry,
            constants: Constants::new(&geometry, sections.bias),
        })
    }
}

const fn block_words(layer: &Layer<'_>) -> usize {
    1usize.wrapping_shl(layer.log2_block.wrapping_sub(1))
}

const fn is_whole_blocks(words: usize, block: usize) -> bool {
    block >= 16 && words >= block && words & block.wrapping_sub(1) == 0
}

/// A state as whole blocks.
pub struct Blocks<'a> {
    h: &'a mut [u32],
    block: usize,
}

impl Blocks<'_> {
    /// The state, four words a group of eight rows: one or more whole blocks.
    #[inline(always)]
    pub const fn h(&mut self) -> &mut [u32] {
        self.h
    }

    /// Words of a block: a power of two from 16 on.
    pub const fn block(&self) -> usize {
        self.block
    }
}

/// A step of a model of the fast path, driven by numbers or a token.
pub struct Shaped<'a> {
    pub blocks: Blocks<'a>,
    plan: &'a FastPath<'a>,
    gain: i32,
    u: &'a [u32],
    x: &'a [i32],
    correction: i32,
}

impl<'a> Shaped<'a> {
    /// `None` if the model has another shape, or state and inputs are not those of the model.
    #[inline(always)]
    pub fn new(words: &'a mut [u32], step: &OwnStep<'a>) -> Option<Self> {
        let &OwnStep { plan, u, x, .. } = step;
        let geometry = &plan.geometry;
        let h = words.get_mut(..geometry.words)?;
        let fits = x.len() == geometry.columns && u.len() == geometry.input;
        fits.then_some(Self {
            blocks: Blocks {
                h,
                block: geometry.block,
            },
            plan,
            gain: step.gain,
            u,
            x,
            // Codes are stored as fields that have 8 too much.
            correction: step.sum.wrapping_mul(-8),
        })
    }

    /// Sizes of the model.
    pub const fn geometry(&self) -> &'a Geometry {
        &self.plan.geometry
    }

    /// Constants that the backend has computed from the sizes.
    pub const fn constants(&self) -> &'a Constants<'a> {
        &self.plan.constants
    }

    /// Gain of this step.
    pub const fn gain(&self) -> i32 {
        self.gain
    }

    /// Words of `U`: one for each input, for each driven group.
    pub const fn u(&self) -> &'a [u32] {
        self.u
    }

    /// One or more inputs.
    pub const fn x(&self) -> &'a [i32] {
        self.x
    }

    /// Biases of two rows a word, four words a group. They have 32768 too much.
    pub const fn bias(&self) -> &'a [u32] {
        self.plan.bias
    }

    /// Signs, a byte for each group.
    pub const fn signs(&self) -> &'a [u32] {
        self.plan.signs
    }

    /// Correction of the sum of a driven row: fields of U are stored with 8 too much, so it is `-8 * sum(x)`.
    pub const fn correction(&self) -> i32 {
        self.correction
    }
}

/// A step of a second layer, whose layer input is computed already.
#[cfg(hadamrnn_arch = "armv7em")]
pub struct Ready<'a> {
    pub blocks: Blocks<'a>,
    layer: &'a Layer<'a>,
    gain: i32,
    rows: &'a [i32],
}

#[cfg(hadamrnn_arch = "armv7em")]
impl<'a> Ready<'a> {
    /// `None` if the layer has another shape, or signs or what drives it do not fit the state.
    #[inline(always)]
    pub fn new(h: &'a mut [u32], layer: &'a Layer<'a>, rows: &'a [i32], gain: i32) -> Option<Self> {
        let (words, block) = (h.len(), block_words(layer));
        let fits = layer.fast_path
            && is_whole_blocks(words, block)
            && rows.len() == words.wrapping_mul(2)
            && layer.signs.len().wrapping_mul(16) >= words;
        fits.then_some(Self {
            blocks: Blocks { h, block },
            layer,
            gain,
            rows,
        })
    }

    /// Width of a state: 10 to 12 bits.
    pub const fn state_bits(&self) -> u32 {
        self.layer.state_bits
    }

    /// The largest gain of a step.
    pub const fn largest_gain(&self) -> u32 {
        self.layer.gain.max() as u32
    }

    /// Gain of this step.
    pub const fn gain(&self) -> i32 {
        self.gain
    }

    /// Input projection of the layer, one word a row.
    pub const fn rows(&self) -> &'a [i32] {
        self.rows
    }

    /// Signs, a byte for each group.
    pub const fn signs(&self) -> &'a [u32] {
        self.layer.signs
    }
}
