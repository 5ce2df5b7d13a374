//! Rotation that is in °/s in some files and in rad/s in others, where no file tells a unit.

use std::collections::BTreeMap;
use std::ops::Range;

use super::recording::Recording;
use super::unit::Unit;
use crate::data::words::words;
use crate::visible;

/// Ratio of the deviations of files of one class, beside each other by size, that is taken for that of the units, 57.3.
const RATIO: Range<f64> = 30.0..110.0;
/// Classes that have to show it.
const CLASSES: usize = 2;

/// A line about files of the same class whose rotation differs as °/s and rad/s do, in at least half of the classes with several.
pub(super) fn warning(all: &[Recording]) -> Option<String> {
    let first = all.first()?;
    let channels: Vec<usize> = (first.channels.iter().enumerate())
        .filter(|(_, channel)| channel.unit == Unit::Unknown && is_rotation(&channel.name))
        .map(|(number, _)| number)
        .collect();
    let mut classes: BTreeMap<&str, Vec<(f64, &str)>> = BTreeMap::new();
    for recording in all {
        let mut labels = recording.labels.iter().map(|interval| &interval.label);
        let Some(label) = labels.next() else { continue };
        if !channels.is_empty() && labels.all(|other| other == label) {
            let deviation = deviation(recording, &channels);
            classes
                .entry(label)
                .or_default()
                .push((deviation, &recording.name));
        }
    }
    classes.retain(|_, files| files.len() > 1);
    let pairs: Vec<(&str, &str)> = (classes.values_mut())
        .filter_map(|files| {
            files.sort_by(|a, b| a.0.total_cmp(&b.0));
            let pair = (files.windows(2)).find(|pair| RATIO.contains(&(pair[1].0 / pair[0].0)))?;
            Some((pair[0].1, pair[1].1))
        })
        .collect();
    let (small, large) = pairs.first()?;
    let are_enough = pairs.len() >= CLASSES && 2 * pairs.len() >= classes.len();
    are_enough.then(|| {
        format!(
            "rotation differs between files of one class as rad/s and °/s do, by about 57: {} beside {}. If units are mixed, state \
             them in the headers, such as gx (rad/s)",
            visible::name(small),
            visible::name(large)
        )
    })
}

/// Whether a channel is rotation, by its name.
fn is_rotation(name: &str) -> bool {
    let words = words(name);
    let starts = |word: &String| ["gyr", "rot"].iter().any(|start| word.starts_with(start));
    words.iter().any(starts)
        || ["gx", "gy", "gz", "wx", "wy", "wz"].contains(&words.concat().as_str())
}

/// The deviation of channels together: the root of the sum of their variances.
fn deviation(recording: &Recording, channels: &[usize]) -> f64 {
    let count = recording.samples().max(1) as f64;
    let variance = |&channel: &usize| {
        let values = || (0..recording.samples()).map(|i| f64::from(recording.sample(i)[channel]));
        let mean = values().sum::<f64>() / count;
        values().map(|value| (value - mean).powi(2)).sum::<f64>() / count
    };
    channels.iter().map(variance).sum::<f64>().sqrt()
}
