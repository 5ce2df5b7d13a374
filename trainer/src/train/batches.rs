//! Sequences of a batch, and the loss on them.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Int, Tensor};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::stretches::{self, Stretches};
use super::{augment, loss, triads, warp};
use crate::checkpoint::Position;
use crate::config::{RunConfig, Sampling, TrainingConfig, windows};
use crate::data::{CopyTask, ImageLayout, Sequences, Split, Targets};
use crate::evaluate;
use crate::nn::{HadamRnn, StepTargets};
use crate::standardise::Standardisation;
use crate::task_data::TaskData;

/// The training split, batch by batch.
pub(super) struct Batches<'a> {
    seed: u64,
    training: TrainingConfig,
    device: Device,
    standardisation: Standardisation,
    source: Source<'a>,
}

/// Where the sequences come from.
enum Source<'a> {
    /// Files: sequences with one class each.
    Read {
        train: &'a Sequences,
        /// The same before decimation, from which windows are cut anew where that is asked for, and every how many of its samples
        /// one is used.
        undecimated: Option<(&'a Sequences, usize)>,
        /// Stretches of streams, which are trained on in place of windows where the network runs on.
        stretches: Option<Box<Stretches<'a>>>,
        /// A related task's class of each, if there is an auxiliary loss.
        auxiliary: &'a [u32],
        /// Where the pixels of images that are to be moved stand.
        images: Option<ImageLayout>,
        /// Channels that a rotation turns together.
        triads: Vec<[usize; 3]>,
        /// Standard deviation of each channel, which noise is measured in.
        deviation: Vec<f32>,
        /// Sequences of each class that has any.
        by_class: Vec<Vec<u32>>,
        /// Sum of the weights of these classes up to each, where some differ: how often they are drawn.
        weights: Option<Vec<f64>>,
    },
    /// A generator: one class a step.
    Generated {
        task: &'a CopyTask,
        /// How much each step counts; the sum is 1.
        weights: Arc<[f32]>,
    },
}

impl<'a> Batches<'a> {
    /// # Errors
    /// There are no training data.
    pub fn new(
        config: &RunConfig,
        data: &'a TaskData,
        standardisation: &Standardisation,
        device: &Device,
    ) -> Result<Self> {
        let source = match data {
            TaskData::Copy(task) => Source::Generated {
                task,
                weights: step_weights(task.steps(), config.training.recall_weight),
            },
            TaskData::Windows(windows) => {
                let train = &windows.data.train;
                let all = by_class(train, windows.data.classes.len())?;
                let weights = weights(&config.training, &all, &windows.data.classes)?;
                Source::Read {
                    by_class: all.into_iter().filter(|class| !class.is_empty()).collect(),
                    weights,
                    stretches: (windows.undecimated.as_ref())
                        .filter(|whole| !whole.streams.is_empty())
                        .zip(config.training.stretch)
                        .map(|(whole, stretch)| {
                            let hop = windows::hop(config).unwrap_or(whole.steps);
                            let auxiliary = &windows.auxiliary;
                            Box::new(Stretches::new(config, stretch, whole, auxiliary, hop))
                        }),
                    auxiliary: &windows.auxiliary,
                    images: layout(config, train)?,
                    triads: triads::triads(windows),
                    undecimated: windows
                        .undecimated
                        .as_ref()
                        .map(|whole| (whole, config.preparation.decimation)),
                    deviation: match config.training.augmentation.noise > 0.0 {
                        true => Standardisation::fit(train).deviation,
                        false => vec![0.0; train.channels],
                    },
                    train,
                }
            }
        };
        Ok(Self {
            seed: config.seed,
            training: config.training.clone(),
            device: device.clone(),
            standardisation: standardisation.clone(),
            source,
        })
    }

    /// Steps of the optimiser in an epoch.
    pub fn per_epoch(&self) -> u32 {
        match &self.source {
            Source::Read { train, .. } => train.len().div_ceil(self.training.batch_size) as u32,
            Source::Generated { .. } => self.training.batches_per_epoch as u32,
        }
    }

