//! ICM-42670 and ICM-42607, by the crate of the same name.

use ::icm42670::accelerometer::RawAccelerometer;
use ::icm42670::{
    AccelOdr, AccelRange, Address, Error as DriverError, GyroOdr, GyroRange, Icm42670,
};
use embedded_hal::i2c::I2c;

use super::{Error, SixAxes, to_70_mdps};

/// Sets ranges and rates; the driver has it awake.
pub fn start<I: I2c>(bus: I, address: u8) -> Result<Icm42670<I>, Error> {
    let address = match address {
        0x68 => Address::Primary,
        _ => Address::Secondary,
    };
    let mut imu = Icm42670::new(bus, address).map_err(error)?;
    imu.set_accel_range(AccelRange::G4).map_err(error)?;
    imu.set_accel_odr(AccelOdr::Hz100).map_err(error)?;
    imu.set_gyro_range(GyroRange::Deg2000).map_err(error)?;
    imu.set_gyro_odr(GyroOdr::Hz100).map_err(error)?;
    Ok(imu)
}

pub fn read<I: I2c>(imu: &mut Icm42670<I>) -> Result<SixAxes, Error> {
    let total = imu.accel_raw().map_err(|_| Error::Bus)?;
    let rotation = imu.gyro_raw().map_err(error)?;
    let rotation = to_70_mdps([rotation.x, rotation.y, rotation.z]);
    Ok([[total.x, total.y, total.z], rotation])
}

fn error<E>(error: DriverError<E>) -> Error {
    match error {
        DriverError::BusError(_) => Error::Bus,
        _ => Error::SetUp,
    }
}
