//! Data and model of a report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{again, cores};
use crate::card::sha256;
use crate::config::{RunConfig, windows};
use crate::counts::units;
use crate::data::{Sequences, Split, Targets, Task};
use crate::jobs::{BoardRecord, Record};
use crate::metrics::Confusion;
use crate::pipeline::error::{Error, Result, Sort};
use crate::pipeline::evaluate::{EvaluateOptions, Measured};
use crate::pipeline::place::is_run;
use crate::report::{ClassFacts, DataFacts, ModelFacts};
use crate::run_log::{self, Line};
use crate::usage::Channel;

/// A run or model, and the folders around it.
pub(super) struct Place {
    /// Name of its folder.
    pub name: String,
    /// Folder of the run, where there is one.
    pub run: Option<PathBuf>,
    /// Folder of the run, else of the model.
    pub folder: PathBuf,
}

impl Place {
    pub fn of(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        // A model file stands for its folder.
        let folder = match (path.is_dir(), path.parent()) {
            (false, Some(parent)) => parent.to_path_buf(),
            _ => path,
        };
        let above = folder.parent().filter(|parent| is_run(parent));
        let run = match is_run(&folder) {
            true => Some(folder.clone()),
            false => above.map(Path::to_path_buf),
        };
        let folder = run.clone().unwrap_or(folder);
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        Self {
            name: name.to_string_lossy().into_owned(),
            run,
            folder,
        }
    }

    /// Epochs of the run, as far as they can be read.
    pub fn curves(&self) -> Vec<Line> {
        let run = self.run.as_deref();
        let epochs = run.and_then(|run| run_log::read(run).ok());
        epochs.unwrap_or_default().lines
    }

    /// Boards that the model with this digest was run on: by its job, or by the search that chose it.
    fn boards(&self, digest: &str) -> Vec<BoardRecord> {
        let record = self.run.as_deref().and_then(|run| Record::read(run).ok());
        let record = record.flatten();
        let done = record.as_ref().and_then(Record::done);
        let done = done.filter(|done| done.sha256 == digest);
        let found = done.map_or(Vec::new(), |done| done.boards.clone());
        if !found.is_empty() {
            return found;
        }
        // A search's model lies in its folder, and the runs of that one folder deeper.
        let above = self.folder.ancestors().skip(1).take(2);
        let found = above.filter_map(|above| cores::of_search(above, digest));
        found.take(1).collect()
    }
}

/// Answers by true class; none where every step has a class.
pub(super) fn confusion(measured: &Measured, sequences: &Sequences) -> Option<Confusion> {
    let (task, answers) = (&measured.data.task, &measured.integer.answers);
    let Targets::Class(truth) = &sequences.targets else {
        return None;
    };
    let of_any = || {
        let classes = task.classes();
        let trained = task.split(Split::Train).class_counts(classes.len());
        let pairs = truth.iter().copied().zip(answers.iter().copied());
        Confusion::new(classes, &trained, pairs)
    };
    Some(task.confusion(sequences, answers).unwrap_or_else(of_any))
}

/// The thing that the groups of a task's sequences are.
pub(super) fn groups(task: Task) -> Option<&'static str> {
    match task {
        Task::Recordings => Some("recording"),
        Task::Har2 | Task::Har6 | Task::Dsa19 => Some("person"),
        _ => None,
    }
}

/// The data of the run.
pub(super) fn data(measured: &Measured) -> DataFacts {
    let data = &measured.data;
    let units = match groups(measured.loaded.config.task) {
        Some("recording") => Some("recordings"),
        Some(_) => Some("persons"),
        None => None,
    };
    let splits = [Split::Train, Split::Valid, Split::Test].map(|split| data.task.split(split));
    let new = data.task.own().map(|own| &own.new);
    let all = || splits.iter().map(AsRef::as_ref).chain(new);
    let is_by_step = |sequences: &Sequences| matches!(sequences.targets, Targets::PerStep(_));
    let names = match all().any(is_by_step) {
        true => Vec::new(),
        false => data.task.classes(),
    };
    let mut classes: Vec<ClassFacts> = names
        .into_iter()
        .map(|name| ClassFacts {
            name,
            ..ClassFacts::default()
        })
        .collect();
    let mut units_of = vec![BTreeSet::new(); classes.len()];
    for (split, sequences) in all().enumerate() {
        let counts = sequences.class_counts(classes.len());
        for (class, count) in classes.iter_mut().zip(counts) {
            class.windows[split] = count;
        }
        for (&class, &group) in sequences.targets.values().iter().zip(&sequences.groups) {
            if let Some(units) = units_of.get_mut(class as usize) {
                units.insert(group);
            }
        }
    }
    for (class, units) in classes.iter_mut().zip(units_of) {
        class.units = units.len();
    }
    DataFacts {
        source: data.describe(&measured.loaded.config),
        units,
        classes,
        lines: data
            .task
            .own()
            .map_or(Vec::new(), |own| own.overview.lines()),
    }
}

/// The model.
pub(super) fn model(
    measured: &Measured,
    sequences: &Sequences,
    place: &Place,
    options: &EvaluateOptions,
) -> Result<ModelFacts> {
    let path = &options.model;
    let (loaded, config) = (&measured.loaded, &measured.loaded.config);
    let model = loaded.file.model().sort_at(Error::Model, path)?;
    let digest = sha256(loaded.file.bytes());
    let card = loaded.folder.as_ref().map(|folder| &folder.card);
    let chosen = loaded.run.as_ref().map(|run| {
        let checkpoint = &run.checkpoint;
        let best = checkpoint.best.as_ref().map(|best| best.epoch);
        best.unwrap_or(checkpoint.position.epoch)
    });
    let block = model.block_size();
    let mut layers = format!(
        "{} units in {} blocks of {block}",
        model.hidden_size(),
        model.hidden_size() / block
    );
    if let Some(second) = model.second() {
        layers += &format!(", a second layer of {}", second.layer().hidden_size());
    }
    if let Some(hidden) = model.hidden_readout() {
        layers += &format!(", a hidden readout layer of {}", hidden.units());
    }
    let channels = match model.tokens() {
        Some(_) => Vec::new(),
        None => channels(measured, config),
    };
    let boards = place.boards(&digest);
    Ok(ModelFacts {
        name: model.name().into(),
        bytes: loaded.file.bytes().len(),
        cores: cores::cores(&loaded.file, config.task, sequences.steps, &boards),
        boards,
        sha256: digest,
        layers,
        window: sequences.steps,
        hop: config.recordings.as_ref().map(|cutting| cutting.hop),
        decimation: config.preparation.decimation.max(1),
        rate_hz: windows::rate_hz(config),
        channels,
        epoch: card.map(|card| card.epoch).or(chosen),
        commands: again::commands(options, loaded, (&place.name, place.run.as_deref())),
    })
}

fn channels(measured: &Measured, config: &RunConfig) -> Vec<Channel> {
    let names = measured.data.task.channel_names();
    let recorded = config.recordings.as_ref();
    let recorded = recorded.map_or(&[][..], |cutting| &cutting.units);
    let units = units(config.task, &names, recorded);
    let sizes = measured.data.input_lsb.iter().zip(units);
    let channel = |(name, (&lsb, unit))| Channel { name, lsb, unit };
    names.into_iter().zip(sizes).map(channel).collect()
}
