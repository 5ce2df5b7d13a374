//! Every finding with data that have exactly that fault, and clean data, which have no warning.

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
fn one_class_is_an_error() {
    let found = only(&desk(4, &CLASSES[..1]), Check::Classes, Severity::Error);
    assert!(found.text.contains("rest"), "{found:?}");
    assert!(found.remedy.contains("--label-from"), "{found:?}");
    let none: Vec<Recording> = desk(4, &CLASSES[..1])
        .into_iter()
        .map(|recording| Recording {
            labels: vec![],
            ..recording
        })
        .collect();
    only(&none, Check::Classes, Severity::Error);
}

#[test]
fn names_that_are_slips_are_told() {
    let mut all = clean();
    for recording in all
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "walk")
        .take(3)
    {
        recording.labels[0].label = "Walk".into();
    }
    let found = serious(&all);
    let slips: Vec<&Finding> = found
        .iter()
        .filter(|found| found.check == Check::Classes)
        .collect();
    assert_eq!(slips.len(), 1, "{found:#?}");
    assert_eq!(slips[0].place.class.as_deref(), Some("Walk, walk"));
}

#[test]
fn classes_need_windows_recordings_and_people() {
    let mut short = clean();
    for recording in short
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "run")
    {
        recording.labels[0].end = 100;
    }
    let found = only(&short, Check::Balance, Severity::Error);
    assert_eq!(
        (found.place.class.as_deref(), found.figure),
        (Some("run"), 100.0)
    );

    let mut one_person = clean();
    one_person.retain(|recording| {
        recording.labels[0].label != "run" || recording.subject.as_deref() == Some("p0")
    });
    let found = serious(&one_person);
    let told = |text: &str| {
        found
            .iter()
            .any(|found| found.check == Check::Balance && found.text.contains(text))
    };
    assert!(
        told("p0 alone") && told("times the 8 of \"run\"") && told("8 windows only"),
        "{found:#?}"
    );

    let mut few = clean();
    few.retain(|recording| {
        recording.labels[0].label != "run"
            || recording.name.starts_with("p0")
            || recording.name.starts_with("p1")
    });
    for recording in &mut few {
        recording.subject = None;
    }
    let found = serious(&few);
    assert!(
        found
            .iter()
            .any(|found| found.text.contains("in 2 recording(s)")),
        "{found:#?}"
    );
}

#[test]
fn dead_channels_are_told() {
    let mut all = clean();
    with_channel(&mut all, "flex", |_, _| 7.0);
    let found = only(&all, Check::Dead, Severity::Warning);
    assert_eq!(
        (found.place.channel.as_deref(), found.figure),
        (Some("flex"), 7.0)
    );
}

#[test]
fn channels_that_stand_still_are_told() {
    let mut all = clean();
    change(&mut all[4], 3, |i, value| {
        if (200..320).contains(&i) { 1.5 } else { value }
    });
    let found = only(&all, Check::Stuck, Severity::Warning);
    assert_eq!(found.figure, 120.0);
    assert_eq!(found.place.channel.as_deref(), Some("gx"));
    assert_eq!(found.place.recording.as_deref(), Some("p1-walk"));
    // A whole recording.
    let mut all = clean();
    change(&mut all[7], 4, |_, _| 0.25);
    let found = only(&all, Check::Stuck, Severity::Warning);
    assert_eq!(
        (found.figure, found.place.recording.as_deref()),
        (600.0, Some("p2-walk"))
    );
}

/// A phone that lies on a table, of steps of 0.1 m/s², gives the same value for long.
#[test]
fn what_lies_still_is_not_stuck() {
    let mut all = clean();
    for recording in all
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "rest")
    {
        for value in &mut recording.values {
            *value = (*value * 2.0).round() / 2.0;
        }
    }
    let found = serious(&all);
    assert!(
        found.iter().all(|found| found.check != Check::Stuck),
        "{found:#?}"
    );
}

