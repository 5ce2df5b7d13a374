//! The fast recipes.
//!
//! The signs stay at their random start: each flip rewrites every power of the recurrent matrix, so training them costs
//! 10 to 50 times the steps for the same accuracy. The step size falls along half a cosine. What else is set here was
//! chosen on validation splits; docs/RECIPES.md says what each choice brings.

use super::common;
use crate::config::{ImageAugmentation, Keep, Preparation, RunConfig};
use crate::data::{Holdout, Task};
use crate::nn::{HiddenReadout, ReadoutKind};

pub(super) fn config(task: Task) -> RunConfig {
    match task {
        Task::Copy => copy(),
        Task::Smnist | Task::Pmnist => pixels(task),
        Task::Imdb | Task::Qqp => words(task),
        Task::Sst2 => sentences(),
        Task::Har2 | Task::Har6 => har(task),
        Task::Dsa19 => sports(),
        Task::Recordings => recordings(),
    }
}

/// A bias drives every step: over a thousand of them a random one drowns the tokens. So it starts at zero and moves slowly.
fn quiet_bias(config: &mut RunConfig, rate: f64) {
    config.training.initial_bias = 0.0;
    config.training.rates.bias = rate;
}

fn copy() -> RunConfig {
    let mut config = common(Task::Copy, 128);
    quiet_bias(&mut config, 0.01);
    let training = &mut config.training;
    training.epochs = 25;
    training.batch_size = 128;
    training.batches_per_epoch = 100;
    training.learning_rate = 1e-2;
    training.beta_2 = 0.99;
    training.warmup = 0.5;
    training.recall_weight = 3.0;
    training.initial_first = 4.0;
    config
}

/// Pixels. An extension of the paper: a binary hidden layer in the readout, which is computed once a sequence; without it
/// (`--hidden-readout 0`) this is the paper's network. Blocks of 128 keep states of 12 bits within what the packed kernel takes.
/// Images are moved a little in training, each time anew.
fn pixels(task: Task) -> RunConfig {
    let mut config = common(task, 512);
    config.network.log2_block = 7;
    config.network.hidden_readout = Some(HiddenReadout {
        hidden_size: 384,
        bias: true,
    });
    quiet_bias(&mut config, 0.03);
    config.training.epochs = 30;
    config.training.learning_rate = 1e-2;
    config.training.augmentation.image = ImageAugmentation {
        shift: 0.7,
        turn: 6.0,
        stretch: 0.07,
        slant: 0.07,
        bend: 0.0,
    };
    config
}

/// Words: the table of tokens is trained itself, without an embedding. An extension of the paper: the mean over the states
/// is read, and old words fade.
fn words(task: Task) -> RunConfig {
    let hidden_size = if task == Task::Qqp { 512 } else { 128 };
    let mut config = common(task, hidden_size);
    config.network.leak = Some(2);
    config.network.readout = ReadoutKind::Pooled;
    let training = &mut config.training;
    (training.epochs, training.learning_rate) = match task {
        Task::Imdb => (10, 3e-3),
        _ => (6, 2e-3),
    };
    training.patience = Some(3);
    config
}

/// Sentences and their phrases, few for so many words: a hidden readout layer, and all that keeps rare words quiet.
fn sentences() -> RunConfig {
    let mut config = words(Task::Sst2);
    config.network.hidden_readout = Some(HiddenReadout {
        hidden_size: 64,
        bias: true,
    });
    let training = &mut config.training;
    training.epochs = 3;
    training.batch_size = 250;
    training.learning_rate = 4e-3;
    training.weight_decay = 0.5;
    training.averaging = 0.99;
    training.augmentation.token_dropout = 0.3;
    config
}

/// An extension of the paper: the mean over the states is read, by way of a binary hidden layer that is computed once a
/// window, and old inputs fade. High-gain copies of the gravity-free signals show whether somebody who does not move sits or
/// stands.
fn har(task: Task) -> RunConfig {
    let mut config = common(task, 128);
    config.preparation = Preparation {
        decimation: 2,
        gain: 1.5,
        clamp: Some(3.0),
        copies: (0..6).collect(),
        copy_gain: 30.0,
    };
    fading(&mut config);
    config.network.hidden_readout = Some(HiddenReadout {
        hidden_size: 128,
        bias: true,
    });
    config.training.epochs = 30;
    config.training.auxiliary = 1.0;
    config
}

/// An extension of the paper: the mean over the states is read, and old inputs fade, by half in a step. Of 64 units, within
/// 2.5 KB; every sixth sample is enough.
fn sports() -> RunConfig {
    let mut config = common(Task::Dsa19, 64);
    config.preparation.decimation = 6;
    fading(&mut config);
    config.network.leak = Some(1);
    config.training.epochs = 40;
    let augmentation = &mut config.training.augmentation;
    augmentation.rotation = 20.0;
    augmentation.unit = 9;
    augmentation.magnetometer = 40.0;
    config
}

/// A sensor of the user's: one layer, which is fast on a board, of which the mean over the states is read by way of a binary
/// hidden layer: extensions of the paper. Recordings are few, so the epoch is chosen by a validation split.
fn recordings() -> RunConfig {
    let mut config = common(Task::Recordings, 128);
    fading(&mut config);
    config.preparation.clamp = Some(4.0);
    config.network.hidden_readout = Some(HiddenReadout {
        hidden_size: 64,
        bias: true,
    });
    config.holdout = Holdout::Standard;
    let training = &mut config.training;
    training.keep = Keep::Best;
    training.batch_size = 32;
    training.epochs = 60;
    config
}

/// Sensors: what has been found with subjects held out is then trained on all of them, to the last epoch.
fn fading(config: &mut RunConfig) {
    config.holdout = Holdout::None;
    config.network.leak = Some(3);
    config.network.readout = ReadoutKind::Pooled;
    let training = &mut config.training;
    training.batch_size = 128;
    training.learning_rate = 3e-3;
    training.warmup = 1.0;
    training.keep = Keep::Last;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Schedule, Signs};

    #[test]
    fn signs_are_frozen_and_validation_chooses_the_epoch_where_there_is_one() {
        for task in Task::ALL {
            let training = config(task).training;
            assert_eq!(training.signs, Signs::Frozen, "{task}");
            assert_eq!(training.schedule, Schedule::Cosine, "{task}");
            let validated = config(task).holdout != Holdout::None;
            assert_eq!(training.keep == Keep::Best, validated, "{task}");
        }
    }

    #[test]
    fn the_copy_task_takes_a_tenth_of_the_paper_s_steps() {
        let steps =
            |config: RunConfig| config.training.epochs as usize * config.training.batches_per_epoch;
        let paper = super::super::paper::config(Task::Copy);
        assert!(10 * steps(config(Task::Copy)) <= steps(paper));
    }
}
