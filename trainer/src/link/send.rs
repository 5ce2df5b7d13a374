//! Sends a model into a slot of a board.

use anyhow::{Context, Result, bail};
use hadamrnn_firmware_common::link::{Ask, MAX_CHUNK};
use hadamrnn_firmware_common::slots::{Fault, NewModel, Running, SlotError, Timing, digest};

use super::client::{BoardStatus, Client, Step};
use crate::integer::ModelFile;

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The model was written and runs from the board's next start on.
    Written,
    /// The board's newest slot had it already.
    AlreadyThere,
}

/// A transfer begins anew so often, when the board restarts or bytes arrive damaged, before it is given up.
const RESTARTS: u32 = 5;

/// Checks that the board can run a model, and sends it into the slot that is not in use; `progress` is told the bytes
/// that are written. A transfer of the same model that was cut off goes on where it was, unless the board has restarted.
///
/// # Errors
/// The board cannot run the model, refuses it, or does not answer. What it ran before, it still runs.
pub fn send(
    client: &mut Client,
    file: &ModelFile,
    timing: Timing,
    mut progress: impl FnMut(u32),
) -> Result<Sent> {
    let model = file.model()?;
    let firmware = client.hello()?;
    let descriptor = firmware.descriptor()?;
    descriptor
        .check(&model, timing)
        .with_context(|| format!("the firmware of {} cannot run this model", descriptor.board))?;
    let bytes = file.bytes();
    let new = NewModel::of(bytes, timing);
    for _ in 0..RESTARTS {
        let outcome = transfer(client, &new, bytes, &mut progress)?;
        match outcome {
            Ok(sent) => return Ok(sent),
            // The board has restarted, or something arrived damaged after all: from the start.
            Err(SlotError::NoTransfer | SlotError::Fault(Fault::Checksum)) => {}
            Err(error) => return Err(error).context("the board refuses the model"),
        }
    }
    bail!("the board has lost the transfer {RESTARTS} times: is its supply or its flash failing?")
}

/// One transfer from wherever it is to its end.
fn transfer(
    client: &mut Client,
    new: &NewModel,
    bytes: &[u8],
    progress: &mut impl FnMut(u32),
) -> Result<Result<Sent, SlotError>> {
    let crc = new.crc;
    let mut ask = Ask::Begin(*new);
    loop {
        let offset = match client.step(ask)? {
            Step::Refused(SlotError::Incomplete { next }) | Step::Next(next) => next,
            Step::Refused(error) => return Ok(Err(error)),
            Step::Done if matches!(ask, Ask::Begin(_)) => return Ok(Ok(Sent::AlreadyThere)),
            Step::Done => return Ok(Ok(Sent::Written)),
        };
        progress(offset);
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let data = rest.get(..MAX_CHUNK).unwrap_or(rest);
        ask = match data {
            [] => Ask::Commit { crc },
            data => Ask::Chunk { crc, offset, data },
        };
    }
}

/// Restarts the board and shows what it runs then.
///
/// # Errors
/// It does not come back, or does not run its newest model: the message says why.
pub fn start_newest(client: &mut Client, file: &ModelFile) -> Result<BoardStatus> {
    client.restart()?;
    let status = client.status()?;
    let crc = digest(file.bytes());
    match status.running {
        Running::Slot { header, .. } if header.crc == crc => Ok(status),
        _ => {
            let faults = status.slots.iter().enumerate();
            let reasons: Vec<String> = faults
                .filter_map(|(i, slot)| Some(format!("slot {i}: {}", slot.err()?)))
                .collect();
            bail!("the board does not run the model: {}", reasons.join("; "))
        }
    }
}
