//! The training loop.

mod augment;
mod batches;
mod loss;

use anyhow::{Context, Result, bail, ensure};
use burn::module::Module;
use burn::optim::{AdamConfig, AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device, Tensor};
use serde::Serialize;

use crate::checkpoint::{Best, Checkpoint, Position, TaskFacts};
use crate::config::{Keep, RunConfig, Signs};
use crate::data::Split;
use crate::evaluate;
use crate::metrics::Metrics;
use crate::nn::HadamRnn;
use crate::task_data::TaskData;
use batches::Batches;

/// Adam's epsilon, as in the reference's framework.
const ADAM_EPSILON: f32 = 1e-8;

/// Steps between two looks at the loss: reading it makes the host wait for the device.
const LOSS_INTERVAL: u32 = 10;

/// What the surroundings of a run see of it, and may ask of it.
pub trait Observer {
    /// After a step of the optimiser: the mean loss of the epoch so far and the step size.
    fn step(&mut self, position: Position, batches: u32, loss: f64, learning_rate: f64);
    /// After an epoch, before it is saved.
    fn epoch(&mut self, record: &EpochRecord) -> Result<()>;
    /// Saves the run.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()>;
    /// Whether to save and stop at once.
    fn stop_requested(&self) -> bool;
}

/// One line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EpochRecord {
    /// Epochs completed.
    pub epoch: u32,
    /// Mean loss over the epoch's batches.
    pub train_loss: f64,
    /// On the validation split, if there is one.
    pub valid: Option<Metrics>,
    /// Step size at the end of the epoch.
    pub learning_rate: f64,
    /// Recurrent signs that changed during the epoch.
    pub sign_flips: usize,
    /// Whether these are the best weights so far.
    pub best: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// The observer asked to stop; the run is saved and can go on.
    Interrupted,
}

/// A run in progress.
pub struct Trainer<'a> {
    config: RunConfig,
    data: &'a TaskData,
    task: TaskFacts,
    device: Device,
    batches: Batches,
    network: HadamRnn,
    optimizer: ModuleOptimizer,
    signs_optimizer: Option<ModuleOptimizer>,
    position: Position,
    best: Option<Best>,
}

impl<'a> Trainer<'a> {
    /// A run from the start.
    ///
    /// # Errors
    /// The configuration is invalid or there are no training data.
    pub fn new(config: RunConfig, data: &'a TaskData, device: &Device) -> Result<Self> {
        config.validate()?;
        let device = device.clone().autodiff();
        let task = TaskFacts {
            standardisation: data.standardisation(),
            input_lsb: data.input_lsb(),
            classes: data.classes(),
            input: data.input(),
            outputs: data.outputs(),
        };
        let network = config
            .network(task.input, task.outputs)
            .init(config.seed, &device)?;
        let adam = AdamConfig::new().with_epsilon(ADAM_EPSILON);
        let decay = config.training.weight_decay;
        let optimizer = match decay {
            0.0 => adam.init(),
            _ => AdamWConfig::new()
                .with_epsilon(ADAM_EPSILON)
                .with_weight_decay(decay)
                .init(),
        };
        let trains_signs = matches!(config.training.signs, Signs::Trained(_));
        Ok(Self {
            batches: Batches::new(&config, data, &task.standardisation, &device)?,
            data,
            task,
            device,
            network,
            optimizer,
            signs_optimizer: trains_signs.then(|| adam.init()),
            position: Position::default(),
            best: None,
            config,
        })
    }

    /// A run where `checkpoint` left it.
    ///
    /// # Errors
    /// The checkpoint is of other data or of another version.
    pub fn resume(checkpoint: &Checkpoint, data: &'a TaskData, device: &Device) -> Result<Self> {
        let mut trainer = Self::new(checkpoint.run_config()?, data, device)?;
        ensure!(
            trainer.task == checkpoint.task,
            "the data differ from those the run was started with: give the same --data-dir"
        );
        trainer.network = load_network(trainer.network, &checkpoint.network)?;
        trainer.optimizer = load_optimizer(trainer.optimizer, &checkpoint.optimizer)?;
        if let Some(optimizer) = trainer.signs_optimizer.take() {
            trainer.signs_optimizer = Some(load_optimizer(optimizer, &checkpoint.signs_optimizer)?);
        }
        trainer.position = checkpoint.position;
        trainer.best = checkpoint.best.clone();
        Ok(trainer)
    }

