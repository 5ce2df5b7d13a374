//! Which sequences a step sees, and its loss on them.

use anyhow::{Result, bail, ensure};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::loss;
use crate::checkpoint::Position;
use crate::config::RunConfig;
use crate::data::{Split, Targets};
use crate::evaluate;
use crate::nn::HadamRnn;
use crate::standardise::Standardisation;
use crate::task_data::TaskData;

/// The training split, ready for the device.
pub(super) struct Batches {
    size: usize,
    per_epoch: u32,
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
        Ok(Self { size, per_epoch, device: device.clone(), stored })
    }

    /// Steps of the optimiser in an epoch.
    pub fn per_epoch(&self) -> u32 {
        self.per_epoch
    }

    /// The order of the windows in an epoch: depends on the seed and the epoch alone, so that a resumed run sees the same.
    pub fn order(&self, seed: u64, epoch: u32) -> Vec<u32> {
        let count = self.stored.as_ref().map_or(0, |stored| stored.count as u32);
        let mut order: Vec<u32> = (0..count).collect();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        random.set_stream(u64::from(epoch) + 1);
        order.shuffle(&mut random);
        order
    }

    /// The mean loss on the batch at `position`.
    pub fn loss(
        &self,
        network: &HadamRnn,
        data: &TaskData,
        order: &[u32],
        position: Position,
    ) -> Result<Tensor<1>> {
        match (&self.stored, data) {
            (Some(stored), _) => Ok(self.loss_of_windows(network, stored, order, position)),
            (None, TaskData::Copy(task)) => {
                let index = u64::from(position.epoch) * u64::from(self.per_epoch) + u64::from(position.batch);
                let sequences = task.batch(Split::Train, index, self.size);
                let shape = [sequences.len(), sequences.steps, sequences.channels];
                let x = Tensor::from_data(TensorData::new(sequences.values, shape), &self.device);
                let logits = network.all_logits(x);
                let [batch, steps, classes] = logits.dims();
                let targets: Vec<i32> = sequences.targets.values().iter().map(|&target| target as i32).collect();
                let targets = Tensor::<1, Int>::from_data(targets.as_slice(), &self.device);
                Ok(loss::cross_entropy(logits.reshape([batch * steps, classes]), targets))
            }
            (None, TaskData::Windows(_)) => bail!("windows are stored"),
        }
    }

    fn loss_of_windows(&self, network: &HadamRnn, stored: &Stored, order: &[u32], position: Position) -> Tensor<1> {
        let first = position.batch as usize * self.size;
        let last = (first + self.size).min(order.len());
        let indices: Vec<i32> = order[first..last].iter().map(|&index| index as i32).collect();
        let indices = Tensor::<1, Int>::from_data(indices.as_slice(), &self.device);
        let x = stored.inputs.clone().select(0, indices.clone());
        let targets = stored.targets.clone().select(0, indices);
        let logits = network.last_logits(x, stored.steps);
        match network.config().output_size {
            1 => loss::binary_cross_entropy(logits, targets),
            _ => loss::cross_entropy(logits, targets),
        }
    }
}
