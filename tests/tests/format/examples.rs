//! The worked examples of `docs/FORMAT.md` and `docs/EXAMPLES.md`, as plain models.

use hadamrnn_runtime::format;
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_plain};
use hadamrnn_tests::oracle::{
    PlainHidden, PlainInput, PlainLayer, PlainMixing, PlainModel, PlainReadout, PlainSecond,
};

/// Minus in every third place from the first.
pub fn every_third(count: usize) -> Vec<i32> {
    (0..count)
        .map(|row| if row % 3 == 0 { -1 } else { 1 })
        .collect()
}

/// The first worked example: 16 units, one input, one output.
pub fn example() -> (PlainModel, Widths) {
    let model = PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(-2, 3)],
            copies: vec![false],
            weights: (0..16).map(|row| vec![row - 8]).collect(),
            bits: 8,
            shift: 1,
        },
        driven_rows: 4,
        bias: (0..16).map(|row| row - 1).collect(),
        layer_input_shift: 9,
        layer: PlainLayer {
            hidden_size: 16,
            block_size: 4,
            signs: every_third(16),
            leak: 0,
            state_bits: 12,
            gain_shift: 10,
        },
        second: None,
        readout_kind: PlainReadout::LastState,
        hidden: None,
        readout: vec![(0..16).map(|unit| unit % 4 - 2).collect()],
        readout_bias: vec![-5],
    };
    let widths = Widths {
        input: 4,
        readout: 2,
    };
    (model, widths)
}

/// The example of several features of version 2: two tokens, a leak, a second layer of the kind, and a pooled readout.
pub fn example_2(mixing: PlainMixing) -> (PlainModel, Widths) {
    let (first, widths) = example();
    let layer = PlainLayer {
        leak: 3,
        ..first.layer.clone()
    };
    let model = PlainModel {
        input: PlainInput::Tokens {
            table: vec![vec![0; 16], (0..16).map(|row| row - 8).collect()],
            multiplier: 300,
        },
        second: Some(PlainSecond {
            layer: PlainLayer {
                block_size: 16,
                leak: 0,
                ..layer.clone()
            },
            mixing,
            multiplier: 5,
            bias: (0..16).map(|row| 256 * row - 1).collect(),
        }),
        layer,
        readout_kind: PlainReadout::Pooled(6),
        ..first
    };
    (model, widths)
}

/// Row `i` has its minus signs where `i` has set bits, over and over.
pub fn dense() -> PlainMixing {
    PlainMixing::Dense(matrix())
}

pub fn matrix() -> Vec<Vec<i32>> {
    let row = |i: usize| {
        (0..16)
            .map(|j| if i >> (j % 4) & 1 == 1 { -1 } else { 1 })
            .collect()
    };
    (0..16).map(row).collect()
}

/// The example of several features of version 3: one block, whose upper half no input drives, and a hidden readout layer.
pub fn example_3() -> (PlainModel, Widths) {
    let (first, widths) = example();
    let model = PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(-2, 3)],
            copies: vec![false],
            weights: (0..16).map(|row| vec![(row - 8).min(0)]).collect(),
            bits: 8,
            shift: 1,
        },
        driven_rows: 8,
        layer: PlainLayer {
            block_size: 16,
            ..first.layer.clone()
        },
        hidden: Some(PlainHidden {
            matrix: matrix(),
            multiplier: 5,
            bias: (0..16).map(|row| 256 * row - 1).collect(),
            shift: 3,
            bits: 12,
        }),
        ..first
    };
    (model, widths)
}

/// The example of version 4: a pool that loses a quarter of itself before every second step.
pub fn example_4() -> (PlainModel, Widths) {
    let (first, widths) = example();
    let model = PlainModel {
        readout_kind: PlainReadout::Fading {
            shift: 1,
            loss: 2,
            interval: 2,
        },
        ..first
    };
    (model, widths)
}

/// The file of a header and weights.
pub fn file(header: &format::Header<'_>, words: &[u32]) -> AlignedBytes {
    let mut out = vec![0; 256 + 4 * words.len()];
    let length = format::encode(header, words, &mut out).expect("room");
    AlignedBytes::new(&out[..length])
}

pub fn example_4_bytes() -> Vec<u8> {
    let (model, widths) = example_4();
    encode_plain(&model, widths)
}

pub fn example_3_bytes() -> Vec<u8> {
    let (model, widths) = example_3();
    encode_plain(&model, widths)
}

pub fn example_2_bytes() -> Vec<u8> {
    let (model, widths) = example_2(dense());
    encode_plain(&model, widths)
}

pub fn example_bytes() -> Vec<u8> {
    let (model, widths) = example();
    encode_plain(&model, widths)
}
