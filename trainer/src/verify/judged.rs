//! What a model's metric and decision say of windows: the host's statement, which boards and kernels are compared with.

use anyhow::{Context, Result};
use hadamrnn_runtime::decision::Decision;
use hadamrnn_runtime::{Metric, Model};

use crate::data::Sequences;
use crate::events::{self, AnswerStream};
use crate::integer::{self, Judged, KernelName};

/// Names of the parts that a model has, of those that judge windows.
#[must_use]
pub fn parts(model: &Model<'_>) -> Vec<&'static str> {
    use hadamrnn_runtime::format::part;
    let named = [(part::METRIC, "metric"), (part::DECISION, "decision")];
    (named.into_iter())
        .filter(|(id, _)| model.parts().get(*id).is_some())
        .map(|(_, name)| name)
        .collect()
}

/// What a model says of windows that are the answers of one stream, in order; empty of a model that has neither part.
///
/// # Errors
/// A part is not one for the model, or the model does not fit the windows or the kernel.
pub fn judge(
    model: &Model<'_>,
    kernel: KernelName,
    windows: &Sequences,
    input_lsb: &[f32],
) -> Result<Vec<Judged>> {
    let metric = Metric::of(model).context("the model's metric")?;
    let decision = Decision::of(model).context("the model's decision")?;
    if metric.is_none() && decision.is_none() {
        return Ok(Vec::new());
    }
    let scores = integer::scores(model, kernel, metric.as_ref(), windows, input_lsb)?;
    let threshold = metric.map(|metric| metric.threshold());
    let is_known =
        |novelty: Option<u32>| (novelty.zip(threshold)).is_none_or(|(score, most)| score <= most);
    let novelties: Vec<Option<u32>> = scores.iter().map(|score| score.novelty).collect();
    let stream = AnswerStream {
        known: novelties.iter().copied().map(is_known).collect(),
        logits: scores.into_iter().map(|score| score.logits).collect(),
        ..AnswerStream::default()
    };
    let decided = decision.map(|decision| events::decide(&decision, &stream));
    Ok((novelties.into_iter().enumerate())
        .map(|(window, novelty)| Judged {
            novelty,
            decided: decided.as_ref().map(|all| all[window].class),
        })
        .collect())
}
