//! The text of a segment to its values.

use anyhow::{Result, bail, ensure};

use super::{CHANNELS, SEGMENT, STEPS, remedy};
use crate::data::text::{rows, shown};

/// Parses [`STEPS`] rows of [`CHANNELS`] finite numbers with commas between them.
pub(super) fn segment(name: &str, text: &[u8]) -> Result<Vec<f32>> {
    let mut values = Vec::with_capacity(SEGMENT);
    let lines = rows(text).count();
    for (line, row) in rows(text).take(STEPS) {
        let mut count = 0;
        for (field, number) in row.split(|&byte| byte == b',').enumerate() {
            // By way of double precision, so that it agrees with what is read from the compact form.
            let value = std::str::from_utf8(number.trim_ascii())
                .ok()
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|value| value.is_finite());
            let Some(value) = value else {
                bail!(
                    "{name}, line {line}, field {}: {} is not a finite number; {}",
                    field + 1,
                    shown(number),
                    remedy()
                );
            };
            // One that is too long takes no memory.
            if field < CHANNELS {
                values.push(value as f32);
            }
            count = field + 1;
        }
        ensure!(
            count == CHANNELS,
            "{name}, line {line}: {count} values where a step has {CHANNELS}; {}",
            remedy()
        );
    }
    ensure!(
        lines == STEPS,
        "{name}: {lines} lines where a segment has {STEPS} steps; {}",
        remedy()
    );
    Ok(values)
}
