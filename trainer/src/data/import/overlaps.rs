//! Windows that overlap: cuts of one signal, which must not be trained on and tested.

use std::collections::HashMap;

use super::recording::Recording;

/// Samples that two windows must have in common at least, of which half must differ: fewer may be alike by chance.
const LEAST: usize = 8;

/// Gives windows that overlap, of any order, the name of one recording, so that they stay together; returns what was found, for
/// people. `windows` have the same channels and lengths.
pub(super) fn join(name: &str, windows: &mut [Recording]) -> String {
    let length = windows.first().map_or(0, Recording::samples);
    if length < LEAST {
        return "too short to tell whether they overlap".into();
    }
    // Windows by the digest of their first samples.
    let mut starts: HashMap<u64, Vec<usize>> = HashMap::new();
    for (i, window) in windows.iter().enumerate() {
        if let Some(digest) = digest(window, 0) {
            starts.entry(digest).or_default().push(i);
        }
    }
    let mut groups: Vec<usize> = (0..windows.len()).collect();
    let mut least = length;
    for i in 0..windows.len() {
        for at in 0..=length - LEAST {
            let others = digest(&windows[i], at).and_then(|digest| starts.get(&digest));
            // Enough to tie them together; a signal that repeats itself is in one group already.
            for &other in others.into_iter().flatten().take(64) {
                if other != i && are_same(&windows[i], at, &windows[other]) {
                    least = least.min(length - at);
                    unite(&mut groups, i, other);
                }
            }
        }
    }
    let roots: Vec<usize> = (0..windows.len()).map(|i| root(&groups, i)).collect();
    let mut sizes = vec![0; windows.len()];
    roots.iter().for_each(|&root| sizes[root] += 1);
    let overlapping = roots.iter().filter(|&&root| sizes[root] > 1).count();
    if overlapping == 0 {
        return "none overlap".into();
    }
    for (window, root) in windows.iter_mut().zip(roots) {
        window.stated_name = Some(format!("{name}:{root:05}"));
    }
    format!(
        "{overlapping} of them overlap others, by {least} samples and more: those are parts of one recording"
    )
}

/// A digest of [`LEAST`] samples from `at` on; none where they hardly differ.
fn digest(window: &Recording, at: usize) -> Option<u64> {
    let channels = window.channels.len();
    let values = window.values.get(at * channels..(at + LEAST) * channels)?;
    let mut samples: Vec<Vec<u32>> = values
        .chunks_exact(channels)
        .map(|s| bits(s).collect())
        .collect();
    samples.sort_unstable();
    samples.dedup();
    if 2 * samples.len() < LEAST {
        return None;
    }
    let mixed = |digest: u64, bits: u32| {
        (digest ^ u64::from(bits))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(23)
    };
    Some(bits(values).fold(1, mixed))
}

fn bits(values: &[f32]) -> impl Iterator<Item = u32> + '_ {
    values.iter().map(|value| value.to_bits())
}

/// Whether a window from `at` on is the beginning of another.
fn are_same(window: &Recording, at: usize, other: &Recording) -> bool {
    let tail = window
        .values
        .get(at * window.channels.len()..)
        .unwrap_or_default();
    let head = other.values.get(..tail.len()).unwrap_or_default();
    tail.len() == head.len() && bits(tail).eq(bits(head))
}

/// The first window of a group.
fn root(groups: &[usize], mut of: usize) -> usize {
    while groups[of] != of {
        of = groups[of];
    }
    of
}

fn unite(groups: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(groups, a), root(groups, b));
    groups[a.max(b)] = a.min(b);
}
