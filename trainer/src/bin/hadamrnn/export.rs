//! `hadamrnn export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use hadamrnn::c_array;
use hadamrnn::card::{self, Card, Results};
use hadamrnn::checkpoint::{self, Checkpoint, Position};
use hadamrnn::data::Split;
use hadamrnn::evaluate;
use hadamrnn::files::write_atomically;
use hadamrnn::integer::{KernelName, ModelFile};

use crate::Status;
use crate::common::{Common, DataArgs};
use crate::model_source::{self, LoadedModel, ModelData};
use crate::output;
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
    /// Bits of an integer input, 4..=16 [default: the run's configuration]
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
    if let Some(c) = &args.c
        && !args.run.join(checkpoint::FILE_NAME).is_file()
    {
        let (file, card) = exported(&args.run)?;
        write_c(c, &file, card.as_ref())?;
        return Ok(Status::Success);
    }
    let device = args.common.device.device()?;
    let (checkpoint, mut config) = Checkpoint::open(&args.run)?;
    ensure!(
        checkpoint.position != Position::default(),
        "{} holds the random start of a run and no trained weights: train on with `hadamrnn train --resume {0}`, or anew if it \
         diverged",
        args.run.display()
    );
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
    let card = write(&folder, &loaded, &data, &args.common.data, &device)?;
    if let Some(c) = &args.c {
        write_c(c, &loaded.file, Some(&card))?;
    }
    if args.common.json {
        output::json(&card)?;
    } else {
        let results = &card.results;
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

/// A model that has been exported, and its card if it lies in its folder.
fn exported(path: &Path) -> Result<(ModelFile, Option<Card>)> {
    let file = if path.is_dir() {
        path.join(card::files::MODEL)
    } else {
        path.to_path_buf()
    };
    let model = ModelFile::read(&file)?;
    model
        .model()
        .with_context(|| format!("{}", file.display()))?;
    let folder = file
        .parent()
        .filter(|folder| folder.join(card::files::CARD).is_file());
    Ok((model, folder.map(Card::read).transpose()?))
}

fn write_c(path: &Path, file: &ModelFile, card: Option<&Card>) -> Result<()> {
    let name = path
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let text = c_array::header(name, file, card)?;
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
    let run = loaded
        .run
        .as_ref()
        .context("only a run folder can be exported")?;
    let _spinner = Spinner::new("evaluating the exported model");
    let test = data.sequences(Split::Test, None);
    let standardisation = &run.checkpoint.task.standardisation;
    let logits = evaluate::float_logits(&run.network, &test, standardisation, device);
    let model = loaded.file.model()?;
    let integer_test =
        evaluate::integer_metrics(&model, KernelName::best_for(&model), &test, &data.input_lsb)?;
    let best = run.checkpoint.best.as_ref();
    let card = Card {
        commands: commands(loaded, args),
        data: model_source::describe_data(&loaded.config, args)?,
        epoch: best.map_or(run.checkpoint.position.epoch, |best| best.epoch),
        bytes: loaded.file.bytes().len(),
        sha256: card::sha256(loaded.file.bytes()),
        classes: run.checkpoint.task.classes.clone(),
        channels: data.task.channel_names(),
        input_lsb: data.input_lsb.clone(),
        results: Results {
            float_valid: best.map(|best| best.valid),
            float_test: evaluate::score(&logits, &test),
            integer_test,
        },
        scales: run.scales.clone(),
        config: loaded.config.clone(),
    };
    card::write_folder(folder, &loaded.file, &card, &test)?;
    Ok(card)
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
