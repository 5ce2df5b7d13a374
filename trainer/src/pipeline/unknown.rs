//! How a model takes what it does not know: each class is left out of training in turn, and then told from the others.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::export::{ExportOptions, export};
use super::model::open_model;
use super::place;
use super::train::{Start, TrainOptions, train};
use crate::config::RunConfig;
use crate::data::{Sequences, Split};
use crate::evaluate::integer_read;
use crate::integer::{KernelName, ModelFile};
use crate::lessons::{self, Lessons};
use crate::model_folder::StoredModel;
use crate::novelty::{self, Told};
use crate::observer::{Observer, Stage, staged};
use crate::train::Outcome;
use crate::visible;

/// Classes to leave out of training, one at a time.
#[derive(Clone, Debug)]
pub struct UnknownOptions {
    /// Configuration of every run but for seed and the class that is left out; it has a validation split, by which thresholds are
    /// calibrated.
    pub config: RunConfig,
    /// Share of the validation split's windows that may be called none of the classes, above 0 and below 1.
    pub false_alarms: f64,
    /// Whether the class is taught afterwards, and that measured too.
    pub teaches: bool,
    /// Seeds of the runs of each class.
    pub seeds: Vec<u64>,
    /// Classes to leave out; none are all.
    pub classes: Vec<String>,
    /// Folder of the runs; one that is there already and goes on, or is finished, is not trained anew.
    pub folder: PathBuf,
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Device that trains.
    pub device: DeviceName,
}

/// What a model makes of the class that it was trained without, on the test split.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The class.
    pub class: String,
    /// Seed of the run.
    pub seed: u64,
    /// Accuracy of the integer model on the classes that it knows.
    pub accuracy: f64,
    /// How its score tells the class from those.
    #[serde(flatten)]
    pub told: Told,
    /// What teaching the class gives, where that was asked for and three persons have windows enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taught: Option<Lessons>,
}

/// Trains without each class and measures how the model tells it from the others; in the order of classes and seeds.
///
/// # Errors
/// Those of [`train()`](super::train()) and [`export()`](super::export()); [`Error::Config`]: a class is unknown; there is no seed, or the
/// share of false alarms is out of range; [`Error::Data`]: a class has no test windows.
pub fn unknown(options: &UnknownOptions, observer: &mut dyn Observer) -> Result<Vec<LeftOut>> {
    let whole = RunConfig {
        without_classes: Vec::new(),
        ..options.config.clone()
    };
    let mut exported = whole.clone();
    exported.export.novelty = Some(options.false_alarms);
    exported.validate().sort(Error::Config)?;
    let data = RunData::load(&whole, options.data_dir.as_deref(), observer)?;
    let numbers = numbers(options, &data.task.classes()).sort(Error::Config)?;
    let held_out = data.task.split(Split::Valid);
    novelty::check_held_out(&held_out).sort(Error::Config)?;
    let test = data.task.split(Split::Test);
    let mut found = Vec::new();
    for (number, class) in numbers {
        let of_class = |class: &u32| *class as usize == number;
        let left_out = test
            .targets
            .values()
            .iter()
            .filter(|class| of_class(class))
            .count();
        if left_out == 0 || left_out == test.len() {
            let fault = Fault::new(format_args!("{class} is all or none of the test windows"));
            return Err(Error::Data(fault));
        }
        for &seed in &options.seeds {
            let config = RunConfig {
                seed,
                without_classes: vec![class.clone()],
                ..whole.clone()
            };
            let folder = options.folder.join(format!("{}-{seed}", number + 1));
            let model = trained(options, config, folder, observer)?;
            let stage = Stage::Evaluating {
                sequences: test.len(),
            };
            let measured = staged(observer, &stage, || {
                let told = told(&model.file, &test, &data.input_lsb, number)?;
                let lessons = || lessons::new_class(&model.file, &test, &data.input_lsb, number);
                let taught = options.teaches.then(lessons).transpose()?;
                anyhow::Ok((told, taught.flatten()))
            });
            let (told, taught) = measured.sort_at(Error::Model, &model.path)?;
            found.push(LeftOut {
                class: class.clone(),
                seed,
                accuracy: model
                    .card()
                    .map_or(0.0, |card| card.results.integer_test.accuracy),
                told,
                taught,
            });
        }
    }
    Ok(found)
}

/// The classes to leave out, each with its number among all.
fn numbers(options: &UnknownOptions, all: &[String]) -> anyhow::Result<Vec<(usize, String)>> {
    ensure!(!options.seeds.is_empty(), "there is no seed");
    let chosen = match options.classes.is_empty() {
        true => all,
        false => &options.classes,
    };
    if let Some(twice) = (chosen.iter().enumerate())
        .find(|(i, class)| chosen[..*i].contains(class))
        .map(|(_, class)| class)
    {
        bail!("the class {} is named twice", visible::name(twice));
    }
    let number = |class: &String| {
        let number = all.iter().position(|other| other == class);
        let number = number.with_context(|| {
            format!(
                "{} is none of the classes {}",
                visible::name(class),
                visible::names(all)
            )
        });
        Ok((number?, class.clone()))
    };
    chosen.iter().map(number).collect()
}

/// The model of a run in `folder`, which is trained if need be.
fn trained(
    options: &UnknownOptions,
    config: RunConfig,
    folder: PathBuf,
    observer: &mut dyn Observer,
) -> Result<StoredModel> {
    let run = train(
        &TrainOptions {
            folder: folder.clone(),
            // A run of other settings is another's, and is kept.
            start: match place::is_run(&folder) {
                true => Start::Resume {
                    expected: Some(config),
                },
                false => Start::New(config),
            },
            data_dir: options.data_dir.clone(),
            device: options.device,
        },
        observer,
    )?;
    if run.outcome == Outcome::Interrupted {
        let fault = Fault::new("stopped; the same command goes on");
        return Err(Error::Io(fault.at(&run.folder)));
    }
    let exported = export(
        &ExportOptions {
            run: run.folder,
            overwrite: true,
            data_dir: options.data_dir.clone(),
            device: options.device,
            novelty: Some(options.false_alarms),
            teachable: options.teaches,
            ..ExportOptions::default()
        },
        observer,
    )?;
    open_model(&exported.folder)
}

/// How the score of a model tells the windows of the class `number`, which it does not know, from those that it does.
fn told(
    file: &ModelFile,
    windows: &Sequences,
    input_lsb: &[f32],
    number: usize,
) -> anyhow::Result<Told> {
    let model = file.model()?;
    let kernel = KernelName::best_for(&model);
    let metric = novelty::metric(&model)?;
    let read = integer_read(&model, kernel, windows, input_lsb)?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (read, &class) in read.iter().zip(windows.targets.values()) {
        let scores = if class as usize == number {
            &mut unknown
        } else {
            &mut known
        };
        scores.push(metric.score(&metric.place_of(read)));
    }
    Ok(Told::of(&known, &unknown, metric.threshold()))
}
