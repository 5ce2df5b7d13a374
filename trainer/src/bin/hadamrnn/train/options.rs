//! Options of `hadamrnn train` that override its configuration.

use std::str::FromStr;

use super::image_options::ImageOptions;
use crate::choices::choice;
use anyhow::{Context, Result, bail, ensure};
use hadamrnn::config::{Keep, RunConfig, Schedule, Signs};
use hadamrnn::data::import::{Pattern, Resampling};
use hadamrnn::data::recordings::ImportOptions;
use hadamrnn::data::{Holdout, Task};
use hadamrnn::nn::{HiddenReadout, ReadoutKind};

/// Settings that override the configuration.
#[derive(clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct Options {
    /// Seed of weights and sample order
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Hidden units, a power of two in 16..=1024
    #[arg(long, allow_negative_numbers = true)]
    hidden_size: Option<usize>,
    /// Hadamard blocks of 2^Q (Block-HadamRNN) [default: the configuration's; a full matrix stays full]
    #[arg(long, allow_negative_numbers = true, value_name = "Q")]
    log2_block: Option<usize>,
    /// Bits of the input weights U, 1 (ternary) to 8: [network] input_bits
    #[arg(long, allow_negative_numbers = true, value_name = "P")]
    input_bits: Option<u8>,
    /// Rows of U that are trained, counted over all Hadamard blocks: the first ones of each, in equal parts; the others are zero
    #[arg(long, allow_negative_numbers = true, value_name = "R")]
    input_rows: Option<usize>,
    /// Units of a hidden layer of the readout, a multiple of 16; 0 is none
    #[arg(long, allow_negative_numbers = true, value_name = "M")]
    hidden_readout: Option<usize>,
    /// States that the outputs are read from: last-state, every-step, pooled (their mean over a window), or fading (their mean over a
    /// stream, of which old ones fade, so that an answer costs no window of its own)
    #[arg(long, value_parser = parse_readout)]
    readout: Option<ReadoutOption>,
    /// The sums of a fading readout lose 2^-S of themselves at a time [default: by the window]
    #[arg(long, allow_negative_numbers = true, value_name = "S")]
    fade_shift: Option<u8>,
    /// They do so every 2^I steps: their time constant is 2^(S + I) steps [default: by the window]
    #[arg(long, allow_negative_numbers = true, value_name = "I")]
    log2_fade_interval: Option<u8>,
    /// Length in windows of the stretches of streams that a fading readout is trained on, 2..=64
    #[arg(long, allow_negative_numbers = true, value_name = "WINDOWS")]
    stretch: Option<usize>,
    /// Share of these stretches that are joined from two places, 0 to 1
    #[arg(long, allow_negative_numbers = true, value_name = "SHARE")]
    stretch_joints: Option<f32>,
    /// Bits of the output weights V, 1 (ternary) to 8
    #[arg(long, allow_negative_numbers = true, value_name = "P")]
    readout_bits: Option<u8>,
    /// Passes over the training split, 1..=1000000
    #[arg(long, allow_negative_numbers = true)]
    epochs: Option<u32>,
    /// Sequences per optimiser step, 1..=65536
    #[arg(long, allow_negative_numbers = true)]
    batch_size: Option<usize>,
    /// Optimiser steps per epoch of the copy task, 1..=1000000
    #[arg(long, allow_negative_numbers = true)]
    batches_per_epoch: Option<usize>,
    /// Adam's step size
    #[arg(long, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Step size over time: constant, cosine, or a factor per epoch such as 0.98
    #[arg(long, allow_negative_numbers = true, value_parser = parse_schedule)]
    schedule: Option<Schedule>,
    /// Recurrent signs: frozen, or the step size to train them with
    #[arg(long, allow_negative_numbers = true, value_parser = parse_signs)]
    signs: Option<Signs>,
    /// Weights to keep: best (by validation) or last
    #[arg(long, value_parser = parse_keep)]
    keep: Option<Keep>,
    /// Decoupled weight decay
    #[arg(long, allow_negative_numbers = true)]
    weight_decay: Option<f32>,
    /// Random rotation of training windows, standard deviation in degrees
    #[arg(long, allow_negative_numbers = true, value_name = "DEGREES")]
    augment_rotation: Option<f32>,
    /// Random scaling of training windows, standard deviation of the factor's logarithm
    #[arg(long, allow_negative_numbers = true, value_name = "SIGMA")]
    augment_scale: Option<f32>,
    /// Random noise on training windows, standard deviation in standardised units
    #[arg(long, allow_negative_numbers = true, value_name = "SIGMA")]
    augment_noise: Option<f32>,
    /// Training windows at other speeds, standard deviation of the logarithm of the factor on time
    #[arg(long, allow_negative_numbers = true, value_name = "SIGMA")]
    augment_tempo: Option<f32>,
    /// Training windows begin at any sample that leaves them whole, also at those that decimation leaves out
    #[arg(long)]
    augment_phases: bool,
    #[command(flatten)]
    image: ImageOptions,
    /// Share of each target that is spread evenly over all classes, at least 0 and below 1
    #[arg(long, allow_negative_numbers = true, value_name = "SHARE")]
    label_smoothing: Option<f32>,
    /// Validation subjects: standard, none, or a list of persons such as 1,3,5 (`data list` shows them), and of your own
    /// recordings of groups or recordings such as anna,ben
    #[arg(long, value_parser = parse_holdout)]
    holdout: Option<Holdout>,
    /// Leave a class out of all splits, to see what the model makes of what it does not know; may be given several times
    #[arg(long, value_name = "NAME")]
    without_class: Vec<String>,
    /// Bits of the integer hidden state, 8..=16
    #[arg(long, allow_negative_numbers = true)]
    state_bits: Option<u8>,
    /// Bits of an integer input of the exported model, 4..=16: [export] input_bits
    #[arg(long, allow_negative_numbers = true)]
    sample_bits: Option<u8>,
    /// Length of the copy task, 20..=10000
    #[arg(long, allow_negative_numbers = true)]
    copy_steps: Option<usize>,
    /// Samples of a window cut from your recordings, 1..=65535
    #[arg(long, allow_negative_numbers = true)]
    steps: Option<usize>,
    /// Samples from the start of such a window to that of the next, 1..=65535
    #[arg(long, allow_negative_numbers = true)]
    hop: Option<usize>,
    /// Samples a second of your recordings [default: measured by their time column, else 50]
    #[arg(long, allow_negative_numbers = true, value_name = "HERTZ")]
    rate: Option<f32>,
    /// Columns of your recordings that are channels, in their order, such as ax,ay,az [default: all but times, numbers and names]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    channels: Option<Vec<String>>,
    /// Column of your recordings whose values stay in one split, such as the person; none for no column [default: subject, if there is
    /// one]
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Seed of the split of your recordings
    #[arg(long, allow_negative_numbers = true, value_name = "SEED")]
    split_seed: Option<u64>,
    /// Of recordings of other tools, where the label stands in names of files, such as '{label}-*.csv' or '{subject}/{label}/*'
    #[arg(long, value_name = "PATTERN")]
    label_from: Option<Pattern>,
    /// Of recordings of other tools, the column that holds the labels, where it is not named like one (label, class, activity, Klasse, …)
    #[arg(long, value_name = "COLUMN", conflicts_with = "label_from")]
    label_column: Option<String>,
    /// Of recordings of other tools, the unit of channels whose files tell none: g, mg, m/s2, rad/s, dps, uT, counts
    #[arg(long)]
    unit: Option<String>,
    /// Resample recordings of other tools to this many samples a second
    #[arg(long, value_name = "HERTZ")]
    resample: Option<f64>,
    /// How to resample [default: band-limited where the rate falls by more than 3 %, else linear]
    #[arg(long, value_parser = choice::<Resampling>(), requires = "resample")]
    resample_by: Option<Resampling>,
    /// The most malformed lines of recordings of other tools to leave out, over all files
    #[arg(long, value_name = "N")]
    skip_bad_lines: Option<usize>,
}

