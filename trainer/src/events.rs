//! Events of streams: what a model's decision makes of the answers, against what was there; and the rules that keep false alarms rare.

mod timeline;

use anyhow::{Context, Result, ensure};
use hadamrnn_runtime::Model;
use hadamrnn_runtime::decision::{Decided, Decider, Decision, LARGEST_SMOOTHING, Rule};
use serde::Serialize;

pub use timeline::{ClassEvents, StreamEvaluation, Timeline, none_name};

/// Most outputs of a model whose answers are decided on the host.
const OUTPUTS: usize = 1024;

/// The answers of a stream, in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AnswerStream {
    /// Name of what the stream is of, a person or a recording.
    pub name: String,
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
    let late = lateness(decision);
    let mut outcome = Outcome::default();
    for stream in streams {
        outcome.add(&classes(&decide(decision, stream)), &stream.classes, &late);
    }
    outcome.hours = outcome.answers as f64 * seconds / 3600.0;
    outcome
}

/// The class that is decided after each answer.
fn classes(decided: &[Decided]) -> Vec<Option<usize>> {
    decided.iter().map(|found| found.class).collect()
}

/// For each class the answers after the end of an event by which a decision may come late, as smoothing and the class's rule make it.
fn lateness(decision: &Decision<'_>) -> Vec<usize> {
    let smoothing = 1 << decision.smoothing();
    (decision.rules())
        .map(|rule| smoothing + usize::from(rule.answers))
        .collect()
}

impl Outcome {
    /// Adds a stream: the class that is decided after each answer, and the one that is there. A class that is decided no more than
    /// `late` answers after it was there is no false alarm. Gives the answers with which false alarms start.
    fn add(
        &mut self,
        decided: &[Option<usize>],
        truth: &[Option<usize>],
        late: &[usize],
    ) -> Vec<usize> {
        let mut false_alarms = Vec::new();
        let mut before = None;
        for (now, (&class, &there)) in decided.iter().zip(truth).enumerate() {
            self.right += usize::from(class == there);
            self.none += usize::from(class.is_none());
            let starts = class != before;
            before = class;
            let Some(class) = class.filter(|_| starts) else {
                continue;
            };
            let late = late.get(class).copied().unwrap_or(0);
            let recent = &truth[now.saturating_sub(late)..=now];
            if !recent.contains(&Some(class)) {
                false_alarms.push(now);
            }
        }
        for (_, found) in events(truth, decided) {
            self.events += 1;
            self.found += usize::from(found.is_some());
            self.delay += found.unwrap_or(0);
        }
        self.answers += truth.len();
        self.false_alarms += false_alarms.len();
        false_alarms
    }
}

/// The class of each event, and after how many answers it was decided, if it was.
fn events(truth: &[Option<usize>], decided: &[Option<usize>]) -> Vec<(usize, Option<usize>)> {
    let mut start = 0;
    let mut events = Vec::new();
    for event in truth.chunk_by(|before, after| before == after) {
        let during = &decided[start..start + event.len()];
        if let Some(class) = event[0] {
            let found = during.iter().position(|found| *found == Some(class));
            events.push((class, found));
        }
        start += event.len();
    }
    events
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
    check_smoothing(model, smoothing)?;
    let start = Rule {
        threshold: 0,
        ..rule
    };
    let mut rules = vec![start; model.class_count()];
    loop {
        let words = decision_words(smoothing, &rules);
        let decision = Decision::read(model, &words)?;
        let alarms: Vec<Decided> = (streams.iter())
            .flat_map(|stream| false_alarms(&decision, stream))
            .collect();
        if alarms.len() <= most {
            return Ok(rules);
        }
        let least = alarms.iter().min_by_key(|alarm| alarm.lead);
        let least = least.context("more than none")?;
        let class = least.class.context("a class is decided")?;
        rules[class].threshold = least.lead.saturating_add(1).min(i32::MAX as u32);
    }
}

/// Refuses a smoothing that the model's logits have no room for.
fn check_smoothing(model: &Model<'_>, smoothing: u32) -> Result<()> {
    let rule = Rule {
        answers: 1,
        ..Rule::default()
    };
    let rules = vec![rule; model.class_count()];
    let fits = |smoothing: &u32| Decision::read(model, &decision_words(*smoothing, &rules)).is_ok();
    ensure!(
        smoothing <= LARGEST_SMOOTHING,
        "a smoothing of {smoothing}: 0 to {LARGEST_SMOOTHING} are meant, a mean of some 2^{LARGEST_SMOOTHING} answers at most"
    );
    let largest = (0..=LARGEST_SMOOTHING).rev().find(fits);
    ensure!(
        largest.is_some_and(|largest| smoothing <= largest),
        "a smoothing of {smoothing}: smoothed logits of this model could exceed 30 bits; {}",
        match largest {
            Some(largest) => format!("it takes {largest} at most"),
            None => "it takes none, and no decision".into(),
        }
    );
    Ok(())
}

/// What is decided where false alarms of a stream start.
fn false_alarms(decision: &Decision<'_>, stream: &AnswerStream) -> Vec<Decided> {
    let decided = decide(decision, stream);
    let late = lateness(decision);
    let starts = Outcome::default().add(&classes(&decided), &stream.classes, &late);
    starts.into_iter().map(|now| decided[now]).collect()
}

#[cfg(test)]
mod tests;
