//! `hadamrnn train`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use hadamrnn::checkpoint::{self, Checkpoint};
use hadamrnn::config::{Keep, RunConfig, Schedule, Signs, file};
use hadamrnn::data::{self, Holdout, Source, Task};
use hadamrnn::files::{Lock, write_atomically};
use hadamrnn::nn::HiddenReadout;
use hadamrnn::recipe::Recipe;
use hadamrnn::task_data::TaskData;
use hadamrnn::train::{Outcome, Trainer};
use hadamrnn::untrusted::{self, Kind};

use crate::Status;
use crate::common::{Common, DataArgs};
use crate::output;
use crate::own_data;
use crate::progress::{RunFolder, Spinner};
use crate::signals::StopFlag;

#[derive(clap::Args)]
pub struct Args {
    /// Task: a benchmark such as har2, or "recordings" for your own data (with --resume or --config it may be left out)
    task: Option<Task>,
    /// Folder of the run [default: runs/TASK-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in this folder, with the configuration and the data that it was started with
    #[arg(long, value_name = "DIR", conflicts_with_all = ["task", "out", "config", "overwrite", "recipe"])]
    resume: Option<PathBuf>,
    /// Start anew where a run already is
    #[arg(long)]
    overwrite: bool,
    /// Read the configuration from a TOML file: a whole one, as --print-config writes it, or the settings that differ from
    /// the recipe's. The options below override it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Recipe to start from; the configuration file and the options below override it [default: fast]
    #[arg(long, value_enum)]
    recipe: Option<Recipe>,
    /// Print the configuration as TOML and do nothing
    #[arg(long, conflicts_with = "resume")]
    print_config: bool,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    common: Common,
}

/// Settings that override the configuration.
#[derive(clap::Args)]
#[command(next_help_heading = "Configuration")]
struct Options {
    /// Seed of weights and sample order
    #[arg(long)]
    seed: Option<u64>,
    /// Hidden units, a power of two in 16..=1024
    #[arg(long)]
    hidden_size: Option<usize>,
    /// Hadamard blocks of 2^Q (Block-HadamRNN) [default: the configuration's; a full matrix stays full]
    #[arg(long, value_name = "Q")]
    log2_block: Option<usize>,
    /// Bits of the input weights U, 1 (ternary) to 8: [network] input_bits
    #[arg(long, value_name = "P")]
    input_bits: Option<u8>,
    /// Rows of U that are trained, counted over all Hadamard blocks: the first ones of each, in equal parts; the others are zero
    #[arg(long, value_name = "R")]
    input_rows: Option<usize>,
    /// Units of a hidden layer of the readout, a multiple of 16; 0 is none
    #[arg(long, value_name = "M")]
    hidden_readout: Option<usize>,
    /// Bits of the output weights V, 1 (ternary) to 8
    #[arg(long, value_name = "P")]
    readout_bits: Option<u8>,
    /// Passes over the training split, 1..=1000000
    #[arg(long)]
    epochs: Option<u32>,
    /// Sequences per optimiser step, 1..=65536
    #[arg(long)]
    batch_size: Option<usize>,
    /// Optimiser steps per epoch of the copy task, 1..=1000000
    #[arg(long)]
    batches_per_epoch: Option<usize>,
    /// Adam's step size
    #[arg(long)]
    learning_rate: Option<f64>,
    /// Step size over time: constant, cosine, or a factor per epoch such as 0.98
    #[arg(long, value_parser = parse_schedule)]
    schedule: Option<Schedule>,
    /// Recurrent signs: frozen, or the step size to train them with
    #[arg(long, value_parser = parse_signs)]
    signs: Option<Signs>,
    /// Weights to keep: best (by validation) or last
    #[arg(long, value_parser = parse_keep)]
    keep: Option<Keep>,
    /// Decoupled weight decay
    #[arg(long)]
    weight_decay: Option<f32>,
    /// Random rotation of training windows, standard deviation in degrees
    #[arg(long, value_name = "DEGREES")]
    augment_rotation: Option<f32>,
    /// Random scaling of training windows, standard deviation of the factor's logarithm
    #[arg(long, value_name = "SIGMA")]
    augment_scale: Option<f32>,
    /// Random noise on training windows, standard deviation in standardised units
    #[arg(long, value_name = "SIGMA")]
    augment_noise: Option<f32>,
    /// Validation subjects: standard, none, or a list such as 1,3,5
    #[arg(long, value_parser = parse_holdout)]
    holdout: Option<Holdout>,
    /// Bits of the integer hidden state, 8..=16
    #[arg(long)]
    state_bits: Option<u8>,
    /// Bits of an integer input of the exported model, 4..=16: [export] input_bits
    #[arg(long)]
    sample_bits: Option<u8>,
    /// Length of the copy task, 20..=10000
    #[arg(long)]
    copy_steps: Option<usize>,
    /// Samples of a window cut from your recordings, 1..=65535
    #[arg(long)]
    steps: Option<usize>,
    /// Samples from the start of such a window to that of the next, 1..=65535
    #[arg(long)]
    hop: Option<usize>,
    /// Samples a second of your recordings [default: measured by their time column, else 50]
    #[arg(long, value_name = "HERTZ")]
    rate: Option<f32>,
    /// Columns of your recordings that are channels, in their order, such as ax,ay,az [default: all but times, numbers and names]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    channels: Option<Vec<String>>,
    /// Column of your recordings whose values stay in one split, such as the person; none for no column [default: subject, if there is
    /// one]
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Seed of the split of your recordings
    #[arg(long, value_name = "SEED")]
    split_seed: Option<u64>,
}

