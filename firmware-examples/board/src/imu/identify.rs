//! Finds the sensor on the bus.

use embedded_hal::i2c::I2c;

/// A family of sensors that one driver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "firmware", derive(defmt::Format))]
#[non_exhaustive]
pub enum Kind {
    /// ST LSM6DSO, LSM6DSOX, LSM6DSL, LSM6DS3 and LSM6DS3TR-C.
    Lsm6dso,
    /// InvenSense MPU-6050, -6500, -9250 and -9255.
    Mpu,
    /// InvenSense ICM-42670-P and ICM-42607.
    Icm42670,
    /// Bosch BMI270.
    Bmi270,
    /// ST LSM303AGR, an accelerometer with a magnetometer, which is not read: rotation reads zero.
    Lsm303agr,
    /// ST LIS3DH and LIS2DH12, accelerometers alone: rotation reads zero.
    Lis3dh,
}

/// A sensor and where it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// The kind of sensor.
    pub kind: Kind,
    /// 7-bit address of the sensor.
    pub address: u8,
}

/// Marks by which a kind is told from others: its addresses, the register that identifies it, and the values of that
/// register.
struct Identity {
    kind: Kind,
    addresses: &'static [u8],
    register: u8,
    values: &'static [u8],
    /// A second part of the same sensor, which must answer, too: its address, its identifying register and the value of
    /// that.
    companion: Option<[u8; 3]>,
}

/// Identities in the order in which the bus is asked. The BMI270 comes after the sensors that share its address: it has
/// nothing at their register, while theirs at its register 0 may hold anything. The accelerometers of LSM303AGR and
/// LIS3DH have one identity, but not one sensitivity: the magnetometer tells them apart.
const IDENTITIES: [Identity; 6] = [
    Identity {
        kind: Kind::Lsm6dso,
        addresses: &[0x6a, 0x6b],
        register: 0x0f,
        values: &[0x69, 0x6a, 0x6c],
        companion: None,
    },
    Identity {
        kind: Kind::Mpu,
        addresses: &[0x68, 0x69],
        register: 0x75,
        values: &[0x68, 0x70, 0x71, 0x73],
        companion: None,
    },
    Identity {
        kind: Kind::Icm42670,
        addresses: &[0x68, 0x69],
        register: 0x75,
        values: &[0x60, 0x67],
        companion: None,
    },
    Identity {
        kind: Kind::Bmi270,
        addresses: &[0x68, 0x69],
        register: 0x00,
        values: &[0x24],
        companion: None,
    },
    Identity {
        kind: Kind::Lsm303agr,
        addresses: &[0x19],
        register: 0x0f,
        values: &[0x33],
        companion: Some([0x1e, 0x4f, 0x40]),
    },
    Identity {
        kind: Kind::Lis3dh,
        addresses: &[0x18, 0x19],
        register: 0x0f,
        values: &[0x33],
        companion: None,
    },
];

/// The first known sensor that answers. Only identity registers are read.
pub fn find<I: I2c>(bus: &mut I) -> Option<Device> {
    // An address that nobody has is an error of the bus, too.
    let mut ask = |address: u8, register: u8| {
        let mut value = [0];
        let answer = bus.write_read(address, &[register], &mut value);
        answer.ok().map(|()| value[0])
    };
    IDENTITIES.iter().find_map(|identity| {
        let address = identity.addresses.iter().copied().find(|address| {
            ask(*address, identity.register).is_some_and(|value| identity.values.contains(&value))
        })?;
        if let Some([companion, register, value]) = identity.companion
            && ask(companion, register) != Some(value)
        {
            return None;
        }
        Some(Device {
            kind: identity.kind,
            address,
        })
    })
}
