//! Numbers that checks share: medians, and bounds that chance does not pass.

/// Median of values; none of none. Of an even number the lower one of the two in the middle.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which a share of the values lies; none of none.
pub(super) fn quantile(values: &[f64], share: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut values = values.to_vec();
    let at = ((values.len() - 1) as f64 * share) as usize;
    let (_, value, _) = values.select_nth_unstable_by(at, f64::total_cmp);
    Some(*value)
}

/// Mean and standard deviation of values; zeros of none.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>();
    (mean, (variance / count).sqrt())
}

/// The chance that at least `right` of `count` guesses are right, each with the chance `chance`.
pub(super) fn chance_of(right: usize, count: usize, chance: f64) -> f64 {
    if right == 0 {
        return 1.0;
    }
    if !(0.0..1.0).contains(&chance) {
        return f64::from(u8::from(chance >= 1.0));
    }
    // Logarithms of the coefficients, so that nothing overflows.
    let (yes, no) = (chance.max(f64::MIN_POSITIVE).ln(), (1.0 - chance).ln());
    let mut coefficient = 0.0;
    let mut sum = 0.0;
    for i in 0..=count {
        if i > 0 {
            coefficient += ((count - i + 1) as f64).ln() - (i as f64).ln();
        }
        if i >= right {
            sum += (coefficient + i as f64 * yes + (count - i) as f64 * no).exp();
        }
    }
    sum.min(1.0)
}

/// The highest share that `share` right of `count` guesses leave likely: Wilson's bound at one in a hundred.
pub(super) fn highest_likely(share: f64, count: f64) -> f64 {
    const Z: f64 = 2.326;
    let squared = Z * Z / count.max(1.0);
    let spread = (share * (1.0 - share) / count.max(1.0) + squared / (4.0 * count.max(1.0))).sqrt();
    ((share + squared / 2.0 + Z * spread) / (1.0 + squared)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_coins() {
        assert_eq!(chance_of(0, 10, 0.5), 1.0);
        assert!((chance_of(10, 10, 0.5) - 2f64.powi(-10)).abs() < 1e-12);
        assert!((chance_of(1, 2, 0.5) - 0.75).abs() < 1e-12);
        assert!((chance_of(2, 2, 0.25) - 0.0625).abs() < 1e-12);
        assert!(chance_of(900, 1000, 0.5) < 1e-100);
        assert_eq!(
            (chance_of(3, 3, 1.0), chance_of(1, 3, 0.0) < 1e-100),
            (1.0, true)
        );
    }

    #[test]
    fn bounds_close_with_more_guesses() {
        let bound = |count| highest_likely(0.5, count);
        assert!(bound(10.0) > 0.75 && bound(1000.0) < 0.54 && bound(1000.0) > 0.53);
        assert_eq!(highest_likely(1.0, 5.0), 1.0);
    }

    #[test]
    fn quantiles_of_few() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.75), Some(4.0));
        assert_eq!(mean_and_deviation(&[1.0, 3.0]), (2.0, 1.0));
    }
}
