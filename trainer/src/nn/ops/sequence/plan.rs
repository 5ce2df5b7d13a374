//! The computation of a run over a batch of sequences, and the places of its parameters.

use super::gates;
use crate::nn::ops::recurrence::horizon;
use hadamrnn_runtime::format::BinaryMatrixKind;
use std::ops::Range;
use std::sync::Arc;

/// Sizes and options of one run.
#[derive(Clone, Debug)]
pub struct SequencePlan {
    /// Sequences.
    pub batch: usize,
    /// Steps of each, `T`, at least 1.
    pub steps: usize,
    /// Source of the first layer's input projection.
    pub source: Source,
    /// The first layer.
    pub first: LayerSize,
    /// The second layer, and how it is fed.
    pub second: Option<(LayerSize, Mix)>,
    /// Output of the run, computed from the last layer's states.
    pub head: Head,
    /// Whether no gradient of the signs is wanted, which the forward pass may then keep less for.
    pub signs_frozen: bool,
}

/// One recurrent layer: `h_t = γ W h_{t-1} + d_t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerSize {
    /// `n`.
    pub hidden: usize,
    /// `q`: blocks of `2^q`.
    pub log2_block: usize,
    /// `γ`, above 0 and at most 1.
    pub leak_factor: f32,
}

/// Source of the first layer's input projection.
#[derive(Clone, Debug)]
pub enum Source {
    /// `x_t` of `d_in` numbers times the columns of `U`, of which there are `d_in`.
    Numbers {
        /// `d_in`.
        columns: usize,
    },
    /// A row of a table; row 0 counts as zero, whatever it holds, and has no gradient.
    Tokens {
        /// Rows of the table.
        rows: usize,
        /// `[batch, T]`, each below `rows`.
        ids: Arc<[u32]>,
    },
}

/// How a second layer is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// The form of `M`.
    pub mixing: BinaryMatrixKind,
    /// Whether its gradient is wanted; it is zero otherwise.
    pub trained: bool,
}

/// Output of a run, computed from the last layer's states.
#[derive(Clone, Debug)]
pub enum Head {
    /// `h_T`, `[batch, n]`.
    Last,
    /// `mean_t relu(h_t)`, `[batch, n]`.
    Pooled,
    /// `V relu(h_t) + b_o`, `[batch, T, outputs]`.
    Logits {
        /// Rows of `V`.
        outputs: usize,
    },
    /// The mean over sequences of `Σ_t weights_t` times the softmax cross-entropy of `V relu(h_t) + b_o`, `[1]`.
    Loss {
        /// Rows of `V`.
        outputs: usize,
        /// `[batch, T]`, each below `outputs`.
        targets: Arc<[u32]>,
        /// `[T]`.
        weights: Arc<[f32]>,
        /// Share of a target that is spread evenly over all classes.
        smoothing: f32,
    },
}

/// Steps of a block, where a leak does not ask for more: its buffers stay in the core's caches.
const BLOCK_NUMBERS: usize = 8192;

/// Numbers of a batch that hold bits of states, at most: 16 MiB.
const GATE_NUMBERS: usize = 1 << 22;

/// Sections of the flat vector of parameters, in order.
pub(super) const SECTIONS: usize = 6;

/// A slice or buffer for each section.
pub(super) struct Sections<T> {
    /// Columns of `U` as rows `[d_in, n]`, or the table `[rows, n]`.
    pub rows: T,
    /// `b`, `[n]`.
    pub bias: T,
    /// `M [n', n]`, or the signs `a` and `c`, `[2, n]`.
    pub mixing: T,
    /// `b'`, `[n']`.
    pub second_bias: T,
    /// `V`, `[outputs, top n]`.
    pub readout: T,
    /// `b_o`, `[outputs]`.
    pub readout_bias: T,
}

impl<T> From<[T; SECTIONS]> for Sections<T> {
    fn from([rows, bias, mixing, second_bias, readout, readout_bias]: [T; SECTIONS]) -> Self {
        Self {
            rows,
            bias,
            mixing,
            second_bias,
            readout,
            readout_bias,
        }
    }
}

impl SequencePlan {
    /// Length of each section of the flat vector of parameters.
    pub fn sections(&self) -> [usize; SECTIONS] {
        let (n, outputs) = (self.first.hidden, self.outputs());
        let rows = match self.source {
            Source::Numbers { columns } => columns,
            Source::Tokens { rows, .. } => rows,
        };
        let (mixing, second) = match self.second {
            Some((layer, mix)) => match mix.mixing {
                BinaryMatrixKind::Dense => (layer.hidden * n, layer.hidden),
                BinaryMatrixKind::Hadamard => (2 * n, layer.hidden),
            },
            None => (0, 0),
        };
        [rows * n, n, mixing, second, outputs * self.top(), outputs]
    }

    /// Length of the flat vector of parameters.
    pub fn parameters(&self) -> usize {
        self.sections().iter().sum()
    }

