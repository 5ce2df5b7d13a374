//! A compact form of the set: an `.npz`, usually compressed by xz, of arrays from which every published text can be
//! written again.
//!
//! - `planes` (uint8, 3 × 19 × 8 × 45 × 7500): the low, middle and high byte of the zig-zag coded difference, along the
//!   7,500 samples of one activity, person and channel, of a code `c`. With `m = |c|` and
//!   `k = max(0, (m - 10000) / 90000)`, rounded down, the value is `sign(c) · (m - 90000 k) · 10^k / 10^6`: five
//!   significant digits and at most six decimals.
//! - `exc_gap` (uint32), `exc_mant` (int32), `exc_dec` (uint8): values with more decimals. Places are the sums of the gaps;
//!   the value is `mant / 10^dec`.
//! - `neg_zero` (int32): the places of values printed as `-0`.
//!
//! Places count values in the order of activity, person, sample and channel.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;

use super::{ACTIVITIES, CHANNELS, COUNT, SEGMENT, SEGMENTS, STEPS, SUBJECTS, remedy};
use crate::data::archive;
use crate::data::npz::{Array, Npz};
use crate::untrusted::{Budget, Kind};

/// Samples of one activity and person.
const SAMPLES: usize = SEGMENTS * STEPS;
/// Larger decimal exponents than a double has digits are none of a measurement.
const MAX_DECIMALS: u8 = 22;

/// All values in the order of [`Place::number`](super::Place::number).
pub(super) fn read(path: &Path, budget: &Budget) -> Result<Vec<f32>> {
    let bytes = archive::read_plain(path, Kind::ARCHIVE, budget)?;
    decode(&bytes, budget).with_context(remedy)
}

fn decode(bytes: &[u8], budget: &Budget) -> Result<Vec<f32>> {
    let mut npz = Npz::open(bytes, budget)?;
    budget.take_items::<f32>(COUNT * SEGMENT)?;
    let mut values = vec![0.0; COUNT * SEGMENT];
    planes(&npz.array("planes")?, &mut values).context("the array planes")?;
    let gaps = npz.array("exc_gap")?.values("<u4", u32::from_le_bytes)?;
    let mantissas = npz.array("exc_mant")?.values("<i4", i32::from_le_bytes)?;
    let decimals = npz.array("exc_dec")?.values("|u1", u8::from_le_bytes)?;
    exceptions(&gaps, &mantissas, &decimals, &mut values).context("the arrays exc_*")?;
    for place in npz.array("neg_zero")?.values("<i4", i32::from_le_bytes)? {
        *at(&mut values, place.into()).context("the array neg_zero")? = -0.0;
    }
    ensure!(
        values.par_iter().all(|value| value.is_finite()),
        "a value is not finite"
    );
    Ok(values)
}

/// Decodes every activity and person on its own.
fn planes(array: &Array, values: &mut [f32]) -> Result<()> {
    ensure!(
        array.kind == "|u1" && array.shape == [3, ACTIVITIES.len(), SUBJECTS, CHANNELS, SAMPLES],
        "it is of type {} and shape {:?}",
        array.kind,
        array.shape
    );
    let (size, person) = (values.len(), SAMPLES * CHANNELS);
    ensure!(array.data.len() == 3 * size, "it is cut off");
    let (low, rest) = array.data.split_at(size);
    let (middle, high) = rest.split_at(size);
    values
        .par_chunks_exact_mut(person)
        .enumerate()
        .for_each(|(index, values)| {
            let of_person = index * person..(index + 1) * person;
            let planes = [low, middle, high].map(|plane| &plane[of_person.clone()]);
            decode_person(planes, values);
        });
    Ok(())
}

/// The planes are `[CHANNELS][SAMPLES]`, the values `[SAMPLES][CHANNELS]`.
fn decode_person(planes: [&[u8]; 3], values: &mut [f32]) {
    let [low, middle, high] = planes.map(|plane| plane.chunks_exact(SAMPLES));
    for (channel, ((low, middle), high)) in low.zip(middle).zip(high).enumerate() {
        let mut code = 0_i32;
        let steps = values.chunks_exact_mut(CHANNELS);
        for (step, ((&low, &middle), &high)) in steps.zip(low.iter().zip(middle).zip(high)) {
            let zigzag = i32::from(low) | i32::from(middle) << 8 | i32::from(high) << 16;
            code = code.wrapping_add((zigzag >> 1) ^ -(zigzag & 1));
            step[channel] = value(code);
        }
    }
}

/// The value of a code. The division is exact to the last bit, as parsing its decimal digits is.
fn value(code: i32) -> f32 {
    let magnitude = i64::from(code).abs();
    let power = ((magnitude - 10_000).max(0) / 90_000) as i32;
    let digits = (magnitude - 90_000 * i64::from(power)) as f64;
    let millionths = digits * 10_f64.powi(power) * f64::from(code.signum());
    (millionths / 1e6) as f32
}

fn exceptions(gaps: &[u32], mantissas: &[i32], decimals: &[u8], values: &mut [f32]) -> Result<()> {
    ensure!(
        gaps.len() == mantissas.len() && gaps.len() == decimals.len(),
        "they have {}, {} and {} values",
        gaps.len(),
        mantissas.len(),
        decimals.len()
    );
    let mut place = 0_i64;
    for ((&gap, &mantissa), &decimals) in gaps.iter().zip(mantissas).zip(decimals) {
        place += i64::from(gap);
        ensure!(decimals <= MAX_DECIMALS, "a value has {decimals} decimals");
        let value = f64::from(mantissa) / 10_f64.powi(decimals.into());
        *at(values, place)? = value as f32;
    }
    Ok(())
}

fn at(values: &mut [f32], place: i64) -> Result<&mut f32> {
    let count = values.len();
    usize::try_from(place)
        .ok()
        .and_then(|place| values.get_mut(place))
        .with_context(|| format!("there is no place {place} among {count} values"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_decimal_floats() {
        for (code, text) in [
            (0, "0"),
            (1, "0.000001"),
            (-99_999, "-0.099999"),
            (100_000, "0.1"),
            (189_999, "0.99999"),
            (190_000, "1"),
            (-823_456, "-13456000"),
        ] {
            let expected: f32 = text.parse().unwrap();
            assert_eq!(value(code), expected, "{code}");
        }
        // No code that the planes can hold goes wrong.
        for code in [i32::MIN, i32::MAX] {
            assert!(!value(code).is_nan());
        }
    }

    #[test]
    fn exceptions_go_to_their_places() {
        let mut values = [1.0; 6];
        exceptions(&[1, 3], &[-12_345, 5], &[9, 7], &mut values).unwrap();
        assert_eq!(values, [1.0, -1.2345e-5, 1.0, 1.0, 5e-7, 1.0]);
        let message = |gaps, mantissas, decimals| {
            let error = exceptions(gaps, mantissas, decimals, &mut [0.0; 6]);
            error.unwrap_err().to_string()
        };
        assert!(message(&[4, 2], &[1, 1], &[1, 1]).contains("no place 6"));
        assert!(message(&[4], &[1, 1], &[1]).contains("1, 2 and 1 values"));
        assert!(message(&[4], &[1], &[23]).contains("23 decimals"));
    }
}
