//! Naive ±1 product, fast Walsh-Hadamard transforms and XNOR-popcount give the same bits, for every kind of model.

use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Model, ModelError, RoomOf, Session, SessionError};
use hadamrnn_tests::bounds;
use hadamrnn_tests::models::{
    AlignedBytes, Widths, any_models, encode_plain, models, plain_models, samples, shrink_to_bound,
};
use hadamrnn_tests::oracle::{PlainInput, PlainModel, PlainReadout};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const STEPS: usize = 6;

/// Runs `K` beside the oracle; returns whether `K` takes the model.
fn agrees<K: Kernel>(
    plain: &PlainModel,
    model: &Model<'_>,
    inputs: &[Vec<i16>],
) -> Result<bool, TestCaseError> {
    let mut session = match Session::<RoomOf<K, 1024, 12, 1024, 1024, 1024>>::new(model) {
        Ok(session) => session,
        Err(SessionError::KernelRange) => return Ok(false),
        Err(error) => return Err(TestCaseError::fail(format!("{}: {error}", K::NAME))),
    };
    let mut state = plain.start();
    for (t, sample) in inputs.iter().enumerate() {
        session
            .push_raw(sample)
            .expect("a sample of the model's kind");
        plain.step(&mut state, sample);
        let found: Vec<i64> = session.states().map(i64::from).collect();
        let expected: Vec<i64> = state.h.iter().chain(&state.second).copied().collect();
        prop_assert_eq!(&found, &expected, "{} state at step {}", K::NAME, t);
        let logits: Vec<i64> = session.logits().map(i64::from).collect();
        prop_assert_eq!(
            logits,
            plain.logits(&state),
            "{} logits at step {}",
            K::NAME,
            t
        );
    }
    Ok(true)
}

fn all_agree(plain: &PlainModel, file: &[u8], inputs: &[Vec<i16>]) -> Result<(), TestCaseError> {
    let file = AlignedBytes::new(file);
    let model = Model::from_bytes(file.as_slice())
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(agrees::<Fwht>(plain, &model, inputs)?);
    prop_assert!(agrees::<XnorPopcount>(plain, &model, inputs)?);
    let packed = agrees::<FwhtPacked>(plain, &model, inputs)?;
    let second = plain.second.as_ref().map(|second| &second.layer);
    let fits = [Some(&plain.layer), second]
        .into_iter()
        .flatten()
        .all(|layer| layer.state_bits + layer.block_size.trailing_zeros().saturating_sub(3) <= 16);
    prop_assert_eq!(packed, fits);
    Ok(())
}

/// Models with samples for them.
fn cases(
    log2_hidden: std::ops::RangeInclusive<u32>,
) -> impl Strategy<Value = (PlainModel, Widths, Vec<Vec<i16>>)> {
    models(log2_hidden).prop_flat_map(|(model, widths)| {
        let inputs = samples(&model, STEPS);
        (Just(model), Just(widths), inputs)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    #[test]
    fn small_models((model, widths, inputs) in cases(4..=7)) {
        all_agree(&model, &encode_plain(&model, widths), &inputs)?;
    }

    #[test]
    fn a_model_is_refused_exactly_where_it_could_overflow((model, widths) in any_models(4..=6)) {
        let file = AlignedBytes::new(&encode_plain(&model, widths));
        let bounds = bounds::of(&model, widths.input);
        match Model::from_bytes(file.as_slice()) {
            Ok(found) => {
                let found = found.bounds();
                let found = [
                    found.layer_input, found.step, found.second_step, found.hidden, found.logit,
                ];
                prop_assert_eq!(found.map(i64::from), bounds.all());
            }
            Err(error) => {
                prop_assert_eq!(error, ModelError::Overflow);
                prop_assert!(!bounds.fit(), "{:?}", bounds);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn large_models((model, widths, inputs) in cases(8..=10)) {
        all_agree(&model, &encode_plain(&model, widths), &inputs)?;
    }
}

/// After 131,200 steps of the largest state a sum that is never limited has wrapped around 32 bits.
#[test]
fn sums_of_a_pooled_readout_saturate() {
    let mut runner = TestRunner::deterministic();
    let tree = plain_models(4..=4).new_tree(&mut runner);
    let (mut plain, widths) = tree.expect("a model").current();
    // The bias takes every state to its limit, whatever the recurrence does.
    plain.bias.fill(32_767);
    plain.layer_input_shift = 10;
    (
        plain.layer.leak,
        plain.layer.state_bits,
        plain.layer.gain_shift,
    ) = (1, 16, 8);
    plain.readout_kind = PlainReadout::Pooled(16);
    if let PlainInput::Numbers { weights, .. } = &mut plain.input {
        weights.iter_mut().flatten().for_each(|weight| *weight = 0);
    }
    shrink_to_bound(&mut plain, widths);
    let file = AlignedBytes::new(&encode_plain(&plain, widths));
    let model = Model::from_bytes(file.as_slice()).expect("a valid model");
    let mut session = Session::<RoomOf<Fwht, 16, 12, 16>>::new(&model).expect("room");
    let mut state = plain.start();
    let sample = vec![0; plain.sample_size()];
    for _ in 0..131_200 {
        session.push(&sample).expect("a sample");
        plain.step(&mut state, &sample);
    }
    assert!(session.states().all(|state| state == i16::MAX));
    let logits: Vec<i64> = session.logits().map(i64::from).collect();
    assert_eq!(logits, plain.logits(&state));
}
