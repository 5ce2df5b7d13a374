//! Findings about classes: how many, their names, windows, recordings and people.

use super::*;

#[test]
fn one_class_is_an_error() {
    let found = only(&desk(4, &CLASSES[..1]), Check::Classes, Severity::Error);
    assert!(found.text.contains("rest"), "{found:?}");
    assert!(found.remedy.contains("--label-from"), "{found:?}");
    let none: Vec<Recording> = desk(4, &CLASSES[..1])
        .into_iter()
        .map(|recording| Recording {
            labels: vec![],
            ..recording
        })
        .collect();
    only(&none, Check::Classes, Severity::Error);
}

#[test]
fn names_that_are_slips_are_told() {
    let mut all = clean();
    for recording in all
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "walk")
        .take(3)
    {
        recording.labels[0].label = "Walk".into();
    }
    let found = serious(&all);
    let slips: Vec<&Finding> = found
        .iter()
        .filter(|found| found.check == Check::Classes)
        .collect();
    assert_eq!(slips.len(), 1, "{found:#?}");
    assert_eq!(slips[0].place.class.as_deref(), Some("Walk, walk"));
}

#[test]
fn classes_need_windows_recordings_and_people() {
    let mut short = clean();
    for recording in short
        .iter_mut()
        .filter(|recording| recording.labels[0].label == "run")
    {
        recording.labels[0].end = 100;
    }
    let found = only(&short, Check::Balance, Severity::Error);
    assert_eq!(
        (found.place.class.as_deref(), found.figure),
        (Some("run"), 100.0)
    );

    let mut one_person = clean();
    one_person.retain(|recording| {
        recording.labels[0].label != "run" || recording.subject.as_deref() == Some("p0")
    });
    let found = serious(&one_person);
    let told = |text: &str| {
        found
            .iter()
            .any(|found| found.check == Check::Balance && found.text.contains(text))
    };
    assert!(
        told("p0 alone") && told("times the 8 of \"run\"") && told("8 windows only"),
        "{found:#?}"
    );

    let mut few = clean();
    few.retain(|recording| {
        recording.labels[0].label != "run"
            || recording.name.starts_with("p0")
            || recording.name.starts_with("p1")
    });
    for recording in &mut few {
        recording.subject = None;
    }
    let found = serious(&few);
    assert!(
        found
            .iter()
            .any(|found| found.text.contains("in 2 recording(s)")),
        "{found:#?}"
    );
}
