//! Making a model folder of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use hadamrnn_runtime::format::part;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::evaluate;
use super::model::{self, FloatRun, LoadedModel, open_model};
use super::place;
use super::sources::SourceOptions;
use crate::card::{self, Card, Results};
use crate::checkpoint::Checkpoint;
use crate::config::{Counts, ExportConfig, RunConfig, windows};
use crate::data::{DATA_DIR_VARIABLE, Sequences, Split};
use crate::fast_path::{Obstacle, obstacles};
use crate::integer::{KernelName, ModelFile};
use crate::jobs::MODEL_NAME;
use crate::long_run::{LongRun, Stretch};
use crate::metrics::Confusion;
use crate::model_folder::{self, StoredModel};
use crate::observer::{Observer, Stage, staged_with};
use crate::usage;

/// A run to export.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// Folder of the run.
    pub run: PathBuf,
    /// Model folder to write; none is `model` in the run's folder.
    pub out: Option<PathBuf>,
    /// Widths of the integer model, where they are not the run's.
    pub widths: Widths,
    /// Leak of layers that were trained without one, as [`ExportConfig::leak`]; none stays as the run's configuration says.
    pub leak: Option<u8>,
    /// Whether the model is to run without a reset of its state, whatever its windows: then it is told where rounding would add up.
    pub stream: bool,
    /// Share of false alarms of a model that tells what is none of its classes; none stays as the run's configuration says.
    pub novelty: Option<f64>,
    /// Whether the model is given dimensions to be taught in; else as the run's configuration says.
    pub teachable: bool,
    /// Sources to write too.
    pub sources: SourceOptions,
    /// Whether files and folders may be overwritten that hold something else.
    pub overwrite: bool,
    /// Raw counts that the model reads; none stays as the run's configuration says.
    pub counts: Option<ReadCounts>,
    /// Folder with the data sets; none is the one that the run keeps, else as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that evaluates the float network.
    pub device: DeviceName,
}

/// Raw counts that a model reads, in place of those of the run's configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum ReadCounts {
    /// Counts of the training data or of the firmware.
    Known(Counts),
    /// Counts of a sensor, and stated ones, as [`ExportConfig`] has them.
    Stated {
        /// Sensor with its full scales, such as `lsm6dso@4g,2000dps`.
        sensor: Option<String>,
        /// Counts per unit of a channel, sensor or quantity.
        counts_per_unit: BTreeMap<String, f64>,
    },
}

impl ReadCounts {
    /// Lays these counts over `export`.
    fn lay_over(&self, export: &mut ExportConfig) {
        let (counts, sensor, counts_per_unit) = match self.clone() {
            Self::Known(counts) => (counts, None, BTreeMap::new()),
            Self::Stated {
                sensor,
                counts_per_unit,
            } => (Counts::Training, sensor, counts_per_unit),
        };
        export.counts = counts;
        export.sensor = sensor;
        export.counts_per_unit = counts_per_unit;
    }
}

/// Widths in bits of an integer model. What is none stays as the run's configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// Bits of a hidden state, `8..=16`.
    pub state_bits: Option<u8>,
    /// Bits of a standardised input, `4..=16`.
    pub input_bits: Option<u8>,
    /// Bits of a table of tokens that has an embedding, 2, 4 or 8.
    pub table_bits: Option<u8>,
    /// Bits of U and V, `1..=8`, if they were trained in full precision.
    pub weight_bits: Option<u8>,
    /// Bits of the fields that hold U, 2, 4 or 8, where its own are fewer.
    pub input_field_bits: Option<u8>,
}

impl Widths {
    /// Lays these widths over `export`.
    fn lay_over(self, export: &mut ExportConfig) {
        export.state_bits = self.state_bits.or(export.state_bits);
        export.weight_bits = self.weight_bits.or(export.weight_bits);
        export.table_bits = self.table_bits.unwrap_or(export.table_bits);
        export.input_field_bits = self.input_field_bits.or(export.input_field_bits);
        export.input_bits = self.input_bits.unwrap_or(export.input_bits);
    }
}

/// A model that was exported.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Model folder.
    pub folder: PathBuf,
    /// Card of the model, with the accuracies of float network and integer model on the test split.
    pub card: Card,
    /// Classes that the integer model answers on the test split of the user's own recordings; none of other data.
    pub confusion: Option<Confusion>,
}

