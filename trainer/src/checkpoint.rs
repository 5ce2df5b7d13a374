//! A training run on disk: all that it takes to go on as if it had never stopped.
//!
//! `checkpoint.bin` of a run folder is `HDCK`, a version, the postcard of [`Checkpoint`] and a CRC-32. It is replaced
//! atomically, so a run that is killed while saving still has the checkpoint before. Version 3 lacks the digests of the data.

mod facts;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_runtime::format::crc32;
use serde::{Deserialize, Serialize};

use crate::config::{RunConfig, TrainingConfig};
use crate::files::write_atomically;
use crate::metrics::Metrics;
use crate::task_data::{DataDigest, TaskData};
use crate::untrusted::{self, Kind};

pub use facts::TaskFacts;

/// Name of the checkpoint in a run folder.
pub const FILE_NAME: &str = "checkpoint.bin";

/// Name of the configuration in a run folder: for people, and to start other runs from. The checkpoint has it, too.
pub const CONFIG_NAME: &str = "config.toml";

/// Name of the file in a run folder that says how the run diverged; there is none where it did not.
pub const DIVERGED_NAME: &str = "diverged.txt";

const MAGIC: [u8; 4] = *b"HDCK";
const VERSION: u16 = 4;
/// Ends before [`Checkpoint::data`].
const VERSION_WITHOUT_DIGESTS: u16 = 3;

/// State of a run between two steps of the optimiser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The configuration, as TOML.
    pub config: String,
    /// Properties of the task's data.
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
    /// Digests of the data; none where they are generated, or where the run is older than digests.
    pub data: Option<DataDigest>,
    /// The file that it was read from, for messages; empty if it was not.
    #[serde(skip)]
    pub file: PathBuf,
    /// How the run diverged, if it did: the weights are those of the last epoch before.
    #[serde(skip)]
    pub diverged: Option<String>,
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

impl Position {
    /// Whether a run that is here is over: all epochs are done, or validation has not improved since `best` for as many of
    /// them as the configuration allows.
    pub fn is_over(self, best: Option<&Best>, training: &TrainingConfig) -> bool {
        let patience = training.patience.zip(best);
        self.epoch >= training.epochs
            || patience.is_some_and(|(patience, best)| self.epoch - best.epoch >= patience)
    }
}

/// Weights worth keeping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Epochs completed when they were taken.
    pub epoch: u32,
    /// Loss and accuracy on the validation split.
    pub valid: Metrics,
    /// Weights, as Burn records them.
    pub network: Vec<u8>,
}

impl Checkpoint {
    /// The run in `folder`, and its configuration.
    ///
    /// # Errors
    /// There is no checkpoint or it is damaged, or the folder's `config.toml` is not the configuration that the run was
    /// started with.
    pub fn open(folder: &Path) -> Result<(Self, RunConfig)> {
        let checkpoint = Self::load(folder)?;
        let config = checkpoint.run_config()?;
        let path = folder.join(CONFIG_NAME);
        if !path.exists() {
            return Ok((checkpoint, config));
        }
        let text = untrusted::text(&path, Kind::SETTINGS).map_err(anyhow::Error::from);
        let differences = match text.and_then(|text| RunConfig::from_toml(&text)) {
            Ok(in_folder) => config.differences(&in_folder),
            Err(error) => vec![format!("{error:#}")],
        };
        ensure!(
            differences.is_empty(),
            "{0} is not what the run was started with: {1}. A run keeps its configuration: remove that file and it is \
             written anew from the checkpoint; for a run with other settings, give another folder: `hadamrnn train --config \
             {0} --out OTHER`",
            path.display(),
            differences.join("; ")
        );
        Ok((checkpoint, config))
    }

    /// The configuration.
    ///
    /// # Errors
    /// It was written by a version with other fields.
    pub fn run_config(&self) -> Result<RunConfig> {
        let config = RunConfig::from_toml(&self.config).context("the checkpoint's configuration");
        self.named(config)
    }

    /// Lists the properties in which `data` differ from those of the run, for people; empty if they are the same, as
    /// far as is known. A run that is older than digests ([`is_without_digest`](Self::is_without_digest)) knows only
    /// the properties.
    pub fn differences(&self, facts: &TaskFacts, data: Option<&DataDigest>) -> Vec<String> {
        let mut all = Vec::new();
        let of_run = &self.task;
        if of_run.classes != facts.classes {
            let names = |facts: &TaskFacts| facts.classes.join(", ");
            all.push(format!(
                "the classes are {}, not {}",
                names(facts),
                names(of_run)
            ));
        }
        if let (Some(of_run), Some(data)) = (&self.data, data) {
            all.extend(of_run.differences(data).into_iter().map(String::from));
        }
        if all.is_empty() && of_run != facts {
            all.push("the inputs and their standardisation".into());
        }
        all
    }

    /// Whether the run has data whose digests it did not keep.
    pub fn is_without_digest(&self, data: &TaskData) -> bool {
        self.data.is_none() && matches!(data, TaskData::Windows(_))
    }