/// A readout, and whether it fades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ReadoutOption(ReadoutKind, bool);

fn parse_readout(text: &str) -> Result<ReadoutOption> {
    match text {
        "last-state" => Ok(ReadoutOption(ReadoutKind::LastState, false)),
        "every-step" => Ok(ReadoutOption(ReadoutKind::EveryStep, false)),
        "pooled" => Ok(ReadoutOption(ReadoutKind::Pooled, false)),
        "fading" => Ok(ReadoutOption(ReadoutKind::Pooled, true)),
        _ => bail!("not last-state, every-step, pooled or fading"),
    }
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
            let all: Vec<String> = list.split(',').map(|name| name.trim().to_owned()).collect();
            let numbers: Result<Vec<u32>, _> = all.iter().map(|name| name.parse()).collect();
            Ok(numbers.map_or(Holdout::Names(all), Holdout::Subjects))
        }
    }
}

impl Options {
    /// Whether there are options of an import.
    fn has_import(&self) -> bool {
        self.label_from.is_some()
            || self.label_column.is_some()
            || self.unit.is_some()
            || self.resample.is_some()
            || self.resample_by.is_some()
            || self.skip_bad_lines.is_some()
    }

    /// Overrides how recordings of other tools are imported.
    fn apply_import(&self, import: &mut Option<ImportOptions>) {
        if !self.has_import() {
            return;
        }
        let import = import.get_or_insert_default();
        if let Some(pattern) = &self.label_from {
            import.label_from = Some(pattern.to_string());
        }
        import.label_column = self.label_column.clone().or(import.label_column.take());
        import.unit = self.unit.clone().or(import.unit.take());
        import.resample_hz = self.resample.or(import.resample_hz);
        import.resample_by = self.resample_by.or(import.resample_by);
        import.skip_bad_lines = self.skip_bad_lines.unwrap_or(import.skip_bad_lines);
    }

