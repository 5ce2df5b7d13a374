//! Channels of a sample by what they measure, in 16 bits: so that a model finds its inputs in the samples of any sensor that
//! has them.
//!
//! A sample is a row of up to five quantities, such as acceleration and then rotation, each with three axes x y z or one value.
//! Three bits a quantity, the first in the lowest bits; 0 ends the row. So 16 zero bits say nothing, as firmware and slots that
//! are older than this do.
//!
//! Single values of quantities take patterns that no row of quantities has, and that firmware which is older refuses: up to three
//! values in any order, or any of the values of quantities with axes in the order of their numbers.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

/// Most values of a sample that are reported.
pub const MAX_CHANNELS: usize = 16;

/// Axes of a quantity that has some.
const AXES: u8 = 3;

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

    /// Numbers of its values.
    #[must_use]
    pub const fn to_values(self) -> core::ops::Range<Value> {
        let first = self as Value * AXES;
        first..first + self.names().len() as Value
    }

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

/// Values of a sample, in their order; or nothing is said of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels(u16);

/// Bits of a quantity.
const BITS: u32 = 3;
/// Most quantities of a sample.
pub const MOST: usize = 5;
/// Lowest bits, in place of a quantity, before single values in any order.
const SINGLE: u16 = 0b111;
/// Bits of a single value.
const VALUE_BITS: u32 = 4;
/// Most single values in any order.
const MOST_SINGLE: usize = 3;
/// The bit of single values in the order of their numbers: bits 0 to 14 are values 0 to 14.
const MASK: u16 = 1 << 15;

/// A single value of a sample: that of an axis of the first five quantities, three a quantity from 0 on, or temperature, 15.
pub type Value = u8;

/// Values of a sample, in their order.
pub type Values = Vec<Value, MAX_CHANNELS>;

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

    /// These values, in this order: as quantities, where they are whole ones. `None` where that cannot be said in 16 bits: more
    /// than three single values that are not in the order of their numbers; a value twice, or none.
    #[must_use]
    pub fn of_values(values: &[Value]) -> Option<Self> {
        let is_one = |found: &Self| found.to_values().is_some_and(|all| all == values);
        let whole = || Some(Self::of(&whole_quantities(values)?)).filter(|found| found.is_stated());
        let single = || {
            let last = *values.last()?;
            (values.len() <= MOST_SINGLE).then_some(())?;
            let digits = (0..MOST_SINGLE).map(|i| values.get(i).copied().unwrap_or(last));
            let shifts = (BITS..).step_by(VALUE_BITS as usize);
            let bits = digits
                .zip(shifts)
                .map(|(value, shift)| u16::from(value & 0b1111) << shift);
            Some(Self(bits.fold(SINGLE, |all, bits| all | bits)))
        };
        let masked = || {
            let bits = values.iter().map(|&value| 1_u16 << (value & 0b1111));
            Some(Self(bits.fold(MASK, |all, bit| all | bit)))
        };
        // What does not read back as it was said is not said.
        let found = whole().filter(is_one);
        let found = found.or_else(|| single().filter(is_one));
        found.or_else(|| masked().filter(is_one))
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

    /// The quantities in their order; `None` if the bits are of none, one is there twice, or they are of single values.
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

    /// The values in their order; `None` if the bits are of none, or one is there twice.
    #[must_use]
    pub fn to_values(self) -> Option<Values> {
        let mut all = Values::new();
        if self.0 & MASK != 0 {
            for value in (0..15).filter(|&value| self.0 >> value & 1 == 1) {
                all.push(value).ok()?;
            }
            return (!all.is_empty()).then_some(all);
        }
        if self.0 & SINGLE == SINGLE {
            let mut rest = self.0 >> BITS;
            for _ in 0..MOST_SINGLE {
                let value = (rest & 0b1111) as Value;
                rest >>= VALUE_BITS;
                // Behind the last one it is repeated.
                if all.last() == Some(&value) {
                    continue;
                }
                if all.contains(&value) {
                    return None;
                }
                all.push(value).ok()?;
            }
            return Some(all);
        }
        for value in self.quantities()?.into_iter().flat_map(Quantity::to_values) {
            all.push(value).ok()?;
        }
        Some(all)
    }

    /// Number of values of a sample; `None` as for [`to_values`](Self::to_values).
    #[must_use]
    pub fn values(self) -> Option<u16> {
        Some(self.to_values()?.len() as u16)
    }

    /// For each value of a sample of `self` its place in a sample of `sensor`; `None` if the sensor lacks one, or nothing is
    /// said of one of the two.
    #[must_use]
    pub fn places_in(self, sensor: Self) -> Option<Places> {
        if !self.is_stated() || !sensor.is_stated() {
            return None;
        }
        let given = sensor.to_values()?;
        let mut places = Places::new();
        for value in self.to_values()? {
            let place = given.iter().position(|&other| other == value)?;
            places.push(place as u8).ok()?;
        }
        Some(places)
    }
}

