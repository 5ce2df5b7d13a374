//! Makes a task's three splits of the published tables.

use anyhow::{Result, bail};

use super::{
    ACTIVITIES, CHANNELS, Dataset, Holdout, INPUT_LSB, PublishedPart, SAMPLE_RATE_HZ, SIGNALS,
    STEPS, Tables, Task,
};
use crate::data::{Sequences, Targets, holdout};

/// Numbers of the persons in the training part.
pub const TRAINING_SUBJECTS: [u32; 21] = [
    1, 3, 5, 6, 7, 8, 11, 14, 15, 16, 17, 19, 21, 22, 23, 25, 26, 27, 28, 29, 30,
];
/// The subjects held out by [`Holdout::Standard`]: every fifth of the 21 training subjects in the order of their
/// numbers (the 5th, 10th, 15th and 20th), 1390 of the 7352 training windows (18.9 %). Fixed before any model was
/// trained on the rest.
pub const STANDARD_HOLDOUT: [u32; 4] = [7, 16, 23, 29];

/// The activities of class 1 of [`Task::Har2`]: walking upstairs, sitting, laying.
const HAR2_ONES: [u32; 3] = [1, 3, 5];
const HAR2_CLASSES: [&str; 2] = ["OTHER", "SITTING_LAYING_UPSTAIRS"];

/// Both parts as sequences of the six activities, training part first.
pub(super) fn parts(tables: &Tables) -> Result<Vec<Sequences>> {
    [&tables.train, &tables.test]
        .map(sequences)
        .into_iter()
        .collect()
}

/// A task of the two parts that [`parts`] gives.
pub(super) fn dataset(task: Task, parts: Vec<Sequences>, holdout: &Holdout) -> Result<Dataset> {
    let (class_of, classes): (fn(u32) -> u32, &[&str]) = match task {
        Task::Har2 => (
            |activity| HAR2_ONES.contains(&activity).into(),
            &HAR2_CLASSES,
        ),
        Task::Har6 => (|activity| activity, &ACTIVITIES),
        other => bail!("{other} is not a task of UCI HAR"),
    };
    let parts: Result<[Sequences; 2], _> = parts
        .into_iter()
        .map(|part| of_classes(part, class_of))
        .collect::<Vec<_>>()
        .try_into();
    let Ok([train, test]) = parts else {
        bail!("UCI HAR has two parts");
    };
    let (train, valid) = holdout::split_subjects(train, holdout, &STANDARD_HOLDOUT)?;
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Ok(Dataset {
        name: task.name().to_owned(),
        train,
        valid,
        test,
        classes: names(classes),
        channel_names: names(&SIGNALS),
        input_lsb: INPUT_LSB.to_vec(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    })
}

fn of_classes(part: Sequences, class_of: fn(u32) -> u32) -> Sequences {
    let classes = part.targets.values().iter().map(|&class| class_of(class));
    Sequences {
        targets: Targets::Class(classes.collect()),
        ..part
    }
}

/// The windows of a part, channels interleaved.
fn sequences(part: &PublishedPart) -> Result<Sequences> {
    let mut values = vec![0.0; part.labels.len() * STEPS * CHANNELS];
    for (channel, signal) in part.signals.iter().enumerate() {
        for (step, &value) in values.chunks_exact_mut(CHANNELS).zip(signal) {
            step[channel] = value;
        }
    }
    let classes = part
        .labels
        .iter()
        .map(|&label| u32::from(label).saturating_sub(1));
    let groups = part
        .subjects
        .iter()
        .map(|&subject| subject.into())
        .collect();
    Sequences::new(
        CHANNELS,
        STEPS,
        values,
        Targets::Class(classes.collect()),
        groups,
    )
}
