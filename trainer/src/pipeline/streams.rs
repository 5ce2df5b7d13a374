//! Streams of a split: the answers of a model to windows that follow each other, and what its decision makes of them.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use hadamrnn_runtime::decision::Decision;
use hadamrnn_runtime::{Metric, Model};

use super::data::RunData;
use super::error::{Error, Fault, Result, Sort};
use super::evaluate::{self, EvaluateOptions, EvaluatedSplit};
use super::model::LoadedModel;
use crate::config::{RunConfig, windows};
use crate::data::{Sequences, Targets, Task};
use crate::evaluate::integer_scores;
use crate::events::{AnswerStream, StreamEvaluation, Timeline};
use crate::integer::KernelName;
use crate::observer::{Observer, Stage, staged};
use crate::taught;

/// Evaluates a model on the streams of a split: events found, missed and false, by the model's decision if it has one. Windows of a
/// subject follow each other as the data set has them.
///
/// # Errors
/// Those of [`evaluate()`](super::evaluate()); [`Error::Config`]: the task is none of a sensor; [`Error::Model`]: the decision or the
/// metric is not one for the model.
pub fn evaluate_streams(
    options: &EvaluateOptions,
    observer: &mut dyn Observer,
) -> Result<StreamEvaluation> {
    let device = options.device.open()?;
    let (loaded, data) = evaluate::read(options, &device, observer)?;
    check_task(loaded.config.task)?;
    let sequences = evaluate::sequences(&data.task, options.split)?;
    let model = loaded.file.model().sort_at(Error::Model, &options.model)?;
    let kernel = options.kernel.unwrap_or(KernelName::best_for(&model));
    let stage = Stage::Evaluating {
        sequences: sequences.len(),
    };
    let found = staged(observer, &stage, || {
        let split = (options.split, &*sequences);
        evaluated(&loaded, &data, kernel, split, None)
    });
    found.sort_at(Error::Model, &options.model)
}

/// Refuses tasks whose windows follow each other in no stream.
pub(super) fn check_task(task: Task) -> Result<()> {
    if windows::is_sensor(task) {
        return Ok(());
    }
    Err(Error::Config(Fault::new(format_args!(
        "events and decisions are for answers that follow each other in a stream of a sensor, and those of {task} do not"
    ))))
}

/// What a model makes of the streams of a split. `answers` are the classes of its windows where they are known already.
pub(super) fn evaluated(
    loaded: &LoadedModel,
    data: &RunData,
    kernel: KernelName,
    (split, windows): (EvaluatedSplit, &Sequences),
    answers: Option<&[u32]>,
) -> anyhow::Result<StreamEvaluation> {
    let model = loaded.file.model()?;
    taught::refuse(&model, "an evaluation of streams")?;
    let decision = Decision::of(&model).context("the model's decision")?;
    let has_metric = Metric::of(&model)?.is_some();
    let timelines = match answers.filter(|_| decision.is_none() && !has_metric) {
        Some(answers) => timelines(data, split, windows, answers)?,
        None => self::answers(&model, kernel, data, split, windows)?
            .iter()
            .map(|stream| Timeline::of(stream, decision.as_ref()))
            .collect(),
    };
    let seconds = seconds(&loaded.config, windows);
    let classes = data.task.classes();
    Ok(StreamEvaluation::of(
        classes,
        decision.as_ref(),
        has_metric,
        timelines,
        seconds,
    ))
}

/// Seconds from a window of a split to the next; none where the data tell no rate.
fn seconds(config: &RunConfig, windows: &Sequences) -> Option<f64> {
    let whole = windows.steps * config.preparation.decimation.max(1);
    let hop = windows::hop(config).unwrap_or(whole);
    let rate = windows::rate_hz(config).filter(|rate| *rate > 0.0)?;
    Some(hop as f64 / f64::from(rate))
}

