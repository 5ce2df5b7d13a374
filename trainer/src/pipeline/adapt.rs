//! What a model gains where each wearer teaches it a few windows of their own.

use std::path::PathBuf;

use super::error::{Error, Fault, Result, Sort};
use super::evaluate::EvaluatedSplit;
use super::model::{LoadedModel, open_model};
use super::place;
use crate::data::Split;
use crate::lessons::{self, Adapted};
use crate::observer::{Observer, Stage, staged};

/// Wearers that teach a model.
#[derive(Clone, Debug)]
pub struct AdaptOptions {
    /// Model folder; the model has a metric.
    pub model: PathBuf,
    /// Windows of every class that a wearer teaches.
    pub windows: usize,
    /// Folder with the data sets; none as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
}

/// Lets every subject of the test split teach the model windows of each class, one subject at a time, and measures the accuracy for the
/// rest of its windows. The model stays as it is.
///
/// # Errors
/// [`Error::Model`]: it is no model folder, is damaged, or has no metric; [`Error::Data`]: the data are missing, or name no subjects.
pub fn adapt(options: &AdaptOptions, observer: &mut dyn Observer) -> Result<Adapted> {
    let stored = open_model(&options.model)?;
    let Some(folder) = &stored.folder else {
        let fault = Fault::new(
            "it lies alone: wearers are those of the data that a model folder's card names",
        );
        return Err(Error::Model(fault.at(&options.model)));
    };
    let config = folder.card.config.clone();
    let data_dir = place::data_of_run(&options.model, options.data_dir.as_deref(), observer)?;
    let loaded = LoadedModel::of(stored.clone(), config);
    let data = loaded.data(data_dir.as_deref(), observer)?;
    let test = data.task.split(Split::Test);
    let stage = Stage::Evaluating {
        sequences: test.len(),
    };
    let name = |window: usize| {
        let origin =
            (data.task.own()).and_then(|own| own.origins.get(EvaluatedSplit::Test.place(), window));
        let named = origin.map(|origin| origin.group.unwrap_or(origin.recording).to_string());
        named.unwrap_or_else(|| test.groups[window].to_string())
    };
    let found = staged(observer, &stage, || {
        lessons::wearers(&stored.file, &test, &data.input_lsb, options.windows, name)
    });
    found.sort_at(Error::Model, &stored.path)
}
