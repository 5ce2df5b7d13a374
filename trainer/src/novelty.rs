//! "None of these": the metric of a model, fitted to windows that it was trained on and calibrated on others.
//!
//! The runtime has the arithmetic ([`Metric`]). Directions come from the training windows, and so do the centres. Thresholds come
//! from windows of the validation split, which the network has not been fitted to.

mod eigen;
mod space;
mod strange;

use anyhow::{Result, bail, ensure};
use hadamrnn_runtime::format::part;
use hadamrnn_runtime::{DIMENSIONS_OF_GROUP as GROUP, Metric, ModelError, limits};

use crate::data::{Sequences, Targets};
use crate::evaluate::integer_read;
pub use crate::integer::metric;
use crate::integer::{self, KernelName, ModelFile};
use space::Labelled;

/// Windows of the same that a fading pool is shown.
const WARM_UP: usize = 4;
/// Classes that a group of dimensions is for.
const CLASSES_OF_GROUP: usize = 8;
/// Steps of a place that the spread within classes takes; a power of two, which is halved where places would not fit.
const UNIT: f64 = 16.0;
/// Largest coordinate of a training window: half of what 16 bits hold.
const FARTHEST: f64 = 16383.0;
/// Largest code of six bits.
const LARGEST_CODE: f64 = 31.0;
/// Share of a class's own windows within its measure of distance.
const OWN: f64 = 0.9;
/// The score that both measures have at their thresholds.
const SCORE: f64 = (1 << 24) as f64;

/// Windows that a metric is fitted to.
#[derive(Clone, Copy, Debug)]
pub struct Windows<'a> {
    /// Windows that the network was trained on.
    pub train: &'a Sequences,
    /// Windows that it was not trained on, of the same classes.
    pub held_out: &'a Sequences,
    /// Physical units per raw count, per channel.
    pub input_lsb: &'a [f32],
}

/// `file` with a metric that calls about `false_alarms` of the held-out windows none of the classes, and in which classes can be taught
/// where it is to be `teachable`.
///
/// # Errors
/// There are no held-out windows, targets are of steps, or the windows do not fit the model or leave nothing to measure.
pub fn with_metric(
    file: &ModelFile,
    windows: Windows<'_>,
    false_alarms: f64,
    teachable: bool,
) -> Result<ModelFile> {
    check_held_out(windows.held_out)?;
    let model = file.model()?;
    let kernel = KernelName::best_for(&model);
    let vectors = |sequences| integer_read(&model, kernel, sequences, windows.input_lsb);
    let (train, held_out) = (vectors(windows.train)?, vectors(windows.held_out)?);
    // A pool that fades is shown each for some windows: it remembers what was before.
    let repeats = if integer::runs_on(&model) { WARM_UP } else { 1 };
    let strange = match strange::strange(windows.train, repeats)? {
        Some(strange) => vectors(&strange)?,
        None => Vec::new(),
    };
    let classes = model.class_count();
    let train = Labelled {
        vectors: &train,
        classes: classes_of(windows.train)?,
        count: classes,
    };
    let groups = (classes.div_ceil(CLASSES_OF_GROUP)).min(limits::METRIC_GROUPS.max);
    let mut directions = space::directions(&train, &strange, GROUP * groups)?;
    let scored = directions.len();
    if teachable {
        let most = GROUP * limits::TEACHING_GROUPS.max;
        directions.extend(space::principal(&train, most));
        // Whole groups.
        directions.truncate(directions.len() / GROUP * GROUP);
    }
    let mut parts = Parts::projection(&directions, scored, train.vectors, classes);
    parts.centre(&train)?;
    let own = classes_of(windows.held_out)?;
    parts.calibrate(&held_out, own, false_alarms)?;
    let words = parts.words();
    file.with_part(part::METRIC, Some(&words))
}

/// Whether there are windows to calibrate on.
///
/// # Errors
/// There are none.
pub fn check_held_out(held_out: &Sequences) -> Result<()> {
    ensure!(
        !held_out.is_empty(),
        "the threshold of \"none of these\" is calibrated on windows that were not trained on, and there are none: train with a \
         validation split, such as --holdout standard"
    );
    Ok(())
}

fn classes_of(sequences: &Sequences) -> Result<&[u32]> {
    match &sequences.targets {
        Targets::Class(classes) => Ok(classes),
        Targets::PerStep(_) => bail!("\"none of these\" is for tasks of one class a sequence"),
    }
}

/// The numbers of a metric.
struct Parts {
    units: usize,
    /// Groups of dimensions for teaching, behind those of the score.
    teaching: usize,
    /// Right shift and codes of each dimension.
    rows: Vec<(u32, Vec<i32>)>,
    centres: Vec<Vec<i16>>,
    shift: u32,
    factor: u32,
    factors: Vec<u32>,
    threshold: u32,
}

