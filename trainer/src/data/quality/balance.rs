//! Classes: whether there are enough of them, of each enough, by enough people.

use std::collections::BTreeSet;

use super::finding::{Check, Finding, Place, Severity};
use super::view::View;
use crate::data::recordings::labels_alike;
use crate::visible;

/// The commonest class has at most so many times the windows of the rarest.
const MOST_RATIO: f64 = 5.0;
/// Windows below which a class is too small.
const FEW_WINDOWS: usize = 30;
/// Units, recordings or people, that a class needs: one for each split.
const SPLITS: usize = 3;

pub(super) fn check(view: &View<'_>) -> Vec<Finding> {
    let mut findings = classes(view);
    if view.classes.len() < 2 {
        return findings;
    }
    let windows = windows_of_each(view);
    findings.extend(too_short(view, &windows));
    findings.extend(ratio(view, &windows));
    for (class, &windows) in windows.iter().enumerate() {
        findings.extend(spread(view, class, windows));
    }
    findings.extend(unlabelled(view));
    findings
}

/// Number of windows of each class.
pub(super) fn windows_of_each(view: &View<'_>) -> Vec<usize> {
    let mut windows = vec![0; view.classes.len()];
    for (stretch, count) in view.stretches.iter().zip(&view.windows_in) {
        windows[stretch.class] += count;
    }
    windows
}

fn classes(view: &View<'_>) -> Vec<Finding> {
    let count = view.classes.len();
    let mut findings = Vec::new();
    if count < 2 {
        findings.push(Finding {
            severity: Severity::Error,
            check: Check::Classes,
            place: Place::default(),
            figure: count as f64,
            text: format!(
                "{count} class(es) are labelled: {}",
                match count {
                    0 => "none".into(),
                    _ => visible::names(&view.classes),
                }
            ),
            remedy: "a model tells two classes or more apart: label a second one, such as \"none of these\", or say with --label-from \
                     where the labels stand"
                .into(),
        });
    }
    for (a, b) in labels_alike(&view.classes) {
        findings.push(Finding {
            severity: Severity::Warning,
            check: Check::Classes,
            place: Place::class(&format!("{a}, {b}")),
            figure: 2.0,
            text: format!(
                "\"{}\" and \"{}\" are two classes",
                visible::name(a),
                visible::name(b)
            ),
            remedy: "if one is a slip of the other, give both one name".into(),
        });
    }
    findings
}

/// Classes without a window.
fn too_short(view: &View<'_>, windows: &[usize]) -> Vec<Finding> {
    let longest = |class: usize| {
        let of = view
            .stretches
            .iter()
            .filter(|stretch| stretch.class == class);
        of.map(|stretch| stretch.samples.len()).max().unwrap_or(0)
    };
    let empty = (0..windows.len()).filter(|&class| windows[class] == 0);
    empty
        .map(|class| Finding {
            severity: Severity::Error,
            check: Check::Balance,
            place: Place::class(&view.classes[class]),
            figure: longest(class) as f64,
            text: format!(
                "no interval of \"{}\" is as long as a window of {} samples: the longest has {}",
                visible::name(&view.classes[class]),
                view.steps,
                longest(class)
            ),
            remedy: "record longer, or make the window shorter: steps in [recordings], --steps"
                .into(),
        })
        .collect()
}

fn ratio(view: &View<'_>, windows: &[usize]) -> Option<Finding> {
    let (rare, &least) = windows
        .iter()
        .enumerate()
        .min_by_key(|(_, count)| **count)?;
    let (common, &most) = windows
        .iter()
        .enumerate()
        .max_by_key(|(_, count)| **count)?;
    let ratio = most as f64 / least as f64;
    let [rare, common] = [rare, common].map(|class| visible::name(&view.classes[class]));
    (least > 0 && ratio > MOST_RATIO).then(|| Finding {
        severity: Severity::Warning,
        check: Check::Balance,
        place: Place::class(&rare),
        figure: ratio,
        text: format!(
            "\"{common}\" has {most} windows, {ratio:.1} times the {least} of \"{rare}\": always answering the commonest class looks good"
        ),
        remedy: format!(
            "record more of \"{rare}\", or set class_weights = \"balanced\" in task.toml; read the recall of each class, not the accuracy"
        ),
    })
}

/// Whether a class has enough windows, recordings and people.
fn spread(view: &View<'_>, class: usize, windows: usize) -> Vec<Finding> {
    let name = visible::name(&view.classes[class]);
    let of = || {
        view.stretches
            .iter()
            .filter(|stretch| stretch.class == class)
    };
    let recordings: BTreeSet<usize> = of()
        .map(|stretch| view.stated_of[stretch.recording])
        .collect();
    let people: BTreeSet<usize> = of()
        .filter_map(|stretch| view.person_of[stretch.recording])
        .collect();
    let finding = |severity, figure: usize, text: String, remedy: &str| Finding {
        severity,
        check: Check::Balance,
        place: Place::class(&view.classes[class]),
        figure: figure as f64,
        text,
        remedy: remedy.into(),
    };
    let mut findings = Vec::new();
    if (1..FEW_WINDOWS).contains(&windows) {
        findings.push(finding(
            Severity::Warning,
            windows,
            format!("\"{name}\" has {windows} windows only"),
            "record more of it: a fifth of the windows tests, so each one weighs several per cent",
        ));
    }
    // People matter where there are several; else recordings.
    if view.people.len() > 1 && people.len() == 1 {
        let person = people.first().map_or("", |&person| &view.people[person]);
        findings.push(finding(
            Severity::Warning,
            1,
            format!("\"{name}\" is recorded by {} alone", visible::name(person)),
            "record it by three people at least: a model may learn the person in place of the class, and no split can keep the \
             person apart",
        ));
    } else if recordings.len() < SPLITS && view.people.len() < SPLITS {
        findings.push(finding(
            Severity::Warning,
            recordings.len(),
            format!("\"{name}\" is in {} recording(s)", recordings.len()),
            "record it three times at least, on different days: with fewer, training and test share a recording, which flatters",
        ));
    }
    findings
}

/// Tells samples that are of no class.
fn unlabelled(view: &View<'_>) -> Option<Finding> {
    let samples: usize = view
        .recordings
        .iter()
        .map(|recording| recording.samples())
        .sum();
    let labelled: usize = view
        .stretches
        .iter()
        .map(|stretch| stretch.samples.len())
        .sum();
    let share = 100.0 * (samples - labelled.min(samples)) as f64 / samples.max(1) as f64;
    (labelled < samples).then(|| Finding {
        severity: Severity::Note,
        check: Check::Classes,
        place: Place::default(),
        figure: share,
        text: format!("{share:.1} % of the samples have no label and are left out"),
        remedy: "a class such as \"none of these\" teaches a model what is none of the others"
            .into(),
    })
}
