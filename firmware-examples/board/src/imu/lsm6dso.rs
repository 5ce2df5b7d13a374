//! LSM6DSO (ST DS12140), LSM6DSOX, LSM6DSL, LSM6DS3 and LSM6DS3TR-C, whose registers for samples are the same. Our own: the
//! crates for them give floats (`lsm6dsox`) or allocate (`lsm6ds3tr`).

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::registers::Registers;
use super::{Error, SixAxes};

mod register {
    pub const CTRL1_XL: u8 = 0x10;
    pub const CTRL2_G: u8 = 0x11;
    pub const CTRL3_C: u8 = 0x12;
    pub const CTRL4_C: u8 = 0x13;
    pub const CTRL5_C: u8 = 0x14;
    pub const CTRL6_C: u8 = 0x15;
    pub const CTRL7_G: u8 = 0x16;
    pub const CTRL8_XL: u8 = 0x17;
    pub const STATUS: u8 = 0x1e;
    /// Gyroscope xyz, then accelerometer xyz, little-endian.
    pub const OUTX_L_G: u8 = 0x22;
}

const RESET: u8 = 0x01;
/// New values of both parts, in `STATUS`.
const BOTH_NEW: u8 = 0b11;

/// Wakes both parts: 52 samples a second (the nearest rate to 50), ±4 g and ±2000 °/s.
pub fn start<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    imu.reset(register::CTRL3_C, RESET, delay, 1)?;
    imu.set(&[
        // Block data update, so that a value's two bytes belong together; address auto-increment.
        (register::CTRL3_C, 0x44),
        // No self-test and no filter but the first.
        (register::CTRL4_C, 0),
        (register::CTRL5_C, 0),
        (register::CTRL6_C, 0),
        (register::CTRL7_G, 0),
        (register::CTRL8_XL, 0),
        (register::CTRL1_XL, 0x38),
        (register::CTRL2_G, 0x3c),
    ])
}

/// The newest sample, if it was not read before. Its counts are those of a sample.
pub fn read<I: I2c>(imu: &mut Registers<I>) -> Result<Option<SixAxes>, Error> {
    if imu.read(register::STATUS)? & BOTH_NEW != BOTH_NEW {
        return Ok(None);
    }
    let [gx, gy, gz, ax, ay, az] = imu.values(register::OUTX_L_G, i16::from_le_bytes)?;
    Ok(Some([[ax, ay, az], [gx, gy, gz]]))
}
