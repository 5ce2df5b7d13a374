//! Preparation of recordings: labels from names, channels chosen, missing values as gaps, rates and units that agree.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail, ensure};

use super::columns::{Role, axis, plain, role};
use super::context::Reading;
use super::recording::{Recording, TimeBase};
use super::resample::{self, Resampling};
use super::unit::{self, Unit};
use super::{counters, fill, gravity, labels, rotation, sensor_files, signs, time};
use crate::data::time::{MOST_HZ, RATE_TOLERANCE, TOLD_SPREAD, agree as are_near, rounded};
use crate::data::words::composed;
use crate::visible;

/// Start of the note of recordings without labels.
pub(in crate::data) const NO_LABELS: &str = "no labels are found";

/// Makes recordings ready. Each comes with the path by which its label is told.
///
/// # Errors
/// A name does not fit `--label-from`, a channel is not there, or recordings have different channels, units or rates.
pub(super) fn prepare(
    mut all: Vec<(String, Recording)>,
    reading: &Reading<'_>,
) -> Result<Vec<Recording>> {
    // As the files are: a unit that the user states is that of all.
    let as_read: Vec<&Recording> = all.iter().map(|(_, recording)| recording).collect();
    signs::check(&as_read)?;
    let warnings = [
        gravity::check(as_read.iter().copied())?,
        fill::check(&as_read)?,
    ];
    warnings
        .concat()
        .into_iter()
        .for_each(|warning| reading.note(warning.trim_start_matches("warning: ").to_owned()));
    label(&mut all, reading)?;
    check_people(&all, reading)?;
    compose(&mut all, reading);
    counters::leave_out(&mut all, reading);
    let mut ready: Vec<Recording> = Vec::with_capacity(all.len());
    for (_, mut recording) in all {
        let name = recording.name.clone();
        one(&mut recording, reading).with_context(|| visible::name(&name))?;
        match recording.samples() {
            0 => reading.note(format!(
                "{name}: no sample in which all channels have values"
            )),
            _ => ready.push(recording),
        }
    }
    ensure!(
        !ready.is_empty(),
        "no sample in which all channels have values: name channels that have some with --channels"
    );
    agree(&mut ready)?;
    rotation::warning(&ready)
        .into_iter()
        .for_each(|warning| reading.note(warning));
    remark(&ready, reading);
    remark_rates(&ready, reading);
    ready.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ready)
}

/// Checks that the column of people that the user names is there, and notes which others may be one.
fn check_people(all: &[(String, Recording)], reading: &Reading<'_>) -> Result<()> {
    if let Some(column) = &reading.options.subject_column {
        let is_there = all.iter().any(|(_, recording)| recording.subject.is_some());
        ensure!(
            is_there,
            "no file has a column \"{}\" with values to group recordings by, which --group names",
            visible::name(column)
        );
    }
    reading.note_idle();
    Ok(())
}

/// Brings names that are spelled in two forms of Unicode to one.
fn compose(all: &mut [(String, Recording)], reading: &Reading<'_>) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    let mut two_forms = BTreeSet::new();
    let mut compose = |name: &mut String| {
        if name.is_ascii() {
            return;
        }
        let composed = composed(name).into_owned();
        let before = std::mem::replace(name, composed.clone());
        if *first.entry(composed.clone()).or_insert(before.clone()) != before {
            two_forms.insert(composed);
        }
    };
    for (_, recording) in all {
        let labels = recording
            .labels
            .iter_mut()
            .map(|interval| &mut interval.label);
        let others = [&mut recording.subject, &mut recording.stated_name];
        labels
            .chain(others.into_iter().flatten())
            .for_each(&mut compose);
    }
    if !two_forms.is_empty() {
        reading.note(format!(
            "names that are spelled in two forms of Unicode are one: {}",
            visible::names(&two_forms)
        ));
    }
}

