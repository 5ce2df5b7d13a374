//! LIS3DH (ST CD00274221), LIS2DH12 and the accelerometer of the LSM303AGR: their registers for acceleration are the same.
//! None has a gyroscope. Our own: the setters of crate `lis2dh` 0.4 keep bits that other programs set, such as those of the
//! high-pass, the self-test and the order of bytes.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::registers::Registers;
use super::{Error, Scale, SixAxes};

mod register {
    pub const TEMP_CFG: u8 = 0x1f;
    pub const CTRL1: u8 = 0x20;
    pub const CTRL2: u8 = 0x21;
    pub const CTRL3: u8 = 0x22;
    pub const CTRL4: u8 = 0x23;
    pub const CTRL5: u8 = 0x24;
    pub const CTRL6: u8 = 0x25;
    pub const STATUS: u8 = 0x27;
    /// First data register: xyz, little-endian. The highest bit of the address asks for reading on.
    pub const OUT_X_L: u8 = 0x28 | 0x80;
    pub const FIFO_CTRL: u8 = 0x2e;
}

/// New values of all axes, in `STATUS`.
const ALL_NEW: u8 = 0x08;
/// Until samples are valid at high resolution: 7 of them (LIS2DH12 data sheet, operating modes).
const TURN_ON_MS: u32 = 70;

/// Wakes the sensor: 100 samples a second of 12 bits, ±4 g. It has no reset, so every register that samples depend on is set.
pub fn start<I: I2c>(imu: &mut Registers<I>, delay: &mut impl DelayNs) -> Result<(), Error> {
    imu.set(&[
        (register::TEMP_CFG, 0),
        (register::CTRL2, 0),
        (register::CTRL3, 0),
        // The two bytes of a value belong together; little-endian, ±4 g, high resolution, no self-test.
        (register::CTRL4, 0x98),
        (register::CTRL5, 0),
        (register::CTRL6, 0),
        (register::FIFO_CTRL, 0),
        (register::CTRL1, 0x57),
    ])?;
    delay.delay_ms(TURN_ON_MS);
    Ok(())
}

/// The newest sample, if it was not read before. `acceleration` is the scale of its counts, which are left-justified in 16
/// bits.
pub fn read<I: I2c>(imu: &mut Registers<I>, acceleration: Scale) -> Result<Option<SixAxes>, Error> {
    if imu.read(register::STATUS)? & ALL_NEW == 0 {
        return Ok(None);
    }
    let total = imu.values(register::OUT_X_L, i16::from_le_bytes)?;
    Ok(Some([acceleration.of(total), [0; 3]]))
}
