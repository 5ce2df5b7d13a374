//! Axes that are mirrored, swapped or turned in the recordings of one person, or in one recording, by the direction of gravity.
//!
//! Where most recordings of a class agree about the direction of gravity and one does not, but would after a change of signs
//! or order of its axes, that change is told. Where they do not agree, as of a phone in a pocket, nothing can be told.

use std::collections::BTreeMap;

use super::finding::{Check, Finding, Place, Severity};
use super::statistics::median;
use super::view::View;
use crate::data::axes::Sensor;
use crate::visible;

/// Degrees that the others' directions are apart at most, in the median.
const AGREE: f64 = 20.0;
/// Degrees that a direction is off, at least, and after the change at most.
const OFF: f64 = 50.0;
const MENDED: f64 = 25.0;
/// Owners of recordings of a class, the odd one included, at least.
const ENOUGH: usize = 5;
/// One of so many owners may be odd.
const RARE: usize = 4;
/// Length of the mean direction, as a share of the norm, that gravity has and movement has not.
const STEADY: f64 = 0.5;

type Direction = [f64; 3];

/// A change of axes: for each new axis the old one and its sign.
type Change = [(usize, f64); 3];

/// A change that a class asks for, with the angle that it is off; none where it agrees with others.
type Asked = Option<(Change, f64)>;

/// Owner of recordings: a person, or a recording.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owner(String);

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    view.sensors
        .iter()
        .filter_map(|sensor| of_sensor(view, sensor))
        .collect()
}

fn of_sensor(view: &View<'_>, sensor: &Sensor) -> Option<Finding> {
    let mut by_class: BTreeMap<usize, BTreeMap<Owner, Vec<Direction>>> = BTreeMap::new();
    for stretch in &view.stretches {
        let recording = &view.recordings[stretch.recording];
        if let Some(direction) = direction(view, sensor, stretch.recording, stretch.samples.clone())
        {
            let owner = recording.subject.as_ref().unwrap_or(&recording.name);
            let owners = by_class.entry(stretch.class).or_default();
            owners
                .entry(Owner(owner.clone()))
                .or_default()
                .push(direction);
        }
    }
    // For each owner the change that each class of it asks for, none where the class is as it is with others.
    let mut asked: BTreeMap<Owner, Vec<Asked>> = BTreeMap::new();
    for owners in by_class.into_values() {
        let means: BTreeMap<Owner, Direction> = owners
            .into_iter()
            .map(|(owner, all)| (owner, mean(&all)))
            .collect();
        for (owner, change) in odd_ones(&means) {
            asked.entry(owner).or_default().push(change);
        }
    }
    finding(view, sensor, &asked)
}

/// Mean direction of a sensor's values; none where it shows no gravity.
fn direction(
    view: &View<'_>,
    sensor: &Sensor,
    recording: usize,
    samples: std::ops::Range<usize>,
) -> Option<Direction> {
    let count = samples.len() as f64;
    let [x, y, z] = sensor
        .axes
        .map(|axis| view.values(recording, axis, samples.clone()));
    let (mut sum, mut norms) = ([0.0; 3], 0.0);
    for ((x, y), z) in x.zip(y).zip(z) {
        norms += (x * x + y * y + z * z).sqrt();
        for (sum, value) in sum.iter_mut().zip([x, y, z]) {
            *sum += value;
        }
    }
    let length = norm(&sum);
    (count > 0.0 && length > STEADY * norms).then(|| sum.map(|part| part / length))
}

fn norm(direction: &Direction) -> f64 {
    direction.iter().map(|part| part * part).sum::<f64>().sqrt()
}

fn mean(all: &[Direction]) -> Direction {
    let mut sum = [0.0; 3];
    for direction in all {
        for (sum, part) in sum.iter_mut().zip(direction) {
            *sum += part;
        }
    }
    let length = norm(&sum).max(f64::MIN_POSITIVE);
    sum.map(|part| part / length)
}

/// Degrees between two directions.
fn angle(a: &Direction, b: &Direction) -> f64 {
    let cosine: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    cosine.clamp(-1.0, 1.0).acos().to_degrees()
}

