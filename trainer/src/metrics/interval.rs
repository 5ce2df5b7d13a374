//! How far a share that was counted may be off.

/// Quantile of the normal distribution for 95 %, both sides.
const Z: f64 = 1.959963984540054;

/// Wilson's 95 % confidence interval of a share, `0..=1`, of which `right` of `all` were counted; `(0, 1)` for nothing. It takes
/// the counted ones as independent.
pub fn wilson(right: u64, all: u64) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (all as f64, right.min(all) as f64 / all as f64);
    let centre = share + Z * Z / (2.0 * n);
    let reach = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let low = ((centre - reach) / scale).max(0.0);
    let high = ((centre + reach) / scale).min(1.0);
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn intervals_are_those_of_the_literature() {
        // Newcombe 1998, table I, method 3.
        for (right, all, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let found = wilson(right, all);
            assert!((found.0 - low).abs() < 6e-5, "{right}/{all}: {found:?}");
            assert!((found.1 - high).abs() < 6e-5, "{right}/{all}: {found:?}");
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        let (low, high) = wilson(20, 20);
        assert!(low > 0.83 && high == 1.0);
    }
}
