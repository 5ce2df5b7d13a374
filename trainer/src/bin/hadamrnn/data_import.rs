//! `hadamrnn data import`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::import::{self, Summary};

use crate::output;
use crate::progress::Spinner;
use crate::reading::ReadingArgs;

/// Notes that are printed; the summary has all.
const SHOWN_NOTES: usize = 10;

#[derive(clap::Args)]
pub struct Args {
    /// File, folder with its sub-folders, or archive
    input: PathBuf,
    /// Folder to write; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let options = args.reading.options()?;
    let summary = {
        let _spinner = Spinner::new(format!("reading {}", args.input.display()));
        let imported = import::import(&args.input, &options)?;
        import::write(&imported, &args.out)?
    };
    if args.json {
        return output::json(&summary);
    }
    print(&summary)?;
    match summary.labels.len() {
        0 | 1 => output::line(&format!(
            "{} label(s) were found, and a model tells at least two apart: import with --label-from, or with a column label",
            summary.labels.len()
        )),
        _ => output::next("train recordings --data-dir", &args.out, None, ""),
    }
}

fn print(summary: &Summary) -> Result<()> {
    let formats = summary.formats.iter();
    let formats: Vec<String> = formats
        .map(|(name, files)| format!("{name} ({files})"))
        .collect();
    output::line(&format!("format (files)  {}", formats.join(", ")))?;
    output::line(&format!("recordings      {}", summary.in_words()))?;
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
            channel.unit.to_string(),
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
