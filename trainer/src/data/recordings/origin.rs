//! Where windows of the user's own recordings are from: recording, person, file and line.

use std::path::{Path, PathBuf};

use super::segments::Segments;
use super::short;
use super::windows::Window;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    recording: usize,
    group: Option<usize>,
    file: usize,
    line: u64,
}

/// Origin of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Name of the recording; of a file its name without folder and ending.
    pub recording: &'a str,
    /// Name of the group, such as a person, where there is one.
    pub group: Option<&'a str>,
    /// Name of the file, without its folder.
    pub file: &'a str,
    /// Line of the window's first sample in the file, from 1.
    pub line: u64,
    /// Samples of its interval before the window.
    pub sample: usize,
}

impl Origins {
    pub(super) fn of(segments: &Segments, files: &[PathBuf], windows: [Vec<Window>; 4]) -> Self {
        let interval = |segment: &super::segments::Segment| Interval {
            recording: segment.recording,
            group: segment.group,
            file: segment.place.0,
            line: segment.place.1,
        };
        let file = |path: &PathBuf| {
            let name = path.file_name().map(Path::new).unwrap_or(path);
            name.display().to_string()
        };
        Self {
            recordings: segments.recordings.iter().map(|name| short(name)).collect(),
            groups: segments.groups.clone(),
            files: files.iter().map(file).collect(),
            intervals: segments.all.iter().map(interval).collect(),
            windows,
        }
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
            line: interval.line + window.start as u64,
            sample: window.start,
        })
    }
}
