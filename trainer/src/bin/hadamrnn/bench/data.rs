//! `hadamrnn bench data`: speed and memory of reading recordings and cutting them into windows, and pandas reading the same files
//! by turns with it.

mod corpus;
mod pandas;
mod reading;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::Status;
use crate::output;
use crate::progress::Spinner;
use corpus::Corpus;
use pandas::Pandas;
use reading::Reading;

/// Bytes of the MB in which speeds are told, as disks have them.
const MB: f64 = 1e6;

#[derive(clap::Args)]
pub struct Args {
    /// Size of the recordings, which are made for this and deleted at the end; the same for the same size
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=16_384))]
    mebibytes: u64,
    /// Files that the recordings are spread over
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    files: u64,
    /// Samples of a window
    #[arg(long, default_value_t = 128, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=65_535))]
    steps: usize,
    /// Samples from window to window
    #[arg(long, default_value_t = 64, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=65_535))]
    hop: usize,
    /// Readings by each of the two, by turns; medians are reported
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    rounds: u64,
    /// Python whose pandas reads the same files; where it has none, that part is left out
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    python: PathBuf,
    /// Write data.json and data.md into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Measure one reading of this folder in this process, and print it
    #[arg(long, value_name = "DIR", hide = true)]
    reading_of: Option<PathBuf>,
}

/// Everything that one run of `bench data` measured.
#[derive(Serialize)]
struct Results {
    /// UTC, year-month-day.
    date: String,
    bytes: u64,
    files: usize,
    rows: u64,
    threads: usize,
    steps: usize,
    hop: usize,
    /// Medians over the rounds.
    seconds: f64,
    cpu_seconds: f64,
    /// Megabytes (10^6 bytes) a second.
    mb_per_second: f64,
    /// Peak memory of the process, largest of the rounds.
    peak_bytes: u64,
    window_bytes: u64,
    /// Peak memory as a multiple of the windows' bytes.
    peak_per_window_bytes: f64,
    /// Absent where Python has no pandas.
    pandas: Option<Comparison>,
    rounds: Vec<Reading>,
}

/// How pandas read the same files.
#[derive(Serialize)]
struct Comparison {
    version: String,
    seconds: f64,
    cpu_seconds: f64,
    mb_per_second: f64,
    peak_bytes: u64,
    /// Median, over the rounds, of the time of pandas over ours in the same round.
    times_faster: f64,
    rounds: Vec<pandas::Reading>,
}

pub fn run(args: &Args) -> Result<Status> {
    if let Some(folder) = &args.reading_of {
        output::json(&reading::measure(folder, args.steps, args.hop)?)?;
        return Ok(Status::Success);
    }
    let results = measure(args)?;
    match args.json {
        true => output::json(&results)?,
        false => output::line(results.markdown().trim_end())?,
    }
    if let Some(out) = &args.out {
        write(out, &results)?;
    }
    Ok(Status::Success)
}

fn measure(args: &Args) -> Result<Results> {
    let pandas = match Pandas::find(&args.python) {
        Ok(pandas) => Some(pandas),
        Err(error) => {
            output::note(&format!(
                "note: without a comparison with pandas: {error:#}"
            ));
            None
        }
    };
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let corpus = {
        let _spinner = Spinner::new(format!("writing {} MiB of recordings", args.mebibytes));
        corpus::write(folder.path(), args.files, args.mebibytes << 20)?
    };
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let _spinner = Spinner::new(format!("round {round} of {}", args.rounds));
        ours.push(reading::in_child(folder.path(), args.steps, args.hop)?);
        if let Some(pandas) = &pandas {
            let reading = pandas.read(&corpus.files)?;
            ensure!(
                reading.rows == corpus.rows,
                "pandas read {} rows of {}",
                reading.rows,
                corpus.rows
            );
            theirs.push(reading);
        }
    }
    let pandas = pandas.map(|pandas| Comparison::of(pandas.version, &corpus, &ours, theirs));
    results(args, &corpus, ours, pandas)
}

