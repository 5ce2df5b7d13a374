//! Units of acceleration, told by gravity or compared with it.

use anyhow::Result;

use super::columns::axis;
use super::recording::Recording;
use super::unit::Unit;
use crate::data::gravity::{self, Norm};

/// Words in the names of accelerations without gravity.
const WITHOUT: [&str; 4] = ["linear", "user", "body", "motion"];

/// The norm of samples of three channels; none of none.
pub(super) fn norm(recording: &Recording, channels: [usize; 3]) -> Option<Norm> {
    let samples = recording.values.chunks_exact(recording.channels.len());
    Norm::of(samples.map(|sample| channels.map(|channel| f64::from(sample[channel]))))
}

/// The unit in which gravity has this norm, with the factor of [`Unit::parse`]; none where it is none of them.
pub(super) fn unit_of(norm: f64) -> Option<(&'static str, Unit, f64)> {
    let name = gravity::unit_of(norm)?;
    Unit::parse(name).map(|(unit, factor)| (name, unit, factor))
}

/// The first three channels that are an acceleration without a unit.
fn untold(recording: &Recording) -> Option<[usize; 3]> {
    let is_acceleration = |channel: &super::Channel| {
        let is_untold = matches!(channel.unit, Unit::Unknown | Unit::Counts);
        is_untold && is_named_acceleration(&channel.name)
    };
    let mut found =
        (0..recording.channels.len()).filter(|&i| is_acceleration(&recording.channels[i]));
    Some([found.next()?, found.next()?, found.next()?])
}

/// Whether a channel's name is that of an acceleration with gravity.
pub(in crate::data) fn is_named_acceleration(name: &str) -> bool {
    let name = name.to_lowercase();
    let is_named = name.contains("acc") || ["ax", "ay", "az", "x", "y", "z"].contains(&&*name);
    is_named && !is_without_gravity(&name)
}

fn is_without_gravity(name: &str) -> bool {
    WITHOUT.iter().any(|word| name.contains(word))
}

/// The first three channels that are the axes of an acceleration in a unit, and what 1 g is in it.
fn told(recording: &Recording) -> Option<([usize; 3], f64)> {
    let is_axis = |i: &usize| {
        let channel = &recording.channels[*i];
        Unit::G.factor_to(channel.unit).is_some()
            && axis(&channel.name).is_some()
            && !is_without_gravity(&channel.name.to_lowercase())
    };
    let mut found = (0..recording.channels.len()).filter(is_axis);
    let channels = [found.next()?, found.next()?, found.next()?];
    let of = |channel: usize| axis(&recording.channels[channel].name).map(|(sensor, _)| sensor);
    let unit = recording.channels[channels[0]].unit;
    let is_one = channels
        .iter()
        .all(|&i| recording.channels[i].unit == unit && of(i) == of(channels[0]));
    let g = Unit::G.factor_to(unit).filter(|_| is_one)?;
    Some((channels, g))
}

/// Checks that recordings without units have the same one, and others the one that they tell, as far as gravity tells. Gives
/// warnings.
///
/// # Errors
/// They differ.
pub(super) fn check<'a>(all: impl IntoIterator<Item = &'a Recording>) -> Result<Vec<String>> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for recording in all {
        if let Some(norm) = untold(recording).and_then(|channels| norm(recording, channels)) {
            without.push((recording.name.clone(), norm));
        }
        if let Some((channels, g)) = told(recording)
            && let Some(norm) = norm(recording, channels)
        {
            let median = norm.median / g;
            with.push((recording.name.clone(), Norm { median, ..norm }));
        }
    }
    let warnings = [
        gravity::check_untold(&without)?,
        gravity::check_told(&with)?,
    ];
    Ok(warnings.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::super::recording::Channel;
    use super::*;

    fn lying(names: [&str; 3], unit: Unit, gravity: f32) -> Recording {
        let channels = names.map(|name| Channel::new(name, unit)).to_vec();
        let mut recording = Recording::new(format!("r{gravity}"), channels);
        for _ in 0..100 {
            recording
                .values
                .extend([0.0, gravity * 0.6, -gravity * 0.8]);
        }
        recording
    }

    #[test]
    fn recordings_are_compared_by_gravity() {
        let of = |unit: Unit, all: [f32; 2]| {
            check(&all.map(|gravity| lying(["ax", "ay", "az"], unit, gravity)))
        };
        assert!(of(Unit::Unknown, [1.0, 1.1]).unwrap().is_empty());
        assert!(
            of(Unit::MetrePerSecondSquared, [9.8, 9.7])
                .unwrap()
                .is_empty()
        );
        for (unit, all, part) in [
            (Unit::Unknown, [1.0, 9.8], "as of m/s²"),
            (Unit::Unknown, [1000.0, 8192.0], "raw counts"),
            (Unit::Counts, [1000.0, 8192.0], "raw counts"),
            (Unit::G, [1.0, 9.8], "m/s² in place of g"),
            (
                Unit::MetrePerSecondSquared,
                [9.8, 1.0],
                "g in place of m/s²",
            ),
        ] {
            let error = of(unit, all).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let warnings = of(Unit::MetrePerSecondSquared, [1.0, 1.1]).unwrap();
        assert!(
            warnings[0].contains("2 recordings are not in the unit"),
            "{warnings:?}"
        );
        let linear = [
            "linear_acceleration_x",
            "linear_acceleration_y",
            "linear_acceleration_z",
        ];
        let linear = lying(linear, Unit::MetrePerSecondSquared, 1.0);
        assert!(check(&[linear]).unwrap().is_empty());
    }
}
