//! Mean, deviation and range of results over seeds.

use serde::{Deserialize, Serialize};

/// Mean, standard deviation and range of values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample (divided by one less than the count); none for a single value.
    pub deviation: Option<f64>,
    /// The lowest value.
    pub lowest: f64,
    /// The highest value.
    pub highest: f64,
}

impl Spread {
    /// Of values; of none the mean is no number.
    pub fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Self {
            mean,
            deviation: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
            lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
            highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// The same with `change` applied to each figure, as a change of the unit or of the digits does.
    pub fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self {
            mean: change(self.mean),
            deviation: self.deviation.map(&change),
            lowest: change(self.lowest),
            highest: change(self.highest),
        }
    }

    /// Mean and deviation with `digits` after the point, as "91.55 ± 0.31".
    pub fn text(&self, digits: usize) -> String {
        let mean = format!("{:.digits$}", self.mean);
        self.deviation.map_or(mean.clone(), |deviation| {
            format!("{mean} ± {deviation:.digits$}")
        })
    }

    /// Lowest and highest value with `digits` after the point, as "91.20 - 91.90"; one where they look alike.
    pub fn range(&self, digits: usize) -> String {
        let (lowest, highest) = (self.lowest, self.highest);
        let [lowest, highest] = [lowest, highest].map(|value| format!("{value:.digits$}"));
        match lowest == highest {
            true => lowest,
            false => format!("{lowest} - {highest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_are_of_the_sample() {
        let spread = Spread::of(&[1.0, 2.0, 3.0]);
        assert_eq!(spread.text(1), "2.0 ± 1.0");
        assert_eq!(spread.range(1), "1.0 - 3.0");
        assert_eq!(spread.map(|value| 10.0 * value).text(0), "20 ± 10");
        let one = Spread::of(&[4.0]);
        assert_eq!((one.text(2), one.range(0)), ("4.00".into(), "4".into()));
    }
}
