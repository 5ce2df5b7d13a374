//! Choosing units that make up a share of every class.

use sha2::{Digest, Sha256};

use crate::data::recordings::id::Id;

/// Cost of a class that has no window among the chosen units, or too few units left.
const LACK: f64 = 1e6;
/// Orders in which units are tried.
const ORDERS: usize = 16;
/// Units up to which pairs of them are exchanged.
const MOST_FOR_PAIRS: usize = 300;
/// Passes over all units.
const PASSES: usize = 50;

/// Segments that stay together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unit {
    segments: Vec<usize>,
    /// Windows of each class that is in it.
    windows: Vec<(usize, usize)>,
}

impl Unit {
    pub fn add(&mut self, segment: usize, class: usize, windows: usize) {
        self.segments.push(segment);
        match self.windows.iter_mut().find(|(other, _)| *other == class) {
            Some((_, count)) => *count += windows,
            None => self.windows.push((class, windows)),
        }
    }

    /// Numbers of the segments.
    pub fn segments(&self) -> &[usize] {
        &self.segments
    }

    /// Classes with their windows.
    pub fn classes(&self) -> impl Iterator<Item = (usize, usize)> {
        self.windows.iter().copied()
    }

    pub fn windows_of(&self, class: usize) -> usize {
        let mut own = self.windows.iter();
        own.find(|(other, _)| *other == class)
            .map_or(0, |(_, windows)| *windows)
    }
}

/// Units in an order that their content and a seed give.
pub(super) fn in_order(units: Vec<Unit>, seed: u64, id: impl Fn(usize) -> Id) -> Vec<Unit> {
    let rank = |unit: &Unit| -> [u8; 32] {
        let mut ids: Vec<String> = unit.segments.iter().map(|&i| id(i).to_string()).collect();
        ids.sort_unstable();
        let mut sha256 = Sha256::new();
        sha256.update(seed.to_le_bytes());
        ids.iter().for_each(|id| sha256.update(id));
        sha256.finalize().into()
    };
    let mut ranked: Vec<([u8; 32], Unit)> = (units.into_iter())
        .map(|unit| (rank(&unit), unit))
        .collect();
    // Units of the same samples have different labels: the classes are the last to tell them apart.
    ranked.sort_by(|(a, unit), (b, other)| a.cmp(b).then(unit.windows.cmp(&other.windows)));
    ranked.into_iter().map(|(_, unit)| unit).collect()
}

/// The aim of a choice.
#[derive(Clone, Debug)]
pub(super) struct Goal {
    /// Windows of each class, at best.
    pub wanted: Vec<f64>,
    /// Units of each class that must be left.
    pub kept: usize,
}

/// Chooses units: some windows of every class, and as near as can be to the wanted number; says which are chosen.
pub(super) fn choose(units: &[Unit], goal: &Goal) -> Vec<bool> {
    let mut best: Option<(f64, Vec<bool>)> = None;
    for order in 0..ORDERS.min(units.len().max(1)) {
        let mut choice = Choice::new(units, goal);
        choice.improve(order * units.len() / ORDERS);
        let cost = choice.cost();
        // An order is as good as another where nothing is lacking.
        let is_better = best.as_ref().is_none_or(|(least, _)| cost < *least - 1e-9);
        if is_better {
            best = Some((cost, choice.chosen));
        }
        if best.as_ref().is_some_and(|(least, _)| *least < LACK / 2.0) {
            break;
        }
    }
    best.map_or(Vec::new(), |(_, chosen)| chosen)
}

struct Choice<'a> {
    units: &'a [Unit],
    goal: &'a Goal,
    chosen: Vec<bool>,
    /// Number of chosen windows of each class.
    taken: Vec<usize>,
    /// Number of units of each class that are left.
    left: Vec<usize>,
    totals: Vec<usize>,
}

impl<'a> Choice<'a> {
    fn new(units: &'a [Unit], goal: &'a Goal) -> Self {
        let classes = goal.wanted.len();
        let (mut left, mut totals) = (vec![0; classes], vec![0; classes]);
        for (class, windows) in units.iter().flat_map(Unit::classes) {
            left[class] += 1;
            totals[class] += windows;
        }
        Self {
            units,
            goal,
            chosen: vec![false; units.len()],
            taken: vec![0; classes],
            left,
            totals,
        }
    }