    /// The sequences of an epoch, in order: they depend on the seed and the epoch alone, so that a resumed run sees the
    /// same.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        let Source::Read {
            train,
            by_class,
            weights,
            ..
        } = &self.source
        else {
            return Vec::new();
        };
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(u64::from(epoch) + 1);
        let mut order: Vec<u32> = (0..train.len() as u32).collect();
        match (weights, self.training.sampling) {
            (Some(sums), _) => order.iter_mut().for_each(|index| {
                let total = sums.last().copied().unwrap_or(0.0);
                let drawn = random.random::<f64>() * total;
                let class = sums.partition_point(|&sum| sum <= drawn);
                let class = &by_class[class.min(by_class.len() - 1)];
                *index = class[random.random_range(0..class.len())];
            }),
            (None, Sampling::Shuffled) => order.shuffle(&mut random),
            (None, Sampling::Balanced) => order.iter_mut().for_each(|index| {
                let class = &by_class[random.random_range(0..by_class.len())];
                *index = class[random.random_range(0..class.len())];
            }),
        }
        order
    }

    /// The mean loss on the batch at `position`.
    pub fn loss(&self, network: &HadamRnn, order: &[u32], position: Position) -> Tensor<1> {
        let step =
            u64::from(position.epoch) * u64::from(self.per_epoch()) + u64::from(position.batch);
        let chosen = self.chosen(order, position);
        if let Source::Read {
            stretches: Some(stretches),
            triads,
            deviation,
            ..
        } = &self.source
        {
            let mut batch = stretches.batch(&chosen, self.seed, step);
            self.augment(&mut batch.sequences, triads, deviation, step);
            return self.loss_on_stretches(network, &batch);
        }
        let batch = self.batch(&chosen, step);
        let inputs = evaluate::inputs(&batch, &self.standardisation, &self.device);
        let smoothing = self.training.label_smoothing;
        match (&batch.targets, &self.source) {
            (Targets::PerStep(classes), Source::Generated { weights, .. }) => {
                let targets = StepTargets {
                    classes: classes.as_slice().into(),
                    weights: weights.clone(),
                    smoothing,
                };
                network.step_loss(&inputs, &targets)
            }
            (targets, source) => {
                let features = network.features(&inputs);
                let logits = network.linear_readout(features.clone());
                let targets = self.on_device(targets.values().iter());
                let loss = loss::of_classes(logits, targets, smoothing);
                match (network.auxiliary_logits(features), source) {
                    (Some(logits), Source::Read { auxiliary, .. }) => {
                        let related = self.on_device(chosen.iter().map(|&i| &auxiliary[i]));
                        let related = loss::of_classes(logits, related, smoothing);
                        loss + related.mul_scalar(self.training.auxiliary)
                    }
                    _ => loss,
                }
            }
        }
    }

    /// The mean loss of the answers that count.
    fn loss_on_stretches(&self, network: &HadamRnn, batch: &stretches::Batch) -> Tensor<1> {
        let inputs = evaluate::inputs(&batch.sequences, &self.standardisation, &self.device);
        let features = network.features_after(&inputs, &batch.answers);
        let counted = Tensor::<1, Int>::from_data(batch.counted.as_slice(), &self.device);
        let features = features.select(0, counted);
        let smoothing = self.training.label_smoothing;
        let loss_of = |logits, task: usize| {
            let classes = self.on_device(batch.classes.iter().map(|classes| &classes[task]));
            loss::of_classes(logits, classes, smoothing)
        };
        let loss = loss_of(network.linear_readout(features.clone()), 0);
        match network.auxiliary_logits(features) {
            Some(logits) => loss + loss_of(logits, 1).mul_scalar(self.training.auxiliary),
            None => loss,
        }
    }

    fn on_device<'c>(&self, classes: impl Iterator<Item = &'c u32>) -> Tensor<1, Int> {
        let classes: Vec<i32> = classes.map(|&class| class as i32).collect();
        Tensor::from_data(classes.as_slice(), &self.device)
    }

    /// Numbers of the training sequences in the batch at `position`; none where they are generated.
    fn chosen(&self, order: &[u32], position: Position) -> Vec<usize> {
        let size = self.training.batch_size;
        let first = (position.batch as usize * size).min(order.len());
        let chosen = &order[first..(first + size).min(order.len())];
        chosen.iter().map(|&index| index as usize).collect()
    }

    /// The sequences of a batch, changed at random where that is asked for.
    fn batch(&self, chosen: &[usize], step: u64) -> Sequences {
        let (train, undecimated, images, triads, deviation) = match &self.source {
            Source::Generated { task, .. } => {
                return task.batch(Split::Train, step, self.training.batch_size);
            }
            Source::Read {
                train,
                undecimated,
                images,
                triads,
                deviation,
                ..
            } => (train, undecimated, images, triads, deviation),
        };
        let augmentation = self.training.augmentation;
        let whole = undecimated.map_or(*train, |(whole, _)| whole);
        let mut batch = whole.select(chosen);
        if let Some(layout) = images {
            warp::warp(&mut batch, layout, &augmentation.image, self.seed, step);
        }
        if let Some((_, decimation)) = undecimated {
            batch = augment::cut_anew(&batch, *decimation, &augmentation, self.seed, step);
        }
        self.augment(&mut batch, triads, deviation, step);
        batch
    }

    /// Changes the values of a batch at random where that is asked for.
    fn augment(&self, batch: &mut Sequences, triads: &[[usize; 3]], deviation: &[f32], step: u64) {
        let augmentation = &self.training.augmentation;
        if augmentation.changes_values() {
            augment::augment(batch, augmentation, triads, deviation, self.seed, step);
        }
    }
}

