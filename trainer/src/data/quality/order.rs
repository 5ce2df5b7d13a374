//! Time trends: whether when something was recorded gives its class, and whether channels drift meanwhile.

use std::collections::BTreeMap;

use super::alone::{Told, Unit, tell};
use super::finding::{Check, Finding, Place, Severity};
use super::statistics::{chance_of, mean_and_deviation, median};
use super::view::{Stretch, View};
use crate::data::import::TimeBase;
use crate::visible;

/// Chance below which a finding is none of chance.
const CHANCE: f64 = 1e-3;
/// Share of the units that their time tells right, at least.
const TOLD: f64 = 0.9;
/// A channel drifts if its level moves over a recording by this share of its deviation, one way in nearly all recordings.
const DRIFT: f64 = 1.0;
/// Parts of a recording by which its drift is measured.
const PARTS: usize = 10;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    if view.classes.len() < 2 {
        return Vec::new();
    }
    let drifts: Vec<(usize, f64)> = (0..view.channels())
        .filter_map(|channel| drift(view, channel))
        .collect();
    let sure = |told: &Told| told.share() >= TOLD && told.chance < CHANCE;
    let by_place = tell(&by_position(view));
    let by_clock = by_clock(view).map(|units| tell(&units));
    let mut findings = Vec::new();
    if sure(&by_place) {
        findings.push(told(
            by_place,
            "the place in the recording gives the class: all recordings have the same order of classes",
            &drifts,
            view,
        ));
    }
    if let Some(by_clock) = by_clock.filter(sure) {
        findings.push(told(
            by_clock,
            "the time of day gives the class: the classes were recorded one after another",
            &drifts,
            view,
        ));
    }
    if findings.is_empty() {
        findings.extend(
            drifts
                .iter()
                .map(|&(channel, by)| drifting(view, channel, by)),
        );
    }
    findings
}

/// Units by where in its recording each class lies, from 0 to 1, of recordings with several classes.
fn by_position(view: &View<'_>) -> Vec<Unit> {
    let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut sums: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
    for stretch in &view.stretches {
        let samples = view.recordings[stretch.recording].samples().max(1) as f64;
        let middle = (stretch.samples.start + stretch.samples.end) as f64 / 2.0;
        let weight = stretch.samples.len() as f64;
        let (sum, total) = sums.entry((stretch.recording, stretch.class)).or_default();
        *sum += weight * middle / samples;
        *total += weight;
        let of = classes.entry(stretch.recording).or_default();
        if !of.contains(&stretch.class) {
            of.push(stretch.class);
        }
    }
    let has_several = |recording: &usize| classes.get(recording).is_some_and(|of| of.len() > 1);
    sums.into_iter()
        .filter(|((recording, _), _)| has_several(recording))
        .map(|((owner, class), (sum, total))| Unit {
            class,
            owner,
            value: sum / total,
        })
        .collect()
}

/// Units by the time that recordings of one class began; none where their stamps begin anew in each.
fn by_clock(view: &View<'_>) -> Option<Vec<Unit>> {
    let mut units = Vec::new();
    for (number, recording) in view.recordings.iter().enumerate() {
        let TimeBase::Stamps(stamps) = &recording.time else {
            return None;
        };
        let of = |stretch: &&Stretch| stretch.recording == number;
        let class = view.stretches.iter().find(of)?.class;
        if view
            .stretches
            .iter()
            .filter(of)
            .any(|stretch| stretch.class != class)
        {
            return None;
        }
        units.push(Unit {
            class,
            owner: number,
            value: *stamps.first()?,
        });
    }
    let mut starts: Vec<f64> = units.iter().map(|unit| unit.value).collect();
    starts.sort_by(f64::total_cmp);
    // Stamps that begin anew with each recording tell no time of day.
    let apart = starts
        .windows(2)
        .filter(|pair| pair[1] - pair[0] > 1.0)
        .count();
    (2 * apart > units.len()).then_some(units)
}

/// By how many deviations a channel's level moves over a recording, in the median; none where it goes either way.
fn drift(view: &View<'_>, channel: usize) -> Option<(usize, f64)> {
    let is_long = |number: &usize| view.recordings[*number].samples() >= PARTS * view.steps;
    let long = (0..view.recordings.len()).filter(is_long);
    let by: Vec<f64> = long.map(|number| drift_in(view, number, channel)).collect();
    let rising = by.iter().filter(|moved| **moved > 0.0).count();
    let falling = by.iter().filter(|moved| **moved < 0.0).count();
    let most = rising.max(falling);
    // One way from part to part, nine times, is rare by chance already; nearly all recordings do so.
    let is_sure = most * 10 >= by.len() * 9 && chance_of(most, by.len(), 2.0 / 512.0) < CHANCE;
    let moved = median(&by)?;
    is_sure.then_some((channel, moved))
}

/// By how many deviations a channel's level moves over a recording, if it goes one way from part to part; else 0.
fn drift_in(view: &View<'_>, number: usize, channel: usize) -> f64 {
    let samples = view.recordings[number].samples();
    let part = samples / PARTS;
    let level = |range| view.values(number, channel, range).sum::<f64>() / part as f64;
    let levels: Vec<f64> = (0..PARTS)
        .map(|i| level(i * part..(i + 1) * part))
        .collect();
    let whole: Vec<f64> = view.values(number, channel, 0..samples).collect();
    let (_, deviation) = mean_and_deviation(&whole);
    // Movement goes up and down again.
    let steps = levels.windows(2).map(|pair| pair[1] - pair[0]);
    let ups = steps.filter(|step| *step > 0.0).count();
    let is_one_way = ups == 0 || ups == PARTS - 1;
    let moved = levels[PARTS - 1] - levels[0];
    match is_one_way && moved.abs() > DRIFT * deviation {
        true => moved / deviation,
        false => 0.0,
    }
}

fn told(told: Told, what: &str, drifts: &[(usize, f64)], view: &View<'_>) -> Finding {
    let drifting = visible::names(drifts.iter().map(|(channel, _)| view.channel(*channel)));
    let (severity, channel, more) = match drifts.first() {
        Some((channel, _)) => (
            Severity::Warning,
            Some(view.channel(*channel).to_owned()),
            format!(
                "; {drifting} drifts one way meanwhile, by which a model can tell the time in place of the class"
            ),
        ),
        None => (Severity::Note, None, String::new()),
    };
    Finding {
        severity,
        check: Check::Order,
        place: Place {
            channel,
            ..Place::default()
        },
        figure: 100.0 * told.share(),
        text: format!("{what} ({} of {} units){more}", told.right, told.units),
        remedy:
            "record the classes by turns, in another order each time; leave drifting channels out"
                .into(),
    }
}

fn drifting(view: &View<'_>, channel: usize, by: f64) -> Finding {
    Finding {
        severity: Severity::Note,
        check: Check::Order,
        place: Place::channel(view.channel(channel)),
        figure: by,
        text: format!(
            "{} drifts one way over nearly every recording, by {by:.1} of its deviations",
            visible::name(view.channel(channel))
        ),
        remedy:
            "a sensor that warms up does so: let it run before recording, or leave the channel out"
                .into(),
    }
}