#[test]
fn saturation_is_told() {
    let mut all = clean();
    for recording in &mut all {
        change(recording, 0, |_, value| value.clamp(-0.5, 0.5));
    }
    let found = only(&all, Check::Saturation, Severity::Warning);
    assert_eq!(found.place.channel.as_deref(), Some("ax"));
    assert!(
        found.place.recording.as_deref().unwrap().ends_with("run"),
        "{found:?}"
    );
    let at_end: usize = all
        .iter()
        .flat_map(|recording| recording.values.iter().step_by(6))
        .filter(|value| value.abs() == 0.5)
        .count();
    assert!(
        (found.figure - 100.0 * at_end as f64 / (18 * SAMPLES) as f64).abs() < 1e-9,
        "{found:?}"
    );
    assert!(found.text.contains("-0.5 and 0.5"), "{found:?}");
}

#[test]
fn glitches_are_told() {
    let mut all = clean();
    change(
        &mut all[2],
        1,
        |i, value| if i == 77 { -900.0 } else { value },
    );
    let found = only(&all, Check::Glitches, Severity::Warning);
    assert_eq!(
        (found.figure, found.place.channel.as_deref()),
        (1.0, Some("ay"))
    );
    assert!(found.text.contains("-900 in p0-run"), "{found:?}");
}

#[test]
fn rates_and_gaps_are_told() {
    let mut all = clean();
    all[5].time = TimeBase::Stamps((0..SAMPLES).map(|i| i as f64 / 100.0).collect());
    let found = only(&all, Check::Rate, Severity::Error);
    assert_eq!(found.place.recording.as_deref(), Some("p1-run"));
    assert!((found.figure - 100.0).abs() < 1e-6, "{found:?}");

    let mut all = clean();
    all[5].time = TimeBase::Stamps(
        (0..SAMPLES)
            .map(|i| (i as f64 + 0.45 * noise(i as u64)) / RATE)
            .collect(),
    );
    let found = only(&all, Check::Rate, Severity::Warning);
    assert!((20.0..60.0).contains(&found.figure), "{found:?}");

    let mut all = clean();
    for recording in &mut all {
        recording.time = TimeBase::Unknown;
    }
    assert_eq!(serious(&all), []);
    let notes = checked(&all).findings;
    assert!(
        notes
            .iter()
            .any(|found| found.check == Check::Rate && found.figure == 18.0),
        "{notes:#?}"
    );

    let mut all = clean();
    all[1].gaps = (1..30).map(|i| 20 * i).collect();
    let notes = checked(&all).findings;
    let gaps = notes
        .iter()
        .find(|found| found.check == Check::Gaps)
        .unwrap();
    assert_eq!((gaps.severity, gaps.figure), (Severity::Note, 29.0));
    assert_eq!(gaps.place.recording.as_deref(), Some("p0-walk"));
}

#[test]
fn copies_and_overlaps_are_told() {
    let mut all = clean();
    let mut copy = all[4].clone();
    copy.name = "copy".into();
    all.push(copy);
    let found = only(&all, Check::Duplicates, Severity::Warning);
    assert!(
        found.text.contains("copy") && found.text.contains("p1-walk"),
        "{found:?}"
    );

    // The same with another label.
    all.last_mut().unwrap().labels[0].label = "rest".into();
    let found = serious(&all);
    let twice = found
        .iter()
        .find(|found| found.check == Check::Duplicates)
        .unwrap();
    assert!(
        twice.severity == Severity::Error && twice.text.contains("two labels"),
        "{twice:?}"
    );

    // A part of it.
    let mut all = clean();
    let mut part = all[4].clone();
    part.name = "part".into();
    part.values = part.values[6 * 100..6 * 400].to_vec();
    part.labels[0].end = 300;
    part.time = TimeBase::Stamps((0..300).map(|i| f64::from(i) / RATE).collect());
    all.push(part);
    let found = only(&all, Check::Duplicates, Severity::Warning);
    assert!(found.text.contains("without being equal"), "{found:?}");
}