/// The layout of images that are to be moved; none where none are.
fn layout(config: &RunConfig, train: &Sequences) -> Result<Option<ImageLayout>> {
    if config.training.augmentation.image.is_still() {
        return Ok(None);
    }
    let layout = ImageLayout::of(config.task);
    let pixels = layout.as_ref().map_or(0, |layout| layout.order.len());
    ensure!(
        pixels == train.steps * train.channels,
        "augmentation.image: images of {} have {pixels} pixels, these sequences {} steps of {} channels",
        config.task,
        train.steps,
        train.channels
    );
    Ok(layout)
}

/// The sequences of each class.
fn by_class(train: &Sequences, classes: usize) -> Result<Vec<Vec<u32>>> {
    let Targets::Class(targets) = &train.targets else {
        bail!("sequences that are read have one class each");
    };
    ensure!(!targets.is_empty(), "the training split is empty");
    let mut by_class = vec![Vec::new(); classes];
    for (index, &class) in targets.iter().enumerate() {
        let of_class = by_class.get_mut(class as usize);
        ensure!(
            of_class.is_some(),
            "sequence {index} is of class {class}, there are {classes}"
        );
        of_class
            .into_iter()
            .for_each(|of_class| of_class.push(index as u32));
    }
    Ok(by_class)
}

/// Running sums of the chances of the classes that have sequences; none where no class has a weight.
fn weights(
    training: &TrainingConfig,
    by_class: &[Vec<u32>],
    classes: &[String],
) -> Result<Option<Vec<f64>>> {
    training.check_classes(classes)?;
    let named = &training.class_weights;
    let mut sum = 0.0;
    let present = by_class.iter().zip(classes);
    let sums = present
        .filter(|(of_class, _)| !of_class.is_empty())
        .map(|(of_class, name)| {
            let often = match training.sampling {
                Sampling::Shuffled => of_class.len() as f64,
                Sampling::Balanced => 1.0,
            };
            sum += often * named.get(name).copied().unwrap_or(1.0);
            sum
        });
    let sums: Vec<f64> = sums.collect();
    ensure!(
        sum.is_finite(),
        "class_weights are too large: their sum is no finite number"
    );
    Ok((!named.is_empty()).then_some(sums))
}

