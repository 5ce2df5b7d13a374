//! Successive halving: many candidates for a few epochs, few for all.

use super::Point;
use super::front::front;

/// A rung: how many candidates are trained for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Candidates.
    pub candidates: usize,
    /// Epochs that each is trained for.
    pub epochs: u32,
}

/// Share of the epochs of a rung, in each of the rungs before the last one.
const SHARES: [(u32, u32); 2] = [(1, 10), (3, 10)];
/// Candidates of a rung for one of the next.
const KEPT: usize = 4;

/// The rungs of a search that starts with so many candidates, whose full training takes so many epochs and whose finalists are
/// so many. The last rung has all epochs.
pub fn rungs(candidates: usize, finalists: usize, epochs: u32) -> Vec<Rung> {
    let mut left = candidates;
    let mut all = Vec::new();
    for (part, of) in SHARES {
        if left <= finalists {
            break;
        }
        all.push(Rung {
            candidates: left,
            epochs: (epochs * part).div_ceil(of).max(1),
        });
        left = left.div_ceil(KEPT).max(finalists.min(left));
    }
    all.push(Rung {
        candidates: left,
        epochs,
    });
    all
}

/// The candidates that the next rung trains: two thirds by accuracy, and for the rest of the places the front, the most accurate
/// ones first.
pub fn survivors(points: &[Point], count: usize) -> Vec<usize> {
    let by_accuracy = |mut points: Vec<Point>| {
        points.retain(|point| point.fits && point.accuracy.is_some());
        points.sort_by(|a, b| {
            let accuracy = |point: &Point| point.accuracy.unwrap_or(f64::NEG_INFINITY);
            let loss = |point: &Point| point.loss.unwrap_or(f64::INFINITY);
            let order = accuracy(b).total_cmp(&accuracy(a));
            order
                .then(loss(a).total_cmp(&loss(b)))
                .then(a.candidate.cmp(&b.candidate))
        });
        points
    };
    let ranked = by_accuracy(points.to_vec());
    let first = (2 * count).div_ceil(3);
    let on_front = by_accuracy(front(points));
    let mut chosen: Vec<usize> = Vec::new();
    let order = (ranked.iter().take(first))
        .chain(&on_front)
        .chain(ranked.iter().skip(first));
    for point in order {
        if chosen.len() < count && !chosen.contains(&point.candidate) {
            chosen.push(point.candidate);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::points::tests::point;
    use super::*;

    #[test]
    fn rungs_shrink_to_the_finalists() {
        let sizes = |candidates, finalists| -> Vec<(usize, u32)> {
            let rungs = rungs(candidates, finalists, 30);
            rungs
                .iter()
                .map(|rung| (rung.candidates, rung.epochs))
                .collect()
        };
        assert_eq!(sizes(60, 4), [(60, 3), (15, 9), (4, 30)]);
        assert_eq!(sizes(9, 4), [(9, 3), (4, 30)]);
        assert_eq!(sizes(2, 4), [(2, 30)]);
        assert_eq!(rungs(60, 4, 1)[0].epochs, 1);
    }

    #[test]
    fn survivors_are_the_accurate_and_the_cheap() {
        let points: Vec<_> = (0..9)
            .map(|i| point(i, 0.9 + 0.001 * i as f64, 1000 + 10 * i as u64, 10))
            .chain([
                point(9, 0.5, 10, 10),
                Point {
                    fits: false,
                    ..point(10, 0.99, 1, 1)
                },
            ])
            .collect();
        assert_eq!(survivors(&points, 3), [8, 7, 6]);
        let cheap = [
            point(0, 0.9, 100, 10),
            point(1, 0.89, 100, 10),
            point(2, 0.8, 10, 10),
            point(3, 0.88, 100, 10),
        ];
        assert_eq!(survivors(&cheap, 3), [0, 1, 2]);
        assert_eq!(survivors(&cheap[..1], 3), [0]);
    }
}
