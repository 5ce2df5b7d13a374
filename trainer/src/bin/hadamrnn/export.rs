//! `hadamrnn export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use burn::tensor::Device;
use hadamrnn::c_array;
use hadamrnn::card::{self, Card, Results};
use hadamrnn::checkpoint::{self, Checkpoint};
use hadamrnn::data::Split;
use hadamrnn::evaluate;
use hadamrnn::files::write_atomically;
use hadamrnn::integer::{KernelName, ModelFile};
use hadamrnn::metrics::Confusion;
use hadamrnn::model_folder::{self, StoredModel};

use crate::Status;
use crate::common::{Common, DataArgs};
use crate::model_source::{self, LoadedModel, ModelData};
use crate::output;
use crate::own_data;
use crate::progress::Spinner;

#[derive(clap::Args)]
pub struct Args {
    /// Run folder; with --c also a model folder or a model file, which is then only written as C
    run: PathBuf,
    /// Model folder to write [default: RUN/model]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write the model as a C header with an aligned array, for the C interface; its name is that of the array
    #[arg(long, value_name = "FILE")]
    c: Option<PathBuf>,
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
    #[command(flatten)]
    common: Common,
}

pub fn run(args: &Args) -> Result<Status> {
    if let Some(path) = &args.c {
        // Before the work, not after it.
        c_array::name(path)?;
    }
    if let Some(c) = &args.c
        && !args.run.join(checkpoint::FILE_NAME).is_file()
    {
        let stored = StoredModel::read(&args.run)?;
        write_c(c, &stored.file, stored.card())?;
        return Ok(Status::Success);
    }
    let device = args.common.device.device()?;
    let (checkpoint, mut config) = Checkpoint::open(&args.run)?;
    checkpoint.check_trained()?;
    model_source::note_progress(&checkpoint, &config);
    config.export.state_bits = args.state_bits.or(config.export.state_bits);
    config.export.weight_bits = args.weight_bits.or(config.export.weight_bits);
    config.export.table_bits = args.table_bits.unwrap_or(config.export.table_bits);
    config.export.input_field_bits = args.input_field_bits.or(config.export.input_field_bits);
    config.export.input_bits = args.sample_bits.unwrap_or(config.export.input_bits);
    config.validate()?;
    let data = ModelData::load(&config, &args.common.data)?;
    if let Some(differences) = model_source::differences(&checkpoint, &data)? {
        bail!(
            "{} was trained on other data ({differences}), and its integers are fitted to those: give the same --data-dir, with \
             the same in it",
            args.run.display()
        );
    }
    let loaded = model_source::export_run(checkpoint, config, &data, &device)?;
    let folder = args.out.clone().unwrap_or_else(|| args.run.join("model"));
    let (card, confusion) = write_evaluated(&folder, &loaded, &data, &args.common.data, &device)?;
    if let Some(c) = &args.c {
        write_c(c, &loaded.file, Some(&card))?;
    }
    if args.common.json {
        output::json(&card)?;
    } else {
        let results = &card.results;
        own_data::table(&data.task)?;
        if let Some(confusion) = &confusion {
            let on = "test split, integer model";
            own_data::confusion(confusion, on, Some(&args.run))?;
            output::line("")?;
        }
        output::line(&format!(
            "{}: {} bytes; test accuracy float {}, integer {}",
            folder.join(card::files::MODEL).display(),
            card.bytes,
            output::percent(results.float_test.accuracy),
            output::percent(results.integer_test.accuracy)
        ))?;
    }
    Ok(Status::Success)
}

fn write_c(path: &Path, file: &ModelFile, card: Option<&Card>) -> Result<()> {
    let text = c_array::header(c_array::name(path)?, file, card)?;
    write_atomically(path, text.as_bytes())
}

/// Evaluates an exported run and writes its model folder.
pub fn write(
    folder: &Path,
    loaded: &LoadedModel,
    data: &ModelData,
    args: &DataArgs,
    device: &Device,
) -> Result<Card> {
    Ok(write_evaluated(folder, loaded, data, args, device)?.0)
}

/// Evaluates and writes like [`write`]; gives for recordings the classes that the integer model answers on the test split.
fn write_evaluated(
    folder: &Path,
    loaded: &LoadedModel,
    data: &ModelData,
    args: &DataArgs,
    device: &Device,
) -> Result<(Card, Option<Confusion>)> {
    let run = loaded
        .run
        .as_ref()
        .context("only a run folder can be exported")?;
    let _spinner = Spinner::new("evaluating the exported model");
    let test = data.sequences(Split::Test, None);
    let standardisation = &run.checkpoint.task.standardisation;
    let logits = evaluate::float_logits(&run.network, &test, standardisation, device);
    let model = loaded.file.model()?;
    let kernel = KernelName::best_for(&model);
    let integer = evaluate::integer_evaluation(&model, kernel, &test, &data.input_lsb)?;
    let best = run.checkpoint.best.as_ref();
    let card = Card {
        commands: commands(loaded, args),
        data: model_source::describe_data(&loaded.config, args)?,
        epoch: best.map_or(run.checkpoint.position.epoch, |best| best.epoch),
        bytes: loaded.file.bytes().len(),
        sha256: card::sha256(loaded.file.bytes()),
        windows_sha256: None,
        golden_sha256: None,
        classes: run.checkpoint.task.classes.clone(),
        channels: data.task.channel_names(),
        input_lsb: data.input_lsb.clone(),
        results: Results {
            float_valid: best.map(|best| best.valid),
            float_test: evaluate::score(&logits, &test),
            integer_test: integer.metrics,
        },
        scales: run.scales.clone(),
        config: loaded.config.clone(),
    };
    let confusion = data.task.confusion(&test, &integer.answers);
    Ok((
        model_folder::write(folder, &loaded.file, card, &test)?,
        confusion,
    ))
}

/// Commands that make this model again; `[config]` of the card saved as config.toml holds the settings.
fn commands(loaded: &LoadedModel, args: &DataArgs) -> Vec<String> {
    let data = if args.data_dir.is_some()
        || std::env::var_os(hadamrnn::data::DATA_DIR_VARIABLE).is_some()
    {
        " --data-dir DATA"
    } else {
        ""
    };
    vec![
        format!("hadamrnn train --config config.toml{data} --out RUN"),
        format!(
            "hadamrnn export RUN{data} --out models/{}",
            loaded.config.task
        ),
    ]
}