/// How much each step of the copy task counts, where a step that recalls counts `recall` times a blank one; the sum is 1.
fn step_weights(steps: usize, recall: f32) -> Arc<[f32]> {
    let recalled = CopyTask::TOKENS;
    let total = (steps - recalled) as f32 + recall * recalled as f32;
    let weight = |t| if t >= steps - recalled { recall } else { 1.0 };
    (0..steps).map(|t| weight(t) / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Dataset, Task};

    /// Thirty sequences of class 0, ten of class 1.
    fn data() -> TaskData {
        let sequences = |classes: Vec<u32>| {
            let values = vec![0.5; classes.len()];
            Sequences::new(1, 1, values, Targets::Class(classes), vec![]).expect("equal lengths")
        };
        let classes: Vec<u32> = (0..40).map(|i| u32::from(i % 4 == 0)).collect();
        TaskData::from(Dataset {
            name: "har2".into(),
            train: sequences(classes),
            valid: sequences(vec![]),
            test: sequences(vec![]),
            classes: vec!["zero".into(), "one".into()],
            channel_names: vec!["x".into()],
            input_lsb: vec![1.0],
            sample_rate_hz: 0.0,
        })
    }

    fn order(sampling: Sampling, epoch: u32) -> Vec<u32> {
        weighted(sampling, &[], epoch).expect("an order")
    }

    fn weighted(sampling: Sampling, weights: &[(&str, f64)], epoch: u32) -> Result<Vec<u32>> {
        let mut config = RunConfig::for_task(Task::Har2);
        config.training.sampling = sampling;
        let weights = weights
            .iter()
            .map(|&(name, weight)| (name.to_owned(), weight));
        config.training.class_weights = weights.collect();
        let (data, device) = (data(), Device::default());
        let standardisation = data.standardisation();
        let batches = Batches::new(&config, &data, &standardisation, &device)?;
        assert_eq!(batches.per_epoch(), 1);
        Ok(batches.order(epoch))
    }

    #[test]
    fn shuffled_epochs_see_every_sequence_once() {
        let first = order(Sampling::Shuffled, 0);
        assert_eq!(first, order(Sampling::Shuffled, 0));
        assert_ne!(first, order(Sampling::Shuffled, 1));
        let mut sorted = first;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..40));
    }

    #[test]
    fn balanced_epochs_see_the_classes_equally_often() {
        let ones: usize = (0..50)
            .map(|epoch| {
                order(Sampling::Balanced, epoch)
                    .iter()
                    .filter(|&&i| i % 4 == 0)
                    .count()
            })
            .sum();
        // 2,000 draws: half of them, within four standard deviations.
        assert!((910..=1090).contains(&ones), "{ones}");
    }

    #[test]
    fn classes_are_drawn_by_their_weights() {
        let ones = |sampling, weights: &[(&str, f64)]| -> usize {
            let epochs = 0..50;
            let order = |epoch| weighted(sampling, weights, epoch).expect("an order");
            epochs.flat_map(order).filter(|i| i % 4 == 0).count()
        };
        // A quarter of the sequences, weighted threefold: as often as the others. Of 2,000 draws, within four deviations.
        let shuffled = ones(Sampling::Shuffled, &[("one", 3.0)]);
        assert!((910..=1090).contains(&shuffled), "{shuffled}");
        // Three of four among equals.
        let balanced = ones(Sampling::Balanced, &[("one", 3.0)]);
        assert!((1422..=1578).contains(&balanced), "{balanced}");
        let error = weighted(Sampling::Shuffled, &[("two", 2.0)], 0).unwrap_err();
        assert!(error.to_string().contains("\"two\""), "{error}");
    }

    #[test]
    fn step_weights_sum_to_one() {
        let weights = step_weights(100, 5.0);
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert_eq!(weights[90], weights[99]);
        assert!((weights[90] / weights[89] - 5.0).abs() < 1e-5);
        assert!(step_weights(20, 1.0).iter().all(|&weight| weight == 0.05));
    }
}