fn results(
    args: &Args,
    corpus: &Corpus,
    rounds: Vec<Reading>,
    pandas: Option<Comparison>,
) -> Result<Results> {
    let seconds = median(rounds.iter().map(|round| round.seconds));
    let peak_bytes = rounds.iter().map(|round| round.peak_bytes).max();
    let (peak_bytes, first) = peak_bytes.zip(rounds.first()).context("no round")?;
    let window_bytes = first.window_bytes;
    Ok(Results {
        date: hadamrnn::machine::now().date_naive().to_string(),
        bytes: corpus.bytes,
        files: corpus.files.len(),
        rows: corpus.rows,
        threads: rayon::current_num_threads(),
        steps: args.steps,
        hop: args.hop,
        seconds,
        cpu_seconds: median(rounds.iter().map(|round| round.cpu_seconds)),
        mb_per_second: corpus.bytes as f64 / MB / seconds,
        peak_bytes,
        window_bytes,
        peak_per_window_bytes: peak_bytes as f64 / window_bytes as f64,
        pandas,
        rounds,
    })
}

impl Comparison {
    fn of(
        version: String,
        corpus: &Corpus,
        ours: &[Reading],
        rounds: Vec<pandas::Reading>,
    ) -> Self {
        let seconds = median(rounds.iter().map(|round| round.seconds));
        let pairs = rounds.iter().zip(ours);
        Self {
            version,
            seconds,
            cpu_seconds: median(rounds.iter().map(|round| round.cpu_seconds)),
            mb_per_second: corpus.bytes as f64 / MB / seconds,
            peak_bytes: rounds
                .iter()
                .map(|round| round.peak_bytes)
                .max()
                .unwrap_or(0),
            times_faster: median(pairs.map(|(theirs, ours)| theirs.seconds / ours.seconds)),
            rounds,
        }
    }
}

/// The middle one, of an even number the upper middle one; 0 of none.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

impl Results {
    /// A table in Markdown.
    fn markdown(&self) -> String {
        let mb = |bytes: u64| bytes as f64 / MB;
        let mut text = format!(
            "Measured {}: {:.0} MB in {} files, {} rows, windows of {} samples every {}, {} threads, medians of {} rounds.\n\n",
            self.date,
            mb(self.bytes),
            self.files,
            output::grouped(self.rows),
            self.steps,
            self.hop,
            self.threads,
            self.rounds.len()
        );
        text.push_str("| reader | MB/s | s | CPU s | peak memory |\n|---|---|---|---|---|\n");
        let mut row = |name: &str, speed: f64, seconds: f64, cpu: f64, peak: u64| {
            let peak = mb(peak);
            let _ = writeln!(
                text,
                "| {name} | {speed:.0} | {seconds:.2} | {cpu:.2} | {peak:.0} MB |"
            );
        };
        row(
            "read and cut into windows",
            self.mb_per_second,
            self.seconds,
            self.cpu_seconds,
            self.peak_bytes,
        );
        if let Some(pandas) = &self.pandas {
            let name = format!("pandas {} read_csv, no windows", pandas.version);
            let Comparison {
                mb_per_second,
                seconds,
                cpu_seconds,
                peak_bytes,
                ..
            } = *pandas;
            row(&name, mb_per_second, seconds, cpu_seconds, peak_bytes);
        }
        let _ = writeln!(
            text,
            "\nThe windows, each with samples of its own, are {:.0} MB: the peak is {:.2} times that.",
            mb(self.window_bytes),
            self.peak_per_window_bytes
        );
        if let Some(pandas) = &self.pandas {
            let _ = writeln!(
                text,
                "{:.1} times as fast as pandas (median of paired rounds).",
                pandas.times_faster
            );
        }
        text
    }
}

fn write(folder: &Path, results: &Results) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    file("data.json", serde_json::to_string_pretty(results)? + "\n")?;
    file("data.md", results.markdown())
}
