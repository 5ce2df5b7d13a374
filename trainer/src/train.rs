//! The training loop.

mod augment;
mod batches;
mod clip;
mod loss;
mod optimise;
mod records;
mod stretches;
mod triads;
mod warp;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::checkpoint::{Best, Checkpoint, Position, TaskFacts};
use crate::config::{Keep, RunConfig};
use crate::data::Split;
use crate::evaluate;
use crate::metrics::Metrics;
use crate::nn::{HadamRnn, Start};
use crate::observer::{EpochRecord, Observer, Step};
use crate::task_data::{DataDigest, TaskData};
use batches::Batches;
use optimise::Optimisers;

pub use records::chosen_network;

/// Steps between two looks at the loss: reading it makes the host wait for the device.
const LOSS_INTERVAL: u32 = 10;

/// Place where a run is kept. A failure of it ends the run.
pub trait Store {
    /// Records an epoch, before it is saved.
    fn record(&mut self, record: &EpochRecord) -> Result<()>;
    /// Saves the run.
    fn save(&mut self, checkpoint: &Checkpoint) -> Result<()>;
    /// Records that training has diverged, and why; it is about to end with that as its error.
    fn diverged(&mut self, _why: &Diverged) -> Result<()> {
        Ok(())
    }
}

/// Training has diverged: the loss is not finite, or beyond all measure.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "training has diverged: the {split} loss of epoch {epoch} is {loss:.3e}, and above {highest:.0} nothing brings it back; \
     lower learning_rate (now {learning_rate}) and start anew"
)]
pub struct Diverged {
    /// Split, as the message names it.
    split: &'static str,
    /// Epoch, from 1.
    epoch: u32,
    /// Mean loss.
    loss: f64,
    /// Highest loss that is not divergence.
    highest: f64,
    /// Step size of the configuration.
    learning_rate: f64,
}

/// The data are not those that the run was started with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the data differ from those the run was started with ({differences}): give the same --data-dir, with the same in it"
)]
pub struct OtherData {
    /// In what they differ, for people.
    differences: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done, or validation has not improved for long enough.
    Finished,
    /// The observer asked to stop; the run is saved and can go on.
    Interrupted,
}

/// A run in progress.
pub struct Trainer<'a> {
    config: RunConfig,
    data: &'a TaskData,
    digest: Option<DataDigest>,
    task: TaskFacts,
    device: Device,
    batches: Batches<'a>,
    network: HadamRnn,
    /// The running mean of the weights, if there is to be one.
    average: Option<HadamRnn>,
    optimisers: Optimisers,
    position: Position,
    best: Option<Best>,
    /// A mean loss above is that of a run that has diverged.
    highest_loss: f64,
}

impl<'a> Trainer<'a> {
    /// A run from the start.
    ///
    /// # Errors
    /// The configuration is invalid or does not fit the data, or there are no training data.
    pub fn new(config: RunConfig, data: &'a TaskData, device: &Device) -> Result<Self> {
        let augmentation = &config.training.augmentation;
        if let TaskData::Windows(windows) = data
            && (augmentation.rotation > 0.0 || augmentation.magnetometer > 0.0)
        {
            triads::check(windows)?;
        }
        Self::made(config, data, device)
    }

    fn made(config: RunConfig, data: &'a TaskData, device: &Device) -> Result<Self> {
        config.validate()?;
        let device = device.clone().autodiff();
        let task = TaskFacts::of(data);
        let training = &config.training;
        let start = Start {
            bias: training.initial_bias,
            first_output: training.initial_first,
        };
        let network =
            records::network_config(&config, &task).init_with(config.seed, start, &device)?;
        Ok(Self {
            batches: Batches::new(&config, data, &task.standardisation, &device)?,
            data,
            digest: data.digest(),
            highest_loss: loss::highest(&task, &config.training),
            task,
            device,
            average: (config.training.averaging > 0.0).then(|| network.clone()),
            optimisers: Optimisers::new(&config.training),
            network,
            position: Position::default(),
            best: None,
            config,
        })
    }

