//! A race of the finalists: each round has a seed and held-out people of its own, the same ones for all, and who falls behind drops out.

use std::collections::{BTreeMap, BTreeSet};

use super::Point;

/// Standard errors of a mean difference by which a finalist may lie behind the first one and stay in.
const BEHIND: f64 = 1.5;

/// Most finalists in a round of the race, from 1, in which `all` have begun: some drop out in each, and two are left to the end.
pub fn most_in_round(all: usize, round: usize) -> usize {
    let kept = match round {
        0 | 1 => all,
        2 => (2 * all).div_ceil(3),
        3 => all.div_ceil(2),
        _ => all.div_ceil(3),
    };
    kept.max(2).min(all)
}

/// The finalists that go on after these points, at most `most`, the best first: those that were in all rounds so far, keep the limits,
/// and lie behind the best mean by no more than chance would have it. What counts is the difference in the same round, as rounds differ
/// more than finalists do.
pub fn still_in(points: &[Point], most: usize) -> Vec<usize> {
    let by_candidate = accuracies(points);
    let rounds: BTreeSet<usize> = points.iter().map(|point| point.rung).collect();
    let mut all: Vec<(usize, Vec<f64>)> = by_candidate
        .into_iter()
        .filter(|(_, found)| found.len() == rounds.len())
        .map(|(candidate, found)| (candidate, found.into_values().collect()))
        .collect();
    all.sort_by(|(a, ours), (b, theirs)| mean(theirs).total_cmp(&mean(ours)).then(a.cmp(b)));
    let Some((_, first)) = all.first().cloned() else {
        return Vec::new();
    };
    let behind: Vec<Vec<f64>> = (all.iter().skip(1))
        .map(|(_, other)| first.iter().zip(other).map(|(a, b)| a - b).collect())
        .collect();
    let allowed = BEHIND * standard_error(&behind);
    let is_near = |differences: &Vec<f64>| mean(differences) <= allowed;
    let near = (all.iter().skip(1).zip(&behind))
        .filter(|(_, differences)| is_near(differences))
        .map(|((candidate, _), _)| *candidate);
    all.first()
        .map(|(candidate, _)| *candidate)
        .into_iter()
        .chain(near)
        .take(most)
        .collect()
}

/// Accuracies by candidate and round; none of candidates that have failed or broken a limit in some round.
fn accuracies(points: &[Point]) -> BTreeMap<usize, BTreeMap<usize, f64>> {
    let mut all: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    for point in points {
        let found = all.entry(point.candidate).or_default();
        if let Some(accuracy) = point.accuracy.filter(|_| point.fits) {
            found.insert(point.rung, accuracy);
        }
    }
    all
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Standard error of a mean of such differences, each as likely to vary as the others; infinite where there is but one of each.
fn standard_error(all: &[Vec<f64>]) -> f64 {
    let (mut squares, mut freedom) = (0.0, 0);
    for differences in all {
        let mean = mean(differences);
        squares += differences
            .iter()
            .map(|it| (it - mean).powi(2))
            .sum::<f64>();
        freedom += differences.len() - 1;
    }
    match (freedom, all.first()) {
        (1.., Some(first)) => (squares / freedom as f64 / first.len() as f64).sqrt(),
        _ => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use super::super::points::tests::point;
    use super::*;

    /// Points of candidates, a row each, in rounds of rungs from 3 on.
    fn points(rows: &[&[f64]]) -> Vec<Point> {
        let mut all = Vec::new();
        for (candidate, row) in rows.iter().enumerate() {
            for (round, &accuracy) in row.iter().enumerate() {
                all.push(Point {
                    rung: 3 + round,
                    ..point(candidate, accuracy, 10, 10)
                });
            }
        }
        all
    }

    #[test]
    fn fewer_are_left_in_each_round() {
        let rounds = |all| {
            (1..6)
                .map(|round| most_in_round(all, round))
                .collect::<Vec<_>>()
        };
        assert_eq!(rounds(6), [6, 4, 3, 2, 2]);
        assert_eq!(rounds(2), [2, 2, 2, 2, 2]);
        assert_eq!(rounds(1), [1, 1, 1, 1, 1]);
    }

    #[test]
    fn differences_in_the_same_round_count() {
        // The rounds differ by ten points, candidate 1 from 0 by one in each, and 2 by about nothing.
        let found = still_in(
            &points(&[
                &[0.95, 0.85, 0.90],
                &[0.94, 0.84, 0.89],
                &[0.951, 0.848, 0.90],
            ]),
            3,
        );
        assert_eq!(found, [0, 2]);
    }

    #[test]
    fn nothing_is_decided_by_one_round_but_the_order() {
        let one = points(&[&[0.90], &[0.95], &[0.85]]);
        assert_eq!(still_in(&one, 3), [1, 0, 2]);
        assert_eq!(still_in(&one, 2), [1, 0]);
        assert_eq!(still_in(&one[..1], 2), [0]);
        assert!(still_in(&[], 2).is_empty());
    }

    #[test]
    fn who_missed_a_round_or_broke_a_limit_is_out() {
        let mut all = points(&[&[0.90, 0.90], &[0.95], &[0.95, 0.95]]);
        all[4].fits = false;
        assert_eq!(still_in(&all, 3), [0]);
    }
}