#[test]
fn content_in_two_splits_is_an_error() {
    use crate::data::{Dataset, Sequences, Targets};
    let window = |seed: u64| -> Vec<f32> {
        (0..128_u64)
            .map(|i| (1000.0 * noise(seed + i)) as f32)
            .collect()
    };
    let split = |seeds: &[u64]| {
        let values: Vec<f32> = seeds.iter().flat_map(|&seed| window(seed)).collect();
        let classes = vec![0; seeds.len()];
        Sequences::new(1, 128, values, Targets::Class(classes), vec![]).unwrap()
    };
    let data = |test: &[u64]| Dataset {
        name: "recordings".into(),
        train: split(&[0, 1000]),
        valid: split(&[2000]),
        test: split(test),
        classes: vec!["a".into(), "b".into()],
        channel_names: vec!["x".into()],
        input_lsb: vec![1.0],
        sample_rate_hz: 50.0,
    };
    assert_eq!(copies::across_splits(&data(&[3000])), []);
    // Half of a training window.
    let found = copies::across_splits(&data(&[3000, 1064]));
    assert_eq!(
        (found[0].check, found[0].severity),
        (Check::Leak, Severity::Error)
    );
    assert!(found[0].text.contains("training and test"), "{found:?}");
}

#[test]
fn other_units_are_told() {
    let mut all = clean();
    for axis in 0..3 {
        change(&mut all[4], axis, |_, value| 1000.0 * value);
    }
    let found = serious(&all);
    let scale = found
        .iter()
        .find(|found| found.check == Check::Scale)
        .unwrap();
    assert_eq!(
        (scale.severity, scale.place.recording.as_deref()),
        (Severity::Error, Some("p1-walk"))
    );
    assert!(
        (900.0..1100.0).contains(&scale.figure) && scale.text.contains("mg beside g"),
        "{scale:?}"
    );

    // Rotation has no gravity: it is told by how the class moves.
    let mut all = clean();
    for axis in 3..6 {
        change(&mut all[4], axis, |_, value| value / 57.3);
    }
    let found = serious(&all);
    let scale = found
        .iter()
        .find(|found| found.check == Check::Scale)
        .unwrap();
    assert_eq!(
        (scale.severity, scale.place.channel.as_deref()),
        (Severity::Warning, Some("gx,gy,gz"))
    );
    assert!(scale.text.contains("°/s beside rad/s"), "{scale:?}");
}

#[test]
fn mirrored_and_swapped_axes_are_told() {
    let mut all = clean();
    // All recordings of one person, upside down.
    for recording in all
        .iter_mut()
        .filter(|recording| recording.subject.as_deref() == Some("p2"))
    {
        change(recording, 2, |_, value| -value);
    }
    let found = only(&all, Check::Axes, Severity::Warning);
    assert_eq!(found.place.recording.as_deref(), Some("p2"));
    assert!(
        found.figure > 100.0 && found.text.contains("az had the opposite sign"),
        "{found:?}"
    );

    let mut all = clean();
    for recording in all
        .iter_mut()
        .filter(|recording| recording.subject.as_deref() == Some("p3"))
    {
        for sample in recording.values.chunks_exact_mut(6) {
            sample.swap(0, 2);
        }
    }
    let found = serious(&all);
    let axes = found
        .iter()
        .find(|found| found.check == Check::Axes)
        .unwrap();
    assert!(
        axes.text.contains("swapped") && axes.place.recording.as_deref() == Some("p3"),
        "{axes:?}"
    );

    // Worn in any way: nothing can be told.
    let mut all = clean();
    for (number, recording) in all.iter_mut().enumerate() {
        for sample in recording.values.chunks_exact_mut(6) {
            sample[..3].rotate_left(number / 3 % 3);
            if number / 3 % 2 == 0 {
                sample[1] = -sample[1];
            }
        }
    }
    let found = serious(&all);
    assert!(
        found.iter().all(|found| found.check != Check::Axes),
        "{found:#?}"
    );
}

#[test]
fn a_channel_that_alone_gives_the_class_is_told() {
    let by_class = |number: usize, i: usize| {
        20.0 + (number % 3) as f64 + 0.1 * noise((number * 7919 + i) as u64)
    };
    let mut all = clean();
    with_channel(&mut all, "temperature", by_class);
    let found = only(&all, Check::Alone, Severity::Warning);
    assert_eq!(
        (found.place.channel.as_deref(), found.figure),
        (Some("temperature"), 100.0)
    );

    // A level of each recording that has nothing to do with the class.
    let mut all = clean();
    with_channel(&mut all, "temperature", |number, i| {
        20.0 + 3.0 * noise(number as u64 * 104_729) + 0.1 * noise((number * 7919 + i) as u64)
    });
    assert_eq!(serious(&all), []);
}

