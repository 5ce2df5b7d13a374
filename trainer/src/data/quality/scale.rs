//! Recordings of another unit or range than the others: by gravity, and by how strongly the same class moves.

use super::finding::{Check, Finding, Place, Severity};
use super::statistics::median;
use super::view::View;
use crate::data::axes::Sensor;
use crate::visible;

/// Share of the recordings, in a hundred, in which a sensor's norm is about the same if it shows gravity.
const ENOUGH: usize = 60;
/// Steadiness of gravity, at least.
const STEADY: f64 = 0.5;
/// How far a norm may be from gravity, as a factor.
const ALIKE: f64 = 1.3;
/// A norm is of another unit or range from this factor on.
const OTHER: f64 = 1.7;
/// Recordings from which on one can be told from the others.
const ENOUGH_RECORDINGS: usize = 4;
/// A recording moves in another unit from this factor on, if the others differ by less than the second one.
const OTHER_MOVEMENT: f64 = 8.0;
const ALIKE_MOVEMENT: f64 = 2.0;
/// Factors between units and ranges, with their words.
const FACTORS: [(f64, &str); 8] = [
    (2.0, "a range of half the width, or twice"),
    (4.0, "a range of a quarter of the width, or four times"),
    (8.0, "a range of an eighth of the width, or eight times"),
    (9.806_65, "m/s² beside g"),
    (57.295_78, "°/s beside rad/s"),
    (101.97, "mg beside m/s²"),
    (1000.0, "mg beside g"),
    (8192.0, "counts of 1/8192 g beside g"),
];
/// How far a factor may be from one of these, as a factor.
const NEAR: f64 = 1.2;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for sensor in &view.sensors {
        let norms = norms(view, sensor);
        findings.extend(match steady_norm(&norms) {
            Some(usual) => gravity(view, sensor, &norms, usual),
            None => movement(view, sensor, &norms),
        });
    }
    findings
}

/// How long a sensor's values are in a recording.
#[derive(Clone, Copy, Debug)]
struct Norm {
    /// Median of the norm.
    median: f64,
    /// Length of the mean of all values, as a share of the mean norm: near 1 where gravity is in them, near 0 of movement alone.
    steadiness: f64,
}

/// The norm of a sensor's values in each recording.
fn norms(view: &View<'_>, sensor: &Sensor) -> Vec<Norm> {
    let of = |recording: usize| {
        let samples = view.recordings[recording].samples();
        let every = samples.div_ceil(20_000).max(1);
        let [x, y, z] = sensor
            .axes
            .map(|axis| view.values(recording, axis, 0..samples));
        let mut sum = [0.0; 3];
        let mut norms = Vec::new();
        for ((x, y), z) in x.zip(y).zip(z).step_by(every) {
            norms.push((x * x + y * y + z * z).sqrt());
            for (sum, value) in sum.iter_mut().zip([x, y, z]) {
                *sum += value;
            }
        }
        let length = sum.iter().map(|part| part * part).sum::<f64>().sqrt();
        Norm {
            median: median(&norms).unwrap_or(0.0),
            steadiness: length / norms.iter().sum::<f64>().max(f64::MIN_POSITIVE),
        }
    };
    (0..view.recordings.len()).map(of).collect()
}

/// The norm that most recordings have, if it is that of gravity or of the earth's field; none where they differ.
fn steady_norm(norms: &[Norm]) -> Option<f64> {
    let medians: Vec<f64> = norms.iter().map(|norm| norm.median).collect();
    let usual = median(&medians).filter(|usual| *usual > 0.0)?;
    let alike = norms.iter().filter(|norm| {
        norm.steadiness >= STEADY && (usual / ALIKE..=usual * ALIKE).contains(&norm.median)
    });
    (alike.count() * 100 >= norms.len() * ENOUGH).then_some(usual)
}

/// Recordings in which gravity is another one.
fn gravity(view: &View<'_>, sensor: &Sensor, norms: &[Norm], usual: f64) -> Vec<Finding> {
    if norms.len() < ENOUGH_RECORDINGS {
        return Vec::new();
    }
    let is_other = |norm: f64| norm > 0.0 && factor(norm, usual) >= OTHER;
    let odd = (norms.iter().enumerate())
        .map(|(number, norm)| (number, norm.median))
        .filter(|(_, norm)| is_other(*norm))
        .collect();
    found(view, sensor, odd, usual, "length", Severity::Error)
}

/// Recordings in which a class moves far more or less than in the others.
fn movement(view: &View<'_>, sensor: &Sensor, norms: &[Norm]) -> Vec<Finding> {
    let norms: Vec<f64> = norms.iter().map(|norm| norm.median).collect();
    let mut odd: Vec<(usize, f64)> = Vec::new();
    let mut of_others = 0.0;
    for class in 0..view.classes.len() {
        let mut recordings: Vec<usize> = (view.stretches.iter())
            .filter(|stretch| stretch.class == class)
            .map(|stretch| stretch.recording)
            .collect();
        recordings.dedup();
        if recordings.len() < ENOUGH_RECORDINGS {
            continue;
        }
        let values: Vec<f64> = recordings.iter().map(|&number| norms[number]).collect();
        let Some(usual) = median(&values).filter(|usual| *usual > 0.0) else {
            continue;
        };
        let (far, near): (Vec<usize>, Vec<usize>) = (recordings.iter().copied())
            .filter(|&number| norms[number] > 0.0)
            .partition(|&number| factor(norms[number], usual) >= OTHER_MOVEMENT);
        let are_alike = near
            .iter()
            .all(|&number| factor(norms[number], usual) <= ALIKE_MOVEMENT);
        if are_alike && far.len() * 4 <= recordings.len() {
            of_others = usual;
            odd.extend(far.into_iter().map(|number| (number, norms[number])));
        }
    }
    found(
        view,
        sensor,
        odd,
        of_others,
        "typical length",
        Severity::Warning,
    )
}

/// How many times one number is the other, at least 1.
fn factor(a: f64, b: f64) -> f64 {
    (a / b).max(b / a)
}

fn found(
    view: &View<'_>,
    sensor: &Sensor,
    odd: Vec<(usize, f64)>,
    usual: f64,
    what: &str,
    severity: Severity,
) -> Vec<Finding> {
    let worst = odd
        .iter()
        .max_by(|a, b| factor(a.1, usual).total_cmp(&factor(b.1, usual)));
    let Some(&(recording, norm)) = worst else {
        return Vec::new();
    };
    let times = factor(norm, usual);
    let why = FACTORS
        .iter()
        .find(|(known, _)| factor(times, *known) <= NEAR);
    let why = why.map_or(String::new(), |(known, words)| {
        format!(", as {words} ({known:.4}) would be")
    });
    let axes = sensor.axes.map(|axis| view.channel(axis));
    let name = &view.recordings[recording].name;
    vec![Finding {
        severity,
        check: Check::Scale,
        place: Place::channel(&axes.join(",")).in_recording(name),
        figure: norm / usual,
        text: format!(
            "the {what} of {} is {norm:.4} in {}, {times:.2} times {} than the {usual:.4} of the others{why}; {} recording(s) differ so",
            visible::names(axes),
            visible::name(name),
            if norm > usual { "more" } else { "less" },
            odd.len()
        ),
        remedy: "give all recordings one unit and range: import those of one unit at a time with --unit, or leave these out".into(),
    }]
}
