//! Files of one recording, one a sensor, put together by their times.

use anyhow::{Result, bail, ensure};

use super::columns::plain;
use super::context::Reading;
use super::recording::{Recording, TimeBase};
use super::sensor_files::{self, name_together};
use super::source::Entry;
use super::time;
use crate::data::words::words;
use crate::visible;

/// A sensor is left out whose rate is below this share of the first's: its values would be made up.
const LEAST_RATE: f64 = 0.25;

/// Puts recordings of files together; those without stamps stay what they are, if there is no other.
///
/// Sampled is when the first of the sensors was, by the order of [`rank`]; the others are interpolated linearly between the two
/// samples around. Times when one of them has a gap, or was not running, are left out.
///
/// # Errors
/// A file has no time, or no time is common to all.
pub(super) fn merge(
    mut parts: Vec<(&Entry, Recording)>,
    reading: &Reading<'_>,
) -> Result<Option<Recording>> {
    parts.sort_by_key(|(entry, _)| rank(entry.stem()));
    for (_, recording) in &mut parts {
        let is_resampled = reading.options.resample_hz.is_some();
        time::find_gaps(recording, reading.options.rate_hz, is_resampled);
    }
    let Some((first, _)) = parts.first() else {
        return Ok(None);
    };
    let name = name_together(first);
    if parts.len() == 1 {
        return Ok(parts.pop().map(|(_, mut recording)| {
            recording.name = name;
            recording
        }));
    }
    drop_uncalibrated(&mut parts, reading);
    if let Some(merged) = by_rows(&parts, &name) {
        return Ok(Some(merged));
    }
    for (entry, recording) in &parts {
        ensure!(
            matches!(recording.time, TimeBase::Stamps(_)),
            "{}: files of one recording are put together by their times, but this one has none that can be read",
            visible::name(&entry.name)
        );
    }
    let rate = time::rate_of(&parts[0].1).unwrap_or(0.0);
    parts.retain(|(entry, recording)| {
        let own = time::rate_of(recording).unwrap_or(0.0);
        let keep = own >= LEAST_RATE * rate;
        if !keep {
            reading.note(format!(
                "{}: left out, {own:.1} samples a second are too few beside {rate:.1}",
                entry.name
            ));
        }
        keep
    });
    for (entry, recording) in &mut parts {
        name_channels(entry, recording);
    }
    let mut parts = parts.into_iter().map(|(_, recording)| recording);
    let Some(mut merged) = parts.next() else {
        return Ok(None);
    };
    merged.name = name;
    for other in parts {
        let size = size_of::<f32>() * (merged.channels.len() + other.channels.len());
        reading.budget.take(merged.samples().saturating_mul(size))?;
        add(&mut merged, &other);
        if merged.samples() == 0 {
            bail!(
                "{}: its files have no time in common, so they are not one recording",
                visible::name(&merged.name)
            );
        }
    }
    Ok(Some(merged))
}

/// Leaves out what a phone gives without its own corrections, where it gives the other too.
fn drop_uncalibrated(parts: &mut Vec<(&Entry, Recording)>, reading: &Reading<'_>) {
    let is_raw = |entry: &Entry| entry.stem().to_lowercase().contains("uncalibrated");
    if parts.iter().all(|(entry, _)| is_raw(entry)) {
        return;
    }
    parts.retain(|(entry, _)| {
        if is_raw(entry) {
            reading.note(format!(
                "{}: left out, the calibrated sensor is there",
                entry.name
            ));
        }
        !is_raw(entry)
    });
}

/// Puts files of one constant rate and one length together row by row.
fn by_rows(parts: &[(&Entry, Recording)], name: &str) -> Option<Recording> {
    let ((_, first), others) = parts.split_first()?;
    let is_like_first = |(_, other): &(&Entry, Recording)| {
        matches!((&first.time, &other.time), (TimeBase::Rate(a), TimeBase::Rate(b)) if a == b)
            && other.samples() == first.samples()
            && other.gaps == first.gaps
    };
    if !others.iter().all(is_like_first) || !matches!(first.time, TimeBase::Rate(_)) {
        return None;
    }
    let mut merged = first.clone();
    name.clone_into(&mut merged.name);
    merged.values.clear();
    for i in 0..first.samples() {
        parts
            .iter()
            .for_each(|(_, part)| merged.values.extend_from_slice(part.sample(i)));
    }
    merged.channels.clear();
    for (entry, part) in parts {
        let mut part = part.clone();
        name_channels(entry, &mut part);
        merged.channels.append(&mut part.channels);
    }
    Some(merged)
}

/// Sensors in the order in which their times are preferred.
fn rank(stem: &str) -> u8 {
    let lower = stem.to_lowercase();
    let has = |word: &str| lower.contains(word);
    match () {
        () if has("total") => 0,
        () if has("linear") => 2,
        () if has("acc") && !has("uncalibrated") => 1,
        () if has("gyr") => 3,
        () => 4,
    }
}

/// Names channels that only say `x` after their sensor.
fn name_channels(entry: &Entry, recording: &mut Recording) {
    let of_recording = sensor_files::beside_sensor(entry.stem()).unwrap_or_default();
    let sensor = match of_recording.is_empty() {
        true => plain(entry.stem()).to_lowercase(),
        // `walk1_acc` is a file of the recording `walk1`, whose name is no part of a channel's.
        false => {
            let mut sensor = words(entry.stem());
            sensor.retain(|word| !of_recording.contains(word));
            sensor.join("_")
        }
    };
    for channel in &mut recording.channels {
        let is_axis = channel.name.chars().count() <= 2
            || ["pitch", "roll", "yaw"].contains(&channel.name.as_str());
        if is_axis {
            channel.name = format!("{sensor}_{}", channel.name.to_lowercase());
        }
    }
}