/// Notes what may be an oversight: labels that differ by case alone, values in no unit.
fn remark(all: &[Recording], reading: &Reading<'_>) {
    let labels: BTreeSet<&str> = (all.iter().flat_map(|recording| &recording.labels))
        .map(|interval| interval.label.as_str())
        .collect();
    let mut by_case: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for label in labels {
        by_case.entry(label.to_lowercase()).or_default().push(label);
    }
    for same in by_case.values().filter(|same| same.len() > 1) {
        reading.note(format!(
            "labels that differ by case alone are different classes: {}",
            visible::names(same)
        ));
    }
    let stated: BTreeSet<_> = (all
        .iter()
        .filter(|recording| recording.stated_name.is_some()))
    .map(|recording| (&recording.stated_name, &recording.subject))
    .collect();
    if !stated.is_empty() {
        reading.note(format!(
            "a column recording names {} recordings over all files; each file that is written keeps the name in that column",
            stated.len()
        ));
    }
    let Some(first) = all.first() else { return };
    let has_parts = |channel: usize| {
        let count = first.channels.len();
        all.iter().any(|recording| {
            recording
                .values
                .iter()
                .skip(channel)
                .step_by(count)
                .any(|value| value.fract() != 0.0)
        })
    };
    let unknown = (0..first.channels.len())
        .filter(|&i| first.channels[i].unit == Unit::Unknown && has_parts(i));
    let unknown = visible::names(unknown.map(|i| &first.channels[i].name));
    if !unknown.is_empty() {
        reading.note(format!(
            "no unit is told for {unknown}, so their scale is only chosen to fit: --unit states it"
        ));
    }
}

/// Notes recordings of other rates than the rest, and of none.
fn remark_rates(all: &[Recording], reading: &Reading<'_>) {
    let rates = all
        .iter()
        .map(|recording| (recording, time::rate_of(recording)));
    let timed: Vec<(&Recording, f64)> = rates
        .clone()
        .filter_map(|(recording, rate)| Some((recording, rate?)))
        .collect();
    let by_rate = |a: &&(&Recording, f64), b: &&(&Recording, f64)| a.1.total_cmp(&b.1);
    let (Some(slow), Some(fast)) = (timed.iter().min_by(by_rate), timed.iter().max_by(by_rate))
    else {
        return;
    };
    if !are_near(fast.1, slow.1, TOLD_SPREAD) {
        reading.note(format!(
            "the recordings have different rates: {} has {} samples a second, {} has {}; --resample brings them to one",
            visible::name(&slow.0.name),
            rounded(slow.1),
            visible::name(&fast.0.name),
            rounded(fast.1)
        ));
    }
    let untimed: Vec<&Recording> = rates
        .filter(|(_, rate)| rate.is_none())
        .map(|(recording, _)| recording)
        .collect();
    if let Some(first) = untimed.first() {
        reading.note(format!(
            "{} recordings tell no rate, beside others that do: the first is {}; --rate states it",
            untimed.len(),
            visible::name(&first.name)
        ));
    }
}

/// Gives labels that stand in names: by the user's pattern, or of folders where no file holds any.
fn label(all: &mut [(String, Recording)], reading: &Reading<'_>) -> Result<()> {
    if let Some(pattern) = &reading.options.label_from {
        for (path, recording) in all {
            let named = pattern.find(path).with_context(|| {
                format!(
                    "{}: the name does not fit --label-from '{pattern}'",
                    visible::name(path)
                )
            })?;
            recording.label_all(&named.label);
            recording.subject = named.subject.or_else(|| recording.subject.take());
        }
        return Ok(());
    }
    let paths: Vec<&str> = (all.iter())
        .map(|(path, _)| sensor_files::recording_of(path))
        .collect();
    let people: Option<Vec<&str>> = (all.iter())
        .map(|(_, recording)| recording.subject.as_deref())
        .collect();
    let of_folders = labels::of_folders(&paths, people.as_deref());
    if all
        .iter()
        .any(|(_, recording)| !recording.labels.is_empty())
    {
        label_others(all, of_folders.ok().flatten(), reading);
        return Ok(());
    }
    if let Some(column) = &reading.options.label_column {
        bail!(
            "no file has labels in a column \"{}\", which --label-column names",
            visible::name(column)
        );
    }
    match of_folders? {
        Some(labels) => {
            for ((_, recording), label) in all.iter_mut().zip(labels) {
                recording.label_all(&label);
            }
            let texts = reading.text_columns();
            if !texts.is_empty() {
                reading.note(format!(
                    "labels are those of folders, and columns hold text, too: {texts}. --label-column COLUMN takes the labels from there"
                ));
            }
        }
        None => {
            let texts = match reading.text_columns().as_str() {
                "" => String::new(),
                texts => format!(
                    " Columns of text are {texts}: --label-column COLUMN takes the labels from one."
                ),
            };
            reading.note(format!(
                "{NO_LABELS}: no column label, class or activity, no folder per class.{texts} --label-from '{}' says where \
                 in a file's name they stand",
                labels::likely_pattern(&paths)
            ));
        }
    }
    Ok(())
}

