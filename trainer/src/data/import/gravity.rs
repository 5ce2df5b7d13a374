//! Units of acceleration told by gravity: the median of the norm of a whole recording is near 1 g, unless it moves all the time.

use anyhow::{Result, bail};

use super::recording::Recording;
use super::unit::{STANDARD_GRAVITY, Unit};
use crate::visible;

/// How far the median norm may be from gravity, as a factor. The units below are further apart.
const TOLERANCE: f64 = 1.5;

/// A unit of acceleration, as its name and what gravity is in it.
const UNITS: [(&str, f64); 3] = [("g", 1.0), ("m/s²", STANDARD_GRAVITY), ("mg", 1000.0)];

/// Median of the norms of samples of three channels; none of none.
pub(super) fn median_norm(recording: &Recording, channels: [usize; 3]) -> Option<f64> {
    let norm = |sample: &[f32]| {
        let squares = channels
            .iter()
            .map(|&channel| f64::from(sample[channel]).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let samples = recording.values.chunks_exact(recording.channels.len());
    let mut norms: Vec<f64> = samples.map(norm).filter(|norm| norm.is_finite()).collect();
    let middle = norms.len() / 2;
    if norms.is_empty() {
        return None;
    }
    let (_, median, _) = norms.select_nth_unstable_by(middle, f64::total_cmp);
    Some(*median)
}

/// The unit in which gravity has this norm, with the factor of [`Unit::parse`]; none where it is none of them.
pub(super) fn unit_of(norm: f64) -> Option<(&'static str, Unit, f64)> {
    let (name, _) = UNITS
        .into_iter()
        .find(|(_, gravity)| (gravity / TOLERANCE..=gravity * TOLERANCE).contains(&norm))?;
    Unit::parse(name).map(|(unit, factor)| (name, unit, factor))
}

/// The first three channels that are an acceleration without a unit.
fn acceleration(recording: &Recording) -> Option<[usize; 3]> {
    let is_acceleration = |channel: &super::Channel| {
        let name = channel.name.to_lowercase();
        let is_named =
            name.contains("acc") || ["ax", "ay", "az", "x", "y", "z"].contains(&name.as_str());
        channel.unit == Unit::Unknown && is_named
    };
    let mut found =
        (0..recording.channels.len()).filter(|&i| is_acceleration(&recording.channels[i]));
    Some([found.next()?, found.next()?, found.next()?])
}

/// Checks that recordings without units have the same one, as far as gravity tells.
///
/// # Errors
/// Gravity is 1 in one and 9.81 or 1,000 in another.
pub(super) fn check_alike<'a>(all: impl IntoIterator<Item = &'a Recording>) -> Result<()> {
    let mut first: Option<(&str, &'static str, f64)> = None;
    for recording in all {
        let Some(channels) = acceleration(recording) else {
            continue;
        };
        let norm = median_norm(recording, channels).unwrap_or(0.0);
        let Some((unit, _, _)) = unit_of(norm) else {
            continue;
        };
        match first {
            Some((_, before, _)) if before == unit => {}
            None => first = Some((&recording.name, unit, norm)),
            Some((name, before, of_first)) => bail!(
                "the files tell no unit, and they differ: the median acceleration is {norm:.2} in {}, as of {unit}, but {of_first:.2} \
                 in {}, as of {before}. Import those of one unit at a time with --unit",
                visible::name(&recording.name),
                visible::name(name)
            ),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::*;

    fn lying(gravity: f32) -> Recording {
        let channels = ["ax", "ay", "az"]
            .map(|name| Channel::new(name, Unit::Unknown))
            .to_vec();
        let mut recording = Recording::new(format!("r{gravity}"), channels);
        for i in 0..100_u8 {
            // One sample in ten is of a knock.
            let shake = if i % 10 == 0 { 3.0 } else { 1.0 };
            recording
                .values
                .extend([0.0, gravity * 0.6 * shake, -gravity * 0.8 * shake]);
        }
        recording
    }

    #[test]
    fn gravity_tells_the_unit() {
        for (gravity, expected) in [(1.0, "g"), (9.81, "m/s²"), (1050.0, "mg")] {
            let norm = median_norm(&lying(gravity), [0, 1, 2]).unwrap();
            assert_eq!(unit_of(norm).unwrap().0, expected);
        }
        assert_eq!(unit_of(8192.0), None);
        assert_eq!(unit_of(0.05), None);
        check_alike(&[lying(1.0), lying(1.2), lying(8192.0)]).unwrap();
        let error = check_alike(&[lying(1.0), lying(9.8)])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("as of m/s²") && error.contains("--unit"),
            "{error}"
        );
    }
}
