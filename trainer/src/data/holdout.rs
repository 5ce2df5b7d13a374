//! Chooses the training sequences that are held out as the validation split.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Holdout, Sequences};
use crate::visible;

/// The subjects that `holdout` holds out of sequences recorded from `train`, one subject each; `standard` is the data
/// set's documented choice.
fn subjects(train: &[u32], holdout: &Holdout, standard: &[u32]) -> Result<BTreeSet<u32>> {
    let windows = windows_of(train.iter().copied());
    let held: BTreeSet<u32> = match holdout {
        Holdout::Standard => standard.iter().copied().collect(),
        Holdout::None => BTreeSet::new(),
        Holdout::Subjects(subjects) => subjects.iter().copied().collect(),
        Holdout::Names(names) => bail!(
            "the training subjects have numbers, not names such as \"{}\": {}",
            visible::name(names.first().map_or("", String::as_str)),
            numbers(windows.keys())
        ),
        Holdout::Random { percent, seed } => random_subjects(&windows, share(*percent)?, *seed),
    };
    if let Some(unknown) = held.iter().find(|subject| !windows.contains_key(subject)) {
        bail!(
            "subject {unknown} cannot be held out: the training subjects are {}",
            numbers(windows.keys())
        );
    }
    ensure!(
        held.len() < windows.len(),
        "all training subjects are held out: none is left to train on"
    );
    Ok(held)
}

/// Numbers as words.
pub(super) fn numbers<'a>(all: impl Iterator<Item = &'a u32>) -> String {
    all.map(u32::to_string).collect::<Vec<_>>().join(" ")
}

/// Splits sequences by subject: those that are trained on and those that are held out.
pub(super) fn split_subjects(
    train: Sequences,
    holdout: &Holdout,
    standard: &[u32],
) -> Result<(Sequences, Sequences)> {
    let held = subjects(&train.groups, holdout, standard)?;
    let (kept, held): (Vec<usize>, Vec<usize>) =
        (0..train.len()).partition(|&i| !held.contains(&train.groups[i]));
    Ok((train.select(&kept), train.select(&held)))
}

/// How many windows each subject has.
pub(super) fn windows_of(groups: impl Iterator<Item = u32>) -> BTreeMap<u32, usize> {
    let mut windows = BTreeMap::new();
    for subject in groups {
        *windows.entry(subject).or_default() += 1;
    }
    windows
}

pub(super) fn share(percent: u8) -> Result<usize> {
    ensure!(
        (1..=99).contains(&percent),
        "a held-out share of {percent} %: it takes 1 to 99"
    );
    Ok(usize::from(percent))
}

/// Subjects in an order drawn from `seed`, until they make up `percent` of the windows or more.
pub(super) fn random_subjects(
    windows: &BTreeMap<u32, usize>,
    percent: usize,
    seed: u64,
) -> BTreeSet<u32> {
    let subjects: Vec<u32> = windows.keys().copied().collect();
    let total: usize = windows.values().sum();
    let mut taken = 0;
    shuffled(subjects, seed)
        .into_iter()
        .take_while(|subject| {
            let enough = taken * 100 >= total * percent;
            taken += windows[subject];
            !enough
        })
        .collect()
}

/// Shuffles items into an order drawn from `seed`.
pub(super) fn shuffled<T: Ord>(items: Vec<T>, seed: u64) -> Vec<T> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<(u64, T)> = items
        .into_iter()
        .map(|item| (rng.next_u64(), item))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, item)| item).collect()
}

/// The training rows that are left and those that `holdout` holds out, of `count` rows without subjects; `standard`
/// tells the data set's documented choice.
pub(super) fn rows(
    count: usize,
    holdout: &Holdout,
    standard: impl Fn(usize) -> bool,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let held: BTreeSet<usize> = match holdout {
        Holdout::Standard => (0..count).filter(|&row| standard(row)).collect(),
        Holdout::None => BTreeSet::new(),
        Holdout::Subjects(_) | Holdout::Names(_) => bail!(
            "this data set names no subjects: hold out its standard split, none, or a random share"
        ),
        Holdout::Random { percent, seed } => {
            let least = (count * share(*percent)?).div_ceil(100);
            let order = shuffled((0..count).collect(), *seed);
            order.into_iter().take(least).collect()
        }
    };
    Ok((0..count).partition(|row| !held.contains(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Subjects 1 to 10 with as many windows as their number.
    fn people() -> Vec<u32> {
        (1..=10_u32)
            .flat_map(|s| std::iter::repeat_n(s, s as usize))
            .collect()
    }

    #[test]
    fn random_holdout_is_as_large_as_asked_and_repeatable() {
        let mut different = BTreeSet::new();
        for seed in 0..20 {
            for percent in [1, 20, 50, 80] {
                let holdout = Holdout::Random { percent, seed };
                let held = subjects(&people(), &holdout, &[]).unwrap();
                assert_eq!(held, subjects(&people(), &holdout, &[]).unwrap());
                let windows: u32 = held.iter().sum();
                assert!(windows * 100 >= 55 * u32::from(percent));
                different.insert(held);
            }
        }
        assert!(different.len() > 40);
    }

    #[test]
    fn impossible_holdouts() {
        let message = |holdout| {
            subjects(&people(), &holdout, &[7, 16])
                .unwrap_err()
                .to_string()
        };
        assert!(
            message(Holdout::Subjects(vec![3, 11])).starts_with("subject 11 cannot be held out")
        );
        assert!(
            message(Holdout::Subjects((1..=10).collect())).starts_with("all training subjects")
        );
        let nothing = Holdout::Random {
            percent: 0,
            seed: 0,
        };
        assert!(message(nothing.clone()).contains("1 to 99"));
        assert!(message(Holdout::Standard).starts_with("subject 16 cannot"));
        let names = message(Holdout::Names(vec!["anna".into()]));
        assert!(names.contains("\"anna\": 1 2 3"), "{names}");
        assert!(subjects(&people(), &Holdout::None, &[]).unwrap().is_empty());
        assert!(rows(5, &nothing, |_| false).is_err());
        assert!(rows(5, &Holdout::Subjects(vec![1]), |_| false).is_err());
    }

    #[test]
    fn rows_are_held_out_once() {
        for holdout in [
            Holdout::Standard,
            Holdout::None,
            Holdout::Random {
                percent: 10,
                seed: 3,
            },
        ] {
            let (train, valid) = rows(105, &holdout, |row| row >= 100).unwrap();
            let mut all: Vec<usize> = train.iter().chain(&valid).copied().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..105));
            let expected = match holdout {
                Holdout::Standard => 5,
                Holdout::None => 0,
                _ => 11,
            };
            assert_eq!(valid.len(), expected);
        }
    }
}
