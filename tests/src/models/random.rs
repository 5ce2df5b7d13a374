//! Strategies for models of every kind.

use std::ops::RangeInclusive;

use proptest::prelude::*;

use super::Widths;
use crate::bounds;
use crate::oracle::{
    PlainHidden, PlainInput, PlainLayer, PlainMixing, PlainModel, PlainReadout, PlainSecond,
};

/// Random models whose bounds the runtime accepts, with `2^log2_hidden` units in a layer.
pub fn models(log2_hidden: RangeInclusive<u32>) -> impl Strategy<Value = (PlainModel, Widths)> {
    any_models(log2_hidden).prop_map(|(mut model, widths)| {
        shrink_to_bound(&mut model, widths);
        (model, widths)
    })
}

/// Random models of one layer that takes numbers and whose readout is of the state: they need no capacities beyond
/// those of the first layer.
pub fn plain_models(
    log2_hidden: RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    models(log2_hidden).prop_filter("one layer of numbers", |(model, _)| {
        let pooled = model.readout_kind.is_pooled();
        let numbers = matches!(model.input, PlainInput::Numbers { .. });
        numbers && !pooled && model.second.is_none() && model.hidden.is_none()
    })
}

/// Random models, most of which could overflow.
pub fn any_models(log2_hidden: RangeInclusive<u32>) -> impl Strategy<Value = (PlainModel, Widths)> {
    let width = || prop_oneof![Just(2u8), Just(4), Just(8)];
    let layers = layer(log2_hidden.clone()).prop_flat_map(move |first| {
        let second = second(&first, log2_hidden.clone());
        (Just(first), prop_oneof![second.prop_map(Some), Just(None)])
    });
    let layers = layers.prop_flat_map(|(first, second)| {
        let top = second.as_ref().map_or(&first, |second| &second.layer);
        let hidden = prop_oneof![2 => Just(None), 1 => hidden(top.hidden_size).prop_map(Some)];
        (Just(first), Just(second), hidden)
    });
    let all = (layers, width(), width(), 1usize..5, any::<u8>());
    all.prop_flat_map(|((layer, second, hidden), u, v, outputs, driven)| {
        let n = layer.hidden_size;
        let top = second.as_ref().map_or(n, |second| second.layer.hidden_size);
        let top = hidden.as_ref().map_or(top, |hidden| hidden.matrix.len());
        let driven_rows = driven_rows(&layer, u, driven);
        let rest = (
            input(u, n),
            prop::collection::vec(-32768i32..=32767, n),
            0u32..=20,
            readout_kind(),
            prop::collection::vec(codes(v, top), outputs),
            prop::collection::vec(-1_000_000i32..=1_000_000, outputs),
        );
        rest.prop_map(
            move |(mut input, bias, layer_input_shift, readout_kind, readout, readout_bias)| {
                clear_undriven(&mut input, layer.block_size, driven_rows);
                let model = PlainModel {
                    input,
                    driven_rows,
                    bias,
                    layer_input_shift,
                    layer: layer.clone(),
                    second: second.clone(),
                    readout_kind,
                    hidden: hidden.clone(),
                    readout,
                    readout_bias,
                };
                (
                    model,
                    Widths {
                        input: u,
                        readout: v,
                    },
                )
            },
        )
    })
}

/// All rows of a block in two of three cases, else a part of them in whole words.
fn driven_rows(layer: &PlainLayer, width: u8, choice: u8) -> usize {
    let per_word = 32 / usize::from(width);
    let (all, words) = (layer.block_size, layer.block_size / per_word);
    match usize::from(choice) {
        choice if choice % 3 == 0 && words > 1 => per_word * (1 + choice % (words - 1)),
        _ => all,
    }
}

