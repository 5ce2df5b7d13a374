//! How the numbers of a state are spread over the units of one cube.
//!
//! Each unit holds `held` of the `n` numbers in registers. The stages of a transform are done in passes of up to
//! [`LOG2_RADIX`] stages: in one pass a unit works on whole groups of `2^stages` numbers and needs no other unit. Between
//! passes the numbers change hands through shared memory. What a unit holds at rest is what it owns in the last pass.

/// Stages of a transform that one pass does in registers.
const LOG2_RADIX: usize = 3;

/// Numbers between two gaps of the shared memory.
pub const GAP: usize = 8;

/// Stages `low .. low + stages`, of strides `2^low ..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pass {
    pub low: usize,
    pub stages: usize,
}

/// Sizes fixed when a kernel is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// `n`.
    pub hidden: usize,
    /// `q`.
    pub log2_block: usize,
    /// Units of a cube.
    pub units: usize,
}

impl Layout {
    /// The layout with the fewest numbers per unit that keeps a pass within a unit and has at most `max_units` units.
    pub fn new(hidden: usize, log2_block: usize, max_units: usize) -> Self {
        let group = 1 << log2_block.min(LOG2_RADIX);
        let groups = hidden / group;
        let units = (1..=groups.min(max_units))
            .rev()
            .find(|units| groups.is_multiple_of(*units));
        Self {
            hidden,
            log2_block,
            units: units.unwrap_or(1),
        }
    }

    /// Numbers of a state that one unit holds.
    pub fn held(&self) -> usize {
        self.hidden / self.units
    }

    /// Passes of one transform.
    pub fn passes(&self) -> usize {
        self.log2_block.div_ceil(LOG2_RADIX)
    }

    /// One of [`passes`](Self::passes): the first takes the stages that do not fill one, the others are full.
    pub fn pass(&self, index: usize) -> Pass {
        let stages_after = (self.passes() - 1 - index) * LOG2_RADIX;
        let stages = (self.log2_block - stages_after).min(LOG2_RADIX);
        Pass {
            low: self.log2_block - stages_after - stages,
            stages,
        }
    }

    /// The pass whose numbers a unit holds at rest: the last, or one without stages where a block is one number.
    pub fn rest(&self) -> Pass {
        match self.passes() {
            0 => Pass { low: 0, stages: 0 },
            passes => self.pass(passes - 1),
        }
    }

    /// Length of the shared memory through which numbers change hands, with its padding.
    pub fn shared_len(&self) -> usize {
        self.hidden + self.hidden / GAP
    }
}
