//! `hadamrnn export`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use hadamrnn::card;
use hadamrnn::config::Counts;
use hadamrnn::pipeline::{self, ExportOptions, Exported, SourceOptions, Widths};

use crate::Status;
use crate::choices::choice;
use crate::common::Common;
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
    /// Raw counts that the model reads [default: the run's configuration]
    #[arg(long, value_parser = choice::<Counts>())]
    counts: Option<Counts>,
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    let sources = SourceOptions {
        c_header: args.c.clone(),
        rust_module: args.rust.clone(),
    };
    if sources.are_any() && !pipeline::is_run(&args.run) {
        pipeline::export_sources(&args.run, &sources, args.overwrite)?;
        return Ok(Status::Success);
    }
    let options = ExportOptions {
        run: args.run.clone(),
        counts: args.counts,
        out: args.out.clone(),
        widths: Widths {
            state_bits: args.state_bits,
            input_bits: args.sample_bits,
            table_bits: args.table_bits,
            weight_bits: args.weight_bits,
            input_field_bits: args.input_field_bits,
        },
        sources,
        overwrite: args.overwrite,
        data_dir: args.common.data.data_dir.clone(),
        device: args.common.device.device,
    };
    let mut terminal = Terminal::default().with_tables(!args.common.json);
    let exported = pipeline::export(&options, &mut terminal)?;
    terminal.finish()?;
    match args.common.json {
        true => output::json(&exported.card)?,
        false => print(&exported, &args.run)?,
    }
    Ok(Status::Success)
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
    output::line(&format!(
        "{}: {} bytes; test accuracy float {}, integer {}",
        folder.join(card::files::MODEL).display(),
        card.bytes,
        output::percent(card.results.float_test.accuracy),
        output::percent(card.results.integer_test.accuracy)
    ))
}
