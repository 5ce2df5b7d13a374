//! Which sensor is on the bus.

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
    /// ST LIS3DH, LIS2DH12 and LSM303AGR, accelerometers without gyroscope: rotation reads zero.
    Lis3dh,
}

/// A sensor and where it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it is.
    pub kind: Kind,
    /// Its 7-bit address.
    pub address: u8,
}

/// How a kind is told from others: addresses, the register that identifies it, and what that may hold.
struct Identity {
    kind: Kind,
    addresses: &'static [u8],
    register: u8,
    values: &'static [u8],
}

/// In the order of asking. The BMI270 comes after those that share its address: it has nothing at their register, while
/// theirs at its register 0 may hold anything.
const IDENTITIES: [Identity; 5] = [
    Identity {
        kind: Kind::Lsm6dso,
        addresses: &[0x6a, 0x6b],
        register: 0x0f,
        values: &[0x69, 0x6a, 0x6c],
    },
    Identity {
        kind: Kind::Mpu,
        addresses: &[0x68, 0x69],
        register: 0x75,
        values: &[0x68, 0x70, 0x71, 0x73],
    },
    Identity {
        kind: Kind::Icm42670,
        addresses: &[0x68, 0x69],
        register: 0x75,
        values: &[0x60, 0x67],
    },
    Identity {
        kind: Kind::Bmi270,
        addresses: &[0x68, 0x69],
        register: 0x00,
        values: &[0x24],
    },
    Identity {
        kind: Kind::Lis3dh,
        addresses: &[0x18, 0x19],
        register: 0x0f,
        values: &[0x33],
    },
];

/// The first known sensor that answers. Only identity registers are read.
pub fn find<I: I2c>(bus: &mut I) -> Option<Device> {
    IDENTITIES.iter().find_map(|identity| {
        let answers = |address: &u8| {
            let mut value = [0];
            // An address that nobody has is an error of the bus, too.
            bus.write_read(*address, &[identity.register], &mut value)
                .is_ok()
                && identity.values.contains(&value[0])
        };
        let address = identity.addresses.iter().copied().find(answers)?;
        Some(Device {
            kind: identity.kind,
            address,
        })
    })
}
