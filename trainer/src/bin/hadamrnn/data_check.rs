//! `hadamrnn data check`.

use std::path::PathBuf;

use anyhow::Result;
use hadamrnn::data::quality::{Finding, Quality, Severity};
use hadamrnn::data::{Task, catalog};
use hadamrnn::files::write_over_own;
use hadamrnn::pipeline::{self, CheckedRecordings, ConfigOptions, QualityOptions, TaskArgument};

use crate::Status;
use crate::common::DataArgs;
use crate::output;
use crate::progress::Terminal;
use crate::reading::ReadingArgs;

/// Notes of reading that are printed; `--json` has all.
const SHOWN_NOTES: usize = 10;
/// Bytes at the start of a page by which one of this program is known.
const HTML_START: usize = "<!doctype html>".len();
/// Columns that texts and names are brought to.
const COLUMNS: usize = 80;
const NAME: usize = 22;

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
    /// Write findings, tables and pictures as one HTML page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
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
        place: place(args),
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
    if let Some(path) = &args.html {
        let title = format!("Data of {}", options.place.display());
        write_over_own(path, checked.html(&title)?.as_bytes(), HTML_START)?;
        output::line(&format!("page: {}", path.display()))?;
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

/// The place of the recordings; `recordings --data-dir DIR` names it as for `train`.
fn place(args: &Args) -> PathBuf {
    let own = PathBuf::from(&args.what);
    match &args.data.data_dir {
        Some(place) if args.what == Task::Recordings.name() && !own.exists() => place.clone(),
        _ => own,
    }
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
        wrapped(&format!("reading: {note}"))?;
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
    wrapped(&format!("{severity} ({check}): {text}"))?;
    wrapped(&format!("    {remedy}"))
}

/// Prints a text in lines of at most [`COLUMNS`], those below the first set in; longer words stay whole.
fn wrapped(text: &str) -> Result<()> {
    for line in lines(text) {
        output::line(&line)?;
    }
    Ok(())
}

fn lines(text: &str) -> Vec<String> {
    const INDENT: &str = "    ";
    let mut lines: Vec<String> = Vec::new();
    let start = text.len() - text.trim_start().len();
    let mut line = text[..start].to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let columns = line.chars().count() + 1 + word.chars().count();
        if !is_empty && columns > COLUMNS {
            lines.push(std::mem::replace(&mut line, INDENT.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

/// A name that leaves a table room beside it: its middle is left out.
fn short(name: &str) -> String {
    let name = hadamrnn::visible::name(name);
    let all: Vec<char> = name.chars().collect();
    if all.len() <= NAME {
        return name;
    }
    let (start, end) = (&all[..NAME / 2], &all[all.len() - (NAME - 1) / 2..]);
    let (start, end): (String, String) = (start.iter().collect(), end.iter().collect());
    format!("{start}…{end}")
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
            short(&class.name),
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
        let mut row = vec![short(&channel.name), channel.unit.into()];
        let numbers = [channel.min, channel.mean, channel.max, channel.deviation];
        row.extend(numbers.map(|number| format!("{number:.4}")));
        table.push(row);
    }
    output::table(&table)?;
    output::line("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_to_eighty_columns() {
        let text = format!(
            "warning (axes): {}",
            "gravity points elsewhere, ".repeat(20)
        );
        let lines = lines(&text);
        assert!(lines.len() > 5 && lines.iter().all(|line| line.chars().count() <= COLUMNS));
        assert!(
            lines[1].starts_with("    gravity")
                || lines[1].starts_with("    points")
                || lines[1].starts_with("    elsewhere")
        );
        let words: Vec<&str> = lines
            .iter()
            .flat_map(|line| line.split_whitespace())
            .collect();
        assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        let long = "x".repeat(100);
        assert_eq!(
            super::lines(&format!("a {long} b")),
            ["a".to_owned(), format!("    {long}"), "    b".into()]
        );
        assert_eq!(
            short("assembling the gearbox, left hand").chars().count(),
            NAME
        );
        assert!(short("assembling the gearbox, left hand").ends_with("left hand"));
    }
}
