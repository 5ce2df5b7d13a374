//! The registers of a sensor on an I²C bus.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::Error;

/// A sensor's registers, of a byte each.
pub struct Registers<I> {
    bus: I,
    address: u8,
}

impl<I: I2c> Registers<I> {
    pub const fn new(bus: I, address: u8) -> Self {
        Self { bus, address }
    }

    /// The bus, and where the sensor is on it: for another driver.
    pub fn bus(&mut self) -> (&mut I, u8) {
        (&mut self.bus, self.address)
    }

    pub fn read(&mut self, register: u8) -> Result<u8, Error> {
        let [[value]] = self.read_all(register)?;
        Ok(value)
    }

    /// Reads values of two bytes from a register on, in one transfer, so that the sensor does not update them in between.
    pub fn values<const N: usize>(
        &mut self,
        first: u8,
        value: fn([u8; 2]) -> i16,
    ) -> Result<[i16; N], Error> {
        Ok(self.read_all(first)?.map(value))
    }

    fn read_all<const BYTES: usize, const N: usize>(
        &mut self,
        first: u8,
    ) -> Result<[[u8; BYTES]; N], Error> {
        let mut bytes = [[0; BYTES]; N];
        self.bus
            .write_read(self.address, &[first], bytes.as_flattened_mut())
            .map_err(|_| Error::Bus)?;
        Ok(bytes)
    }

    pub fn write(&mut self, register: u8, value: u8) -> Result<(), Error> {
        self.bus
            .write(self.address, &[register, value])
            .map_err(|_| Error::Bus)
    }

    /// Asks for a reset by a bit that the sensor clears when it is done, within so many milliseconds.
    pub fn reset(
        &mut self,
        register: u8,
        bit: u8,
        delay: &mut impl DelayNs,
        milliseconds: u32,
    ) -> Result<(), Error> {
        self.write(register, bit)?;
        delay.delay_ms(milliseconds);
        match self.read(register)? & bit {
            0 => Ok(()),
            _ => Err(Error::SetUp { register }),
        }
    }

    /// Sets registers, each to the value beside it and in this order, whatever they hold from a program that ran before, and
    /// reads each back.
    pub fn set(&mut self, settings: &[(u8, u8)]) -> Result<(), Error> {
        for &(register, value) in settings {
            self.write(register, value)?;
        }
        for &(register, value) in settings {
            if self.read(register)? != value {
                return Err(Error::SetUp { register });
            }
        }
        Ok(())
    }
}
