//! Streams answer by answer: what was there, what was answered, and what was decided.

use hadamrnn_runtime::class_of;
use hadamrnn_runtime::decision::Decision;
use serde::Serialize;

use super::{AnswerStream, Outcome, classes, decide, events, lateness};
use crate::metrics::Confusion;

/// Answers after the end of an event by which its class may still be answered, where every answer counts: a window lies in both.
const LATE: usize = 2;

/// A stream, answer by answer. Classes are numbers; none is no class of the model.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Timeline {
    /// Name of what the stream is of, a person or a recording.
    pub name: String,
    /// The class that is there at each answer.
    pub truth: Vec<Option<usize>>,
    /// The class of each answer by itself; none where the model's metric tells that the input is like nothing that was trained.
    pub answered: Vec<Option<usize>>,
    /// The class that is decided after each answer; absent where the model has no decision.
    pub decided: Option<Vec<Option<usize>>>,
    /// Answers with which false alarms start: of the decision, or of every answer where the model has none.
    pub false_alarms: Vec<usize>,
}

/// Events of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClassEvents {
    /// Name of the class.
    pub class: String,
    /// Events of it that were there.
    pub events: usize,
    /// Events of it that were found.
    pub found: usize,
    /// Times that it was decided while it was not there.
    pub false_alarms: usize,
}

/// What a model makes of streams.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamEvaluation {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Seconds from an answer to the next; none where the data tell no rate.
    pub seconds: Option<f64>,
    /// Whether the model tells inputs that are none of its classes.
    pub has_metric: bool,
    /// Where every answer counts.
    pub every_answer: Outcome,
    /// Where the model's decision says which count; none without one.
    pub decided: Option<Outcome>,
    /// Events by class: of the decision, or of every answer where the model has none.
    pub by_class: Vec<ClassEvents>,
    /// Answers by the class that is there and the one that is decided, or answered where the model has no decision. The last class
    /// is none of them.
    pub confusion: Confusion,
    /// The streams.
    pub streams: Vec<Timeline>,
}

/// A name for none of the classes that is the name of none of them.
#[must_use]
pub fn none_name(classes: &[String]) -> String {
    let is_free = |name: &&str| classes.iter().all(|class| class != name);
    let names = ["none", "none of these", "(none of these)"];
    names.into_iter().find(is_free).unwrap_or("-").into()
}

impl Timeline {
    /// A stream with what a decision makes of it, where there is one.
    #[must_use]
    pub fn of(stream: &AnswerStream, decision: Option<&Decision<'_>>) -> Self {
        let answered = (stream.logits.iter().zip(&stream.known))
            .map(|(logits, &known)| known.then(|| class_of(logits.iter().copied())));
        Self {
            name: stream.name.clone(),
            truth: stream.classes.clone(),
            answered: answered.collect(),
            decided: decision.map(|decision| classes(&decide(decision, stream))),
            false_alarms: Vec::new(),
        }
    }

    /// The class that counts after each answer: that which is decided, else that which is answered.
    #[must_use]
    pub fn counting(&self) -> &[Option<usize>] {
        self.decided.as_ref().unwrap_or(&self.answered)
    }
}

impl StreamEvaluation {
    /// Evaluates streams of a model of these classes, whose answers stand for `seconds` each. `decision` is that of the timelines.
    #[must_use]
    pub fn of(
        classes: Vec<String>,
        decision: Option<&Decision<'_>>,
        has_metric: bool,
        mut streams: Vec<Timeline>,
        seconds: Option<f64>,
    ) -> Self {
        let (mut every_answer, mut decided) = (Outcome::default(), Outcome::default());
        let mut by_class: Vec<ClassEvents> = (classes.iter())
            .map(|class| ClassEvents {
                class: class.clone(),
                ..ClassEvents::default()
            })
            .collect();
        let always = vec![LATE; classes.len()];
        let late = decision.map_or_else(|| always.clone(), lateness);
        for stream in &mut streams {
            every_answer.add(&stream.answered, &stream.truth, &always);
            stream.false_alarms = decided.add(stream.counting(), &stream.truth, &late);
            let counting = stream.counting();
            for (class, found) in events(&stream.truth, counting) {
                if let Some(row) = by_class.get_mut(class) {
                    row.events += 1;
                    row.found += usize::from(found.is_some());
                }
            }
            for &at in &stream.false_alarms {
                if let Some(row) = counting[at].and_then(|class| by_class.get_mut(class)) {
                    row.false_alarms += 1;
                }
            }
        }
        for outcome in [&mut every_answer, &mut decided] {
            outcome.hours = outcome.answers as f64 * seconds.unwrap_or(0.0) / 3600.0;
        }
        Self {
            confusion: confusion(&classes, &streams),
            classes,
            seconds,
            has_metric,
            every_answer,
            decided: decision.map(|_| decided),
            by_class,
            streams,
        }
    }