    fn cost_of(&self, class: usize) -> f64 {
        if self.totals[class] == 0 {
            return 0.0;
        }
        let off = (self.taken[class] as f64 - self.goal.wanted[class]) / self.totals[class] as f64;
        let lacks =
            usize::from(self.taken[class] == 0) + self.goal.kept.saturating_sub(self.left[class]);
        off * off + LACK * lacks as f64
    }

    fn cost(&self) -> f64 {
        (0..self.taken.len()).map(|class| self.cost_of(class)).sum()
    }

    fn toggle(&mut self, unit: usize) {
        let is_chosen = self.chosen[unit];
        self.chosen[unit] = !is_chosen;
        for (class, windows) in self.units[unit].classes() {
            match is_chosen {
                true => {
                    self.taken[class] -= windows;
                    self.left[class] += 1;
                }
                false => {
                    self.taken[class] += windows;
                    self.left[class] -= 1;
                }
            }
        }
    }

    /// Toggles some units if that costs less; only their classes are looked at.
    fn try_toggle(&mut self, some: &[usize]) -> bool {
        let mut classes: Vec<usize> = (some.iter())
            .flat_map(|&unit| self.units[unit].classes().map(|(class, _)| class))
            .collect();
        classes.sort_unstable();
        classes.dedup();
        let cost =
            |choice: &Self| -> f64 { classes.iter().map(|&class| choice.cost_of(class)).sum() };
        let before = cost(self);
        some.iter().for_each(|&unit| self.toggle(unit));
        let is_better = cost(self) < before - 1e-12;
        if !is_better {
            some.iter().for_each(|&unit| self.toggle(unit));
        }
        is_better
    }

    /// Toggles and exchanges units, from `first` on, until nothing gets better.
    fn improve(&mut self, first: usize) {
        let count = self.units.len();
        let order: Vec<usize> = (0..count).map(|i| (first + i) % count).collect();
        for _ in 0..PASSES {
            let mut is_better = false;
            for &unit in &order {
                is_better |= self.try_toggle(&[unit]);
            }
            if !is_better && count <= MOST_FOR_PAIRS {
                for (i, &a) in order.iter().enumerate() {
                    for &b in &order[..i] {
                        is_better |= self.chosen[a] != self.chosen[b] && self.try_toggle(&[a, b]);
                    }
                }
            }
            if !is_better {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units with windows of the classes 0, 1, ….
    fn units(windows: &[&[usize]]) -> Vec<Unit> {
        let unit = |(i, windows): (usize, &&[usize])| {
            let mut unit = Unit::default();
            for (class, &count) in windows.iter().enumerate().filter(|(_, count)| **count > 0) {
                unit.add(i, class, count);
            }
            unit
        };
        windows.iter().enumerate().map(unit).collect()
    }

    fn goal(wanted: &[f64], kept: usize) -> Goal {
        Goal {
            wanted: wanted.to_vec(),
            kept,
        }
    }

    #[test]
    fn a_share_is_near_the_wanted_one_and_leaves_enough() {
        let few = units(&[&[21], &[1], &[2]]);
        assert_eq!(choose(&few, &goal(&[4.8], 2)), [false, false, true]);
        let many: Vec<Vec<usize>> = (0..100).map(|i| vec![3 + i % 5, 7 - i % 5]).collect();
        let many = units(&many.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let chosen = choose(&many, &goal(&[100.0, 100.0], 1));
        for class in 0..2 {
            let taken = many.iter().zip(&chosen).filter(|(_, chosen)| **chosen);
            let windows: usize = taken.map(|(unit, _)| unit.windows_of(class)).sum();
            assert!((98..=102).contains(&windows), "{windows}");
        }
    }

    #[test]
    fn classes_that_share_units_are_all_served_where_that_can_be() {
        // Only the second unit has both.
        let mixed = units(&[&[9, 0], &[9, 9], &[0, 9], &[9, 0], &[0, 9]]);
        let chosen = choose(&mixed, &goal(&[5.0, 5.0], 1));
        for class in 0..2 {
            let of_class = |taken: bool| {
                let some = mixed
                    .iter()
                    .zip(&chosen)
                    .filter(move |(_, chosen)| **chosen == taken);
                some.map(|(unit, _)| unit.windows_of(class)).sum::<usize>()
            };
            assert!(of_class(true) > 0 && of_class(false) > 0);
        }
    }
}
