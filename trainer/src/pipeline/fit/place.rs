//! Place of a rung under way.

use std::time::Instant;

use crate::fit::{self, Point, Progress};

/// Place of a rung under way.
pub(super) struct Place {
    pub(super) number: usize,
    pub(super) rungs: usize,
    pub(super) total: usize,
    pub(super) done: usize,
    pub(super) points: Vec<Point>,
    pub(super) started: Instant,
    /// Epochs that were trained since it started.
    pub(super) spent: u64,
    /// Epochs that were left of all rungs when it started.
    pub(super) remaining: u64,
}

impl Place {
    pub(super) fn add(&mut self, point: Point) {
        self.done += 1;
        self.spent += u64::from(point.epochs);
        self.points.push(point);
    }

    pub(super) fn progress(&self) -> Progress {
        let each = self.started.elapsed().as_secs_f64() / self.spent.max(1) as f64;
        let left = self.remaining.saturating_sub(self.spent) as f64;
        // Rungs hold out different people.
        let here = self.points.iter().filter(|point| point.rung == self.number);
        let here: Vec<Point> = here.cloned().collect();
        let best = fit::best(&here);
        Progress {
            rung: self.number,
            rungs: self.rungs,
            done: self.done,
            total: self.total,
            best: best.and_then(|point| Some((point.accuracy?, point.name.clone()))),
            remaining_seconds: (self.spent > 0).then_some(each * left),
        }
    }
}
