//! Samples from a six-axis IMU (LSM6DSO and relatives) in the channel order of UCI HAR, over any
//! `embedded-hal` I²C bus.
//!
//! A sample is `[body_acc xyz, body_gyro xyz, total_acc xyz]` in raw sensor counts: at ±4 g one count
//! is 0.122 mg, at ±2000 °/s it is 70 m°/s. No floating point, no unit conversion: standardisation
//! belongs to the model.

use embedded_hal::i2c::I2c;

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

/// Why an [`Lsm6dso`] failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImuError<E> {
    /// The bus reported an error.
    Bus(E),
    /// The device at this address answers with this identity instead.
    WrongDevice(u8),
}

impl<E> From<E> for ImuError<E> {
    fn from(error: E) -> Self {
        Self::Bus(error)
    }
}

/// Registers of the LSM6DSO (ST DS12140), the same on its relatives.
mod register {
    pub const WHO_AM_I: u8 = 0x0f;
    pub const CTRL1_XL: u8 = 0x10;
    pub const CTRL2_G: u8 = 0x11;
    pub const CTRL3_C: u8 = 0x12;
    pub const STATUS: u8 = 0x1e;
    /// Gyroscope xyz, then accelerometer xyz, little-endian.
    pub const OUTX_L_G: u8 = 0x22;
}

/// What `WHO_AM_I` holds: LSM6DS3, LSM6DSL/LSM6DS3TR-C, LSM6DSOX/LSM6DSO, in this order.
const IDENTITIES: [u8; 3] = [0x69, 0x6a, 0x6c];

/// The sensor.
#[derive(Debug)]
pub struct Lsm6dso<I> {
    bus: I,
    address: u8,
    filter: GravityFilter,
}

impl<I: I2c> Lsm6dso<I> {
    /// Address with pin SA0 low (high: 0x6b).
    pub const ADDRESS: u8 = 0x6a;

    /// Checks the identity; sets 52 samples a second (the nearest rate to 50), ±4 g and ±2000 °/s.
    pub fn new(bus: I, address: u8) -> Result<Self, ImuError<I::Error>> {
        let mut imu = Self {
            bus,
            address,
            filter: GravityFilter::default(),
        };
        let [identity] = imu.read(register::WHO_AM_I)?;
        if !IDENTITIES.contains(&identity) {
            return Err(ImuError::WrongDevice(identity));
        }
        // Block data update, so that a sample's two bytes belong together; address auto-increment.
        imu.write(register::CTRL3_C, 0x44)?;
        imu.write(register::CTRL1_XL, 0x38)?;
        imu.write(register::CTRL2_G, 0x3c)?;
        Ok(imu)
    }

    /// Gives the bus back.
    pub fn release(self) -> I {
        self.bus
    }

    fn read<const N: usize>(&mut self, register: u8) -> Result<[u8; N], I::Error> {
        let mut bytes = [0; N];
        self.bus.write_read(self.address, &[register], &mut bytes)?;
        Ok(bytes)
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), I::Error> {
        self.bus.write(self.address, &[register, value])
    }
}

impl<I: I2c> SampleSource for Lsm6dso<I> {
    type Error = ImuError<I::Error>;

    fn poll(&mut self) -> Result<Option<Sample>, Self::Error> {
        const BOTH_READY: u8 = 0b11;
        let [status] = self.read(register::STATUS)?;
        if status & BOTH_READY != BOTH_READY {
            return Ok(None);
        }
        let bytes: [u8; 12] = self.read(register::OUTX_L_G)?;
        let mut raw = [0; 6];
        crate::windows::decode_sample(&bytes, &mut raw);
        let [gx, gy, gz, ax, ay, az] = raw;
        let [bx, by, bz] = self.filter.body([ax, ay, az]);
        Ok(Some([bx, by, bz, gx, gy, gz, ax, ay, az]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal::i2c::ErrorKind;
    use embedded_hal_mock::eh1::i2c::{Mock, Transaction};

    const AT: u8 = Lsm6dso::<Mock>::ADDRESS;

    fn start() -> Vec<Transaction> {
        vec![
            Transaction::write_read(AT, vec![0x0f], vec![0x6c]),
            Transaction::write(AT, vec![0x12, 0x44]),
            Transaction::write(AT, vec![0x10, 0x38]),
            Transaction::write(AT, vec![0x11, 0x3c]),
        ]
    }

    fn output(values: [i16; 6]) -> Transaction {
        let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        Transaction::write_read(AT, vec![0x22], bytes)
    }

    #[test]
    fn samples_come_in_channel_order() {
        let mut script = start();
        script.extend([
            Transaction::write_read(AT, vec![0x1e], vec![0b01]),
            Transaction::write_read(AT, vec![0x1e], vec![0b11]),
            output([1, -2, 3, 100, -200, 8192]),
            Transaction::write_read(AT, vec![0x1e], vec![0b111]),
            output([4, 5, 6, 356, -200, 8192]),
        ]);
        let mut imu = Lsm6dso::new(Mock::new(&script), AT).unwrap();
        assert_eq!(imu.poll().unwrap(), None, "the gyroscope is not ready");
        let first = imu.poll().unwrap().unwrap();
        assert_eq!(first, [0, 0, 0, 1, -2, 3, 100, -200, 8192]);
        // A step of 256 counts: gravity follows by 256 · 19/512 = 9.5, and 246.5 rounds up.
        let second = imu.poll().unwrap().unwrap();
        assert_eq!(second, [247, 0, 0, 4, 5, 6, 356, -200, 8192]);
        imu.release().done();
    }

    #[test]
    fn a_wrong_device_and_a_bus_error_are_told_apart() {
        let other = [Transaction::write_read(AT, vec![0x0f], vec![0x71])];
        let mut bus = Mock::new(&other);
        assert_eq!(
            Lsm6dso::new(bus.clone(), AT).err(),
            Some(ImuError::WrongDevice(0x71))
        );
        bus.done();
        let broken =
            [Transaction::write_read(AT, vec![0x0f], vec![0]).with_error(ErrorKind::Other)];
        let mut bus = Mock::new(&broken);
        assert_eq!(
            Lsm6dso::new(bus.clone(), AT).err(),
            Some(ImuError::Bus(ErrorKind::Other))
        );
        bus.done();
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
