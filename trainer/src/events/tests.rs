use hadamrnn_runtime::decision::Decision;

use super::*;
use crate::integer::ModelFile;

/// A model of two classes in two outputs.
fn file() -> ModelFile {
    ModelFile::new(include_bytes!("../../../models/har2-hidden/model.hdrn"))
}

/// Answers with these leads of class 1 over class 0, and what was there.
fn stream(answers: &[(i32, Option<usize>)]) -> AnswerStream {
    AnswerStream {
        name: String::new(),
        logits: answers.iter().map(|&(lead, _)| vec![lead]).collect(),
        classes: answers.iter().map(|&(_, class)| class).collect(),
        known: vec![true; answers.len()],
    }
}

const ONE: Rule = Rule {
    threshold: 0,
    answers: 1,
    hold_off: 0,
};

#[test]
fn events_false_alarms_and_delays_are_counted() {
    let file = file();
    let model = file.model().unwrap();
    assert_eq!(model.output_size(), 1);
    let words = decision_words(
        0,
        &[
            ONE,
            Rule {
                threshold: 50,
                ..ONE
            },
        ],
    );
    let decision = Decision::read(&model, &words).unwrap();
    let zero = Some(0);
    let one = Some(1);
    let stream = stream(&[
        (-9, zero),
        (-9, zero),
        // Missed at first, found at the third answer.
        (20, one),
        (20, one),
        (90, one),
        (-9, zero),
        (-9, zero),
        (-9, zero),
        (-9, zero),
        // A false alarm.
        (60, zero),
        (-9, zero),
        // Of no class of the model.
        (10, None),
    ]);
    let outcome = evaluate(&decision, &[stream.clone(), stream], 1800.0);
    assert_eq!(outcome.answers, 24);
    assert_eq!(outcome.hours, 12.0);
    assert_eq!((outcome.events, outcome.found), (6, 6));
    assert_eq!((outcome.false_alarms, outcome.delay), (2, 4));
    assert_eq!(outcome.none, 6);
    assert_eq!(outcome.right, 2 * (2 + 1 + 4 + 1 + 1));
    assert_eq!(outcome.false_alarms_an_hour(), 2.0 / 12.0);
}

#[test]
fn thresholds_rise_until_false_alarms_are_few_enough() {
    let file = file();
    let model = file.model().unwrap();
    let wrong = |lead| [(-9, Some(0)), (-9, Some(0)), (-9, Some(0)), (lead, Some(0))];
    let right = |lead| [(-9, Some(0)), (lead, Some(1))];
    let answers = [&wrong(30)[..], &wrong(70), &right(50), &right(90)].concat();
    let streams = [stream(&answers)];
    for (most, threshold, found) in [(2, 0, 2), (1, 31, 2), (0, 71, 1)] {
        let rules = calibrate(&model, &streams, 0, ONE, most).unwrap();
        assert_eq!((rules[0].threshold, rules[1].threshold), (0, threshold));
        let words = decision_words(0, &rules);
        let outcome = evaluate(&Decision::read(&model, &words).unwrap(), &streams, 1.0);
        assert_eq!(outcome.false_alarms, most);
        // Two of class 1, and those of class 0 between.
        assert_eq!(outcome.events - outcome.found, 2 - found);
    }
    assert!(calibrate(&model, &[], 0, ONE, 0).is_err());
    let beyond = calibrate(&model, &streams, 9, ONE, 0).unwrap_err();
    assert!(beyond.to_string().contains("0 to 8 are meant"), "{beyond}");
}
