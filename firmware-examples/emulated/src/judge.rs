//! What a model's metric and decision say of windows.

use hadamrnn_device::MAX_OUTPUTS;
use hadamrnn_firmware_support::report::Report;
use hadamrnn_runtime::decision::{Decider, Decision};
use hadamrnn_runtime::{Metric, Model, Room, Session, Source};

use crate::failure::Failure;

/// The optional parts of a model, at work over windows that are the answers of one stream.
pub struct Judge<'m> {
    metric: Option<Metric<'m>>,
    decision: Option<Decision<'m>>,
    decider: Decider<MAX_OUTPUTS>,
}

impl<'m> Judge<'m> {
    /// The parts of a model.
    ///
    /// # Errors
    /// A part is not one for the model.
    pub fn of(model: &Model<'m>) -> Result<Self, Failure> {
        Ok(Self {
            metric: Metric::of(model)?,
            decision: Decision::of(model).map_err(|_| Failure::Decision)?,
            decider: Decider::new(),
        })
    }

    /// What they say of the window that a session has just ended; none of a model that has neither.
    pub fn report<R: Room, S: Source>(&mut self, session: &Session<'_, R, S>) -> Option<Report> {
        let novelty = self.metric.as_ref().map(|metric| session.novelty(metric));
        let threshold = self.metric.as_ref().map(Metric::threshold);
        let known = (novelty.zip(threshold)).is_none_or(|(score, most)| score <= most);
        let decided = self.decision.as_ref().map(|decision| {
            let decided = self.decider.push(decision, session.logits(), known);
            decided
                .class
                .map(|class| u16::try_from(class).unwrap_or(u16::MAX))
        });
        (novelty.is_some() || decided.is_some()).then_some(Report::Judged { novelty, decided })
    }
}