fn clear_undriven(input: &mut PlainInput, block: usize, driven: usize) {
    let is_driven = |row: usize| row % block < driven;
    match input {
        PlainInput::Numbers { weights, .. } => {
            let rows = weights.iter_mut().enumerate();
            (rows.filter(|(row, _)| !is_driven(*row))).for_each(|(_, codes)| codes.fill(0));
        }
        PlainInput::Tokens { table, .. } => {
            let codes = table.iter_mut().flat_map(|row| row.iter_mut().enumerate());
            (codes.filter(|(row, _)| !is_driven(*row))).for_each(|(_, code)| *code = 0);
        }
    }
}

fn hidden(read: usize) -> impl Strategy<Value = PlainHidden> {
    (1usize..=8, 0u32..=30, 8u32..=16, 1u16..=32767).prop_flat_map(
        move |(sixteens, shift, bits, multiplier)| {
            let matrix = prop::collection::vec(signs(read), 16 * sixteens);
            let bias = prop::collection::vec(-(1i32 << 24)..=1 << 24, 16 * sixteens);
            let bias = prop_oneof![3 => bias, 1 => Just(Vec::new())];
            (matrix, bias).prop_map(move |(matrix, bias)| PlainHidden {
                matrix,
                multiplier,
                bias,
                shift,
                bits,
            })
        },
    )
}

fn layer(log2_hidden: RangeInclusive<u32>) -> BoxedStrategy<PlainLayer> {
    let leak = prop_oneof![Just(0u32), 1u32..=15];
    (log2_hidden, 0u32..10, leak, 8u32..=16, 4u32..=15)
        .prop_flat_map(|(log2_n, block_choice, leak, state_bits, gain_shift)| {
            let n = 1usize << log2_n;
            let q = 1 + block_choice % log2_n;
            signs(n).prop_map(move |signs| PlainLayer {
                hidden_size: n,
                block_size: 1 << q,
                signs,
                leak,
                state_bits,
                gain_shift: gain_shift.max(q / 2),
            })
        })
        .boxed()
}

fn second(
    first: &PlainLayer,
    log2_hidden: RangeInclusive<u32>,
) -> impl Strategy<Value = PlainSecond> + use<> {
    let n = first.hidden_size;
    let structured = any::<bool>();
    structured.prop_flat_map(move |structured| {
        let log2_n = n.trailing_zeros();
        let sizes = if structured {
            log2_n..=log2_n
        } else {
            log2_hidden.clone()
        };
        layer(sizes).prop_flat_map(move |layer| {
            let rows = layer.hidden_size;
            let mixing = if structured {
                (signs(n), signs(n))
                    .prop_map(|(a, c)| PlainMixing::Hadamard(a, c))
                    .boxed()
            } else {
                prop::collection::vec(signs(n), rows)
                    .prop_map(PlainMixing::Dense)
                    .boxed()
            };
            let multiplier = prop_oneof![1u16..=32767, Just(1), Just(32767)];
            let bias = prop::collection::vec(-(1i32 << 24)..=1 << 24, rows);
            let bias = prop_oneof![3 => bias, 1 => Just(Vec::new())];
            (mixing, multiplier, bias).prop_map(move |(mixing, multiplier, bias)| PlainSecond {
                layer: layer.clone(),
                mixing,
                multiplier,
                bias,
            })
        })
    })
}

fn signs(count: usize) -> BoxedStrategy<Vec<i32>> {
    let any = prop::collection::vec(prop_oneof![Just(1), Just(-1)], count);
    prop_oneof![7 => any, 1 => Just(vec![1; count])].boxed()
}

fn readout_kind() -> impl Strategy<Value = PlainReadout> {
    prop_oneof![
        Just(PlainReadout::LastState),
        Just(PlainReadout::EveryStep),
        // Every other one fades.
        (0u32..=16).prop_map(|shift| match shift % 2 {
            0 => PlainReadout::Pooled(shift),
            _ => PlainReadout::Fading {
                shift,
                loss: 1 + shift % 7,
                interval: 1 << (shift % 4),
            },
        }),
    ]
}

