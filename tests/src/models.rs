//! Random models at the edges of every documented range, and their encoding.

use bitvec::prelude::*;
use hadamrnn_runtime::format::{Header, Readout, encode};
use proptest::prelude::*;

use crate::oracle::PlainModel;

/// A model file in memory, aligned as the runtime wants it.
pub struct AlignedBytes {
    words: Vec<u32>,
    length: usize,
}

impl AlignedBytes {
    /// Copies `bytes` to a four-byte boundary.
    pub fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0u32; bytes.len().div_ceil(4)];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
            let mut four = [0; 4];
            four[..chunk.len()].copy_from_slice(chunk);
            *word = u32::from_le_bytes(four);
        }
        Self {
            words,
            length: bytes.len(),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.as_slice().to_vec()
    }

    /// The bytes, on a four-byte boundary.
    pub fn as_slice(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.length]
    }
}

/// Widths of a random model that are not part of the oracle.
#[derive(Clone, Copy, Debug)]
pub struct Widths {
    /// Field width of U.
    pub input: u8,
    /// Field width of V.
    pub readout: u8,
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

/// The model file of `model`.
pub fn encode_plain(model: &PlainModel, widths: Widths) -> Vec<u8> {
    let header = Header {
        name: "test",
        hidden_size: model.hidden_size as u16,
        input_size: model.channels.len() as u16,
        output_size: model.readout.len() as u16,
        log2_block: model.block_size.trailing_zeros() as u8,
        input_weight_bits: widths.input,
        readout_weight_bits: widths.readout,
        state_bits: model.state_bits as u8,
        input_bits: model.input_bits as u8,
        input_shift: model.input_shift as u8,
        drive_shift: model.drive_shift as u8,
        gain_shift: model.gain_shift as u8,
        readout: Readout::LastState,
        logit_scale: 1.0,
    };
    let mut words: Vec<u32> = model
        .channels
        .iter()
        .map(|&(offset, multiplier)| u32::from(offset as u16) | u32::from(multiplier) << 16)
        .collect();
    let per_word = 32 / usize::from(widths.input);
    for rows in model.input.chunks(per_word) {
        for column in 0..model.channels.len() {
            let codes: Vec<i32> = rows.iter().map(|row| row[column]).collect();
            words.push(pack(&codes, widths.input.into()));
        }
    }
    for pair in model.bias.chunks(2) {
        words.push((pair[0] + 32768) as u32 | ((pair[1] + 32768) as u32) << 16);
    }
    let signs: BitVec<u32, Lsb0> = model.signs.iter().map(|&sign| sign < 0).collect();
    words.extend(signs.into_vec());
    for row in &model.readout {
        words.extend(
            row.chunks(32 / usize::from(widths.readout))
                .map(|codes| pack(codes, widths.readout.into())),
        );
    }
    words.extend(model.readout_bias.iter().map(|&bias| bias as u32));
    let mut file = vec![0; 256 + 4 * words.len()];
    let length = encode(&header, &words, &mut file).expect("sections fit the header");
    file.truncate(length);
    file
}

fn codes(width: u8, count: usize) -> BoxedStrategy<Vec<i32>> {
    let limit = 1 << (width - 1);
    let any = prop::collection::vec(-limit..limit, count);
    // One model in four has only extreme weights.
    let extreme = prop::collection::vec(prop_oneof![Just(-limit), Just(limit - 1)], count);
    prop_oneof![3 => any, 1 => extreme].boxed()
}

/// Random models of `log2_hidden` and `log2_block` whose bound the runtime accepts.
pub fn plain_models(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths)> {
    let width = || prop_oneof![Just(2u8), Just(4), Just(8)];
    let sizes = (log2_hidden, 0u32..10, 1usize..12, 1usize..5);
    let bits = (width(), width(), 8u32..=16, 4u32..=16);
    (sizes, bits).prop_flat_map(
        |((log2_n, block_choice, inputs, outputs), (u, v, state_bits, input_bits))| {
            let n = 1usize << log2_n;
            let q = 1 + block_choice % log2_n;
            let shifts = (1u32..=17, 0u32..=20, 4u32..=15);
            let channels = prop::collection::vec((any::<i16>(), 0u16..=32767), inputs);
            let input = codes(u, n * inputs);
            let bias = prop::collection::vec(-32768i32..=32767, n);
            let signs = prop::collection::vec(prop_oneof![Just(1), Just(-1)], n);
            let readout = codes(v, n * outputs);
            let readout_bias = prop::collection::vec(-1_000_000i32..=1_000_000, outputs);
            (shifts, channels, input, bias, signs, readout, readout_bias).prop_map(
                move |(
                    (input_shift, drive_shift, gain_shift),
                    channels,
                    input,
                    bias,
                    signs,
                    readout,
                    readout_bias,
                )| {
                    let mut model = PlainModel {
                        hidden_size: n,
                        block_size: 1 << q,
                        input: input.chunks(channels.len()).map(<[i32]>::to_vec).collect(),
                        channels,
                        bias,
                        signs,
                        readout: readout.chunks(n).map(<[i32]>::to_vec).collect(),
                        readout_bias,
                        state_bits,
                        input_bits,
                        input_shift,
                        drive_shift,
                        gain_shift: gain_shift.max(q / 2),
                    };
                    shrink_to_bound(&mut model);
                    (
                        model,
                        Widths {
                            input: u,
                            readout: v,
                        },
                    )
                },
            )
        },
    )
}

/// Lowers shifts, then widths, until the 32-bit bounds of the format hold.
fn shrink_to_bound(model: &mut PlainModel) {
    let largest_logit = |model: &PlainModel| {
        (model.readout.iter().zip(&model.readout_bias))
            .map(|(row, bias)| {
                let weights: i64 = row.iter().map(|v| i64::from(v.abs())).sum();
                (weights << (model.state_bits - 1)) + i64::from(bias.abs())
            })
            .max()
            .unwrap_or(0)
    };
    while largest_logit(model) > i64::from(i32::MAX) {
        model.state_bits -= 1;
    }
    let fits = |model: &PlainModel| {
        let drive = (model.input.iter().zip(&model.bias))
            .map(|(row, bias)| {
                let weights: i64 = row.iter().map(|u| i64::from(u.abs())).sum();
                (weights << (model.input_bits - 1)) + i64::from(bias.abs())
            })
            .max()
            .unwrap_or(0);
        let gain =
            (2f64.powi(model.gain_shift as i32) / (model.block_size as f64).sqrt()) as i64 + 1;
        let transform = (model.block_size as i64) << (model.state_bits - 1);
        (drive << model.drive_shift) + gain * transform + (1 << (model.gain_shift - 1))
            <= i64::from(i32::MAX)
    };
    while !fits(model) {
        let smallest_gain = (model.block_size.trailing_zeros() / 2).max(4);
        if model.drive_shift > 0 {
            model.drive_shift -= 1;
        } else if model.gain_shift > smallest_gain {
            model.gain_shift -= 1;
        } else {
            model.input_bits = (model.input_bits - 1).max(4);
            model.state_bits = (model.state_bits - 1).max(8);
        }
    }
}

/// Raw samples: uniform, constant extremes, and small values.
pub fn samples(inputs: usize, steps: usize) -> BoxedStrategy<Vec<Vec<i16>>> {
    let sample = move |value: BoxedStrategy<i16>| {
        prop::collection::vec(prop::collection::vec(value, inputs), steps)
    };
    prop_oneof![
        sample(any::<i16>().boxed()),
        sample(prop_oneof![Just(i16::MIN), Just(i16::MAX)].boxed()),
        sample((-50i16..50).boxed()),
    ]
    .boxed()
}
