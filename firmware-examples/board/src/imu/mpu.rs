//! MPU-6050 and its successors, by crate `mpu6050-dmp`. The motion processor that it is named for stays off.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use mpu6050_dmp::accel::AccelFullScale;
use mpu6050_dmp::address::Address;
use mpu6050_dmp::config::DigitalLowPassFilter;
use mpu6050_dmp::error::Error as MpuError;
use mpu6050_dmp::gyro::GyroFullScale;
use mpu6050_dmp::sensor::Mpu6050;

use super::{Error, SixAxes, to_70_mdps};

pub type Mpu<I> = Mpu6050<I>;

/// Wakes the sensor: 100 samples a second through its low-pass of 20 Hz, the band of UCI HAR.
pub fn start<I: I2c>(bus: I, address: u8, delay: &mut impl DelayNs) -> Result<Mpu<I>, Error> {
    let mut imu = Mpu6050::new(bus, Address(address)).map_err(|_| Error::Bus)?;
    // From power-up to the first valid rotation (register map, section 4.28).
    delay.delay_ms(35);
    set_up(&mut imu).map_err(|_| Error::Bus)?;
    Ok(imu)
}

fn set_up<I: I2c>(imu: &mut Mpu<I>) -> Result<(), MpuError<I>> {
    imu.set_digital_lowpass_filter(DigitalLowPassFilter::Filter4)?;
    // 1 kHz / (1 + 9).
    imu.set_sample_rate_divider(9)?;
    imu.set_accel_full_scale(AccelFullScale::G4)?;
    imu.set_gyro_full_scale(GyroFullScale::Deg2000)
}

pub fn read<I: I2c>(imu: &mut Mpu<I>) -> Result<SixAxes, Error> {
    let (total, rotation) = imu.motion6().map_err(|_| Error::Bus)?;
    let rotation = to_70_mdps([rotation.x(), rotation.y(), rotation.z()]);
    Ok([[total.x(), total.y(), total.z()], rotation])
}
