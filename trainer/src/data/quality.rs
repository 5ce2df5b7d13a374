//! Quality of recordings before anything is learnt from them: what is wrong with them, where, how much, and what to do about it.
//!
//! [`check`] looks at recordings as an import gives them, each value in its own unit. Every file of this module is a kind of
//! check. A check that compares recordings with each other counts units that are independent, such as the recordings of a person
//! or a file, not windows, of which neighbours are alike: so noise is no finding.
//!
//! A clean set of recordings has notes at most. Warnings are worth a look; with errors, training would be wrong or fail.

mod alone;
mod axes;
mod balance;
mod clock;
mod confusable;
mod copies;
mod features;
mod finding;
mod order;
mod scale;
mod statistics;
mod summary;
#[cfg(test)]
mod tests;
mod values;
mod view;
mod window;

use serde::Serialize;

use super::import::Recording;
use super::recordings::Loaded;
pub use finding::{Check, Finding, Place, Severity};
pub use summary::{ChannelFacts, ClassFacts, RecordingFacts, Summary};
pub use window::{Proposal, propose};

use view::View;

/// Everything that was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Faults and remarks, the worst first.
    pub findings: Vec<Finding>,
    /// Classes, channels and recordings in numbers.
    pub summary: Summary,
}

impl Quality {
    /// Number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let all = self.findings.iter();
        all.filter(|finding| finding.severity == severity).count()
    }

    /// Recordings in numbers alone, cut into windows of `steps` samples, one every `hop`.
    pub fn facts(recordings: &[Recording], steps: usize, hop: usize) -> Summary {
        Summary::of(&View::of(recordings, steps, hop), None)
    }

    /// The quality of recordings that cannot be read.
    pub fn unreadable(why: &str) -> Self {
        Self {
            findings: vec![Finding::reading(why)],
            summary: Summary::of(&View::of(&[], 1, 1), None),
        }
    }

    /// Adds findings, and keeps the worst first.
    pub fn add(&mut self, more: impl IntoIterator<Item = Finding>) {
        self.findings.extend(more);
        // Findings of one severity stay in the order of the checks.
        self.findings
            .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
}

/// Checks recordings, all with the same channels, cut into windows of `steps` samples, one every `hop`. `loaded` are the same
/// recordings as training reads them, where it can.
pub fn check(
    recordings: &[Recording],
    loaded: Option<&Loaded>,
    steps: usize,
    hop: usize,
) -> Quality {
    let view = View::of(recordings, steps, hop);
    let mut quality = Quality {
        findings: Vec::new(),
        summary: Summary::of(&view, loaded),
    };
    let checks: [fn(&View<'_>) -> Vec<Finding>; 9] = [
        balance::check,
        values::check,
        clock::check,
        copies::check,
        scale::check,
        axes::check,
        alone::check,
        order::check,
        confusable::check,
    ];
    for check in checks {
        quality.add(check(&view));
    }
    if let Some(loaded) = loaded {
        quality.add(copies::across_splits(&loaded.data));
    }
    quality
}
