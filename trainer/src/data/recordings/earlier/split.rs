//! Splitting windows as versions did that kept no split.

use anyhow::{Result, bail, ensure};

use super::{Segment, Window};
use crate::data::Holdout;
use crate::data::holdout::{random_subjects, share, shuffled, windows_of};
use crate::data::recordings::Cutting;

/// Recordings of every class from which on they are split whole.
const RECORDINGS: usize = 3;
/// One of so many is for the test, and one for the validation.
const SHARE: usize = 5;

/// Windows in their splits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub train: Vec<Window>,
    pub valid: Vec<Window>,
    pub test: Vec<Window>,
}

/// Splits `windows` of `classes` classes.
pub(super) fn split(
    windows: &[Window],
    segments: &[Segment],
    cutting: &Cutting,
    classes: usize,
    holdout: &Holdout,
) -> Result<Parts> {
    let parts = match recordings_of_the_rarest(windows, classes) >= RECORDINGS {
        true => by_recording(windows, classes, holdout)?,
        false => by_time(windows, segments, cutting, holdout)?,
    };
    ensure!(
        !parts.test.is_empty() && !parts.train.is_empty(),
        "the recordings make {} windows: too few to train on some and test on others; record more, or set a smaller --hop",
        windows.len()
    );
    Ok(parts)
}

fn recordings_of(windows: &[Window], class: u32) -> Vec<u32> {
    let mut recordings: Vec<u32> = (windows.iter())
        .filter(|window| window.class == class)
        .map(|window| window.recording)
        .collect();
    recordings.dedup();
    recordings
}

fn recordings_of_the_rarest(windows: &[Window], classes: usize) -> usize {
    let counts = (0..classes as u32).map(|class| recordings_of(windows, class).len());
    counts.min().unwrap_or(0)
}

fn by_recording(windows: &[Window], classes: usize, holdout: &Holdout) -> Result<Parts> {
    let test = a_share(windows, classes, windows);
    let (test, rest) = partition(windows, &test);
    let held = match holdout {
        Holdout::None => Vec::new(),
        Holdout::Standard => a_share(&rest, classes, windows),
        Holdout::Subjects(recordings) => recordings.clone(),
        Holdout::Names(_) => bail!("runs of earlier versions hold out recordings by number"),
        Holdout::Random { percent, seed } => {
            let groups = rest.iter().map(|window| window.recording);
            let drawn = random_subjects(&windows_of(groups), share(*percent)?, *seed);
            drawn.into_iter().collect()
        }
    };
    if let Some(unknown) = held.iter().find(|&&held| !is_in(&rest, held)) {
        bail!("recording {unknown} cannot be held out: it is not among those that are trained on");
    }
    let (valid, train) = partition(&rest, &held);
    Ok(Parts { train, valid, test })
}

fn is_in(windows: &[Window], recording: u32) -> bool {
    windows.iter().any(|window| window.recording == recording)
}

/// The windows of some recordings, and the others.
fn partition(windows: &[Window], recordings: &[u32]) -> (Vec<Window>, Vec<Window>) {
    windows
        .iter()
        .partition(|window| recordings.contains(&window.recording))
}

/// Recordings that make up a share of every class, in an order that depends on nothing but their number; each class keeps
/// one to train on. The share is of `all` windows.
fn a_share(windows: &[Window], classes: usize, all: &[Window]) -> Vec<u32> {
    let wanted: Vec<usize> = (counts(all, classes).iter())
        .map(|count| count.div_ceil(SHARE))
        .collect();
    let mut kept = counts(windows, classes);
    let mut taken = vec![0; classes];
    let mut recordings: Vec<u32> = windows.iter().map(|window| window.recording).collect();
    recordings.sort_unstable();
    recordings.dedup();
    let mut chosen = Vec::new();
    for recording in shuffled(recordings, 0) {
        let (of_it, _) = partition(windows, &[recording]);
        let of_it = counts(&of_it, classes);
        let lacks = (0..classes).any(|class| of_it[class] > 0 && taken[class] < wanted[class]);
        let leaves = (0..classes).all(|class| of_it[class] == 0 || kept[class] > of_it[class]);
        if lacks && leaves {
            chosen.push(recording);
            for class in 0..classes {
                taken[class] += of_it[class];
                kept[class] -= of_it[class];
            }
        }
    }
    chosen
}

fn counts(windows: &[Window], classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    for window in windows {
        counts[window.class as usize] += 1;
    }
    counts
}

fn by_time(
    windows: &[Window],
    segments: &[Segment],
    cutting: &Cutting,
    holdout: &Holdout,
) -> Result<Parts> {
    let share = match holdout {
        Holdout::None => 0,
        Holdout::Standard => 1,
        Holdout::Subjects(_) | Holdout::Names(_) | Holdout::Random { .. } => bail!(
            "some class is in fewer than {RECORDINGS} recordings, so they are split by time: hold out the standard split or \
             none"
        ),
    };
    let mut parts = Parts {
        train: Vec::new(),
        valid: Vec::new(),
        test: Vec::new(),
    };
    for window in windows {
        let samples = segments[window.segment].samples;
        let border = |fifths: usize| samples * fifths / SHARE;
        let (valid, test) = (border(SHARE - 1 - share), border(SHARE - 1));
        let end = window.start + cutting.steps;
        if end <= valid {
            parts.train.push(*window);
        } else if window.start >= valid && end <= test {
            parts.valid.push(*window);
        } else if window.start >= test {
            parts.test.push(*window);
        }
    }
    Ok(parts)
}