    /// The outcome that counts: that of the decision, else that of every answer.
    #[must_use]
    pub fn counting(&self) -> &Outcome {
        self.decided.as_ref().unwrap_or(&self.every_answer)
    }
}

/// Answers by the class that is there and the one that counts; the last class is none of them.
fn confusion(classes: &[String], streams: &[Timeline]) -> Confusion {
    let none = classes.len();
    let number = |class: &Option<usize>| class.unwrap_or(none) as u32;
    let pairs = streams.iter().flat_map(|stream| {
        let both = stream.truth.iter().zip(stream.counting());
        both.map(|(truth, found)| (number(truth), number(found)))
    });
    let names = classes.iter().cloned().chain([none_name(classes)]);
    Confusion::new(names.collect(), &vec![0; none + 1], pairs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{decision_words, evaluate};
    use crate::integer::ModelFile;
    use hadamrnn_runtime::decision::Rule;

    const ONE: Rule = Rule {
        threshold: 0,
        answers: 1,
        hold_off: 0,
    };

    fn names() -> Vec<String> {
        vec!["still".into(), "none".into()]
    }

    /// A stream of a model of one output, of its logits and the classes that are there; the third answer is of nothing known.
    fn stream() -> AnswerStream {
        let leads = [-9, -9, 80, -9, 90, 90, 20, -9, -9, 70];
        let truth = [0, 0, 0, 0, 1, 1, 1, 0, 0, 0];
        AnswerStream {
            name: "a".into(),
            logits: leads.map(|lead| vec![lead]).to_vec(),
            classes: truth.map(Some).to_vec(),
            known: (0..10).map(|at| at != 2).collect(),
        }
    }

    #[test]
    fn every_answer_is_the_decision_that_needs_one_answer() {
        let file = ModelFile::new(include_bytes!("../../../models/har2-hidden/model.hdrn"));
        let model = file.model().unwrap();
        let words = decision_words(0, &[ONE; 2]);
        let decision = Decision::read(&model, &words).unwrap();
        let streams = [stream(), stream()];
        let expected = evaluate(&decision, &streams, 3.0);
        let of = |decision: Option<&Decision<'_>>| {
            let timelines = streams.iter().map(|stream| Timeline::of(stream, decision));
            StreamEvaluation::of(names(), decision, true, timelines.collect(), Some(3.0))
        };
        let (without, with) = (of(None), of(Some(&decision)));
        assert_eq!(without.every_answer, expected);
        assert_eq!(with.every_answer, expected);
        assert_eq!(with.decided, Some(expected.clone()));
        assert_eq!(
            (without.decided.clone(), without.counting()),
            (None, &expected)
        );
        assert_eq!(without.confusion, with.confusion);
        assert_eq!(without.by_class, with.by_class);
    }

    #[test]
    fn events_false_alarms_and_none_are_counted_by_class() {
        let found = StreamEvaluation::of(
            names(),
            None,
            true,
            vec![Timeline::of(&stream(), None)],
            None,
        );
        assert_eq!(found.streams[0].answered[2], None);
        assert_eq!(found.streams[0].false_alarms, [9]);
        let row = |class: usize| {
            let row = &found.by_class[class];
            (row.events, row.found, row.false_alarms)
        };
        assert_eq!((row(0), row(1)), ((2, 2, 0), (1, 1, 1)));
        // A class is called "none" already.
        assert_eq!(found.confusion.classes[2], "none of these");
        assert_eq!(found.confusion.counts, [[5, 1, 1], [0, 3, 0], [0, 0, 0]]);
        assert_eq!(found.every_answer.hours, 0.0);
    }
}
