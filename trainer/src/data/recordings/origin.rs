//! Where windows of the user's own recordings are from: recording, person, file and line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::segments::Segments;
use super::short;
use super::windows::Window;
use crate::data::{Spot, Spots};

/// Origins of the windows of every split, in the order of the windows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    recordings: Vec<String>,
    groups: Vec<String>,
    files: Vec<String>,
    intervals: Vec<Interval>,
    /// Windows of training, validation, test and none of them.
    windows: [Vec<Window>; 4],
}

/// Samples in a row of one label in one recording.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Interval {
    recording: usize,
    group: Option<usize>,
    file: usize,
    /// Where it stands in the file: what is earlier has a smaller number.
    place: u64,
    spots: Spots,
}

/// Origin of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Name of the recording; of a file its name without folder and ending.
    pub recording: &'a str,
    /// Name of the group, such as a person, where there is one.
    pub group: Option<&'a str>,
    /// Path of the file below the folder that holds all; of recordings that were imported in memory, the original file's.
    pub file: &'a str,
    /// Where the window's first sample stands in the file; none where it is not known.
    pub spot: Option<Spot>,
    /// Samples of its interval before the window.
    pub sample: usize,
}

impl Origins {
    pub(super) fn of(segments: &Segments, files: &[PathBuf], windows: [Vec<Window>; 4]) -> Self {
        let interval = |segment: &super::segments::Segment| Interval {
            recording: segment.recording,
            group: segment.group,
            file: segment.place.0,
            place: segment.place.1,
            spots: segment.spots.clone(),
        };
        let above = common_folder(files);
        let file = |path: &PathBuf| {
            let below = path.strip_prefix(above).unwrap_or(path);
            below.display().to_string()
        };
        Self {
            recordings: segments.recordings.iter().map(|name| short(name)).collect(),
            groups: segments.groups.clone(),
            files: files.iter().map(file).collect(),
            intervals: segments.all.iter().map(interval).collect(),
            windows,
        }
    }

    /// Numbers of a split's windows, recording by recording, each in the order in which they were recorded; none where it is not known.
    pub fn streams(&self, split: usize) -> Option<Vec<Vec<usize>>> {
        let windows = self
            .windows
            .get(split)
            .filter(|windows| !windows.is_empty())?;
        let mut streams: BTreeMap<usize, Vec<(usize, u64, usize, usize)>> = BTreeMap::new();
        for (number, window) in windows.iter().enumerate() {
            let interval = self.intervals.get(window.segment)?;
            let at = (interval.file, interval.place, window.start, number);
            streams.entry(interval.recording).or_default().push(at);
        }
        let ordered = |mut windows: Vec<(usize, u64, usize, usize)>| {
            windows.sort_unstable();
            windows.into_iter().map(|(.., number)| number).collect()
        };
        Some(streams.into_values().map(ordered).collect())
    }

    /// The origin of a window of a split: 0 training, 1 validation, 2 test, 3 none of them; none where it is not known, as of
    /// runs of versions that kept no split.
    pub fn get(&self, split: usize, window: usize) -> Option<Origin<'_>> {
        let window = self.windows.get(split)?.get(window)?;
        let interval = self.intervals.get(window.segment)?;
        let group = interval.group.and_then(|group| self.groups.get(group));
        Some(Origin {
            recording: self.recordings.get(interval.recording)?,
            group: group.map(String::as_str),
            file: self.files.get(interval.file)?,
            spot: interval.spots.get(window.start),
            sample: window.start,
        })
    }
}

/// The folder that holds all files, in itself or below.
fn common_folder(files: &[PathBuf]) -> &Path {
    let folder = files.first().and_then(|file| file.parent());
    let mut folder = folder.unwrap_or(Path::new(""));
    while let Some(above) = folder.parent()
        && !files.iter().all(|file| file.starts_with(folder))
    {
        folder = above;
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_share_a_folder() {
        let folder = |files: &[&str]| {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            common_folder(&files).to_path_buf()
        };
        for (files, expected) in [
            (&["d/a.csv"][..], "d"),
            (&["d/a.csv", "d/b.csv"], "d"),
            (&["d/walk/a.csv", "d/walk/b.csv", "d/run/a.csv"], "d"),
            (&["d/a/x", "d/ab/x"], "d"),
            (&["/d/a.csv", "/e/a.csv"], "/"),
            (&["a.csv", "e/a.csv"], ""),
            (&[], ""),
        ] {
            assert_eq!(folder(files), Path::new(expected), "{files:?}");
        }
    }
}
