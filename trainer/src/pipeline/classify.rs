//! One window through an integer model on the host.

use super::error::{Error, Fault, Result, Sort};
use crate::integer::{Answer, KernelName, ModelFile};
use crate::taught::Judge;

/// Runs the integer model in `file` over a window of raw samples `[T][D]`, which is what a board computes, bit for bit. `D`
/// is the number of the model's channels, or 1 for a model of tokens. The class is one that the model was taught where that overrules
/// its network.
///
/// # Errors
/// [`Error::Model`]: it is not a model that this version runs; [`Error::Data`]: the window is empty, ends within a sample,
/// or has a token that the model does not know.
pub fn classify(file: &ModelFile, window: &[i16]) -> Result<Answer> {
    let model = file.model().sort(Error::Model)?;
    let size = model.sample_size();
    if window.is_empty() || !window.len().is_multiple_of(size) {
        return Err(Error::Data(Fault::new(format_args!(
            "a window of {} values is none of samples of {size}",
            window.len()
        ))));
    }
    let kernel = KernelName::best_for(&model);
    let mut answer = kernel.answer(&model, window).sort(Error::Data)?;
    if let Some(judge) = Judge::of(&model).sort(Error::Model)? {
        let judged = judge.answer(&model, kernel, window).sort(Error::Data)?;
        answer.class = judged.class;
    }
    Ok(answer)
}