/// Exports a run: packed integer model, card, windows and golden vectors.
///
/// # Errors
/// [`Error::Config`]: a width is out of its range, or the network cannot be exported with it; [`Error::Checkpoint`]: there
/// is no run, it is damaged, or it holds no trained weights; [`Error::Data`]: the data are not those it was trained on;
/// [`Error::Device`]; [`Error::Io`].
pub fn export(options: &ExportOptions, observer: &mut dyn Observer) -> Result<Exported> {
    // Before the work, not after it.
    options.sources.check(options.overwrite)?;
    let device = options.device.open()?;
    let (checkpoint, config) = trained_run(options, observer)?;
    let data_dir = place::data_of_run(&options.run, options.data_dir.as_deref(), observer)?;
    let data = RunData::load(&config, data_dir.as_deref(), observer)?;
    if let Some(differences) = model::differences(&checkpoint, &data)? {
        let fault = Fault::new(format_args!(
            "{} was trained on other data ({differences}), and its integers are fitted to those: give the same --data-dir, with \
             the same in it",
            options.run.display()
        ));
        return Err(Error::Data(fault.at(&options.run)));
    }
    data.tell(observer);
    let loaded = model::export_run(checkpoint, config, &data, &device)?;
    note_slow(&loaded.file, observer)?;
    note_hop(&loaded.config, data.task.steps(), observer);
    warn_of_rounding(&loaded.file, data.task.steps(), options.stream, observer)?;
    if let Some(folder) = options.out.as_ref().filter(|_| !options.overwrite) {
        check_holds_no_other(folder, &loaded.file)?;
    }
    let default = || options.run.join(MODEL_NAME);
    let folder = options.out.clone().unwrap_or_else(default);
    note_lost_decision(&folder, observer);
    let named = data_dir.is_some();
    let (card, confusion) = write(&folder, &loaded, &data, named, &device, observer)?;
    if options.sources.are_any() {
        options
            .sources
            .write(&open_model(&folder)?, options.overwrite)?;
    }
    Ok(Exported {
        folder,
        card,
        confusion,
    })
}

/// Tells where the model that is replaced has a decision, which was chosen for it and is not the new one's.
fn note_lost_decision(folder: &Path, observer: &mut dyn Observer) {
    let Ok(stored) = StoredModel::read(folder) else {
        return;
    };
    let has = (stored.file.model()).is_ok_and(|model| model.parts().get(part::DECISION).is_some());
    if has {
        observer.notice(
            "note: the model that was there had a decision, which the new one has not: choose it again by `hadamrnn decide`",
        );
    }
}

/// The run to export, with the widths of the options.
fn trained_run(
    options: &ExportOptions,
    observer: &mut dyn Observer,
) -> Result<(Checkpoint, RunConfig)> {
    let run = &options.run;
    let (checkpoint, mut config) = Checkpoint::open(run).sort_at(Error::Checkpoint, run)?;
    checkpoint.check_trained().sort_at(Error::Checkpoint, run)?;
    model::note_progress(&checkpoint, &config, observer);
    options.widths.lay_over(&mut config.export);
    config.export.leak = options.leak.or(config.export.leak);
    config.export.novelty = options.novelty.or(config.export.novelty);
    config.export.teachable |= options.teachable;
    if let Some(counts) = &options.counts {
        counts.lay_over(&mut config.export);
    }
    config.validate().sort(Error::Config)?;
    Ok((checkpoint, config))
}

/// Tells why boards run a model in portable code.
fn note_slow(file: &ModelFile, observer: &mut dyn Observer) -> Result<()> {
    for Obstacle { reason, remedy } in obstacles(&file.model().sort(Error::Model)?) {
        observer.notice(&format!(
            "note: boards run this model in portable code, two to three times slower than in assembly, as {reason}: {remedy}"
        ));
    }
    Ok(())
}

/// Tells where boards begin windows at other samples than the windows of the data did.
fn note_hop(config: &RunConfig, steps: usize, observer: &mut dyn Observer) {
    let decimation = config.preparation.decimation;
    let Some(hop) = windows::hop(config) else {
        return;
    };
    let whole = usage::used_hop(config, steps) * decimation;
    if whole != hop {
        observer.notice(&format!(
            "note: boards answer every {whole} samples, while the windows of the data follow each other every {hop}: a decimation of \
             {decimation} does not divide that"
        ));
    }
}