    /// Trains to the last epoch, or until the observer asks to stop.
    ///
    /// # Errors
    /// The loss is no longer finite, or saving fails.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Outcome> {
        while self.position.epoch < self.config.training.epochs {
            if self.train_epoch(observer)? == Outcome::Interrupted {
                observer.save(&self.checkpoint()?)?;
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(Outcome::Finished)
    }

    fn train_epoch(&mut self, observer: &mut dyn Observer) -> Result<Outcome> {
        let count = self.batches.per_epoch();
        let signs_before = self.network.weights().signs;
        let order = self.batches.order(self.position.epoch);
        let mut pending: Option<Tensor<1>> = None;
        let mut learning_rate = 0.0;
        while self.position.batch < count {
            learning_rate = self.config.training.learning_rate * self.schedule_factor(count);
            let loss = self.step(&order)?;
            pending = Some(pending.map_or(loss.clone(), |sum| sum + loss));
            self.position.batch += 1;
            let stop = observer.stop_requested();
            if stop
                || self.position.batch.is_multiple_of(LOSS_INTERVAL)
                || self.position.batch == count
            {
                self.collect_loss(pending.take())?;
                let mean = self.position.loss_sum / f64::from(self.position.batch);
                observer.step(self.position, count, mean, learning_rate);
            }
            if stop {
                return Ok(Outcome::Interrupted);
            }
        }
        let train_loss = self.position.loss_sum / f64::from(count);
        self.position = Position {
            epoch: self.position.epoch + 1,
            batch: 0,
            loss_sum: 0.0,
        };
        let (valid, best) = self.validate()?;
        let signs_after = self.network.weights().signs;
        let sign_flips = signs_before
            .iter()
            .zip(&signs_after)
            .filter(|(a, b)| a != b)
            .count();
        let epoch = self.position.epoch;
        observer.epoch(&EpochRecord {
            epoch,
            train_loss,
            valid,
            learning_rate,
            sign_flips,
            best,
        })?;
        observer.save(&self.checkpoint()?)?;
        Ok(Outcome::Finished)
    }

    fn schedule_factor(&self, batches: u32) -> f64 {
        let (epoch, batches) = (self.position.epoch, u64::from(batches));
        let step = u64::from(epoch) * batches + u64::from(self.position.batch);
        let total = u64::from(self.config.training.epochs) * batches;
        self.config.training.schedule.factor(step, total, epoch)
    }

    /// One step of the optimiser; returns the loss, still on the device.
    fn step(&mut self, order: &[u32]) -> Result<Tensor<1>> {
        let factor = self.schedule_factor(self.batches.per_epoch());
        let loss = self.batches.loss(
            &self.network,
            self.data,
            &self.task.standardisation,
            order,
            self.position,
        )?;
        let mut gradients = loss.backward();
        let network = self.network.clone();
        let signs = network.signs.id;
        let ids = [
            network.input.id,
            network.bias.id,
            network.readout.id,
            network.readout_bias.id,
        ];
        let weights = GradientsParams::from_params(&mut gradients, &network, &ids);
        let network = match (&mut self.signs_optimizer, self.config.training.signs) {
            (Some(optimizer), Signs::Trained(rate)) => {
                let of_signs = GradientsParams::from_params(&mut gradients, &network, &[signs]);
                optimizer.step(rate * factor, network, of_signs)
            }
            _ => network,
        };
        self.network = self.optimizer.step(
            self.config.training.learning_rate * factor,
            network,
            weights,
        );
        Ok(loss.detach())
    }

    fn collect_loss(&mut self, sum: Option<Tensor<1>>) -> Result<()> {
        let Some(sum) = sum else { return Ok(()) };
        let sum: f64 = sum.into_scalar();
        if !sum.is_finite() {
            bail!(
                "the loss is not finite in epoch {}: training has diverged; lower learning_rate (now {})",
                self.position.epoch + 1,
                self.config.training.learning_rate
            );
        }
        self.position.loss_sum += sum;
        Ok(())
    }

    /// Metrics on the validation split, and whether they are the best so far; keeps the weights if so.
    fn validate(&mut self) -> Result<(Option<Metrics>, bool)> {
        let split = self.data.split(Split::Valid);
        if split.is_empty() {
            return Ok((None, false));
        }
        let network = self.network.valid();
        let device = self.device.clone().inner();
        let logits = evaluate::float_logits(&network, &split, &self.task.standardisation, &device);
        let valid = evaluate::score(&logits, &split);
        let better = self.best.as_ref().is_none_or(|best| {
            let order = valid.accuracy.total_cmp(&best.valid.accuracy);
            order.then(best.valid.loss.total_cmp(&valid.loss)).is_gt()
        });
        let keep = better && self.config.training.keep == Keep::Best;
        if keep {
            self.best = Some(Best {
                epoch: self.position.epoch,
                valid,
                network: network_bytes(&self.network)?,
            });
        }
        Ok((Some(valid), keep))
    }

    /// The state of the run.
    ///
    /// # Errors
    /// Burn cannot encode a record.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        let optimizer_bytes = |optimizer: &ModuleOptimizer| -> Result<Vec<u8>> {
            Ok(optimizer
                .into_bytes()
                .context("cannot record the optimiser")?
                .to_vec())
        };
        Ok(Checkpoint {
            config: self.config.to_toml(),
            task: self.task.clone(),
            position: self.position,
            network: network_bytes(&self.network)?,
            optimizer: optimizer_bytes(&self.optimizer)?,
            signs_optimizer: self
                .signs_optimizer
                .as_ref()
                .map_or(Ok(Vec::new()), optimizer_bytes)?,
            best: self.best.clone(),
        })
    }
}

fn network_bytes(network: &HadamRnn) -> Result<Vec<u8>> {
    Ok(network
        .clone()
        .into_record()
        .into_bytes()
        .context("cannot record the network")?
        .to_vec())
}

fn load_network(network: HadamRnn, bytes: &[u8]) -> Result<HadamRnn> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()));
    let record = record.context("the checkpoint's weights cannot be read")?;
    network
        .try_load_record(record)
        .context("the checkpoint's weights do not fit the network")
}

fn load_optimizer(optimizer: ModuleOptimizer, bytes: &[u8]) -> Result<ModuleOptimizer> {
    let bytes = Bytes::from_bytes_vec(bytes.to_vec());
    optimizer
        .from_bytes(bytes)
        .context("the checkpoint's optimiser cannot be read")
}

/// The network that a checkpoint's run would end with, on a device without autodiff.
///
/// # Errors
/// The checkpoint is of another version.
pub fn chosen_network(checkpoint: &Checkpoint, device: &Device) -> Result<HadamRnn> {
    let config = checkpoint.run_config()?;
    let task = &checkpoint.task;
    let network = config
        .network(task.input, task.outputs)
        .init(config.seed, device)?;
    load_network(network, checkpoint.chosen_network())
}
