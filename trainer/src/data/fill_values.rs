//! Numbers that stand for a missing value, such as -9999: far outside the rest, and repeated exactly.

/// Values below which nothing is judged.
const ENOUGH: usize = 50;
/// Values by which the usual range is measured, about.
const SAMPLE: usize = 4096;
/// Different values among them, at least: a switch has few.
const DISTINCT: usize = 12;
/// A value is far beyond so many times the range of the middle half.
const FAR: f64 = 20.0;
/// It comes so often, at least.
const OFTEN: usize = 3;
/// And nothing lies in so large a share of the way to the middle.
const ALONE: f64 = 0.5;

/// A number that stands for a missing value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct FillValue {
    pub value: f64,
    /// How often it comes.
    pub count: usize,
}

impl FillValue {
    /// Whether it is a number that programs write for a missing value, and no sensor of 16 bits does.
    pub fn is_usual(&self) -> bool {
        let nines = [
            999.0,
            9999.0,
            99_999.0,
            999_999.0,
            9_999_999.0,
            99_999_999.0,
        ];
        let size = self.value.abs();
        nines.contains(&size)
            || size >= 65_535.0
                && [
                    65_535.0,
                    2f64.powi(31),
                    2f64.powi(31) - 1.0,
                    2f64.powi(32),
                    2f64.powi(32) - 1.0,
                ]
                .contains(&size)
    }
}

/// Finds the lowest or the highest of `count` values if it stands for a missing one. `values` gives them all, any number of times.
pub(in crate::data) fn find<I: Iterator<Item = f64>>(
    values: impl Fn() -> I,
    count: usize,
) -> Option<FillValue> {
    let sample = values().step_by(stride(count)).collect();
    let ends = || {
        values().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| {
            (min.min(value), max.max(value))
        })
    };
    find_among(sample, count, ends, &values)
}

/// Distance of the values that [`find_among`] takes as a sample of `count`.
pub(in crate::data) fn stride(count: usize) -> usize {
    count.div_ceil(SAMPLE).max(1)
}

/// The same as [`find`] of a sample of the values, every [`stride`]-th of them, and of what gives the lowest and the highest of all.
pub(in crate::data) fn find_among<I: Iterator<Item = f64>>(
    mut sample: Vec<f64>,
    count: usize,
    ends: impl Fn() -> (f64, f64),
    values: impl Fn() -> I,
) -> Option<FillValue> {
    if count < ENOUGH {
        return None;
    }
    sample.sort_unstable_by(f64::total_cmp);
    let distinct = sample.chunk_by(|a, b| a == b).count();
    let at = |share: usize| sample[(sample.len() - 1) * share / 4];
    let (low, middle, high) = (at(1), at(2), at(3));
    if distinct < DISTINCT || high <= low {
        return None;
    }
    let ends = ends();
    let is_fill = |end: f64| {
        let distance = (end - if end < middle { low } else { high }).abs();
        if distance <= FAR * (high - low) {
            return None;
        }
        let (mut often, mut nearest) = (0, f64::INFINITY);
        for value in values() {
            match value == end {
                true => often += 1,
                false => nearest = nearest.min((value - end).abs()),
            }
        }
        let is_alone = nearest > ALONE * (end - middle).abs();
        (often >= OFTEN && is_alone).then_some(FillValue {
            value: end,
            count: often,
        })
    };
    is_fill(ends.0).or_else(|| is_fill(ends.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(change: impl Fn(usize) -> Option<f64>) -> Option<FillValue> {
        let usual = |i: usize| ((i * 7919) % 401) as f64 / 40.0;
        let values: Vec<f64> = (0..1000)
            .map(|i| change(i).unwrap_or_else(|| usual(i)))
            .collect();
        find(|| values.iter().copied(), values.len())
    }

    #[test]
    fn far_values_that_repeat_are_found() {
        let every = |value: f64| move |i: usize| i.is_multiple_of(97).then_some(value);
        let found = of(every(-9999.0)).unwrap();
        assert_eq!(
            (found.value, found.count, found.is_usual()),
            (-9999.0, 11, true)
        );
        let found = of(every(32_767.0)).unwrap();
        assert!((found.value, found.is_usual()) == (32_767.0, false));
        // A fifth of all.
        assert_eq!(of(|i| (i % 5 == 0).then_some(65_535.0)).unwrap().count, 200);
    }

    #[test]
    fn signals_hold_none() {
        assert_eq!(of(|_| None), None);
        // A knock, which rises and clips; a glitch that comes once; a switch.
        assert_eq!(
            of(|i| (i < 40).then(|| (40.0 * i as f64).min(1000.0))),
            None
        );
        assert_eq!(of(|i| (i == 5).then_some(-9999.0)), None);
        assert_eq!(of(|i| Some(if i % 97 == 0 { 1000.0 } else { 0.0 })), None);
        assert_eq!(find(|| [0.0, 9999.0].into_iter().cycle().take(4), 4), None);
    }
}
