//! Windows of a split, put back into the streams that they were cut from.

use std::collections::BTreeMap;

use super::Sequences;

/// Samples of one subject in the order of their windows, each sample once.
///
/// Where a window does not go on where the one before ended, as between two activities, the stream has a joint: a board sees
/// the one follow the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Values of a sample, `D`.
    pub channels: usize,
    /// Values of the samples, `[L][D]`.
    pub samples: Vec<f32>,
    /// Number of the window whose class a sample has, `[L]`: the first one that it is in.
    pub windows: Vec<u32>,
    /// Where windows end, in their order.
    pub ends: Vec<End>,
}

/// End of a window in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Number of the window.
    pub window: usize,
    /// Samples of the stream up to the window's last one, that one included; at least 1.
    pub samples: usize,
}

/// The streams of windows of numbers, in the order in which their subjects first come.
///
/// `hop` is the number of samples from a window to the next. A window goes on where the one before of its subject ended if
/// what both should have is equal bit for bit; else all of it follows. Without subjects all windows are one stream.
pub fn streams(windows: &Sequences, hop: usize) -> Vec<Stream> {
    let shared = windows.steps.saturating_sub(hop) * windows.channels;
    let mut numbers = BTreeMap::new();
    let mut streams: Vec<Stream> = Vec::new();
    for (window, values) in windows.windows().enumerate() {
        let group = windows.groups.get(window);
        let number = *numbers.entry(group).or_insert(streams.len());
        if number == streams.len() {
            streams.push(Stream {
                channels: windows.channels,
                samples: Vec::new(),
                windows: Vec::new(),
                ends: Vec::new(),
            });
        }
        streams[number].append(window, values, shared);
    }
    streams
}

impl Stream {
    /// Samples.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Appends a window of which the first `shared` values may be the stream's last ones.
    fn append(&mut self, window: usize, values: &[f32], shared: usize) {
        let before = self.samples.len().saturating_sub(shared);
        let bits = |values: &[f32]| {
            values
                .iter()
                .map(|value| value.to_bits())
                .collect::<Vec<_>>()
        };
        let goes_on = shared > 0 && bits(&self.samples[before..]) == bits(&values[..shared]);
        let new = match goes_on {
            true => &values[shared..],
            false => values,
        };
        self.samples.extend(new);
        self.windows
            .resize(self.samples.len() / self.channels, window as u32);
        self.ends.push(End {
            window,
            samples: self.windows.len(),
        });
    }

    /// Puts the value `order[i]` of every sample in the place `i`.
    pub(crate) fn reorder_channels(&mut self, order: &[usize]) {
        for sample in self.samples.chunks_exact_mut(order.len().max(1)) {
            let before = sample.to_vec();
            let moved = order.iter().map(|&from| before[from]);
            sample
                .iter_mut()
                .zip(moved)
                .for_each(|(value, new)| *value = new);
        }
    }

    /// One in `factor` samples, from the first.
    pub fn decimated(&self, factor: usize) -> Self {
        let factor = factor.max(1);
        let samples = self.samples.chunks(self.channels).step_by(factor).flatten();
        Self {
            channels: self.channels,
            samples: samples.copied().collect(),
            windows: self.windows.iter().step_by(factor).copied().collect(),
            ends: (self.ends.iter())
                .map(|end| End {
                    samples: (end.samples - 1) / factor + 1,
                    ..*end
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    /// Windows of 4 samples, 2 from one to the next, from these first samples of two people.
    fn windows(firsts: &[(u32, i32)]) -> Sequences {
        let values: Vec<f32> = (firsts.iter())
            .flat_map(|&(person, first)| {
                (first..first + 4).map(move |t| (t + 100 * person as i32) as f32)
            })
            .collect();
        let people = firsts.iter().map(|&(person, _)| person).collect();
        let classes = Targets::Class(vec![0; firsts.len()]);
        Sequences::new(1, 4, values, classes, people).unwrap()
    }

    #[test]
    fn windows_that_go_on_are_joined_and_others_follow() {
        let windows = windows(&[(1, 0), (2, 0), (1, 2), (1, 10), (1, 12), (2, 8)]);
        let found = streams(&windows, 2);
        let values = |stream: &Stream| -> Vec<f32> {
            stream.samples.iter().map(|value| value % 100.0).collect()
        };
        assert_eq!(found.len(), 2);
        let first = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15].map(|t| t as f32);
        assert_eq!(values(&found[0]), first);
        assert_eq!(found[0].windows, [0, 0, 0, 0, 2, 2, 3, 3, 3, 3, 4, 4]);
        let ends = |stream: &Stream| -> Vec<(usize, usize)> {
            stream
                .ends
                .iter()
                .map(|end| (end.window, end.samples))
                .collect()
        };
        assert_eq!(ends(&found[0]), [(0, 4), (2, 6), (3, 10), (4, 12)]);
        assert_eq!(ends(&found[1]), [(1, 4), (5, 8)]);
        // Whole windows follow each other as they are.
        assert_eq!(streams(&windows, 4)[0].len(), 16);
        // A window ends at the last sample that is used.
        let decimated = found[0].decimated(3);
        assert_eq!(values(&decimated), [0.0, 3.0, 10.0, 13.0]);
        assert_eq!(ends(&decimated), [(0, 2), (2, 2), (3, 4), (4, 4)]);
    }

    #[test]
    fn every_window_lies_before_its_end() {
        let all = windows(&[(1, 0), (1, 2), (2, 7), (1, 4), (2, 9), (2, 9), (1, 9)]);
        let found = streams(&all, 2);
        let mut seen = 0;
        for stream in &found {
            for end in &stream.ends {
                let values = &stream.samples[end.samples - 4..end.samples];
                assert_eq!(values, all.window(end.window));
                seen += 1;
            }
        }
        assert_eq!(seen, all.len());
    }
}
