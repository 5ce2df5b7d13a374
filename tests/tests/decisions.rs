//! Decisions over random answers: the runtime's equal those of a definition that looks at all answers so far.

use hadamrnn_runtime::Model;
use hadamrnn_runtime::decision::{Decider, Decision, DecisionError, Rule};
use hadamrnn_runtime::format::{Part, part};
use hadamrnn_tests::decision::{Answers, decisions};
use hadamrnn_tests::models::{AlignedBytes, encode_with, models};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn words(smoothing: u32, rules: &[Rule]) -> Vec<u32> {
    let rules = rules.iter().flat_map(|rule| rule.words());
    [smoothing].into_iter().chain(rules).collect()
}

fn rules(classes: usize) -> impl Strategy<Value = Vec<Rule>> {
    let threshold = prop_oneof![Just(0u32), 0u32..3000, Just(i32::MAX as u32)];
    let rule = (threshold, 1u16..5, 0u16..6).prop_map(|(threshold, answers, hold_off)| Rule {
        threshold,
        answers,
        hold_off,
    });
    prop::collection::vec(rule, classes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_runtime_decides_as_the_definition_does(
        ((plain, widths), smoothing, rules, answers) in models(4..=4).prop_flat_map(|(plain, widths)| {
            let outputs = plain.readout.len();
            let logits = prop_oneof![
                prop::collection::vec(-2000i32..2000, outputs),
                prop::collection::vec(-5000i32..=5000, outputs),
            ];
            let answers = prop::collection::vec((logits, prop::bool::weighted(0.9)), 0..40);
            (Just((plain, widths)), 0u32..4, rules(outputs.max(2)), answers)
        }),
    ) {
        let words = words(smoothing, &rules);
        let part = Part { id: part::DECISION, critical: false, words: &words };
        let file = AlignedBytes::new(&encode_with(&plain, widths, &[part]));
        let model = Model::from_bytes(file.as_slice()).expect("valid");
        let decision = match Decision::of(&model) {
            Ok(decision) => decision.expect("it is there"),
            Err(error) => {
                prop_assert_eq!(error, DecisionError::Overflow);
                prop_assert!((i64::from(model.bounds().logit) + 1) << smoothing > 1 << 30);
                return Ok(());
            }
        };
        prop_assert_eq!(decision.rules().collect::<Vec<_>>(), rules.clone());
        let bound = model.bounds().logit;
        let answers: Answers = (answers.into_iter())
            .map(|(logits, known)| {
                (logits.into_iter().map(|logit| logit.clamp(-bound, bound)).collect(), known)
            })
            .collect();
        let mut decider = Decider::<4>::new();
        let found: Vec<_> = (answers.iter())
            .map(|(logits, known)| {
                let decided = decider.push(&decision, logits.iter().copied(), *known);
                (decided.class, decided.starts)
            })
            .collect();
        prop_assert_eq!(found, decisions(&answers, smoothing, &rules));
    }
}

/// The first value of a strategy, the same on every run.
fn drawn<T>(strategy: impl Strategy<Value = T>) -> T {
    let mut runner = TestRunner::deterministic();
    strategy.new_tree(&mut runner).expect("a value").current()
}

#[test]
fn the_largest_logits_do_not_overflow() {
    let two = models(4..=4).prop_filter("two", |(model, _)| model.readout.len() == 2);
    let (plain, widths) = drawn(two);
    let rule = Rule {
        threshold: i32::MAX as u32,
        answers: 1,
        hold_off: 0,
    };
    let file = AlignedBytes::new(&encode_with(&plain, widths, &[]));
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    let bound = model.bounds().logit;
    for smoothing in 0..=8 {
        let words = words(smoothing, &[rule; 2]);
        let Ok(decision) = Decision::read(&model, &words) else {
            assert!((i64::from(bound) + 1) << smoothing > 1 << 30);
            continue;
        };
        let mut decider = Decider::<2>::new();
        let lead = (0..5000).map(|_| {
            decider
                .push(&decision, [bound, -bound].into_iter(), true)
                .lead
        });
        let lead = lead.max().unwrap_or(0);
        let most = (2 * (i64::from(bound) + 1)) << smoothing;
        assert!(
            i64::from(lead) <= most && i64::from(lead) >= 2 * i64::from(bound),
            "{lead}"
        );
    }
}

#[test]
fn words_that_are_no_decision_are_refused() {
    let (plain, widths) = drawn(models(4..=4));
    let file = AlignedBytes::new(&encode_with(&plain, widths, &[]));
    let model = Model::from_bytes(file.as_slice()).expect("valid");
    assert_eq!(Decision::of(&model), Ok(None));
    let good = Rule {
        answers: 1,
        ..Rule::default()
    };
    let valid = words(0, &vec![good; model.class_count()]);
    let error = |change: &dyn Fn(&mut Vec<u32>)| {
        let mut words = valid.clone();
        change(&mut words);
        Decision::read(&model, &words).err()
    };
    assert_eq!(error(&|_| ()), None);
    assert_eq!(error(&|words| words.clear()), Some(DecisionError::Length));
    assert_eq!(error(&|words| words.push(1)), Some(DecisionError::Length));
    assert_eq!(
        error(&|words| words.truncate(3)),
        Some(DecisionError::Length)
    );
    assert_eq!(error(&|words| words[0] = 9), Some(DecisionError::Smoothing));
    assert_eq!(
        error(&|words| words[0] = 1 << 8),
        Some(DecisionError::Smoothing)
    );
    assert_eq!(
        error(&|words| words[1] = 1 << 31),
        Some(DecisionError::Threshold)
    );
    assert_eq!(
        error(&|words| words[2] = 7 << 16),
        Some(DecisionError::Answers)
    );
}
