//! Findings about the values of channels: dead, stuck, saturated, with glitches.

use super::*;

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

/// Some spikes that are too few to widen the usual range, and no higher than a sensor's end.
#[test]
fn lone_spikes_of_some_times_the_usual_range_are_glitches() {
    let all = clean();
    let values = all.iter().flat_map(|recording| {
        let width = recording.channels.len();
        recording.values.iter().skip(1).step_by(width)
    });
    let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| {
        (low.min(value), high.max(value))
    });
    let spike = high + 7.0 * (high - low);
    let with = |peak: &[usize]| {
        let mut all = clean();
        for recording in all.iter_mut().take(2) {
            change(recording, 1, |i, value| match peak.contains(&i) {
                true => spike,
                false => value,
            });
        }
        all
    };
    let found = only(&with(&[77]), Check::Glitches, Severity::Warning);
    assert_eq!(
        (found.figure, found.place.channel.as_deref()),
        (2.0, Some("ay"))
    );
    assert!(found.text.contains("2 value(s) of ay"), "{found:?}");
    // A blow takes more than a sample.
    let blow = checked(&with(&[77, 78])).findings;
    assert!(
        blow.iter().all(|finding| finding.check != Check::Glitches),
        "{blow:?}"
    );
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