impl Parts {
    /// Directions as codes, the first `scored` of them for the score, without centres. `train` says how far places reach.
    fn projection(
        directions: &[Vec<f64>],
        scored: usize,
        train: &[Vec<i16>],
        classes: usize,
    ) -> Self {
        let largest = |row: &[f64]| row.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        let reach = |row: &Vec<f64>| {
            let place = |x: &Vec<i16>| row.iter().zip(x).map(|(a, &x)| a * f64::from(x)).sum();
            let places: Vec<f64> = train.iter().map(place).collect();
            largest(&places)
        };
        let reach: Vec<f64> = directions.iter().map(reach).collect();
        let mut unit = UNIT;
        while unit * largest(&reach) > FARTHEST
            || directions
                .iter()
                .any(|row| unit * largest(row) > LARGEST_CODE)
        {
            unit /= 2.0;
        }
        let code = |row: &Vec<f64>| {
            let room = (LARGEST_CODE / (unit * largest(row))).log2().floor();
            let shift = room.min(limits::METRIC_SHIFT.max as f64);
            let scale = unit * shift.exp2();
            let codes = row.iter().map(|value| (value * scale).round() as i32);
            (shift as u32, codes.collect())
        };
        Self {
            units: directions.first().map_or(0, Vec::len),
            teaching: (directions.len() - scored) / GROUP,
            rows: directions.iter().map(code).collect(),
            centres: vec![vec![0; directions.len()]; classes],
            shift: 0,
            factor: 0,
            factors: vec![0; classes],
            threshold: 0,
        }
    }

    /// Puts the centre of each class where its training windows are in the mean; a class without windows is out of reach.
    fn centre(&mut self, train: &Labelled<'_>) -> Result<()> {
        let words = self.words();
        let metric = self.metric(&words)?;
        let mut sums = vec![vec![0i64; self.rows.len()]; train.count];
        let mut counts = vec![0i64; train.count];
        for (vector, &class) in train.vectors.iter().zip(train.classes) {
            counts[class as usize] += 1;
            for (sum, &z) in (sums[class as usize].iter_mut()).zip(&metric.place_of(vector)) {
                *sum += i64::from(z);
            }
        }
        let mean = |(sums, count): (Vec<i64>, i64)| match count {
            0 => vec![i16::MAX; sums.len()],
            _ => (sums.into_iter())
                .map(|sum| (sum as f64 / count as f64).round() as i16)
                .collect(),
        };
        self.centres = sums.into_iter().zip(counts).map(mean).collect();
        Ok(())
    }

    /// Sets factors and threshold by windows of known classes.
    fn calibrate(&mut self, vectors: &[Vec<i16>], classes: &[u32], rate: f64) -> Result<()> {
        let words = self.words();
        let metric = self.metric(&words)?;
        let distances = |vector: &Vec<i16>| -> Vec<f64> {
            let place = metric.place_of(vector);
            metric.distances(&place).map(f64::from).collect()
        };
        let distances: Vec<Vec<f64>> = vectors.iter().map(distances).collect();
        let least = |values: &[f64]| values.iter().copied().fold(f64::INFINITY, f64::min);
        let nearest: Vec<f64> = distances.iter().map(|all| least(all)).collect();
        let common = quantile(&nearest, 1.0 - rate).max(1.0);
        // A class that nobody held out has the common measure.
        let own: Vec<f64> = (0..self.centres.len())
            .map(|class| {
                let of_class = (distances.iter().zip(classes))
                    .filter(|(_, own)| **own as usize == class)
                    .map(|(all, _)| all[class]);
                let of_class: Vec<f64> = of_class.collect();
                match of_class.is_empty() {
                    true => common,
                    false => quantile(&of_class, OWN).max(1.0),
                }
            })
            .collect();
        let relative = |all: &Vec<f64>| {
            let relative: Vec<f64> = all.iter().zip(&own).map(|(d, own)| d / own).collect();
            least(&relative)
        };
        let relative: Vec<f64> = distances.iter().map(relative).collect();
        let scale = quantile(&relative, 1.0 - rate).max(f64::MIN_POSITIVE);
        let limits: Vec<f64> = own.iter().map(|own| own * scale).collect();
        // The largest shift that leaves every factor within its bits.
        let smallest = least(&limits).min(common);
        let shift = (f64::from(u16::MAX) * smallest / SCORE).log2().floor();
        self.shift = shift.clamp(0.0, limits::METRIC_SHIFT.max as f64) as u32;
        let factor = |limit: f64| {
            let factor = SCORE * f64::from(self.shift).exp2() / limit;
            factor.round().clamp(1.0, f64::from(u16::MAX)) as u32
        };
        self.factors = limits.into_iter().map(factor).collect();
        self.factor = factor(common);
        let words = self.words();
        let metric = self.metric(&words)?;
        let score = |vector: &Vec<i16>| f64::from(metric.score(&metric.place_of(vector)));
        let scores: Vec<f64> = vectors.iter().map(score).collect();
        self.threshold = quantile(&scores, 1.0 - rate) as u32;
        Ok(())
    }

