//! Recordings as the checks look at them: intervals of one label without a gap, their windows, sensors and people.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::data::axes::{Sensor, sensors};
use crate::data::import::Recording;
use crate::data::recordings::labels_in_order;

/// The most windows that features are computed of, spread evenly over all.
const MOST_WINDOWS: usize = 6000;
/// People from which on they are what is independent, not their recordings.
const ENOUGH_PEOPLE: usize = 4;
/// Owners below which intervals are taken for independent.
const ENOUGH_OWNERS: usize = 4;

/// Samples in a row of one label without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Number of the recording.
    pub recording: usize,
    /// Number of the class.
    pub class: usize,
    /// Its samples in the recording.
    pub samples: Range<usize>,
}

/// A window: the stretch that it is of, and its first sample in the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Number of the stretch.
    pub stretch: usize,
    /// First sample, in the recording.
    pub start: usize,
}

/// Recordings with what the checks need of them.
pub(super) struct View<'a> {
    pub recordings: &'a [Recording],
    /// Samples of a window, at least 1.
    pub steps: usize,
    /// Samples from one window to the next, at least 1.
    pub hop: usize,
    /// Classes in their order.
    pub classes: Vec<String>,
    pub stretches: Vec<Stretch>,
    /// Number of windows of each stretch.
    pub windows_in: Vec<usize>,
    /// Windows that features are computed of.
    pub windows: Vec<Window>,
    pub sensors: Vec<Sensor>,
    /// People, if recordings name any.
    pub people: Vec<String>,
    /// For each recording the number of its person.
    pub person_of: Vec<Option<usize>>,
    /// For each recording its number among those that are one, over all files.
    pub stated_of: Vec<usize>,
    /// For each stretch what owns it: a person, a recording, or where these are few itself. Owners are independent.
    pub owner_of: Vec<usize>,
}

impl<'a> View<'a> {
    /// Looks at recordings, all with the same channels.
    pub fn of(recordings: &'a [Recording], steps: usize, hop: usize) -> Self {
        let (steps, hop) = (steps.max(1), hop.max(1));
        let labels = recordings.iter().flat_map(|recording| &recording.labels);
        let classes = labels_in_order(labels.map(|interval| interval.label.as_str()));
        let stretches = stretches(recordings, &classes);
        let count = |stretch: &Stretch| {
            let rest = stretch.samples.len().checked_sub(steps);
            rest.map_or(0, |rest| rest / hop + 1)
        };
        let windows_in: Vec<usize> = stretches.iter().map(count).collect();
        let people: BTreeSet<&String> = recordings
            .iter()
            .filter_map(|r| r.subject.as_ref())
            .collect();
        let people: Vec<String> = people.into_iter().cloned().collect();
        let person = |recording: &Recording| {
            let subject = recording.subject.as_ref()?;
            people.iter().position(|person| person == subject)
        };
        let person_of: Vec<Option<usize>> = recordings.iter().map(person).collect();
        let stated_of = stated(recordings);
        let owner_of = owners(&stretches, &person_of, &stated_of, people.len());
        let channels = recordings.first().map_or(&[][..], |first| &first.channels);
        let names = channels.iter().map(|channel| channel.name.as_str());
        Self {
            windows: windows(&stretches, &windows_in, hop),
            sensors: sensors(names),
            recordings,
            steps,
            hop,
            classes,
            stretches,
            windows_in,
            people,
            person_of,
            stated_of,
            owner_of,
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.recordings
            .first()
            .map_or(0, |first| first.channels.len())
    }

    /// Name of a channel.
    pub fn channel(&self, number: usize) -> &str {
        let channels = self.recordings.first().map(|first| &first.channels);
        let channel = channels.and_then(|channels| channels.get(number));
        channel.map_or("", |channel| &channel.name)
    }

    /// Values of a channel in some samples of a recording.
    pub fn values(
        &self,
        recording: usize,
        channel: usize,
        samples: Range<usize>,
    ) -> impl Iterator<Item = f64> + '_ {
        let recording = &self.recordings[recording];
        let channels = recording.channels.len().max(1);
        let all = &recording.values[samples.start * channels..samples.end * channels];
        all.iter()
            .skip(channel)
            .step_by(channels)
            .map(|&value| f64::from(value))
    }

    /// Class, owner and samples of a window.
    pub fn window(&self, window: Window) -> (usize, usize, usize, Range<usize>) {
        let stretch = &self.stretches[window.stretch];
        let samples = window.start..window.start + self.steps;
        (
            stretch.class,
            self.owner_of[window.stretch],
            stretch.recording,
            samples,
        )
    }

    /// The sensor that a channel is an axis of.
    pub fn sensor_of(&self, channel: usize) -> Option<&Sensor> {
        self.sensors
            .iter()
            .find(|sensor| sensor.axes.contains(&channel))
    }
}

fn stretches(recordings: &[Recording], classes: &[String]) -> Vec<Stretch> {
    let numbers: BTreeMap<&str, usize> = classes.iter().map(String::as_str).zip(0..).collect();
    let mut all = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        for interval in &recording.labels {
            let Some(&class) = numbers.get(interval.label.as_str()) else {
                continue;
            };
            let inside = |gap: &&usize| **gap > interval.start && **gap < interval.end;
            let mut start = interval.start;
            let gaps = recording.gaps.iter().filter(inside).copied();
            for end in gaps.chain([interval.end]) {
                all.push(Stretch {
                    recording: number,
                    class,
                    samples: start..end,
                });
                start = end;
            }
        }
    }
    all
}

/// Windows for features: all, or every so many of each stretch.
fn windows(stretches: &[Stretch], windows_in: &[usize], hop: usize) -> Vec<Window> {
    let total: usize = windows_in.iter().sum();
    let every = total.div_ceil(MOST_WINDOWS).max(1);
    let mut windows = Vec::new();
    for (stretch, &count) in windows_in.iter().enumerate() {
        let start = |i: usize| stretches[stretch].samples.start + i * hop;
        windows.extend((0..count).step_by(every).map(|i| Window {
            stretch,
            start: start(i),
        }));
    }
    windows
}

/// Recordings that are one by their name and person have one number.
fn stated(recordings: &[Recording]) -> Vec<usize> {
    let mut known: BTreeMap<(Option<&String>, &String), usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(recordings.len());
    for recording in recordings {
        let name = recording.stated_name.as_ref().unwrap_or(&recording.name);
        let next = known.len();
        all.push(
            *known
                .entry((recording.subject.as_ref(), name))
                .or_insert(next),
        );
    }
    all
}

/// The owner of each stretch: its person if there are enough and all have one, else its recording, else itself.
fn owners(
    stretches: &[Stretch],
    person_of: &[Option<usize>],
    stated_of: &[usize],
    people: usize,
) -> Vec<usize> {
    let distinct = |owners: &[usize]| owners.iter().collect::<BTreeSet<_>>().len();
    if people >= ENOUGH_PEOPLE {
        let owners: Option<Vec<usize>> = stretches.iter().map(|s| person_of[s.recording]).collect();
        if let Some(owners) = owners {
            return owners;
        }
    }
    let recordings: Vec<usize> = stretches.iter().map(|s| stated_of[s.recording]).collect();
    match distinct(&recordings) >= ENOUGH_OWNERS {
        true => recordings,
        false => (0..stretches.len()).collect(),
    }
}