fn codes(width: u8, count: usize) -> BoxedStrategy<Vec<i32>> {
    let limit = 1 << (width - 1);
    let any = prop::collection::vec(-limit..limit, count);
    // One row in four has only extreme weights.
    let extreme = prop::collection::vec(prop_oneof![Just(-limit), Just(limit - 1)], count);
    prop_oneof![3 => any, 1 => extreme].boxed()
}

fn input(width: u8, n: usize) -> BoxedStrategy<PlainInput> {
    let numbers = (1usize..12, 4u32..=16, 1u32..=17).prop_flat_map(move |(inputs, bits, shift)| {
        let channels = prop::collection::vec((any::<i16>(), 0u16..=32767), inputs);
        let copies = prop_oneof![Just(0.0), Just(0.4)]
            .prop_flat_map(move |share| prop::collection::vec(prop::bool::weighted(share), inputs));
        let weights = prop::collection::vec(codes(width, inputs), n);
        (channels, copies, weights).prop_map(move |(channels, mut copies, weights)| {
            copies[0] = false;
            PlainInput::Numbers {
                channels,
                copies,
                weights,
                bits,
                shift,
            }
        })
    });
    let multiplier = prop_oneof![1u16..=32767, 1u16..=255, Just(1), Just(32767)];
    let tokens = (prop::collection::vec(codes(width, n), 1..12), multiplier)
        .prop_map(|(table, multiplier)| PlainInput::Tokens { table, multiplier });
    prop_oneof![2 => numbers, 1 => tokens].boxed()
}

/// Lowers shifts, multipliers and widths until the 32-bit bounds of the format hold.
pub fn shrink_to_bound(model: &mut PlainModel, widths: Widths) {
    let limit = i64::from(i32::MAX);
    while bounds::of(model, widths.input).step > limit {
        shrink_first(model);
    }
    while bounds::of(model, widths.input).second_step > limit {
        let Some(second) = &mut model.second else {
            break;
        };
        if second.multiplier > 1 {
            second.multiplier /= 2;
        } else if !lower_gain(&mut second.layer) {
            second.layer.state_bits = (second.layer.state_bits - 1).max(8);
            second.bias.iter_mut().for_each(|bias| *bias /= 2);
        }
    }
    while bounds::of(model, widths.input).hidden > limit {
        let Some(hidden) = &mut model.hidden else {
            break;
        };
        hidden.multiplier = (hidden.multiplier / 2).max(1);
        hidden.shift = hidden.shift.saturating_sub(1);
    }
    while bounds::of(model, widths.input).logit > limit {
        model
            .readout
            .iter_mut()
            .flatten()
            .for_each(|code| *code /= 2);
    }
}

fn shrink_first(model: &mut PlainModel) {
    if model.layer_input_shift > 0 {
        model.layer_input_shift -= 1;
    } else if !lower_gain(&mut model.layer) {
        model.layer.state_bits = (model.layer.state_bits - 1).max(8);
        if let PlainInput::Numbers { bits, .. } = &mut model.input {
            *bits = (*bits - 1).max(4);
        }
    }
}

/// Whether there was room to lower the gain.
fn lower_gain(layer: &mut PlainLayer) -> bool {
    let smallest = (layer.block_size.trailing_zeros() / 2).max(4);
    let room = layer.gain_shift > smallest;
    layer.gain_shift -= u32::from(room);
    room
}

/// Raw samples for `model`: uniform, constant extremes, and small values; for tokens any of its vocabulary.
pub fn samples(model: &PlainModel, steps: usize) -> BoxedStrategy<Vec<Vec<i16>>> {
    let size = model.sample_size();
    let sample = move |value: BoxedStrategy<i16>| {
        prop::collection::vec(prop::collection::vec(value, size), steps)
    };
    match &model.input {
        PlainInput::Tokens { table, .. } => sample((0..table.len() as i16).boxed()).boxed(),
        PlainInput::Numbers { .. } => prop_oneof![
            sample(any::<i16>().boxed()),
            sample(prop_oneof![Just(i16::MIN), Just(i16::MAX)].boxed()),
            sample((-50i16..50).boxed()),
        ]
        .boxed(),
    }
}
