//! A model and what is known of it, from a run folder, a model folder or a model file.

use std::path::Path;

use anyhow::{Context, ensure};
use burn::tensor::Device;

use super::data::RunData;
use super::error::{Error, Fault, Result, Sort};
use super::place::{self, is_run};
use crate::card;
use crate::checkpoint::{self, Checkpoint, TaskFacts};
use crate::config::RunConfig;
use crate::data::{Split, Task};
use crate::export::{self, Scales};
use crate::integer::ModelFile;
use crate::model_folder::{ModelFolder, StoredModel};
use crate::nn::HadamRnn;
use crate::novelty;
use crate::observer::Observer;
use crate::taught;
use crate::train;
use crate::visible;

/// A model and what is known of its task.
pub struct LoadedModel {
    /// The integer model, valid.
    pub file: ModelFile,
    /// Configuration of its task: the run's, the card's, or the default of the task it is named after.
    pub config: RunConfig,
    /// The float network it was made of, if it is of a run folder.
    pub run: Option<FloatRun>,
    /// The other files of its model folder; none where the model file lies alone.
    pub folder: Option<ModelFolder>,
}

/// The float side of a run folder.
pub struct FloatRun {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The chosen weights, on a device without autodiff.
    pub network: HadamRnn,
    /// Units of the integer model made of it.
    pub scales: Scales,
}

impl LoadedModel {
    /// A model that was read from a folder or a file, with the configuration of its task.
    pub(super) fn of(stored: StoredModel, config: RunConfig) -> Self {
        Self {
            file: stored.file,
            config,
            run: None,
            folder: stored.folder,
        }
    }

