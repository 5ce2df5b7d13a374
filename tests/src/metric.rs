//! A second, plain statement of "none of these", in 64-bit integers, with metrics of every size to run it on.

use proptest::prelude::*;

/// A metric as plain numbers.
#[derive(Clone, Debug)]
pub struct PlainMetric {
    /// Codes of the projection, one row a dimension, and the right shift of each.
    pub rows: Vec<(Vec<i64>, u32)>,
    /// Groups of dimensions behind those of the score, for teaching.
    pub teaching: usize,
    /// Factor and centre of each class.
    pub classes: Vec<(i64, Vec<i64>)>,
    /// Right shift of distances.
    pub shift: u32,
    /// Factor that all classes share.
    pub factor: i64,
    /// Largest score of what is known.
    pub threshold: u32,
}

impl PlainMetric {
    /// Where `read` is.
    pub fn place(&self, read: &[i64]) -> Vec<i64> {
        let row = |(codes, shift): &(Vec<i64>, u32)| {
            let sum: i64 = codes.iter().zip(read).map(|(code, x)| code * x).sum();
            let half = (1i64 << shift) / 2;
            ((sum + half) >> shift).clamp(-32768, 32767)
        };
        self.rows.iter().map(row).collect()
    }

    /// Dimensions that the score looks at.
    pub fn scored(&self) -> usize {
        self.rows.len() - 6 * self.teaching
    }

    /// The distance of each class.
    pub fn distances(&self, place: &[i64]) -> Vec<i64> {
        let distance = |(_, centre): &(i64, Vec<i64>)| self.distance(centre, place);
        self.classes.iter().map(distance).collect()
    }

    /// The distance of a centre.
    pub fn distance(&self, centre: &[i64], place: &[i64]) -> i64 {
        let differences = place.iter().zip(centre).map(|(z, m)| z - m);
        let differences = differences.take(self.scored());
        differences.map(|u| u.clamp(-8192, 8191).pow(2)).sum()
    }

    /// The quotient of a centre, as far as teaching goes.
    pub fn taught_quotient(&self, centre: &[i64], place: &[i64]) -> i64 {
        if self.teaching == 0 {
            return (self.distance(centre, place) >> self.shift).min(65535);
        }
        let differences = place.iter().zip(centre).map(|(z, m)| z - m);
        let differences = differences.skip(self.scored());
        let distance: i64 = differences.map(|u| u.clamp(-4096, 4095).pow(2)).sum();
        (distance >> 4).min(65535)
    }

    /// How far `read` is from all classes.
    pub fn score(&self, read: &[i64]) -> i64 {
        let distances = self.distances(&self.place(read));
        let quotients: Vec<i64> = (distances.iter())
            .map(|distance| (distance >> self.shift).min(65535))
            .collect();
        let nearest = quotients.iter().min().expect("a class") * self.factor;
        let own = quotients.iter().zip(&self.classes).map(|(q, (a, _))| q * a);
        nearest.max(own.min().expect("a class"))
    }

    /// The words of the part, by the table of `docs/FORMAT.md`.
    pub fn words(&self) -> Vec<u32> {
        let groups = self.scored() / 6;
        let sizes =
            groups | self.classes.len() << 8 | (self.shift as usize) << 16 | self.teaching << 24;
        let mut words = vec![sizes as u32, self.factor as u32, self.threshold];
        for group in self.rows.chunks(6) {
            let shifts = group.iter().enumerate().map(|(j, row)| row.1 << (5 * j));
            words.push(shifts.sum());
        }
        for group in self.rows.chunks(6) {
            for unit in (0..group[0].0.len()).step_by(2) {
                for rows in group.chunks(2) {
                    let bytes = [unit, unit + 1].map(|unit| [rows[0].0[unit], rows[1].0[unit]]);
                    let bytes = bytes.concat().into_iter().enumerate();
                    let word = bytes.map(|(j, code)| ((code + 256) % 256) << (8 * j));
                    words.push(word.sum::<i64>() as u32);
                }
            }
        }
        for (factor, centre) in &self.classes {
            words.push(*factor as u32);
            for pair in centre.chunks(2) {
                let halves = pair.iter().enumerate();
                let halves = halves.map(|(j, m)| ((m + 65536) % 65536) << (16 * j));
                words.push(halves.sum::<i64>() as u32);
            }
        }
        words
    }
}

/// Metrics of any numbers for `units` units, those at the ends of their ranges among them.
pub fn metrics(units: usize) -> impl Strategy<Value = PlainMetric> {
    let ends = |low: i64, high: i64| prop_oneof![1 => Just(low), 1 => Just(high), 6 => low..=high];
    let teaching = prop_oneof![3 => Just(0), 2 => 1usize..=2, 1 => Just(11)];
    (1usize..=4, teaching, 1usize..6).prop_flat_map(move |(groups, teaching, classes)| {
        let dimensions = 6 * (groups + teaching);
        let codes = prop::collection::vec(ends(-32, 31), units);
        let row = (codes, prop_oneof![4 => 0u32..=16, 1 => 0u32..=30]);
        let centre = prop::collection::vec(ends(-32768, 32767), dimensions);
        (
            prop::collection::vec(row, dimensions),
            prop::collection::vec((ends(0, 65535), centre), classes),
            0u32..=30,
            ends(0, 65535),
            any::<u32>(),
        )
            .prop_map(
                move |(rows, classes, shift, factor, threshold)| PlainMetric {
                    rows,
                    teaching,
                    classes,
                    shift,
                    factor,
                    threshold,
                },
            )
    })
}
