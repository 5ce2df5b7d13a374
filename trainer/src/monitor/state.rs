//! State of a board's stream, as far as it has arrived.

use std::collections::VecDeque;
use std::time::Instant;

use crate::link::Told;
use crate::metrics;
use crate::visible;

/// Samples of a trace that are kept.
const TRACE: usize = 400;
/// Classes of the past that are kept.
const HISTORY: usize = 64;
/// Answers of a timeline that are kept: as many as the widest terminal has columns.
const TIMELINE: usize = 512;

/// The latest samples of a channel.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Name of the trace.
    pub name: String,
    /// Unit of a count; none where it is not known, and counts are shown.
    pub unit: Option<Unit>,
    /// Index of the sample and raw counts, oldest first.
    pub points: VecDeque<(f64, f64)>,
}

/// Size of a raw count.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Name of the unit, such as "g".
    pub name: String,
    /// Units of a count.
    pub lsb: f64,
}

/// An answer of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Windows before.
    pub index: u32,
    /// The class; none where the answer did not arrive.
    pub class: Option<u16>,
    /// What is decided after it, a class or none; absent where it did not arrive, or the model has no decision.
    pub decided: Option<Option<u16>>,
}

/// The answer to the latest window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastClass {
    /// Windows before.
    pub index: u32,
    /// The class.
    pub class: u16,
    /// Integer logits.
    pub logits: Vec<i32>,
}

/// Everything that has arrived so far.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Names of the classes, as they are shown; a class without a name is shown by its number.
    pub classes: Vec<String>,
    /// Traces, one a channel.
    pub traces: Vec<Trace>,
    /// The latest answer.
    pub last: Option<LastClass>,
    /// What is decided after the latest answer, a class or none; none where the model has no decision.
    pub decided: Option<Option<u16>>,
    /// Events of each class.
    pub events: Vec<u64>,
    /// Answers of each class.
    pub counts: Vec<u64>,
    /// Classes of the latest windows, oldest first.
    pub history: VecDeque<u16>,
    /// The latest answers with what was decided after them, oldest first.
    pub timeline: VecDeque<Answered>,
    /// Seconds from an answer to the next; none where the board does not tell it.
    pub seconds_of_an_answer: Option<f64>,
    /// Windows whose answer did not arrive.
    pub lost_classes: u64,
    /// Samples that did not arrive.
    pub lost_samples: u64,
    /// Samples a second that the board states; none where it states none.
    pub stated_rate: Option<f64>,
    /// Size of an integer logit in the float network's logits; none where the model is not known.
    pub logit_scale: Option<f64>,
    samples: u64,
    next_class: Option<u32>,
    next_sample: Option<u32>,
    since: Option<Instant>,
}

impl State {
    /// The state before the first message.
    pub fn new(classes: &[String], channels: &[String]) -> Self {
        let trace = |name: &String| Trace {
            name: visible::name(name),
            ..Trace::default()
        };
        Self {
            classes: classes.iter().map(|name| visible::name(name)).collect(),
            traces: channels.iter().map(trace).collect(),
            ..Self::default()
        }
    }

    /// The same with units of the channels, as far as they are known.
    pub fn with_units(mut self, units: Vec<Option<Unit>>) -> Self {
        for (trace, unit) in self.traces.iter_mut().zip(units) {
            trace.unit = unit.map(|unit| Unit {
                name: visible::name(&unit.name),
                ..unit
            });
        }
        self
    }

    /// Probabilities of the classes by the latest answer's logits, which are not calibrated; none where the model is not known,
    /// so that the size of its logits is not, or where nothing has arrived.
    pub fn probabilities(&self) -> Option<Vec<f64>> {
        let (last, scale) = (self.last.as_ref()?, self.logit_scale?);
        let logits = last.logits.iter().map(|&logit| f64::from(logit) * scale);
        Some(metrics::probabilities(&logits.collect::<Vec<f64>>()))
    }

    /// Takes what a board tells.
    pub fn take(&mut self, told: &Told, now: Instant) {
        match told {
            Told::Class {
                index,
                class,
                logits,
            } => {
                let missing = lost(&mut self.next_class, *index);
                self.lost_classes += missing;
                self.keep_answer(*index, *class, missing);
                let last = LastClass {
                    index: *index,
                    class: *class,
                    logits: logits.clone(),
                };
                self.last = Some(last);
                keep(&mut self.history, *class, HISTORY);
                count(&mut self.counts, usize::from(*class));
            }
            Told::Decided {
                index,
                class,
                starts,
            } => {
                self.decided = Some(*class);
                // It follows its answer.
                let answers = self.timeline.iter_mut().rev();
                if let Some(answer) = answers.take(1).find(|answer| answer.index == *index) {
                    answer.decided = Some(*class);
                }
                if let Some(class) = class.filter(|_| *starts) {
                    count(&mut self.events, class.into());
                }
            }
            Told::Teaching { .. } | Told::Taught(_) => {}
            Told::Sample { index, values } => {
                self.lost_samples += lost(&mut self.next_sample, *index);
                self.samples += 1;
                self.since.get_or_insert(now);
                while self.traces.len() < values.len() {
                    let name = format!("channel {}", self.traces.len());
                    self.traces.push(Trace {
                        name,
                        ..Trace::default()
                    });
                }
                for (trace, value) in self.traces.iter_mut().zip(values) {
                    keep(
                        &mut trace.points,
                        (f64::from(*index), f64::from(*value)),
                        TRACE,
                    );
                }
            }
        }
    }

