//! Random models of the shape that the runtime's assembly takes, up to the edges of what it takes.

use proptest::prelude::*;

use crate::models::{Widths, plain_models};
use crate::oracle::PlainModel;

/// What a model's drives may reach: the runtime needs room for the rounding constant in a signed 16-bit lane.
const LANE: i64 = 32_767;

/// Random models with 4-bit `U`, a gain shift of 15, blocks of eight or more, 10 to 12 state bits and two or more inputs.
///
/// Half of them have a row whose drive can reach the limit exactly.
pub fn common_shape_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    let models = plain_models(log2_hidden).prop_filter("two inputs or more", |(model, _)| {
        model.channels.len() >= 2 && model.block_size >= 8
    });
    (models, 10u32..=12, 4u32..=16, 0u32..15, any::<bool>()).prop_map(
        |((mut model, widths), state_bits, input_bits, drive_shift, to_the_limit)| {
            (model.state_bits, model.input_bits) = (state_bits, input_bits);
            (model.drive_shift, model.gain_shift) = (drive_shift, 15);
            for weight in model.input.iter_mut().flatten() {
                *weight = (*weight).clamp(-8, 7);
            }
            for weight in model.readout.iter_mut().flatten() {
                *weight = (*weight).clamp(-8, 7);
            }
            for bias in &mut model.bias {
                *bias /= 4;
            }
            fit(&mut model);
            if to_the_limit {
                reach_the_limit(&mut model);
            }
            let input = 4;
            (model, Widths { input, ..widths })
        },
    )
}

/// `2^(g-1)` in units of the drive.
fn rounding(model: &PlainModel) -> i64 {
    1 << (14 - model.drive_shift)
}

/// Largest absolute value of `U x` of a row.
fn largest_product(model: &PlainModel, row: usize) -> i64 {
    let weights: i64 = model.input[row].iter().map(|u| i64::from(u.abs())).sum();
    weights << (model.input_bits - 1)
}

fn largest_drive(model: &PlainModel) -> i64 {
    (0..model.hidden_size)
        .map(|row| largest_product(model, row) + i64::from(model.bias[row].abs()))
        .max()
        .unwrap_or(0)
}

/// Lowers widths and shifts until drives fit a lane and sums fit 32 bits.
fn fit(model: &mut PlainModel) {
    while model.state_bits + model.block_size.trailing_zeros() > 19 {
        model.state_bits -= 1;
    }
    while model.input_bits > 4 && largest_drive(model) + rounding(model) > LANE {
        model.input_bits -= 1;
    }
    while largest_drive(model) + rounding(model) > LANE {
        model.bias.iter_mut().for_each(|bias| *bias /= 2);
        model.drive_shift = (model.drive_shift + 1).min(14);
    }
    let gain = (2f64.powi(15) / (model.block_size as f64).sqrt()) as i64 + 1;
    let transform = (model.block_size as i64) << (model.state_bits - 1);
    while (LANE << model.drive_shift) + gain * transform + (1 << 14) > i64::from(i32::MAX) {
        model.drive_shift -= 1;
        if largest_drive(model) + rounding(model) > LANE {
            model.bias.iter_mut().for_each(|bias| *bias = 0);
            model.input.iter_mut().flatten().for_each(|u| *u /= 2);
        }
    }
}

/// Gives the row of the largest drive a bias that takes it to the limit.
fn reach_the_limit(model: &mut PlainModel) {
    let row = (0..model.hidden_size).max_by_key(|&row| largest_product(model, row));
    if let Some(row) = row {
        let bias = LANE - rounding(model) - largest_product(model, row);
        model.bias[row] = if row % 2 == 0 { bias } else { -bias } as i32;
    }
}
