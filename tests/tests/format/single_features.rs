//! The worked examples of `docs/EXAMPLES.md` that add one feature to the first one.

use hadamrnn_runtime::decision::Rule;
use hadamrnn_runtime::format::{Part, part};
use hadamrnn_tests::metric::PlainMetric;
use hadamrnn_tests::models::Widths;
use hadamrnn_tests::oracle::{
    PlainHidden, PlainInput, PlainLayer, PlainMixing, PlainModel, PlainReadout, PlainSecond,
};

use crate::examples::{dense, every_third, example, example_2, example_3, example_4, matrix};

/// A part that no runtime knows, and can skip.
pub const PARTS: &[Part<'static>] = &[Part {
    id: 1000,
    critical: false,
    words: &[7, 0xFFFF_FFFF],
}];

/// Every worked example, in the order of the documents, and the parts beside its network.
pub fn all() -> Vec<(PlainModel, Widths, Vec<Part<'static>>)> {
    let mut all: Vec<_> = (without_parts().into_iter())
        .map(|(model, widths)| (model, widths, Vec::new()))
        .collect();
    let (model, widths) = example();
    all.push((model.clone(), widths, PARTS.to_vec()));
    all.push((model, widths, judging_parts()));
    all
}

/// Smoothing and rules of the example of a decision.
pub fn decision() -> (u32, [Rule; 2]) {
    let rule = |threshold, answers, hold_off| Rule {
        threshold,
        answers,
        hold_off,
    };
    (1, [rule(500, 2, 0), rule(100, 1, 3)])
}

/// The example of a metric.
pub fn metric() -> PlainMetric {
    let row = |d: i64| {
        let codes = (0..16).map(|unit| unit * (d + 1) % 64 - 32);
        (codes.collect(), 2 + d as u32)
    };
    let centre = |class: i64| (0..6).map(|d| 100 * class - 1000 * d).collect();
    PlainMetric {
        rows: (0..6).map(row).collect(),
        teaching: 0,
        classes: vec![(3, centre(0)), (5, centre(1))],
        shift: 12,
        factor: 4,
        threshold: 122_000,
    }
}

/// A decision and a metric.
fn judging_parts() -> Vec<Part<'static>> {
    let (smoothing, rules) = decision();
    let rules = rules.iter().flat_map(|rule| rule.words());
    let part = |id, words: Vec<u32>| Part {
        id,
        critical: false,
        words: words.leak(),
    };
    vec![
        part(
            part::DECISION,
            [smoothing].into_iter().chain(rules).collect(),
        ),
        part(part::METRIC, metric().words()),
    ]
}

fn without_parts() -> Vec<(PlainModel, Widths)> {
    let matrices = [dense(), hadamard()];
    let [dense_matrix, hadamard_matrix] = matrices.map(second_layer);
    vec![
        example(),
        leak(),
        copies(),
        tokens(),
        dense_matrix,
        hadamard_matrix,
        pooled(),
        driven_rows(),
        hidden_readout(),
        example_2(dense()),
        example_3(),
        example_4(),
    ]
}

fn leak() -> (PlainModel, Widths) {
    let (mut model, widths) = example();
    (model.layer.block_size, model.driven_rows) = (8, 8);
    model.layer.leak = 3;
    (model, widths)
}

fn copies() -> (PlainModel, Widths) {
    let (first, _) = example();
    let model = PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(-2, 3), (1, 1000)],
            copies: vec![false, true],
            weights: (0..16).map(|row| vec![row - 8, 7 - row]).collect(),
            bits: 8,
            shift: 1,
        },
        readout_kind: PlainReadout::EveryStep,
        readout: [4, 8]
            .map(|period| (0..16).map(|unit| unit % period - period / 2).collect())
            .into(),
        readout_bias: vec![-5, 5],
        ..first
    };
    let widths = Widths {
        input: 8,
        readout: 4,
    };
    (model, widths)
}

fn tokens() -> (PlainModel, Widths) {
    let (first, widths) = example();
    let model = PlainModel {
        input: PlainInput::Tokens {
            table: vec![vec![0; 16], (0..16).map(|row| row - 8).collect()],
            multiplier: 300,
        },
        layer_input_shift: 8,
        ..first
    };
    (model, widths)
}

fn hadamard() -> PlainMixing {
    let every_second = (0..16).map(|column| 1 - column % 2 * 2).collect();
    PlainMixing::Hadamard(every_third(16), every_second)
}

fn second_layer(mixing: PlainMixing) -> (PlainModel, Widths) {
    let (first, widths) = example();
    let second = PlainSecond {
        layer: PlainLayer {
            block_size: 16,
            ..first.layer.clone()
        },
        mixing,
        multiplier: 300,
        bias: vec![],
    };
    let model = PlainModel {
        second: Some(second),
        ..first
    };
    (model, widths)
}

fn pooled() -> (PlainModel, Widths) {
    let (first, widths) = example();
    let model = PlainModel {
        readout_kind: PlainReadout::Pooled(1),
        ..first
    };
    (model, widths)
}

fn driven_rows() -> (PlainModel, Widths) {
    let (mut model, widths) = example();
    model.layer.block_size = 8;
    model.driven_rows = 4;
    model.input = PlainInput::Numbers {
        channels: vec![(-2, 3)],
        copies: vec![false],
        weights: (0..16).map(|row| vec![(row % 8 - 4).min(0)]).collect(),
        bits: 8,
        shift: 1,
    };
    (model, Widths { input: 8, ..widths })
}

fn hidden_readout() -> (PlainModel, Widths) {
    let (first, widths) = example();
    let hidden = PlainHidden {
        matrix: matrix(),
        multiplier: 5,
        bias: vec![],
        shift: 3,
        bits: 12,
    };
    let model = PlainModel {
        hidden: Some(hidden),
        ..first
    };
    (model, widths)
}
