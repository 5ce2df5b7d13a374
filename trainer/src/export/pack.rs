//! The weight sections, bit by bit as `hadamrnn_runtime::fields` and `format` define them.

use anyhow::{Result, ensure};
use bitvec::prelude::*;
use hadamrnn_runtime::fields::FieldWidth;

use hadamrnn_runtime::format::BinaryMatrixKind;
use hadamrnn_runtime::limits;

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
pub(super) fn columns(codes: &[i32], columns: usize, width: FieldWidth) -> Vec<u32> {
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
pub(super) fn mixing(mixing: &[i8], kind: BinaryMatrixKind, columns: usize) -> Vec<u32> {
    match kind {
        BinaryMatrixKind::Hadamard => {
            let (a, c) = mixing.split_at(columns);
            [signs(a), signs(c)].concat()
        }
        BinaryMatrixKind::Dense => {
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

/// Biases in units of `unit`, one i32 a word, or no words where a layer has none; none where one needs more than 32 bits.
pub(super) fn wide_bias(bias: &[f32], unit: f64, there: bool) -> Option<Vec<u32>> {
    let stored = bias.iter().take(if there { bias.len() } else { 0 });
    let words = stored.map(|&bias| {
        let code = (f64::from(bias) / unit).round() as i64;
        i32::try_from(code).ok().map(|code| code as u32)
    });
    words.collect()
}

/// A multiplier rounded down; none where a model has no room for it.
pub(super) fn multiplier(exact: f64) -> Option<u16> {
    let whole = exact.floor();
    let fits = whole >= 0.0 && limits::MULTIPLIER.holds(whole as usize);
    fits.then_some(whole as u16)
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