    /// A run where `checkpoint` left it.
    ///
    /// # Errors
    /// The checkpoint is of [`OtherData`] (by their content, if it has digests of them) or of another version.
    pub fn resume(checkpoint: &Checkpoint, data: &'a TaskData, device: &Device) -> Result<Self> {
        let mut trainer = Self::made(checkpoint.run_config()?, data, device)?;
        let differences = checkpoint.differences(&trainer.task, trainer.digest.as_ref());
        if !differences.is_empty() {
            let differences = differences.join("; ");
            return Err(OtherData { differences }.into());
        }
        checkpoint.named(trainer.load(checkpoint))?;
        Ok(trainer)
    }

    /// Takes weights, moments and place of a checkpoint.
    fn load(&mut self, checkpoint: &Checkpoint) -> Result<()> {
        let Position {
            epoch, loss_sum, ..
        } = checkpoint.position;
        let epochs = self.config.training.epochs;
        ensure!(
            epoch <= epochs && loss_sum.is_finite(),
            "it is in epoch {epoch} of {epochs}, with losses of {loss_sum} there"
        );
        let network = self.network.clone();
        self.network = records::load_network(network, &checkpoint.network)?;
        if let Some(average) = self.average.take() {
            self.average = Some(records::load_network(average, &checkpoint.average)?);
        }
        self.optimisers.load(checkpoint)?;
        self.position = checkpoint.position;
        self.best = checkpoint.best.clone();
        Ok(())
    }

    /// Trains to the last epoch, or until the observer asks to stop.
    ///
    /// # Errors
    /// Training has [`Diverged`] (the last epoch that was saved stays as it is), or saving fails.
    pub fn run(&mut self, store: &mut dyn Store, observer: &mut dyn Observer) -> Result<Outcome> {
        let over = |run: &Self| {
            run.position
                .is_over(run.best.as_ref(), &run.config.training)
        };
        while !over(self) {
            let trained = self.train_epoch(store, observer);
            if let Err(error) = &trained
                && let Some(why) = error.downcast_ref::<Diverged>()
            {
                store.diverged(why)?;
            }
            if trained? == Outcome::Interrupted {
                store.save(&self.checkpoint()?)?;
                return Ok(Outcome::Interrupted);
            }
        }
        Ok(Outcome::Finished)
    }

    fn train_epoch(
        &mut self,
        store: &mut dyn Store,
        observer: &mut dyn Observer,
    ) -> Result<Outcome> {
        let count = self.batches.per_epoch();
        let signs_before = self.network.signs_on_host();
        let order = self.batches.order(self.position.epoch);
        let mut pending: Option<Tensor<1>> = None;
        let mut pending_from = self.position.batch;
        let mut learning_rate = 0.0;
        while self.position.batch < count {
            let factor = self.schedule_factor(count);
            learning_rate = self.config.training.learning_rate * factor;
            let loss = self.step(&order, factor);
            pending = Some(pending.map_or(loss.clone(), |sum| sum + loss));
            self.position.batch += 1;
            let (batch, stop) = (self.position.batch, observer.stop_requested());
            if stop || batch.is_multiple_of(LOSS_INTERVAL) || batch == count {
                self.collect_loss(pending.take(), batch - pending_from)?;
                pending_from = batch;
                observer.step(&self.place(count, learning_rate));
            }
            if stop {
                return Ok(Outcome::Interrupted);
            }
        }
        let train_loss = self.position.loss_sum / f64::from(count);
        self.position = Position {
            epoch: self.position.epoch + 1,
            ..Position::default()
        };
        let (valid, best) = self.validate()?;
        let signs = signs_before.iter().zip(self.network.signs_on_host());
        let record = EpochRecord {
            epoch: self.position.epoch,
            train_loss,
            valid,
            learning_rate,
            sign_flips: signs.filter(|(before, after)| *before != after).count(),
            best,
        };
        store.record(&record)?;
        observer.epoch(&record);
        store.save(&self.checkpoint()?)?;
        Ok(Outcome::Finished)
    }

