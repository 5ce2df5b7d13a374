//! Stamps that lie on a grid of which points are missing: samples that were lost one by one.

/// The step of the grid is near so small a one: a tenth of the steps are shorter.
const LOW: usize = 10;
/// Steps to the next point are no longer than so many of the shortest.
const SINGLE: f64 = 1.5;
/// One of so many steps leads to the next point, at least.
const ENOUGH_SINGLE: usize = 5;
/// Longer steps, in points, are pauses.
const FURTHEST: f64 = 10.5;
/// How far from a point a stamp may lie, as a share of the step; and how many of the steps do, in a hundred.
const OFF: f64 = 0.2;
const ON_GRID: usize = 95;
/// Share of the points that are missing from which on it is told.
const LOST: f64 = 0.03;
/// Steps over which it is told whether samples came evenly.
const BLOCK: usize = 200;
/// Stamps that a coarse clock rounds stay within a step of even ones, and are off by jitter.
const EVEN: f64 = 1.2;
/// One of so many blocks is not even where samples were lost.
const UNEVEN: usize = 5;

/// A grid of stamps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    /// Step from point to point.
    pub step: f64,
    /// Share of the points that are missing.
    pub lost: f64,
}

impl Grid {
    /// The grid of rows of stamps with these steps, which ascend and are positive; none where they lie on none, hardly a point is
    /// missing, or samples came evenly and their stamps were rounded.
    pub fn of(steps: &[f64], runs: &[&[f64]]) -> Option<Self> {
        let below = |most: f64| &steps[..steps.partition_point(|&step| step <= most)];
        let single = below(SINGLE * steps.get(steps.len() / LOW)?);
        if single.len() * ENOUGH_SINGLE < steps.len() {
            return None;
        }
        let step = single.iter().sum::<f64>() / single.len() as f64;
        let near = below(FURTHEST * step);
        let points = |of: f64| (of / step).round().max(1.0);
        let on_grid = near
            .iter()
            .filter(|&&of| (of / step - points(of)).abs() <= OFF);
        if on_grid.count() * 100 < near.len() * ON_GRID {
            return None;
        }
        let all: f64 = near.iter().map(|&of| points(of)).sum();
        let lost = 1.0 - near.len() as f64 / all;
        (lost >= LOST && !came_evenly(runs, step)).then_some(Self { step, lost })
    }
}

/// Whether samples came evenly, though their steps are of one and of several points: a clock of coarse ticks rounds so.
fn came_evenly(runs: &[&[f64]], step: f64) -> bool {
    let pieces = (runs.iter())
        .flat_map(|run| run.chunk_by(|from, to| (0.0..=FURTHEST * step).contains(&(to - from))))
        .flat_map(|piece| piece.chunks(BLOCK + 1))
        .filter(|block| block.len() > 2);
    let is_even = |block: &&[f64]| {
        let (first, last) = (block[0], block[block.len() - 1]);
        let even = (last - first) / (block.len() - 1) as f64;
        let mut stamps = block.iter().enumerate();
        stamps.all(|(i, stamp)| (stamp - first - i as f64 * even).abs() <= EVEN * step)
    };
    let (mut blocks, mut uneven) = (0, 0);
    for block in pieces {
        blocks += 1;
        uneven += usize::from(!is_even(&block));
    }
    uneven * UNEVEN < blocks.max(1)
}
