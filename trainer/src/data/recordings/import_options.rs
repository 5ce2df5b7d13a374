//! How recordings of other tools are imported: the part of a configuration that is about that.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::data::import::{Options, Pattern, Resampling, Unit};
use crate::visible;

/// How recordings of other tools are read: the options of `hadamrnn data import`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportOptions {
    /// Place of the label in names of files, such as `{label}-*.csv`; absent it is looked for in files and folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_from: Option<String>,
    /// Column that holds the labels, by its name; absent one that is named like a label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Column that names people or other groups, by its name; absent one that is named like people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_column: Option<String>,
    /// Unit of channels whose files tell none, such as "mg".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Samples a second where files tell no time; absent it is that of the recordings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_hz: Option<f64>,
    /// Samples a second that recordings are resampled to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_hz: Option<f64>,
    /// How they are resampled; absent it follows from the rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resample_by: Option<Resampling>,
    /// The most malformed lines that are left out, over all files.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_bad_lines: usize,
    /// Channels to keep, in their order; for files without a header the names of all columns. Absent all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Counts per unit of a run's channels: what is recorded later is read at the same scale. Absent they are chosen to fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts_per_unit: Vec<f64>,
}

fn is_zero(lines: &usize) -> bool {
    *lines == 0
}

/// The range of rates that are taken, in Hz.
const RATES: std::ops::RangeInclusive<f64> = 0.01..=1e6;

impl ImportOptions {
    /// Checks every range; the message names the field.
    ///
    /// # Errors
    /// A value is out of its range.
    pub(super) fn validate(&self) -> Result<()> {
        self.options().map(|_| ())?;
        for (field, rate) in [("rate_hz", self.rate_hz), ("resample_hz", self.resample_hz)] {
            if let Some(rate) = rate {
                ensure!(
                    RATES.contains(&rate),
                    "{field} must be in 0.01..=1000000, not {rate}"
                );
            }
        }
        let is_size = |counts: &&f64| counts.is_finite() && **counts > 0.0;
        ensure!(
            self.counts_per_unit.iter().all(|counts| is_size(&counts)),
            "counts_per_unit must be numbers above 0"
        );
        Ok(())
    }

    /// The options of the import.
    ///
    /// # Errors
    /// `label_from` is no pattern, or `unit` no unit.
    pub fn options(&self) -> Result<Options> {
        let label_from: Option<Result<Pattern>> = self.label_from.as_ref().map(|text| text.parse());
        let unit = self.unit.as_ref().map(|text| {
            Unit::parse(text).with_context(|| {
                format!(
                    "unit: \"{}\" is none of g, mg, m/s2, rad/s, dps, uT, counts",
                    visible::name(text)
                )
            })
        });
        Ok(Options {
            label_from: label_from.transpose().context("label_from")?,
            label_column: self.label_column.clone(),
            subject_column: self.subject_column.clone(),
            channels: self.channels.clone(),
            unit: unit.transpose()?,
            rate_hz: self.rate_hz,
            resample_hz: self.resample_hz,
            resample_by: self.resample_by,
            skip_bad_lines: self.skip_bad_lines,
        })
    }
}