fn parse_schedule(text: &str) -> Result<Schedule> {
    match text {
        "constant" => Ok(Schedule::Constant),
        "cosine" => Ok(Schedule::Cosine),
        factor => Ok(Schedule::Exponential(
            number(factor).context("not constant, cosine or a factor")?,
        )),
    }
}

fn parse_signs(text: &str) -> Result<Signs> {
    match text {
        "frozen" => Ok(Signs::Frozen),
        rate => Ok(Signs::Trained(
            number(rate).context("not frozen or a step size")?,
        )),
    }
}

fn number(text: &str) -> Result<f64> {
    Ok(f64::from_str(text)?)
}

fn parse_keep(text: &str) -> Result<Keep> {
    match text {
        "best" => Ok(Keep::Best),
        "last" => Ok(Keep::Last),
        _ => bail!("not best or last"),
    }
}

fn parse_holdout(text: &str) -> Result<Holdout> {
    match text {
        "standard" => Ok(Holdout::Standard),
        "none" => Ok(Holdout::None),
        list => {
            let subjects: Result<Vec<u32>, _> = list
                .split(',')
                .map(|subject| subject.trim().parse())
                .collect();
            Ok(Holdout::Subjects(
                subjects.context("not standard, none or a list of subjects")?,
            ))
        }
    }
}

impl Options {
    /// Overrides `config`.
    ///
    /// # Errors
    /// An option is of no use for its task.
    fn apply(&self, config: &mut RunConfig) -> Result<()> {
        fn set<T: Clone>(value: &mut T, option: &Option<T>) {
            if let Some(option) = option {
                *value = option.clone();
            }
        }
        fn set_some<T: Copy>(value: &mut Option<T>, option: Option<T>) {
            *value = option.or(*value);
        }
        let (network, training, export) = (
            &mut config.network,
            &mut config.training,
            &mut config.export,
        );
        if let Some(hidden_size) = self.hidden_size {
            network.resize(hidden_size);
        }
        set(&mut network.log2_block, &self.log2_block);
        set_some(&mut network.input_bits, self.input_bits);
        set_some(&mut network.input_rows, self.input_rows);
        set_some(&mut network.readout_bits, self.readout_bits);
        if let Some(hidden_size) = self.hidden_readout {
            let bias = network.hidden_readout.is_none_or(|layer| layer.bias);
            network.hidden_readout =
                (hidden_size > 0).then_some(HiddenReadout { hidden_size, bias });
        }
        set(&mut training.epochs, &self.epochs);
        set(&mut training.batch_size, &self.batch_size);
        set(&mut training.batches_per_epoch, &self.batches_per_epoch);
        set(&mut training.learning_rate, &self.learning_rate);
        set(&mut training.schedule, &self.schedule);
        set(&mut training.signs, &self.signs);
        set(&mut training.keep, &self.keep);
        if self.keep == Some(Keep::Last) {
            // There is then no best epoch to wait for.
            training.patience = None;
        }
        set(&mut training.weight_decay, &self.weight_decay);
        set(&mut training.augmentation.rotation, &self.augment_rotation);
        set(&mut training.augmentation.scale, &self.augment_scale);
        set(&mut training.augmentation.noise, &self.augment_noise);
        set_some(&mut export.state_bits, self.state_bits);
        set(&mut export.input_bits, &self.sample_bits);
        set(&mut config.holdout, &self.holdout);
        set(&mut config.seed, &self.seed);
        set(&mut config.copy_steps, &self.copy_steps);
        match &mut config.recordings {
            Some(cutting) => {
                set(&mut cutting.steps, &self.steps);
                set(&mut cutting.hop, &self.hop);
                set_some(&mut cutting.rate_hz, self.rate);
                set(&mut cutting.channels, &self.channels);
                cutting.group = self.group.clone().or(cutting.group.take());
                set(&mut cutting.split_seed, &self.split_seed);
            }
            None => ensure!(
                self.steps.is_none()
                    && self.hop.is_none()
                    && self.rate.is_none()
                    && self.channels.is_none()
                    && self.group.is_none()
                    && self.split_seed.is_none(),
                "--steps, --hop, --rate, --channels, --group and --split-seed are for the task recordings, not {}",
                config.task
            ),
        }
        Ok(())
    }
}

