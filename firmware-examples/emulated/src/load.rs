//! Reads a model and counts what it takes.

use core::hint::black_box;

use hadamrnn_runtime::format::{CRC_BYTES, continue_crc32};
use hadamrnn_runtime::{Model, ModelError};

use crate::counter::Counter;

/// Bytes of a file whose checksum one count has room for.
const PIECE: usize = 64 << 10;

/// The model of a file, and the instructions that reading it takes: those of the checksum, piece by piece, and all others.
///
/// # Errors
/// The bytes are no model.
pub fn model<'m>(bytes: &'m [u8], counter: &Counter) -> Result<(Model<'m>, u32), ModelError> {
    let checked = bytes.get(..bytes.len().saturating_sub(CRC_BYTES));
    let (mut crc, mut load) = (0, 0u32);
    for piece in checked.unwrap_or_default().chunks(PIECE) {
        load += counter.count(&mut || crc = continue_crc32(crc, piece));
    }
    let mut read = Err(ModelError::Truncated);
    load += counter.count(&mut || read = Model::from_bytes_with(bytes, |_| black_box(crc)));
    Ok((read?, load))
}
