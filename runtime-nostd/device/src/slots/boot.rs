//! Which model a board runs.

use hadamrnn_runtime::Model;
use serde::{Deserialize, Serialize};

use super::header::{Fault, HEADER_LEN, SlotHeader, Timing, digest};

/// Whether a firmware can run a model: its kernel, capacities, sensor, and how windows may overlap. Every function of
/// this form is one.
pub trait Accept: Fn(&Model<'_>, Timing) -> Result<(), Fault> {}

impl<A: Fn(&Model<'_>, Timing) -> Result<(), Fault>> Accept for A {}

/// The model that a board runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Running {
    /// The model that is part of the firmware: no slot has one that it can run.
    BuiltIn,
    /// The model of a slot.
    Slot {
        /// 0 or 1.
        index: u8,
        /// Header of the slot.
        header: SlotHeader,
    },
}

/// Outcome of a start: the content of the slots, and the model that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The model that runs.
    pub running: Running,
    /// Content of each slot, or why it is refused. The one that does not run may be good: it is the older one.
    pub slots: [Result<SlotHeader, Fault>; 2],
}

/// Checks a slot's header and its model's bytes, and gives both. Whether they are a model that can be run, the runtime
/// tells.
///
/// # Errors
/// Nothing was written in full.
pub fn inspect(slot: &[u8]) -> Result<(SlotHeader, &[u8]), Fault> {
    let header = SlotHeader::parse(slot)?;
    let body = slot.get(HEADER_LEN..).unwrap_or_default();
    let length = Fault::Length {
        length: header.length,
        room: body.len() as u32,
    };
    let model = body.get(..header.length as usize).ok_or(length)?;
    if model.is_empty() {
        return Err(length);
    }
    if digest(model) != header.crc {
        return Err(Fault::Checksum);
    }
    Ok((header, model))
}

/// Chooses what runs: the newest slot of those whose header, bytes and model are valid and which `accept` takes, else the
/// built-in model. Each slot starts on a four-byte boundary.
pub fn boot(slots: [&[u8]; 2], accept: impl Accept) -> Boot {
    let slots = slots.map(|slot| {
        let (header, model) = inspect(slot)?;
        accept(&Model::from_bytes(model)?, header.timing)?;
        Ok(header)
    });
    let slot = |index, header| Running::Slot { index, header };
    let running = match slots {
        [Ok(first), Ok(second)] if second.is_newer_than(&first) => slot(1, second),
        [Ok(first), _] => slot(0, first),
        [Err(_), Ok(second)] => slot(1, second),
        [Err(_), Err(_)] => Running::BuiltIn,
    };
    Boot { running, slots }
}

impl Running {
    /// The slot, if it is one.
    #[must_use]
    pub const fn slot(&self) -> Option<u8> {
        match self {
            Self::BuiltIn => None,
            Self::Slot { index, .. } => Some(*index),
        }
    }

    /// How the model is run.
    #[must_use]
    pub const fn timing(&self) -> Timing {
        match self {
            Self::BuiltIn => Timing::OPEN,
            Self::Slot { header, .. } => header.timing,
        }
    }
}
