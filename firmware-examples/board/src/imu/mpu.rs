//! MPU-6050 (InvenSense RM-MPU-6000A) and its successors MPU-6500, MPU-9250 and MPU-9255. Our own: the setters of crate
//! `mpu6050-dmp` 0.6 set bits of a range and clear none, so that a range that was set before goes into the new one.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::registers::Registers;
use super::{Error, Scale, SixAxes};

mod register {
    pub const SMPLRT_DIV: u8 = 0x19;
    pub const CONFIG: u8 = 0x1a;
    pub const GYRO_CONFIG: u8 = 0x1b;
    pub const ACCEL_CONFIG: u8 = 0x1c;
    /// Filter of the accelerometer; the MPU-6050 does not have this register, its successors do.
    pub const ACCEL_CONFIG_2: u8 = 0x1d;
    pub const FIFO_EN: u8 = 0x23;
    /// Accelerometer xyz, temperature, then gyroscope xyz, big-endian.
    pub const ACCEL_XOUT_H: u8 = 0x3b;
    pub const USER_CTRL: u8 = 0x6a;
    pub const PWR_MGMT_1: u8 = 0x6b;
    pub const PWR_MGMT_2: u8 = 0x6c;
    pub const WHO_AM_I: u8 = 0x75;
}

const RESET: u8 = 0x80;
/// The identity of an MPU-6050.
const MPU_6050: u8 = 0x68;

/// Wakes the sensor: 100 samples a second through its low-pass of 20 Hz, the band of UCI HAR, ±4 g and ±2000 °/s.
pub fn start<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    imu.reset(register::PWR_MGMT_1, RESET, delay, 100)?;
    // Awake, all axes on, by the clock of the gyroscope.
    imu.set(&[(register::PWR_MGMT_1, 0x01), (register::PWR_MGMT_2, 0)])?;
    // From power-up to the first valid rotation (register map, section 4.28).
    delay.delay_ms(35);
    imu.set(&[
        (register::USER_CTRL, 0),
        (register::FIFO_EN, 0),
        (register::CONFIG, 0x04),
        // 1 kHz / (1 + 9).
        (register::SMPLRT_DIV, 9),
        (register::ACCEL_CONFIG, 0x08),
        (register::GYRO_CONFIG, 0x18),
    ])?;
    // There the low-pass of acceleration has a register of its own.
    if imu.read(register::WHO_AM_I)? != MPU_6050 {
        imu.set(&[(register::ACCEL_CONFIG_2, 0x04)])?;
    }
    Ok(())
}

/// The newest sample.
pub fn read<I: I2c>(imu: &mut Registers<I>) -> Result<SixAxes, Error> {
    let [ax, ay, az, _, gx, gy, gz] = imu.values(register::ACCEL_XOUT_H, i16::from_be_bytes)?;
    Ok([[ax, ay, az], Scale::ROTATION_16_4.of([gx, gy, gz])])
}
