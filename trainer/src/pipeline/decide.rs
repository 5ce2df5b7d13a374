//! The decision of a model: chosen on held-out streams, stored in its file, measured on its test split.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use hadamrnn_runtime::decision::{Decision, Rule};
use hadamrnn_runtime::format::part;

use super::error::{Error, Fault, Result, Sort};
use super::evaluate::EvaluatedSplit;
use super::model::{LoadedModel, open_model};
use super::{place, streams};
use crate::data::Split;
use crate::events::{self, AnswerStream, Outcome};
use crate::integer::KernelName;
use crate::model_folder::{self, StoredModel};
use crate::observer::{Observer, Stage, staged};
use crate::taught;
use crate::usage::Usage;

/// How a model is to decide.
#[derive(Clone, Debug)]
pub struct DecideOptions {
    /// Model folder.
    pub model: PathBuf,
    /// False alarms an hour, at most, on the validation split.
    pub false_alarms: f64,
    /// Logits are smoothed over some `2^smoothing` answers.
    pub smoothing: u32,
    /// Answers, one after the other, that must speak for a class.
    pub answers: u16,
    /// Answers from the start of an event in which no other starts.
    pub hold_off: u16,
    /// Seconds from an answer to the next; none is what the model's folder tells.
    pub seconds: Option<f64>,
    /// Whether the decision is written into the model.
    pub writes: bool,
    /// Folder with the data sets; none as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
}

/// A model's decision, and what it makes of streams.
#[derive(Clone, Debug, PartialEq)]
pub struct DecidedModel {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The rule of each.
    pub rules: Vec<Rule>,
    /// Seconds from an answer to the next.
    pub seconds: f64,
    /// On the validation split, by which the thresholds were chosen.
    pub valid: Outcome,
    /// On the test split.
    pub test: Outcome,
    /// On the test split, without thresholds: every answer counts.
    pub raw_test: Outcome,
}

/// Chooses thresholds by the validation split so that a model gives few false alarms, measures them on the test split, and
/// stores them in the model.
///
/// Windows of a subject follow each other as the data set has them; they are the answers of a stream.
///
/// # Errors
/// [`Error::Model`]: it is no model folder, or is damaged; [`Error::Data`]: the data are missing or have no validation split;
/// [`Error::Config`]: the options are out of range, or the time between answers is not known; [`Error::Io`].
pub fn decide(options: &DecideOptions, observer: &mut dyn Observer) -> Result<DecidedModel> {
    let stored = open_model(&options.model)?;
    let Some(folder) = &stored.folder else {
        let fault = Fault::new(format_args!(
            "{} lies alone: a decision is chosen by the data that the card of a model folder names",
            options.model.display()
        ));
        return Err(Error::Model(fault.at(&options.model)));
    };
    streams::check_task(folder.card.config.task)?;
    let seconds = seconds(&stored, options).sort(Error::Config)?;
    let data_dir = place::data_of_run(&options.model, options.data_dir.as_deref(), observer)?;
    let loaded = LoadedModel::of(stored.clone(), folder.card.config.clone());
    let data = loaded.data(data_dir.as_deref(), observer)?;
    let model = stored.file.model().sort_at(Error::Model, &stored.path)?;
    taught::refuse(&model, "the choice of a decision").sort_at(Error::Model, &stored.path)?;
    let (valid, test) = (data.task.split(Split::Valid), data.task.split(Split::Test));
    if valid.is_empty() {
        return Err(Error::Data(Fault::new(
            "the data have no validation split, by which thresholds are chosen: train with --holdout standard, or say in the task file which recordings are for validation",
        )));
    }
    let stage = Stage::Evaluating {
        sequences: valid.len() + test.len(),
    };
    let kernel = KernelName::best_for(&model);
    let streams = staged(observer, &stage, || {
        let of = |split, windows| streams::answers(&model, kernel, &data, split, windows);
        anyhow::Ok((
            of(EvaluatedSplit::Valid, &valid)?,
            of(EvaluatedSplit::Test, &test)?,
        ))
    });
    let (valid, test) = streams.sort_at(Error::Data, &stored.path)?;
    let rule = Rule {
        threshold: 0,
        answers: options.answers,
        hold_off: options.hold_off,
    };
    let hours = valid
        .iter()
        .map(|stream| stream.classes.len())
        .sum::<usize>() as f64
        * seconds
        / 3600.0;
    let most = (options.false_alarms * hours).floor() as usize;
    let rules = events::calibrate(&model, &valid, options.smoothing, rule, most);
    let rules = rules.sort(Error::Config)?;
    let words = events::decision_words(options.smoothing, &rules);
    let outcome = |words: &[u32], smoothing_of: &[AnswerStream]| -> anyhow::Result<Outcome> {
        let decision = Decision::read(&model, words)?;
        Ok(events::evaluate(&decision, smoothing_of, seconds))
    };
    let raw = events::decision_words(
        0,
        &vec![
            Rule {
                answers: 1,
                ..Rule::default()
            };
            rules.len()
        ],
    );
    let found = DecidedModel {
        classes: folder.card.classes.clone(),
        seconds,
        valid: outcome(&words, &valid).sort(Error::Config)?,
        test: outcome(&words, &test).sort(Error::Config)?,
        raw_test: outcome(&raw, &test).sort(Error::Config)?,
        rules,
    };
    if options.writes {
        let file = stored.file.with_part(part::DECISION, Some(&words));
        let file = file.sort_at(Error::Model, &stored.path)?;
        model_folder::replace_model(folder, &file).sort_at(Error::Io, &folder.path)?;
    }
    Ok(found)
}

/// Takes the decision off a model: its file is as it was before.
///
/// # Errors
/// [`Error::Model`]: it is no model folder, or is damaged, or has no decision; [`Error::Io`].
pub fn remove_decision(path: &std::path::Path) -> Result<()> {
    let stored = open_model(path)?;
    let model = stored.file.model().sort_at(Error::Model, path)?;
    let (Some(folder), Some(_)) = (&stored.folder, model.parts().get(part::DECISION)) else {
        let fault = Fault::new(format_args!(
            "{} has no decision, or is no model folder",
            path.display()
        ));
        return Err(Error::Model(fault.at(path)));
    };
    let file = stored.file.with_part(part::DECISION, None);
    let file = file.sort_at(Error::Model, path)?;
    model_folder::replace_model(folder, &file).sort_at(Error::Io, path)?;
    Ok(())
}

/// Seconds from an answer to the next.
fn seconds(stored: &StoredModel, options: &DecideOptions) -> anyhow::Result<f64> {
    let usage = Usage::of(stored)?;
    let told = usage.hop.zip(usage.used_rate_hz());
    let told = told.map(|(hop, rate)| hop as f64 / f64::from(rate));
    let seconds = options.seconds.or(told).context(
        "how long it takes from an answer to the next is not known: the data tell no rate; give --seconds",
    )?;
    ensure!(
        seconds.is_finite() && seconds > 0.0,
        "{seconds} s from an answer to the next: more than 0 are needed"
    );
    ensure!(
        options.false_alarms.is_finite() && options.false_alarms >= 0.0,
        "{} false alarms an hour: 0 or more are meant",
        options.false_alarms
    );
    ensure!(options.answers > 0, "an event needs at least one answer");
    Ok(seconds)
}
