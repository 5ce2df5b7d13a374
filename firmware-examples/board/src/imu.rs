//! The motion sensors that a board may carry or be wired to, found by asking the bus.
//!
//! Whichever answers, samples come in the channels and units of [`hadamrnn_device::imu`]: acceleration at
//! ±4 g and rotation at ±2000 °/s. All but the LSM6DSO run at 100 samples a second; the MPU and the BMI270 are read
//! without asking whether a sample is new, so poll them no faster than that.

mod bmi270;
mod icm42670;
mod identify;
mod lis3dh;
mod lsm6dso;
mod mpu;
mod registers;
mod scale;
#[cfg(test)]
mod tests;

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;
use hadamrnn_device::imu::{GravityFilter, Sample, SampleSource};

pub use identify::{Device, Kind, find};

use registers::Registers;
use scale::Scale;

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
    /// The sensor answers, but does not keep a setting: its samples would be of another range or rate. Cut its power for a
    /// moment; where that does not help, it is another sensor than its identity says.
    SetUp {
        /// The register that reads back otherwise than it was set.
        register: u8,
    },
}

/// A sensor at work.
pub struct Imu<I> {
    kind: Kind,
    registers: Registers<I>,
    filter: GravityFilter,
}

impl<I: I2c> Imu<I> {
    /// Looks for a sensor on the bus, and sets it up whatever a program before has left in its registers.
    ///
    /// # Errors
    /// None answers, or the one that does cannot be set up.
    pub fn start(mut bus: I, mut delay: impl DelayNs) -> Result<Self, Error> {
        let Device { kind, address } = find(&mut bus).ok_or(Error::NotFound)?;
        let mut registers = Registers::new(bus, address);
        match kind {
            Kind::Lsm6dso => lsm6dso::start(&mut registers, &mut delay),
            Kind::Mpu => mpu::start(&mut registers, &mut delay),
            Kind::Icm42670 => icm42670::start(&mut registers, &mut delay),
            Kind::Bmi270 => bmi270::start(&mut registers, &mut delay),
            Kind::Lsm303agr | Kind::Lis3dh => lis3dh::start(&mut registers, &mut delay),
        }?;
        Ok(Self {
            kind,
            registers,
            filter: GravityFilter::default(),
        })
    }

    /// The kind of sensor that was found.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    fn read(&mut self) -> Result<Option<SixAxes>, Error> {
        let imu = &mut self.registers;
        match self.kind {
            Kind::Lsm6dso => lsm6dso::read(imu),
            Kind::Mpu => mpu::read(imu).map(Some),
            Kind::Icm42670 => icm42670::read(imu),
            Kind::Bmi270 => bmi270::read(imu).map(Some),
            Kind::Lsm303agr => lis3dh::read(imu, Scale::ACCELERATION_8192),
            Kind::Lis3dh => lis3dh::read(imu, Scale::ACCELERATION_8000),
        }
    }
}

impl<I: I2c> SampleSource for Imu<I> {
    type Error = Error;

    fn poll(&mut self) -> Result<Option<Sample>, Error> {
        let axes = self.read()?;
        Ok(axes.map(|[total, [gx, gy, gz]]| {
            let [bx, by, bz] = self.filter.body(total);
            let [ax, ay, az] = total;
            [bx, by, bz, gx, gy, gz, ax, ay, az]
        }))
    }
}
