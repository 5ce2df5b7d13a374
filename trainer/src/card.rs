//! A model folder: the model file, its card, and golden vectors.
//!
//! | file | what |
//! |---|---|
//! | `model.hdrn` | the model |
//! | `card.toml` | [`Card`]: where it comes from and what it achieves |
//! | `windows.bin` | raw input windows |
//! | `golden.json` | the class, logits and state digest that every correct runtime gives for each of those windows |

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::RunConfig;
use crate::data::hex::hex;
use crate::data::import::Unit;
use crate::export::Scales;
use crate::metrics::Metrics;
use crate::untrusted::{self, Kind};

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
    /// All file names of a model folder.
    pub const ALL: [&str; 4] = [MODEL, CARD, WINDOWS, GOLDEN];
}

/// The start of a card's first line, before the digest of the lines below.
const SEAL: &str = "# SHA-256 of the lines below: ";

/// A model's card: how it was made, and how it performs.
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
    /// Digest of the window file; cards of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows_sha256: Option<String>,
    /// Digest of the golden vectors' text, as of [`sha256_of_text`]; cards of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub golden_sha256: Option<String>,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// Names of the input channels, in the order of a sample.
    pub channels: Vec<String>,
    /// Physical units per raw count of each channel: what the sensor driver must deliver.
    pub input_lsb: Vec<f32>,
    /// Units of the channels, in which `input_lsb` is; none for those of a benchmark, which are known, and of cards of earlier
    /// versions, whose recordings are in counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
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
    /// Reads `folder/card.toml` by itself. [`StoredModel::read`](crate::model_folder::StoredModel::read) compares it with
    /// the model.
    ///
    /// # Errors
    /// It is missing or damaged, or its configuration is out of range.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(files::CARD);
        let text = untrusted::text(&path, Kind::SETTINGS)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads the text of `card.toml`. Its first line may be a digest of the others, which then has to be right.
    ///
    /// # Errors
    /// It is no card, or was changed after its digest was taken.
    pub fn parse(text: &str) -> Result<Self> {
        if let Some(sealed) = text.strip_prefix(SEAL) {
            let (digest, below) = sealed.split_once('\n').unwrap_or((sealed, ""));
            ensure!(
                digest.trim_end() == sha256_of_text(below),
                "it was changed after it was written: the digest in its first line is not that of the others. Delete the \
                 first line if the change is yours"
            );
        }
        let card: Self = toml::from_str(text).context("it is malformed")?;
        card.config.validate().context("[config]")?;
        let wrong = |lsb: &&f32| !(lsb.is_finite() && **lsb > 0.0);
        if let Some(lsb) = card.input_lsb.iter().find(wrong) {
            bail!("input_lsb: {lsb} is no size of a count: it must be a finite number above 0");
        }
        ensure!(
            card.units.is_empty() || card.units.len() == card.channels.len(),
            "units: there are {} of {} channels",
            card.units.len(),
            card.channels.len()
        );
        Ok(card)
    }

    /// The text of `card.toml`, which begins with its digest.
    ///
    /// # Errors
    /// A value cannot be written as TOML.
    pub fn to_text(&self) -> Result<String> {
        let text = toml::to_string_pretty(self).context("cannot encode the card")?;
        Ok(format!("{SEAL}{}\n{text}", sha256_of_text(&text)))
    }
}

/// SHA-256 of the lines of a text, in hexadecimal: the same whatever ends the lines, so that a checkout may change that.
pub fn sha256_of_text(text: &str) -> String {
    let lines: String = text.lines().flat_map(|line| [line, "\n"]).collect();
    sha256(lines.as_bytes())
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
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
            let (_, huge) = huge.split_once('\n').expect("a digest, then the card");
            std::fs::write(folder.path().join(files::CARD), huge).unwrap();
            let error = format!("{:#}", Card::read(folder.path()).unwrap_err());
            for part in ["card.toml", field, "must be in"] {
                assert!(error.contains(part), "{error}");
            }
        }
        Card::read(&shipped).unwrap();
    }

    #[test]
    fn the_size_of_a_count_is_a_number_above_zero() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/har2");
        let mut card = Card::read(&shipped).unwrap();
        for lsb in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            card.input_lsb[3] = lsb;
            let error = format!("{:#}", Card::parse(&card.to_text().unwrap()).unwrap_err());
            assert!(error.contains("input_lsb"), "{error}");
        }
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
