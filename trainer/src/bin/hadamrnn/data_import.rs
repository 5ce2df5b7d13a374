//! `hadamrnn data import`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::import::{self, Options, Pattern, Resampling, Summary, Unit};

use crate::choices::choice;
use crate::output;
use crate::progress::Spinner;

/// Notes that are printed; the summary has all.
const SHOWN_NOTES: usize = 10;

#[derive(clap::Args)]
pub struct Args {
    /// File, folder with its sub-folders, or archive
    input: PathBuf,
    /// Folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Where the label stands in names of files, such as '{label}-*.csv' or '{subject}/{label}/*'
    #[arg(long, value_name = "PATTERN")]
    label_from: Option<Pattern>,
    /// Channels to keep, in their order; for files without a header the names of all columns
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    channels: Vec<String>,
    /// Unit of channels whose files tell none: g, mg, m/s2, rad/s, dps, uT, counts
    #[arg(long, value_parser = unit)]
    unit: Option<(Unit, f64)>,
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
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

fn unit(text: &str) -> Result<(Unit, f64), String> {
    Unit::parse(text).ok_or_else(|| "it is none of g, mg, m/s2, rad/s, dps, uT, counts".into())
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    match (0.01..=1e6).contains(&rate) {
        true => Ok(rate),
        false => Err("it is not in 0.01..=1000000".into()),
    }
}

pub fn run(args: &Args) -> Result<()> {
    let options = Options {
        label_from: args.label_from.clone(),
        channels: args.channels.clone(),
        unit: args.unit,
        rate_hz: args.rate,
        resample_hz: args.resample,
        resample_by: args.resample_by,
        skip_bad_lines: args.skip_bad_lines,
    };
    let summary = {
        let _spinner = Spinner::new(format!("reading {}", args.input.display()));
        let imported = import::import(&args.input, &options)?;
        import::write(&imported, &args.out)?
    };
    if args.json {
        return output::json(&summary);
    }
    print(&summary)?;
    output::line(&match summary.labels.len() {
        0 | 1 => format!(
            "{} label(s) were found, and a model tells at least two apart: import with --label-from, or with a column label",
            summary.labels.len()
        ),
        _ => format!(
            "next: hadamrnn train recordings --data-dir {}",
            args.out.display()
        ),
    })
}

fn print(summary: &Summary) -> Result<()> {
    let formats = summary.formats.iter();
    let formats: Vec<String> = formats
        .map(|(name, files)| format!("{name} ({files})"))
        .collect();
    output::line(&format!("format (files)  {}", formats.join(", ")))?;
    let rows = |samples: usize| {
        if samples == 1 {
            "1 sample".into()
        } else {
            format!("{samples} samples")
        }
    };
    let samples: usize = summary
        .recordings
        .iter()
        .map(|recording| recording.samples)
        .sum();
    let gaps: usize = summary
        .recordings
        .iter()
        .map(|recording| recording.gaps)
        .sum();
    output::line(&format!(
        "recordings      {}, {}, {}, {gaps} gaps",
        summary.recordings.len(),
        rows(samples),
        rates(summary)
    ))?;
    output::line(&format!(
        "left out        {} lines, {} files\n",
        summary.skipped_lines,
        summary.left_out.len()
    ))?;
    let mut table = vec![
        ["label", "recordings", "samples"]
            .map(String::from)
            .to_vec(),
    ];
    for (label, samples) in &summary.labels {
        let has = |recording: &&import::Written| match label.as_str() {
            "" => recording.labels.is_empty(),
            label => recording.labels.contains(label),
        };
        let shown = if label.is_empty() { "(none)" } else { label };
        let recordings = summary.recordings.iter().filter(has).count();
        table.push(vec![
            shown.to_owned(),
            recordings.to_string(),
            samples.to_string(),
        ]);
    }
    output::table(&table)?;
    output::line("")?;
    let mut table = vec![
        ["channel", "unit", "counts per unit", "min", "max"]
            .map(String::from)
            .to_vec(),
    ];
    for channel in &summary.channels {
        table.push(vec![
            channel.channel.clone(),
            channel.unit.to_owned(),
            format!("{:.4}", channel.counts_per_unit),
            format!("{:.4}", channel.min),
            format!("{:.4}", channel.max),
        ]);
    }
    output::table(&table)?;
    output::line("")?;
    for note in summary.notes.iter().take(SHOWN_NOTES) {
        output::note(&format!("note: {note}"));
    }
    if summary.notes.len() > SHOWN_NOTES {
        output::note(&format!(
            "note: {} more in recordings.toml",
            summary.notes.len() - SHOWN_NOTES
        ));
    }
    Ok(())
}

/// The rates of recordings, as a range.
fn rates(summary: &Summary) -> String {
    let rates: Vec<f64> = summary
        .recordings
        .iter()
        .filter_map(|recording| recording.rate_hz)
        .collect();
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let most = rates.iter().copied().fold(0.0, f64::max);
    match rates.is_empty() {
        true => "without a rate".into(),
        false if most - least < 0.01 * most => format!("{least:.2} Hz"),
        false => format!("{least:.2} to {most:.2} Hz"),
    }
}
