//! Channels of a sample by what they measure, in 16 bits: so that a model finds its inputs in the samples of any sensor that
//! has them.
//!
//! A sample is a row of up to five quantities, such as acceleration and then rotation, each with three axes x y z or one value.
//! Three bits a quantity, the first in the lowest bits; 0 ends the row. So 16 zero bits say nothing, as firmware and slots that
//! are older than this do.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Most values of a sample that are reported.
pub const MAX_CHANNELS: usize = 16;

/// A physical quantity of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Quantity {
    /// Acceleration as an accelerometer gives it, gravity included; x y z.
    Acceleration,
    /// Gravity, the slow part of acceleration; x y z.
    Gravity,
    /// Acceleration without gravity; x y z.
    Motion,
    /// Rate of rotation; x y z.
    Rotation,
    /// Magnetic field; x y z.
    MagneticField,
    /// Temperature, one value.
    Temperature,
}

impl Quantity {
    /// All of them; their numbers are from 1 on.
    pub const ALL: [Self; 6] = [
        Self::Acceleration,
        Self::Gravity,
        Self::Motion,
        Self::Rotation,
        Self::MagneticField,
        Self::Temperature,
    ];

    /// Names of its values, as recordings have them.
    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Acceleration => &["total_acc_x", "total_acc_y", "total_acc_z"],
            Self::Gravity => &["gravity_x", "gravity_y", "gravity_z"],
            Self::Motion => &["body_acc_x", "body_acc_y", "body_acc_z"],
            Self::Rotation => &["body_gyro_x", "body_gyro_y", "body_gyro_z"],
            Self::MagneticField => &["mag_x", "mag_y", "mag_z"],
            Self::Temperature => &["temperature"],
        }
    }
}

/// Quantities of a sample, in their order; or nothing is said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels(u16);

/// Bits of a quantity.
const BITS: u32 = 3;
/// Most quantities of a sample.
pub const MOST: usize = 5;

impl Channels {
    /// Nothing is said.
    pub const UNSTATED: Self = Self(0);

    /// These quantities, in this order. Those after the first [`MOST`] are left out.
    #[must_use]
    pub const fn of(quantities: &[Quantity]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < quantities.len() && i < MOST {
            bits |= (quantities[i] as u16 + 1) << (BITS * i as u32);
            i += 1;
        }
        Self(bits)
    }

    /// From the bits of a slot or a descriptor, whatever they are.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether anything is said.
    #[must_use]
    pub const fn is_stated(self) -> bool {
        self.0 != 0
    }

    /// The quantities in their order; `None` if the bits are of none, or one is there twice.
    #[must_use]
    pub fn quantities(self) -> Option<Vec<Quantity, MOST>> {
        let mut all = Vec::new();
        let mut rest = self.0;
        while rest != 0 {
            let number = usize::from(rest & 0b111).checked_sub(1)?;
            let quantity = *Quantity::ALL.get(number)?;
            if all.contains(&quantity) {
                return None;
            }
            all.push(quantity).ok()?;
            rest >>= BITS;
        }
        Some(all)
    }

    /// Number of values of a sample; `None` as for [`quantities`](Self::quantities).
    #[must_use]
    pub fn values(self) -> Option<u16> {
        let all = self.quantities()?;
        Some(
            all.iter()
                .map(|quantity| quantity.names().len() as u16)
                .sum(),
        )
    }

    /// For each value of a sample of `self` its place in a sample of `sensor`; `None` if the sensor lacks a quantity, or
    /// nothing is said of one of the two.
    #[must_use]
    pub fn places_in(self, sensor: Self) -> Option<Places> {
        if !self.is_stated() || !sensor.is_stated() {
            return None;
        }
        let given = sensor.quantities()?;
        let mut places = Places::new();
        for quantity in self.quantities()? {
            let before = given.iter().take_while(|&&other| other != quantity);
            let start: usize = before.map(|other| other.names().len()).sum();
            if !given.contains(&quantity) {
                return None;
            }
            for axis in 0..quantity.names().len() {
                places.push(u8::try_from(start + axis).ok()?).ok()?;
            }
        }
        Some(places)
    }
}

/// Places of a model's inputs in the sample of a sensor.
pub type Places = Vec<u8, MAX_CHANNELS>;

/// A sensor, as far as a stream has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensor {
    /// Values of a sample.
    pub values: u16,
    /// Channels that these values are.
    pub gives: Channels,
}

impl From<u16> for Sensor {
    /// A sensor of which only the number of values is known.
    fn from(values: u16) -> Self {
        Self {
            values,
            gives: Channels::UNSTATED,
        }
    }
}

impl fmt::Display for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(all) = self.quantities().filter(|_| self.is_stated()) else {
            return f.write_str("unknown channels");
        };
        for (i, quantity) in all.iter().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            let name = match quantity {
                Quantity::Acceleration => "acceleration",
                Quantity::Gravity => "gravity",
                Quantity::Motion => "acceleration without gravity",
                Quantity::Rotation => "rotation",
                Quantity::MagneticField => "magnetic field",
                Quantity::Temperature => "temperature",
            };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use Quantity::{Acceleration, MagneticField, Motion, Rotation, Temperature};

    use super::*;

    const BOARD: Channels = Channels::of(&[Motion, Rotation, Acceleration]);

    #[test]
    fn bits_are_three_a_quantity() {
        assert_eq!(BOARD.bits(), 0b001_100_011);
        assert_eq!(BOARD.values(), Some(9));
        assert_eq!(Channels::UNSTATED.values(), Some(0));
        assert_eq!(
            format!("{BOARD}"),
            "acceleration without gravity, rotation, acceleration"
        );
    }

    #[test]
    fn inputs_are_found_by_what_they_measure() {
        let six = Channels::of(&[Acceleration, Rotation]);
        let places = six.places_in(BOARD).expect("the board has them");
        assert_eq!(places.as_slice(), [6, 7, 8, 3, 4, 5]);
        let warm = Channels::of(&[Temperature, Acceleration]);
        let places = Channels::of(&[Acceleration])
            .places_in(warm)
            .expect("has it");
        assert_eq!(places.as_slice(), [1, 2, 3]);
        for missing in [
            Channels::of(&[Acceleration, MagneticField]),
            Channels::UNSTATED,
        ] {
            assert_eq!(missing.places_in(BOARD), None);
        }
        assert_eq!(six.places_in(Channels::UNSTATED), None);
    }

    /// Whatever stands in flash: places lie in the sensor's sample, and all bits that are of quantities come back.
    #[test]
    fn any_bits_are_safe() {
        for bits in 0..=u16::MAX {
            let found = Channels::from_bits(bits);
            if let Some(quantities) = found.quantities() {
                assert_eq!(Channels::of(&quantities), found);
            }
            if let Some(places) = found.places_in(BOARD) {
                assert_eq!(Some(places.len() as u16), found.values());
                assert!(places.iter().all(|&place| place < 9));
            }
            if let Some(places) = BOARD.places_in(found) {
                let values = found.values().expect("quantities");
                assert!(places.iter().all(|&place| u16::from(place) < values));
            }
        }
        for broken in [0b111, 0b001_000, 0b001_001, 1 << 15] {
            assert_eq!(Channels::from_bits(broken).quantities(), None);
        }
    }
}