/// Recordings of all classes one after another, in the order that `order` gives for each.
fn sessions(count: usize, order: impl Fn(usize) -> [usize; 3]) -> Vec<Recording> {
    (0..count)
        .map(|person| {
            let parts = order(person).map(|class| {
                let (label, hertz, strength) = CLASSES[class];
                recording(person, class, label, hertz, strength)
            });
            let mut whole = parts[0].clone();
            whole.name = format!("session{person}");
            whole.values = parts.iter().flat_map(|part| part.values.clone()).collect();
            whole.time = TimeBase::Stamps((0..3 * SAMPLES).map(|i| i as f64 / RATE).collect());
            whole.labels = (0..3)
                .map(|i| Interval {
                    start: i * SAMPLES,
                    end: (i + 1) * SAMPLES,
                    label: parts[i].labels[0].label.clone(),
                })
                .collect();
            whole
        })
        .collect()
}

#[test]
fn time_trends_are_told() {
    let same = |_: usize| [0, 1, 2];
    let turns = |person: usize| [person % 3, (person + 1) % 3, (person + 2) % 3];
    let warm = |_: usize, i: usize| 20.0 + i as f64 / 300.0 + 0.05 * noise(i as u64);
    // One order in all: a note, for no channel shows the time.
    let all = sessions(9, same);
    assert_eq!(serious(&all), []);
    let notes = checked(&all).findings;
    assert!(
        notes
            .iter()
            .any(|found| found.check == Check::Order && found.figure == 100.0),
        "{notes:#?}"
    );
    // With a channel that does.
    let mut all = sessions(9, same);
    with_channel(&mut all, "temperature", warm);
    let found = serious(&all);
    let order = found
        .iter()
        .find(|found| found.check == Check::Order)
        .unwrap();
    assert_eq!(order.place.channel.as_deref(), Some("temperature"));
    // By turns: the drift is a note.
    let mut all = sessions(9, turns);
    with_channel(&mut all, "temperature", warm);
    assert_eq!(serious(&all), []);
    let notes = checked(&all).findings;
    assert!(
        notes
            .iter()
            .any(|found| found.check == Check::Order && found.severity == Severity::Note),
        "{notes:#?}"
    );
}

#[test]
fn classes_one_after_another_by_the_clock_are_told() {
    let mut all = clean();
    for (number, recording) in all.iter_mut().enumerate() {
        let hour = 1e6 + 3600.0 * (number % 3) as f64 + 60.0 * (number / 3) as f64;
        recording.time = TimeBase::Stamps((0..SAMPLES).map(|i| hour + i as f64 / RATE).collect());
    }
    let notes = checked(&all).findings;
    let order = notes
        .iter()
        .find(|found| found.check == Check::Order)
        .unwrap();
    assert!(
        order.text.contains("time of day") && order.severity == Severity::Note,
        "{order:?}"
    );
}

#[test]
fn classes_that_are_the_same_are_told() {
    let all = desk(
        8,
        &[
            ("left", 1.8, 0.35),
            ("right", 1.8, 0.35),
            ("rest", 0.3, 0.01),
        ],
    );
    let found = only(&all, Check::Confusable, Severity::Warning);
    assert_eq!(found.place.class.as_deref(), Some("left, right"));
    assert!((35.0..65.0).contains(&found.figure), "{found:?}");

    // Circles of both directions have the same levels and spreads, and differ in which axis goes ahead.
    let mut all = desk(8, &[("left", 1.8, 0.35), ("right", 1.8, 0.35)]);
    for recording in all
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "right")
    {
        for sample in recording.values.chunks_exact_mut(6) {
            sample.swap(0, 1);
        }
    }
    assert_eq!(serious(&all), []);
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
