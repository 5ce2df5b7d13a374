//! Names for the content of recordings.

use std::fmt;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::visible;

/// Bytes of each half of an [`Id`].
const HALF: usize = 6;

/// A segment's content, shortened: a digest of its first window and one of the whole, whatever its file and label are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Id([u8; 2 * HALF]);

impl Id {
    /// The name of `counts`, `[samples][channels]`, whose first window has `window` values.
    pub(super) fn of(counts: &[i16], channels: usize, window: usize) -> Self {
        let digest = |counts: &[i16]| {
            let mut sha256 = Sha256::new();
            sha256.update((channels as u64).to_le_bytes());
            let mut bytes = [0; 2 * 4096];
            for block in counts.chunks(4096) {
                let bytes = &mut bytes[..2 * block.len()];
                for (bytes, count) in bytes.chunks_exact_mut(2).zip(block) {
                    bytes.copy_from_slice(&count.to_le_bytes());
                }
                sha256.update(bytes);
            }
            sha256.finalize()
        };
        let mut id = [0; 2 * HALF];
        let (start, whole) = id.split_at_mut(HALF);
        start.copy_from_slice(&digest(&counts[..window.min(counts.len())])[..HALF]);
        whole.copy_from_slice(&digest(counts)[..HALF]);
        Self(id)
    }

    /// The digest of the first window: that of a segment which has grown is the same.
    pub(super) fn start(self) -> [u8; HALF] {
        let mut start = [0; HALF];
        start.copy_from_slice(&self.0[..HALF]);
        start
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        let digits = text.as_bytes();
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        ensure!(
            is_hex && digits.len() == 4 * HALF,
            "\"{}\" is no digest of {} hexadecimal digits",
            visible::name(&text),
            4 * HALF
        );
        let mut id = [0; 2 * HALF];
        for (byte, digits) in id.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits)?;
            *byte = u8::from_str_radix(digits, 16)?;
        }
        Ok(Self(id))
    }
}