pub fn run(args: &Args) -> Result<Status> {
    if args.print_config {
        output::line(configuration(args)?.to_toml().trim_end())?;
        return Ok(Status::Success);
    }
    let stop = StopFlag::install()?;
    let device = args.common.device.device()?;
    // Nobody else may work in the folder from before the checkpoint is read until the last one is written.
    let (folder, config, resumed, data, _lock) = match &args.resume {
        Some(folder) => {
            // A folder that is no run must not get files of one.
            Checkpoint::load(folder)?;
            let lock = claim(folder)?;
            let (checkpoint, config) = resumable(folder, &args.options)?;
            let data = load_data(&config, &args.common.data)?;
            (folder.clone(), config, Some(checkpoint), data, lock)
        }
        None => {
            let config = configuration(args)?;
            let default = || PathBuf::from(format!("runs/{}-{}", config.task, config.seed));
            let folder = args.out.clone().unwrap_or_else(default);
            let data = load_data(&config, &args.common.data)?;
            let config = data.completed(config);
            let lock = claim(&folder)?;
            (folder, config, None, data, lock)
        }
    };
    if !args.common.json {
        own_data::table(&data)?;
    }
    let outcome = train(
        &folder,
        config,
        resumed,
        args.overwrite,
        &data,
        &device,
        stop,
    )?;
    let checkpoint = Checkpoint::load(&folder)?;
    match outcome {
        Outcome::Interrupted => {
            let command = next_command("train --resume", &folder, &args.common);
            output::note(&format!("saved; continue with: {command}"));
            return Ok(Status::Interrupted);
        }
        Outcome::Finished if args.common.json => {
            let mut found = summary(&folder, &checkpoint);
            if let Some(own) = data.own() {
                found["recordings"] = serde_json::json!(own.overview);
                let confusion = own_data::validation(&checkpoint, &data, &device)?;
                found["confusion"] = serde_json::json!(confusion);
            }
            output::json(&found)?;
        }
        Outcome::Finished => {
            let best = checkpoint.best.as_ref().map_or(String::new(), |best| {
                format!(": best epoch {}, validation {}", best.epoch, best.valid)
            });
            output::line(&format!(
                "trained {} epochs in {}{best}",
                checkpoint.position.epoch,
                folder.display()
            ))?;
            if let Some(confusion) = own_data::validation(&checkpoint, &data, &device)? {
                own_data::confusion(&confusion, "validation split, float network", Some(&folder))?;
            }
            let command = next_command("export", &folder, &args.common);
            output::line(&format!("next: {command}"))?;
        }
    }
    Ok(Status::Success)
}

/// A command on the run in `folder`, with the data and the device of this one, as a shell takes it.
fn next_command(command: &str, folder: &Path, common: &Common) -> String {
    // Only what no path can hold, a NUL, cannot be quoted.
    let quoted = |path: &Path| {
        let text = path.to_string_lossy();
        shlex::try_quote(&text).map_or_else(|_| text.to_string(), |quoted| quoted.into_owned())
    };
    let mut text = format!("hadamrnn {command} {}", quoted(folder));
    if let Some(data) = &common.data.data_dir {
        text += &format!(" --data-dir {}", quoted(data));
    }
    text + &common.device.given()
}

/// Makes the folder of a run if need be, and keeps other processes from it.
pub fn claim(folder: &Path) -> Result<Lock> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Lock::take(folder)?.with_context(|| {
        format!(
            "{} is busy: another process is training there; wait until it ends, or give another folder with --out",
            folder.display()
        )
    })
}