/// Each owner whose others agree, with the change that makes it agree, too, and the angle that it is off; none if it does so already.
fn odd_ones(means: &BTreeMap<Owner, Direction>) -> Vec<(Owner, Asked)> {
    if means.len() < ENOUGH {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (owner, own) in means {
        let others: Vec<Direction> = (means.iter())
            .filter(|(other, _)| *other != owner)
            .map(|(_, direction)| *direction)
            .collect();
        let usual = middle(&others);
        let angles: Vec<f64> = others.iter().map(|other| angle(other, &usual)).collect();
        if median(&angles).is_none_or(|angle| angle > AGREE) {
            continue;
        }
        let off = angle(own, &usual);
        let change = (off >= OFF).then(|| best_change(own, &usual)).flatten();
        if off < OFF || change.is_some() {
            all.push((owner.clone(), change.map(|change| (change, off))));
        }
    }
    all
}

/// The direction whose angles to all are least together: one odd one does not move it.
fn middle(all: &[Direction]) -> Direction {
    let sum = |from: &Direction| all.iter().map(|other| angle(from, other)).sum::<f64>();
    let best = all.iter().min_by(|a, b| sum(a).total_cmp(&sum(b)));
    let Some(best) = best else { return [0.0; 3] };
    let near: Vec<Direction> = all
        .iter()
        .filter(|other| angle(best, other) <= 2.0 * AGREE)
        .copied()
        .collect();
    mean(&near)
}

/// The simplest change of axes that brings a direction near to another one: few signs first, then swaps.
fn best_change(own: &Direction, usual: &Direction) -> Option<Change> {
    const ORDERS: [[usize; 3]; 6] = [
        [0, 1, 2],
        [1, 0, 2],
        [2, 1, 0],
        [0, 2, 1],
        [1, 2, 0],
        [2, 0, 1],
    ];
    let mut changes: Vec<(usize, f64, Change)> = Vec::new();
    for (i, order) in ORDERS.iter().enumerate() {
        for signs in 0..8_usize {
            let sign = |axis: usize| if signs & (1 << axis) == 0 { 1.0 } else { -1.0 };
            let change = [0, 1, 2].map(|axis| (order[axis], sign(axis)));
            let changed = change.map(|(from, sign)| sign * own[from]);
            let effort = signs.count_ones() as usize + if i == 0 { 0 } else { 4 };
            changes.push((effort, angle(&changed, usual), change));
        }
    }
    // An axis along which gravity does not lie cannot be told: its sign stays.
    changes.retain(|(_, angle, _)| *angle <= MENDED);
    changes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    changes.first().map(|(_, _, change)| *change)
}

fn finding(
    view: &View<'_>,
    sensor: &Sensor,
    asked: &BTreeMap<Owner, Vec<Asked>>,
) -> Option<Finding> {
    let is_odd = |changes: &&Vec<Asked>| {
        let odd = changes.iter().flatten().count();
        2 * odd > changes.len()
    };
    let odd: Vec<(&Owner, &Vec<Asked>)> = asked
        .iter()
        .filter(|(_, changes)| is_odd(changes))
        .collect();
    if odd.is_empty() || odd.len() * RARE > asked.len() {
        return None;
    }
    let (owner, changes) = odd.first()?;
    let (change, off) = changes
        .iter()
        .flatten()
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let names = sensor.axes.map(|axis| view.channel(axis));
    let more = match odd.len() {
        1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    Some(Finding {
        severity: Severity::Warning,
        check: Check::Axes,
        place: Place::channel(&names.join(",")).in_recording(&owner.0),
        figure: *off,
        text: format!(
            "gravity in {}{more} points {off:.0}° away from where it does in the others: {}",
            visible::name(&owner.0),
            words(change, names)
        ),
        remedy: "see how the sensor was worn; mirror or swap the axes back, leave the recordings out, or make the model bear it with \
                 --augment-rotation"
            .into(),
    })
}

/// A change in words.
fn words(change: &Change, names: [&str; 3]) -> String {
    let is_in_place = (0..3).all(|axis| change[axis].0 == axis);
    let mirrored: Vec<&str> = (0..3)
        .filter(|&axis| change[axis].1 < 0.0)
        .map(|axis| names[change[axis].0])
        .collect();
    let as_new = |axis: usize| {
        let (from, sign) = change[axis];
        let sign = if sign < 0.0 { "-" } else { "" };
        format!(
            "{} = {sign}{}",
            visible::name(names[axis]),
            visible::name(names[from])
        )
    };
    match is_in_place {
        true => format!("as if {} had the opposite sign", visible::names(mirrored)),
        false => {
            let moved = (0..3).filter(|&axis| change[axis] != (axis, 1.0));
            let moved: Vec<String> = moved.map(as_new).collect();
            format!(
                "as if the axes were swapped; it would agree with {}",
                moved.join(", ")
            )
        }
    }
}
