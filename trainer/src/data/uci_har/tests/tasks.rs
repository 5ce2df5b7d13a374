//! The tasks made of the shipped sample and of the full set.

use crate::data::uci_har::*;
use crate::data::{Holdout, Source, Targets, Task, load};

#[test]
fn the_sample_as_a_task() {
    let har6 = load(Task::Har6, &Source::Sample, &Holdout::default()).unwrap();
    let har2 = load(Task::Har2, &Source::Sample, &Holdout::default()).unwrap();
    assert_eq!(
        har6,
        load(Task::Har6, &Source::Sample, &Holdout::default()).unwrap()
    );
    assert_eq!((har6.classes.len(), har2.classes.len()), (6, 2));
    assert_eq!(har6.channel_names, SIGNALS);
    let ones = ["WALKING_UPSTAIRS", "SITTING", "LAYING"];
    for (six, two) in [
        (&har6.train, &har2.train),
        (&har6.valid, &har2.valid),
        (&har6.test, &har2.test),
    ] {
        assert_eq!((six.steps, six.channels), (STEPS, CHANNELS));
        assert_eq!(six.values, two.values);
        let Targets::Class(classes) = &six.targets else {
            panic!("har6 is many-to-one")
        };
        let expected = classes
            .iter()
            .map(|&class| u32::from(ones.contains(&ACTIVITIES[class as usize])));
        assert!(expected.eq(two.targets.values().iter().copied()));
    }
    let tables = read(&Source::Sample).unwrap();
    // The first test window, step 3: the channels side by side.
    let step: Vec<f32> = tables.test.signals.iter().map(|signal| signal[3]).collect();
    assert_eq!(har6.test.window(0)[3 * CHANNELS..4 * CHANNELS], step);
}

#[test]
fn splits_share_no_subject() {
    let tables = read(&Source::Sample).unwrap();
    for holdout in [
        Holdout::Standard,
        Holdout::None,
        Holdout::Subjects(vec![1, 30]),
        Holdout::Random {
            percent: 20,
            seed: 9,
        },
    ] {
        let data = split::dataset(Task::Har6, split::parts(&tables).unwrap(), &holdout).unwrap();
        assert_eq!(
            data.train.len() + data.valid.len(),
            tables.train.labels.len()
        );
        assert_eq!(data.test.len(), tables.test.labels.len());
        let splits = [&data.train.groups, &data.valid.groups, &data.test.groups];
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            assert!(splits[a].iter().all(|subject| !splits[b].contains(subject)));
        }
        let share = data.valid.len() as f64 / tables.train.labels.len() as f64;
        match holdout {
            Holdout::Standard => assert!((0.17..0.21).contains(&share), "{share}"),
            Holdout::None => assert!(data.valid.is_empty()),
            Holdout::Subjects(_) => assert!(
                data.valid
                    .groups
                    .iter()
                    .all(|subject| [1, 30].contains(subject))
            ),
            Holdout::Names(_) => panic!("they have numbers"),
            Holdout::Random { .. } => assert!((0.2..0.26).contains(&share), "{share}"),
        }
    }
}

#[test]
fn counts_of_the_sensor_never_saturate() {
    let data = load(Task::Har2, &Source::Sample, &Holdout::None).unwrap();
    let mut worst = 0.0_f32;
    for split in [&data.train, &data.test] {
        for i in 0..split.len() {
            let raw = split.raw(i, &data.input_lsb);
            assert!(!raw.contains(&i16::MAX) && !raw.contains(&i16::MIN));
            for ((count, value), lsb) in raw
                .iter()
                .zip(split.window(i))
                .zip(data.input_lsb.iter().cycle())
            {
                worst = worst.max((f32::from(*count) - value / lsb).abs());
            }
        }
    }
    assert!(worst <= 0.501, "{worst}");
}

#[test]
#[ignore = "needs the full data set in the folder named by HADAMRNN_DATA"]
fn the_full_set() {
    let source = crate::data::locate(Task::Har2, None).unwrap();
    let tables = read(&source).unwrap();
    assert_eq!(check::report(&tables).content, Content::Full);
    let data = load(Task::Har2, &source, &Holdout::Standard).unwrap();
    assert_eq!(
        [data.train.len(), data.valid.len(), data.test.len()],
        [5962, 1390, 2947]
    );
}
