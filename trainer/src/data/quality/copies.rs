//! The same content more than once: copies, cuts that overlap, and content in two splits.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::finding::{Check, Finding, Place, Severity};
use super::view::View;
use crate::data::Dataset;
use crate::data::recordings::{in_common, rows_of};
use crate::visible;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let digests = |number: usize| -> Vec<u64> {
        let stretch = &view.stretches[number];
        let recording = &view.recordings[stretch.recording];
        let samples = stretch.samples.clone();
        samples.map(|i| digest(recording.sample(i))).collect()
    };
    let lengths = view.stretches.iter().map(|stretch| stretch.samples.len());
    // Copies that were resampled have no sample in common, but those of their files.
    let rows = |number: usize| -> Vec<Option<u64>> {
        let stretch = &view.stretches[number];
        let sources = &view.recordings[stretch.recording].sources;
        match sources.get(stretch.samples.clone()) {
            Some(sources) => (sources
                .iter()
                .map(|&digest| (digest != 0).then_some(digest)))
            .collect(),
            None => rows_of(digests(number).into_iter(), view.steps).collect(),
        }
    };
    let all = (0..view.stretches.len()).map(rows);
    let pairs = in_common(all, lengths.sum());
    let is_same = |(a, b): &(usize, usize)| digests(*a) == digests(*b);
    let (same, overlapping): (Vec<_>, Vec<_>) = pairs.into_iter().partition(is_same);
    let (contradicting, copies): (Vec<_>, Vec<_>) =
        (same.into_iter()).partition(|(a, b)| view.stretches[*a].class != view.stretches[*b].class);
    [
        found(view, &contradicting, Severity::Error, "intervals are there twice, with two labels", "one of the two labels is wrong: remove that copy"),
        found(view, &copies, Severity::Warning, "intervals are there twice", "remove the copies; training counts them once and keeps them in one split"),
        found(view, &overlapping, Severity::Warning, "pairs of intervals share samples without being equal", "cut recordings without overlap, or remove trimmed copies; training keeps them in one split, windows that are there twice weigh twice"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A digest of a sample's values.
fn digest(sample: &[f32]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for value in sample {
        // Zeros of both signs are one value.
        (value + 0.0).to_bits().hash(&mut hasher);
    }
    hasher.finish()
}

fn found(
    view: &View<'_>,
    pairs: &[(usize, usize)],
    severity: Severity,
    what: &str,
    remedy: &str,
) -> Option<Finding> {
    let &(a, b) = pairs.first()?;
    let place = |number: usize| {
        let stretch = &view.stretches[number];
        format!(
            "{} from sample {} (\"{}\")",
            visible::name(&view.recordings[stretch.recording].name),
            stretch.samples.start + 1,
            visible::name(&view.classes[stretch.class])
        )
    };
    let stretch = &view.stretches[b];
    Some(Finding {
        severity,
        check: Check::Duplicates,
        place: Place::class(&view.classes[stretch.class])
            .in_recording(&view.recordings[stretch.recording].name),
        figure: pairs.len() as f64,
        text: format!("{} {what}: {} and {}", pairs.len(), place(a), place(b)),
        remedy: remedy.into(),
    })
}

/// Tells content that is in two splits, by which a result would flatter.
pub(super) fn across_splits(data: &Dataset) -> Vec<Finding> {
    let splits = [
        ("training", &data.train),
        ("validation", &data.valid),
        ("test", &data.test),
    ];
    let split_of: Vec<usize> = (splits.iter().enumerate())
        .flat_map(|(number, (_, split))| std::iter::repeat_n(number, split.len()))
        .collect();
    let windows = splits.iter().flat_map(|(_, split)| {
        split.windows().map(|window| {
            let samples = window.chunks_exact(split.channels.max(1));
            rows_of(samples.map(digest), data.train.steps)
        })
    });
    let samples = split_of.len() * data.train.steps;
    let mut pairs = in_common(windows, samples);
    pairs.retain(|(a, b)| split_of[*a] != split_of[*b]);
    let Some(&(a, b)) = pairs.first() else {
        return Vec::new();
    };
    let [a, b] = [a, b].map(|window| splits[split_of[window]].0);
    vec![Finding {
        severity: Severity::Error,
        check: Check::Leak,
        place: Place::default(),
        figure: pairs.len() as f64,
        text: format!(
            "{} pairs of windows share samples across splits, the first in {a} and {b}: the result would flatter",
            pairs.len()
        ),
        remedy: "train anew from the files as they are now, without [recordings.split] in the configuration".into(),
    }]
}
