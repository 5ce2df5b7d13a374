//! Plain models as files, packed bit by bit as `docs/FORMAT.md` has it.

use bitvec::prelude::*;
use hadamrnn_runtime::Bounds;
use hadamrnn_runtime::format::{
    Addition, BinaryMatrixKind, Extension, Fading, Header, HiddenReadout, Part, Readout, Second,
    Tokens, encode_with_parts,
};

use crate::bounds;
use crate::oracle::{PlainInput, PlainMixing, PlainModel, PlainReadout, PlainSecond};

/// Widths of a model that are not part of the oracle.
#[derive(Clone, Copy, Debug)]
pub struct Widths {
    /// Field width of U or the table of tokens.
    pub input: u8,
    /// Field width of V.
    pub readout: u8,
}

/// The model file of `model`.
pub fn encode_plain(model: &PlainModel, widths: Widths) -> Vec<u8> {
    encode_with(model, widths, &[])
}

/// The same with parts beside the network.
pub fn encode_with(model: &PlainModel, widths: Widths, parts: &[Part<'_>]) -> Vec<u8> {
    let (mut header, words) = header_and_words(model, widths);
    if !parts.is_empty() {
        header.addition.bounds = stated_bounds(model, widths);
    }
    let stored: usize = parts.iter().map(|part| 1 + part.words.len()).sum();
    let mut file = vec![0; 256 + 4 * (words.len() + stored)];
    let length = encode_with_parts(&header, &words, parts, &mut file).expect("fitting sections");
    file.truncate(length);
    file
}

/// The header and the weight words of `model`.
pub fn header_and_words(model: &PlainModel, widths: Widths) -> (Header<'static>, Vec<u32>) {
    let mut words = input_words(model, widths.input);
    for pair in model.bias.chunks(2) {
        words.push((pair[0] + 32768) as u32 | ((pair[1] + 32768) as u32) << 16);
    }
    words.extend(signs(&model.layer.signs));
    if let Some(second) = &model.second {
        words.extend(mixing(&second.mixing));
        words.extend(second.bias.iter().map(|&bias| bias as u32));
        words.extend(signs(&second.layer.signs));
    }
    if let Some(hidden) = &model.hidden {
        words.extend(dense(&hidden.matrix));
        words.extend(hidden.bias.iter().map(|&bias| bias as u32));
    }
    for row in &model.readout {
        words.extend(packed_rows(row, widths.readout));
    }
    words.extend(model.readout_bias.iter().map(|&bias| bias as u32));
    let mut header = header(model, widths);
    // A file of version 3 or 4 also states its bounds.
    if header.addition != Addition::default() {
        header.addition.bounds = stated_bounds(model, widths);
    }
    (header, words)
}

/// The bounds of `model`; of one that could overflow they are nonsense, and a reader refuses it before it compares them.
pub fn stated_bounds(model: &PlainModel, widths: Widths) -> Bounds {
    let all = bounds::of(model, widths.input).all();
    let [layer_input, step, second_step, hidden, logit] = all.map(|bound| bound as i32);
    Bounds {
        layer_input,
        step,
        second_step,
        hidden,
        logit,
    }
}

fn header(model: &PlainModel, widths: Widths) -> Header<'static> {
    let (input_bits, input_shift) = match model.input {
        PlainInput::Numbers { bits, shift, .. } => (bits as u8, shift as u8),
        PlainInput::Tokens { .. } => (0, 0),
    };
    let tokens = match &model.input {
        PlainInput::Numbers { .. } => None,
        PlainInput::Tokens { table, multiplier } => Some(Tokens {
            vocabulary: table.len() as u32,
            multiplier: *multiplier,
        }),
    };
    Header {
        name: "test",
        hidden_size: model.layer.hidden_size as u16,
        input_size: model.input_size() as u16,
        output_size: model.readout.len() as u16,
        log2_block: model.layer.block_size.trailing_zeros() as u8,
        input_weight_bits: widths.input,
        readout_weight_bits: widths.readout,
        state_bits: model.layer.state_bits as u8,
        input_bits,
        input_shift,
        layer_input_shift: model.layer_input_shift as u8,
        gain_shift: model.layer.gain_shift as u8,
        readout: match model.readout_kind {
            PlainReadout::LastState => Readout::LastState,
            PlainReadout::EveryStep => Readout::EveryStep,
            PlainReadout::Pooled(shift) | PlainReadout::Fading { shift, .. } => Readout::Pooled {
                shift: shift as u8,
                steps: 300,
            },
        },
        logit_scale: 1.0,
        extension: Extension {
            tokens,
            copies: (model.input_size() - model.sample_size()) as u16,
            leak: model.layer.leak as u8,
            second: model.second.as_ref().map(second_header),
        },
        addition: Addition {
            driven_rows: if model.driven_rows == model.layer.block_size {
                0
            } else {
                let blocks = model.layer.hidden_size / model.layer.block_size;
                (blocks * model.driven_rows) as u16
            },
            hidden_readout: model.hidden.as_ref().map(|hidden| HiddenReadout {
                hidden_size: hidden.matrix.len() as u16,
                multiplier: hidden.multiplier,
                shift: hidden.shift as u8,
                bits: hidden.bits as u8,
                bias: !hidden.bias.is_empty(),
            }),
            bounds: Bounds::default(),
            fading: match model.readout_kind {
                PlainReadout::Fading { loss, interval, .. } => Some(Fading {
                    shift: loss as u8,
                    log2_interval: interval.ilog2() as u8,
                }),
                _ => None,
            },
            parts: 0,
        },
    }
}