    /// Checks that the weights are trained ones.
    ///
    /// # Errors
    /// No epoch was finished, or the run diverged.
    pub fn check_trained(&self) -> Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("")).display();
        ensure!(
            self.position.epoch > 0 || self.diverged.is_some(),
            "{folder} holds no trained weights: the run was stopped before its first epoch ended. Train on with `hadamrnn train \
             --resume {folder}`"
        );
        if let Some(why) = &self.diverged {
            bail!(
                "{folder} holds no trained weights: {}. `hadamrnn train … --learning-rate SMALLER --out {folder} --overwrite` starts \
                 anew",
                why.lines().next().unwrap_or_default()
            );
        }
        Ok(())
    }

    /// Adds the name of the checkpoint's file to an error that is about its content.
    pub(crate) fn named<T>(&self, result: Result<T>) -> Result<T> {
        match self.file.as_os_str().is_empty() {
            true => result,
            false => result.with_context(|| self.file.display().to_string()),
        }
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
        let decoded = Self::decode(&bytes)
            .with_context(|| format!("{} is not a checkpoint that can be used", path.display()));
        let diverged = folder.join(DIVERGED_NAME);
        let diverged = match diverged.symlink_metadata() {
            Ok(_) => Some(untrusted::text(&diverged, Kind::SETTINGS).unwrap_or_default()),
            Err(_) => None,
        };
        decoded.map(|checkpoint| Self {
            file: path,
            diverged,
            ..checkpoint
        })
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
        let decoded = match version {
            VERSION => postcard::from_bytes(body),
            // No digests are a zero at the end.
            VERSION_WITHOUT_DIGESTS => postcard::from_bytes(&[body, &[0]].concat()),
            _ => bail!(
                "it has version {version}, this program reads the versions {VERSION_WITHOUT_DIGESTS} and {VERSION}"
            ),
        };
        let checkpoint: Self = decoded.context("it cannot be decoded")?;
        checkpoint.task.validate()?;
        let best = checkpoint.best.as_ref().map_or(0, |best| best.epoch);
        ensure!(
            best <= checkpoint.position.epoch,
            "its best epoch is {best}, of {}",
            checkpoint.position.epoch
        );
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;
    use crate::nn::Input;
    use crate::standardise::Standardisation;

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
            data: None,
            file: PathBuf::new(),
            diverged: None,
        }
    }

    /// The file of `checkpoint` with a checksum that holds, after changes to its bytes.
    fn resealed(mut bytes: Vec<u8>, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        bytes.truncate(bytes.len() - 4);
        change(&mut bytes);
        bytes.extend(crc32(&bytes).to_le_bytes());
        bytes
    }

    #[test]
    fn saves_and_loads() {
        let folder = tempfile::tempdir().unwrap();
        checkpoint().save(folder.path()).unwrap();
        checkpoint().save(folder.path()).unwrap();
        let file = folder.path().join(FILE_NAME);
        let expected = Checkpoint {
            file,
            ..checkpoint()
        };
        assert_eq!(Checkpoint::load(folder.path()).unwrap(), expected);
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
    fn version_3_is_read_and_has_no_digests() {
        let folder = tempfile::tempdir().unwrap();
        checkpoint().save(folder.path()).unwrap();
        let bytes = std::fs::read(folder.path().join(FILE_NAME)).unwrap();
        let old = resealed(bytes, |bytes| {
            bytes[4] = 3;
            // Without the last field.
            assert_eq!(bytes.pop(), Some(0));
        });
        assert_eq!(Checkpoint::decode(&old).unwrap(), checkpoint());
    }

    #[test]
    fn parts_that_do_not_belong_together_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        type Change = fn(&mut Checkpoint);
        let changes: [(Change, &str); 6] = [
            (
                |run| run.task.standardisation.mean.push(0.0),
                "standardisation",
            ),
            (
                |run| run.task.standardisation.source[1] = 7,
                "standardisation",
            ),
            (|run| run.task.input = Input::Numbers(3), "2 inputs"),
            (|run| run.task.input_lsb.clear(), "2 channels"),
            (|run| run.task.outputs = usize::MAX, "outputs for 2 classes"),
            (
                |run| {
                    run.best = Some(Best {
                        epoch: 4,
                        valid: Metrics::default(),
                        network: vec![],
                    });
                },
                "best epoch is 4, of 3",
            ),
        ];
        for (change, part) in changes {
            let mut changed = checkpoint();
            change(&mut changed);
            changed.save(folder.path()).unwrap();
            let error = format!("{:#}", Checkpoint::load(folder.path()).unwrap_err());
            for part in [FILE_NAME, part] {
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn a_configuration_that_was_edited_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CONFIG_NAME);
        checkpoint().save(folder.path()).unwrap();
        let message = || format!("{:#}", Checkpoint::open(folder.path()).unwrap_err());
        Checkpoint::open(folder.path()).unwrap();
        // Comments and absent defaults make no difference.
        let config = checkpoint().config;
        std::fs::write(&path, format!("# mine\n{config}")).unwrap();
        Checkpoint::open(folder.path()).unwrap();
        std::fs::write(&path, config.replace("epochs = 30", "epochs = 6")).unwrap();
        let error = message();
        for part in ["config.toml", "training.epochs = 6, not 30", "--config"] {
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(&path, b"\xff\xfe").unwrap();
        assert!(message().contains("config.toml"), "{}", message());
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
