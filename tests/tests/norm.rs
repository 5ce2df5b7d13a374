//! A state is kept: the gain that alternates between two integers neither lets it grow nor fade.

use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Model, Session};
use hadamrnn_tests::bounds;
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_plain};
use hadamrnn_tests::oracle::{PlainInput, PlainLayer, PlainModel, PlainReadout};
use proptest::prelude::*;

const STEPS: usize = 10_000;
/// Share of its norm that a state may gain or lose in so many steps.
const LIMIT: f64 = 0.005;

/// A model without leak and biases, whose first sample fills the state to about a seventh of its range, and the widths of its
/// codes. The gain has as many bits as 32-bit sums leave it, as the exporter chooses it.
fn model(
    log2_block: u32,
    state_bits: u32,
    weights: Vec<i32>,
    signs: Vec<bool>,
) -> (PlainModel, Widths) {
    let hidden_size = weights.len();
    let widths = Widths {
        input: 8,
        readout: 2,
    };
    let mut model = PlainModel {
        input: PlainInput::Numbers {
            channels: vec![(0, 1 << 14)],
            copies: vec![false],
            weights: weights.into_iter().map(|weight| vec![weight]).collect(),
            bits: 4,
            shift: 14,
        },
        driven_rows: 1 << log2_block,
        bias: vec![0; hidden_size],
        drive_shift: 0,
        layer: PlainLayer {
            hidden_size,
            block_size: 1 << log2_block,
            signs: signs
                .into_iter()
                .map(|minus| if minus { -1 } else { 1 })
                .collect(),
            leak: 0,
            state_bits,
            gain_shift: 15,
        },
        second: None,
        readout_kind: PlainReadout::LastState,
        hidden: None,
        readout: vec![vec![0; hidden_size]],
        readout_bias: vec![0],
    };
    loop {
        // |U x| is up to 2^10, the state's range 2^(w-1).
        model.drive_shift = model.layer.gain_shift + state_bits - 13;
        if bounds::of(&model, widths.input).fit() {
            return (model, widths);
        }
        model.layer.gain_shift -= 1;
    }
}

fn norm(session: &Session<'_, Fwht, 512, 1>) -> f64 {
    session
        .states()
        .map(|h| f64::from(h).powi(2))
        .sum::<f64>()
        .sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn ten_thousand_steps_keep_the_norm(
        log2_block in 1u32..=9,
        state_bits in 14u32..=15,
        weights in prop::collection::vec(prop_oneof![-127i32..=-32, 32..=127], 512),
        signs in prop::collection::vec(any::<bool>(), 512),
    ) {
        let (plain, widths) = model(log2_block, state_bits, weights, signs);
        let file = AlignedBytes::new(&encode_plain(&plain, widths));
        let model = Model::from_bytes(file.as_slice()).expect("a model");
        let mut session = Session::<Fwht, 512, 1>::new(&model).expect("room");
        session.push(&[7]).expect("a sample");
        let before = norm(&session);
        prop_assert!(before > 20_000.0, "the first sample leaves a norm of {}", before);
        for _ in 0..STEPS {
            session.push(&[0]).expect("a sample");
        }
        let change = norm(&session) / before - 1.0;
        prop_assert!(change.abs() < LIMIT, "block 2^{}: {}", log2_block, change);
    }
}
