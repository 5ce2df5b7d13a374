//! Folds of a cross-validation: each unit is in the test split of one fold.

use anyhow::{Result, ensure};

use super::shares::Unit;
use super::{By, Drawing, Holdout};
use crate::data::recordings::Fold;
use crate::visible;

impl Drawing<'_> {
    /// Whether each unit is in the test split of `fold`.
    pub(super) fn fold(&self, by: By, units: &[Unit], fold: Fold) -> Result<Vec<bool>> {
        ensure!(
            !matches!(self.holdout, Holdout::Subjects(_) | Holdout::Names(_)),
            "in a cross-validation every {} is tested once, so none can be named for --holdout: leave it out",
            by.singular()
        );
        let counts = self.units_of_classes(units);
        let least = (self.segments.classes.iter().zip(&counts)).min_by_key(|(_, count)| **count);
        if let Some((class, &count)) = least {
            ensure!(
                count >= fold.of,
                "{} folds need every class in at least {0} {}, and \"{}\" is in {count}, of {} in all: take --folds {}, or record more",
                fold.of,
                by.plural(2),
                visible::name(class),
                units.len(),
                count.max(2)
            );
        }
        let of_unit = folds(units, self.classes, fold.of);
        for number in 0..fold.of {
            let lacking = (0..self.classes).find(|&class| {
                let mut of_fold = units.iter().zip(&of_unit).filter(|(_, of)| **of == number);
                !of_fold.any(|(unit, _)| unit.windows_of(class) > 0)
            });
            if let Some(class) = lacking {
                anyhow::bail!(
                    "the {} cannot be shared out to {} folds so that each has \"{}\": take fewer --folds or another \
                     recordings.split_seed, or record it in more of them",
                    by.plural(2),
                    fold.of,
                    visible::name(&self.segments.classes[class])
                );
            }
        }
        Ok(of_unit.iter().map(|&of| of + 1 == fold.number).collect())
    }
}

/// The fold of each unit, from 0: of those with the fewest windows of its classes so far the first. Units of rare classes and large
/// units come first.
fn folds(units: &[Unit], classes: usize, count: usize) -> Vec<usize> {
    let (mut totals, mut units_of) = (vec![0; classes], vec![0; classes]);
    for (class, windows) in units.iter().flat_map(Unit::classes) {
        totals[class] += windows;
        units_of[class] += 1;
    }
    let rank = |i: &usize| {
        let rarest = units[*i].classes().map(|(class, _)| units_of[class]).min();
        let windows: usize = units[*i].classes().map(|(_, windows)| windows).sum();
        (rarest, std::cmp::Reverse(windows))
    };
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by_key(rank);
    let mut taken = vec![vec![0; classes]; count];
    let mut of_unit = vec![0; units.len()];
    for i in order {
        let share = |fold: usize| -> f64 {
            let of_class = |(class, _): (usize, usize)| {
                taken[fold][class] as f64 / totals[class].max(1) as f64
            };
            units[i].classes().map(of_class).sum()
        };
        let all = |fold: usize| -> usize { taken[fold].iter().sum() };
        let fold = (0..count)
            .min_by(|&a, &b| share(a).total_cmp(&share(b)).then(all(a).cmp(&all(b))))
            .unwrap_or(0);
        of_unit[i] = fold;
        for (class, windows) in units[i].classes() {
            taken[fold][class] += windows;
        }
    }
    of_unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_share_out_every_class() {
        // Seven units of class 0, and five of both.
        let units: Vec<Unit> = (0..12)
            .map(|i| {
                let mut unit = Unit::default();
                unit.add(i, 0, 10 + i % 3);
                if i >= 7 {
                    unit.add(100 + i, 1, 4);
                }
                unit
            })
            .collect();
        let found = folds(&units, 2, 5);
        for fold in 0..5 {
            let of_fold: Vec<usize> = (0..12).filter(|&i| found[i] == fold).collect();
            assert_eq!(of_fold.iter().filter(|&&i| i >= 7).count(), 1, "{found:?}");
            assert!((2..=3).contains(&of_fold.len()), "{found:?}");
        }
    }
}
