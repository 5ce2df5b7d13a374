//! From the published tables to a task's three splits.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{
    ACTIVITIES, CHANNELS, Dataset, Holdout, INPUT_LSB, Part, SAMPLE_RATE_HZ, SIGNALS, STEPS,
    Tables, Task,
};
use crate::data::{Sequences, Targets};

/// The subjects held out by [`Holdout::Standard`]: every fifth of the 21 training subjects in the order of their
/// numbers (the 5th, 10th, 15th and 20th), 1390 of the 7352 training windows (18.9 %). Fixed before any model was
/// trained on the rest.
pub const STANDARD_HOLDOUT: [u32; 4] = [7, 16, 23, 29];

/// The labels of class 1 of [`Task::Har2`]: walking upstairs, sitting, laying.
const HAR2_ONES: [u8; 3] = [2, 4, 6];
const HAR2_CLASSES: [&str; 2] = ["OTHER", "SITTING_LAYING_UPSTAIRS"];

pub(super) fn dataset(task: Task, tables: Tables, holdout: &Holdout) -> Result<Dataset> {
    let (class_of, classes): (fn(u8) -> u32, &[&str]) = match task {
        Task::Har2 => (|label| HAR2_ONES.contains(&label).into(), &HAR2_CLASSES),
        Task::Har6 => (|label| u32::from(label).saturating_sub(1), &ACTIVITIES),
        other => bail!("{other} is not a task of UCI HAR"),
    };
    let held = subjects(&tables.train.subjects, holdout)?;
    let rows = |is_held: bool| -> Vec<usize> {
        let subjects = tables.train.subjects.iter().enumerate();
        subjects
            .filter(|(_, s)| held.contains(&u32::from(**s)) == is_held)
            .map(|(i, _)| i)
            .collect()
    };
    let all: Vec<usize> = (0..tables.test.labels.len()).collect();
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Ok(Dataset {
        name: task.name().to_owned(),
        train: sequences(&tables.train, &rows(false), class_of)?,
        valid: sequences(&tables.train, &rows(true), class_of)?,
        test: sequences(&tables.test, &all, class_of)?,
        classes: names(classes),
        channel_names: names(&SIGNALS),
        input_lsb: INPUT_LSB.to_vec(),
        sample_rate_hz: SAMPLE_RATE_HZ,
    })
}

/// The windows `rows` of a part, channels interleaved.
fn sequences(part: &Part, rows: &[usize], class_of: fn(u8) -> u32) -> Result<Sequences> {
    let mut values = vec![0.0; rows.len() * STEPS * CHANNELS];
    for (window, &row) in values.chunks_exact_mut(STEPS * CHANNELS).zip(rows) {
        for (channel, signal) in part.signals.iter().enumerate() {
            for (step, &value) in window
                .chunks_exact_mut(CHANNELS)
                .zip(&signal[row * STEPS..(row + 1) * STEPS])
            {
                step[channel] = value;
            }
        }
    }
    let classes = rows.iter().map(|&row| class_of(part.labels[row])).collect();
    let groups = rows.iter().map(|&row| part.subjects[row].into()).collect();
    Sequences::new(CHANNELS, STEPS, values, Targets::Class(classes), groups)
}

/// The subjects that `holdout` holds out of windows recorded from `train`.
fn subjects(train: &[u8], holdout: &Holdout) -> Result<BTreeSet<u32>> {
    let mut windows = BTreeMap::<u32, usize>::new();
    for &subject in train {
        *windows.entry(subject.into()).or_default() += 1;
    }
    let held: BTreeSet<u32> = match holdout {
        Holdout::Standard => STANDARD_HOLDOUT.into(),
        Holdout::None => BTreeSet::new(),
        Holdout::Subjects(subjects) => subjects.iter().copied().collect(),
        Holdout::Random { percent, seed } => {
            ensure!(
                (1..=99).contains(percent),
                "a held-out share of {percent} %: it takes 1 to 99"
            );
            random(&windows, usize::from(*percent), *seed)
        }
    };
    let known: Vec<String> = windows.keys().map(u32::to_string).collect();
    if let Some(unknown) = held.iter().find(|subject| !windows.contains_key(subject)) {
        bail!(
            "subject {unknown} cannot be held out: the training subjects are {}",
            known.join(" ")
        );
    }
    ensure!(
        held.len() < windows.len(),
        "all training subjects are held out: none is left to train on"
    );
    Ok(held)
}

fn random(windows: &BTreeMap<u32, usize>, percent: usize, seed: u64) -> BTreeSet<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<(u64, u32)> = windows
        .keys()
        .map(|&subject| (rng.next_u64(), subject))
        .collect();
    order.sort_unstable();
    let total: usize = windows.values().sum();
    let mut taken = 0;
    order
        .into_iter()
        .map(|(_, subject)| subject)
        .take_while(|subject| {
            let enough = taken * 100 >= total * percent;
            taken += windows[subject];
            !enough
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subjects 1 to 10 with as many windows as their number.
    fn people() -> Vec<u8> {
        (1..=10_u8)
            .flat_map(|s| std::iter::repeat_n(s, s.into()))
            .collect()
    }

    #[test]
    fn random_holdout_is_as_large_as_asked_and_repeatable() {
        let mut different = BTreeSet::new();
        for seed in 0..20 {
            for percent in [1, 20, 50, 80] {
                let holdout = Holdout::Random { percent, seed };
                let held = subjects(&people(), &holdout).unwrap();
                assert_eq!(held, subjects(&people(), &holdout).unwrap());
                let windows: u32 = held.iter().sum();
                assert!(windows * 100 >= 55 * u32::from(percent));
                different.insert(held);
            }
        }
        assert!(different.len() > 40);
    }

    #[test]
    fn impossible_holdouts() {
        let message = |holdout| subjects(&people(), &holdout).unwrap_err().to_string();
        assert!(
            message(Holdout::Subjects(vec![3, 11])).starts_with("subject 11 cannot be held out")
        );
        assert!(
            message(Holdout::Subjects((1..=10).collect())).starts_with("all training subjects")
        );
        assert!(
            message(Holdout::Random {
                percent: 0,
                seed: 0
            })
            .contains("1 to 99")
        );
        assert!(message(Holdout::Standard).starts_with("subject 16 cannot"));
        assert!(subjects(&people(), &Holdout::None).unwrap().is_empty());
    }
}
