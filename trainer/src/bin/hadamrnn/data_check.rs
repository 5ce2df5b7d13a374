//! `hadamrnn data check`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::catalog;
use hadamrnn::data::quality::{Finding, Quality, Severity};
use hadamrnn::files::write_over_own;
use hadamrnn::pipeline::{self, CheckedRecordings, ConfigOptions, QualityOptions, TaskArgument};

use crate::Status;
use crate::common::DataArgs;
use crate::output;
use crate::progress::Terminal;
use crate::reading::ReadingArgs;

/// Notes of reading that are printed; `--json` has all.
const SHOWN_NOTES: usize = 10;

#[derive(clap::Args)]
pub struct Args {
    /// Recordings: a folder, file or archive; or a task file; or the name of a data set or benchmark
    what: String,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    reading: ReadingArgs,
    /// Samples of a window [default: the task's, or what suits rate and intervals]
    #[arg(long)]
    steps: Option<usize>,
    /// Samples from one window to the next [default: the task's, or half a window]
    #[arg(long)]
    hop: Option<usize>,
    /// Write findings and figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draw classes.svg, channels.svg and recordings.svg
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

pub fn run(args: &Args) -> Result<Status> {
    let mut terminal = Terminal::default();
    let named = args.what.parse::<TaskArgument>();
    let set = match &named {
        // A benchmark stands on a data set.
        Ok(TaskArgument::Named(task)) => Some(task.data_set().name),
        _ => catalog::find(&args.what).ok().map(|set| set.name),
    };
    if let Some(name) = set.filter(|name| catalog::find(name).is_ok()) {
        return published(name, args);
    }
    let mut options = QualityOptions {
        place: args.what.clone().into(),
        reading: args.reading.settings(),
        steps: args.steps,
        hop: args.hop,
        ..QualityOptions::default()
    };
    // Files are tasks by their ending; others, such as walk.csv, are recordings.
    if let Ok(TaskArgument::File(path)) = &named
        && path.extension().is_some_and(|end| end == "toml")
    {
        let setup = ConfigOptions::of(TaskArgument::File(path.clone())).read(&mut terminal)?;
        let place = setup.data_dir(args.data.data_dir.as_deref())?;
        options.place = place.unwrap_or_default();
        options.task = Some(setup);
    }
    let checked = pipeline::check_recordings(&options, &mut terminal)?;
    print(&checked)?;
    if let Some(path) = &args.json {
        write_over_own(path, serde_json::to_string_pretty(&checked)?.as_bytes(), 1)?;
        output::line(&format!("JSON: {}", path.display()))?;
    }
    if let Some(folder) = args
        .pictures
        .as_ref()
        .filter(|_| !checked.recordings.is_empty())
    {
        for path in checked.write_pictures(folder)? {
            output::line(&format!("picture: {}", path.display()))?;
        }
    }
    if checked.passed() {
        next(&options, args)?;
    }
    Ok(Status::of(checked.passed()))
}

/// A task is trained on; recordings without one get one.
fn next(options: &QualityOptions, args: &Args) -> Result<()> {
    let task = options.task.as_ref();
    match task.and_then(|task| task.task_file.as_deref()) {
        Some(file) => output::next("train", file, args.data.data_dir.as_deref(), ""),
        None => output::next("init", &options.place, None, ""),
    }
}

/// Compares a data set with the published one.
fn published(name: &str, args: &Args) -> Result<Status> {
    let data_dir = args.data.data_dir.as_deref();
    let check = pipeline::check_data(name, data_dir, &mut Terminal::default())?;
    if check.parts.is_empty() {
        output::line(&format!("{name} is generated: there is nothing to check"))?;
    }
    for part in &check.parts {
        output::line(&part.to_string())?;
    }
    Ok(Status::of(check.passed()))
}

fn print(checked: &CheckedRecordings) -> Result<()> {
    let quality = &checked.quality;
    if !quality.summary.classes.is_empty() {
        overview(quality)?;
    }
    for finding in &quality.findings {
        tell(finding)?;
    }
    for note in checked.notes.iter().take(SHOWN_NOTES) {
        output::line(&format!("reading: {note}"))?;
    }
    if checked.notes.len() > SHOWN_NOTES {
        let more = checked.notes.len() - SHOWN_NOTES;
        output::line(&format!("reading: … and {more} more notes (--json)"))?;
    }
    let count = |severity: Severity| match quality.count(severity) {
        1 => format!("1 {severity}"),
        count => format!("{count} {severity}s"),
    };
    let counts = [Severity::Error, Severity::Warning, Severity::Note].map(count);
    output::line(&format!("\n{}", counts.join(", ")))
}

fn tell(finding: &Finding) -> Result<()> {
    let Finding {
        severity,
        check,
        text,
        remedy,
        ..
    } = finding;
    output::line(&format!("{severity} ({check}): {text}\n    {remedy}"))
}

/// Prints the tables of classes and channels.
pub fn overview(quality: &Quality) -> Result<()> {
    let summary = &quality.summary;
    let mut table = vec![
        [
            "class",
            "recordings",
            "people",
            "seconds",
            "windows",
            "train",
            "valid",
            "test",
        ]
        .map(String::from)
        .to_vec(),
    ];
    for class in &summary.classes {
        let splits = class.splits.map_or(["-"; 3].map(String::from), |splits| {
            splits.map(|count| count.to_string())
        });
        let people = match class.people {
            0 => "-".into(),
            people => people.to_string(),
        };
        let seconds = class
            .seconds
            .map_or("-".into(), |seconds| format!("{seconds:.1}"));
        let mut row = vec![
            hadamrnn::visible::name(&class.name),
            class.recordings.to_string(),
            people,
            seconds,
        ];
        row.push(class.windows.to_string());
        row.extend(splits);
        table.push(row);
    }
    output::table(&table)?;
    output::line(&format!(
        "windows of {} samples, one every {}\n",
        summary.steps, summary.hop
    ))?;
    let mut table = vec![
        ["channel", "unit", "lowest", "mean", "highest", "deviation"]
            .map(String::from)
            .to_vec(),
    ];
    for channel in &summary.channels {
        let mut row = vec![hadamrnn::visible::name(&channel.name), channel.unit.into()];
        let numbers = [channel.min, channel.mean, channel.max, channel.deviation];
        row.extend(numbers.map(|number| format!("{number:.4}")));
        table.push(row);
    }
    output::table(&table)?;
    output::line("")
}