/// The quantities that values are, if each is whole and its axes are in order.
fn whole_quantities(mut values: &[Value]) -> Option<Vec<Quantity, MOST>> {
    let mut all = Vec::new();
    while let Some(first) = values.first() {
        let quantity = *Quantity::ALL.get(usize::from(first / AXES))?;
        values = values.get(quantity.names().len()..)?;
        all.push(quantity).ok()?;
    }
    Some(all)
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
        if let Some(values) = self.to_values().filter(|_| self.quantities().is_none()) {
            for (i, value) in values.iter().enumerate() {
                let quantity = Quantity::ALL.get(usize::from(value / AXES));
                let name = quantity.and_then(|of| of.names().get(usize::from(value % AXES)));
                write!(
                    f,
                    "{}{}",
                    if i == 0 { "" } else { ", " },
                    name.unwrap_or(&"?")
                )?;
            }
            return Ok(());
        }
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
            if let Some(values) = found.to_values().filter(|values| !values.is_empty()) {
                let again = Channels::of_values(&values).expect("it was said");
                assert_eq!(again.to_values(), Some(values));
                assert_ne!(format!("{found}"), "");
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
        for broken in [0b001_000, 0b001_001, 1 << 15] {
            assert_eq!(Channels::from_bits(broken).to_values(), None);
        }
    }

    #[test]
    fn single_values_are_said_in_patterns_that_older_firmware_refuses() {
        // Firmware that knows quantities alone: no pattern of single values is one of theirs.
        let z = Channels::of_values(&[2]).expect("one value");
        assert_eq!(z.bits(), 0x1117);
        let turned = Channels::of_values(&[1, 0, 2]).expect("three values");
        let four = Channels::of_values(&[0, 1, 9, 11]).expect("in order");
        assert_eq!(four.bits(), 1 << 15 | 0b1010_0000_0011);
        for (inputs, places, shown) in [
            (z, &[8][..], "total_acc_z"),
            (turned, &[7, 6, 8], "total_acc_y, total_acc_x, total_acc_z"),
            (
                four,
                &[6, 7, 3, 5],
                "total_acc_x, total_acc_y, body_gyro_x, body_gyro_z",
            ),
        ] {
            assert_eq!(inputs.quantities(), None);
            let found = inputs.places_in(BOARD).expect("the board has them");
            assert_eq!(found.as_slice(), places);
            assert_eq!(format!("{inputs}"), shown);
        }
        // Whole quantities are said as before.
        let six = Channels::of_values(&[0, 1, 2, 9, 10, 11]);
        assert_eq!(six, Some(Channels::of(&[Acceleration, Rotation])));
        assert_eq!(
            Channels::of_values(&[15]),
            Some(Channels::of(&[Temperature]))
        );
        for unsayable in [&[][..], &[0, 0], &[1, 0, 2, 9], &[0, 1, 3, 15], &[16]] {
            assert_eq!(Channels::of_values(unsayable), None, "{unsayable:?}");
        }
    }
}
