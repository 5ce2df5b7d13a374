//! `hadamrnn bench`: what inference costs, on emulated boards and on this machine, what training and reading recordings do, and
//! how large firmware is.

mod boards;
mod costs;
mod data;
mod device;
mod host;
mod picture;
mod process;
mod synthetic;
mod table;
mod train;
mod upsets;

use anyhow::Result;
use clap::Subcommand;

use crate::Status;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Flash and RAM of the firmware of every real board; fails where one outgrows its budget
    Boards(boards::Args),
    /// Speed and memory of reading recordings and cutting them into windows, beside pandas reading the same files
    Data(data::Args),
    /// Factors of the cost estimates, measured on the emulated cores
    Costs(costs::Args),
    /// Instructions, code and RAM on every emulated board, with every kernel, for several hidden sizes
    Device(device::Args),
    /// Samples per second on one core of this machine: every kernel, a naive and a dense form
    Host(host::Args),
    /// Time and memory of a training step, in its fast form and step by step
    Train(train::Args),
    /// Bits flipped in model and session on emulated boards: what becomes of the answers, and what the checks find and cost
    Upsets(upsets::Args),
}

pub fn run(args: &Args) -> Result<Status> {
    match &args.what {
        What::Boards(args) => boards::run(args),
        What::Data(args) => data::run(args),
        What::Costs(args) => costs::run(args),
        What::Device(args) => device::run(args),
        What::Host(args) => host::run(args),
        What::Train(args) => train::run(args),
        What::Upsets(args) => upsets::run(args),
    }
}
