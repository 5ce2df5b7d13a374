//! How recordings are read, cut into windows and split: the part of a configuration that is about them.

use std::fmt;
use std::ops::RangeInclusive;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::StoredSplit;
use super::import_options::ImportOptions;
use crate::bounds::{self, within};
use crate::data::import::Unit;
use crate::visible;

/// Samples a second where neither the user nor a time column says how many they are.
pub(super) const DEFAULT_RATE_HZ: f32 = 50.0;
/// Folds of a cross-validation.
pub const FOLDS: RangeInclusive<usize> = 2..=1000;
/// Rules by which recordings are read and split; see [`Cutting::rules`].
pub(super) const RULES: u8 = 2;

/// How recordings are read, cut into windows and split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cutting {
    /// Samples of a window, `1..=65535`.
    pub steps: usize,
    /// Samples from the start of a window to that of the next, `1..=65_535`; less than `steps` overlaps them.
    pub hop: usize,
    /// Samples a second; absent they are measured by the time column, or else 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f32>,
    /// Columns that are channels, in their order; absent all that are not named like a time, number or person, and do not just
    /// count or tell recordings apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Units of the channels, one each, such as "g"; absent those that the files tell, and in a run the counts as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<Unit>,
    /// Column whose values group recordings that stay in one split; absent one named like `subject`, and "none" for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Seed of the split; equal seeds split equal recordings equally.
    #[serde(skip_serializing_if = "is_zero")]
    pub split_seed: u64,
    /// Fold of a cross-validation that is the test split; absent about a fifth is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
    /// Rules of reading and splitting: 2, or 1 as versions had them that kept no split.
    #[serde(default = "first_rules")]
    pub rules: u8,
    /// Names of the classes in their order; absent those of the labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// The split of a run; absent it is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<StoredSplit>,
    /// How recordings of other tools are imported, where these are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportOptions>,
}

/// One part of a user's recordings in a cross-validation: whole groups or recordings, each in one fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fold {
    /// Number of the fold, `1..=of`.
    pub number: usize,
    /// Number of folds, `2..=1000`.
    pub of: usize,
}

impl fmt::Display for Fold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl From<Fold> for String {
    fn from(fold: Fold) -> Self {
        fold.to_string()
    }
}

impl TryFrom<String> for Fold {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let (number, of) = numbers
            .with_context(|| format!("\"{}\" is no fold such as 2/5", visible::name(&text)))?;
        within("folds", of, FOLDS)?;
        within("fold", number, 1..=of)?;
        Ok(Self { number, of })
    }
}

fn is_zero(seed: &u64) -> bool {
    *seed == 0
}

fn first_rules() -> u8 {
    1
}

impl Default for Cutting {
    fn default() -> Self {
        Self {
            steps: 128,
            hop: 64,
            rate_hz: None,
            channels: Vec::new(),
            units: Vec::new(),
            group: None,
            split_seed: 0,
            fold: None,
            rules: RULES,
            classes: Vec::new(),
            split: None,
            import: None,
        }
    }
}

impl Cutting {
    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub fn validate(&self) -> Result<()> {
        within("steps", self.steps, bounds::SAMPLES)?;
        within("hop", self.hop, bounds::SAMPLES)?;
        within("rules", self.rules.into(), 1..=RULES.into())?;
        if let Some(rate) = self.rate_hz {
            ensure!(
                rate.is_finite() && rate > 0.0,
                "rate_hz must be a positive number, not {rate}"
            );
        }
        for (field, names) in [("channels", &self.channels), ("classes", &self.classes)] {
            let twice = (1..names.len()).find(|&i| names[..i].contains(&names[i]));
            ensure!(
                twice.is_none(),
                "{field} must name each once, not twice \"{}\"",
                visible::name(twice.map_or("", |i| &names[i]))
            );
        }
        if let Some(import) = &self.import {
            import.validate().context("import")?;
        }
        ensure!(
            self.units.is_empty() || self.units.len() == self.channels.len(),
            "units must be one for each of channels, of which there are {}, not {}",
            self.channels.len(),
            self.units.len()
        );
        ensure!(
            self.split.is_none() || (!self.channels.is_empty() && self.classes.len() > 1),
            "split is that of a run, which has channels and classes, too: take it out to have it drawn"
        );
        let split = self.split.as_ref();
        split.map_or(Ok(()), |split| split.check(self.classes.len()))
    }

    /// Windows of samples in a row.
    pub(super) fn windows_in(&self, samples: usize) -> usize {
        (samples.checked_sub(self.steps)).map_or(0, |rest| rest / self.hop + 1)
    }

    /// Whether channels that hardly moved in training get a floor of their deviation.
    pub(crate) fn has_floor(&self) -> bool {
        self.rules == RULES
    }

    /// Samples a second, for people and boards: stated or measured, else the default.
    pub fn rate(&self) -> f32 {
        self.rate_hz.unwrap_or(DEFAULT_RATE_HZ)
    }
}
