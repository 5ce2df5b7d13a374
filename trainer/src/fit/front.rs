//! The front: models than which no other is as accurate at no more instructions and bytes.

use super::Point;

/// Whether `a` is as good as `b` in accuracy, instructions and bytes, and better in one of them.
pub fn is_better(a: &Point, b: &Point) -> bool {
    let (Some(accuracy), other) = (a.accuracy, b.accuracy.unwrap_or(f64::NEG_INFINITY)) else {
        return false;
    };
    let costs = |point: &Point| (point.instructions_per_window, point.costs.model_bytes);
    let ((instructions, bytes), (other_instructions, other_bytes)) = (costs(a), costs(b));
    let as_good = accuracy >= other && instructions <= other_instructions && bytes <= other_bytes;
    as_good && (accuracy > other || instructions < other_instructions || bytes < other_bytes)
}

/// The points that keep the limits and than which none is better, by rising instructions.
pub fn front(points: &[Point]) -> Vec<Point> {
    let fit: Vec<&Point> = points
        .iter()
        .filter(|point| point.fits && point.accuracy.is_some())
        .collect();
    let mut found: Vec<Point> = Vec::new();
    for point in &fit {
        let is_beaten = fit.iter().any(|other| is_better(other, point));
        let is_there = found.iter().any(|other| {
            (
                other.accuracy,
                other.instructions_per_window,
                other.costs.model_bytes,
            ) == (
                point.accuracy,
                point.instructions_per_window,
                point.costs.model_bytes,
            )
        });
        if !is_beaten && !is_there {
            found.push((*point).clone());
        }
    }
    found.sort_by_key(|point| {
        (
            point.instructions_per_window,
            point.costs.model_bytes,
            point.candidate,
        )
    });
    found
}

/// The most accurate point that keeps the limits; of equal ones that with the fewest instructions, then bytes.
pub fn best(points: &[Point]) -> Option<&Point> {
    let fit = points
        .iter()
        .filter(|point| point.fits && point.accuracy.is_some());
    fit.min_by(|a, b| {
        let key = |point: &Point| {
            (
                point.instructions_per_window,
                point.costs.model_bytes,
                point.candidate,
            )
        };
        let accuracy = |point: &Point| point.accuracy.unwrap_or(f64::NEG_INFINITY);
        accuracy(b)
            .total_cmp(&accuracy(a))
            .then(key(a).cmp(&key(b)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::points::tests::point;
    use super::*;

    #[test]
    fn beaten_points_are_not_on_the_front() {
        let points = [
            point(0, 0.90, 100, 10),
            point(1, 0.90, 120, 10),
            point(2, 0.95, 200, 10),
            point(3, 0.80, 90, 20),
            point(4, 0.94, 200, 10),
            point(5, 0.90, 100, 10),
            Point {
                fits: false,
                ..point(6, 0.99, 50, 5)
            },
            Point {
                accuracy: None,
                ..point(7, 0.0, 1, 1)
            },
        ];
        let found: Vec<usize> = front(&points).iter().map(|point| point.candidate).collect();
        assert_eq!(found, [3, 0, 2]);
        assert_eq!(best(&points).map(|point| point.candidate), Some(2));
        assert_eq!(best(&points[6..]), None);
    }

    /// The naive definition, on many random points.
    #[test]
    fn the_front_is_what_no_other_beats() {
        let points: Vec<Point> = (0..200u64)
            .map(|i| {
                let at = |factor: u64, size: u64| (i * factor) % 31 % size;
                point(i as usize, at(7, 13) as f64 / 13.0, at(11, 17), at(5, 9))
            })
            .collect();
        let found = front(&points);
        for point in &points {
            let beaten = points.iter().any(|other| is_better(other, point));
            let key = |it: &Point| {
                (
                    it.accuracy.map(f64::to_bits),
                    it.instructions_per_window,
                    it.costs.model_bytes,
                )
            };
            assert_eq!(!beaten, found.iter().any(|it| key(it) == key(point)));
        }
    }
}