    /// Overrides which states are read, and how they fade, where the cutting of windows is settled.
    fn apply_readout(&self, config: &mut RunConfig) -> Result<()> {
        if let Some(ReadoutOption(kind, _)) = self.readout {
            config.network.readout = kind;
        }
        let fades = config.network.fading.is_some();
        if !self.readout.map_or(fades, |ReadoutOption(_, fades)| fades) {
            ensure!(
                self.fade_shift.is_none()
                    && self.log2_fade_interval.is_none()
                    && self.stretch.is_none()
                    && self.stretch_joints.is_none(),
                "--fade-shift, --log2-fade-interval, --stretch and --stretch-joints are for --readout fading"
            );
            (config.network.fading, config.training.stretch) = (None, None);
            return Ok(());
        }
        config.fade().context("--readout fading")?;
        if let Some(fading) = &mut config.network.fading {
            fading.shift = self.fade_shift.unwrap_or(fading.shift);
            fading.log2_interval = self.log2_fade_interval.unwrap_or(fading.log2_interval);
        }
        if let Some(stretch) = &mut config.training.stretch {
            stretch.windows = self.stretch.unwrap_or(stretch.windows);
            stretch.joints = self.stretch_joints.unwrap_or(stretch.joints);
        }
        Ok(())
    }

    /// Whether every option that is given has an effect on a task.
    fn check_effect(&self, task: Task) -> Result<()> {
        let is_copy = task == Task::Copy;
        let is_signal = !matches!(task, Task::Copy | Task::Imdb | Task::Sst2 | Task::Qqp);
        self.image.check_effect(task)?;
        for (option, is_given, has_effect, of) in [
            (
                "--copy-steps",
                self.copy_steps.is_some(),
                is_copy,
                "the task copy",
            ),
            (
                "--batches-per-epoch",
                self.batches_per_epoch.is_some(),
                is_copy,
                "the task copy",
            ),
            (
                "--holdout",
                self.holdout.is_some(),
                !is_copy,
                "tasks with data",
            ),
            (
                "--augment-rotation",
                self.augment_rotation.is_some(),
                is_signal,
                "signals",
            ),
            (
                "--augment-scale",
                self.augment_scale.is_some(),
                is_signal,
                "signals",
            ),
            (
                "--augment-noise",
                self.augment_noise.is_some(),
                is_signal,
                "signals",
            ),
            (
                "--augment-tempo",
                self.augment_tempo.is_some(),
                is_signal,
                "signals",
            ),
            (
                "--augment-phases",
                self.augment_phases,
                is_signal,
                "signals",
            ),
            (
                "--sample-bits",
                self.sample_bits.is_some(),
                is_signal,
                "signals",
            ),
        ] {
            ensure!(
                !is_given || has_effect,
                "{option} is for {of} and has no effect on {task}: leave it out"
            );
        }
        Ok(())
    }

    /// Overrides `config`.
    ///
    /// # Errors
    /// An option is of no use for its task.
    pub fn apply(&self, config: &mut RunConfig) -> Result<()> {
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
        set(&mut training.augmentation.tempo, &self.augment_tempo);
        training.augmentation.phases |= self.augment_phases;
        self.image.apply(&mut training.augmentation.image);
        set(&mut training.label_smoothing, &self.label_smoothing);
        set_some(&mut export.state_bits, self.state_bits);
        set(&mut export.input_bits, &self.sample_bits);
        set(&mut config.holdout, &self.holdout);
        if !self.without_class.is_empty() {
            config.without_classes = self.without_class.clone();
        }
        set(&mut config.seed, &self.seed);
        set(&mut config.copy_steps, &self.copy_steps);
        self.check_effect(config.task)?;
        match &mut config.recordings {
            Some(cutting) => {
                set(&mut cutting.steps, &self.steps);
                set(&mut cutting.hop, &self.hop);
                set_some(&mut cutting.rate_hz, self.rate);
                set(&mut cutting.channels, &self.channels);
                cutting.group = self.group.clone().or(cutting.group.take());
                set(&mut cutting.split_seed, &self.split_seed);
                self.apply_import(&mut cutting.import);
            }
            None => ensure!(
                self.steps.is_none()
                    && self.hop.is_none()
                    && self.rate.is_none()
                    && self.channels.is_none()
                    && self.group.is_none()
                    && self.split_seed.is_none()
                    && !self.has_import(),
                "--steps, --hop, --rate, --channels, --group, --split-seed, --label-from, --label-column, --unit, --resample and --skip-bad-lines \
                 are for the task recordings, not {}",
                config.task
            ),
        }
        self.apply_readout(config)
    }
}
