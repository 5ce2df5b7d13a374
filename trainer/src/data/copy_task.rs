//! The copying-memory task (Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016), generated from a seed.
//!
//! A sequence of `T` steps is: 10 tokens drawn from 8 symbols, `T - 20` blanks, a marker, 9 blanks. From the marker on
//! the 10 tokens are to be recalled in order; before it the answer is blank.
//!
//! ```text
//! step     0 .. 9      10 .. T-11    T-10      T-9 .. T-1
//! input    tokens      blank         marker    blank
//! target   blank       blank         token 0   token 1 .. token 9
//! ```
//!
//! The tokens of sequence `k` of a split are the low 30 bits (3 per token, first token lowest) of word `k` of the
//! ChaCha8 stream numbered by the split (0, 1, 2), under the key whose first 8 bytes are the seed, little-endian, and
//! whose rest is zero. So a sequence depends on (seed, split, k)
//! alone: not on the batch size, not on what was generated before it.

use anyhow::{Result, ensure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Sequences, Targets, Values};
use crate::choice::{Choice, words};

const TOKENS: usize = CopyTask::TOKENS;
const SYMBOLS: u32 = 8;
const BLANK: u8 = 0;
const MARKER: u16 = 9;

/// One of the three independent streams of sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The stream that a model is fitted to.
    Train,
    /// The stream that models are chosen by.
    Valid,
    /// The stream of the final measurement.
    Test,
}

impl Choice for Split {
    const CHOICES: &'static [Self] = &[Self::Train, Self::Valid, Self::Test];
    const KIND: &'static str = "split";

    fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Train => "Sequences that the weights were fitted to",
            Self::Valid => "Sequences that the weights were chosen by",
            Self::Test => "Sequences that results are reported on",
        }
    }
}

words!(Split);

/// The copying-memory task of a total length and a seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyTask {
    steps: usize,
    seed: u64,
}

impl CopyTask {
    /// Tokens to remember.
    pub const TOKENS: usize = 10;
    /// Number of input tokens: 0 is blank, 1 to 8 are the tokens to remember, 9 is the marker.
    pub const VOCABULARY: usize = 10;
    /// Number of answers: 0 is blank, 1 to 8 are the tokens.
    pub const CLASSES: usize = 9;
    /// Length of the published benchmark.
    pub const PUBLISHED_STEPS: usize = 1000;

    /// A task of `steps` steps in all.
    ///
    /// # Errors
    /// `steps` is below 20: the tokens, the marker and their recall do not fit.
    pub fn new(steps: usize, seed: u64) -> Result<Self> {
        let least = 2 * TOKENS;
        ensure!(
            steps >= least,
            "a copy task of {steps} steps: it takes {least} at least, {TOKENS} to show the tokens and {TOKENS} to recall them"
        );
        Ok(Self { steps, seed })
    }

    /// Steps per sequence.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The ten tokens (1 to 8) of sequence `k` of `split`.
    pub fn tokens(&self, split: Split, k: u64) -> [u8; TOKENS] {
        tokens_of(self.stream(split, k).next_u32())
    }

    /// Batch `index` of `size` sequences: the sequences `index * size ..` of `split`.
    ///
    /// Targets are per step; there are no groups.
    pub fn batch(&self, split: Split, index: u64, size: usize) -> Sequences {
        let mut ids = vec![u16::from(BLANK); size * self.steps];
        let mut targets = vec![u32::from(BLANK); size * self.steps];
        let mut stream = self.stream(split, index.wrapping_mul(size as u64));
        let recall = self.steps - TOKENS;
        let sequences = ids.chunks_exact_mut(self.steps);
        for (ids, targets) in sequences.zip(targets.chunks_exact_mut(self.steps)) {
            let tokens = tokens_of(stream.next_u32());
            for (id, token) in ids.iter_mut().zip(tokens) {
                *id = u16::from(token);
            }
            ids[recall] = MARKER;
            for (target, token) in targets[recall..].iter_mut().zip(tokens) {
                *target = u32::from(token);
            }
        }
        Sequences {
            channels: 1,
            steps: self.steps,
            values: Values::Tokens {
                ids,
                vocabulary: Self::VOCABULARY,
            },
            targets: Targets::PerStep(targets),
            groups: Vec::new(),
            streams: Vec::new(),
        }
    }