    /// Where the run is, in an epoch of so many batches of which one is done at least.
    fn place(&self, batches: u32, learning_rate: f64) -> Step {
        let Position {
            epoch,
            batch,
            loss_sum,
            ..
        } = self.position;
        let (epochs, per_epoch) = (self.config.training.epochs, u64::from(batches));
        Step {
            epoch: epoch + 1,
            epochs,
            done: u64::from(epoch) * per_epoch + u64::from(batch),
            total: u64::from(epochs) * per_epoch,
            loss: loss_sum / f64::from(batch),
            learning_rate,
        }
    }

    fn schedule_factor(&self, batches: u32) -> f64 {
        let Position { epoch, batch, .. } = self.position;
        self.config.training.rate_factor(epoch, batch, batches)
    }

    /// One step of the optimiser; returns the loss, still on the device.
    fn step(&mut self, order: &[u32], factor: f64) -> Tensor<1> {
        let loss = self.batches.loss(&self.network, order, self.position);
        let gradients = loss.backward();
        let network = self.network.clone();
        self.network = self
            .optimisers
            .step(network, gradients, factor, &mut self.position);
        if let Some(average) = self.average.take() {
            let decay = self.config.training.averaging;
            self.average = Some(average.averaged_with(&self.network, decay));
        }
        loss.detach()
    }

    /// Adds the sum of the losses of `batches` batches.
    fn collect_loss(&mut self, sum: Option<Tensor<1>>, batches: u32) -> Result<()> {
        let Some(sum) = sum else { return Ok(()) };
        let sum: f64 = sum.into_scalar();
        self.check_loss(
            "training",
            self.position.epoch + 1,
            sum / f64::from(batches),
        )?;
        self.position.loss_sum += sum;
        Ok(())
    }

    fn check_loss(&self, split: &'static str, epoch: u32, loss: f64) -> Result<(), Diverged> {
        if loss <= self.highest_loss {
            return Ok(());
        }
        Err(Diverged {
            split,
            epoch,
            loss,
            highest: self.highest_loss,
            learning_rate: self.config.training.learning_rate,
        })
    }

    /// Metrics on the validation split, and whether they are the best so far; keeps the weights if so.
    fn validate(&mut self) -> Result<(Option<Metrics>, bool)> {
        let split = self.data.split(Split::Valid);
        if split.is_empty() {
            return Ok((None, false));
        }
        let network = self.average.as_ref().unwrap_or(&self.network);
        let device = self.device.clone().inner();
        let standardisation = &self.task.standardisation;
        let valid = evaluate::float_metrics(&network.valid(), &split, standardisation, &device);
        self.check_loss("validation", self.position.epoch, valid.loss)?;
        let better = self.best.as_ref().is_none_or(|best| {
            let order = valid.accuracy.total_cmp(&best.valid.accuracy);
            order.then(best.valid.loss.total_cmp(&valid.loss)).is_gt()
        });
        let keep = better && self.config.training.keep == Keep::Best;
        if keep {
            self.best = Some(Best {
                epoch: self.position.epoch,
                valid,
                network: records::network_bytes(network)?,
            });
        }
        Ok((Some(valid), keep))
    }

    /// The state of the run.
    ///
    /// # Errors
    /// Burn cannot encode a record.
    pub fn checkpoint(&self) -> Result<Checkpoint> {
        let average = self.average.as_ref();
        let [optimizer, signs_optimizer] = self.optimisers.bytes()?;
        Ok(Checkpoint {
            config: self.config.to_toml(),
            task: self.task.clone(),
            position: self.position,
            network: records::network_bytes(&self.network)?,
            average: average.map_or(Ok(Vec::new()), records::network_bytes)?,
            optimizer,
            signs_optimizer,
            best: self.best.clone(),
            data: self.digest,
            file: PathBuf::new(),
            diverged: None,
        })
    }
}

#[cfg(test)]
mod tests;
