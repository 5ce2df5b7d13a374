//! The directions in which a metric looks at what the readout reads.

use anyhow::{Result, ensure};

use super::eigen::eigen;

/// Part of the mean variance within classes that is added to every variance.
const RIDGE: f64 = 1e-3;
/// Dimensions of a group that tell classes apart, where there are enough classes. This and the next two were chosen on HAR-6, seed 1.
const DISCRIMINANTS: usize = 4;
/// Dimensions of a group in which strange windows are far off.
const STRANGE: usize = 2;
/// As [`RIDGE`], where strange windows are looked for: those of sensors at rest are far off wherever nothing ever happens, which
/// tells little.
const STRANGE_RIDGE: f64 = 0.3;
/// As [`RIDGE`], where classes are taught.
const TAUGHT_RIDGE: f64 = 0.1;
/// Principal directions of the spread within classes that are left out: how vigorously people move.
const SKIPPED: usize = 5;

/// Vectors of the training windows, each with its class.
pub(super) struct Labelled<'a> {
    pub vectors: &'a [Vec<i16>],
    pub classes: &'a [u32],
    /// Number of classes.
    pub count: usize,
}

/// The `most` first principal directions of the spread within classes, each of which scales it to 1: all in which classes may differ
/// that nobody knows yet.
pub(super) fn principal(train: &Labelled<'_>, most: usize) -> Vec<Vec<f64>> {
    let (_, spread) = moments(train);
    let trace: f64 = (0..spread.len()).map(|i| spread[i][i]).sum();
    let ridge = TAUGHT_RIDGE * trace / spread.len() as f64;
    let scaled = |(variance, vector): (f64, Vec<f64>)| {
        let scale = 1.0 / (variance.max(0.0) + ridge).sqrt();
        vector.iter().map(|value| value * scale).collect()
    };
    eigen(spread).into_iter().take(most).map(scaled).collect()
}

