//! Teaching a board a class, reading its model back, and taking the newest one back.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hadamrnn_device::link::Ask;
use hadamrnn_device::slots::{ModelId, Running, SlotError, SlotHeader, digest};
use hadamrnn_runtime::taught::Lesson;

use super::client::{BoardStatus, Client, Step, Told};
use crate::integer::ModelFile;

/// Longest wait for one message.
const WAIT: Duration = Duration::from_millis(200);
/// Longest model that is read back: more than any board's slot has.
const LONGEST: u32 = 16 << 20;

/// The model that the board runs, read from it.
///
/// # Errors
/// The board does not answer, or its firmware is older than this request; or it sends other bytes than it says.
pub fn pull(client: &mut Client, mut progress: impl FnMut(u32, u32)) -> Result<ModelFile> {
    let running = client.status()?.running;
    let older = "the firmware is older than this request: write newer firmware (`hadamrnn flash --firmware`)";
    let ModelId { length, crc } = client.model(running)?.context(older)?;
    ensure!(
        length <= LONGEST,
        "the board says that its model has {length} bytes"
    );
    let mut bytes = Vec::with_capacity(length as usize);
    while bytes.len() < length as usize {
        let offset = bytes.len() as u32;
        let more = client.read(crc, offset)?.context(older)?;
        let more = more.context("the board does not give its model")?;
        ensure!(
            !more.is_empty(),
            "the board's model ends at byte {offset} of {length}"
        );
        bytes.extend(more);
        progress(bytes.len() as u32, length);
    }
    ensure!(
        bytes.len() == length as usize && digest(&bytes) == crc,
        "the bytes that arrived are not the board's model: try again"
    );
    let file = ModelFile::new(&bytes);
    file.model()
        .context("what the board runs is no model that this program knows")?;
    Ok(file)
}

/// A lesson that a board is given.
#[derive(Clone, Copy, Debug)]
pub struct BoardLesson<'a> {
    /// Digest of the model that the board runs.
    pub crc: u32,
    /// The class.
    pub lesson: Lesson<'a>,
    /// Windows to take.
    pub windows: u16,
    /// Time from one of them to the next, at most.
    pub window_time: Duration,
}

/// Gives a board a lesson, waits until it has taken its windows and restarted, and gives the new model's identity. `progress` is told of
/// each window: the index of its answer, and how many there are so far. A lesson that `stop` ends leaves the board as it was.
///
/// # Errors
/// The board refuses the lesson, falls silent, or does not come back with the new model; or the lesson was stopped. What it ran before, it
/// then still runs.
pub fn teach(
    client: &mut Client,
    given: &BoardLesson<'_>,
    mut progress: impl FnMut(u32, u16),
    stop: impl Fn() -> bool,
) -> Result<ModelId> {
    let silence = 2 * given.window_time + Duration::from_secs(5);
    let ask = Ask::Teach {
        crc: given.crc,
        lesson: given.lesson,
        windows: given.windows,
    };
    client.forget();
    match client.newer_step(ask)? {
        Step::Refused(error) => return Err(error).context("the board does not take the lesson"),
        _ => progress(0, 0),
    }
    let mut heard = Instant::now();
    let expected = loop {
        if stop() {
            client.step(Ask::StopTeaching)?;
            bail!("stopped: the board's model is as it was");
        }
        match client.listen(WAIT)? {
            Some(Told::Teaching { index, windows, .. }) => {
                progress(index, windows);
                heard = Instant::now();
            }
            Some(Told::Taught(Ok(id))) => break Some(id),
            Some(Told::Taught(Err(error))) => {
                return Err(error).context("the board could not write the taught model");
            }
            _ if heard.elapsed() > silence => {
                // Messages may be lost. While the lesson goes on, asking again changes nothing.
                match client.step(ask)? {
                    Step::Refused(SlotError::OtherModel) => break None,
                    Step::Refused(error) => return Err(error).context("the lesson is lost"),
                    _ => heard = Instant::now(),
                }
            }
            _ => {}
        }
    };
    client.wait_for_start()?;
    let status = client.status()?;
    let Running::Slot { header, .. } = status.running else {
        bail!(
            "the board restarted without the taught model: {}",
            faults(&status)
        );
    };
    ensure!(
        header.crc != given.crc && expected.is_none_or(|id| id == header.id()),
        "the board restarted with another model than the taught one: {}",
        faults(&status)
    );
    Ok(header.id())
}

/// Takes the newest model of a board back, which restarts with the one before, and gives its state then.
///
/// # Errors
/// The board has nothing to go back to, its firmware is older than this request, it does not come back, or still has the model.
pub fn undo(client: &mut Client) -> Result<BoardStatus> {
    let newest = newest(&client.status()?);
    let crc = newest.unwrap_or(0);
    match client.newer_step(Ask::Undo { crc })? {
        Step::Refused(error) => return Err(error).context("nothing is taken back"),
        _ => client.wait_for_start()?,
    }
    let status = client.status()?;
    ensure!(
        self::newest(&status) != newest,
        "the board still has the model: is its flash failing?"
    );
    Ok(status)
}

/// Digest of the model of the newest slot, if one has a model.
fn newest(status: &BoardStatus) -> Option<u32> {
    let mut newest: Option<SlotHeader> = None;
    for header in status.slots.iter().flatten() {
        if newest.is_none_or(|other| header.is_newer_than(&other)) {
            newest = Some(*header);
        }
    }
    newest.map(|header| header.crc)
}

/// Why slots are refused.
fn faults(status: &BoardStatus) -> String {
    let faults = status.slots.iter().enumerate();
    let faults = faults.filter_map(|(i, slot)| Some(format!("slot {i}: {}", slot.err()?)));
    let faults: Vec<String> = faults.collect();
    match faults.is_empty() {
        true => "both slots are valid".into(),
        false => faults.join("; "),
    }
}
