//! Values of single channels: dead and stuck ones, the ends of a sensor's range, glitches.

use std::collections::BTreeMap;
use std::ops::Range;

use super::finding::{Check, Finding, Place, Severity};
use super::view::{Stretch, View};
use crate::visible;

/// Distinct values from which on a channel is judged by how they are spread: a switch has few.
const ENOUGH_VALUES: usize = 12;
/// Values below the end of the range by which it is told whether so many at the end are usual.
const NEIGHBOURS: usize = 5;
/// Values at the end are too many if they are so many times those of a neighbour.
const PILED: f64 = 5.0;
/// The ends of 16 bits.
const FULL: [f64; 2] = [-32_768.0, 32_767.0];
/// Values at the end, at least, and in a row, at least.
const ENOUGH_AT_END: usize = 10;
const ENOUGH_IN_A_ROW: usize = 3;
/// Share of values at the end of the range from which on it is a warning.
const MANY_AT_END: f64 = 1e-3;
/// A value is a glitch beyond so many times the range of 998 in a thousand, and one that stands alone between usual values is
/// beyond so many.
const FAR: f64 = 20.0;
const FAR_ALONE: f64 = 6.0;
/// A channel is stuck in rows of equal values so many times as long as is usual for it in a class, of at least so many samples.
const LONG: usize = 20;
const LEAST_STUCK: usize = 25;
/// Samples of a class, in a hundred, that are in rows of usual length: what lies still is no fault where all of its class does.
const USUAL: usize = 75;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let columns: Vec<Column> = (0..view.channels())
        .map(|channel| Column::of(view, channel))
        .collect();
    let mut findings = Vec::new();
    for (channel, column) in columns.iter().enumerate() {
        let name = view.channel(channel);
        if let Some(value) = column.only_value() {
            findings.push(dead(name, value));
            continue;
        }
        findings.extend(stuck(view, channel));
        findings.extend(saturated(view, channel, column));
        findings.extend(glitches(view, channel, column));
    }
    findings
}

/// Values of a channel in all recordings.
struct Column {
    /// All values, ascending.
    sorted: Vec<f64>,
}

/// Rows of equal values of a channel in a recording, each as value, first sample and length.
fn rows(view: &View<'_>, recording: usize, channel: usize) -> Vec<(f64, usize, usize)> {
    let runs = view.recordings[recording].runs().into_iter();
    runs.flat_map(|run| rows_in(view, recording, channel, run))
        .collect()
}

/// The same of samples without a gap.
fn rows_in(
    view: &View<'_>,
    recording: usize,
    channel: usize,
    samples: Range<usize>,
) -> Vec<(f64, usize, usize)> {
    let mut rows: Vec<(f64, usize, usize)> = Vec::new();
    for (i, value) in samples
        .clone()
        .zip(view.values(recording, channel, samples))
    {
        match rows.last_mut() {
            Some((last, _, length)) if *last == value => *length += 1,
            _ => rows.push((value, i, 1)),
        }
    }
    rows
}

impl Column {
    fn of(view: &View<'_>, channel: usize) -> Self {
        let mut sorted = Vec::new();
        for (recording, found) in view.recordings.iter().enumerate() {
            // Zeros of both signs are one value.
            let values = view.values(recording, channel, 0..found.samples());
            sorted.extend(values.map(|value| value + 0.0));
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted }
    }

    /// The value that all samples have, if it is one.
    fn only_value(&self) -> Option<f64> {
        let (first, last) = (self.sorted.first()?, self.sorted.last()?);
        (first == last).then_some(*first)
    }

    fn quantile(&self, share: f64) -> f64 {
        let at = (self.sorted.len().saturating_sub(1)) as f64 * share;
        self.sorted.get(at as usize).copied().unwrap_or(0.0)
    }

