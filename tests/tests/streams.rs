//! Streams of a pool that fades: one session that is never reset, equal to the oracle at every answer.

use hadamrnn_device::slots::{Fault, Timing};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::{Model, RoomOf};
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_plain, models, samples};
use hadamrnn_tests::oracle::{PlainInput, PlainModel, PlainReadout};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

type Any = RoomOf<Fwht, 32, 12, 32, 32, 128>;

/// Models of numbers with a pool that fades.
fn fading_models() -> impl Strategy<Value = (PlainModel, Widths)> {
    models(4..=5).prop_filter("a fading pool of numbers", |(model, _)| {
        let fades = matches!(model.readout_kind, PlainReadout::Fading { .. });
        fades && matches!(model.input, PlainInput::Numbers { .. })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_fading_pool_streams_as_the_oracle_does(
        (plain, stream) in fading_models().prop_flat_map(|(model, widths)| {
            let stream = samples(&model, 90);
            (Just((model, widths)), stream)
        }),
        window in 1u16..40,
        hop in 1u16..12,
        decimation in 1u16..4,
    ) {
        let (plain, widths) = plain;
        let file = AlignedBytes::new(&encode_plain(&plain, widths));
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let timing = Timing { window, hop, decimation, ..Timing::OPEN };
        let mut found = Vec::new();
        let mut answers = WindowStream::<Any, 1>::new(&model, timing, 0).expect("one session");
        for sample in &stream {
            if let Some(answer) = answers.push(sample).expect("a sample") {
                found.push(answer.logits.iter().map(|&logit| i64::from(logit)).collect::<Vec<_>>());
            }
        }
        let mut state = plain.start();
        let mut expected = Vec::new();
        for (step, sample) in stream.iter().step_by(decimation.into()).enumerate() {
            plain.step(&mut state, sample);
            let after = (step + 1).checked_sub(window.into());
            if after.is_some_and(|after| after.is_multiple_of(hop.into())) {
                expected.push(plain.logits(&state));
            }
        }
        prop_assert_eq!(found, expected);
    }
}

/// What the pool was trained for is the first window where none is given; a hop needs to be no part of it.
#[test]
fn timing_of_a_fading_pool() {
    let (mut plain, widths) = fading_models()
        .new_tree(&mut proptest::test_runner::TestRunner::deterministic())
        .expect("a model")
        .current();
    let timing = |plain: &PlainModel, timing| {
        let file = AlignedBytes::new(&encode_plain(plain, widths));
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let stream = WindowStream::<Any, 1>::new(&model, timing, 77);
        stream.map(|stream| (stream.timing().window, stream.timing().hop))
    };
    let hop = |hop| Timing {
        hop,
        ..Timing::OPEN
    };
    assert_eq!(timing(&plain, hop(7)), Ok((300, 7)));
    assert_eq!(timing(&plain, hop(0)), Ok((300, 300)));
    assert_eq!(timing(&plain, hop(400)), Ok((300, 400)));
    // Sums that are reset need a session for every hop.
    plain.readout_kind = PlainReadout::Pooled(8);
    assert!(matches!(
        timing(&plain, hop(150)),
        Err(Fault::Timing { .. })
    ));
    assert_eq!(timing(&plain, hop(300)), Ok((300, 300)));
}