/// Gives files that hold no label, beside others that do, the label of their folder, if folders are named like the labels.
fn label_others(
    all: &mut [(String, Recording)],
    of_folders: Option<Vec<String>>,
    reading: &Reading<'_>,
) {
    let labelled = all
        .iter()
        .filter(|(_, recording)| !recording.labels.is_empty());
    let files: BTreeSet<String> = labelled.clone().map(|(path, _)| path.clone()).collect();
    let known: BTreeSet<String> = labelled
        .flat_map(|(_, recording)| &recording.labels)
        .map(|interval| interval.label.clone())
        .collect();
    if let Some(labels) = &of_folders {
        tell_contradictions(all, labels, &known, reading);
    }
    let are_classes = |labels: &Vec<String>| labels.iter().any(|label| known.contains(label));
    let labels = of_folders.filter(are_classes);
    for (i, (path, recording)) in all.iter_mut().enumerate() {
        if files.contains(&*path) {
            continue;
        }
        let shown = visible::name(path);
        match labels.as_ref().and_then(|labels| labels.get(i)) {
            Some(label) => {
                recording.label_all(label);
                reading.note(format!(
                    "{shown}: it holds no label, unlike other files, and takes that of its folder"
                ));
            }
            None => reading.note(format!(
                "{shown}: it holds no label, unlike other files, so it is of no class"
            )),
        }
    }
}

/// Notes files whose one label is another than that of their folder, where folders are named like labels.
fn tell_contradictions(
    all: &[(String, Recording)],
    of_folders: &[String],
    known: &BTreeSet<String>,
    reading: &Reading<'_>,
) {
    let contradicts = |((path, recording), folder): (&(String, Recording), &String)| {
        let own: BTreeSet<&String> = (recording.labels.iter())
            .map(|interval| &interval.label)
            .collect();
        let label = own.first().filter(|_| own.len() == 1)?;
        let is_class = known.contains(folder) || of_folders.contains(label);
        let differs = label.to_lowercase() != folder.to_lowercase();
        (differs && is_class).then(|| (path.clone(), (*label).clone()))
    };
    let found: Vec<(String, String)> = all.iter().zip(of_folders).filter_map(contradicts).collect();
    if let Some((path, label)) = found.first() {
        reading.note(format!(
            "{} files hold another label than their folder's name, and theirs counts: is one a slip? The first is {}, with \"{}\"; \
             --label-from '{{label}}/*' takes the folders",
            found.len(),
            visible::name(path),
            visible::name(label)
        ));
    }
}

