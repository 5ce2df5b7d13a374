//! Which sequences a step sees, and its loss on them.

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{augment, loss};
use crate::checkpoint::Position;
use crate::config::{Augmentation, RunConfig};
use crate::data::{Sequences, Split, Targets};
use crate::evaluate;
use crate::nn::HadamRnn;
use crate::standardise::Standardisation;
use crate::task_data::TaskData;

/// The training split, ready for the device.
pub(super) struct Batches {
    size: usize,
    per_epoch: u32,
    seed: u64,
    augmentation: Augmentation,
    device: Device,
    stored: Option<Stored>,
}

/// Windows that fit in memory: standardised, flattened, with their column of ones.
struct Stored {
    inputs: Tensor<2>,
    targets: Tensor<1, Int>,
    count: usize,
    steps: usize,
}

impl Batches {
    pub fn new(
        config: &RunConfig,
        data: &TaskData,
        standardisation: &Standardisation,
        device: &Device,
    ) -> Result<Self> {
        let size = config.training.batch_size;
        let stored = match data {
            TaskData::Copy(_) => None,
            TaskData::Windows(data) => {
                let Targets::Class(targets) = &data.train.targets else {
                    bail!("windows have one class each");
                };
                ensure!(!targets.is_empty(), "the training split is empty");
                let targets: Vec<i32> = targets.iter().map(|&target| target as i32).collect();
                Some(Stored {
                    inputs: evaluate::augmented(&data.train, standardisation, device),
                    targets: Tensor::from_data(targets.as_slice(), device),
                    count: data.train.len(),
                    steps: data.train.steps,
                })
            }
        };
        let per_epoch = match &stored {
            Some(stored) => stored.count.div_ceil(size) as u32,
            None => config.training.batches_per_epoch as u32,
        };
        let augmentation = config.training.augmentation;
        Ok(Self {
            size,
            per_epoch,
            seed: config.seed,
            augmentation,
            device: device.clone(),
            stored,
        })
    }

    /// Steps of the optimiser in an epoch.
    pub fn per_epoch(&self) -> u32 {
        self.per_epoch
    }

    /// The order of the windows in an epoch: depends on the seed and the epoch alone, so that a resumed run sees the same.
    pub fn order(&self, epoch: u32) -> Vec<u32> {
        let count = self.stored.as_ref().map_or(0, |stored| stored.count as u32);
        let mut order: Vec<u32> = (0..count).collect();
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(u64::from(epoch) + 1);
        order.shuffle(&mut random);
        order
    }

    /// The mean loss on the batch at `position`.
    pub fn loss(
        &self,
        network: &HadamRnn,
        data: &TaskData,
        standardisation: &Standardisation,
        order: &[u32],
        position: Position,
    ) -> Result<Tensor<1>> {
        match (&self.stored, data) {
            (Some(stored), TaskData::Windows(data)) => {
                let indices = self.indices(order, position);
                let x = self.inputs(stored, &data.train, standardisation, indices, position);
                Ok(self.loss_of_windows(network, stored, indices, x))
            }
            (Some(_), TaskData::Copy(_)) => bail!("the copy task is not stored"),
            (None, TaskData::Copy(task)) => {
                let index = u64::from(position.epoch) * u64::from(self.per_epoch)
                    + u64::from(position.batch);
                let sequences = task.batch(Split::Train, index, self.size);
                let shape = [sequences.len(), sequences.steps, sequences.channels];
                let values = TensorData::new(sequences.values.numbers().to_vec(), shape);
                let x = Tensor::from_data(values, &self.device);
                let logits = network.all_logits(x);
                let [batch, steps, classes] = logits.dims();
                let targets: Vec<i32> = sequences
                    .targets
                    .values()
                    .iter()
                    .map(|&target| target as i32)
                    .collect();
                let targets = Tensor::<1, Int>::from_data(targets.as_slice(), &self.device);
                Ok(loss::cross_entropy(
                    logits.reshape([batch * steps, classes]),
                    targets,
                ))
            }
            (None, TaskData::Windows(_)) => bail!("windows are stored"),
        }
    }

    /// The windows of the batch at `position`.
    fn indices<'o>(&self, order: &'o [u32], position: Position) -> &'o [u32] {
        let first = position.batch as usize * self.size;
        &order[first..(first + self.size).min(order.len())]
    }

    /// The inputs of a batch: as stored, or changed at random.
    fn inputs(
        &self,
        stored: &Stored,
        train: &Sequences,
        standardisation: &Standardisation,
        indices: &[u32],
        position: Position,
    ) -> Tensor<2> {
        if !self.augmentation.is_active() {
            return stored.inputs.clone().select(0, self.on_device(indices));
        }
        let chosen: Vec<usize> = indices.iter().map(|&index| index as usize).collect();
        let mut windows = train.select(&chosen);
        let step =
            u64::from(position.epoch) * u64::from(self.per_epoch) + u64::from(position.batch);
        augment::augment(
            &mut windows,
            &self.augmentation,
            &standardisation.deviation,
            self.seed,
            step,
        );
        evaluate::augmented(&windows, standardisation, &self.device)
    }

    fn on_device(&self, indices: &[u32]) -> Tensor<1, Int> {
        let indices: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        Tensor::from_data(indices.as_slice(), &self.device)
    }

    fn loss_of_windows(
        &self,
        network: &HadamRnn,
        stored: &Stored,
        indices: &[u32],
        x: Tensor<2>,
    ) -> Tensor<1> {
        let targets = stored.targets.clone().select(0, self.on_device(indices));
        let logits = network.last_logits(x, stored.steps);
        match network.config().output_size {
            1 => loss::binary_cross_entropy(logits, targets),
            _ => loss::cross_entropy(logits, targets),
        }
    }
}
