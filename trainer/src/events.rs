//! Events of streams: what a model's decision makes of the answers, against what was there; and the rules that keep false alarms rare.

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::Model;
use hadamrnn_runtime::decision::{Decided, Decider, Decision, Rule};
use serde::Serialize;

/// Most outputs of a model whose answers are decided on the host.
const OUTPUTS: usize = 1024;

/// The answers of a stream, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerStream {
    /// The logits of each.
    pub logits: Vec<Vec<i32>>,
    /// The class that is there at each; none where it is no class of the model.
    pub classes: Vec<Option<usize>>,
    /// Whether the input of each is like something that was trained.
    pub known: Vec<bool>,
}

/// What a decision made of streams.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Answers.
    pub answers: usize,
    /// Hours that they stand for.
    pub hours: f64,
    /// Events that were there: answers of one class, one after the other.
    pub events: usize,
    /// Events while which their class was decided.
    pub found: usize,
    /// Classes that were decided while they were not there, nor shortly before.
    pub false_alarms: usize,
    /// Answers that were decided right: the class that is there, or none where none of the model's is.
    pub right: usize,
    /// Answers without a decided class.
    pub none: usize,
    /// Answers from the start of an event that was found to its decision, together.
    pub delay: usize,
}

/// A class that was decided while it was not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FalseAlarm {
    class: usize,
    lead: u32,
}

impl Outcome {
    /// False alarms an hour.
    #[must_use]
    pub fn false_alarms_an_hour(&self) -> f64 {
        self.false_alarms as f64 / self.hours
    }

    /// Share of the events that were found.
    #[must_use]
    pub fn recall(&self) -> f64 {
        self.found as f64 / self.events.max(1) as f64
    }

    /// Mean answers from the start of an event to its decision.
    #[must_use]
    pub fn mean_delay(&self) -> f64 {
        self.delay as f64 / self.found.max(1) as f64
    }
}

/// The words of a decision with one rule for each class.
#[must_use]
pub fn decision_words(smoothing: u32, rules: &[Rule]) -> Vec<u32> {
    let rules = rules.iter().flat_map(|rule| rule.words());
    [smoothing].into_iter().chain(rules).collect()
}

/// What is decided after each answer of a stream.
#[must_use]
pub fn decide(decision: &Decision<'_>, stream: &AnswerStream) -> Vec<Decided> {
    let mut decider = Decider::<OUTPUTS>::new();
    (stream.logits.iter().zip(&stream.known))
        .map(|(logits, &known)| decider.push(decision, logits.iter().copied(), known))
        .collect()
}

/// What a decision makes of streams whose answers stand for `seconds` each.
#[must_use]
pub fn evaluate(decision: &Decision<'_>, streams: &[AnswerStream], seconds: f64) -> Outcome {
    let mut outcome = Outcome::default();
    for stream in streams {
        add(decision, stream, &mut outcome);
    }
    outcome.hours = outcome.answers as f64 * seconds / 3600.0;
    outcome
}

/// Adds a stream to an outcome, and gives its false alarms.
fn add(decision: &Decision<'_>, stream: &AnswerStream, outcome: &mut Outcome) -> Vec<FalseAlarm> {
    let decided = decide(decision, stream);
    let rules: Vec<Rule> = decision.rules().collect();
    let mut false_alarms = Vec::new();
    for (now, found) in decided.iter().enumerate() {
        outcome.right += usize::from(found.class == stream.classes[now]);
        outcome.none += usize::from(found.class.is_none());
        let Some(class) = found.class.filter(|_| found.starts) else {
            continue;
        };
        // A decision may come when the event has just ended: as late as smoothing and the rule make it.
        let late = (1 << decision.smoothing()) + usize::from(rules[class].answers);
        let recent = &stream.classes[now.saturating_sub(late)..=now];
        if !recent.contains(&Some(class)) {
            false_alarms.push(FalseAlarm {
                class,
                lead: found.lead,
            });
        }
    }
    let mut start = 0;
    for event in stream.classes.chunk_by(|before, after| before == after) {
        if event[0].is_some() {
            outcome.events += 1;
            let during = &decided[start..start + event.len()];
            if let Some(delay) = during.iter().position(|found| found.class == event[0]) {
                outcome.found += 1;
                outcome.delay += delay;
            }
        }
        start += event.len();
    }
    outcome.answers += stream.classes.len();
    outcome.false_alarms += false_alarms.len();
    false_alarms
}

/// Rules that hold the false alarms of streams to at most `most` together, with as low thresholds as may be.
///
/// All thresholds start at 0. While there are too many false alarms, the one with the least lead is ruled out: the threshold of its
/// class is set just above.
///
/// # Errors
/// The model cannot be smoothed so, or there is no stream.
pub fn calibrate(
    model: &Model<'_>,
    streams: &[AnswerStream],
    smoothing: u32,
    rule: Rule,
    most: usize,
) -> Result<Vec<Rule>> {
    ensure!(
        !streams.is_empty(),
        "there is no stream to choose thresholds on"
    );
    let start = Rule {
        threshold: 0,
        ..rule
    };
    let mut rules = vec![start; model.class_count()];
    loop {
        let words = decision_words(smoothing, &rules);
        let decision = Decision::read(model, &words)?;
        let outcome = &mut Outcome::default();
        let alarms: Vec<FalseAlarm> = (streams.iter())
            .flat_map(|stream| add(&decision, stream, outcome))
            .collect();
        if alarms.len() <= most {
            return Ok(rules);
        }
        let least = alarms.iter().min_by_key(|alarm| alarm.lead);
        let least = least.context("more than none")?;
        rules[least.class].threshold = least.lead.saturating_add(1).min(i32::MAX as u32);
    }
}

#[cfg(test)]
mod tests;