    /// The mean cross-entropy per step, in nats, of the best answer without memory: blank until the marker, then each
    /// of the 8 tokens with equal probability. `10 ln 8 / T`, 2.08e-2 at T = 1000.
    pub fn memoryless_cross_entropy(&self) -> f64 {
        TOKENS as f64 * f64::from(SYMBOLS).ln() / self.steps as f64
    }

    fn stream(&self, split: Split, k: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(match split {
            Split::Train => 0,
            Split::Valid => 1,
            Split::Test => 2,
        });
        rng.set_word_pos(u128::from(k));
        rng
    }
}

fn tokens_of(word: u32) -> [u8; TOKENS] {
    std::array::from_fn(|i| 1 + (word >> (3 * i) & (SYMBOLS - 1)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLITS: [Split; 3] = [Split::Train, Split::Valid, Split::Test];

    #[test]
    fn layout_of_a_sequence() {
        for steps in [20, 21, 1000] {
            let task = CopyTask::new(steps, 3).unwrap();
            let batch = task.batch(Split::Train, 2, 4);
            assert_eq!((batch.len(), batch.steps, batch.channels), (4, steps, 1));
            for i in 0..4 {
                let tokens = task.tokens(Split::Train, 8 + i as u64).map(u16::from);
                assert!(tokens.iter().all(|t| (1..=8).contains(t)));
                let input = batch.tokens(i);
                assert_eq!(input[..10], tokens);
                assert!(input[10..steps - 10].iter().all(|&s| s == 0));
                assert_eq!(input[steps - 10], 9);
                assert!(input[steps - 9..].iter().all(|&s| s == 0));
                let target = &batch.targets.values()[i * steps..(i + 1) * steps];
                assert!(target[..steps - 10].iter().all(|&c| c == 0));
                assert!(target[steps - 10..].iter().map(|&c| c as u16).eq(tokens));
            }
        }
        assert!(CopyTask::new(19, 0).is_err());
    }

    #[test]
    fn sequences_depend_on_seed_split_and_number_alone() {
        let task = CopyTask::new(30, 1).unwrap();
        for split in SPLITS {
            let one = task.batch(split, 1, 6);
            assert_eq!(one, task.batch(split, 1, 6));
            let halves = [task.batch(split, 2, 3), task.batch(split, 3, 3)];
            assert_eq!(
                one.values.tokens(),
                [halves[0].values.tokens(), halves[1].values.tokens()].concat()
            );
        }
        let mut all: Vec<_> = SPLITS.map(|split| task.batch(split, 0, 6)).into();
        all.push(CopyTask::new(30, 2).unwrap().batch(Split::Train, 0, 6));
        all.push(task.batch(Split::Train, 1, 6));
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a.targets != b.targets));
        }
    }

    #[test]
    fn the_streams_are_pinned() {
        // From another implementation of ChaCha8.
        let tokens = |seed, split, k| CopyTask::new(1000, seed).unwrap().tokens(split, k);
        assert_eq!(tokens(0, Split::Train, 0), [7, 8, 1, 1, 1, 7, 4, 8, 8, 6]);
        assert_eq!(
            tokens(12345, Split::Test, 1999),
            [7, 3, 2, 6, 8, 2, 3, 4, 6, 4]
        );
    }

    #[test]
    fn memoryless_baseline() {
        let task = CopyTask::new(CopyTask::PUBLISHED_STEPS, 5).unwrap();
        assert!((task.memoryless_cross_entropy() - 2.0794e-2).abs() < 1e-6);
        // The same figure, measured on data: the frequencies of the answers by position are all the predictor may know.
        let batch = task.batch(Split::Valid, 0, 2000);
        let mut counts = vec![[0_u32; CopyTask::CLASSES]; task.steps()];
        for sequence in batch.targets.values().chunks_exact(task.steps()) {
            for (row, &class) in counts.iter_mut().zip(sequence) {
                row[class as usize] += 1;
            }
        }
        let entropy = |row: &[u32; CopyTask::CLASSES]| -> f64 {
            let total = f64::from(row.iter().sum::<u32>());
            row.iter()
                .filter(|&&c| c > 0)
                .map(|&c| f64::from(c) / total)
                .map(|p| -p * p.ln())
                .sum()
        };
        let measured = counts.iter().map(entropy).sum::<f64>() / task.steps() as f64;
        // The frequencies of 2000 draws fall short of ln 8 by about 7 / (2 * 2000) each.
        assert!(
            (measured - task.memoryless_cross_entropy()).abs() < 4e-5,
            "{measured}"
        );
    }
}
