//! Finalists in their order, until one keeps the limits with fresh seeds and as measured.

use crate::fit::{self, Point};
use crate::observer::Observer;
use crate::pipeline::error::{Error, Fault, Result};

/// Outcome of training a finalist with fresh seeds and measuring it.
pub(super) enum Attempt<T> {
    /// It keeps the limits, and this is what it brought.
    Kept(T),
    /// It does not, for this reason.
    Rejected(String),
    /// The observer asked to stop.
    Interrupted,
}

/// Whether a finalist may be chosen.
pub(super) fn is_candidate(point: &Point) -> bool {
    point.fits && point.accuracy.is_some()
}

/// The best of the first `in_all` finalists that keep the limits, which were in all rounds of the race; without any, the best of the others.
fn next_best(finals: &[Point], in_all: usize) -> Option<&Point> {
    let (whole, dropped) = finals.split_at(in_all);
    fit::best(whole).or_else(|| fit::best(dropped))
}

/// Attempts the best finalist, then the next best, until one is kept; none where it was interrupted. `attempt` is told whether it is the
/// first. Finalists that are rejected no longer fit.
///
/// # Errors
/// Those of `attempt`; [`Error::Config`]: all are rejected. The message has the reasons.
pub(super) fn first_kept<T>(
    finals: &mut [Point],
    in_all: usize,
    mut attempt: impl FnMut(&Point, bool, &mut dyn Observer) -> Result<Attempt<T>>,
    observer: &mut dyn Observer,
) -> Result<Option<(Point, T)>> {
    let mut rejected: Vec<String> = Vec::new();
    while let Some(chosen) = next_best(finals, in_all).cloned() {
        match attempt(&chosen, rejected.is_empty(), observer)? {
            Attempt::Kept(kept) => return Ok(Some((chosen, kept))),
            Attempt::Interrupted => return Ok(None),
            Attempt::Rejected(reason) => {
                let reason = format!("{}: {reason}", chosen.name);
                observer.notice(&format!("note: not chosen: {reason}"));
                rejected.push(reason);
                let is_it = |point: &&mut Point| point.candidate == chosen.candidate;
                finals
                    .iter_mut()
                    .filter(is_it)
                    .for_each(|it| it.fits = false);
            }
        }
    }
    Err(Error::Config(Fault::new(format_args!(
        "no model that was trained keeps the limits ({}): raise the limit, or search in another --out with more --finalists or another --seed",
        rejected.join("; ")
    ))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    fn point(candidate: usize, accuracy: f64) -> Point {
        let costs = serde_json::json!({
            "instructions_per_step": 10, "readout_instructions": 5, "session_bytes": 8, "stack_bytes": 8, "code_bytes": 100, "model_bytes": 50
        });
        let point = serde_json::json!({
            "rung": 1, "candidate": candidate, "seed": 1, "epochs": 3, "name": format!("n {candidate}"), "accuracy": accuracy, "loss": 0.1,
            "costs": costs, "steps": 8, "decimation": 1, "instructions_per_window": 85, "kernel": "fwht-packed", "assembly": true,
            "fits": true, "seconds": 0.1
        });
        serde_json::from_value(point).expect("a point")
    }

    /// Three finalists: the last one has dropped out of the race.
    fn finals() -> Vec<Point> {
        vec![point(0, 0.8), point(1, 0.9), point(2, 0.95)]
    }

    /// The finalist that was kept, and what it brought.
    type Outcome = Result<Option<(Point, usize)>>;

    /// Attempts in which the finalists of these numbers break a limit: the order of all, the outcome, and how many finalists may
    /// still be chosen.
    fn with_over(over: &[usize]) -> (Vec<(usize, bool)>, Outcome, usize) {
        let (mut finals, mut order) = (finals(), Vec::new());
        let attempt = |point: &Point, first: bool, _: &mut dyn Observer| {
            order.push((point.candidate, first));
            Ok(match over.contains(&point.candidate) {
                true => Attempt::Rejected("297 bytes of RAM are allowed, and it takes 300".into()),
                false => Attempt::Kept(10 * point.candidate),
            })
        };
        let kept = first_kept(&mut finals, 2, attempt, &mut Silent);
        let left = finals.iter().filter(|point| is_candidate(point)).count();
        (order, kept, left)
    }

    #[test]
    fn a_model_over_its_limits_gives_way_to_the_next_best() {
        let (order, kept, left) = with_over(&[]);
        assert_eq!((order, left), (vec![(1, true)], 3));
        assert_eq!(kept.expect("kept").expect("kept").1, 10);
        let (order, kept, left) = with_over(&[0, 1]);
        // Those in all rounds come first, however good the estimate of another is.
        assert_eq!(order, [(1, true), (0, false), (2, false)]);
        let (point, brought) = kept.expect("kept").expect("kept");
        assert_eq!((point.candidate, brought, left), (2, 20, 1));
    }

    #[test]
    fn without_any_that_keeps_them_the_limit_is_named() {
        let (order, kept, left) = with_over(&[0, 1, 2]);
        assert_eq!((order.len(), left), (3, 0));
        let error = kept.expect_err("all are over").to_string();
        for part in [
            "297 bytes of RAM",
            "takes 300",
            "n 0",
            "n 1",
            "n 2",
            "raise the limit",
        ] {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_stop_ends_it() {
        let stop = |_: &Point, _: bool, _: &mut dyn Observer| Ok(Attempt::<usize>::Interrupted);
        let stopped = first_kept(&mut finals(), 2, stop, &mut Silent);
        assert!(stopped.expect("no error").is_none());
    }
}
