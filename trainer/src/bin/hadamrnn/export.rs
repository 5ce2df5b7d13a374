//! `hadamrnn export`.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use hadamrnn::card;
use hadamrnn::clock::Clock;
use hadamrnn::config::Counts;
use hadamrnn::integer::ModelFile;
use hadamrnn::pipeline::{self, ExportOptions, Exported, ReadCounts, SourceOptions, Widths};
use hadamrnn::sensor::SensorSetting;
use hadamrnn::usage::{self, Usage};
use hadamrnn::visible;
use hadamrnn_runtime::Metric;

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
use crate::costs;
use crate::output;
use crate::own_data;
use crate::progress::Terminal;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder; with --c or --rust also a model folder or a model file, which is then only written as source
    run: PathBuf,
    /// Model folder to write [default: RUN/model]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the model as a C header with an aligned array, for the C interface; its name is that of the array
    #[arg(long, value_name = "FILE")]
    c: Option<PathBuf>,
    /// Write the model as a Rust module that embeds it, with the model file of the same name beside it
    #[arg(long, value_name = "FILE")]
    rust: Option<PathBuf>,
    /// Replace another model in the folder of --out, and files of --c and --rust that this program has not written
    #[arg(long)]
    overwrite: bool,
    /// Bits of the integer hidden state, 8..=16 [default: the run's configuration]
    #[arg(long)]
    state_bits: Option<u8>,
    /// Bits of an integer input, 4..=16: [export] input_bits [default: the run's configuration]
    #[arg(long)]
    sample_bits: Option<u8>,
    /// Bits of a table of tokens that has an embedding: 2, 4 or 8 [default: the run's configuration]
    #[arg(long)]
    table_bits: Option<u8>,
    /// Bits, 1..=8, for U and V if they were trained in full precision
    #[arg(long)]
    weight_bits: Option<u8>,
    /// Bits, 2, 4 or 8, of the fields that hold U, where its own are fewer: 4 makes a U of 2 bits larger and faster
    #[arg(long)]
    input_field_bits: Option<u8>,
    /// Leak of 2^-LEAK, 1..=15, for layers trained without one, so that rounding stays bounded without a reset; costs no instruction
    /// [default: the run's configuration]
    #[arg(long)]
    leak: Option<u8>,
    /// The model is to run as a stream without a reset: warns where rounding adds up in its states
    #[arg(long)]
    stream: bool,
    /// Let the model tell what is none of its classes, at this share of false alarms on the validation split, such as 0.05
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.05")]
    novelty: Option<f64>,
    /// Let classes be taught to the model later, as precisely as can be: 66 bytes more for each unit. Without it, a model with --novelty
    /// can be taught too, but takes some other classes for a new one; see docs/STREAMS.md
    #[arg(long)]
    teachable: bool,
    /// Raw counts that the model reads [default: the run's configuration]
    #[arg(long, value_parser = choice::<Counts>(), conflicts_with_all = ["sensor", "counts_per_unit"])]
    counts: Option<Counts>,
    /// Sensor whose counts the model reads, with its full scales: lsm6dso@4g,2000dps; two are joined by +. An unknown one lists those
    /// that are known
    #[arg(long, value_name = "NAME@RANGES", value_parser = sensor)]
    sensor: Option<String>,
    /// Counts that stand for 1 of the unit in the card, of channels, sensors or quantities: acc=8192,gyr=14.286; they go before those
    /// of --sensor
    #[arg(long, value_name = "NAME=COUNTS", value_delimiter = ',', value_parser = counts_per_unit)]
    counts_per_unit: Vec<(String, f64)>,
    /// Clock of the core, such as 64MHz: the milliseconds that the model takes, and its share of the clock
    #[arg(long, value_name = "CLOCK")]
    clock: Option<Clock>,
    #[command(flatten)]
    common: Common,
}