/// The answers of a model to the windows of a split, a stream for each subject: a model with a fading pool runs on from one to the next.
///
/// # Errors
/// Windows have no class each, or the model does not fit them or the kernel.
pub(super) fn answers(
    model: &Model<'_>,
    kernel: KernelName,
    data: &RunData,
    split: EvaluatedSplit,
    windows: &Sequences,
) -> anyhow::Result<Vec<AnswerStream>> {
    let classes = classes(windows)?;
    let metric = Metric::of(model)?;
    let scores = integer_scores(model, kernel, metric.as_ref(), windows, &data.input_lsb)?;
    let threshold = metric.map(|metric| metric.threshold());
    let is_known = |novelty: Option<u32>| {
        novelty
            .zip(threshold)
            .is_none_or(|(score, most)| score <= most)
    };
    let mut scores: Vec<Option<_>> = scores.into_iter().map(Some).collect();
    Ok(streams_of(data, split, windows)
        .into_iter()
        .map(|numbers| {
            let taken = numbers.iter().filter_map(|&at| scores[at].take());
            let (logits, known) = taken
                .map(|score| (score.logits, is_known(score.novelty)))
                .unzip();
            AnswerStream {
                name: name(data, split, windows, &numbers),
                logits,
                classes: truth(classes, &numbers),
                known,
            }
        })
        .collect())
}

/// The streams of a split, of a model that has neither a decision nor a metric.
fn timelines(
    data: &RunData,
    split: EvaluatedSplit,
    windows: &Sequences,
    answers: &[u32],
) -> anyhow::Result<Vec<Timeline>> {
    let classes = classes(windows)?;
    ensure!(
        answers.len() == classes.len(),
        "there is no answer for each window"
    );
    let timeline = |numbers: Vec<usize>| Timeline {
        name: name(data, split, windows, &numbers),
        truth: truth(classes, &numbers),
        answered: truth(answers, &numbers),
        ..Timeline::default()
    };
    Ok(streams_of(data, split, windows)
        .into_iter()
        .map(timeline)
        .collect())
}

fn classes(windows: &Sequences) -> anyhow::Result<&[u32]> {
    match &windows.targets {
        Targets::Class(classes) => Ok(classes),
        Targets::PerStep(_) => {
            anyhow::bail!("events are of one class a window, and these data have one a step")
        }
    }
}

fn truth(classes: &[u32], numbers: &[usize]) -> Vec<Option<usize>> {
    (numbers.iter())
        .map(|&at| Some(classes[at] as usize))
        .collect()
}

/// Numbers of the windows of each stream: of each of the user's own recordings in the order of time, else of each subject.
fn streams_of(data: &RunData, split: EvaluatedSplit, windows: &Sequences) -> Vec<Vec<usize>> {
    let own = data.task.own();
    let streams = own.and_then(|own| own.origins.streams(split.place()));
    streams
        .filter(|streams| streams.iter().map(Vec::len).sum::<usize>() == windows.len())
        .unwrap_or_else(|| by_subject(windows))
}

/// Numbers of the windows of each subject, in their order; all of them where there are no subjects.
fn by_subject(windows: &Sequences) -> Vec<Vec<usize>> {
    let mut streams: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
    for window in 0..windows.len() {
        let subject = windows.groups.get(window).copied();
        streams.entry(subject).or_default().push(window);
    }
    streams.into_values().collect()
}

/// Name of the stream of these windows.
fn name(data: &RunData, split: EvaluatedSplit, windows: &Sequences, numbers: &[usize]) -> String {
    let Some(&first) = numbers.first() else {
        return String::new();
    };
    let own = data.task.own();
    if let Some(origin) = own.and_then(|own| own.origins.get(split.place(), first)) {
        return match origin.group {
            Some(group) => format!("{} ({group})", origin.recording),
            None => origin.recording.into(),
        };
    }
    match (windows.groups.get(first), own) {
        (Some(subject), Some(_)) => format!("recording {subject}"),
        (Some(subject), None) => format!("person {subject}"),
        (None, _) => "all windows".into(),
    }
}