/// The run in `folder`, if `options` want nothing else of it than what it was started with.
fn resumable(folder: &Path, options: &Options) -> Result<(Checkpoint, RunConfig)> {
    let (checkpoint, config) = Checkpoint::open(folder)?;
    let mut wanted = config.clone();
    options.apply(&mut wanted)?;
    let differences = config.differences(&wanted);
    ensure!(
        differences.is_empty(),
        "{0} was started with another configuration ({1}) and goes on with that: leave these options out, or train anew with \
         them in another folder: `hadamrnn train --config {0}/{2} … --out OTHER`",
        folder.display(),
        differences.join("; "),
        checkpoint::CONFIG_NAME
    );
    Ok((checkpoint, config))
}

fn summary(folder: &Path, checkpoint: &Checkpoint) -> serde_json::Value {
    serde_json::json!({
        "run": folder,
        "epochs": checkpoint.position.epoch,
        "best_epoch": checkpoint.best.as_ref().map(|best| best.epoch),
        "valid": checkpoint.best.as_ref().map(|best| best.valid),
    })
}

fn configuration(args: &Args) -> Result<RunConfig> {
    let mut config = match (&args.config, args.task) {
        (Some(path), task) => read_config(path, task, args.recipe)?,
        (None, Some(task)) => args.recipe.unwrap_or_default().config(task),
        (None, None) => bail!(
            "which task? Give one of {}, or recordings for your own data",
            Task::ALL.map(Task::name).join(", ")
        ),
    };
    args.options.apply(&mut config)?;
    config.validate()?;
    Ok(config)
}

/// Reads a configuration file, with a notice where a recipe completes it.
pub fn read_config(path: &Path, task: Option<Task>, recipe: Option<Recipe>) -> Result<RunConfig> {
    let found = file::read(path, task, recipe)?;
    if let Some(recipe) = found.recipe {
        output::note(&format!(
            "note: what {} does not say is as in the recipe {} for {}",
            path.display(),
            recipe.name(),
            found.config.task
        ));
    }
    Ok(found.config)
}

/// Reads the data of a run, with a notice where they are the sample.
pub fn load_data(config: &RunConfig, args: &DataArgs) -> Result<TaskData> {
    let source = data::locate(config.task, args.data_dir.as_deref())?;
    if let Some(notice) = source.notice() {
        output::note(&format!("note: {notice}"));
    }
    let spinner = Spinner::new(format!("reading {source}"));
    let data = match source {
        Source::Generated => TaskData::load(config, None),
        source => TaskData::load(config, Some(&source)),
    }?;
    drop(spinner);
    own_data::notes(&data);
    Ok(data)
}

/// Trains in `folder`, which is there and locked: from `resumed` if given, else from the start.
pub fn train(
    folder: &Path,
    config: RunConfig,
    resumed: Option<Checkpoint>,
    overwrite: bool,
    data: &TaskData,
    device: &burn::tensor::Device,
    stop: StopFlag,
) -> Result<Outcome> {
    let path = folder.join(checkpoint::CONFIG_NAME);
    let present = untrusted::text(&path, Kind::SETTINGS).ok();
    let present = present.and_then(|text| RunConfig::from_toml(&text).ok());
    // One that says the same stays as it is, with the user's comments.
    let is_written = present.as_ref() == Some(&config);
    let (mut trainer, done) = match resumed {
        Some(checkpoint) => {
            let trainer = Trainer::resume(&checkpoint, data, device)?;
            if checkpoint.is_without_digest(data) {
                output::note(&format!(
                    "note: {} was written by a version that kept no digest of its data: only what they look like is compared",
                    checkpoint.file.display()
                ));
            }
            (trainer, checkpoint.position.epoch)
        }
        None => {
            ensure!(
                overwrite || !folder.join(checkpoint::FILE_NAME).exists(),
                "{} already holds a run: continue it with --resume {0}, start anew with --overwrite, or choose another --out",
                folder.display()
            );
            let trainer = Trainer::new(config.clone(), data, device)?;
            if !is_written && path.exists() {
                // Killed before it has written its own, the run must not lie beside the configuration of another.
                std::fs::remove_file(&path)
                    .with_context(|| format!("cannot remove {}", path.display()))?;
            }
            (trainer, 0)
        }
    };
    // From the first moment there is something to resume.
    trainer.checkpoint()?.save(folder)?;
    if !is_written {
        write_atomically(&path, config.to_toml().as_bytes())?;
    }
    let mut observer = RunFolder::open(folder, config.training.epochs, done, stop)?;
    let outcome = trainer.run(&mut observer);
    observer.finish();
    outcome
}
