//! A model folder: the model file, its card, and golden vectors.
//!
//! | file | what |
//! |---|---|
//! | `model.hdrn` | the model |
//! | `card.toml` | [`Card`]: where it comes from and what it achieves |
//! | `windows.bin` | raw input windows |
//! | `golden.json` | the class, logits and state digest that every correct runtime gives for each of those windows |

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::RunConfig;
use crate::data::Sequences;
use crate::export::Scales;
use crate::files::write_atomically;
use crate::integer::{self, Answer, KernelName, ModelFile};
use crate::metrics::Metrics;
use crate::verify;

/// Names of the files of a model folder.
pub mod files {
    /// The model.
    pub const MODEL: &str = "model.hdrn";
    /// The card.
    pub const CARD: &str = "card.toml";
    /// Raw input windows.
    pub const WINDOWS: &str = "windows.bin";
    /// Expected answers.
    pub const GOLDEN: &str = "golden.json";
}

/// Golden vectors of a model folder.
const GOLDEN_WINDOWS: usize = 16;

/// What is known about a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Commands that made it, in order.
    pub commands: Vec<String>,
    /// Where the data came from.
    pub data: String,
    /// Epoch whose weights these are.
    pub epoch: u32,
    /// Length of the model file.
    pub bytes: usize,
    /// Digest of the model file.
    pub sha256: String,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// Names of the input channels, in the order of a sample.
    pub channels: Vec<String>,
    /// Physical units per raw count of each channel: what the sensor driver must deliver.
    pub input_lsb: Vec<f32>,
    /// Measured results.
    pub results: Results,
    /// Units of the integers.
    pub scales: Scales,
    /// The configuration of the run.
    pub config: RunConfig,
}

/// Metrics of the float network and of the integer model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Float network, validation split, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float_valid: Option<Metrics>,
    /// Float network, test split.
    pub float_test: Metrics,
    /// Integer model, test split.
    pub integer_test: Metrics,
}

impl Card {
    /// Reads `folder/card.toml`.
    ///
    /// # Errors
    /// It is missing or malformed, or its configuration is out of range.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(files::CARD);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let card: Self =
            toml::from_str(&text).with_context(|| format!("{} is malformed", path.display()))?;
        let config = card.config.validate();
        config.with_context(|| format!("{}: [config]", path.display()))?;
        Ok(card)
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes a model folder; existing files of these names are replaced.
///
/// # Errors
/// The folder cannot be written.
pub fn write_folder(folder: &Path, file: &ModelFile, card: &Card, test: &Sequences) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let model = file.model()?;
    let stride = (test.len() / GOLDEN_WINDOWS).max(1);
    let chosen: Vec<usize> = (0..test.len())
        .step_by(stride)
        .take(GOLDEN_WINDOWS)
        .collect();
    let windows = test.select(&chosen);
    let answers: Vec<Answer> =
        integer::answers(&model, KernelName::Fwht, &windows, &card.input_lsb)?;
    let bytes = verify::window_file(&model, &windows, &card.input_lsb, windows.len())?;
    let golden =
        serde_json::to_string_pretty(&answers).context("cannot encode golden vectors")? + "\n";
    let text = toml::to_string_pretty(card).context("cannot encode the card")?;
    write_atomically(&folder.join(files::MODEL), file.bytes())?;
    write_atomically(&folder.join(files::WINDOWS), &bytes)?;
    write_atomically(&folder.join(files::GOLDEN), golden.as_bytes())?;
    write_atomically(&folder.join(files::CARD), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_with_a_huge_size_is_refused_by_name() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/copy");
        let text = std::fs::read_to_string(shipped.join(files::CARD)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for field in ["copy_steps", "batch_size"] {
            let line = text.lines().find(|line| line.starts_with(field)).unwrap();
            let huge = text.replace(line, &format!("{field} = 4611686018427387904"));
            std::fs::write(folder.path().join(files::CARD), huge).unwrap();
            let error = format!("{:#}", Card::read(folder.path()).unwrap_err());
            for part in ["card.toml", field, "must be in"] {
                assert!(error.contains(part), "{error}");
            }
        }
        Card::read(&shipped).unwrap();
    }

    #[test]
    fn sha256_of_the_standard_s_example() {
        let digest = super::sha256(b"abc");
        assert_eq!(
            digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