/// Adds the channels of `other`, at the times of `merged`.
fn add(merged: &mut Recording, other: &Recording) {
    let (TimeBase::Stamps(times), TimeBase::Stamps(stamps)) = (&merged.time, &other.time) else {
        return;
    };
    let mut values =
        Vec::with_capacity(merged.values.len() + merged.samples() * other.channels.len());
    let mut keep = Vec::with_capacity(times.len());
    // By their beginnings, among which a time is looked for; inside, stamps ascend.
    let mut runs = other.runs();
    runs.retain(|run| run.len() > 1);
    runs.sort_by(|a, b| stamps[a.start].total_cmp(&stamps[b.start]));
    for (i, &time) in times.iter().enumerate() {
        values.extend_from_slice(merged.sample(i));
        let begun = runs.partition_point(|run| stamps[run.start] <= time);
        let run = begun
            .checked_sub(1)
            .map(|i| &runs[i])
            .filter(|run| time <= stamps[run.end - 1]);
        let Some(run) = run else {
            keep.push(false);
            values.extend(std::iter::repeat_n(0.0, other.channels.len()));
            continue;
        };
        keep.push(true);
        let after = stamps[run.clone()]
            .partition_point(|&stamp| stamp <= time)
            .clamp(1, run.len() - 1)
            + run.start;
        let (from, till) = (stamps[after - 1], stamps[after]);
        let share = match till > from {
            true => ((time - from) / (till - from)).clamp(0.0, 1.0) as f32,
            false => 0.0,
        };
        let (a, b) = (other.sample(after - 1), other.sample(after));
        values.extend(a.iter().zip(b).map(|(a, b)| a + (b - a) * share));
    }
    merged.values = values;
    for channel in &other.channels {
        let mut channel = channel.clone();
        while merged.channels.iter().any(|own| own.name == channel.name) {
            channel.name.push_str("_2");
        }
        merged.channels.push(channel);
    }
    merged.retain(&keep);
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::super::unit::Unit;
    use super::*;

    /// A sensor whose channel is its time, from `first` on.
    fn sensor(first: f64, rate: f64, count: u32) -> Recording {
        let channels = vec![Channel::new("x", Unit::G)];
        let mut recording = Recording::new("r", channels);
        let stamps: Vec<f64> = (0..count).map(|i| first + f64::from(i) / rate).collect();
        recording.values = stamps.iter().map(|&stamp| stamp as f32).collect();
        recording.time = TimeBase::Stamps(stamps);
        recording
    }

    fn together(others: &[(&str, Recording)]) -> (Result<Option<Recording>>, Vec<String>) {
        let options = super::super::Options::default();
        let budget = crate::untrusted::Budget::of_data_set();
        let reading = Reading::new(&options, &budget);
        let entries: Vec<Entry> = others
            .iter()
            .map(|(name, _)| Entry::of_bytes(name, b""))
            .collect();
        let parts = entries
            .iter()
            .zip(others)
            .map(|(entry, (_, recording))| (entry, recording.clone()))
            .collect();
        let merged = merge(parts, &reading);
        (merged, reading.into_notes())
    }

    #[test]
    fn sensors_of_other_rates_are_interpolated() {
        let mut gyro = sensor(0.113, 80.0, 200);
        // A second is lost.
        gyro.retain(
            &(0..200)
                .map(|i| !(80..160).contains(&i))
                .collect::<Vec<_>>(),
        );
        let (merged, notes) = together(&[
            ("Gyroscope.csv", gyro),
            ("Accelerometer.csv", sensor(0.1, 100.0, 220)),
            ("Magnetometer.csv", sensor(0.1, 10.0, 22)),
        ]);
        let merged = merged.unwrap().unwrap();
        merged.validate().unwrap();
        let names: Vec<&str> = merged
            .channels
            .iter()
            .map(|channel| channel.name.as_str())
            .collect();
        assert_eq!(names, ["accelerometer_x", "gyroscope_x"]);
        for i in 0..merged.samples() {
            let sample = merged.sample(i);
            assert!((sample[0] - sample[1]).abs() < 1e-5, "{sample:?}");
            let time = sample[0];
            assert!((0.113..=1.101).contains(&time) || time > 2.1, "{time}");
        }
        assert_eq!(merged.gaps.len(), 1);
        assert!(
            notes[0].contains("Magnetometer.csv") && notes[0].contains("10.0 samples a second"),
            "{notes:?}"
        );
    }

    #[test]
    fn files_without_a_common_time_are_refused() {
        let (merged, _) = together(&[
            ("acc.csv", sensor(0.0, 50.0, 50)),
            ("gyro.csv", sensor(100.0, 50.0, 50)),
        ]);
        let error = merged.unwrap_err().to_string();
        assert!(error.contains("no time in common"), "{error}");
        let mut timeless = sensor(0.0, 50.0, 50);
        timeless.time = TimeBase::Unknown;
        let (merged, _) = together(&[("acc.csv", sensor(0.0, 50.0, 50)), ("gyro.csv", timeless)]);
        assert!(merged.unwrap_err().to_string().contains("gyro.csv"));
    }
}
