//! LIS3DH, LIS2DH12 and the accelerometer of the LSM303AGR, by crate `lis2dh`: their registers for acceleration are the
//! same. None has a gyroscope.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use lis2dh::{
    AccelerationData, Error as DriverError, FullScale, Lis2dh, Mode, OutputDataRate, Register,
    Sa0Pad,
};

use super::{Error, SixAxes};

pub type Lis3dh<I> = Lis2dh<I>;

/// Bit of `CTRL_REG4` that keeps the two bytes of a value together.
const BLOCK_DATA_UPDATE: u8 = 0x80;
/// Until samples are valid at high resolution: 7 of them (LIS2DH12 data sheet, operating modes).
const TURN_ON_MS: u32 = 70;

/// Wakes the sensor: 100 samples a second of 12 bits, ±4 g.
pub fn start<I: I2c>(bus: I, address: u8, delay: &mut impl DelayNs) -> Result<Lis3dh<I>, Error> {
    let pad = match address {
        0x18 => Sa0Pad::Low,
        _ => Sa0Pad::High,
    };
    let mut imu = Lis2dh::new(bus, pad);
    set_up(&mut imu).map_err(error)?;
    delay.delay_ms(TURN_ON_MS);
    Ok(imu)
}

fn set_up<I: I2c>(imu: &mut Lis3dh<I>) -> Result<(), DriverError<I::Error>> {
    imu.set_register_bits(Register::CtrlReg4, BLOCK_DATA_UPDATE)?;
    imu.set_full_scale(FullScale::Fs4g)?;
    imu.set_mode(Mode::HighResolution)?;
    imu.set_output_data_rate(OutputDataRate::Hz100)
}

/// The newest sample, if it was not read before. Acceleration is left-justified in 16 bits, so its counts at ±4 g are
/// 1/8192 g as they are.
pub fn read<I: I2c>(imu: &mut Lis3dh<I>) -> Result<Option<SixAxes>, Error> {
    if !imu.read_status().map_err(error)?.xyz_data_available {
        return Ok(None);
    }
    let mut sample = [AccelerationData::default()];
    // What reads its queue of samples reads the output registers, where the queue is off.
    imu.read_data(&mut sample).map_err(error)?;
    let [AccelerationData { x, y, z }] = sample;
    Ok(Some([[x, y, z], [0; 3]]))
}

fn error<E>(error: DriverError<E>) -> Error {
    match error {
        DriverError::I2c(_) => Error::Bus,
        _ => Error::SetUp,
    }
}
