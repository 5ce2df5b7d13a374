//! What a channel measures, found by its name.

use hadamrnn_device::channels::{Channels, Quantity, Value};

/// The values that channels of these names are, in their order; none where a name is not known, a value is there twice, or the
/// order is one that firmware cannot be told: see [`Channels::of_values`].
pub fn quantities<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Channels> {
    Channels::of_values(&values(names)?)
}

/// Whether what each of these channels measures is known, though firmware cannot be told of them in this order.
pub fn are_out_of_order<'a>(names: impl IntoIterator<Item = &'a str>) -> bool {
    values(names).is_some_and(|values| {
        let mut ordered = values.clone();
        ordered.sort_unstable();
        ordered.dedup();
        ordered.len() == values.len() && Channels::of_values(&values).is_none()
    })
}

/// The values that channels of these names are; none where a name is not known, or names of one quantity differ in more than
/// their axis.
fn values<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Vec<Value>> {
    let mut stems: Vec<(Quantity, String)> = Vec::new();
    let mut all = Vec::new();
    for name in names {
        let name = name.to_ascii_lowercase();
        let (quantity, axis, stem) = measured(&name)?;
        match stems.iter().find(|(other, _)| *other == quantity) {
            Some((_, other)) if other != stem => return None,
            Some(_) => {}
            None => stems.push((quantity, stem.to_owned())),
        }
        all.push(quantity.to_values().start + axis);
    }
    Some(all)
}

/// The quantity of a name in small letters, the number of its axis, and the name without it.
fn measured(name: &str) -> Option<(Quantity, u8, &str)> {
    if matches!(name, "temperature" | "temp") {
        return Some((Quantity::Temperature, 0, name));
    }
    let (axis, stem) = (0..)
        .zip(['x', 'y', 'z'])
        .find_map(|(axis, letter)| Some((axis, name.strip_suffix(letter)?)))?;
    let stem = stem.trim_end_matches(['_', '.', '-', ' ']);
    Some((quantity(stem)?, axis, stem))
}

/// The quantity of a name without its axis.
fn quantity(stem: &str) -> Option<Quantity> {
    Some(match stem {
        "a" | "acc" | "accel" | "accelerometer" | "acceleration" | "total_acc"
        | "totalacceleration" => Quantity::Acceleration,
        "gravity" | "grav" => Quantity::Gravity,
        "body_acc" | "motion" | "linear_acceleration" | "lin_acc" | "user_acceleration" => {
            Quantity::Motion
        }
        "g" | "gyr" | "gyro" | "gyroscope" | "rotation" | "body_gyro" => Quantity::Rotation,
        "m" | "mag" | "magnetometer" | "magnetic_field" => Quantity::MagneticField,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use Quantity::{Acceleration, MagneticField, Motion, Rotation, Temperature};

    use super::*;

    fn of(names: &str) -> Option<Channels> {
        quantities(names.split(' '))
    }

    #[test]
    fn names_of_recordings_and_of_boards_are_known() {
        let six = Some(Channels::of(&[Acceleration, Rotation]));
        for names in [
            "ax ay az gx gy gz",
            "acc_x acc_y acc_z gyr_x gyr_y gyr_z",
            "accX accY accZ gyroX gyroY gyroZ",
        ] {
            assert_eq!(of(names), six, "{names}");
        }
        assert_eq!(
            of("temperature mag_x mag_y mag_z"),
            Some(Channels::of(&[Temperature, MagneticField]))
        );
        for quantity in Quantity::ALL {
            let names = quantity.names().iter().copied();
            assert_eq!(quantities(names), Some(Channels::of(&[quantity])));
        }
        let board = [Motion, Rotation, Acceleration];
        let names = board.iter().flat_map(|quantity| quantity.names()).copied();
        assert_eq!(quantities(names), Some(Channels::of(&board)));
    }

    #[test]
    fn single_axes_are_known() {
        for (names, values) in [
            ("acc_z", &[2][..]),
            ("ax ay", &[0, 1]),
            ("ay ax az", &[1, 0, 2]),
            ("gz temp ax", &[11, 15, 0]),
            ("ax ay az gz", &[0, 1, 2, 11]),
        ] {
            let found = of(names).and_then(Channels::to_values);
            assert_eq!(found.as_deref(), Some(values), "{names}");
        }
        for (names, is_known) in [
            ("gx gy ax ay", true),
            ("ax ax", false),
            ("ax strain", false),
        ] {
            assert_eq!(of(names), None, "{names}");
            assert_eq!(are_out_of_order(names.split(' ')), is_known, "{names}");
        }
    }

    #[test]
    fn what_is_not_known_is_nothing() {
        for names in [
            "",
            "x",
            "ax ay az ax ay az",
            "acc_x acc_y total_acc_z",
            "pixel",
            "é",
            "ax ay az strain",
            "gx gy gz ay ax az",
        ] {
            assert_eq!(of(names), None, "{names}");
        }
    }
}
