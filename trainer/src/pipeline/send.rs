//! Sending a model to a board over its serial link.

use std::path::PathBuf;

use super::board_model::{BoardModel, TimingOptions};
use super::error::{Error, Result, Sort};
use crate::link::{self, Address, BoardStatus, Client, Patience, Sent};
use crate::observer::{Observer, Stage, Transfer};

/// A model to send.
#[derive(Clone, Debug)]
pub struct SendOptions {
    /// Model folder or model file.
    pub model: PathBuf,
    /// Port of the board.
    pub port: Address,
    /// Speed of a serial port, in baud.
    pub baud: u32,
    /// How the model is run.
    pub timing: TimingOptions,
    /// Whether the board restarts with the model at once; else it starts it after its next restart.
    pub restart: bool,
}

/// A model that was sent.
#[derive(Clone, Debug)]
pub struct SentModel {
    /// Whether it was written, or the board had it already.
    pub sent: Sent,
    /// State of the board after the transfer.
    pub status: BoardStatus,
}

/// Sends a model to a board that runs.
///
/// # Errors
/// [`Error::Model`]: there is no model, or it is damaged; [`Error::Board`]: the port cannot be opened, or the board cannot
/// run the model, refuses it, or does not answer. What it ran before, it still runs.
pub fn send(options: &SendOptions, observer: &mut dyn Observer) -> Result<SentModel> {
    let model = BoardModel::read(&options.model, options.timing)?;
    let wire = options.port.open(options.baud).sort(Error::Board)?;
    let mut client = Client::new(wire, Patience::default());
    let firmware = client.firmware().sort(Error::Board)?;
    let descriptor = firmware.descriptor().sort(Error::Board)?;
    let timing = model.timing_on(&descriptor, observer)?;
    let what = "sending";
    observer.stage_begun(&Stage::Transferring { what: what.into() });
    let total = Some(model.file.bytes().len() as u64);
    let sent = link::send(&mut client, &model.file, timing, |done| {
        let done = done.into();
        observer.transfer(&Transfer { what, done, total });
    });
    observer.stage_ended();
    let sent = sent.sort(Error::Board)?;
    let status = match options.restart {
        true => link::start_newest(&mut client, &model.file),
        false => client.status(),
    };
    Ok(SentModel {
        sent,
        status: status.sort(Error::Board)?,
    })
}
