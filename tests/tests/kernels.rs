//! Naive ±1 product, fast Walsh-Hadamard transforms and XNOR-popcount give the same bits.

use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Model, Session, SessionError};
use hadamrnn_tests::models::{AlignedBytes, encode_plain, plain_models, samples};
use hadamrnn_tests::oracle::PlainModel;
use proptest::prelude::*;

const STEPS: usize = 6;

/// Runs `K` beside the oracle; returns whether `K` takes the model.
fn agrees<K: Kernel>(
    plain: &PlainModel,
    model: &Model<'_>,
    inputs: &[Vec<i16>],
) -> Result<bool, TestCaseError> {
    let mut session = match Session::<K, 1024, 12>::new(model) {
        Ok(session) => session,
        Err(SessionError::KernelRange) => return Ok(false),
        Err(error) => return Err(TestCaseError::fail(format!("{}: {error}", K::NAME))),
    };
    let mut state = plain.start();
    for (t, sample) in inputs.iter().enumerate() {
        session.push(sample).expect("sample has the model's length");
        plain.step(&mut state, sample);
        let found: Vec<i64> = session.states().map(i64::from).collect();
        prop_assert_eq!(&found, &state.h, "{} state at step {}", K::NAME, t);
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
    let q = plain.block_size.trailing_zeros();
    prop_assert_eq!(packed, plain.state_bits + q.saturating_sub(3) <= 16);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]
    #[test]
    fn small_models((model, widths, inputs) in plain_models(4..=7).prop_flat_map(|(model, widths)| {
        let inputs = samples(model.channels.len(), STEPS);
        (Just(model), Just(widths), inputs)
    })) {
        all_agree(&model, &encode_plain(&model, widths), &inputs)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn large_models((model, widths, inputs) in plain_models(8..=10).prop_flat_map(|(model, widths)| {
        let inputs = samples(model.channels.len(), STEPS);
        (Just(model), Just(widths), inputs)
    })) {
        all_agree(&model, &encode_plain(&model, widths), &inputs)?;
    }
}