    /// Reads the data of the model, with classes and channels in the order of its card.
    ///
    /// # Errors
    /// [`Error::Data`]: they are missing or malformed, or have other classes or channels.
    pub(super) fn data(
        &self,
        data_dir: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<RunData> {
        let model = self.file.model().sort(Error::Model)?;
        let taught = taught::labels(&model).sort(Error::Model)?;
        // A class that was left out of training may have been taught since.
        let mut config = self.config.clone();
        config.without_classes.retain(|name| !taught.contains(name));
        let mut data = RunData::load(&config, data_dir, observer)?;
        if let Some(folder) = &self.folder {
            let card = &folder.card;
            let mut classes = card.classes.clone();
            if taught.iter().all(|name| data.task.classes().contains(name)) {
                classes.extend(taught);
            }
            let ordered = data.task.ordered_as(&classes, &card.channels);
            let ordered = ordered
                .with_context(|| format!("the data are not those of {}", folder.path.display()));
            ordered.sort_at(Error::Data, &folder.path)?;
            // Recordings may be of another scale than those that the model was made of.
            if data.task.own().is_some() {
                data.input_lsb.clone_from(&card.input_lsb);
            }
        }
        Ok(data)
    }
}

/// Reads a model folder, the model of one, or a model file that lies alone.
///
/// # Errors
/// [`Error::Model`]: the model is not valid, or a file of the folder is missing, damaged, or not of the same export.
pub fn open_model(path: &Path) -> Result<StoredModel> {
    StoredModel::read(path).sort_at(Error::Model, path)
}

/// Reads the model of a run folder, a model folder or a model file. A run folder is exported in memory, which needs its
/// data; they come along.
pub(super) fn load(
    path: &Path,
    data_dir: Option<&Path>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(LoadedModel, Option<RunData>)> {
    if is_run(path) {
        let data_dir = place::data_of_run(path, data_dir, observer)?;
        let (model, data) = load_run(path, data_dir.as_deref(), device, observer)?;
        return Ok((model, Some(data)));
    }
    let is_there = |name: &str| path.join(name).symlink_metadata().is_ok();
    if path.is_dir() && !card::files::ALL.into_iter().any(is_there) {
        let fault = Fault::new(format_args!(
            "{} is neither a run folder ({}) nor a model folder ({}){}",
            path.display(),
            checkpoint::FILE_NAME,
            card::files::MODEL,
            place::hint_at_model(path)
        ));
        return Err(Error::Model(fault.at(path)));
    }
    let stored = open_model(path)?;
    let config = match stored.card() {
        Some(card) => card.config.clone(),
        None => recommended(&stored, observer).sort_at(Error::Model, path)?,
    };
    Ok((LoadedModel::of(stored, config), None))
}

fn load_run(
    folder: &Path,
    data_dir: Option<&Path>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<(LoadedModel, RunData)> {
    let (checkpoint, config) = Checkpoint::open(folder).sort_at(Error::Checkpoint, folder)?;
    note_progress(&checkpoint, &config, observer);
    let mut data = RunData::load(&config, data_dir, observer)?;
    if let Some(differences) = differences(&checkpoint, &data)? {
        observer.notice(&format!(
            "warning: these are not the data that the run was trained on ({differences}), so its integer model differs from \
             the exported one; give the same --data-dir"
        ));
    }
    if config.export.reads_training_counts() {
        data.input_lsb.clone_from(&checkpoint.task.input_lsb);
    }
    let model = export_run(checkpoint, config, &data, device)?;
    Ok((model, data))
}

/// The configuration of a model without a card: its task's.
fn recommended(stored: &StoredModel, observer: &mut dyn Observer) -> anyhow::Result<RunConfig> {
    let model = stored.file.model()?;
    let config = RunConfig::for_task(task_named(model.name())?);
    ensure!(
        config.task != Task::Recordings,
        "{} has no {} beside it, which says how recordings are read, what its classes are, and what it was trained on: put the \
         model back into its folder, or export the run again",
        stored.path.display(),
        card::files::CARD
    );
    observer.notice(&format!(
        "warning: {} has no {} beside it, so data are prepared as the recipe of {} does it: if it was trained otherwise, \
         it will do worse than it can",
        stored.path.display(),
        card::files::CARD,
        config.task
    ));
    Ok(config)
}

fn task_named(name: &str) -> anyhow::Result<Task> {
    name.parse().with_context(|| {
        let name = visible::name(name);
        format!("the model is named \"{name}\" and has no card beside it, so its task is unknown")
    })
}

/// Tells of a run that is not at its end.
pub(super) fn note_progress(
    checkpoint: &Checkpoint,
    config: &RunConfig,
    observer: &mut dyn Observer,
) {
    let (position, training) = (checkpoint.position, &config.training);
    if !position.is_over(checkpoint.best.as_ref(), training) {
        observer.notice(&format!(
            "note: the run has trained {} of {} epochs",
            position.epoch, training.epochs
        ));
    }
}

/// Differences of `data` from those of the run, for people, if there are any.
///
/// # Errors
/// [`Error::Data`]: they do not even look alike, so the network cannot take them or would answer with other classes.
pub(super) fn differences(checkpoint: &Checkpoint, data: &RunData) -> Result<Option<String>> {
    let facts = TaskFacts::of(&data.task);
    let differences = checkpoint.differences(&facts, data.task.digest().as_ref());
    let text = differences.join("; ");
    if !checkpoint.task.fit(&facts) {
        let fault = Fault::new(format_args!(
            "{} is of a run on other data ({text}): give the same --data-dir",
            checkpoint.file.display()
        ));
        return Err(Error::Data(fault.at(&checkpoint.file)));
    }
    Ok((!differences.is_empty()).then_some(text))
}

/// Exports the chosen weights of a run, in memory.
pub(super) fn export_run(
    checkpoint: Checkpoint,
    config: RunConfig,
    data: &RunData,
    device: &Device,
) -> Result<LoadedModel> {
    let trained = checkpoint.check_trained();
    trained.sort_at(Error::Checkpoint, &checkpoint.file)?;
    let network = train::chosen_network(&checkpoint, device);
    let network = network.sort_at(Error::Checkpoint, &checkpoint.file)?;
    let weights = network.weights();
    let calibration = data.task.calibration();
    if calibration.is_empty() {
        let fault = Fault::new(format_args!(
            "{} is a run whose training data are not among these, and its integers are fitted to them: give its --data-dir, or \
             evaluate the exported model",
            checkpoint.file.display()
        ));
        return Err(Error::Data(fault.at(&checkpoint.file)));
    }
    let source = export::Source {
        name: config.task.name(),
        weights: &weights,
        standardisation: &checkpoint.task.standardisation,
        input_lsb: match config.export.reads_training_counts() {
            true => &checkpoint.task.input_lsb,
            false => &data.input_lsb,
        },
        calibration: &calibration,
    };
    let (mut file, scales) = export::export(source, &config.export).sort(Error::Config)?;
    if let Some(false_alarms) = config.export.novelty {
        let windows = novelty::Windows {
            train: &calibration,
            held_out: &data.task.split(Split::Valid),
            input_lsb: source.input_lsb,
        };
        let teachable = config.export.teachable;
        file = novelty::with_metric(&file, windows, false_alarms, teachable).sort(Error::Config)?;
    }
    Ok(LoadedModel {
        file,
        config,
        run: Some(FloatRun {
            checkpoint,
            network,
            scales,
        }),
        folder: None,
    })
}
