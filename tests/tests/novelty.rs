//! "None of these" equals its plain statement, for every kind of model and metric; what is not a metric is refused.

use hadamrnn_runtime::format::{Part, part};
use hadamrnn_runtime::kernel::{Fwht, FwhtPacked, Kernel, XnorPopcount};
use hadamrnn_runtime::{Metric, Model, ModelError, RoomOf, Session, SessionError};
use hadamrnn_tests::metric::{PlainMetric, metrics};
use hadamrnn_tests::models::{AlignedBytes, Widths, encode_with, models, samples};
use hadamrnn_tests::oracle::PlainModel;
use proptest::prelude::*;

/// Runs `K` beside the oracles.
fn agrees<K: Kernel>(
    plain: &PlainModel,
    metric: &PlainMetric,
    model: &Model<'_>,
    inputs: &[Vec<i16>],
) -> Result<(), TestCaseError> {
    let mut session = match Session::<RoomOf<K, 128, 12, 128, 128, 128>>::new(model) {
        Ok(session) => session,
        Err(SessionError::KernelRange) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let found = Metric::of(model).expect("valid").expect("a metric");
    prop_assert_eq!(found.threshold(), metric.threshold);
    prop_assert_eq!(found.dimensions(), metric.rows.len());
    let mut state = plain.start();
    for sample in inputs {
        session.push_raw(sample).expect("a sample");
        plain.step(&mut state, sample);
        let expected = plain.read(&state);
        let read: Vec<i64> = session.read().map(i64::from).collect();
        prop_assert_eq!(&read, &expected);
        let at = session.place(&found);
        let place = at.map(i64::from);
        let (place, rest) = place.split_at(found.dimensions());
        prop_assert_eq!(place, metric.place(&expected));
        prop_assert!(rest.iter().all(|z| *z == 0));
        let distances: Vec<i64> = found.distances(&at).map(i64::from).collect();
        prop_assert_eq!(distances, metric.distances(place));
        prop_assert_eq!(found.teaches(), metric.teaching > 0);
        let score = i64::from(session.novelty(&found));
        prop_assert_eq!(i64::from(found.score(&at)), score);
        prop_assert_eq!(score, metric.score(&expected));
        let alone: Vec<i16> = session.read().collect();
        prop_assert_eq!(found.place_of(&alone), at);
    }
    Ok(())
}

/// A model, a metric for it, and samples.
type Case = ((PlainModel, Widths), PlainMetric, Vec<Vec<i16>>);

fn cases() -> impl Strategy<Value = Case> {
    models(4..=6).prop_flat_map(|(model, widths)| {
        let units = model.top().hidden_size;
        let inputs = samples(&model, 12);
        (Just((model, widths)), metrics(units), inputs)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn scores_equal_their_plain_statement(((plain, widths), metric, inputs) in cases()) {
        let words = metric.words();
        let stored = Part { id: part::METRIC, critical: false, words: &words };
        let file = AlignedBytes::new(&encode_with(&plain, widths, &[stored]));
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        agrees::<Fwht>(&plain, &metric, &model, &inputs)?;
        agrees::<FwhtPacked>(&plain, &metric, &model, &inputs)?;
        agrees::<XnorPopcount>(&plain, &metric, &model, &inputs)?;
    }

    #[test]
    fn no_words_overflow_or_panic(
        words in prop::collection::vec(any::<u32>(), 0..80),
        groups in 0u32..6,
        classes in 0u32..4,
        read in prop::collection::vec(0i16.., 16),
    ) {
        let mut words = words;
        if let Some(first) = words.first_mut() {
            *first = *first & 0x71F_0000 | classes << 8 | groups;
        }
        if let Ok(metric) = Metric::new(&words, 16) {
            metric.score(&metric.place_of(&read));
        }
    }

    #[test]
    fn a_metric_of_another_size_or_out_of_range_is_refused(metric in metrics(16)) {
        let words = metric.words();
        let with = |at: usize, word: u32| {
            let mut words = words.clone();
            words[at] = word;
            Metric::new(&words, 16).err()
        };
        prop_assert!(Metric::new(&words, 16).is_ok());
        let refused = Some(ModelError::Metric);
        for units in [0, 15, 17, 32, 2048] {
            prop_assert_eq!(Metric::new(&words, units).err(), refused);
        }
        for length in 0..words.len() {
            prop_assert_eq!(Metric::new(&words[..length], 16).err(), refused);
        }
        prop_assert_eq!(with(0, words[0] & !0xFF), refused);
        prop_assert_eq!(with(0, words[0] & !0xFF00), refused);
        prop_assert_eq!(with(0, words[0] & !0xFF_0000 | 31 << 16), refused);
        prop_assert_eq!(with(0, words[0] & 0xFF_FFFF | 12 << 24), refused);
        prop_assert_eq!(with(0, words[0] ^ 1 << 24), refused);
        prop_assert_eq!(with(1, 65536), refused);
        prop_assert_eq!(with(3, words[3] | 31 << 10), refused);
        prop_assert_eq!(with(3, words[3] | 1 << 30), refused);
        let codes = 3 + metric.rows.len() / 6;
        for byte in 0..4 {
            for code in [32, 64, 128, 223] {
                let others = words[codes] & !(0xFF << (8 * byte));
                prop_assert_eq!(with(codes, others | code << (8 * byte)), refused);
            }
        }
        let class = words.len() - metric.classes[0].1.len().div_ceil(2) - 1;
        prop_assert_eq!(with(class, 65536), refused);
    }
}