fn one(recording: &mut Recording, reading: &Reading<'_>) -> Result<()> {
    choose(recording, reading)?;
    for channel in &mut recording.channels {
        // The factor belongs to the values, below.
        if channel.unit == Unit::Unknown
            && let Some((unit, _)) = reading.options.unit
        {
            channel.unit = unit;
        }
    }
    drop_missing(recording, reading);
    let repeated = time::leave_out_repeats(recording);
    if repeated > 0 {
        reading.note(format!(
            "{}: {repeated} rows have the time and the values of the row before, were logged twice, and count once",
            recording.name
        ));
    }
    let is_resampled = reading.options.resample_hz.is_some();
    let lost = time::find_gaps(recording, reading.options.rate_hz, is_resampled);
    if lost > 0.0 {
        reading.note(format!(
            "{}: {:.0} % of the samples are missing, one by one: {}",
            recording.name,
            100.0 * lost,
            match is_resampled {
                true => "single ones are made up by --resample, longer gaps stay",
                false => "each is a gap; --resample makes up single ones",
            }
        ));
    }
    set_rate(recording, reading)?;
    if let Some(rate) = time::rate_as_stated(recording, reading.options.rate_hz) {
        ensure!(
            rate <= MOST_HZ,
            "it has {} samples a second by its time, which no sensor gives: name the column with its unit, such as time_ms, or leave it \
             out and state the rate with --rate",
            rounded(rate)
        );
    }
    if let Some(rate) = reading.options.resample_hz {
        let measured = time::rate_as_stated(recording, reading.options.rate_hz);
        ensure!(
            measured.is_some(),
            "it cannot be resampled: it has no time. --rate says how many samples a second it has"
        );
        let measured = measured.unwrap_or(rate);
        let usual = || Resampling::usual(measured, rate);
        let by = reading.options.resample_by.unwrap_or_else(usual);
        let what = match by {
            Resampling::Linear if measured > rate => {
                format!("; what is faster than {} Hz is folded down", rate / 2.0)
            }
            Resampling::Linear => String::new(),
            Resampling::BandLimited => {
                let edge = rate.min(measured) / 2.0;
                format!("; what is faster than {edge:.4} Hz is left out")
            }
        };
        reading.note(format!(
            "{}: resampled {by} from {} to {rate} samples a second{what}",
            recording.name,
            rounded(measured)
        ));
        resample::resample(recording, rate, by, reading.budget)?;
    }
    recording.validate()
}

/// Keeps the channels that the user names, else those that have values in half of the samples.
fn choose(recording: &mut Recording, reading: &Reading<'_>) -> Result<()> {
    let wanted = &reading.options.channels;
    let factor = reading.options.unit.map_or(1.0, |(_, factor)| factor) as f32;
    if factor != 1.0 {
        let count = recording.channels.len();
        for (i, value) in recording.values.iter_mut().enumerate() {
            if recording.channels[i % count].unit == Unit::Unknown {
                *value *= factor;
            }
        }
    }
    let mut chosen = Vec::new();
    for name in wanted {
        let is_named = |channel: &super::Channel| {
            channel.name == *name || channel.name == plain(&unit::of_column(name).0)
        };
        match recording.channels.iter().position(is_named) {
            Some(place) => chosen.push(place),
            // All columns of a file without a header are named, those that are no channels too.
            None if role(name) != Role::Channel => {}
            None => bail!(
                "no channel \"{}\" among {}",
                visible::name(name),
                visible::names(recording.channels.iter().map(|channel| &channel.name))
            ),
        }
    }
    if wanted.is_empty() {
        let (samples, count) = (recording.samples(), recording.channels.len());
        let mut missing = vec![0; count];
        for sample in recording.values.chunks_exact(count) {
            for (missing, value) in missing.iter_mut().zip(sample) {
                *missing += usize::from(value.is_nan());
            }
        }
        chosen.extend((0..count).filter(|&i| 2 * missing[i] <= samples));
        order_axes(&mut chosen, recording);
        let sparse = (0..count)
            .filter(|i| !chosen.contains(i))
            .map(|i| &recording.channels[i].name);
        let sparse = visible::names(sparse);
        if !sparse.is_empty() {
            reading.note(format!(
                "{}: left out, for most values are missing: {sparse}",
                recording.name
            ));
        }
    }
    ensure!(!chosen.is_empty(), "no channel is left");
    recording.select(&chosen);
    Ok(())
}

/// Puts the axes of a sensor that follow each other into the order x, y, z.
fn order_axes(chosen: &mut [usize], recording: &Recording) {
    let of = |channel: usize| axis(&recording.channels[channel].name);
    for start in 0..chosen.len().saturating_sub(2) {
        let three = &mut chosen[start..start + 3];
        let found: Option<Vec<(String, char)>> = three.iter().map(|&channel| of(channel)).collect();
        let Some(found) = found else { continue };
        let is_one_sensor = found.iter().all(|(sensor, _)| *sensor == found[0].0);
        if is_one_sensor {
            three.sort_by_key(|&channel| of(channel).map(|(_, axis)| axis));
        }
    }
}

