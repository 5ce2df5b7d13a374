//! ICM-42670-P and ICM-42607 (TDK DS-000451). Their crate (`icm42670` 0.2) reads the two bytes of a value one by one, which
//! tears values when the sensor updates in between; here a sample is one transfer.

use embedded_hal::delay::DelayNs;
use embedded_hal::i2c::I2c;

use super::{Error, SixAxes, to_70_mdps};

mod register {
    /// Accelerometer xyz, then gyroscope xyz, big-endian.
    pub const ACCEL_DATA_X1: u8 = 0x0b;
    pub const PWR_MGMT0: u8 = 0x1f;
    pub const GYRO_CONFIG0: u8 = 0x20;
    pub const ACCEL_CONFIG0: u8 = 0x21;
    pub const INT_STATUS_DRDY: u8 = 0x39;
}

/// The sensor.
pub struct Icm42670<I> {
    bus: I,
    address: u8,
}

impl<I: I2c> Icm42670<I> {
    /// Wakes both parts: 100 samples a second, ±4 g and ±2000 °/s.
    pub fn start(bus: I, address: u8, delay: &mut impl DelayNs) -> Result<Self, Error> {
        let mut imu = Self { bus, address };
        imu.write(register::PWR_MGMT0, 0x0f)?;
        // No register may be written so soon after.
        delay.delay_us(200);
        imu.write(register::ACCEL_CONFIG0, 0x49)?;
        imu.write(register::GYRO_CONFIG0, 0x09)?;
        Ok(imu)
    }

    /// The newest sample, if it was not read before.
    pub fn read(&mut self) -> Result<Option<SixAxes>, Error> {
        let [status] = self.registers(register::INT_STATUS_DRDY)?;
        if status & 1 == 0 {
            return Ok(None);
        }
        let bytes: [u8; 12] = self.registers(register::ACCEL_DATA_X1)?;
        let mut values = [0; 6];
        for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
            *value = i16::from_be_bytes(*bytes);
        }
        let [ax, ay, az, gx, gy, gz] = values;
        Ok(Some([[ax, ay, az], to_70_mdps([gx, gy, gz])]))
    }

    fn registers<const N: usize>(&mut self, first: u8) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.bus
            .write_read(self.address, &[first], &mut bytes)
            .map_err(|_| Error::Bus)?;
        Ok(bytes)
    }

    fn write(&mut self, register: u8, value: u8) -> Result<(), Error> {
        self.bus
            .write(self.address, &[register, value])
            .map_err(|_| Error::Bus)
    }
}
