//! Classes that cannot be told from each other by any simple measure of their windows.
//!
//! Windows of two classes are told by those of other owners: by the nearest neighbours over all features, and by the one feature
//! that parts the other owners' windows best. Only where both do hardly better than guessing, and as many windows as there are
//! leave no doubt of it, is it a finding.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::features;
use super::finding::{Check, Finding, Place, Severity};
use super::statistics::{highest_likely, mean_and_deviation};
use super::view::View;
use crate::visible;

/// Windows of a class that are looked at, at most and at least: fewer where there are many pairs of classes.
const MOST: usize = 160;
const LEAST: usize = 60;
/// Windows of a class times the root of the number of pairs.
const EFFORT: f64 = 640.0;
/// Windows of one class and owner that count as independent, at most.
const INDEPENDENT: usize = 8;
/// Parts into which owners are divided, each told by the others.
const PARTS: usize = 5;
/// Neighbours that tell a window.
const NEIGHBOURS: usize = 5;
/// Owners of each class, at least.
const ENOUGH_OWNERS: usize = 3;
/// The highest share of right answers that is likely lies below this.
const HARDLY: f64 = 0.68;
/// The most pairs of classes that are compared.
const MOST_PAIRS: usize = 400;

/// A window with its class, 0 or 1 of the pair, and its owner.
struct Example<'a> {
    class: usize,
    owner: usize,
    features: &'a [f64],
}

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let count = view.classes.len();
    let pairs: Vec<(usize, usize)> = (0..count)
        .flat_map(|a| (a + 1..count).map(move |b| (a, b)))
        .take(MOST_PAIRS)
        .collect();
    if pairs.is_empty() || view.windows.is_empty() {
        return Vec::new();
    }
    let all = scaled(features::of_windows(view));
    let most = ((EFFORT / (pairs.len() as f64).sqrt()) as usize).clamp(LEAST, MOST);
    let compare = |&(a, b): &(usize, usize)| Some((a, b, compared(view, &all, [a, b], most)?));
    let told: Vec<(usize, usize, (f64, f64))> = pairs.par_iter().filter_map(compare).collect();
    (told.into_iter())
        .filter(|(_, _, (share, independent))| highest_likely(*share, *independent) < HARDLY)
        .map(|(a, b, (share, _))| finding(view, a, b, share))
        .collect()
}

/// Features in units of their deviation.
fn scaled(mut all: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let width = all.first().map_or(0, Vec::len);
    for feature in 0..width {
        let values: Vec<f64> = all.iter().map(|features| features[feature]).collect();
        let (mean, deviation) = mean_and_deviation(&values);
        let scale = if deviation > 0.0 { deviation } else { 1.0 };
        for features in &mut all {
            features[feature] = (features[feature] - mean) / scale;
        }
    }
    all
}

/// The share of windows of two classes that are told right, mean over both, and how many count as independent. None where too
/// few owners have them.
fn compared(
    view: &View<'_>,
    all: &[Vec<f64>],
    pair: [usize; 2],
    most: usize,
) -> Option<(f64, f64)> {
    let examples: Vec<Example<'_>> = pair
        .into_iter()
        .enumerate()
        .flat_map(|(class, number)| {
            let of: Vec<usize> = (0..view.windows.len())
                .filter(|&i| view.window(view.windows[i]).0 == number)
                .collect();
            let every = of.len().div_ceil(most).max(1);
            let example = move |i: usize| Example {
                class,
                owner: view.window(view.windows[i]).1,
                features: &all[i],
            };
            of.into_iter()
                .step_by(every)
                .map(example)
                .collect::<Vec<_>>()
        })
        .collect();
    let owners = |class: usize| {
        let of = examples.iter().filter(|example| example.class == class);
        of.map(|example| example.owner)
            .collect::<BTreeSet<_>>()
            .len()
    };
    if owners(0) < ENOUGH_OWNERS || owners(1) < ENOUGH_OWNERS {
        return None;
    }
    let by_neighbours = balanced(&examples, |i| nearest(&examples, i));
    let stumps = Stumps::of(&examples);
    let by_feature = balanced(&examples, |i| stumps.answer(&examples[i]));
    let mut windows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for example in &examples {
        *windows.entry((example.class, example.owner)).or_default() += 1;
    }
    let independent: usize = windows
        .values()
        .map(|count| (*count).min(INDEPENDENT))
        .sum();
    Some((by_neighbours.max(by_feature), independent as f64))
}