    /// The lowest or highest value, if more of them are there than a sensor's noise leaves; and how many.
    fn end(&self, is_high: bool) -> Option<(f64, usize)> {
        let levels = || self.sorted.chunk_by(|a, b| a == b);
        let from_end: Vec<&[f64]> = match is_high {
            true => levels().rev().take(ENOUGH_VALUES).collect(),
            false => levels().take(ENOUGH_VALUES).collect(),
        };
        let (end, others) = from_end.split_first()?;
        let (value, at_end) = (*end.first()?, end.len());
        let neighbours = &others[..others.len().min(NEIGHBOURS)];
        let usual: usize = neighbours.iter().map(|level| level.len()).sum();
        let usual = usual as f64 / neighbours.len().max(1) as f64;
        // What has no negative values may often be nothing.
        let is_floor = value == 0.0 && !is_high;
        let is_piled = from_end.len() >= ENOUGH_VALUES
            && at_end >= ENOUGH_AT_END
            && at_end as f64 >= PILED * usual
            && !is_floor;
        let is_full = FULL.contains(&value);
        (is_piled || is_full).then_some((value, at_end))
    }
}

fn dead(name: &str, value: f64) -> Finding {
    Finding {
        severity: Severity::Warning,
        check: Check::Dead,
        place: Place::channel(name),
        figure: value,
        text: format!("{} is {value} in every sample: it is dead", visible::name(name)),
        remedy: "see to the sensor and its axis, or leave the channel out: channels in [recordings], --channels".into(),
    }
}

/// Recordings in which a channel stands still for long, unlike others of the same class.
fn stuck(view: &View<'_>, channel: usize) -> Option<Finding> {
    let rows = |stretch: &Stretch| {
        let samples = stretch.samples.clone();
        let rows = rows_in(view, stretch.recording, channel, samples);
        rows.into_iter()
            .map(|(_, _, length)| length)
            .collect::<Vec<usize>>()
    };
    let of_class = |class: usize| {
        view.stretches
            .iter()
            .filter(move |stretch| stretch.class == class)
    };
    let usual = |class: usize| usual_row(of_class(class).flat_map(rows).collect());
    let usual: Vec<usize> = (0..view.classes.len()).map(usual).collect();
    // A sensor of coarse steps that lies still in one class may do so for a moment in others.
    let still = usual.iter().copied().max().unwrap_or(1).max(LEAST_STUCK);
    let mut found: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for stretch in &view.stretches {
        let usual = usual[stretch.class];
        let longest = rows(stretch).into_iter().max().unwrap_or(0);
        if longest >= (LONG * usual).max(still) {
            let known = found.entry(stretch.recording).or_default();
            *known = (*known).max((longest, usual));
        }
    }
    let (&worst, &(longest, usual)) = found.iter().max_by_key(|(_, (longest, _))| *longest)?;
    let name = visible::name(view.channel(channel));
    let recording = &view.recordings[worst];
    let more = match found.len() {
        1 => String::new(),
        count => format!(", and in {} more recordings", count - 1),
    };
    Some(Finding {
        severity: Severity::Warning,
        check: Check::Stuck,
        place: Place::channel(view.channel(channel)).in_recording(&recording.name),
        figure: longest as f64,
        text: format!(
            "{name} stands still for {longest} samples in {}{more}; of that class, most equal values follow each other {usual} at most",
            visible::name(&recording.name),
        ),
        remedy: "leave these stretches without a label, or the recordings out: the sensor or its connection had failed there".into(),
    })
}

/// The length of rows up to which most samples are in them.
fn usual_row(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    let all: usize = lengths.iter().sum();
    let mut below = 0;
    let usual = lengths.into_iter().find(|length| {
        below += length;
        below * 100 >= all * USUAL
    });
    usual.unwrap_or(1)
}

