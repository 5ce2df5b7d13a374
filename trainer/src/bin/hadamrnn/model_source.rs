//! What a MODEL argument names: a run folder, a model folder, or a model file.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use hadamrnn::card;
use hadamrnn::checkpoint::{self, Checkpoint, TaskFacts};
use hadamrnn::config::RunConfig;
use hadamrnn::data::{Sequences, Source, Split, Task};
use hadamrnn::export::{self, Scales};
use hadamrnn::integer::ModelFile;
use hadamrnn::model_folder::{ModelFolder, StoredModel};
use hadamrnn::nn::HadamRnn;
use hadamrnn::task_data::TaskData;
use hadamrnn::train;
use hadamrnn::visible;

use crate::common::DataArgs;
use crate::output;
use crate::train::load_data;

/// A model and what is known of its task.
pub struct LoadedModel {
    /// The integer model.
    pub file: ModelFile,
    /// Configuration of its task: the run's, the card's, or the default of the task it is named after.
    pub config: RunConfig,
    /// The float network it was made of, if the argument was a run folder.
    pub run: Option<Run>,
    /// What lies beside the model, if the argument was a model folder or a file in one.
    pub folder: Option<ModelFolder>,
}

/// The float side of a run folder.
pub struct Run {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The chosen weights, on a device without autodiff.
    pub network: HadamRnn,
    /// Units of the integer model made of it.
    pub scales: Scales,
}

/// The data of a model.
pub struct ModelData {
    /// All splits.
    pub task: TaskData,
    /// Physical units per raw count.
    pub input_lsb: Vec<f32>,
}

impl LoadedModel {
    /// Reads the data of the model, with classes and channels in its order.
    pub fn data(&self, args: &DataArgs) -> Result<ModelData> {
        let mut data = ModelData::load(&self.config, args)?;
        if let Some(folder) = &self.folder {
            let card = &folder.card;
            (data.task)
                .ordered_as(&card.classes, &card.channels)
                .with_context(|| format!("the data are not those of {}", folder.path.display()))?;
        }
        Ok(data)
    }
}

impl ModelData {
    /// Reads the data of `config`.
    pub fn load(config: &RunConfig, args: &DataArgs) -> Result<Self> {
        let task = load_data(config, args)?;
        Ok(Self {
            input_lsb: task.input_lsb(),
            task,
        })
    }

    /// At most `limit` sequences of a split, spread evenly.
    pub fn sequences(&self, split: Split, limit: Option<usize>) -> Cow<'_, Sequences> {
        let all = self.task.split(split);
        match limit {
            Some(limit) if limit < all.len() => {
                let chosen: Vec<usize> = (0..limit).map(|i| i * all.len() / limit).collect();
                Cow::Owned(all.select(&chosen))
            }
            _ => all,
        }
    }
}

/// Reads the model that `path` names. A run folder is exported in memory, which needs its data.
pub fn load(
    path: &Path,
    data: &DataArgs,
    device: &Device,
) -> Result<(LoadedModel, Option<ModelData>)> {
    if path.join(checkpoint::FILE_NAME).is_file() {
        let (checkpoint, config) = Checkpoint::open(path)?;
        note_progress(&checkpoint, &config);
        let data = ModelData::load(&config, data)?;
        if let Some(differences) = differences(&checkpoint, &data)? {
            output::note(&format!(
                "warning: these are not the data that the run was trained on ({differences}), so its integer model differs from \
                 the exported one; give the same --data-dir"
            ));
        }
        let model = export_run(checkpoint, config, &data, device)?;
        return Ok((model, Some(data)));
    }
    let is_there = |name: &str| path.join(name).symlink_metadata().is_ok();
    ensure!(
        !path.is_dir() || card::files::ALL.into_iter().any(is_there),
        "{} is neither a run folder ({}) nor a model folder ({})",
        path.display(),
        checkpoint::FILE_NAME,
        card::files::MODEL
    );
    let stored = StoredModel::read(path)?;
    let config = match stored.card() {
        Some(card) => card.config.clone(),
        None => recommended(&stored)?,
    };
    let model = LoadedModel {
        file: stored.file,
        config,
        run: None,
        folder: stored.folder,
    };
    Ok((model, None))
}

/// The configuration of a model without a card: its task's.
fn recommended(stored: &StoredModel) -> Result<RunConfig> {
    let model = stored.file.model()?;
    let config = RunConfig::for_task(task_named(model.name())?);
    ensure!(
        config.task != Task::Recordings,
        "{} has no {} beside it, which says how recordings are read, what its classes are, and what it was trained on: put the \
         model back into its folder, or export the run again",
        stored.path.display(),
        card::files::CARD
    );
    output::note(&format!(
        "warning: {} has no {} beside it, so data are prepared as the recipe of {} does it: if it was trained otherwise, \
         it will do worse than it can",
        stored.path.display(),
        card::files::CARD,
        config.task
    ));
    Ok(config)
}

fn task_named(name: &str) -> Result<Task> {
    name.parse().with_context(|| {
        let name = visible::name(name);
        format!("the model is named \"{name}\" and has no card beside it, so its task is unknown")
    })
}

/// Tells of a run that is not at its end.
pub fn note_progress(checkpoint: &Checkpoint, config: &RunConfig) {
    let (position, training) = (checkpoint.position, &config.training);
    if !position.is_over(checkpoint.best.as_ref(), training) {
        output::note(&format!(
            "note: the run has trained {} of {} epochs",
            position.epoch, training.epochs
        ));
    }
}

/// In what `data` differ from those of the run, if they do.
///
/// # Errors
/// They do not even look alike, so the network cannot take them or would answer with other classes.
pub fn differences(checkpoint: &Checkpoint, data: &ModelData) -> Result<Option<String>> {
    let facts = TaskFacts::of(&data.task);
    let differences = checkpoint.differences(&facts, data.task.digest().as_ref());
    let text = differences.join("; ");
    ensure!(
        checkpoint.task.fit(&facts),
        "{} is of a run on other data ({text}): give the same --data-dir",
        checkpoint.file.display()
    );
    Ok((!differences.is_empty()).then_some(text))
}

/// Exports the chosen weights of a run.
pub fn export_run(
    checkpoint: Checkpoint,
    config: RunConfig,
    data: &ModelData,
    device: &Device,
) -> Result<LoadedModel> {
    checkpoint.check_trained()?;
    let network = train::chosen_network(&checkpoint, device)?;
    let weights = network.weights();
    let calibration = data.task.calibration();
    ensure!(
        !calibration.is_empty(),
        "{} is a run whose training data are not among these, and its integers are fitted to them: give its --data-dir, or \
         evaluate the exported model",
        checkpoint.file.display()
    );
    let source = export::Source {
        name: config.task.name(),
        weights: &weights,
        standardisation: &checkpoint.task.standardisation,
        input_lsb: &checkpoint.task.input_lsb,
        calibration: &calibration,
    };
    let (file, scales) = export::export(source, &config.export)?;
    Ok(LoadedModel {
        file,
        config,
        run: Some(Run {
            checkpoint,
            network,
            scales,
        }),
        folder: None,
    })
}

/// What results were measured on, for cards and tables.
pub fn describe_data(config: &RunConfig, args: &DataArgs) -> Result<String> {
    Ok(
        match hadamrnn::data::locate(config.task, args.data_dir.as_deref())? {
            Source::Sample => "the sample that ships with hadamrnn".into(),
            Source::Generated => "generated".into(),
            Source::Files(_) if config.recordings.is_some() => config.task.data_set().title.into(),
            Source::Files(_) => format!("the full set: {}", config.task.data_set().title),
        },
    )
}