/// `dimensions` directions, each of which scales the spread within classes to 1: those that tell the classes apart best, those in which
/// `strange` windows are off, and principal directions of the spread within classes.
///
/// # Errors
/// There are fewer than two classes, or nothing differs within classes.
pub(super) fn directions(
    train: &Labelled<'_>,
    strange: &[Vec<i16>],
    dimensions: usize,
) -> Result<Vec<Vec<f64>>> {
    let (means, spread) = moments(train);
    ensure!(
        means.len() >= 2,
        "a metric needs training windows of two classes at least"
    );
    let n = spread.len();
    let trace: f64 = (0..n).map(|i| spread[i][i]).sum();
    ensure!(
        trace > 0.0,
        "a metric needs windows that differ within classes"
    );
    let axes = eigen(spread);
    let whitened = |ridge: f64| -> Vec<Vec<f64>> {
        let ridge = ridge * trace / n as f64;
        let scaled = |(variance, vector): &(f64, Vec<f64>)| {
            let scale = 1.0 / (variance.max(0.0) + ridge).sqrt();
            vector.iter().map(|value| value * scale).collect()
        };
        axes.iter().map(scaled).collect()
    };
    let white = whitened(RIDGE);
    let groups = dimensions.div_ceil(super::GROUP);
    let mut found = discriminants(&means, &white, DISCRIMINANTS * groups);
    let of_strange = offsets(strange, &means, &whitened(STRANGE_RIDGE), STRANGE * groups);
    found.extend(of_strange.into_iter().map(|direction| {
        let variance = axes.iter().map(|(variance, axis)| {
            let variance = variance.max(0.0) + RIDGE * trace / n as f64;
            variance * dot(axis, &direction).powi(2)
        });
        let scale = 1.0 / variance.sum::<f64>().sqrt();
        direction.iter().map(|value| value * scale).collect()
    }));
    let left = dimensions - found.len();
    found.extend(white.into_iter().skip(SKIPPED).take(left));
    ensure!(
        found.len() == dimensions,
        "a metric of {dimensions} dimensions needs more units than {n}"
    );
    Ok(found)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// At most `most` directions in which `vectors` are off from their nearest means, each as much as the others, whatever its distance.
fn offsets(
    vectors: &[Vec<i16>],
    means: &[Vec<f64>],
    white: &[Vec<f64>],
    most: usize,
) -> Vec<Vec<f64>> {
    let n = white.len();
    let place = |vector: &[f64]| -> Vec<f64> { white.iter().map(|row| dot(row, vector)).collect() };
    let means: Vec<Vec<f64>> = means.iter().map(|mean| place(mean)).collect();
    let mut products = vec![vec![0.0; n]; n];
    for vector in vectors {
        let vector: Vec<f64> = vector.iter().map(|&value| f64::from(value)).collect();
        let at = place(&vector);
        let off =
            |mean: &Vec<f64>| -> Vec<f64> { at.iter().zip(mean).map(|(a, b)| a - b).collect() };
        let nearest = (means.iter().map(off)).min_by(|a, b| dot(a, a).total_cmp(&dot(b, b)));
        let Some(off) = nearest.filter(|off| dot(off, off) > 0.0) else {
            continue;
        };
        let weight = 1.0 / dot(&off, &off);
        for (row, a) in products.iter_mut().zip(&off) {
            for (sum, b) in row.iter_mut().zip(&off) {
                *sum += weight * a * b;
            }
        }
    }
    let found = eigen(products).into_iter().take(most);
    let found = found.filter(|(share, _)| *share > 0.0);
    let direction = |(_, weights): (f64, Vec<f64>)| {
        let of = |unit: usize| {
            (weights.iter().zip(white))
                .map(|(a, row)| a * row[unit])
                .sum()
        };
        (0..n).map(of).collect()
    };
    found.map(direction).collect()
}

/// Means of the classes that have windows, and the covariance within them.
fn moments(train: &Labelled<'_>) -> (Vec<Vec<f64>>, Vec<Vec<f64>>) {
    let n = train.vectors.first().map_or(0, Vec::len);
    let mut sums = vec![vec![0.0; n]; train.count];
    let mut counts = vec![0usize; train.count];
    for (vector, &class) in train.vectors.iter().zip(train.classes) {
        counts[class as usize] += 1;
        for (sum, &value) in sums[class as usize].iter_mut().zip(vector) {
            *sum += f64::from(value);
        }
    }
    for (sums, &count) in sums.iter_mut().zip(&counts) {
        sums.iter_mut().for_each(|sum| *sum /= count.max(1) as f64);
    }
    let mut spread = vec![vec![0.0; n]; n];
    for (vector, &class) in train.vectors.iter().zip(train.classes) {
        let mean = &sums[class as usize];
        let rest: Vec<f64> = (vector.iter().zip(mean))
            .map(|(&value, mean)| f64::from(value) - mean)
            .collect();
        for (row, a) in spread.iter_mut().zip(&rest) {
            for (sum, b) in row.iter_mut().zip(&rest) {
                *sum += a * b;
            }
        }
    }
    let total = train.vectors.len().max(1) as f64;
    spread.iter_mut().flatten().for_each(|sum| *sum /= total);
    let means = (sums.into_iter().zip(counts)).filter(|(_, count)| *count > 0);
    (means.map(|(mean, _)| mean).collect(), spread)
}

/// At most `most` directions, of vectors `white` that scale the spread within classes to 1, in which means differ most.
fn discriminants(means: &[Vec<f64>], white: &[Vec<f64>], most: usize) -> Vec<Vec<f64>> {
    let n = white.len();
    let middle = |i: usize| means.iter().map(|mean| mean[i]).sum::<f64>() / means.len() as f64;
    let middle: Vec<f64> = (0..n).map(middle).collect();
    let whitened: Vec<Vec<f64>> = (means.iter())
        .map(|mean| {
            let off: Vec<f64> = mean.iter().zip(&middle).map(|(a, b)| a - b).collect();
            white.iter().map(|vector| dot(vector, &off)).collect()
        })
        .collect();
    let products = |a: &Vec<f64>| whitened.iter().map(|b| dot(a, b)).collect();
    let found = eigen(whitened.iter().map(products).collect());
    let largest = found.first().map_or(0.0, |(value, _)| *value);
    // As many as there are classes but one have a value above zero.
    let found = (found.into_iter())
        .filter(|(value, _)| *value > 1e-9 * largest)
        .take(most);
    let direction = |(value, weights): (f64, Vec<f64>)| {
        let mut direction = vec![0.0; n];
        for (weight, mean) in weights.iter().zip(&whitened) {
            for (factor, vector) in mean.iter().zip(white) {
                let factor = weight * factor / value.sqrt();
                for (sum, value) in direction.iter_mut().zip(vector) {
                    *sum += factor * value;
                }
            }
        }
        direction
    };
    found.map(direction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_within_classes_becomes_one_and_classes_come_first() {
        // Two classes that differ in the third value; much spread in the first, little in the others.
        let vectors: Vec<Vec<i16>> = (0..400)
            .map(|i| {
                let wave = |step: usize, size: f64| (size * ((i * step) as f64).sin()) as i16;
                let class = (i % 2) as i16;
                let mut vector: Vec<i16> = (0..16).map(|j| 500 + wave(7 + 2 * j, 40.0)).collect();
                vector[0] += wave(3, 400.0);
                vector[2] += 300 * class;
                vector
            })
            .collect();
        let classes: Vec<u32> = (0..400).map(|i| i % 2).collect();
        let train = Labelled {
            vectors: &vectors,
            classes: &classes,
            count: 3,
        };
        // Strange ones are off in the sixth value.
        let mut strange = vectors.clone();
        for (i, vector) in strange.iter_mut().enumerate() {
            vector[5] += if i % 3 == 0 { 300 } else { -300 };
        }
        let found = directions(&train, &strange, 6).unwrap();
        assert_eq!(found.len(), 6);
        let weight = |direction: &Vec<f64>| direction[5].abs();
        let largest =
            |direction: &Vec<f64>| direction.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        assert!(
            weight(&found[1]) > 0.9 * largest(&found[1]),
            "{:?}",
            found[1]
        );
        let (means, spread) = moments(&train);
        assert_eq!(means.len(), 2);
        let apart = |direction: &[f64]| {
            (direction.iter().zip(&means[0]).zip(&means[1]))
                .map(|((d, a), b)| d * (a - b))
                .sum::<f64>()
                .abs()
        };
        for (i, direction) in found.iter().enumerate() {
            let products = (spread.iter().zip(direction)).map(|(row, a)| {
                let sum: f64 = row.iter().zip(direction).map(|(cell, b)| cell * b).sum();
                a * sum
            });
            let variance: f64 = products.sum();
            assert!((0.9..1.01).contains(&variance), "{i}: {variance}");
            assert_eq!(apart(direction) > 5.0, i == 0, "{i}: {}", apart(direction));
        }
        let alone = Labelled {
            classes: &[0; 400],
            ..train
        };
        assert!(directions(&alone, &[], 6).is_err());
    }
}
