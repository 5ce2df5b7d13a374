//! Channels that alone give the class, by one number a recording: the level of a battery or of a thermometer, for instance.
//!
//! Each unit, all windows of a class by one owner, is told by its nearest neighbours among units of other owners. Only what chance
//! hardly does for as many units is a finding.

use std::collections::BTreeMap;

use super::features::{self, LEVEL, OF_CHANNEL, WORDS};
use super::finding::{Check, Finding, Place, Severity};
use super::statistics::{chance_of, mean_and_deviation};
use super::view::View;
use crate::visible;

/// Chance, over all that is tried, below which a finding is none of chance.
const CHANCE: f64 = 1e-3;
/// Share of the units that a channel tells right, at least.
const TOLD: f64 = 0.9;
/// Neighbours that tell a unit's class.
const NEIGHBOURS: usize = 3;
/// The most units that are compared, spread evenly.
const MOST_UNITS: usize = 400;
/// A channel is slow if it moves within windows by less than this share of what it moves between units.
const SLOW: f64 = 0.5;

/// All windows of a class by one owner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub class: usize,
    pub owner: usize,
    /// The number that is to tell the class.
    pub value: f64,
}

/// How many units one number told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Told {
    pub right: usize,
    pub units: usize,
    /// The chance that guessing does as well.
    pub chance: f64,
}

impl Told {
    pub fn share(self) -> f64 {
        self.right as f64 / self.units.max(1) as f64
    }
}

/// Tells each unit by its neighbours of other owners.
pub(super) fn tell(units: &[Unit]) -> Told {
    let every = units.len().div_ceil(MOST_UNITS).max(1);
    let units: Vec<Unit> = units.iter().step_by(every).copied().collect();
    let mut by_class: BTreeMap<usize, usize> = BTreeMap::new();
    let (mut right, mut told) = (0, 0);
    for unit in &units {
        *by_class.entry(unit.class).or_default() += 1;
        let mut others: Vec<(f64, usize)> = (units.iter())
            .filter(|other| other.owner != unit.owner)
            .map(|other| ((other.value - unit.value).abs(), other.class))
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        let nearest = &others[..others.len().min(NEIGHBOURS)];
        let votes = |class: usize| nearest.iter().filter(|(_, other)| *other == class).count();
        // Of classes with as many votes the nearest one's.
        let best = nearest.iter().map(|(_, class)| votes(*class)).max();
        let answer = nearest
            .iter()
            .find(|(_, class)| Some(votes(*class)) == best);
        if let Some((_, class)) = answer {
            told += 1;
            right += usize::from(*class == unit.class);
        }
    }
    let most = by_class.values().max().copied().unwrap_or(0);
    let guess = most as f64 / units.len().max(1) as f64;
    Told {
        right,
        units: told,
        chance: chance_of(right, told, guess),
    }
}

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    if view.classes.len() < 2 || view.windows.is_empty() {
        return Vec::new();
    }
    let all = features::of_windows(view);
    let tries = (view.channels() * OF_CHANNEL) as f64;
    let is_sure = |told: &Told| told.share() >= TOLD && told.chance * tries < CHANCE;
    let mut findings = Vec::new();
    // Channels of movement that tell the classes apart: worth a note, for one rule would do.
    let mut best: Option<(usize, usize, Told)> = None;
    for channel in 0..view.channels() {
        let of = |kind: usize| units(view, &all, channel * OF_CHANNEL + kind);
        let by_level = tell(&of(LEVEL));
        if is_sure(&by_level)
            && is_slow(view, &all, channel, &of(LEVEL))
            && view.sensor_of(channel).is_none()
        {
            findings.push(by_level_alone(view, channel, by_level));
            continue;
        }
        for kind in 0..OF_CHANNEL {
            let told = tell(&of(kind));
            if is_sure(&told) && best.is_none_or(|(_, _, other)| told.share() > other.share()) {
                best = Some((channel, kind, told));
            }
        }
    }
    findings.extend(best.map(|(channel, kind, told)| by_movement(view, channel, kind, told)));
    findings
}

/// Units with the mean of a feature over their windows.
fn units(view: &View<'_>, all: &[Vec<f64>], feature: usize) -> Vec<Unit> {
    let mut sums: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
    for (window, features) in view.windows.iter().zip(all) {
        let (class, owner, _, _) = view.window(*window);
        let (sum, count) = sums.entry((class, owner)).or_default();
        *sum += features.get(feature).copied().unwrap_or(0.0);
        *count += 1;
    }
    let unit = |((class, owner), (sum, count)): ((usize, usize), (f64, usize))| Unit {
        class,
        owner,
        value: sum / count.max(1) as f64,
    };
    sums.into_iter().map(unit).collect()
}

/// Whether a channel hardly moves within windows, beside how its level differs between units.
fn is_slow(view: &View<'_>, all: &[Vec<f64>], channel: usize, levels: &[Unit]) -> bool {
    let within: f64 = all
        .iter()
        .map(|features| features[channel * OF_CHANNEL + 1])
        .sum();
    let within = within / view.windows.len().max(1) as f64;
    let levels: Vec<f64> = levels.iter().map(|unit| unit.value).collect();
    within < SLOW * mean_and_deviation(&levels).1
}

fn by_level_alone(view: &View<'_>, channel: usize, told: Told) -> Finding {
    let name = view.channel(channel);
    Finding {
        severity: Severity::Warning,
        check: Check::Alone,
        place: Place::channel(name),
        figure: 100.0 * told.share(),
        text: format!(
            "the level of {} alone gives the class of {} of {} units (recordings or people of a class), and it hardly moves within a window",
            visible::name(name),
            told.right,
            told.units
        ),
        remedy: "if it is no signal of what is to be told (a battery, a thermometer, a counter), leave it out: channels in \
                 [recordings], --channels; the model would learn the session"
            .into(),
    }
}

fn by_movement(view: &View<'_>, channel: usize, kind: usize, told: Told) -> Finding {
    let name = view.channel(channel);
    Finding {
        severity: Severity::Note,
        check: Check::Alone,
        place: Place::channel(name),
        figure: 100.0 * told.share(),
        text: format!(
            "the {} of {} alone gives the class of {} of {} units (recordings or people of a class)",
            WORDS[kind],
            visible::name(name),
            told.right,
            told.units
        ),
        remedy: "the classes are easy: a small network, or a threshold, may do; if that surprises, see how the sensor was worn in each class".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_others_owners_only() {
        let unit = |class, owner, value| Unit {
            class,
            owner,
            value,
        };
        // Each owner has a level of its own, whatever the class: nothing can be told by others.
        let small =
            |class: usize, owner: usize| ((owner * 7919 + class * 104_729) % 1009) as f64 / 4000.0;
        let of_owners: Vec<Unit> = (0..20)
            .flat_map(|owner| {
                [0, 1].map(|class| unit(class, owner, owner as f64 + small(class, owner)))
            })
            .collect();
        let told = tell(&of_owners);
        assert!(told.chance > 1e-3, "{told:?}");
        let of_classes: Vec<Unit> = (0..20)
            .flat_map(|owner| {
                [0, 1].map(|class| unit(class, owner, class as f64 + 0.01 * owner as f64))
            })
            .collect();
        let told = tell(&of_classes);
        assert_eq!((told.right, told.units), (40, 40));
        assert!(told.chance < 1e-10);
        assert_eq!(tell(&[]).units, 0);
    }
}
