//! Networks and batches of the sizes that the tasks have.

use burn::tensor::{Device, Distribution, Tensor};
use clap::ValueEnum;
use hadamrnn::data::{CopyTask, Split};
use hadamrnn::nn::{
    HadamRnnConfig, Input, Inputs, NetworkConfig, ReadoutKind, StepTargets, TokenBatch,
};

/// Sizes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// HAR: 128 steps of 9 numbers, the last state of 128 units
    Har,
    /// Permuted MNIST: 784 steps of one number, the last state of 512 units
    Pmnist,
    /// The copy task: 1000 tokens, a class after each, 128 units
    Copy,
    /// MNIST with a pooled readout, 512 units
    Pooled,
    /// IMDB: 500 of 10,000 tokens, the last state of 128 units
    Tokens,
}

/// Inputs, and targets where every step has one.
pub struct Batch {
    pub inputs: Inputs,
    pub step_targets: Option<StepTargets>,
}

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 5] = [
        Self::Har,
        Self::Pmnist,
        Self::Copy,
        Self::Pooled,
        Self::Tokens,
    ];

    /// Name of the shape on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Har => "har",
            Self::Pmnist => "pmnist",
            Self::Copy => "copy",
            Self::Pooled => "pooled",
            Self::Tokens => "tokens",
        }
    }

    /// Hidden units, steps, sequences of a batch, outputs.
    fn sizes(self) -> [usize; 4] {
        match self {
            Self::Har => [128, 128, 100, 6],
            Self::Pmnist | Self::Pooled => [512, 784, 100, 10],
            Self::Copy => [128, 1000, 128, CopyTask::CLASSES],
            Self::Tokens => [128, 500, 100, 2],
        }
    }

    /// The sizes, in words.
    pub fn describe(self) -> String {
        let [n, steps, batch, _] = self.sizes();
        format!("n {n}, T {steps}, batch {batch}")
    }

    fn input(self) -> Input {
        let tokens = |vocabulary| Input::Tokens {
            vocabulary,
            embedding: None,
        };
        match self {
            Self::Har => Input::Numbers(9),
            Self::Pmnist | Self::Pooled => Input::Numbers(1),
            Self::Copy => tokens(CopyTask::VOCABULARY),
            Self::Tokens => tokens(10_000),
        }
    }

    /// The network, of the full Hadamard matrix and 4-bit weights.
    pub fn config(self, train_signs: bool) -> HadamRnnConfig {
        let [hidden_size, _, _, output_size] = self.sizes();
        HadamRnnConfig {
            input: self.input(),
            network: NetworkConfig {
                readout: match self {
                    Self::Har | Self::Pmnist | Self::Tokens => ReadoutKind::LastState,
                    Self::Copy => ReadoutKind::EveryStep,
                    Self::Pooled => ReadoutKind::Pooled,
                },
                ..NetworkConfig::of_size(hidden_size)
            },
            output_size,
            auxiliary_size: 0,
            train_signs,
        }
    }

    /// A batch: of the task's own where it is generated, else noise, on which the arithmetic does not depend.
    pub fn batch(self, device: &Device) -> Batch {
        let [_, steps, batch, _] = self.sizes();
        match self.input() {
            Input::Numbers(d_in) => {
                let x = Tensor::random([batch, steps, d_in], Distribution::Default, device);
                Batch {
                    inputs: Inputs::Numbers(x),
                    step_targets: None,
                }
            }
            Input::Tokens { .. } if self == Self::Copy => copy_batch(batch, steps),
            Input::Tokens { vocabulary, .. } => {
                // Frequent words first, as in text: the reciprocal of the rank, by a fixed sequence.
                let token = |i: usize| {
                    let uniform = (i as f64 * 0.754_877_666).fract();
                    (vocabulary as f64).powf(uniform) as usize % vocabulary
                };
                let ids: Vec<u16> = (0..batch * steps).map(|i| token(i) as u16).collect();
                Batch {
                    inputs: Inputs::Tokens(TokenBatch::new(&ids, steps)),
                    step_targets: None,
                }
            }
        }
    }
}

/// A batch of the copy task, which must be at least 20 steps long.
pub fn copy_batch(batch: usize, steps: usize) -> Batch {
    let task = CopyTask::new(steps, 0).expect("at least 20 steps");
    let sequences = task.batch(Split::Train, 0, batch);
    Batch {
        inputs: Inputs::Tokens(TokenBatch::new(sequences.values.tokens(), steps)),
        step_targets: Some(StepTargets {
            classes: sequences.targets.values().into(),
            weights: vec![1.0 / steps as f32; steps].into(),
            smoothing: 0.0,
        }),
    }
}