/// Tells where a model runs for longer than rounding allows: its windows of so many steps, or a stream.
fn warn_of_rounding(
    file: &ModelFile,
    steps: usize,
    is_stream: bool,
    observer: &mut dyn Observer,
) -> Result<()> {
    let model = file.model().sort(Error::Model)?;
    let stretch = match is_stream {
        true => Stretch::Endless,
        false => Stretch::of(&model, steps),
    };
    if let Some(text) = LongRun::of(&model).warning(stretch) {
        observer.notice(&format!("warning: {text}"));
    }
    Ok(())
}

/// Whether `folder` holds a model that is not `file`.
fn check_holds_no_other(folder: &Path, file: &ModelFile) -> Result<()> {
    let there = folder.join(card::files::MODEL);
    let is_free = there.symlink_metadata().is_err()
        || ModelFile::read(&there).is_ok_and(|found| found.bytes() == file.bytes());
    if is_free {
        return Ok(());
    }
    let fault = Fault::new(format_args!(
        "{} already holds another model: replace it with --overwrite, or choose another --out",
        folder.display()
    ));
    Err(Error::Io(fault.at(folder)))
}

/// Evaluates an exported run and writes its model folder. `is_named` is whether the data folder was given, and not taken
/// from the environment.
pub(super) fn write(
    folder: &Path,
    loaded: &LoadedModel,
    data: &RunData,
    is_named: bool,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(Card, Option<Confusion>)> {
    let Some(run) = &loaded.run else {
        let fault = Fault::new("only a run folder can be exported");
        return Err(Error::Config(fault));
    };
    staged_with(observer, &Stage::Exporting, |observer| {
        let test = data.sequences(Split::Test, None);
        let (results, answers) = results(loaded, run, data, &test, device, observer)?;
        let card = card(loaded, run, data, is_named, results);
        let card = model_folder::write(folder, &loaded.file, card, &test);
        Ok((
            card.sort_at(Error::Io, folder)?,
            data.task.confusion(&test, &answers),
        ))
    })
}

/// Metrics on the test split, and the classes that the integer model answers there.
fn results(
    loaded: &LoadedModel,
    run: &FloatRun,
    data: &RunData,
    test: &Sequences,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(Results, Vec<u32>)> {
    let float_test = evaluate::float(run, test, device, observer);
    let model = loaded.file.model().sort(Error::Model)?;
    let kernel = KernelName::best_for(&model);
    let integer = evaluate::integer(&model, kernel, test, &data.input_lsb, observer);
    let integer = integer.sort(Error::Model)?;
    let results = Results {
        float_valid: run.checkpoint.best.as_ref().map(|best| best.valid),
        float_test,
        integer_test: integer.metrics,
    };
    Ok((results, integer.answers))
}

fn card(
    loaded: &LoadedModel,
    run: &FloatRun,
    data: &RunData,
    is_named: bool,
    results: Results,
) -> Card {
    let best = run.checkpoint.best.as_ref();
    Card {
        commands: commands(loaded, is_named),
        data: data.describe(&loaded.config),
        epoch: best.map_or(run.checkpoint.position.epoch, |best| best.epoch),
        bytes: loaded.file.bytes().len(),
        sha256: card::sha256(loaded.file.bytes()),
        windows_sha256: None,
        golden_sha256: None,
        classes: run.checkpoint.task.classes.clone(),
        channels: data.task.channel_names(),
        input_lsb: data.input_lsb.clone(),
        units: data.units().to_vec(),
        results,
        scales: run.scales.clone(),
        config: loaded.config.clone(),
    }
}

/// Commands that make this model again, in its folder; `[config]` of the card holds the settings.
fn commands(loaded: &LoadedModel, is_named: bool) -> Vec<String> {
    let data = match is_named || std::env::var_os(DATA_DIR_VARIABLE).is_some() {
        true => " --data-dir DATA",
        false => "",
    };
    vec![
        format!("hadamrnn train --config card.toml{data} --out RUN"),
        format!("hadamrnn export RUN{data} --out {}", loaded.config.task),
    ]
}
