//! Units of acceleration told by gravity: the median of the norm of a whole recording is near 1 g, unless it moves all the time.

use anyhow::{Result, bail};

use crate::visible;

/// Standard gravity, in m/s².
const STANDARD_GRAVITY: f64 = 9.806_65;
/// How far the median norm may be from gravity, as a factor. The units below are further apart.
const TOLERANCE: f64 = 1.5;
/// Units of acceleration, as their name and what gravity is in them.
const UNITS: [(&str, f64); 3] = [("g", 1.0), ("m/s²", STANDARD_GRAVITY), ("mg", 1000.0)];
/// Steadiness of gravity in a recording, at least; and where a single one is judged.
const STEADY: f64 = 0.5;
const SURELY_STEADY: f64 = 0.8;
/// Gravity differs so much between units and counts, as a factor; a range of the sensor of half the width makes 2.
const OTHER_UNIT: f64 = 5.0;
const OTHER_RANGE: f64 = 3.0;
/// Gravity in raw counts, at least.
const COUNTS: f64 = 200.0;
/// Gravity in g, of values in other units than they are said to be, with the words for both.
const SLIPS: [(f64, &str); 6] = [
    (STANDARD_GRAVITY, "m/s² in place of g"),
    (1.0 / STANDARD_GRAVITY, "g in place of m/s²"),
    (1000.0, "mg in place of g"),
    (1e-3, "g in place of mg"),
    (1000.0 / STANDARD_GRAVITY, "mg in place of m/s²"),
    (STANDARD_GRAVITY / 1000.0, "m/s² in place of mg"),
];

/// How long the acceleration of a recording is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Norm {
    /// Median of the norms of its samples.
    pub median: f64,
    /// Length of the mean of all samples, as a share of their mean norm: near 1 where gravity is in them, near 0 of movement alone.
    pub steadiness: f64,
}

impl Norm {
    /// The norm of samples; none of none.
    pub fn of(samples: impl Iterator<Item = [f64; 3]>) -> Option<Self> {
        let mut sum = [0.0; 3];
        let mut norms: Vec<f64> = Vec::new();
        for sample in samples.filter(|sample| sample.iter().all(|value| value.is_finite())) {
            norms.push(sample.iter().map(|value| value * value).sum::<f64>().sqrt());
            for (sum, value) in sum.iter_mut().zip(sample) {
                *sum += value;
            }
        }
        let length = sum.iter().map(|part| part * part).sum::<f64>().sqrt();
        let total = norms.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let middle = norms.len() / 2;
        if norms.is_empty() {
            return None;
        }
        let (_, median, _) = norms.select_nth_unstable_by(middle, f64::total_cmp);
        Some(Self {
            median: *median,
            steadiness: length / total,
        })
    }
}

/// The name of the unit in which gravity has this norm; none where it is none of them.
pub(in crate::data) fn unit_of(norm: f64) -> Option<&'static str> {
    let is_near =
        |(_, gravity): &(&str, f64)| (gravity / TOLERANCE..=gravity * TOLERANCE).contains(&norm);
    UNITS.into_iter().find(is_near).map(|(name, _)| name)
}

/// How many times one number is another.
fn factor(a: f64, b: f64) -> f64 {
    (a / b).max(b / a)
}

/// Checks that recordings, by name, whose files tell no unit have the same one, as far as gravity tells. Gives a warning where they may
/// not.
///
/// # Errors
/// Gravity is 1 in one and 9.81 or 1,000 in another, or it is raw counts there.
pub(in crate::data) fn check_untold(all: &[(String, Norm)]) -> Result<Option<String>> {
    let known = |(_, norm): &&(String, Norm)| unit_of(norm.median).is_some();
    let mut steady = all
        .iter()
        .filter(|(_, norm)| norm.steadiness >= STEADY && norm.median > 0.0);
    if let Some((first, of_first)) = all.iter().find(known) {
        let unit = unit_of(of_first.median).unwrap_or_default();
        for (name, norm) in all {
            let other = unit_of(norm.median);
            let is_far = of_first.steadiness >= STEADY
                && norm.steadiness >= STEADY
                && norm.median > 0.0
                && factor(norm.median, of_first.median) >= OTHER_UNIT;
            if other.is_some_and(|other| other != unit) || (other.is_none() && is_far) {
                let other = other.map_or("of another unit, or raw counts".into(), |other| {
                    format!("as of {other}")
                });
                bail!(
                    "the files tell no unit, and they differ: the median acceleration is {:.2} in {}, {other}, but {:.2} in {}, as of {unit}. \
                     Import those of one unit at a time with --unit",
                    norm.median,
                    visible::name(name),
                    of_first.median,
                    visible::name(first)
                );
            }
        }
    }
    let Some(first) = steady.next() else {
        return Ok(None);
    };
    let other = steady.find(|(_, norm)| {
        factor(norm.median, first.1.median) >= OTHER_RANGE
            && norm.median.min(first.1.median) >= COUNTS
    });
    Ok(other.map(|(name, norm)| {
        format!(
            "warning: the median acceleration is {:.0} in {}, but {:.0} in {}: are their counts of one scale? Give all one range of the sensor, \
             or tell what a count is (docs/DATA.md)",
            norm.median,
            visible::name(name),
            first.1.median,
            visible::name(&first.0)
        )
    }))
}

