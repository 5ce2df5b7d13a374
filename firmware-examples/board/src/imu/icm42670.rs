//! ICM-42670-P and ICM-42607 (TDK DS-000451). Their crate (`icm42670` 0.2) reads the two bytes of a value one by one, which
//! tears values when the sensor updates in between; here a sample is one transfer.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::registers::Registers;
use super::{Error, Scale, SixAxes};

mod register {
    pub const SIGNAL_PATH_RESET: u8 = 0x02;
    /// Accelerometer xyz, then gyroscope xyz.
    pub const ACCEL_DATA_X1: u8 = 0x0b;
    pub const PWR_MGMT0: u8 = 0x1f;
    pub const GYRO_CONFIG0: u8 = 0x20;
    pub const ACCEL_CONFIG0: u8 = 0x21;
    pub const GYRO_CONFIG1: u8 = 0x23;
    pub const ACCEL_CONFIG1: u8 = 0x24;
    pub const INTF_CONFIG0: u8 = 0x35;
    pub const INT_STATUS_DRDY: u8 = 0x39;
}

const RESET: u8 = 0x10;

/// Wakes both parts: 100 samples a second, ±4 g and ±2000 °/s.
pub fn start<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    imu.reset(register::SIGNAL_PATH_RESET, RESET, delay, 2)?;
    imu.set(&[(register::PWR_MGMT0, 0x0f)])?;
    // No register may be written so soon after.
    delay.delay_us(200);
    imu.set(&[
        // Big-endian values.
        (register::INTF_CONFIG0, 0x30),
        (register::ACCEL_CONFIG0, 0x49),
        (register::GYRO_CONFIG0, 0x09),
        // The filters of a reset.
        (register::ACCEL_CONFIG1, 0x41),
        (register::GYRO_CONFIG1, 0x31),
    ])
}

/// The newest sample, if it was not read before.
pub fn read<I: I2c>(imu: &mut Registers<I>) -> Result<Option<SixAxes>, Error> {
    if imu.read(register::INT_STATUS_DRDY)? & 1 == 0 {
        return Ok(None);
    }
    let [ax, ay, az, gx, gy, gz] = imu.values(register::ACCEL_DATA_X1, i16::from_be_bytes)?;
    Ok(Some([[ax, ay, az], Scale::ROTATION_16_4.of([gx, gy, gz])]))
}
