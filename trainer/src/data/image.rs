//! Sequences that are images, one pixel a step.

use super::{Task, mnist};

/// Where the pixels of an image stand in its sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageLayout {
    /// Rows of an image.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Each pixel once, numbered row by row from the top left: step `j` is pixel `order[j]`.
    pub order: Vec<usize>,
}

impl ImageLayout {
    /// The layout of `task`'s sequences; none where they are no images.
    pub fn of(task: Task) -> Option<Self> {
        mnist::order(task).map(|order| Self {
            height: mnist::SIDE,
            width: mnist::SIDE,
            order,
        })
    }
}