/// Values at an end of the sensor's range.
fn saturated(view: &View<'_>, channel: usize, column: &Column) -> Option<Finding> {
    let ends: Vec<(f64, usize)> = [false, true]
        .iter()
        .filter_map(|&high| column.end(high))
        .collect();
    if ends.is_empty() {
        return None;
    }
    let is_end = |value: f64| ends.iter().any(|(end, _)| *end == value);
    let mut worst = (0, 0);
    let (mut recordings, mut longest) = (0, 0);
    for recording in 0..view.recordings.len() {
        let all = rows(view, recording, channel);
        let at_end = all.iter().filter(|(value, _, _)| is_end(*value));
        let (count, row) = at_end.fold((0, 0), |(count, row), (_, _, length)| {
            (count + length, row.max(*length))
        });
        recordings += usize::from(count > 0);
        longest = longest.max(row);
        if count > worst.1 {
            worst = (recording, count);
        }
    }
    let is_full = ends.iter().any(|(end, _)| FULL.contains(end));
    if longest < ENOUGH_IN_A_ROW && !is_full {
        return None;
    }
    let count: usize = ends.iter().map(|(_, count)| count).sum();
    let share = count as f64 / column.sorted.len().max(1) as f64;
    let recording = &view.recordings[worst.0].name;
    let shown: Vec<String> = ends.iter().map(|(end, _)| format!("{end}")).collect();
    Some(Finding {
        severity: match share >= MANY_AT_END {
            true => Severity::Warning,
            false => Severity::Note,
        },
        check: Check::Saturation,
        place: Place::channel(view.channel(channel)).in_recording(recording),
        figure: 100.0 * share,
        text: format!(
            "{count} samples of {} ({:.2} %) are at the end of its range ({}), up to {longest} in a row, in {recordings} recording(s); most in {}",
            visible::name(view.channel(channel)),
            100.0 * share,
            shown.join(" and "),
            visible::name(recording)
        ),
        remedy:
            "set a wider range of the sensor and record anew, if that is where the classes differ"
                .into(),
    })
}

/// Single values far beyond all others.
fn glitches(view: &View<'_>, channel: usize, column: &Column) -> Option<Finding> {
    let [low, middle, high] = [0.001, 0.5, 0.999].map(|share| column.quantile(share));
    let range = high - low;
    let distance = |value: f64| (value - middle).abs();
    let is_beyond = |value: f64, ranges: f64| range > 0.0 && distance(value) > ranges * range;
    // Most channels have none: no need to look at what is beside them.
    let ends = [column.sorted.first(), column.sorted.last()];
    if !ends
        .into_iter()
        .flatten()
        .any(|&end| is_beyond(end, FAR_ALONE))
    {
        return None;
    }
    let (mut count, mut worst) = (0, (0, middle));
    for recording in 0..view.recordings.len() {
        let samples = view.recordings[recording].samples();
        let values: Vec<f64> = view.values(recording, channel, 0..samples).collect();
        let is_usual = |at: usize| values.get(at).is_none_or(|&value| !is_beyond(value, 1.0));
        for (i, &value) in values.iter().enumerate() {
            let is_alone = i.checked_sub(1).is_none_or(is_usual) && is_usual(i + 1);
            if !is_beyond(value, if is_alone { FAR_ALONE } else { FAR }) {
                continue;
            }
            count += 1;
            if distance(value) > distance(worst.1) {
                worst = (recording, value);
            }
        }
    }
    if count == 0 {
        return None;
    }
    let name = &view.recordings[worst.0].name;
    Some(Finding {
        severity: Severity::Warning,
        check: Check::Glitches,
        place: Place::channel(view.channel(channel)).in_recording(name),
        figure: count as f64,
        text: format!(
            "{count} value(s) of {} are far beyond all others: {} in {}, where 998 of a thousand lie in {low:.4} to {high:.4}",
            visible::name(view.channel(channel)),
            worst.1,
            visible::name(name)
        ),
        remedy: "leave these samples without a label: a glitch sets the scale of the whole channel"
            .into(),
    })
}
