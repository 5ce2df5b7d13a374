//! The facts of a report about a run or a model.

mod again;
mod beside;
pub(super) mod cores;
mod facts;
mod windows;

use std::path::PathBuf;

use super::error::{Error, Fault, Result, Sort};
use super::evaluate::{self, EvaluateOptions};
use super::place::{self, is_run};
use super::streams;
use crate::config::windows as sensor_windows;
use crate::data::recordings::Overview;
use crate::jobs::{Attempt, Plan};
use crate::observer::{Count, EpochRecord, Observer, Stage, Step, Transfer};
use crate::report::RunReport;
use crate::taught;

/// A run or a model to report on.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// The run or the model, its data and the split to measure on.
    pub evaluate: EvaluateOptions,
}

impl ReportOptions {
    /// A report on the run or the model at `path`, measured on the test split of its data.
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self {
            evaluate: EvaluateOptions::of(path),
        }
    }
}

/// Measures a run or a model, and gathers all that its page tells. The figures are those of [`evaluate()`](super::evaluate()).
///
/// # Errors
/// Those of [`evaluate()`](super::evaluate()); [`Error::Plan`]: the folder is that of several jobs.
pub fn report(options: &ReportOptions, observer: &mut dyn Observer) -> Result<RunReport> {
    let options = &options.evaluate;
    let path = &options.model;
    if path.is_dir() && !is_run(path) && Plan::read(path).is_ok() {
        let fault = Fault::new(format_args!(
            "{} holds several jobs: `hadamrnn reproduce` or `hadamrnn sweep` has written their report into it; name the folder of \
             one of them for a report on that",
            path.display()
        ));
        return Err(Error::Plan(fault.at(path)));
    }
    let mut noted = Noted {
        inner: observer,
        notes: Vec::new(),
    };
    // Known before, for the page names it, too.
    let options = &EvaluateOptions {
        data_dir: place::data_of_run(path, options.data_dir.as_deref(), &mut noted)?,
        ..options.clone()
    };
    let measured = evaluate::measure(options, &mut noted)?;
    let model = measured.loaded.file.model().sort_at(Error::Model, path)?;
    taught::refuse(&model, "a report").sort_at(Error::Model, path)?;
    let doubts = measured.data.task.own().map(|own| own.doubts.clone());
    let notes: Vec<String> = (noted.notes.into_iter())
        .chain(doubts.unwrap_or_default())
        .collect();
    let sequences = evaluate::sequences(&measured.data.task, options.split)?;
    let names = facts::Place::of(path);
    let confusion = facts::confusion(&measured, &sequences);
    let wrong = windows::wrong(&measured, &sequences, options.split, path)?;
    let streams = match sensor_windows::is_sensor(measured.loaded.config.task) {
        true => {
            let split = (options.split, &*sequences);
            let answers = Some(&measured.integer.answers[..]);
            let found = streams::evaluated(
                &measured.loaded,
                &measured.data,
                measured.kernel,
                split,
                answers,
            );
            Some(found.sort_at(Error::Model, path)?)
        }
        false => None,
    };
    let model = facts::model(&measured, &sequences, &names, options)?;
    let beside = beside::found(&names, &measured);
    Ok(RunReport {
        name: names.name.clone(),
        task: measured.loaded.config.task,
        split: options.split.to_string(),
        sequences: sequences.len(),
        kernel: measured.kernel,
        data: facts::data(&measured),
        notes,
        curves: names.curves(),
        float: measured.float,
        integer: measured.integer.metrics,
        confusion,
        wrong,
        parts: windows::parts(&measured, &sequences, options.split),
        streams,
        model,
        neighbours: beside.neighbours,
        beside: beside.folder,
        left_out: beside.left_out,
    })
}

/// An observer that keeps notices.
struct Noted<'a> {
    inner: &'a mut dyn Observer,
    notes: Vec<String>,
}

impl Observer for Noted<'_> {
    fn heading(&mut self, title: &str) {
        self.inner.heading(title);
    }

    fn stage_begun(&mut self, stage: &Stage) {
        self.inner.stage_begun(stage);
    }

    fn stage_ended(&mut self) {
        self.inner.stage_ended();
    }

    fn step(&mut self, step: &Step) {
        self.inner.step(step);
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.inner.epoch(record);
    }

    fn counted(&mut self, count: &Count) {
        self.inner.counted(count);
    }

    fn transfer(&mut self, transfer: &Transfer<'_>) {
        self.inner.transfer(transfer);
    }

    fn recordings(&mut self, overview: &Overview) {
        self.inner.recordings(overview);
    }

    fn job_ended(&mut self, job: &str, attempt: &Attempt) {
        self.inner.job_ended(job, attempt);
    }

    fn notice(&mut self, text: &str) {
        self.notes.push(text.to_owned());
        self.inner.notice(text);
    }

    fn stop_requested(&self) -> bool {
        self.inner.stop_requested()
    }
}