fn sensor(text: &str) -> Result<String, String> {
    match SensorSetting::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn counts_per_unit(text: &str) -> Result<(String, f64), String> {
    let parsed = text.rsplit_once('=').and_then(|(name, counts)| {
        let counts = counts.trim().parse().ok()?;
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), counts))
    });
    parsed.ok_or_else(|| "it is no NAME=COUNTS, such as acc=8192".into())
}

/// The counts that the arguments name.
fn counts(args: &Args) -> Option<ReadCounts> {
    if args.sensor.is_some() || !args.counts_per_unit.is_empty() {
        return Some(ReadCounts::Stated {
            sensor: args.sensor.clone(),
            counts_per_unit: args.counts_per_unit.iter().cloned().collect(),
        });
    }
    args.counts.map(ReadCounts::Known)
}

pub fn run(args: &Args) -> Result<Status> {
    let sources = SourceOptions {
        c_header: args.c.clone(),
        rust_module: args.rust.clone(),
    };
    if sources.are_any() && !pipeline::is_run(&args.run) {
        ensure!(
            counts(args).is_none(),
            "the counts that an exported model reads are fixed: export its run with --counts, --sensor or --counts-per-unit"
        );
        pipeline::export_sources(&args.run, &sources, args.overwrite)?;
        return Ok(Status::Success);
    }
    let options = ExportOptions {
        run: args.run.clone(),
        counts: counts(args),
        out: args.out.clone(),
        widths: Widths {
            state_bits: args.state_bits,
            input_bits: args.sample_bits,
            table_bits: args.table_bits,
            weight_bits: args.weight_bits,
            input_field_bits: args.input_field_bits,
        },
        leak: args.leak,
        stream: args.stream,
        novelty: args.novelty,
        teachable: args.teachable,
        sources,
        overwrite: args.overwrite,
        data_dir: args.common.data.data_dir.clone(),
        device: args.common.device.device,
    };
    let mut terminal = Terminal::default().with_tables(!args.common.json);
    let exported = pipeline::export(&options, &mut terminal)?;
    terminal.finish()?;
    let stored = pipeline::open_model(&exported.folder)?;
    let usage = Usage::of(&stored)?;
    if args.common.json {
        let mut found = serde_json::to_value(&exported.card)?;
        found["costs"] = costs::as_json(&stored.file, &usage, args.clock);
        output::json(&found)?;
    } else {
        print(&exported, &args.run)?;
        if let Some(threshold) = threshold(&stored.file)? {
            output::line(&format!(
                "none of the classes: windows with a score above {}",
                output::grouped(threshold.into())
            ))?;
        }
        costs::print(&stored.file, &usage, args.clock)?;
        let data_dir = args.common.data.data_dir.as_deref();
        let device = args.common.device.given();
        output::next("verify", &exported.folder, data_dir, &device)?;
    }
    Ok(Status::Success)
}

/// The threshold of the model's metric, where it has one.
fn threshold(file: &ModelFile) -> Result<Option<u32>> {
    let model = file.model()?;
    Ok(Metric::of(&model)?.map(|metric| metric.threshold()))
}

fn print(exported: &Exported, run: &Path) -> Result<()> {
    let Exported {
        folder,
        card,
        confusion,
        ..
    } = exported;
    if let Some(confusion) = confusion {
        own_data::confusion(confusion, "test split, integer model", Some(run))?;
        output::line("")?;
    }
    if card.config.recordings.is_some() || !card.config.export.reads_training_counts() {
        let counts = usage::counts_in_words(&usage::channels(card));
        let sensor = card.config.export.sensor.as_ref();
        let sensor = sensor.map_or(String::new(), |sensor| {
            format!(" of {}", visible::name(sensor))
        });
        output::line(&format!("counts that the model reads{sensor}: {counts}"))?;
    }
    output::line(&format!(
        "{}: {} bytes; test accuracy float {}, integer {}",
        folder.join(card::files::MODEL).display(),
        card.bytes,
        output::percent(card.results.float_test.accuracy),
        output::percent(card.results.integer_test.accuracy)
    ))
}
