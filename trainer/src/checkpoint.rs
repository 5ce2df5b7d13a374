//! A training run on disk: all that it takes to go on as if it had never stopped.
//!
//! `checkpoint.bin` of a run folder is `HDCK`, a version, the postcard of [`Checkpoint`] and a CRC-32. It is replaced
//! atomically, so a run that is killed while saving still has the checkpoint before.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::format::crc32;
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::metrics::Metrics;
use crate::nn::Input;
use crate::standardise::Standardisation;
use crate::untrusted::{self, Kind};

/// Name of the checkpoint in a run folder.
pub const FILE_NAME: &str = "checkpoint.bin";

const MAGIC: [u8; 4] = *b"HDCK";
const VERSION: u16 = 3;

/// State of a run between two steps of the optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The configuration, as TOML.
    pub config: String,
    /// What the task's data look like.
    pub task: TaskFacts,
    /// Where the run stands.
    pub position: Position,
    /// Weights, as Burn records them.
    pub network: Vec<u8>,
    /// The running mean of the weights, as Burn records them, empty without one.
    pub average: Vec<u8>,
    /// Adam's moments.
    pub optimizer: Vec<u8>,
    /// Adam's moments of the signs, empty when they are frozen.
    pub signs_optimizer: Vec<u8>,
    /// The best epoch so far.
    pub best: Option<Best>,
}

/// What evaluation and export need to know of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Fitted on the training split.
    pub standardisation: Standardisation,
    /// Physical units per raw count, per channel.
    pub input_lsb: Vec<f32>,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// What a step feeds the network; tokens without their embedding, which the configuration has.
    pub input: Input,
    /// Logits.
    pub outputs: usize,
    /// Logits of the auxiliary readout, 0 without one.
    pub auxiliary: usize,
}

/// Place in the sequence of optimiser steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Epochs completed.
    pub epoch: u32,
    /// Batches of the current epoch completed.
    pub batch: u32,
    /// Sum of the losses of those batches.
    pub loss_sum: f64,
    /// Flips of recurrent signs in the current epoch, where they are limited.
    pub flips: u32,
}

/// Weights worth keeping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Epochs completed when they were taken.
    pub epoch: u32,
    /// On the validation split.
    pub valid: Metrics,
    /// Weights, as Burn records them.
    pub network: Vec<u8>,
}

impl Checkpoint {
    /// The configuration.
    ///
    /// # Errors
    /// It was written by a version with other fields.
    pub fn run_config(&self) -> Result<RunConfig> {
        RunConfig::from_toml(&self.config).context("the checkpoint's configuration")
    }

    /// Weights to evaluate and export: the best epoch's, else the running mean, else the current ones.
    pub fn chosen_network(&self) -> &[u8] {
        match &self.best {
            Some(best) => &best.network,
            None if !self.average.is_empty() => &self.average,
            None => &self.network,
        }
    }

    /// Writes `folder/checkpoint.bin` atomically.
    ///
    /// # Errors
    /// The folder cannot be written; an earlier checkpoint is then untouched.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        let mut bytes = postcard::to_extend(self, bytes).context("cannot encode the checkpoint")?;
        bytes.extend(crc32(&bytes).to_le_bytes());
        write_atomically(&folder.join(FILE_NAME), &bytes)
    }

    /// Reads `folder/checkpoint.bin`.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE_NAME);
        let bytes = untrusted::read(&path, Kind::CHECKPOINT).with_context(|| {
            format!(
                "cannot read {}: is {} the folder of a training run?",
                path.display(),
                folder.display()
            )
        })?;
        Self::decode(&bytes)
            .with_context(|| format!("{} is not a checkpoint that can be used", path.display()))
    }

    fn decode(bytes: &[u8]) -> Result<Self> {
        let Some((body, crc)) = bytes.split_last_chunk::<4>() else {
            bail!("it is too short")
        };
        let Some(body_after_magic) = body.strip_prefix(&MAGIC) else {
            bail!("it does not start with HDCK")
        };
        ensure!(
            crc32(body) == u32::from_le_bytes(*crc),
            "its checksum does not match: the file is damaged"
        );
        let Some((version, body)) = body_after_magic.split_first_chunk::<2>() else {
            bail!("it is too short")
        };
        let version = u16::from_le_bytes(*version);
        ensure!(
            version == VERSION,
            "it has version {version}, this program reads version {VERSION}"
        );
        postcard::from_bytes(body).context("it cannot be decoded")
    }
}

/// Writes a file so that at any moment either the old or the new content is there.
///
/// # Errors
/// The folder cannot be written or the disk is full; the old content is then untouched.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        set_ordinary_mode(file.as_file())?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// Temporary files are private; what becomes of them should be readable like any other file.
#[cfg(unix)]
fn set_ordinary_mode(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_ordinary_mode(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            config: RunConfig::for_task(Task::Har2).to_toml(),
            task: TaskFacts {
                standardisation: Standardisation::identity(2),
                input_lsb: vec![0.5, 0.25],
                classes: vec!["a".into(), "b".into()],
                input: Input::Numbers(2),
                outputs: 1,
                auxiliary: 0,
            },
            position: Position {
                epoch: 3,
                batch: 7,
                loss_sum: 1.5,
                flips: 2,
            },
            network: vec![1, 2, 3],
            average: vec![5],
            optimizer: vec![4],
            signs_optimizer: vec![],
            best: None,
        }
    }

    #[test]
    fn saves_and_loads() {
        let folder = tempfile::tempdir().unwrap();
        checkpoint().save(folder.path()).unwrap();
        checkpoint().save(folder.path()).unwrap();
        assert_eq!(Checkpoint::load(folder.path()).unwrap(), checkpoint());
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "no temporary file is left"
        );
    }

    #[test]
    fn every_truncation_and_bit_flip_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        checkpoint().save(folder.path()).unwrap();
        let bytes = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
        for length in 0..bytes.len() {
            assert!(Checkpoint::decode(&bytes[..length]).is_err(), "{length}");
        }
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Checkpoint::decode(&flipped).is_err(), "{bit}");
        }
    }

    #[test]
    fn errors_name_the_file() {
        let error = Checkpoint::load(Path::new("/nonexistent/run")).unwrap_err();
        assert!(
            format!("{error:#}").contains("/nonexistent/run"),
            "{error:#}"
        );
    }
}
