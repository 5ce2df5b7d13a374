//! Search for the model that fits a board: limits, candidates, results and their front. What trains and measures is
//! [`pipeline::fit`](crate::pipeline::fit()).

mod front;
mod limits;
mod points;
mod race;
mod rungs;
mod space;

pub use front::{best, front, is_better};
pub use limits::{Excess, Limit, Limits};
pub use points::{POINTS_NAME, Point, ReadPoints, append, read_points};
pub use race::{most_in_round, still_in};
pub use rungs::{Rung, rungs, survivors};
pub use space::{Candidate, Space};

/// Place of a search.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Number of the rung, from 1.
    pub rung: usize,
    /// Rungs in all, with that of several seeds.
    pub rungs: usize,
    /// Points of the rung that are done.
    pub done: usize,
    /// Points of the rung.
    pub total: usize,
    /// The best validation accuracy of the rung so far, and its model in a few words.
    pub best: Option<(f64, String)>,
    /// Seconds that the rest of the search is expected to take, once that can be told.
    pub remaining_seconds: Option<f64>,
}
