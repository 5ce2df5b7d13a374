//! Classes, channels and recordings in numbers.

use std::collections::BTreeSet;

use serde::Serialize;

use super::balance::windows_of_each;
use super::clock::clock_of;
use super::statistics::mean_and_deviation;
use super::view::View;
use crate::data::recordings::Loaded;

/// Bars of a histogram.
const BARS: usize = 40;

/// Recordings in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Samples of a window.
    pub steps: usize,
    /// Samples from one window to the next.
    pub hop: usize,
    /// Names of people; none where recordings name none.
    pub people: Vec<String>,
    /// Classes, in their order.
    pub classes: Vec<ClassFacts>,
    /// Channels, in their order.
    pub channels: Vec<ChannelFacts>,
    /// Recordings, by name.
    pub recordings: Vec<RecordingFacts>,
}

/// A class in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassFacts {
    /// Name.
    pub name: String,
    /// Number of recordings.
    pub recordings: usize,
    /// Number of people; 0 where recordings name none.
    pub people: usize,
    /// Seconds; none where the rate is not known.
    pub seconds: Option<f64>,
    /// Number of samples.
    pub samples: usize,
    /// Number of windows.
    pub windows: usize,
    /// Windows in training, validation and test; none where training cannot read the recordings.
    pub splits: Option<[usize; 3]>,
}

/// A channel in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelFacts {
    /// Name.
    pub name: String,
    /// Unit, "unknown" where the files tell none.
    pub unit: &'static str,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
    /// Values of each class in bars of equal width from `min` to `max`, `[classes][40]`.
    pub histogram: Vec<Vec<usize>>,
}

/// A recording in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RecordingFacts {
    /// Name: the path of its file, and what tells recordings within it apart.
    pub name: String,
    /// Person.
    pub person: Option<String>,
    /// Number of samples.
    pub samples: usize,
    /// Samples a second, measured.
    pub rate_hz: Option<f64>,
    /// Standard deviation of the steps of time, as a share of their mean.
    pub jitter: Option<f64>,
    /// Number of gaps.
    pub gaps: usize,
    /// Names of the classes in it.
    pub classes: BTreeSet<String>,
}

impl Summary {
    pub(super) fn of(view: &View<'_>, loaded: Option<&Loaded>) -> Self {
        Self {
            steps: view.steps,
            hop: view.hop,
            people: view.people.clone(),
            classes: classes(view, loaded),
            channels: (0..view.channels())
                .map(|channel| of_channel(view, channel))
                .collect(),
            recordings: (0..view.recordings.len())
                .map(|number| of_recording(view, number))
                .collect(),
        }
    }
}

fn classes(view: &View<'_>, loaded: Option<&Loaded>) -> Vec<ClassFacts> {
    let windows = windows_of_each(view);
    let clocks: Vec<Option<f64>> = (view.recordings.iter())
        .map(|recording| clock_of(recording).map(|clock| clock.rate_hz))
        .collect();
    let facts = |(class, name): (usize, &String)| {
        let of = || {
            view.stretches
                .iter()
                .filter(move |stretch| stretch.class == class)
        };
        let recordings: BTreeSet<usize> = of().map(|s| view.stated_of[s.recording]).collect();
        let people: BTreeSet<usize> = of().filter_map(|s| view.person_of[s.recording]).collect();
        let seconds = of().map(|s| Some(s.samples.len() as f64 / clocks[s.recording]?));
        let row = loaded.and_then(|loaded| {
            let rows = &loaded.own.overview.classes;
            rows.iter().find(|row| row.name == *name)
        });
        ClassFacts {
            name: name.clone(),
            recordings: recordings.len(),
            people: people.len(),
            seconds: seconds.sum(),
            samples: of().map(|stretch| stretch.samples.len()).sum(),
            windows: windows[class],
            splits: row.map(|row| [row.train, row.valid, row.test]),
        }
    };
    view.classes.iter().enumerate().map(facts).collect()
}

fn of_channel(view: &View<'_>, channel: usize) -> ChannelFacts {
    let first = &view.recordings[0].channels[channel];
    let mut all = Vec::new();
    for (number, recording) in view.recordings.iter().enumerate() {
        all.extend(view.values(number, channel, 0..recording.samples()));
    }
    let (mean, deviation) = mean_and_deviation(&all);
    let min = all.iter().copied().fold(f64::INFINITY, f64::min);
    let max = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut histogram = vec![vec![0; BARS]; view.classes.len()];
    for stretch in &view.stretches {
        for value in view.values(stretch.recording, channel, stretch.samples.clone()) {
            let share = (value - min) / (max - min).max(f64::MIN_POSITIVE);
            let bar = ((share * BARS as f64) as usize).min(BARS - 1);
            histogram[stretch.class][bar] += 1;
        }
    }
    ChannelFacts {
        name: first.name.clone(),
        unit: first.unit.name(),
        min,
        max,
        mean,
        deviation,
        histogram,
    }
}

fn of_recording(view: &View<'_>, number: usize) -> RecordingFacts {
    let recording = &view.recordings[number];
    let clock = clock_of(recording);
    RecordingFacts {
        name: recording.name.clone(),
        person: recording.subject.clone(),
        samples: recording.samples(),
        rate_hz: clock.map(|clock| clock.rate_hz),
        jitter: clock.and_then(|clock| clock.jitter),
        gaps: recording.gaps.len(),
        classes: recording
            .labels
            .iter()
            .map(|interval| interval.label.clone())
            .collect(),
    }
}
