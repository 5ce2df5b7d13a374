//! The worked examples of the documents hold: their bytes, their logits and their digests.

use hadamrnn_runtime::decision::{Decider, Decision};
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Metric, Model, RoomOf, Session};
use hadamrnn_tests::decision::{Answers, decisions};
use hadamrnn_tests::documented::{Documented, models};
use hadamrnn_tests::models::{AlignedBytes, encode_with};
use hadamrnn_tests::oracle::PlainModel;

use crate::single_features::{self, all, metric};

/// Each documented example with the plain model that its description makes.
fn pairs() -> impl Iterator<Item = (Documented, PlainModel, Vec<u8>)> {
    let (documented, described) = (models(), all());
    assert_eq!(documented.len(), described.len(), "examples");
    let written = |(documented, (plain, widths, parts)): (_, (PlainModel, _, Vec<_>))| {
        let bytes = encode_with(&plain, widths, &parts);
        (documented, plain, bytes)
    };
    documented.into_iter().zip(described).map(written)
}

#[test]
fn the_documented_bytes_are_what_the_encoder_writes() {
    for (index, (documented, _, bytes)) in pairs().enumerate() {
        let dump: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            documented.bytes,
            bytes,
            "example {index}: the encoder writes\n{}",
            dump.join(" ")
        );
    }
}

#[test]
fn every_kernel_gives_the_documented_answers() {
    for (index, documented) in models().iter().enumerate() {
        let file = AlignedBytes::new(&documented.bytes);
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let expected = (documented.logits.clone(), documented.digest);
        let input = &documented.input;
        assert_eq!(answers::<Fwht>(&model, input), expected, "example {index}");
        assert_eq!(
            answers::<FwhtPacked>(&model, input),
            expected,
            "example {index}"
        );
        assert_eq!(
            answers::<XnorPopcount>(&model, input),
            expected,
            "example {index}"
        );
    }
}

/// Scores and decisions of the example that has them: by the runtime, and by the plain statements of both.
#[test]
fn the_documented_scores_and_decisions_hold() {
    let (index, (documented, plain, bytes)) = pairs()
        .enumerate()
        .find(|(_, (documented, ..))| documented.judged.is_some())
        .expect("an example with both parts");
    let file = AlignedBytes::new(&bytes);
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let found = Metric::of(&model).expect("valid").expect("a metric");
    let decision = Decision::of(&model).expect("valid").expect("a decision");
    let mut session = Session::<RoomOf<Fwht, 16, 2, 16, 16, 16>>::new(&model).expect("room");
    let mut decider = Decider::<1>::new();
    let (metric, (smoothing, rules)) = (metric(), single_features::decision());
    let (mut state, mut answers) = (plain.start(), Answers::new());
    let (mut by_runtime, mut scores) = (Vec::new(), Vec::new());
    for sample in &documented.input {
        session.push_raw(sample).expect("a sample");
        let score = session.novelty(&found);
        let known = score <= found.threshold();
        let decided = decider.push(&decision, session.logits(), known);
        by_runtime.push((score, decided.class));

        plain.step(&mut state, sample);
        let score = metric.score(&plain.read(&state));
        let logits: Vec<i64> = plain.logits(&state);
        let logits = logits.into_iter().map(|logit| logit as i32);
        answers.push((logits.collect(), score <= i64::from(metric.threshold)));
        scores.push(score as u32);
    }
    let decided = decisions(&answers, smoothing, &rules);
    let by_oracle: Vec<_> = scores
        .into_iter()
        .zip(decided.iter().map(|it| it.0))
        .collect();
    assert_eq!(by_runtime, by_oracle, "example {index}");
    assert_eq!(documented.judged, Some(by_oracle), "example {index}");
    let unknown = answers.iter().filter(|answer| !answer.1).count();
    assert!(unknown > 0 && unknown < answers.len(), "some are unknown");
}

/// Logits after each sample, and the digest. Before each token comes one beyond the vocabulary, which changes nothing.
fn answers<K: Kernel>(model: &Model<'_>, input: &[Vec<i16>]) -> (Vec<Vec<i64>>, u32) {
    let mut session = Session::<RoomOf<K, 16, 2, 16, 16, 16>>::new(model).expect("room");
    let mut digest = StateHash::new();
    let step = |sample: &Vec<i16>| {
        if let Some(tokens) = model.tokens() {
            assert!(session.push_token(tokens.vocabulary as u16).is_err());
        }
        session.push_raw(sample).expect("a sample of its kind");
        digest.update(session.states());
        session.logits().map(i64::from).collect()
    };
    let logits = input.iter().map(step).collect();
    (logits, digest.finish())
}

/// The document's definition, sharing no code with the runtime.
#[test]
fn the_oracle_gives_the_documented_answers() {
    for (index, (documented, plain, _)) in pairs().enumerate() {
        let mut state = plain.start();
        let mut digest = 0x811C_9DC5u32;
        for (sample, logits) in documented.input.iter().zip(&documented.logits) {
            plain.step(&mut state, sample);
            for &unit in state.h.iter().chain(&state.second) {
                for byte in (unit as i16).to_le_bytes() {
                    digest = (digest ^ u32::from(byte)).wrapping_mul(0x0100_0193);
                }
            }
            assert_eq!(&plain.logits(&state), logits, "example {index}");
        }
        assert_eq!(digest, documented.digest, "example {index}");
    }
}
