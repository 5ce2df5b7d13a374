//! The way from data to a verified model, step by step, as the program `hadamrnn` goes it.
//!
//! Every step takes a struct of plain options and an [`Observer`], and returns what came out or an [`Error`]:
//!
//! | step | options | outcome |
//! |---|---|---|
//! | [`ConfigOptions::read`] | task, recipe, file | [`TaskSetup`]: [`RunConfig`](crate::config::RunConfig), place of the data |
//! | [`train()`] | [`TrainOptions`] | [`Trained`]: a run folder |
//! | [`export()`] | [`ExportOptions`] | [`Exported`]: a model folder |
//! | [`evaluate()`], [`write_submission`] | [`EvaluateOptions`] | [`Evaluation`] |
//! | [`evaluate_streams`] | [`EvaluateOptions`] | [`StreamEvaluation`](crate::events::StreamEvaluation): events found, missed and false |
//! | [`report()`] | [`ReportOptions`] | [`RunReport`](crate::report::RunReport): one HTML page |
//! | [`verify()`] | [`VerifyOptions`] | [`Verdict`] |
//! | [`adapt()`] | [`AdaptOptions`] | [`Adapted`](crate::lessons::Adapted): what teaching gives each wearer |
//! | [`decide()`] | [`DecideOptions`] | [`DecidedModel`]: when its answers count |
//! | [`teach()`], [`teach_board`] | [`TeachOptions`], [`TeachBoardOptions`] | [`TaughtModel`], [`BoardTaught`]: a class more |
//! | [`pull()`], [`undo()`] | [`PullOptions`], [`PortOptions`] | the model of a board; the board with the one before |
//! | [`demo()`] | [`DemoOptions`] | [`Demo`]: all of the above |
//! | [`check_data`], `fetch_data` (feature `fetch`) | name of a data set | [`DataCheck`], paths |
//! | [`init()`] | [`InitOptions`], [`Answers`] | [`WrittenTask`]: a task file |
//! | [`check_recordings`] | [`QualityOptions`] | [`CheckedRecordings`]: findings about recordings |
//! | [`flash()`], [`send()`] | [`FlashOptions`], [`SendOptions`] | [`Flashed`], [`SentModel`]: a board with the model |
//! | [`fit()`] | [`FitOptions`] | [`Fitted`]: the model that fits a board |
//! | [`run_job`], [`run_plan`] | [`JobOptions`], [`Workers`] | [`Attempt`](crate::jobs::Attempt), [`Tally`](crate::jobs::Tally) |
//!
//! [`open_model`] reads a model folder, [`classify`] runs a model on a window. Nothing here prints, catches signals or ends
//! the process: progress goes to the observer, and the observer is asked whether to stop.
//!
//! ```no_run
//! use hadamrnn::data::Task;
//! use hadamrnn::pipeline::{self, DeviceName, Silent, Start, TrainOptions};
//! use hadamrnn::recipe::Recipe;
//!
//! let options = TrainOptions {
//!     folder: "runs/first".into(),
//!     start: Start::New(Recipe::Fast.config(Task::Har2)),
//!     data_dir: None,
//!     device: DeviceName::default(),
//! };
//! let trained = pipeline::train(&options, &mut Silent)?;
//! println!("{} epochs", trained.checkpoint.position.epoch);
//! # Ok::<(), pipeline::Error>(())
//! ```

mod adapt;
mod board_model;
mod check;
mod classify;
mod config;
mod data;
mod data_set;
mod decide;
mod demo;
mod device;
mod error;
mod evaluate;
mod export;
mod firmware;
mod fit;
mod flash;
mod init;
mod jobs;
mod model;
mod place;
mod report;
mod send;
mod sources;
mod streams;
mod teach;
mod teach_board;
mod train;
mod unknown;
mod verify;
mod watch;

pub use crate::observer::{Count, EpochRecord, Observer, Silent, Stage, Step, Transfer};
pub use adapt::{AdaptOptions, adapt};
pub use board_model::TimingOptions;
pub use check::{CheckedRecordings, QualityOptions, check_recordings};
pub use classify::classify;
pub use config::{ConfigOptions, TaskArgument, TaskSetup, UnknownTask, config_of_run, data_place};
pub use data::RunData;
#[cfg(feature = "fetch")]
pub use data_set::fetch_data;
pub use data_set::{DataCheck, check_data, place_of_data};
pub use decide::{DecideOptions, DecidedModel, decide, remove_decision};
pub use demo::{Demo, DemoOptions, DemoResult, demo};
pub use device::DeviceName;
pub use error::{Error, Fault, Result};
pub use evaluate::{
    EvaluateOptions, EvaluatedRecordings, EvaluatedSplit, Evaluation, evaluate, write_submission,
};
pub use export::{ExportOptions, Exported, ReadCounts, Widths, export};
pub use firmware::FirmwareOptions;
pub use fit::{
    Effort, FitOptions, FitResult, FitTarget, Fitted, Measurement, SeedResult, fit, fit_by_jobs,
    fit_candidates, fit_job,
};
pub use flash::{FlashOptions, FlashTarget, Flashed, flash};
pub use init::{Answers, Defaults, InitOptions, Question, WrittenTask, init};
pub use jobs::{
    CrossValidation, FoldResult, JobCommand, JobOptions, PlannedJobs, ReproduceOptions,
    SweepOptions, Workers, check_folds, cross_validations, gather, hand_over, keep_data, read_plan,
    run_job, run_plan, write_plan, write_report,
};
pub use model::open_model;
pub use place::is_run;
pub use report::{ReportOptions, report};
pub use send::{SendOptions, SentModel, send};
pub use sources::{SourceOptions, export_sources};
pub use streams::evaluate_streams;
pub use teach::{ShownWindows, TaughtModel, TeachOptions, teach};
pub use teach_board::{
    BoardTaught, PortOptions, PullOptions, TeachBoardOptions, pull, teach_board, undo,
};
pub use train::{Start, TrainOptions, Trained, TrainedRecordings, train};
pub use unknown::{LeftOut, UnknownOptions, unknown};
pub use verify::{BoardOptions, HostVerdict, Verdict, VerifyOptions, verify};
pub use watch::{EmulatorOptions, Names, start_emulator};
