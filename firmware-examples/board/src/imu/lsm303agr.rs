//! LSM303AGR, the micro:bit's accelerometer, by crate `lsm303agr`. It has no gyroscope.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use lsm303agr::interface::I2cInterface;
use lsm303agr::mode::MagOneShot;
use lsm303agr::{AccelMode, AccelOutputDataRate, AccelScale, Lsm303agr};

use super::{Error, SixAxes};

pub type Accelerometer<I> = Lsm303agr<I2cInterface<I>, MagOneShot>;

pub fn start<I: I2c>(bus: I, delay: &mut impl DelayNs) -> Result<Accelerometer<I>, Error> {
    let mut imu = Lsm303agr::new_with_i2c(bus);
    imu.init().map_err(|_| Error::Bus)?;
    imu.set_accel_scale(AccelScale::G4)
        .map_err(|_| Error::Bus)?;
    let (mode, rate) = (AccelMode::HighResolution, AccelOutputDataRate::Hz100);
    imu.set_accel_mode_and_odr(delay, mode, rate)
        .map_err(|_| Error::SetUp)?;
    Ok(imu)
}

/// Acceleration is left-justified in 16 bits, so its counts at ±4 g are 1/8192 g as they are.
pub fn read<I: I2c>(imu: &mut Accelerometer<I>) -> Result<Option<SixAxes>, Error> {
    if !imu.accel_status().map_err(|_| Error::Bus)?.xyz_new_data() {
        return Ok(None);
    }
    let (x, y, z) = imu.acceleration().map_err(|_| Error::Bus)?.xyz_raw();
    Ok(Some([[x, y, z].map(|x| x as i16), [0; 3]]))
}
