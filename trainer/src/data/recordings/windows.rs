//! Cutting segments into windows.

use anyhow::{Context, Result};

use super::Cutting;
use super::segments::Segments;
use super::split::{self, Place};
use crate::data::{Holdout, Sequences, Targets};
use crate::untrusted::Budget;

/// A window: the segment that it is of, and its first sample there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub segment: usize,
    pub start: usize,
}

/// Places of the windows of the three splits, and of those of none.
pub(super) fn chosen(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
) -> [Vec<Window>; 4] {
    let mut windows: [Vec<Window>; 4] = Default::default();
    for (segment, (found, place)) in segments.all.iter().zip(places).enumerate() {
        let ranges = split::ranges(place, found.samples, cutting, holdout);
        for (split, range) in ranges {
            let starts =
                (0..cutting.windows_in(range.len())).map(|i| range.start + i * cutting.hop);
            windows[split].extend(starts.map(|start| Window { segment, start }));
        }
    }
    windows
}

/// The windows of the three splits, and those of none.
pub(super) fn cut(
    segments: &Segments,
    places: &[Place],
    cutting: &Cutting,
    holdout: &Holdout,
    budget: &Budget,
) -> Result<[Sequences; 4]> {
    let windows = chosen(segments, places, cutting, holdout);
    check_memory(
        windows.iter().map(Vec::len).sum(),
        segments.channels.len(),
        cutting,
        budget,
    )?;
    let [train, valid, test, new] = windows.map(|windows| sequences(segments, &windows, cutting));
    Ok([train?, valid?, test?, new?])
}

/// Windows overlap, so they may be many times what was recorded.
pub(super) fn check_memory(
    windows: usize,
    channels: usize,
    cutting: &Cutting,
    budget: &Budget,
) -> Result<()> {
    let size = cutting.steps * channels * size_of::<f32>() + size_of::<Window>();
    (budget.take(windows.saturating_mul(size))).with_context(|| {
        format!(
            "{windows} windows of {} samples, one every {}: set a larger --hop",
            cutting.steps, cutting.hop
        )
    })
}

fn sequences(segments: &Segments, windows: &[Window], cutting: &Cutting) -> Result<Sequences> {
    let channels = segments.channels.len();
    let of = |window: &Window| &segments.all[window.segment];
    let values: Vec<f32> = (windows.iter())
        .flat_map(|window| {
            let from = window.start * channels;
            &of(window).counts[from..from + cutting.steps * channels]
        })
        .map(|&count| f32::from(count))
        .collect();
    let classes = windows
        .iter()
        .map(|window| of(window).class as u32)
        .collect();
    let recordings = windows
        .iter()
        .map(|window| of(window).recording as u32 + 1)
        .collect();
    Sequences::new(
        channels,
        cutting.steps,
        values,
        Targets::Class(classes),
        recordings,
    )
}
