//! Samples of motion in the channel order of UCI HAR: `[body_acc xyz, body_gyro xyz, total_acc xyz]`, in counts of
//! 1/8192 g at ±4 g and 70 m°/s at ±2000 °/s. No floating point: standardisation belongs to the model.

/// Values of a sample.
pub const CHANNELS: usize = 9;
/// A sample in UCI HAR order.
pub type Sample = [i16; CHANNELS];

/// Where samples come from.
pub trait SampleSource {
    /// Why a sample could not be read.
    type Error;

    /// The next sample, or `None` while there is no new one.
    fn poll(&mut self) -> Result<Option<Sample>, Self::Error>;
}

/// Splits acceleration into gravity and body motion, in integers.
///
/// One first-order low-pass for each axis, `g += (x - g) · 19/512`: its corner is 0.30 Hz at 50 samples
/// a second. (UCI HAR was filtered offline by a Butterworth filter of the same corner and zero phase,
/// which no streaming filter has.) Gravity has 12 fractional bits: |x| · 2^12 is at most 2^27, a
/// difference at most 2^28, so nothing overflows; truncation biases gravity by less than 0.03 counts.
#[derive(Clone, Debug, Default)]
pub struct GravityFilter {
    gravity: Option<[i32; 3]>,
}

impl GravityFilter {
    const FRACTION: u32 = 12;

    /// Takes total acceleration and gives body acceleration; the first sample is all gravity.
    pub fn body(&mut self, total: [i16; 3]) -> [i16; 3] {
        let scaled = total.map(|x| i32::from(x) << Self::FRACTION);
        let gravity = self.gravity.get_or_insert(scaled);
        let mut body = [0; 3];
        for ((body, gravity), x) in body.iter_mut().zip(gravity).zip(scaled) {
            let distance = x - *gravity;
            // 19/512 = 1/32 + 1/256 + 1/512.
            *gravity += (distance >> 5) + (distance >> 8) + (distance >> 9);
            let rounded = (x - *gravity + (1 << (Self::FRACTION - 1))) >> Self::FRACTION;
            *body = rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step of 256 counts: gravity follows by 256 · 19/512 = 9.5, and 246.5 rounds up.
    #[test]
    fn the_first_sample_is_all_gravity_and_a_step_is_all_motion_at_first() {
        let mut filter = GravityFilter::default();
        assert_eq!(filter.body([100, -200, 8192]), [0; 3]);
        assert_eq!(filter.body([356, -200, 8192]), [247, 0, 0]);
    }

    /// Amplitude of gravity relative to a sine of 10,000 counts at `hertz`, 50 samples a second.
    fn gravity_gain(hertz: f64) -> f64 {
        let mut filter = GravityFilter::default();
        filter.body([0; 3]);
        let mut peak = 0;
        for i in 0..20_000 {
            let x = (10_000.0 * (std::f64::consts::TAU * hertz * f64::from(i) / 50.0).sin()) as i16;
            let gravity = x - filter.body([x; 3])[0];
            if i > 10_000 {
                peak = peak.max(gravity);
            }
        }
        f64::from(peak) / 10_000.0
    }

    #[test]
    fn the_corner_is_at_three_tenths_of_a_hertz() {
        assert!(
            (gravity_gain(0.30) - std::f64::consts::FRAC_1_SQRT_2).abs() < 0.01,
            "{}",
            gravity_gain(0.30)
        );
        assert!(gravity_gain(0.03) > 0.99);
        assert!(gravity_gain(3.0) < 0.11);
    }

    #[test]
    fn extremes_saturate_and_settle() {
        let mut filter = GravityFilter::default();
        assert_eq!(filter.body([i16::MIN; 3]), [0; 3]);
        assert_eq!(filter.body([i16::MAX; 3]), [i16::MAX; 3]);
        for _ in 0..2_000 {
            filter.body([i16::MAX, 0, i16::MIN]);
        }
        assert_eq!(filter.body([i16::MAX, 0, i16::MIN]), [0; 3]);
    }
}
