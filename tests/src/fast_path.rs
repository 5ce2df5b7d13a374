//! Random models of the shape that the runtime's assembly takes, up to the edges of what it takes.

use proptest::prelude::*;

use crate::bounds;
use crate::models::{Widths, models, plain_models, shrink_to_bound};
use crate::oracle::{PlainInput, PlainModel};

/// Largest input projection of a model: the runtime needs room for the rounding constant in a signed 16-bit lane.
const LANE: i64 = 32_767;

/// Random models with 4-bit `U`, a gain shift of 15, blocks of eight or more, 10 to 12 state bits, and one
/// input or more.
///
/// Half of them have a row whose layer input can reach the limit exactly.
pub fn fast_path_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    with_inputs(log2_hidden, Just(1))
}

/// The same with two to four times the inputs: more columns than the loop of the assembly has, which is unrolled.
pub fn wide_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    with_inputs(log2_hidden, 2usize..=4)
}

/// Models of the fast path whose inputs are repeated.
fn with_inputs(
    log2_hidden: std::ops::RangeInclusive<u32>,
    times: impl Strategy<Value = usize>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    let models = plain_models(log2_hidden).prop_filter("whole words of rows", |(model, _)| {
        model.layer.block_size >= 8
    });
    // Ten bits is the width that assembly standardises to.
    let input_bits = prop_oneof![Just(10u32), 4u32..=16];
    (
        models,
        10u32..=12,
        input_bits,
        0u32..15,
        times,
        any::<bool>(),
    )
        .prop_map(
            |(
                (mut model, widths),
                state_bits,
                input_bits,
                layer_input_shift,
                times,
                to_the_limit,
            )| {
                repeat_inputs(&mut model, times);
                (model.layer.state_bits, *input(&mut model).1) = (state_bits, input_bits);
                (model.layer_input_shift, model.layer.gain_shift) = (layer_input_shift, 15);
                let weights = input(&mut model).0.iter_mut().flatten();
                weights.for_each(|weight| *weight = (*weight).clamp(-8, 7));
                for weight in model.readout.iter_mut().flatten() {
                    *weight = (*weight).clamp(-8, 7);
                }
                for bias in &mut model.bias {
                    *bias /= 4;
                }
                // Rows in words of eight.
                model.driven_rows = model.driven_rows.next_multiple_of(8);
                fit(&mut model);
                if to_the_limit {
                    reach_the_limit(&mut model);
                }
                let input = 4;
                (model, Widths { input, ..widths })
            },
        )
}

/// Random models of two layers, the second of a shape that the assembly of Cortex-M4 takes, but for small blocks.
///
/// Half of them have a bias that takes the second layer's sums to the limit of 32 bits.
pub fn second_layer_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    let models = models(log2_hidden).prop_filter("two layers, without a pool", |(model, _)| {
        let numbers = matches!(model.input, PlainInput::Numbers { .. });
        let pooled = model.readout_kind.is_pooled();
        numbers && !pooled && model.hidden.is_none() && model.second.is_some()
    });
    (models, 10u32..=12, any::<bool>()).prop_map(|((mut model, widths), bits, to_the_limit)| {
        if let Some(second) = &mut model.second {
            second.layer.gain_shift = 15;
            second.layer.state_bits = bits.min(19 - second.layer.block_size.trailing_zeros());
        }
        let limit = i64::from(i32::MAX);
        while bounds::of(&model, widths.input).second_step > limit {
            let second = model.second.as_mut().expect("two layers");
            second.bias.iter_mut().for_each(|bias| *bias /= 2);
            match second.multiplier {
                1 => second.layer.state_bits -= 1,
                multiplier => second.multiplier = multiplier / 2,
            }
        }
        if to_the_limit {
            fill_second(&mut model, widths);
        }
        shrink_to_bound(&mut model, widths);
        (model, widths)
    })
}

/// Gives the first row of the second layer the largest bias that 32 bits have room for.
fn fill_second(model: &mut PlainModel, widths: Widths) {
    let largest = |model: &PlainModel| {
        let biases = model.second.iter().flat_map(|second| &second.bias);
        biases.map(|bias| bias.unsigned_abs()).max().unwrap_or(0)
    };
    let room = i64::from(i32::MAX) - bounds::of(model, widths.input).second_step;
    let bias = i64::from(largest(model)) + room;
    let second = model.second.as_mut().expect("two layers");
    if let Some(first) = second.bias.first_mut() {
        *first = i32::try_from(bias).expect("within the bound");
    }
}

/// Gives a model its inputs several times.
fn repeat_inputs(model: &mut PlainModel, times: usize) {
    if let PlainInput::Numbers {
        channels,
        copies,
        weights,
        ..
    } = &mut model.input
    {
        *channels = channels.repeat(times);
        *copies = copies.repeat(times);
        for row in weights {
            *row = row.repeat(times);
        }
    }
}

/// The weights and the width of the inputs.
fn input(model: &mut PlainModel) -> (&mut Vec<Vec<i32>>, &mut u32) {
    match &mut model.input {
        PlainInput::Numbers { weights, bits, .. } => (weights, bits),
        PlainInput::Tokens { .. } => unreachable!("models of numbers"),
    }
}

/// `2^(g-1)` in units of the layer input.
fn rounding(model: &PlainModel) -> i64 {
    1 << (14 - model.layer_input_shift)
}

/// Largest absolute value of `U x` of a row.
fn largest_product(model: &mut PlainModel, row: usize) -> i64 {
    let (weights, bits) = input(model);
    let weights: i64 = weights[row].iter().map(|u| i64::from(u.abs())).sum();
    weights << (*bits - 1)
}

/// Whether the layer inputs leave room for the rounding constant.
fn in_lane(model: &PlainModel) -> bool {
    bounds::of(model, 4).layer_input + rounding(model) <= LANE
}

/// Lowers widths and shifts until drives fit a lane and sums fit 32 bits.
fn fit(model: &mut PlainModel) {
    while model.layer.state_bits + model.layer.block_size.trailing_zeros() > 19 {
        model.layer.state_bits -= 1;
    }
    while *input(model).1 > 4 && !in_lane(model) {
        *input(model).1 -= 1;
    }
    while !in_lane(model) {
        model.bias.iter_mut().for_each(|bias| *bias /= 2);
        model.layer_input_shift = (model.layer_input_shift + 1).min(14);
    }
    let (floor, fraction) = model.layer.gain();
    let gain = floor + i64::from(fraction != 0);
    let transform = (model.layer.block_size as i64) << (model.layer.state_bits - 1);
    while (LANE << model.layer_input_shift) + gain * transform + (1 << 14) > i64::from(i32::MAX) {
        model.layer_input_shift -= 1;
        if !in_lane(model) {
            model.bias.iter_mut().for_each(|bias| *bias = 0);
            input(model).0.iter_mut().flatten().for_each(|u| *u /= 2);
        }
    }
}

/// Gives the row of the largest input projection a bias that takes it to the limit.
fn reach_the_limit(model: &mut PlainModel) {
    let rows = 0..model.layer.hidden_size;
    if let Some(row) = rows.max_by_key(|&row| largest_product(model, row)) {
        let bias = LANE - rounding(model) - largest_product(model, row);
        model.bias[row] = if row % 2 == 0 { bias } else { -bias } as i32;
    }
}
