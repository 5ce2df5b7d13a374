//! The weight sections, bit by bit as `hadamrnn_runtime::fields` and `format` define them.

use anyhow::{Result, ensure};
use bitvec::prelude::*;
use hadamrnn_runtime::fields::FieldWidth;

use super::Source;
use crate::nn::Mixing;

/// Codes two by two in one word: even ones in the low half, odd ones in the high half.
fn word(codes: impl Iterator<Item = i32>, width: FieldWidth) -> u32 {
    let mut fields = bitarr![u32, Lsb0; 0; 32];
    let bits = width.bits() as usize;
    for (i, code) in codes.enumerate() {
        let field = i / 2 + (i % 2) * (width.per_word() / 2);
        fields[field * bits..(field + 1) * bits].store_le((code + width.offset()) as u32);
    }
    fields.into_inner()[0]
}

/// U `[n, d_in]`: for each group of rows, one word a column.
pub(super) fn input(codes: &[i32], columns: usize, width: FieldWidth) -> Vec<u32> {
    codes
        .chunks(width.per_word() * columns)
        .flat_map(|group| {
            (0..columns)
                .map(move |column| word(group.iter().skip(column).step_by(columns).copied(), width))
        })
        .collect()
}

/// V `[d_out, n]`, row by row.
pub(super) fn rows(codes: &[i32], row: usize, width: FieldWidth) -> Vec<u32> {
    codes
        .chunks(row)
        .flat_map(|row| {
            row.chunks(width.per_word())
                .map(|codes| word(codes.iter().copied(), width))
        })
        .collect()
}

/// Packs signs into words: one bit a row, set for -1.
pub(super) fn signs(signs: &[i8]) -> Vec<u32> {
    signs
        .iter()
        .map(|&sign| sign < 0)
        .collect::<BitVec<u32, Lsb0>>()
        .into_vec()
}

/// The matrix between two layers; `columns` are the units of the first.
pub(super) fn mixing(mixing: &[i8], kind: Mixing, columns: usize) -> Vec<u32> {
    match kind {
        Mixing::Hadamard => {
            let (a, c) = mixing.split_at(columns);
            [signs(a), signs(c)].concat()
        }
        Mixing::Dense => {
            let groups = (0..columns).step_by(4);
            let nibbles = groups.flat_map(|column| {
                mixing
                    .chunks_exact(columns)
                    .flat_map(move |row| &row[column..column + 4])
            });
            signs(&nibbles.copied().collect::<Vec<_>>())
        }
    }
}

/// Biases in units of `unit`, two a word, offset by 32768; none where one needs more than 16 bits.
pub(super) fn bias(bias: &[f32], unit: f64) -> Option<Vec<u32>> {
    let stored: Vec<u32> = bias
        .iter()
        .map(|&bias| {
            let code = (f64::from(bias) / unit).round();
            let fits = (-32768.0..=32767.0).contains(&code);
            fits.then_some((code as i32 + 32768) as u32)
        })
        .collect::<Option<_>>()?;
    let pairs = stored.chunks(2);
    Some(
        pairs
            .map(|pair| pair[0] | pair.get(1).copied().unwrap_or(0) << 16)
            .collect(),
    )
}

/// Output biases in units of a logit.
pub(super) fn readout_bias(bias: &[f32], unit: f64) -> Result<Vec<u32>> {
    bias.iter()
        .map(|&bias| {
            let code = (f64::from(bias) / unit).round();
            ensure!(
                code.abs() < f64::from(1 << 30),
                "an output bias of {bias} needs more than 31 bits"
            );
            Ok(code as i32 as u32)
        })
        .collect()
}

/// Offset and multiplier of each channel, and the shift they share.
///
/// A raw count is worth `lsb / (deviation * unit)` input steps; the shift is the largest that keeps every multiplier
/// within 15 bits.
pub(super) fn channels(source: &Source<'_>, unit: f64) -> Result<(Vec<u32>, u8)> {
    let standardisation = source.standardisation;
    let inputs = standardisation.source.iter();
    let inputs = inputs
        .zip(&standardisation.mean)
        .zip(&standardisation.deviation);
    let factors: Vec<(f64, f64)> = inputs
        .map(|((&channel, &mean), &deviation)| {
            let lsb = f64::from(source.input_lsb[channel]);
            (f64::from(mean) / lsb, lsb / (f64::from(deviation) * unit))
        })
        .collect();
    let largest = factors
        .iter()
        .fold(0.0, |max: f64, &(_, factor)| max.max(factor));
    let fits = |shift: &u8| (largest * f64::from(1u32 << shift)).round() <= 32767.0;
    let shift = (1..=17).rev().find(fits);
    ensure!(
        shift.is_some(),
        "a raw count is worth {largest:.0} input steps: use a larger input_lsb"
    );
    let shift = shift.unwrap_or(1);
    let inputs = standardisation.source.iter().zip(&factors);
    let mut before = None;
    let words = inputs.map(|(&channel, &(offset, factor))| {
        let copy = before.replace(channel) == Some(channel);
        let offset = offset.round();
        ensure!(
            (-32768.0..=32767.0).contains(&offset),
            "the mean of channel {channel} is {offset} raw counts, beyond 16 bits: use a larger input_lsb"
        );
        let multiplier = (factor * f64::from(1u32 << shift)).round() as u32;
        Ok(u32::from(offset as i16 as u16) | (multiplier | u32::from(copy) << 15) << 16)
    });
    Ok((words.collect::<Result<_>>()?, shift))
}
