//! The motion sensors that a board may carry or be wired to, found by asking the bus.
//!
//! Whichever answers, samples come in the channels and units of [`hadamrnn_firmware_common::imu`]: acceleration at
//! ±4 g and rotation at ±2000 °/s. All but the LSM6DSO run at 100 samples a second; the MPU and the BMI270 are read
//! without asking whether a sample is new, so poll them no faster than that.

mod bmi270;
mod icm42670;
mod identify;
mod lis3dh;
mod mpu;
#[cfg(test)]
mod tests;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use hadamrnn_firmware_common::imu::{GravityFilter, ImuError, Lsm6dso, Sample, SampleSource};

pub use identify::{Device, Kind, find};

/// Acceleration and rotation, each xyz, in counts of 1/8192 g and 70 m°/s.
type SixAxes = [[i16; 3]; 2];

/// Why a sensor does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "firmware", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error {
    /// No known sensor answers: look at power, ground, SDA and SCL.
    NotFound,
    /// The sensor stopped answering, or the bus is disturbed: look at the wires and the pull-ups.
    Bus,
    /// The sensor answers, but refuses its set-up.
    SetUp,
}

/// A sensor at work.
pub struct Imu<I: I2c, D> {
    kind: Kind,
    driver: Driver<I, D>,
    /// For the drivers that give six axes; the LSM6DSO's has its own.
    filter: GravityFilter,
}

enum Driver<I: I2c, D> {
    Lsm6dso(Lsm6dso<I>),
    Bmi270(bmi270::Bmi270<I, D>),
    Mpu(mpu::Mpu<I>),
    Icm42670(icm42670::Icm42670<I>),
    Lis3dh(lis3dh::Lis3dh<I>),
}

impl<I: I2c, D: DelayNs> Imu<I, D> {
    /// Looks for a sensor on the bus and sets it up.
    ///
    /// # Errors
    /// None answers, or the one that does cannot be set up.
    pub fn start(mut bus: I, mut delay: D) -> Result<Self, Error> {
        let Device { kind, address } = find(&mut bus).ok_or(Error::NotFound)?;
        let driver = match kind {
            Kind::Lsm6dso => Driver::Lsm6dso(Lsm6dso::new(bus, address).map_err(bus_error)?),
            Kind::Bmi270 => Driver::Bmi270(bmi270::start(bus, delay, address)?),
            Kind::Mpu => Driver::Mpu(mpu::start(bus, address, &mut delay)?),
            Kind::Icm42670 => {
                Driver::Icm42670(icm42670::Icm42670::start(bus, address, &mut delay)?)
            }
            Kind::Lis3dh => Driver::Lis3dh(lis3dh::start(bus, address, &mut delay)?),
        };
        Ok(Self {
            kind,
            driver,
            filter: GravityFilter::default(),
        })
    }

    /// What was found.
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl<I: I2c, D: DelayNs> SampleSource for Imu<I, D> {
    type Error = Error;

    fn poll(&mut self) -> Result<Option<Sample>, Error> {
        let axes = match &mut self.driver {
            Driver::Lsm6dso(imu) => return imu.poll().map_err(bus_error),
            Driver::Bmi270(imu) => Some(bmi270::read(imu)?),
            Driver::Mpu(imu) => Some(mpu::read(imu)?),
            Driver::Icm42670(imu) => imu.read()?,
            Driver::Lis3dh(imu) => lis3dh::read(imu)?,
        };
        Ok(axes.map(|[total, [gx, gy, gz]]| {
            let [bx, by, bz] = self.filter.body(total);
            let [ax, ay, az] = total;
            [bx, by, bz, gx, gy, gz, ax, ay, az]
        }))
    }
}

/// Of the LSM6DSO's driver: the identity is known by then.
fn bus_error<E>(error: ImuError<E>) -> Error {
    match error {
        ImuError::WrongDevice(_) => Error::SetUp,
        _ => Error::Bus,
    }
}

/// From the 1/16.4 °/s of Bosch and InvenSense at ±2000 °/s to ST's 70 m°/s: `x · 892/1024`, off by less than 0.1 %.
fn to_70_mdps(counts: [i16; 3]) -> [i16; 3] {
    counts.map(|x| ((i32::from(x) * 892 + 512) >> 10) as i16)
}
