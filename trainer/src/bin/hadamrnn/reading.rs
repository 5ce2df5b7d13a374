//! Options of reading recordings in the formats of other tools.

use anyhow::Result;
use hadamrnn::data::import::{Options, Pattern, Resampling, Unit};
use hadamrnn::data::recordings::ImportOptions;

use crate::choices::choice;

/// How recordings are read.
#[derive(clap::Args, Clone, Debug)]
pub struct ReadingArgs {
    /// Where the label stands in names of files, such as '{label}-*.csv' or '{subject}/{label}/*'
    #[arg(long, value_name = "PATTERN")]
    label_from: Option<Pattern>,
    /// Column that holds the labels, where it is not named like one (label, class, activity, Klasse, …)
    #[arg(long, value_name = "COLUMN", conflicts_with = "label_from")]
    label_column: Option<String>,
    /// Column that names people or other groups, where it is not named like one (subject, person, Proband, sujet, …)
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Channels to keep, in their order; for files without a header the names of all columns
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    channels: Vec<String>,
    /// Unit of channels whose files tell none: g, mg, m/s2, rad/s, dps, uT, counts
    #[arg(long, value_parser = unit)]
    unit: Option<String>,
    /// Samples a second where files tell no time
    #[arg(long, value_name = "HZ", value_parser = rate)]
    rate: Option<f64>,
    /// Resample to this many samples a second
    #[arg(long, value_name = "HZ", value_parser = rate)]
    resample: Option<f64>,
    /// How to resample [default: band-limited where the rate falls by more than 3 %, else linear]
    #[arg(long, value_parser = choice::<Resampling>(), requires = "resample")]
    resample_by: Option<Resampling>,
    /// The most malformed lines to leave out, over all files
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip_bad_lines: usize,
}

impl ReadingArgs {
    /// The settings of a task that say the same.
    pub fn settings(&self) -> ImportOptions {
        ImportOptions {
            label_from: self.label_from.as_ref().map(Pattern::to_string),
            label_column: self.label_column.clone(),
            subject_column: self.group.clone(),
            channels: self.channels.clone(),
            unit: self.unit.clone(),
            rate_hz: self.rate,
            resample_hz: self.resample,
            resample_by: self.resample_by,
            skip_bad_lines: self.skip_bad_lines,
            ..ImportOptions::default()
        }
    }

    /// The options of an import.
    pub fn options(&self) -> Result<Options> {
        self.settings().options()
    }
}

fn unit(text: &str) -> Result<String, String> {
    match Unit::parse(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("it is none of g, mg, m/s2, rad/s, dps, uT, counts".into()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    match (0.01..=1e6).contains(&rate) {
        true => Ok(rate),
        false => Err("it is not in 0.01..=1000000".into()),
    }
}
