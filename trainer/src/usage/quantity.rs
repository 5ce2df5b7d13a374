//! The quantity that a channel measures, found by its name.

use hadamrnn_device::channels::{Channels, MOST, Quantity};

/// The quantities that channels of these names are, in their order; none where a name is not known, an axis is missing or they
/// stand in another order than x y z.
pub fn quantities<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Channels> {
    let names: Vec<String> = (names.into_iter()).map(str::to_ascii_lowercase).collect();
    let mut found = Vec::new();
    let mut rest = names.as_slice();
    while !rest.is_empty() {
        let (quantity, others) = first(rest)?;
        if found.contains(&quantity) || found.len() == MOST {
            return None;
        }
        found.push(quantity);
        rest = others;
    }
    (!found.is_empty()).then(|| Channels::of(&found))
}

/// The quantity that the first names are, and the names after them.
fn first(names: &[String]) -> Option<(Quantity, &[String])> {
    if let [name, others @ ..] = names
        && matches!(name.as_str(), "temperature" | "temp")
    {
        return Some((Quantity::Temperature, others));
    }
    let [x, y, z, others @ ..] = names else {
        return None;
    };
    let stem = axis(x, 'x')?;
    let is_whole = axis(y, 'y') == Some(stem) && axis(z, 'z') == Some(stem);
    Some((quantity(stem).filter(|_| is_whole)?, others))
}

/// A name without its axis, if it has this one.
fn axis(name: &str, axis: char) -> Option<&str> {
    let stem = name.strip_suffix(axis)?;
    Some(stem.trim_end_matches(['_', '.', '-', ' ']))
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
    fn what_is_not_whole_is_not_known() {
        for names in [
            "",
            "x",
            "ax ay",
            "ay ax az",
            "ax gy az",
            "ax ay az ax ay az",
            "acc_x acc_y total_acc_z",
            "pixel",
            "é",
            "ax ay az strain",
        ] {
            assert_eq!(of(names), None, "{names}");
        }
    }
}
