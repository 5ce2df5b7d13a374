//! `hadamrnn bench`: how fast and how large things are, on this machine.

mod train;

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
    /// Time and memory of a training step, in its fast form and step by step
    Train(train::Args),
}

pub fn run(args: &Args) -> Result<Status> {
    match &args.what {
        What::Train(args) => train::run(args),
    }
}
