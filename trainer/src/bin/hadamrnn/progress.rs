//! Progress on the terminal.

use std::time::Duration;

use anyhow::Result;
use hadamrnn::data::recordings::Overview;
use hadamrnn::fit::Progress;
use hadamrnn::jobs::{Attempt, Outcome};
use hadamrnn::observer::{Count, EpochRecord, Observer, Stage, Step, Transfer};
use hadamrnn::visible;
use indicatif::{ProgressBar, ProgressStyle};

use crate::output;
use crate::own_data;
use crate::signals::StopFlag;

/// Shows progress on the standard error, and asks to stop when a signal came.
#[derive(Default)]
pub struct Terminal {
    spinner: Option<Spinner>,
    training: Option<Training>,
    bytes: Option<Bytes>,
    count: Option<Counter>,
    stop: Option<StopFlag>,
    headings: bool,
    tables: bool,
    /// Why the standard output takes no more headings and tables.
    failure: Option<anyhow::Error>,
}

impl Terminal {
    /// A terminal whose signals ask to save and stop.
    pub fn stoppable() -> Result<Self> {
        Ok(Self {
            stop: Some(StopFlag::install()?),
            ..Self::default()
        })
    }

    /// The same, with headings on the standard output.
    pub fn with_headings(self) -> Self {
        Self {
            headings: true,
            ..self
        }
    }

    /// The same, with tables of the user's own recordings on the standard output if `tables` is true.
    pub fn with_tables(self, tables: bool) -> Self {
        Self { tables, ..self }
    }

    /// Whether every heading and table could be printed.
    pub fn finish(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }
}

impl Observer for Terminal {
    fn heading(&mut self, title: &str) {
        if self.headings && self.failure.is_none() {
            self.failure = output::line(title).err();
        }
    }

    fn recordings(&mut self, overview: &Overview) {
        if self.tables && self.failure.is_none() {
            self.failure = own_data::table(overview).err();
        }
    }

    fn stage_begun(&mut self, stage: &Stage) {
        self.stage_ended();
        match stage {
            Stage::Training { epochs } => self.training = Some(Training::new(*epochs)),
            Stage::Transferring { what } => self.bytes = Some(Bytes::new(what)),
            stage => self.spinner = Some(Spinner::new(stage.to_string())),
        }
    }

    fn stage_ended(&mut self) {
        self.spinner = None;
        self.training = None;
        self.bytes = None;
        self.count = None;
    }

    fn step(&mut self, step: &Step) {
        if let Some(training) = &self.training {
            training.step(step);
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        if let Some(training) = &mut self.training {
            training.epoch(record);
        }
    }

    fn counted(&mut self, count: &Count) {
        // The spinner told what this is about until there was a count.
        self.spinner = None;
        let counter = self.count.get_or_insert_with(Counter::new);
        counter.show(count);
    }

    fn transfer(&mut self, transfer: &Transfer<'_>) {
        if let Some(bytes) = &self.bytes {
            bytes.show(transfer);
        }
    }

    fn job_ended(&mut self, job: &str, attempt: &Attempt) {
        output::note(&format!("{job}: {}", describe(attempt)));
    }

    fn fit(&mut self, progress: &Progress) {
        output::note(&describe_search(progress));
    }

    fn notice(&mut self, text: &str) {
        output::note(text);
    }

    fn stop_requested(&self) -> bool {
        self.failure.is_some() || self.stop.as_ref().is_some_and(StopFlag::is_set)
    }
}

/// Describes the place of a search, for people.
fn describe_search(progress: &Progress) -> String {
    let best = progress
        .best
        .as_ref()
        .map_or(String::new(), |(accuracy, name)| {
            format!(", best {} ({name})", output::percent(*accuracy))
        });
    let left = progress.remaining_seconds.map_or(String::new(), |seconds| {
        format!(", about {:.0} min left", (seconds / 60.0).ceil())
    });
    format!(
        "rung {} of {}: {} of {} points{best}{left}",
        progress.rung, progress.rungs, progress.done, progress.total
    )
}

/// Describes the outcome of a job, for people.
fn describe(attempt: &Attempt) -> String {
    match attempt {
        Attempt::Ended(Outcome::Done(done)) => format!(
            "integer {}, float {}, {} bytes, trained in {:.0} s",
            output::percent(done.results.integer_test.accuracy),
            output::percent(done.results.float_test.accuracy),
            output::grouped(done.bytes as u64),
            done.train_seconds
        ),
        Attempt::Ended(Outcome::Failed { error }) => format!("FAILED: {error}"),
        Attempt::Skipped => "done before".into(),
        Attempt::Busy => "another process is working on it".into(),
        Attempt::Interrupted => "stopped".into(),
    }
}

/// The bar of a training run; gone when dropped.
struct Training {
    bar: ProgressBar,
    epochs: u32,
    /// The epoch before, as the bar shows it.
    latest: String,
}

impl Training {
    fn new(epochs: u32) -> Self {
        let bar = ProgressBar::new(0).with_prefix("training");
        let template = "{prefix} [{bar:24}] {pos}/{len} {elapsed}<{eta} {msg}";
        let style = ProgressStyle::with_template(template).expect("a valid template");
        Self {
            bar: bar.with_style(style.progress_chars("=> ")),
            epochs,
            latest: String::new(),
        }
    }

