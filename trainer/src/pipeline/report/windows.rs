//! Windows that went wrong, and accuracy by person and recording.

use std::collections::BTreeMap;
use std::path::Path;

use super::facts::groups;
use crate::config::windows;
use crate::data::recordings::Origin;
use crate::data::{Sequences, Targets, Values};
use crate::evaluate;
use crate::metrics;
use crate::pipeline::error::{Error, Result, Sort};
use crate::pipeline::evaluate::{EvaluatedSplit, Measured};
use crate::report::{Part, Parts, WrongWindow, WrongWindows};

fn origin(measured: &Measured, split: EvaluatedSplit, window: usize) -> Option<Origin<'_>> {
    measured.data.task.own()?.origins.get(split.place(), window)
}

/// Windows that the integer model answers wrong, with their probabilities; those that are shown have their samples.
pub(super) fn wrong(
    measured: &Measured,
    sequences: &Sequences,
    split: EvaluatedSplit,
    path: &Path,
) -> Result<WrongWindows> {
    let Targets::Class(truth) = &sequences.targets else {
        return Ok(WrongWindows::default());
    };
    let answers = &measured.integer.answers;
    let pairs = truth.iter().zip(answers).enumerate();
    let indices: Vec<usize> = pairs
        .filter(|(_, (class, answer))| class != answer)
        .map(|(i, _)| i)
        .collect();
    let model = measured.loaded.file.model().sort_at(Error::Model, path)?;
    let lsb = &measured.data.input_lsb;
    let found = evaluate::integer_logits(&model, measured.kernel, sequences, lsb, &indices);
    let found = found.sort_at(Error::Model, path)?;
    let scale = f64::from(model.header().logit_scale);
    let windows = indices.iter().zip(found).map(|(&index, logits)| {
        let logits: Vec<f64> = (logits.into_iter())
            .map(|logit| f64::from(logit) * scale)
            .collect();
        let answer = metrics::class(&logits);
        let shares = metrics::probabilities(&logits);
        let window = WrongWindow {
            index,
            class: truth[index] as usize,
            answer,
            probability: shares.get(answer).copied().unwrap_or(0.0),
            ..WrongWindow::default()
        };
        with_origin(window, measured, sequences, split)
    });
    let mut wrong = WrongWindows::choose(windows.collect());
    if let Values::Numbers(_) = sequences.values {
        for window in &mut wrong.shown {
            window.samples = sequences.window(window.index).to_vec();
        }
    }
    Ok(wrong)
}

/// The window with all that is known of where it is from.
fn with_origin(
    window: WrongWindow,
    measured: &Measured,
    sequences: &Sequences,
    split: EvaluatedSplit,
) -> WrongWindow {
    if let Some(origin) = origin(measured, split, window.index) {
        let rate = windows::rate_hz(&measured.loaded.config).filter(|rate| *rate > 0.0);
        let time = rate.map_or(String::new(), |rate| {
            format!(", {:.2} s into its interval", origin.sample as f32 / rate)
        });
        let spot = origin
            .spot
            .map_or(String::new(), |spot| format!(", {spot}"));
        return WrongWindow {
            recording: Some(origin.recording.to_owned()),
            person: origin.group.map(String::from),
            place: Some(format!("{}{spot}{time}", origin.file)),
            ..window
        };
    }
    let group = sequences.groups.get(window.index).map(u32::to_string);
    match groups(measured.loaded.config.task) {
        Some("recording") => WrongWindow {
            recording: group.map(|group| format!("recording {group}")),
            ..window
        },
        Some(_) => WrongWindow {
            person: group,
            ..window
        },
        None => window,
    }
}

/// Accuracy by person and by recording, as far as they are known.
pub(super) fn parts(
    measured: &Measured,
    sequences: &Sequences,
    split: EvaluatedSplit,
) -> Vec<Parts> {
    let answers = &measured.integer.answers;
    let Targets::Class(truth) = &sequences.targets else {
        return Vec::new();
    };
    let mut persons: BTreeMap<String, Part> = BTreeMap::new();
    let mut recordings: BTreeMap<String, Part> = BTreeMap::new();
    for (i, (class, answer)) in truth.iter().zip(answers).enumerate() {
        let window = WrongWindow {
            index: i,
            ..WrongWindow::default()
        };
        let from = with_origin(window, measured, sequences, split);
        for (parts, name) in [
            (&mut persons, from.person),
            (&mut recordings, from.recording),
        ] {
            let Some(name) = name else { continue };
            let part = parts.entry(name.clone()).or_insert(Part {
                name,
                right: 0,
                windows: 0,
            });
            part.windows += 1;
            part.right += u64::from(class == answer);
        }
    }
    [("person", persons), ("recording", recordings)]
        .into_iter()
        .filter(|(_, parts)| !parts.is_empty())
        .map(|(what, parts)| Parts {
            what,
            rows: parts.into_values().collect(),
        })
        .collect()
}