/// Checks that recordings, by name, are in the unit that they are said to be, as far as gravity tells; their norms are in g. Gives a
/// warning where they are not.
///
/// # Errors
/// Some are, and others are not.
pub(in crate::data) fn check_told(all: &[(String, Norm)]) -> Result<Option<String>> {
    let is_near = |norm: &Norm, gravity: f64| factor(norm.median, gravity) <= TOLERANCE;
    let slip = |norm: &Norm| {
        let is_sure = norm.steadiness >= SURELY_STEADY && norm.median > 0.0;
        let mut all = SLIPS.into_iter();
        all.find(|(gravity, _)| is_sure && is_near(norm, *gravity))
    };
    let mut slips = all
        .iter()
        .filter_map(|(name, norm)| Some((name, norm, slip(norm)?.1)));
    let Some((name, norm, words)) = slips.next() else {
        return Ok(None);
    };
    let count = 1 + slips.count();
    let text = format!(
        "{count} recordings are not in the unit that their files tell: in {} the median acceleration is {:.3} g, where gravity is 1 g, as of \
         values in {words}",
        visible::name(name),
        norm.median
    );
    let remedy = "Mend the unit in the header or the first line of the files";
    let right = all
        .iter()
        .find(|(_, norm)| norm.steadiness >= STEADY && is_near(norm, 1.0));
    if let Some((right, _)) = right {
        bail!("{text}; in {} it is 1 g. {remedy}", visible::name(right));
    }
    Ok(Some(format!(
        "warning: {text}. {remedy}, if gravity is in them"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lying(gravity: f64) -> (String, Norm) {
        // One sample in ten is of a knock.
        let samples = (0..100).map(|i| {
            let shake = if i % 10 == 0 { 3.0 } else { 1.0 };
            [0.0, gravity * 0.6 * shake, -gravity * 0.8 * shake]
        });
        (format!("r{gravity}"), Norm::of(samples).unwrap())
    }

    /// Movement without gravity.
    fn moving(size: f64) -> (String, Norm) {
        let samples = (0..100).map(|i| [size * (f64::from(i) * 0.7).sin(), 0.0, 0.0]);
        (format!("m{size}"), Norm::of(samples).unwrap())
    }

    #[test]
    fn gravity_tells_the_unit() {
        for (gravity, expected) in [(1.0, "g"), (9.81, "m/s²"), (1050.0, "mg")] {
            let (_, norm) = lying(gravity);
            assert_eq!(unit_of(norm.median), Some(expected));
            assert!(norm.steadiness > 0.99);
        }
        assert_eq!(unit_of(8192.0), None);
        assert_eq!(unit_of(0.05), None);
        assert!(Norm::of(std::iter::empty()).is_none());
        let checked =
            |all: &[f64]| check_untold(&all.iter().map(|&g| lying(g)).collect::<Vec<_>>());
        assert_eq!(checked(&[1.0, 1.2]).unwrap(), None);
        assert_eq!(checked(&[8192.0, 8000.0]).unwrap(), None);
        for (all, part) in [
            ([1.0, 9.8], "as of m/s²"),
            ([1000.0, 8192.0], "raw counts"),
            ([8192.0, 1.0], "raw counts"),
        ] {
            let error = checked(&all).unwrap_err().to_string();
            assert!(error.contains(part) && error.contains("--unit"), "{error}");
        }
        let told = checked(&[4096.0, 16384.0]).unwrap().unwrap();
        assert!(told.contains("r16384") && told.contains("4096"), "{told}");
        // What moves all the time tells nothing.
        assert_eq!(
            check_untold(&[lying(1000.0), moving(12_000.0)]).unwrap(),
            None
        );
    }

    #[test]
    fn a_unit_that_is_told_is_compared_with_gravity() {
        assert_eq!(
            check_told(&[lying(1.0), moving(0.1), lying(1.3)]).unwrap(),
            None
        );
        let told = check_told(&[lying(0.102), lying(0.11)]).unwrap().unwrap();
        assert!(
            told.contains("2 recordings") && told.contains("g in place of m/s²"),
            "{told}"
        );
        let error = check_told(&[lying(1.0), lying(9.8)])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("m/s² in place of g") && error.contains("r9.8"),
            "{error}"
        );
    }
}