    /// Keeps an answer for the timeline, after so many that did not arrive.
    fn keep_answer(&mut self, index: u32, class: u16, missing: u64) {
        let answer = |before: u32, class| Answered {
            index: index.wrapping_sub(before),
            class,
            decided: None,
        };
        let missing = u32::try_from(missing)
            .unwrap_or(u32::MAX)
            .min(TIMELINE as u32);
        for before in (1..=missing).rev() {
            keep(&mut self.timeline, answer(before, None), TIMELINE);
        }
        keep(&mut self.timeline, answer(0, Some(class)), TIMELINE);
    }

    /// A class's name, or its number.
    pub fn class_name(&self, class: u16) -> String {
        let name = self.classes.get(usize::from(class)).cloned();
        name.unwrap_or_else(|| format!("class {class}"))
    }

    /// Samples a second since the first one; none before a second has passed.
    pub fn rate(&self, now: Instant) -> Option<f64> {
        let seconds = (now - self.since?).as_secs_f64();
        (seconds >= 1.0).then(|| (self.samples.saturating_sub(1)) as f64 / seconds)
    }
}

/// Messages between the last one and `index`. One that is not ahead is the first after a restart of the board.
fn lost(next: &mut Option<u32>, index: u32) -> u64 {
    let gap = next.map_or(0, |next| index.wrapping_sub(next));
    *next = Some(index.wrapping_add(1));
    if gap > u32::MAX / 2 { 0 } else { gap.into() }
}

/// Counts one more of a class.
fn count(counts: &mut Vec<u64>, class: usize) {
    if counts.len() <= class {
        counts.resize(class + 1, 0);
    }
    counts[class] += 1;
}

fn keep<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() == most {
        queue.pop_front();
    }
    queue.push_back(item);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn class(index: u32, class: u16) -> Told {
        Told::Class {
            index,
            class,
            logits: vec![-1, 5],
        }
    }

    #[test]
    fn counts_history_and_gaps() {
        let mut state = State::new(&["still".into()], &[]);
        let now = Instant::now();
        for told in [class(3, 0), class(4, 1), class(7, 1), class(0, 0)] {
            state.take(&told, now);
        }
        assert_eq!(state.counts, [2, 2]);
        assert_eq!(state.history, [0, 1, 1, 0]);
        assert_eq!(state.lost_classes, 2, "5 and 6; a restart loses nothing");
        assert_eq!(state.last.as_ref().map(|last| last.index), Some(0));
        assert_eq!(
            (state.class_name(0), state.class_name(1)),
            ("still".into(), "class 1".into())
        );
    }

    #[test]
    fn the_decision_and_events_are_kept() {
        let mut state = State::new(&[], &[]);
        assert_eq!(state.decided, None);
        let decided = |index, class, starts| Told::Decided {
            index,
            class,
            starts,
        };
        for told in [
            decided(0, None, false),
            decided(1, Some(1), true),
            decided(2, Some(1), false),
        ] {
            state.take(&told, Instant::now());
        }
        assert_eq!(state.decided, Some(Some(1)));
        assert_eq!(state.events, [0, 1]);
        assert!(state.timeline.is_empty(), "no answer came");
    }

    #[test]
    fn the_timeline_has_decisions_beside_answers_and_gaps() {
        let mut state = State::new(&[], &[]);
        let decided = |index, class| Told::Decided {
            index,
            class,
            starts: false,
        };
        for told in [
            class(3, 0),
            decided(3, None),
            class(6, 1),
            decided(6, Some(1)),
            class(7, 1),
        ] {
            state.take(&told, Instant::now());
        }
        let found: Vec<_> = (state.timeline.iter())
            .map(|answer| (answer.index, answer.class, answer.decided))
            .collect();
        let expected = [
            (3, Some(0), Some(None)),
            (4, None, None),
            (5, None, None),
            (6, Some(1), Some(Some(1))),
            (7, Some(1), None),
        ];
        assert_eq!(found, expected);
        state.take(&class(2_000_000_000, 0), Instant::now());
        assert_eq!(state.timeline.len(), TIMELINE);
    }

    #[test]
    fn probabilities_need_the_size_of_a_logit() {
        let mut state = State::new(&[], &[]);
        assert_eq!(state.probabilities(), None);
        state.take(&class(0, 1), Instant::now());
        assert_eq!(state.probabilities(), None);
        state.logit_scale = Some(0.5);
        let found = state.probabilities().unwrap();
        // Logits -0.5 and 2.5.
        let second = 1.0 / (1.0 + (-3.0_f64).exp());
        assert!((found[1] - second).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn traces_are_bounded_and_the_rate_is_measured() {
        let mut state = State::new(&[], &["x".into()]);
        let start = Instant::now();
        assert_eq!(state.rate(start), None);
        for index in 0..=500 {
            let values = vec![index as i16, -1];
            let now = start + Duration::from_millis(u64::from(index) * 20);
            state.take(&Told::Sample { index, values }, now);
        }
        assert_eq!(state.traces.len(), 2);
        assert_eq!(
            (state.traces[0].name.as_str(), state.traces[1].name.as_str()),
            ("x", "channel 1")
        );
        assert_eq!(state.traces[0].points.len(), TRACE);
        assert_eq!(state.traces[0].points.back(), Some(&(500.0, 500.0)));
        let rate = state.rate(start + Duration::from_secs(10)).unwrap();
        assert!((rate - 50.0).abs() < 1e-9, "{rate}");
    }
}
