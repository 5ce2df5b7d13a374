//! Converts a sensor's counts to those of a sample: 1/8192 g and 70 m°/s.

/// How many counts of a sample one of the sensor is, in 1/32768.
#[derive(Clone, Copy)]
pub struct Scale(i32);

impl Scale {
    /// Acceleration in 1/8192 g: as it is.
    pub const ACCELERATION_8192: Self = Self::ratio(1, 1);
    /// Acceleration in 1/8000 g.
    pub const ACCELERATION_8000: Self = Self::ratio(8_192, 8_000);
    /// Rotation in 1/16.4 °/s: 16.4 · 0.070 is 1.148.
    pub const ROTATION_16_4: Self = Self::ratio(1_000, 1_148);
    /// Rotation in 1/16.384 °/s.
    pub const ROTATION_16_384: Self = Self::ratio(100_000, 114_688);

    /// Nearest to `numerator / denominator`, which is below 2.
    const fn ratio(numerator: u32, denominator: u32) -> Self {
        let doubled = ((numerator as u64) << 16) / denominator as u64;
        Self(doubled.div_ceil(2) as i32)
    }

    /// Three counts, rounded and saturated: |x| · 2^16 is below 2^31.
    pub fn of(self, counts: [i16; 3]) -> [i16; 3] {
        counts.map(|x| {
            let scaled = (i32::from(x) * self.0 + (1 << 14)) >> 15;
            scaled.clamp(i16::MIN.into(), i16::MAX.into()) as i16
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every count is the nearest to the exact ratio, except for the rounding of the ratio itself.
    #[test]
    fn counts_are_those_of_the_exact_ratio() {
        let exact = [
            (Scale::ACCELERATION_8192, 1.0),
            (Scale::ACCELERATION_8000, 8192.0 / 8000.0),
            (Scale::ROTATION_16_4, 1.0 / 16.4 / 0.070),
            (Scale::ROTATION_16_384, 1.0 / 16.384 / 0.070),
        ];
        for (scale, ratio) in exact {
            for x in i16::MIN..=i16::MAX {
                let exact = (f64::from(x) * ratio).clamp(i16::MIN.into(), i16::MAX.into());
                let [found, ..] = scale.of([x; 3]);
                let error = (f64::from(found) - exact).abs();
                assert!(
                    error <= 0.5 + 20e-6 * exact.abs(),
                    "{x}: {found}, not {exact}"
                );
            }
        }
    }
}
