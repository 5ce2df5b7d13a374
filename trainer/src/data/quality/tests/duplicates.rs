//! Findings about content that is there twice.

use super::*;

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
    let twice = first_of(&found, Check::Duplicates);
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
