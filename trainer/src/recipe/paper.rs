//! The paper's recipes, as its published configurations have them.
//!
//! All train every weight, the signs too, with one Adam whose step size shrinks by a factor after each epoch, and end
//! with the weights of the last epoch; for GLUE, which hides the test labels, the published program writes its
//! predictions at the best validation accuracy. The publication has no UCI HAR and no Daily and Sports Activities: here
//! they take its smallest network and its recipe for pixels.

use super::common;
use crate::config::{Keep, RunConfig, Sampling, Schedule, Signs};
use crate::data::Task;

/// The numbers that differ between tasks.
struct Numbers {
    hidden_size: usize,
    log2_block: usize,
    embedding: Option<usize>,
    learning_rate: f64,
    /// Factor on the step size after each epoch.
    decay: f64,
    batch_size: usize,
    epochs: u32,
}

fn numbers(task: Task) -> Numbers {
    let pixels = Numbers {
        hidden_size: 512,
        log2_block: 9,
        embedding: None,
        learning_rate: 1e-3,
        decay: 0.98,
        batch_size: 64,
        epochs: 200,
    };
    let words = Numbers {
        hidden_size: 128,
        log2_block: 7,
        embedding: Some(256),
        learning_rate: 5e-4,
        decay: 0.99,
        batch_size: 100,
        epochs: 30,
    };
    match task {
        Task::Copy => Numbers {
            hidden_size: 128,
            log2_block: 7,
            learning_rate: 1e-4,
            batch_size: 128,
            epochs: 10,
            ..pixels
        },
        Task::Smnist => pixels,
        Task::Pmnist => Numbers {
            batch_size: 100,
            ..pixels
        },
        Task::Imdb => Numbers {
            embedding: Some(512),
            ..words
        },
        Task::Sst2 => words,
        Task::Qqp => Numbers {
            hidden_size: 512,
            batch_size: 20,
            epochs: 50,
            ..words
        },
        Task::Har2 | Task::Har6 | Task::Dsa19 | Task::Recordings => Numbers {
            hidden_size: 128,
            log2_block: 7,
            ..pixels
        },
    }
}

/// 512,000 sequences an epoch, in batches of 128.
const COPY_BATCHES: usize = 4000;

pub(super) fn config(task: Task) -> RunConfig {
    let numbers = numbers(task);
    let mut config = common(task, numbers.hidden_size);
    config.network.log2_block = numbers.log2_block;
    config.network.embedding = numbers.embedding;
    let training = &mut config.training;
    training.epochs = numbers.epochs;
    training.batch_size = numbers.batch_size;
    training.batches_per_epoch = COPY_BATCHES;
    training.learning_rate = numbers.learning_rate;
    training.schedule = Schedule::Exponential(numbers.decay);
    training.signs = Signs::Trained(numbers.learning_rate);
    (training.keep, training.sampling) = match task {
        Task::Sst2 | Task::Qqp => (Keep::Best, Sampling::Balanced),
        _ => (Keep::Last, Sampling::Shuffled),
    };
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::ReadoutKind;

    /// The published configurations, number by number.
    #[test]
    fn the_numbers_are_the_published_ones() {
        // hidden, log2 block, embedding, step size, decay, batch, epochs
        for (task, expected) in [
            (Task::Copy, (128, 7, None, 1e-4, 0.98, 128, 10)),
            (Task::Smnist, (512, 9, None, 1e-3, 0.98, 64, 200)),
            (Task::Pmnist, (512, 9, None, 1e-3, 0.98, 100, 200)),
            (Task::Imdb, (128, 7, Some(512), 5e-4, 0.99, 100, 30)),
            (Task::Sst2, (128, 7, Some(256), 5e-4, 0.99, 100, 30)),
            (Task::Qqp, (512, 7, Some(256), 5e-4, 0.99, 20, 50)),
        ] {
            let RunConfig {
                network, training, ..
            } = config(task);
            let Schedule::Exponential(decay) = training.schedule else {
                panic!("{task}: {:?}", training.schedule);
            };
            let found = (
                network.hidden_size,
                network.log2_block,
                network.embedding,
                training.learning_rate,
                decay,
                training.batch_size,
                training.epochs,
            );
            assert_eq!(found, expected, "{task}");
        }
    }

    #[test]
    fn all_weights_are_trained_alike_and_nothing_is_added() {
        for task in Task::ALL {
            let config = config(task);
            let (network, training) = (&config.network, &config.training);
            assert_eq!(training.signs, Signs::Trained(training.learning_rate));
            assert_eq!(
                (network.input_bits, network.readout_bits),
                (Some(4), Some(4))
            );
            assert_eq!((network.leak, network.second), (None, None));
            assert_eq!((network.hidden_readout, network.input_rows), (None, None));
            assert_ne!(network.readout, ReadoutKind::Pooled);
            let glue = matches!(task, Task::Sst2 | Task::Qqp);
            assert_eq!(training.sampling == Sampling::Balanced, glue, "{task}");
            assert_eq!(
                (training.keep == Keep::Best, training.patience),
                (glue, None)
            );
            assert_eq!(training.weight_decay, 0.0);
            assert!(!training.augmentation.is_active());
        }
    }

    #[test]
    fn the_copy_task_sees_512_000_sequences_an_epoch_of_a_thousand_steps() {
        let config = config(Task::Copy);
        let training = &config.training;
        assert_eq!(training.batch_size * training.batches_per_epoch, 512_000);
        assert_eq!(config.copy_steps, 1000);
        assert_eq!(config.network.readout, ReadoutKind::EveryStep);
    }
}