    /// Panics unless inputs, targets and weights are of the plan's sizes; `x` has dimensions `dims`.
    pub(in super::super) fn check_inputs(&self, dims: [usize; 3]) {
        let Self { batch, steps, .. } = *self;
        assert!(steps > 0, "sequences of no steps");
        match &self.source {
            Source::Numbers { columns } => assert!(
                dims == [batch, steps, *columns],
                "x is {dims:?}, not {:?}",
                [batch, steps, *columns]
            ),
            Source::Tokens { rows, ids } => assert!(
                ids.len() == batch * steps && ids.iter().all(|&id| (id as usize) < *rows),
                "{} tokens for {batch} sequences of {steps}, or one that is not below {rows}",
                ids.len()
            ),
        }
        if let Head::Loss {
            outputs,
            targets,
            weights,
            ..
        } = &self.head
        {
            assert!(
                targets.len() == batch * steps && targets.iter().all(|&t| (t as usize) < *outputs),
                "{} targets for {batch} sequences of {steps}, or one that is not below {outputs}",
                targets.len()
            );
            assert!(
                weights.len() == steps,
                "{} weights for {steps} steps",
                weights.len()
            );
        }
        for layer in self.layers() {
            assert!(
                layer.hidden > 0 && layer.hidden.trailing_zeros() as usize >= layer.log2_block,
                "{} hidden units are not whole blocks of 2^{}",
                layer.hidden,
                layer.log2_block
            );
        }
    }

    /// Signs of all layers.
    pub fn signs(&self) -> usize {
        self.first.hidden + self.second.map_or(0, |(layer, _)| layer.hidden)
    }

    /// Hidden units of the last layer.
    pub fn top(&self) -> usize {
        self.second
            .map_or(self.first.hidden, |(layer, _)| layer.hidden)
    }

    /// Rows of `V`; 0 where the head does not read through it.
    pub(super) fn outputs(&self) -> usize {
        match self.head {
            Head::Last | Head::Pooled => 0,
            Head::Logits { outputs } | Head::Loss { outputs, .. } => outputs,
        }
    }

    /// Numbers that one sequence adds to the output, before the losses of sequences are averaged.
    pub(super) fn output_len(&self) -> usize {
        match self.head {
            Head::Last | Head::Pooled => self.top(),
            Head::Logits { outputs } => self.steps * outputs,
            Head::Loss { .. } => 1,
        }
    }

    /// Dimensions of the output.
    pub fn output_dims(&self) -> Vec<usize> {
        match self.head {
            Head::Last | Head::Pooled => vec![self.batch, self.top()],
            Head::Logits { outputs } => vec![self.batch, self.steps, outputs],
            Head::Loss { .. } => vec![1],
        }
    }

    /// Both layers, the first first.
    pub(super) fn layers(&self) -> impl Iterator<Item = LayerSize> {
        std::iter::once(self.first).chain(self.second.map(|(layer, _)| layer))
    }

    /// The first step that can matter: with a leak in every layer, the last state forgets.
    pub(super) fn start(&self) -> usize {
        match self.head {
            Head::Last => {
                let reach: usize = self
                    .layers()
                    .map(|layer| horizon(layer.leak_factor))
                    .fold(0, usize::saturating_add);
                self.steps.saturating_sub(reach)
            }
            _ => 0,
        }
    }

    /// Steps of a block.
    fn block(&self) -> usize {
        let widest = self.layers().map(|layer| layer.hidden).max().unwrap_or(1);
        let block = (BLOCK_NUMBERS / widest).clamp(8, 64);
        match self.layers().all(|layer| layer.leak_factor == 1.0) {
            true => block,
            false => block.max(self.steps.isqrt()),
        }
    }

    /// The blocks of steps, in order.
    pub(super) fn blocks(
        &self,
    ) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator {
        let (start, block, steps) = (self.start(), self.block(), self.steps);
        let count = (steps - start).div_ceil(block);
        (0..count).map(move |i| start + i * block..(start + (i + 1) * block).min(steps))
    }

    /// The longest block.
    pub(super) fn longest(&self) -> usize {
        self.block().min(self.steps)
    }

    /// Numbers of each layer that the forward pass of one sequence keeps: bits of its states, the last state, or that before
    /// each block.
    pub(super) fn kept(&self) -> impl Iterator<Item = usize> {
        let (blocks, gates) = (self.blocks().len(), self.keeps_gates());
        self.layers().map(move |layer| match layer.leak_factor {
            _ if gates => self.gate_words() * layer.hidden,
            1.0 => layer.hidden,
            _ => blocks * layer.hidden,
        })
    }

    /// Whether the backward pass wants no more of the states than which are above zero, and the forward pass keeps that.
    ///
    /// Orthogonal layers are not among them: they step back to states that differ from the first ones by rounding, and go on
    /// training as they did.
    pub(super) fn keeps_gates(&self) -> bool {
        let numbers = self.batch.saturating_mul(self.gate_words());
        self.signs_frozen
            && self.second.is_none()
            && matches!(self.head, Head::Pooled)
            && self.first.leak_factor < 1.0
            && numbers.saturating_mul(self.first.hidden) <= GATE_NUMBERS
    }

    /// Numbers that hold the bits of a unit's states.
    fn gate_words(&self) -> usize {
        self.steps.div_ceil(gates::STEPS)
    }
}
