//! The firmware's defmt log, as text.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use defmt_decoder::{DecodeError, Table};

use crate::untrusted::{self, Kind};

/// Decodes the defmt frames in `output`, which firmware `elf` wrote.
pub(super) fn decode(elf: &Path, output: &Path) -> Result<Vec<String>> {
    let elf = untrusted::read(elf, Kind::FIRMWARE).context("cannot read the firmware")?;
    let bytes = untrusted::read(output, Kind::FIRMWARE).context("cannot read the log")?;
    let table = Table::parse(&elf)
        .map_err(|error| anyhow!(error))?
        .context("the firmware has no defmt section")?;
    let mut decoder = table.new_stream_decoder();
    decoder.received(&bytes);
    let mut lines = Vec::new();
    loop {
        match decoder.decode() {
            Ok(frame) => {
                let level = frame.level().map_or("", |level| level.as_str());
                lines.push(format!(
                    "{:5} {}",
                    level.to_uppercase(),
                    frame.display_message()
                ));
            }
            Err(DecodeError::UnexpectedEof) => return Ok(lines),
            Err(DecodeError::Malformed) if table.encoding().can_recover() => {}
            Err(DecodeError::Malformed) => {
                lines.push("(the rest of the log is damaged)".into());
                return Ok(lines);
            }
        }
    }
}
