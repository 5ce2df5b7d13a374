//! Findings about what gives the class without the signal, and about classes that are alike.

use super::*;

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
    let order = first_of(&found, Check::Order);
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
