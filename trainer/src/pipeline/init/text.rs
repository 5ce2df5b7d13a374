//! The text of a task file, and what is said of recordings beside it.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Value;

use super::{Choices, InitOptions, Survey};
use crate::data::recordings::ImportOptions;
use crate::visible;

/// Lines about what was found.
pub(super) fn found(survey: &Survey) -> Vec<String> {
    let recordings = &survey.imported.recordings;
    let samples: usize = recordings.iter().map(|recording| recording.samples()).sum();
    let gaps: usize = recordings
        .iter()
        .map(|recording| recording.gaps.len())
        .sum();
    let classes: Vec<String> = (survey.classes.iter())
        .map(|(name, windows)| format!("{} ({windows} windows)", visible::name(name)))
        .collect();
    let mut lines = vec![
        format!(
            "found: {} recordings, {samples} samples, {}, {gaps} gaps; {}",
            recordings.len(),
            rate(survey),
            formats(survey)
        ),
        format!("channels: {}", channels(survey)),
        format!(
            "classes: {}",
            if classes.is_empty() {
                "none".into()
            } else {
                classes.join(", ")
            }
        ),
    ];
    if !survey.people.is_empty() {
        lines.push(format!(
            "people: {} ({})",
            survey.people.len(),
            some(&survey.people)
        ));
    }
    lines
}

fn formats(survey: &Survey) -> String {
    let formats = survey.imported.formats.iter();
    let formats: Vec<String> = formats
        .map(|(name, files)| format!("{name}, {files} files"))
        .collect();
    formats.join("; ")
}

fn rate(survey: &Survey) -> String {
    match survey.proposal.rate_hz {
        Some(rate) => format!("{rate:.2} samples a second"),
        None => "no time".into(),
    }
}

/// Channels with their units.
fn channels(survey: &Survey) -> String {
    let first = survey.imported.recordings.first();
    let channels = first.map_or(&[][..], |first| &first.channels);
    let mut by_unit: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for channel in channels {
        by_unit
            .entry(channel.unit.name())
            .or_default()
            .push(&channel.name);
    }
    let unit = |(unit, names): (&str, Vec<&str>)| match unit {
        "unknown" => format!("{} without a unit", visible::names(names)),
        unit => format!("{} in {unit}", visible::names(names)),
    };
    by_unit.into_iter().map(unit).collect::<Vec<_>>().join("; ")
}

/// The first names of many.
fn some(names: &[String]) -> String {
    let more = if names.len() > 8 { ", …" } else { "" };
    visible::names(names.iter().take(8)) + more
}

/// The text of a task file whose data are at `data`.
pub(super) fn task(
    survey: &Survey,
    choices: &Choices,
    data: &Path,
    options: &InitOptions,
    import: Option<&ImportOptions>,
) -> String {
    let recordings = &survey.imported.recordings;
    let samples: usize = recordings.iter().map(|recording| recording.samples()).sum();
    let rate = survey.proposal.rate_hz.or(choices.rate_hz).unwrap_or(50.0);
    let quoted = |text: &str| Value::from(text).to_string();
    let place = data.to_string_lossy();
    let mut text = format!(
        "\
# A task on recordings, written by `hadamrnn init {}`. Every line may be changed.
# `hadamrnn data check` on this file tells what is odd about the data, `hadamrnn train` on it trains.

# Name of the task: that of folders of runs.
name = {}
# Folder or file of the recordings, as seen from this file's folder.
# Found there: {} recordings, {samples} samples; {}.
data = {}
",
        visible::name(&options.place.to_string_lossy()),
        quoted(&choices.name),
        recordings.len(),
        visible::name(&formats(survey)),
        // Paths of other systems have backslashes.
        quoted(&place.replace('\\', "/")),
    );
    text += &format!(
        "\
# \"balanced\" trains on all classes equally often; {{ walk = 2.0 }} on windows of walk twice as often.
# The commonest class has {:.1} times the windows of the rarest.
{}class_weights = \"balanced\"

[recordings]
# Samples of a window, {:.2} s at {rate:.2} samples a second. Proposed was the largest power of two in 2.6 s and in the
# median interval of each class ({} samples), so that `decimation` leaves whole windows.
steps = {}
# Samples from one window to the next.
hop = {}
",
        survey.unevenness(),
        if choices.is_balanced { "" } else { "# " },
        choices.steps as f64 / rate,
        survey.proposal.shortest_interval,
        choices.steps,
        choices.hop,
    );
    text += &match choices.rate_hz {
        None => "# Samples a second are measured by the time in the files; one that is stated here must agree.\n# rate_hz = ".to_owned()
            + &format!("{rate:.2}\n"),
        Some(rate) => format!("# Samples a second: no file tells a time.\nrate_hz = {rate:?}\n"),
    };
    let names: Vec<String> = choices.channels.iter().map(|name| quoted(name)).collect();
    text += &format!(
        "# Channels in their order. Found: {}.\nchannels = [{}]\n",
        channels(survey),
        names.join(", ")
    );
    text += &group(survey, choices);
    text += "\
# Another seed draws another split.
# split_seed = 1

";
    if let Some(import) = import {
        text += &import_table(import);
    }
    text += "\
[training.augmentation]
# Random rotation of training windows in degrees, for sensors that may be worn askew.
# rotation = 15.0
# Random strength of training windows, as the deviation of the factor's logarithm, for people who move differently.
# scale = 0.1
# Random speed of training windows, as the deviation of the factor's logarithm, for people who move faster or slower; and windows that
# begin at any sample.
# tempo = 0.15
# phases = true
";
    text
}

/// The table of how recordings of other tools are read.
fn import_table(import: &ImportOptions) -> String {
    let settings = toml::to_string(import).unwrap_or_default();
    format!(
        "# How the files of other tools are read: the options of `hadamrnn data import`.\n[recordings.import]\n{settings}\n"
    )
}

/// Lines about what stays in one split.
fn group(survey: &Survey, choices: &Choices) -> String {
    match (survey.people.len(), choices.by_person) {
        (0, _) => "# No column names people: whole recordings stay in one split. A column of the files may group them.\n# group = \"subject\"\n".into(),
        (count, true) => format!(
            "# Recordings of a person stay in one split, by the column that names people ({count}: {}); \"none\" splits by recording.\n# group = \"none\"\n",
            some(&survey.people)
        ),
        (count, false) => format!(
            "# Split by recording, though people are named ({count}: {}): without this line a person stays in one split.\ngroup = \"none\"\n",
            some(&survey.people)
        ),
    }
}
