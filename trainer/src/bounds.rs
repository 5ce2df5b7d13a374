//! How large the sizes of a configuration may be: far beyond what is of use, and small enough that no product of them
//! overflows and no allocation of their making aborts. Those of the network and its model are
//! [`hadamrnn_runtime::limits`].

use std::ops::RangeInclusive;

use anyhow::{Result, ensure};
use hadamrnn_runtime::limits;

/// Steps of a batch of the copying-memory task, over all its sequences.
pub const COPY_BATCH_STEPS: RangeInclusive<usize> = 1..=1 << 22;
/// Sequences of a batch.
pub const BATCH_SIZE: RangeInclusive<usize> = 1..=65_536;
/// Epochs of a run, epochs to wait for, batches of a generated epoch, steps between two steps of the signs.
pub const REPETITIONS: RangeInclusive<usize> = 1..=1_000_000;
/// The like where none is of use, too.
pub const REPETITIONS_OR_NONE: RangeInclusive<usize> = 0..=1_000_000;
/// Samples of a window, from one window to the next, and to the next one that is used; channels: 16 bits on a board.
pub const SAMPLES: RangeInclusive<usize> = limits::SAMPLES.min..=limits::SAMPLES.max;
/// Numbers of channels from 0.
pub const CHANNELS: RangeInclusive<usize> = 0..=limits::INPUTS.max - 1;

/// Checks that a size lies in its range; the message names the field and the range.
pub fn within(field: &str, value: usize, range: RangeInclusive<usize>) -> Result<()> {
    ensure!(
        range.contains(&value),
        "{field} must be in {}..={}, not {value}",
        range.start(),
        range.end()
    );
    Ok(())
}
