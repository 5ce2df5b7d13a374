//! Weights and optimisers as the bytes of a checkpoint.

use anyhow::{Context, Result};
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::store::ModuleRecord;
use burn::tensor::{Bytes, Device};

use crate::checkpoint::{Checkpoint, TaskFacts};
use crate::config::RunConfig;
use crate::nn::{HadamRnn, HadamRnnConfig};

/// Weights, as Burn records them.
pub(super) fn network_bytes(network: &HadamRnn) -> Result<Vec<u8>> {
    let bytes = network.clone().into_record().into_bytes();
    Ok(bytes.context("cannot record the network")?.to_vec())
}

/// `network` with recorded weights.
pub(super) fn load_network(network: HadamRnn, bytes: &[u8]) -> Result<HadamRnn> {
    let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes.to_vec()));
    let record = record.context("the checkpoint's weights cannot be read")?;
    network
        .try_load_record(record)
        .context("the checkpoint's weights do not fit the network")
}

/// An optimiser's moments, as Burn records them.
pub(super) fn optimizer_bytes(optimizer: &ModuleOptimizer) -> Result<Vec<u8>> {
    let bytes = optimizer.into_bytes();
    Ok(bytes.context("cannot record the optimiser")?.to_vec())
}

/// `optimizer` with recorded moments.
pub(super) fn load_optimizer(optimizer: ModuleOptimizer, bytes: &[u8]) -> Result<ModuleOptimizer> {
    let bytes = Bytes::from_bytes_vec(bytes.to_vec());
    optimizer
        .from_bytes(bytes)
        .context("the checkpoint's optimiser cannot be read")
}

/// The network of a configuration on data that look like `task`.
pub(super) fn network_config(config: &RunConfig, task: &TaskFacts) -> HadamRnnConfig {
    HadamRnnConfig {
        auxiliary_size: task.auxiliary,
        ..config.network(task.input, task.outputs)
    }
}

/// The network that a checkpoint's run would end with, on a device without autodiff.
///
/// # Errors
/// The checkpoint is of another version.
pub fn chosen_network(checkpoint: &Checkpoint, device: &Device) -> Result<HadamRnn> {
    let (config, task) = (checkpoint.run_config()?, &checkpoint.task);
    let network = network_config(&config, task).init(config.seed, device);
    let network = network.map_err(anyhow::Error::from);
    checkpoint.named(network.and_then(|network| load_network(network, checkpoint.chosen_network())))
}
