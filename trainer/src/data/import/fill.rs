//! Numbers in place of missing values, such as -9999, in recordings as their files have them.

use anyhow::{Result, bail};

use super::recording::Recording;
use crate::data::fill_values::find;
use crate::visible;

/// Checks that no channel holds numbers that stand for missing values. Gives a warning for those that may.
///
/// # Errors
/// One holds a number that is usual for a missing value.
pub(super) fn check(all: &[&Recording]) -> Result<Vec<String>> {
    let mut warnings = Vec::new();
    let mut names: Vec<&str> = (all.iter().flat_map(|recording| &recording.channels))
        .map(|channel| channel.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let parts: Vec<(&Recording, usize)> = (all.iter())
            .filter_map(|recording| {
                let is_named = |channel: &super::Channel| channel.name == name;
                Some((*recording, recording.channels.iter().position(is_named)?))
            })
            .collect();
        let of = |(recording, channel): &(&'_ Recording, usize)| {
            let values = recording.values.iter().skip(*channel);
            let values = values.step_by(recording.channels.len());
            values
                .map(|&value| f64::from(value))
                .filter(|value| value.is_finite())
                .collect::<Vec<f64>>()
        };
        let values: Vec<f64> = parts.iter().flat_map(of).collect();
        let Some(found) = find(|| values.iter().copied(), values.len()) else {
            continue;
        };
        let first = parts.iter().find(|part| of(part).contains(&found.value));
        let text = format!(
            "channel {} holds {} in {} samples, far outside all other values: the first are in {}",
            visible::name(name),
            found.value,
            found.count,
            first.map_or(String::new(), |(recording, _)| visible::name(
                &recording.name
            ))
        );
        if found.is_usual() {
            bail!(
                "{text}. It stands for a missing value: leave these fields empty (an empty field is a gap), or leave the channel out with --channels"
            );
        }
        warnings.push(format!(
            "warning: {text}. If it stands for a missing value, leave these fields empty (an empty field is a gap)"
        ));
    }
    Ok(warnings)
}