    fn metric<'a>(&self, words: &'a [u32]) -> Result<Metric<'a>, ModelError> {
        Metric::new(words, self.units)
    }

    /// The content of the part, as `docs/FORMAT.md` has it.
    fn words(&self) -> Vec<u32> {
        let groups = self.rows.chunks(GROUP);
        let sizes = (groups.len() - self.teaching) as u32
            | (self.centres.len() as u32) << 8
            | self.shift << 16
            | (self.teaching as u32) << 24;
        let mut words = vec![sizes, self.factor, self.threshold];
        let joined = |values: &mut dyn Iterator<Item = u32>, bits: usize| {
            (values.enumerate()).fold(0, |word, (i, value)| word | value << (bits * i))
        };
        for group in groups.clone() {
            words.push(joined(&mut group.iter().map(|(shift, _)| *shift), 5));
        }
        for group in groups {
            for unit in (0..self.units).step_by(2) {
                for rows in group.chunks(2) {
                    let bytes = |unit: usize| rows.iter().map(move |(_, row)| row[unit] as u8);
                    let mut bytes = bytes(unit).chain(bytes(unit + 1)).map(u32::from);
                    words.push(joined(&mut bytes, 8));
                }
            }
        }
        for (factor, centre) in self.factors.iter().zip(&self.centres) {
            words.push(*factor);
            let half = |value: &i16| u32::from(*value as u16);
            words.extend(
                centre
                    .chunks(2)
                    .map(|pair| joined(&mut pair.iter().map(half), 16)),
            );
        }
        words
    }
}

/// The value that a share of all is at most; `values` are not empty.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted[((share * last as f64).round() as usize).min(last)]
}

/// How well scores tell what is unknown from what is known.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Told {
    /// Area under the receiver operating characteristic: how often an unknown window has the larger score of two, a draw counting half.
    pub auroc: f64,
    /// Share of the known windows above the threshold.
    pub false_alarms: f64,
    /// Share of the unknown windows above the threshold.
    pub found: f64,
}

impl Told {
    /// Of the scores of known and unknown windows; both are not empty.
    pub fn of(known: &[u32], unknown: &[u32], threshold: u32) -> Self {
        let mut sorted = known.to_vec();
        sorted.sort_unstable();
        let wins = |score: &u32| {
            let below = sorted.partition_point(|other| other < score);
            let up_to = sorted.partition_point(|other| other <= score);
            (below + up_to) as f64 / 2.0
        };
        let pairs = (known.len() * unknown.len()) as f64;
        let above = |scores: &[u32]| {
            let above = scores.iter().filter(|score| **score > threshold).count();
            above as f64 / scores.len() as f64
        };
        Self {
            auroc: unknown.iter().map(wins).sum::<f64>() / pairs,
            false_alarms: above(known),
            found: above(unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_order() {
        let told = Told::of(&[1, 2, 3, 4], &[4, 5, 0], 3);
        assert!((told.auroc - (3.5 + 4.0) / 12.0).abs() < 1e-12);
        assert_eq!((told.false_alarms, told.found), (0.25, 2.0 / 3.0));
    }

    #[test]
    fn quantiles_are_values_of_the_list() {
        let values = [3.0, 1.0, 2.0];
        assert_eq!(quantile(&values, 0.0), 1.0);
        assert_eq!(quantile(&values, 0.5), 2.0);
        assert_eq!(quantile(&values, 0.95), 3.0);
    }

    /// Windows of three classes at three places of 16 units; a window elsewhere is told.
    #[test]
    fn what_is_elsewhere_is_none_and_alarms_are_as_stated() {
        let wave = |i: usize, j: usize| (30.0 * ((i * (j + 3)) as f64 * 1.7).sin()) as i16;
        let vector = |i: usize, class: usize| -> Vec<i16> {
            let at = |j: usize| 400 + wave(i, j) + if j == class { 500 } else { 0 };
            (0..16).map(at).collect()
        };
        let vectors = |from: usize| -> Vec<Vec<i16>> {
            (from..from + 600).map(|i| vector(i, i % 3)).collect()
        };
        let (train, held_out) = (vectors(0), vectors(9_999));
        let classes: Vec<u32> = (0..600).map(|i| i % 3).collect();
        let labelled = Labelled {
            vectors: &train,
            classes: &classes,
            count: 3,
        };
        let directions = space::directions(&labelled, &[], 6).unwrap();
        let mut parts = Parts::projection(&directions, 6, &train, 3);
        parts.centre(&labelled).unwrap();
        parts.calibrate(&held_out, &classes, 0.05).unwrap();
        let words = parts.words();
        let metric = parts.metric(&words).unwrap();
        let score = |vector: &Vec<i16>| metric.score(&metric.place_of(vector));
        let known: Vec<u32> = held_out.iter().map(score).collect();
        let unknown: Vec<u32> = (0..100).map(|i| score(&vector(i, 5))).collect();
        let told = Told::of(&known, &unknown, metric.threshold());
        assert!((0.03..=0.05).contains(&told.false_alarms), "{told:?}");
        assert!(told.auroc > 0.99 && told.found > 0.9, "{told:?}");
        // The class's own centre is the nearest.
        for (i, vector) in held_out.iter().enumerate() {
            let place = metric.place_of(vector);
            let nearest = metric.distances(&place).enumerate().min_by_key(|it| it.1);
            assert_eq!(nearest.map(|it| it.0), Some(i % 3));
        }
    }
}
