//! Sends a model into a slot of a board.

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::channels::Channels;
use hadamrnn_device::link::{Ask, MAX_CHUNK};
use hadamrnn_device::slots::{Fault, NewModel, Running, SlotError, Timing, digest};

use super::client::{BoardStatus, Client, Step};
use crate::integer::ModelFile;
use crate::visible;

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
/// A board may say so often that a transfer goes on where it went on before. Once is common: it was written further than
/// the host knew.
const STALLS: u32 = 8;

/// Checks that the board can run a model, and sends it into the slot that is not in use; `progress` is told the bytes
/// that are written. A transfer of the same model that was cut off goes on where it was, unless the board has restarted.
///
/// # Errors
/// The board cannot run the model, refuses it, does not answer, or does not keep to the protocol. What it ran before, it
/// still runs.
pub fn send(
    client: &mut Client,
    file: &ModelFile,
    timing: Timing,
    mut progress: impl FnMut(u32),
) -> Result<Sent> {
    let model = file.model()?;
    let firmware = match timing.inputs.is_stated() {
        true => client.firmware()?,
        false => client.hello()?,
    };
    let descriptor = firmware.descriptor()?;
    descriptor.check(&model, timing).with_context(|| {
        let board = visible::name(descriptor.board);
        format!("the firmware of {board} cannot run this model")
    })?;
    let bytes = file.bytes();
    let new = NewModel::of(bytes, timing);
    for _ in 0..RESTARTS {
        let outcome = transfer(client, &new, bytes, &mut progress)?;
        match outcome {
            Ok(sent) => return in_a_slot(client, &new).map(|()| sent),
            // The board has restarted, or something arrived damaged after all: from the start.
            Err(SlotError::NoTransfer | SlotError::Fault(Fault::Checksum)) => {}
            Err(error) => return Err(error).context("the board refuses the model"),
        }
    }
    bail!("the board has lost the transfer {RESTARTS} times: is its supply or its flash failing?")
}

/// Carries out one transfer to its end, from the byte at which the board says it stands.
fn transfer(
    client: &mut Client,
    new: &NewModel,
    bytes: &[u8],
    progress: &mut impl FnMut(u32),
) -> Result<Result<Sent, SlotError>> {
    let crc = new.crc;
    let inputs = new.timing.inputs;
    let mut ask = match inputs.is_stated() {
        true => Ask::BeginMapped { new: *new, inputs },
        false => Ask::Begin(*new),
    };
    // Where the transfer is furthest, and how often the board did not go beyond.
    let (mut furthest, mut stalls) = (None, 0);
    loop {
        let offset = match (client.step(ask)?, ask) {
            (Step::Refused(SlotError::Incomplete { next }) | Step::Next(next), _) => next,
            (Step::Refused(error), _) => return Ok(Err(error)),
            (Step::Done, Ask::Begin(_) | Ask::BeginMapped { .. }) => {
                return Ok(Ok(Sent::AlreadyThere));
            }
            (Step::Done, Ask::Commit { .. }) => return Ok(Ok(Sent::Written)),
            (Step::Done, _) => {
                bail!("the board says that the model is complete at a piece of it: {DISORDER}")
            }
        };
        ensure!(
            offset <= new.length,
            "the board says that the transfer goes on at byte {offset}, but the model has {}: {DISORDER}",
            new.length
        );
        if furthest.is_some_and(|furthest| offset <= furthest) {
            stalls += 1;
            ensure!(
                stalls < STALLS,
                "the transfer makes no progress: the board says again and again that it goes on at byte {offset} of {}; \
                 is its flash failing?",
                new.length
            );
        } else {
            (furthest, stalls) = (Some(offset), 0);
            progress(offset);
        }
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let data = rest.get(..MAX_CHUNK).unwrap_or(rest);
        ask = match data {
            [] => Ask::Commit { crc },
            data => Ask::Chunk { crc, offset, data },
        };
    }
}

/// Advice about a board whose answers contradict each other.
const DISORDER: &str = "its firmware does not keep to the link protocol; flash it anew";

/// Whether the board's slots say what its answers did.
fn in_a_slot(client: &mut Client, new: &NewModel) -> Result<()> {
    let status = client.status()?;
    let mut headers = status.slots.iter().flatten();
    // A status does not tell a slot's inputs.
    let mut told = *new;
    told.timing.inputs = Channels::UNSTATED;
    ensure!(
        headers.any(|header| header.holds(&told)),
        "the board says that it has the model, but none of its slots does: {DISORDER}"
    );
    Ok(())
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
