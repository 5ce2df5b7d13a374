//! Every finding with data that have exactly that fault, and clean data, which have no warning.

mod classes;
mod clock;
mod duplicates;
mod scale;
mod shortcuts;
mod values;

use std::f64::consts::TAU;

use super::*;
use crate::data::Spots;
use crate::data::import::{Channel, Interval, TimeBase, Unit};

const RATE: f64 = 50.0;
const SAMPLES: usize = 600;

/// Noise from -1 to 1 by a number, without a period.
fn noise(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn channel(name: &str, unit: Unit) -> Channel {
    Channel {
        name: name.into(),
        unit,
    }
}

/// Recordings of acceleration in g and rotation in °/s by several people: each class moves in its own way.
fn desk(people: usize, classes: &[(&str, f64, f64)]) -> Vec<Recording> {
    let mut all = Vec::new();
    for person in 0..people {
        for (number, &(label, hertz, strength)) in classes.iter().enumerate() {
            all.push(recording(person, number, label, hertz, strength));
        }
    }
    all
}

fn recording(person: usize, number: usize, label: &str, hertz: f64, strength: f64) -> Recording {
    let seed = (person * 31 + number) as u64 * 1_000_003;
    let vary = 1.0 + 0.15 * noise(seed);
    let tilt = 0.2 * noise(seed + 1);
    let start = TAU * noise(seed + 2);
    let mut values = Vec::new();
    for i in 0..SAMPLES {
        let angle = start + TAU * hertz * vary * i as f64 / RATE;
        for axis in 0..6_u64 {
            let moved = strength * vary * (angle + axis as f64).sin();
            let noise = 0.03 * noise(seed + 10 + 6 * i as u64 + axis);
            let value = match axis {
                0 => tilt + moved + noise,
                1 => 0.1 + moved / 2.0 + noise,
                2 => (1.0 - tilt * tilt).sqrt() + moved / 3.0 + noise,
                _ => 60.0 * (moved + noise),
            };
            values.push((value * 1e4).round() as f32 / 1e4);
        }
    }
    let channels = ["ax", "ay", "az"].map(|name| channel(name, Unit::G));
    let rotation = ["gx", "gy", "gz"].map(|name| channel(name, Unit::DegreePerSecond));
    Recording {
        sources: Vec::new(),
        name: format!("p{person}-{label}"),
        stated_name: None,
        subject: Some(format!("p{person}")),
        file: format!("p{person}-{label}.csv"),
        spots: Spots::default(),
        channels: [channels, rotation].concat(),
        time: TimeBase::Stamps((0..SAMPLES).map(|i| i as f64 / RATE).collect()),
        values,
        gaps: Vec::new(),
        labels: vec![Interval {
            start: 0,
            end: SAMPLES,
            label: label.into(),
        }],
    }
}

const CLASSES: [(&str, f64, f64); 3] =
    [("rest", 0.3, 0.01), ("walk", 1.8, 0.35), ("run", 2.9, 0.7)];

fn clean() -> Vec<Recording> {
    desk(6, &CLASSES)
}

/// Adds a channel with these values by recording and sample.
fn with_channel(all: &mut [Recording], name: &str, value: impl Fn(usize, usize) -> f64) {
    for (number, recording) in all.iter_mut().enumerate() {
        let width = recording.channels.len();
        let samples = recording.values.chunks_exact(width).enumerate();
        recording.values = samples
            .flat_map(|(i, sample)| sample.iter().copied().chain([value(number, i) as f32]))
            .collect();
        recording.channels.push(channel(name, Unit::Unknown));
    }
}

fn change(recording: &mut Recording, channel: usize, change: impl Fn(usize, f32) -> f32) {
    let width = recording.channels.len();
    for (i, value) in recording
        .values
        .iter_mut()
        .skip(channel)
        .step_by(width)
        .enumerate()
    {
        *value = change(i, *value);
    }
}

fn checked(all: &[Recording]) -> Quality {
    check(all, None, 128, 64)
}

/// The findings that are no notes.
fn serious(all: &[Recording]) -> Vec<Finding> {
    let all = checked(all).findings.into_iter();
    all.filter(|finding| finding.severity > Severity::Note)
        .collect()
}

/// The first finding of a check, which must be there.
#[track_caller]
fn first_of(found: &[Finding], check: Check) -> &Finding {
    let of_check = found.iter().find(|found| found.check == check);
    of_check.expect("a finding of this check")
}

/// Asserts that this is the only finding that is no note, and gives it.
#[track_caller]
fn only(all: &[Recording], check: Check, severity: Severity) -> Finding {
    let mut found = serious(all);
    assert_eq!(found.len(), 1, "{found:#?}");
    let found = found.remove(0);
    assert_eq!(
        (found.check, found.severity),
        (check, severity),
        "{found:#?}"
    );
    found
}

#[test]
fn clean_recordings_have_no_warning() {
    assert_eq!(serious(&clean()), []);
    // Without people, and in whole counts.
    let mut counts = clean();
    for recording in &mut counts {
        recording.subject = None;
        recording
            .values
            .iter_mut()
            .for_each(|value| *value = (*value * 300.0).round());
        recording
            .channels
            .iter_mut()
            .for_each(|channel| channel.unit = Unit::Unknown);
    }
    assert_eq!(serious(&counts), []);
}

/// Other people, and a level of each recording that has nothing to do with its class: chance is no finding.
#[test]
fn chance_is_no_finding() {
    for seed in 1..8 {
        let mut all = Vec::new();
        for person in 0..5 + seed {
            for (number, &(label, hertz, strength)) in CLASSES.iter().enumerate() {
                all.push(recording(
                    100 * seed + person,
                    number,
                    label,
                    hertz,
                    strength,
                ));
            }
        }
        with_channel(&mut all, "temperature", |number, i| {
            let level = noise((number * 7 + 1000 * seed) as u64);
            20.0 + 3.0 * level + 0.1 * noise((number * 7919 + i) as u64)
        });
        assert_eq!(serious(&all), [], "{seed}");
    }
}

#[test]
fn a_summary_counts() {
    let quality = checked(&clean());
    let summary = &quality.summary;
    assert_eq!(summary.people.len(), 6);
    let walk = summary
        .classes
        .iter()
        .find(|class| class.name == "walk")
        .unwrap();
    assert_eq!((walk.recordings, walk.people, walk.samples), (6, 6, 3600));
    assert_eq!(
        (walk.windows, walk.seconds.map(f64::round)),
        (6 * 8, Some(72.0))
    );
    let az = &summary.channels[2];
    assert_eq!((az.name.as_str(), az.unit), ("az", "g"));
    let values: usize = az.histogram.iter().flatten().sum();
    assert_eq!(values, 18 * SAMPLES);
    let first = &summary.recordings[0];
    assert!((first.rate_hz.unwrap() - RATE).abs() < 1e-6 && first.jitter.unwrap() < 1e-6);
}

#[test]
fn odd_recordings_do_no_harm() {
    assert_eq!(checked(&[]).count(Severity::Error), 1);
    let mut all = clean();
    for recording in &mut all {
        recording.values.truncate(6);
        recording.time = TimeBase::Stamps(vec![0.0]);
        recording.labels[0].end = 1;
    }
    assert!(checked(&all).count(Severity::Error) >= 1);
    let mut huge = clean();
    huge[0].values[0] = f32::MAX;
    huge[1].values[1] = f32::MIN;
    checked(&huge);
    assert_eq!(propose(&[]).steps, 128);
}

#[test]
fn windows_suit_rate_and_intervals() {
    let found = propose(&clean());
    assert_eq!(
        (found.steps, found.hop, found.shortest_interval),
        (128, 64, 600)
    );
    assert!((found.rate_hz.unwrap() - 50.0).abs() < 1e-6);
    let mut short = clean();
    for recording in short
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "run")
    {
        recording.labels[0].end = 70;
    }
    let found = propose(&short);
    assert_eq!((found.steps, found.shortest_interval), (64, 70));
}