/// Mean share of right answers of the two classes.
fn balanced(examples: &[Example<'_>], answer: impl Fn(usize) -> usize) -> f64 {
    let (mut right, mut count) = ([0.0; 2], [0.0; 2]);
    for (i, example) in examples.iter().enumerate() {
        count[example.class] += 1.0;
        right[example.class] += f64::from(u8::from(answer(i) == example.class));
    }
    (right[0] / f64::max(count[0], 1.0) + right[1] / f64::max(count[1], 1.0)) / 2.0
}

/// The class that most of the nearest examples of other owners have.
fn nearest(examples: &[Example<'_>], number: usize) -> usize {
    let own = &examples[number];
    let distance = |other: &Example<'_>| -> f64 {
        let pairs = own.features.iter().zip(other.features);
        pairs.map(|(a, b)| (a - b) * (a - b)).sum()
    };
    let mut others: Vec<(f64, usize)> = (examples.iter())
        .filter(|other| other.owner != own.owner)
        .map(|other| (distance(other), other.class))
        .collect();
    let count = NEIGHBOURS.min(others.len());
    if count == 0 {
        return 0;
    }
    others.select_nth_unstable_by(count - 1, |a, b| a.0.total_cmp(&b.0));
    let votes: usize = others[..count].iter().map(|(_, class)| class).sum();
    usize::from(2 * votes > count)
}

/// For each part of the owners, the feature, threshold and side that separate the others' examples best.
struct Stumps {
    part_of: BTreeMap<usize, usize>,
    of_parts: Vec<(usize, f64, bool)>,
}

impl Stumps {
    fn of(examples: &[Example<'_>]) -> Self {
        let owners: BTreeSet<usize> = examples.iter().map(|example| example.owner).collect();
        let part_of: BTreeMap<usize, usize> = owners.into_iter().zip((0..PARTS).cycle()).collect();
        let best = |part: usize| {
            let others: Vec<&Example<'_>> = (examples.iter())
                .filter(|example| part_of[&example.owner] != part)
                .collect();
            best_stump(&others)
        };
        Self {
            of_parts: (0..PARTS).map(best).collect(),
            part_of,
        }
    }

    fn answer(&self, example: &Example<'_>) -> usize {
        let (feature, threshold, is_high) = self.of_parts[self.part_of[&example.owner]];
        let value = example.features.get(feature).copied().unwrap_or(0.0);
        usize::from((value > threshold) == is_high)
    }
}

/// The feature and threshold with the highest mean share of right answers of both classes; whether the second class is above.
fn best_stump(examples: &[&Example<'_>]) -> (usize, f64, bool) {
    let width = examples.first().map_or(0, |example| example.features.len());
    let total =
        [0, 1].map(|class| examples.iter().filter(|e| e.class == class).count().max(1) as f64);
    let mut best = (0.5, (0, 0.0, true));
    for feature in 0..width {
        let mut values: Vec<(f64, usize)> = examples
            .iter()
            .map(|example| (example.features[feature], example.class))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = [0.0; 2];
        for pair in values.windows(2) {
            below[pair[0].1] += 1.0;
            if pair[0].0 == pair[1].0 {
                continue;
            }
            // The second class above, or below.
            let above = (below[0] / total[0] + 1.0 - below[1] / total[1]) / 2.0;
            let threshold = (pair[0].0 + pair[1].0) / 2.0;
            for (share, is_high) in [(above, true), (1.0 - above, false)] {
                if share > best.0 {
                    best = (share, (feature, threshold, is_high));
                }
            }
        }
    }
    best.1
}

fn finding(view: &View<'_>, a: usize, b: usize, share: f64) -> Finding {
    let [a, b] = [a, b].map(|class| visible::name(&view.classes[class]));
    Finding {
        severity: Severity::Warning,
        check: Check::Confusable,
        place: Place::class(&format!("{a}, {b}")),
        figure: 100.0 * share,
        text: format!(
            "\"{a}\" and \"{b}\" can hardly be told from each other: simple measures of a window get {:.0} % right where guessing gets 50 %",
            100.0 * share
        ),
        remedy: "if they sound alike to the sensor, make them one class, or add a sensor or a longer window that tells them apart; see \
                 that the labels are right"
            .into(),
    }
}
