//! `hadamrnn`: train, evaluate, export, inspect and verify HadamRNNs.

// `output` alone prints: it makes control characters of foreign names visible.
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod adapt;
mod bench;
mod board_link;
mod choices;
mod common;
mod costs;
mod data;
mod data_check;
mod data_import;
mod decide;
mod demo;
mod eval;
mod export;
mod fit;
mod flash;
mod init;
mod inspect;
mod job;
mod monitor;
mod output;
mod own_data;
mod plot;
mod progress;
mod pull;
mod reading;
mod report;
mod reproduce;
mod send;
mod signals;
mod sweep;
mod teach;
mod train;
mod undo;
mod unknown;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use hadamrnn::jobs;
use mimalloc::MiMalloc;

/// Training allocates and frees tensors of megabytes at every step, which the system allocator returns to the kernel.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Train tiny recurrent networks with binary or sparse ternary orthogonal weights, and run them with integers only on
/// microcontrollers.
///
/// A model goes from data to a board in three steps: `train` writes a run folder, `export` makes a model folder of it,
/// `verify` compares the model on the host, on its kernels and on emulated boards. `demo` does all of it in one go.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The main job, end to end: train on sensor data, export, verify on the host and on an emulated board
    Demo(demo::Args),
    /// Look at recordings and write their task file, which commands take in place of a benchmark
    Init(init::Args),
    /// Train a network; writes a run folder that can be resumed, evaluated and exported
    Train(Box<train::Args>),
    /// Search the model that fits a board within limits: several sizes and sample rates, by validation and exact costs
    Fit(Box<fit::Args>),
    /// Accuracy of a run (float and integer) or of a model file (integer) on a split of its data
    Eval(eval::Args),
    /// Leave each class of a benchmark out of training in turn, and see how the model tells it from what it knows
    Unknown(unknown::Args),
    /// Make a model folder of a run: packed integer model, card, golden vectors
    Export(export::Args),
    /// Choose when a model's answers count: thresholds for a rate of false alarms, durations; stored in the model
    Decide(decide::Args),
    /// Let each person of the test split teach the model a few windows of their own, and see what that gives
    Adapt(adapt::Args),
    /// Show what is in a model file
    Inspect(inspect::Args),
    /// Check a model: reference answers, kernels, boards
    Verify(verify::Args),
    /// Put a model into a slot of a board through its debug probe, as a UF2 file, or into an emulator's flash
    Flash(flash::Args),
    /// Send a model to a board over its serial link, while it runs
    Send(send::Args),
    /// Teach a model one more class, or an old one by a new wearer, on a board or from recordings
    Teach(teach::Args),
    /// Read the model that a board runs, what it was taught included
    Pull(pull::Args),
    /// Take the newest model of a board back: it goes on with the one before
    Undo(undo::Args),
    /// Watch a board's classes, their probabilities and samples, and record windows for training
    Monitor(monitor::Args),
    /// Train, export and evaluate tasks over several seeds, and write a report; continues where it was stopped
    Reproduce(reproduce::Args),
    /// Train, export and evaluate over a grid of settings, here or by a scheduler
    Sweep(sweep::Args),
    /// Do one job of `reproduce` or `sweep`, or what is left of it
    Job(job::Args),
    /// Draw learning curves, or accuracy against bytes
    Plot(plot::Args),
    /// Write a page about a run or a model: data, curves, confusion, windows that went wrong, costs
    Report(report::Args),
    /// List, check and download data sets
    Data(data::Args),
    /// Measure inference, exact costs on emulated boards and speed on this machine, and training
    Bench(bench::Args),
}

/// How a command ended, if not with an error.
enum Status {
    Success,
    /// A comparison failed; what failed has been printed.
    Mismatch,
    /// Stopped by Ctrl-C, with everything saved.
    Interrupted,
    /// Something is left to do, and other processes are working on it.
    Busy,
}

impl Status {
    /// The status of a command that compared something.
    fn of(passed: bool) -> Self {
        match passed {
            true => Self::Success,
            false => Self::Mismatch,
        }
    }
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Fit(args) => fit::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Adapt(args) => adapt::run(&args),
        Command::Decide(args) => decide::run(&args),
        Command::Unknown(args) => unknown::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Flash(args) => flash::run(&args),
        Command::Send(args) => send::run(&args),
        Command::Teach(args) => teach::run(&args),
        Command::Pull(args) => pull::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Monitor(args) => monitor::run(&args),
        Command::Reproduce(args) => reproduce::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Job(args) => job::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Data(args) => data::run(&args),
        Command::Bench(args) => bench::run(&args),
    };
    exit_code(result)
}

fn exit_code(result: Result<Status>) -> ExitCode {
    match result {
        Ok(Status::Success) => ExitCode::SUCCESS,
        Ok(Status::Mismatch) => ExitCode::FAILURE,
        Ok(Status::Interrupted) => ExitCode::from(jobs::INTERRUPTED),
        Ok(Status::Busy) => ExitCode::from(jobs::BUSY),
        // A reader that went away (`hadamrnn … | head`) is no error worth a message.
        Err(error) if output::is_reader_gone(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