    fn step(&self, step: &Step) {
        if self.bar.length() == Some(0) {
            self.bar.set_length(step.total);
            self.bar.set_position(step.done);
            // What was done before a stop says nothing about the time that is left.
            self.bar.reset_eta();
        }
        self.bar.set_position(step.done);
        self.bar.set_message(format!(
            "epoch {}/{} loss {:.4} lr {:.1e}{}",
            step.epoch, step.epochs, step.loss, step.learning_rate, self.latest
        ));
    }

    fn epoch(&mut self, record: &EpochRecord) {
        let flips = match record.sign_flips {
            0 => String::new(),
            flips => format!(", {flips} sign flips"),
        };
        let accuracy = record.valid.map_or(String::new(), |valid| {
            format!(", valid {:.2} %", 100.0 * valid.accuracy)
        });
        self.latest = format!("{accuracy}{flips}");
        // Twenty lines tell the course of a long run; metrics.jsonl has them all.
        if !record.best && !record.epoch.is_multiple_of((self.epochs / 20).max(1)) {
            return;
        }
        let valid = record
            .valid
            .map_or(String::new(), |valid| format!(", valid {valid}"));
        let best = if record.best { " *" } else { "" };
        let text = format!(
            "epoch {:3}: train loss {:.4}{valid}{flips}{best}",
            record.epoch, record.train_loss
        );
        match self.bar.is_hidden() {
            true => output::note(&text),
            false => self.bar.println(text),
        }
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts bytes; gone when dropped.
struct Bytes(ProgressBar);

impl Bytes {
    fn new(what: &str) -> Self {
        let bar = ProgressBar::new(0).with_prefix(visible::text(what));
        let template = "{prefix} [{bar:24}] {bytes}/{total_bytes} {bytes_per_sec} {elapsed}<{eta}";
        let style = ProgressStyle::with_template(template).expect("a valid template");
        Self(bar.with_style(style.progress_chars("=> ")))
    }

    fn show(&self, transfer: &Transfer<'_>) {
        self.0.set_prefix(visible::text(transfer.what));
        self.0.set_length(transfer.total.unwrap_or(transfer.done));
        self.0.set_position(transfer.done);
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar that counts sequences; gone when dropped.
struct Counter {
    bar: ProgressBar,
    /// What counts.
    what: &'static str,
}

impl Counter {
    fn new() -> Self {
        let template = "{prefix} [{bar:24}] {pos}/{len} {elapsed}<{eta}";
        let style = ProgressStyle::with_template(template).expect("a valid template");
        Self {
            bar: ProgressBar::new(0).with_style(style.progress_chars("=> ")),
            what: "",
        }
    }

    fn show(&mut self, count: &Count) {
        if self.what != count.what {
            self.what = count.what;
            self.bar.reset();
            self.bar.set_prefix(count.what);
            self.bar.set_length(count.total as u64);
        }
        self.bar.set_position(count.done as u64);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A spinner for work of unknown length; gone when dropped.
pub struct Spinner(ProgressBar);

impl Spinner {
    /// Shows `message` until dropped.
    pub fn new(message: impl AsRef<str>) -> Self {
        let bar = ProgressBar::new_spinner().with_message(visible::text(message.as_ref()));
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