fn second_header(second: &PlainSecond) -> Second {
    Second {
        hidden_size: second.layer.hidden_size as u16,
        log2_block: second.layer.block_size.trailing_zeros() as u8,
        leak: second.layer.leak as u8,
        state_bits: second.layer.state_bits as u8,
        gain_shift: second.layer.gain_shift as u8,
        multiplier: second.multiplier,
        mixing: match second.mixing {
            PlainMixing::Dense(_) => BinaryMatrixKind::Dense,
            PlainMixing::Hadamard(..) => BinaryMatrixKind::Hadamard,
        },
        bias: !second.bias.is_empty(),
    }
}

fn input_words(model: &PlainModel, width: u8) -> Vec<u32> {
    match &model.input {
        PlainInput::Numbers {
            channels,
            copies,
            weights,
            ..
        } => {
            let mut words: Vec<u32> = (channels.iter().zip(copies))
                .map(|(&(offset, multiplier), &copy)| {
                    let high = u32::from(multiplier) | u32::from(copy) << 15;
                    u32::from(offset as u16) | high << 16
                })
                .collect();
            let driven: Vec<&Vec<i32>> = driven(model, weights).collect();
            for rows in driven.chunks(32 / usize::from(width)) {
                for column in 0..channels.len() {
                    let codes: Vec<i32> = rows.iter().map(|row| row[column]).collect();
                    words.push(pack(&codes, width.into()));
                }
            }
            words
        }
        PlainInput::Tokens { table, .. } => table
            .iter()
            .flat_map(|row| {
                let driven: Vec<i32> = driven(model, row).copied().collect();
                packed_rows(&driven, width).collect::<Vec<u32>>()
            })
            .collect(),
    }
}

/// Picks the entries of the driven rows from a list with one entry a row.
fn driven<'a, T>(model: &PlainModel, rows: &'a [T]) -> impl Iterator<Item = &'a T> {
    let (block, driven) = (model.layer.block_size, model.driven_rows);
    rows.chunks(block).flat_map(move |rows| &rows[..driven])
}

fn packed_rows(row: &[i32], width: u8) -> impl Iterator<Item = u32> {
    row.chunks(32 / usize::from(width))
        .map(move |codes| pack(codes, width.into()))
}

/// Packs codes two by two as the format has it, bit by bit.
fn pack(codes: &[i32], width: usize) -> u32 {
    let mut word = bitarr![u32, Lsb0; 0; 32];
    let per_word = 32 / width;
    for (i, &code) in codes.iter().enumerate() {
        let field = if i % 2 == 0 {
            i / 2
        } else {
            i / 2 + per_word / 2
        };
        let unsigned = (code + (1 << (width - 1))) as u32;
        word[field * width..(field + 1) * width].store_le(unsigned);
    }
    word.into_inner()[0]
}

/// Packs signs into words: one bit a sign, set for -1.
fn signs(signs: &[i32]) -> Vec<u32> {
    let bits: BitVec<u32, Lsb0> = signs.iter().map(|&sign| sign < 0).collect();
    bits.into_vec()
}

fn mixing(mixing: &PlainMixing) -> Vec<u32> {
    match mixing {
        PlainMixing::Hadamard(a, c) => [signs(a), signs(c)].concat(),
        PlainMixing::Dense(rows) => dense(rows),
    }
}

/// Four columns after four columns; within them row after row, a nibble each.
fn dense(rows: &[Vec<i32>]) -> Vec<u32> {
    let columns = rows[0].len();
    let nibbles: Vec<i32> = (0..columns / 4)
        .flat_map(|group| {
            rows.iter()
                .flat_map(move |row| row[4 * group..4 * group + 4].iter().copied())
        })
        .collect();
    signs(&nibbles)
}