/// Leaves out samples in which a value is missing: they are gaps.
fn drop_missing(recording: &mut Recording, reading: &Reading<'_>) {
    let count = recording.channels.len();
    let keep: Vec<bool> = (recording.values.chunks_exact(count))
        .map(|sample| sample.iter().all(|value| !value.is_nan()))
        .collect();
    let missing = keep.iter().filter(|&&keep| !keep).count();
    if missing > 0 {
        reading.note(format!(
            "{}: {missing} samples with missing values are gaps",
            recording.name
        ));
    }
    recording.retain(&keep);
}

fn set_rate(recording: &mut Recording, reading: &Reading<'_>) -> Result<()> {
    let Some(stated) = reading.options.rate_hz else {
        return Ok(());
    };
    match time::rate_as_stated(recording, Some(stated)) {
        None => {
            reading.note(format!(
                "{}: it tells no time, and is taken at {stated} samples a second, as stated",
                recording.name
            ));
            recording.time = TimeBase::Rate(stated);
        }
        Some(measured) => ensure!(
            (measured - stated).abs() <= RATE_TOLERANCE * measured,
            "it has {measured:.4} samples a second by its time, not {stated}, which is stated (--rate, or rate_hz of the run's \
             configuration). In training leave it out, or resample with --resample {stated}; a model takes recordings of its own rate alone"
        ),
    }
    Ok(())
}

/// Brings all recordings to the channels, in order and unit, of the first.
fn agree(all: &mut [Recording]) -> Result<()> {
    let Some(first) = all.first() else {
        return Ok(());
    };
    let (channels, first) = (first.channels.clone(), first.name.clone());
    for recording in all {
        let place = |name: &String| {
            recording
                .channels
                .iter()
                .position(|channel| channel.name == *name)
        };
        let order: Option<Vec<usize>> = channels
            .iter()
            .map(|channel| place(&channel.name))
            .collect();
        let Some(order) = order.filter(|order| order.len() == recording.channels.len()) else {
            bail!(
                "{} and {} have different channels: {}. All recordings must have the same; --channels names those that all of \
                 them have",
                visible::name(&first),
                visible::name(&recording.name),
                differences(&channels, &recording.channels)
            );
        };
        recording.select(&order);
        convert(recording, &channels).with_context(|| {
            format!(
                "{}, beside {}",
                visible::name(&recording.name),
                visible::name(&first)
            )
        })?;
    }
    Ok(())
}

/// The channels that one recording has and the other has not.
fn differences(of_first: &[super::Channel], of_other: &[super::Channel]) -> String {
    let lacks = |all: &[super::Channel], others: &[super::Channel]| {
        let lacks =
            |channel: &&super::Channel| others.iter().all(|other| other.name != channel.name);
        visible::names(all.iter().filter(lacks).map(|channel| &channel.name))
    };
    match (lacks(of_first, of_other), lacks(of_other, of_first)) {
        (first, other) if other.is_empty() => format!("the first alone has {first}"),
        (first, other) if first.is_empty() => format!("the second alone has {other}"),
        (first, other) => format!("the first alone has {first}, the second alone {other}"),
    }
}

/// Converts the values to the units of `channels`.
fn convert(recording: &mut Recording, channels: &[super::Channel]) -> Result<()> {
    let mut factors = Vec::with_capacity(channels.len());
    for (own, wanted) in recording.channels.iter_mut().zip(channels) {
        let factor = own.unit.factor_to(wanted.unit).with_context(|| {
            format!(
                "channel {} is in {} here and in {} there: --unit names the unit of channels whose files tell none",
                visible::name(&own.name),
                own.unit.name(),
                wanted.unit.name()
            )
        })?;
        own.unit = wanted.unit;
        factors.push(factor as f32);
    }
    if factors.iter().any(|factor| *factor != 1.0) {
        for sample in recording.values.chunks_exact_mut(factors.len()) {
            for (value, factor) in sample.iter_mut().zip(&factors) {
                *value *= factor;
            }
        }
    }
    Ok(())
}
