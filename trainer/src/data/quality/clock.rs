//! Time: samples a second of each recording, how steady they come, and gaps.

use super::finding::{Check, Finding, Place, Severity};
use super::statistics::{mean_and_deviation, median};
use super::view::View;
use crate::data::import::{Recording, TimeBase};
use crate::visible;

/// Steps of time from which on jitter is measured.
const ENOUGH_STEPS: usize = 20;
/// The rate of a recording differs from the usual one beyond this share; training refuses twice as much.
const TOLERANCE: f64 = 0.03;
const REFUSED: f64 = 0.1;
/// Steps are unsteady if their deviation is beyond this share of them.
const UNSTEADY: f64 = 0.2;
/// One of so many steps is zero where many samples share a stamp.
const SHARED: usize = 4;
/// Share of a recording's samples, in a hundred, beside so many gaps that it falls to pieces.
const PIECES: f64 = 2.0;

/// The clock of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    /// Samples a second.
    pub rate_hz: f64,
    /// Deviation of the steps between samples, as a share of their mean; none where many samples share a stamp.
    pub jitter: Option<f64>,
}

/// Measures the clock of a recording; none where its file tells no time.
pub(super) fn clock_of(recording: &Recording) -> Option<Clock> {
    let stamps = match &recording.time {
        TimeBase::Rate(rate) => {
            return Some(Clock {
                rate_hz: *rate,
                jitter: None,
            });
        }
        TimeBase::Unknown => return None,
        TimeBase::Stamps(stamps) => stamps,
    };
    let steps: Vec<f64> = (recording.runs().into_iter())
        .flat_map(|run| stamps[run].windows(2).map(|pair| pair[1] - pair[0]))
        .collect();
    let (mean, deviation) = mean_and_deviation(&steps);
    if mean <= 0.0 {
        return None;
    }
    let zeros = steps.iter().filter(|&&step| step <= 0.0).count();
    let is_fine = steps.len() >= ENOUGH_STEPS && zeros * SHARED < steps.len();
    Some(Clock {
        rate_hz: 1.0 / mean,
        jitter: is_fine.then_some(deviation / mean),
    })
}

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let clocks: Vec<(usize, Clock)> = (0..view.recordings.len())
        .filter_map(|i| Some((i, clock_of(&view.recordings[i])?)))
        .collect();
    let mut findings = Vec::new();
    findings.extend(untimed(view, clocks.len()));
    findings.extend(other_rates(view, &clocks));
    findings.extend(unsteady(view, &clocks));
    findings.extend(gaps(view));
    findings
}

fn untimed(view: &View<'_>, timed: usize) -> Option<Finding> {
    let missing = view.recordings.len() - timed;
    let first = view
        .recordings
        .iter()
        .find(|recording| clock_of(recording).is_none())?;
    Some(Finding {
        severity: Severity::Note,
        check: Check::Rate,
        place: Place::recording(&first.name),
        figure: missing as f64,
        text: format!(
            "{missing} of {} recordings have no time: neither rate nor gaps are measured there",
            view.recordings.len()
        ),
        remedy: "state the rate: rate_hz in [recordings], --rate; a column time would tell lost samples, too".into(),
    })
}

/// Recordings whose rate is not that of the others.
fn other_rates(view: &View<'_>, clocks: &[(usize, Clock)]) -> Option<Finding> {
    let rates: Vec<f64> = clocks.iter().map(|(_, clock)| clock.rate_hz).collect();
    let usual = median(&rates)?;
    let off = |rate: f64| (rate / usual - 1.0).abs();
    let enough = |number: usize| view.recordings[number].samples() > ENOUGH_STEPS;
    let others: Vec<(usize, f64)> = (clocks.iter())
        .filter(|(number, clock)| enough(*number) && off(clock.rate_hz) > TOLERANCE)
        .map(|(number, clock)| (*number, clock.rate_hz))
        .collect();
    let &(worst, rate) = others.iter().max_by(|a, b| off(a.1).total_cmp(&off(b.1)))?;
    let name = &view.recordings[worst].name;
    Some(Finding {
        severity: match off(rate) > REFUSED {
            true => Severity::Error,
            false => Severity::Warning,
        },
        check: Check::Rate,
        place: Place::recording(name),
        figure: rate,
        text: format!(
            "{} recording(s) have another rate than the usual {usual:.2} samples a second: {} has {rate:.2}",
            others.len(),
            visible::name(name)
        ),
        remedy: format!(
            "give all one rate with `hadamrnn data import … --resample {usual:.0}`, or leave these recordings out"
        ),
    })
}

/// Recordings whose samples do not come evenly.
fn unsteady(view: &View<'_>, clocks: &[(usize, Clock)]) -> Option<Finding> {
    let found: Vec<(usize, f64)> = (clocks.iter())
        .filter_map(|(number, clock)| Some((*number, clock.jitter?)))
        .filter(|(_, jitter)| *jitter > UNSTEADY)
        .collect();
    let &(worst, jitter) = found.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let name = &view.recordings[worst].name;
    Some(Finding {
        severity: Severity::Warning,
        check: Check::Rate,
        place: Place::recording(name),
        figure: 100.0 * jitter,
        text: format!(
            "the steps of time are unsteady in {} recording(s): in {} they vary by {:.0} % of their mean",
            found.len(),
            visible::name(name),
            100.0 * jitter
        ),
        remedy: "resample to even steps with `hadamrnn data import … --resample HZ`".into(),
    })
}

/// Breaks within labelled intervals and between them.
fn gaps(view: &View<'_>) -> Option<Finding> {
    let total: usize = view
        .recordings
        .iter()
        .map(|recording| recording.gaps.len())
        .sum();
    let worst = view
        .recordings
        .iter()
        .max_by_key(|recording| recording.gaps.len())?;
    let samples: usize = view
        .recordings
        .iter()
        .map(|recording| recording.samples())
        .sum();
    let short = view.windows_in.iter().filter(|count| **count == 0).count();
    let per_hundred = 100.0 * total as f64 / samples.max(1) as f64;
    (total > 0).then(|| Finding {
        severity: match per_hundred > PIECES {
            true => Severity::Warning,
            false => Severity::Note,
        },
        check: Check::Gaps,
        place: Place::recording(&worst.name),
        figure: total as f64,
        text: format!(
            "{total} gaps in {samples} samples, most ({}) in {}; no window spans one, and {short} intervals are too short for a window",
            worst.gaps.len(),
            visible::name(&worst.name)
        ),
        remedy: "if they are no pauses but lost samples, see to the logger's speed and storage".into(),
    })
}
