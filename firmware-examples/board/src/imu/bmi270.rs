//! BMI270 (Bosch BST-BMI270-DS000). Crate `bmi2` loads its microcode.

use bmi2::config::BMI270_CONFIG_FILE;
use bmi2::types::{Burst, Error as DriverError};
use bmi2::{Bmi2, I2cAddr};
use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::registers::Registers;
use super::{Error, Scale, SixAxes};

mod register {
    /// Accelerometer xyz, then gyroscope xyz, little-endian.
    pub const ACC_DATA_0: u8 = 0x0c;
    pub const INTERNAL_STATUS: u8 = 0x21;
    pub const ACC_CONF: u8 = 0x40;
    pub const ACC_RANGE: u8 = 0x41;
    pub const GYR_CONF: u8 = 0x42;
    pub const GYR_RANGE: u8 = 0x43;
    pub const PWR_CONF: u8 = 0x7c;
    pub const PWR_CTRL: u8 = 0x7d;
}

/// Value of the register `PWR_CONF` that switches power saving off.
const POWER_SAVE_OFF: u8 = 0x02;
/// Bytes of its 8 KiB of microcode to a transfer: fits the 255 bytes of every chip's bus controller.
const BURST: usize = 128;

/// Resets the sensor, loads its microcode, which takes about 0.2 s at 400 kHz, and wakes both parts: 100 samples a second, ±4 g
/// and ±2000 °/s.
pub fn start<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    load(imu, delay)?;
    // Registers are slow while it saves power, and for a while after.
    imu.write(register::PWR_CONF, POWER_SAVE_OFF)?;
    delay.delay_us(450);
    imu.set(&[
        (register::PWR_CONF, POWER_SAVE_OFF),
        (register::ACC_CONF, 0xa8),
        (register::ACC_RANGE, 0x01),
        (register::GYR_CONF, 0xe8),
        (register::GYR_RANGE, 0),
        (register::PWR_CTRL, 0x06),
    ])
}

fn load<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    let (bus, address) = imu.bus();
    let address = match address {
        0x68 => I2cAddr::Default,
        _ => I2cAddr::Alternative,
    };
    let mut driver = Bmi2::<_, _, BURST>::new_i2c(bus, delay, address, Burst::new(BURST as u16));
    driver
        .init(&BMI270_CONFIG_FILE)
        .map_err(|error| match error {
            DriverError::Comm(_) => Error::Bus,
            _ => Error::SetUp {
                register: register::INTERNAL_STATUS,
            },
        })
}

/// The newest sample.
pub fn read<I: I2c>(imu: &mut Registers<I>) -> Result<SixAxes, Error> {
    let [ax, ay, az, gx, gy, gz] = imu.values(register::ACC_DATA_0, i16::from_le_bytes)?;
    Ok([[ax, ay, az], Scale::ROTATION_16_384.of([gx, gy, gz])])
}
