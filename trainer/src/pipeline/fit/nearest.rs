//! The nearest model where none keeps the limits.

use super::target::{Judged, Target};
use crate::clock::Clock;
use crate::cost::Uncovered;
use crate::fit::{Candidate, Excess};
use crate::pipeline::error::{Error, Fault};
use crate::visible;

/// The nearest of the candidates that do not fit.
#[derive(Default)]
pub(super) struct Nearest {
    /// The one whose costs are the least above a limit.
    costly: Option<(Candidate, Judged)>,
    /// One that keeps the limits, and why the firmware refuses it.
    refused: Option<(Candidate, String)>,
    /// Why there is no estimate for one.
    uncovered: Option<Uncovered>,
}

impl Nearest {
    /// Takes a candidate, and tells whether it fits.
    pub(super) fn fits(
        &mut self,
        candidate: &Candidate,
        judged: Result<Judged, Uncovered>,
    ) -> bool {
        match judged {
            Err(reason) => self.uncovered = Some(reason),
            Ok(judged) if judged.fits() => return true,
            Ok(judged) => match judged.refusal {
                Some(refusal) => self.refused = Some((candidate.clone(), refusal)),
                None => {
                    let nearest = self.costly.as_ref();
                    if nearest.is_none_or(|(_, other)| judged.ratio() < other.ratio()) {
                        self.costly = Some((candidate.clone(), judged));
                    }
                }
            },
        }
        false
    }

    /// The error where none fits: the limit that binds, and the nearest model.
    pub(super) fn error(&self, target: &Target, clock: Option<Clock>) -> Error {
        // Where some keep the limits, it is the firmware that binds.
        if let Some((candidate, refusal)) = &self.refused {
            return Error::Board(refused(target, candidate, refusal));
        }
        let costly = self.costly.as_ref();
        let binding = |judged: &Judged| {
            let by_ratio = |a: &&Excess, b: &&Excess| a.ratio().total_cmp(&b.ratio());
            judged.excesses.iter().max_by(by_ratio).copied()
        };
        let Some((candidate, judged, binding)) =
            costly.and_then(|(candidate, judged)| Some((candidate, judged, binding(judged)?)))
        else {
            let reason = self.uncovered.map_or_else(
                || "no size of it is valid".into(),
                |reason| reason.to_string(),
            );
            return Error::Config(Fault::new(format_args!(
                "there is no candidate of this configuration: {reason}"
            )));
        };
        let costs = &judged.costs;
        Error::Config(Fault::new(format_args!(
            "no model keeps the limits: {}, with the margin of the estimates. The nearest is {}: {} instructions a window, {} bytes of flash \
             ({} of code, {} of the model) and {} bytes of RAM on {}, as estimated without it. Raise this limit, or choose another board or core",
            binding.in_words(clock),
            candidate.name,
            costs.window(candidate.steps),
            costs.flash(),
            costs.code_bytes,
            costs.model_bytes,
            costs.ram(),
            target.core.core
        )))
    }
}

fn refused(target: &Target, candidate: &Candidate, refusal: &str) -> Fault {
    let board = target.board.as_ref();
    let board = board.map_or("", |board| board.name.as_str());
    Fault::new(format_args!(
        "the firmware of {} takes no model of this task within the limits: {refusal} ({}): choose another board, or search for firmware of your \
         own with --core {}",
        visible::name(board),
        candidate.name,
        target.core.core
    ))
}
