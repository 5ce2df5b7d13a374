//! Findings about units, ranges and directions of axes.

use super::*;

#[test]
fn other_units_are_told() {
    let mut all = clean();
    for axis in 0..3 {
        change(&mut all[4], axis, |_, value| 1000.0 * value);
    }
    let found = serious(&all);
    let scale = first_of(&found, Check::Scale);
    assert_eq!(
        (scale.severity, scale.place.recording.as_deref()),
        (Severity::Error, Some("p1-walk"))
    );
    assert!(
        (900.0..1100.0).contains(&scale.figure) && scale.text.contains("mg beside g"),
        "{scale:?}"
    );

    // Rotation has no gravity: it is told by how the class moves.
    let mut all = clean();
    for axis in 3..6 {
        change(&mut all[4], axis, |_, value| value / 57.3);
    }
    let found = serious(&all);
    let scale = first_of(&found, Check::Scale);
    assert_eq!(
        (scale.severity, scale.place.channel.as_deref()),
        (Severity::Warning, Some("gx,gy,gz"))
    );
    assert!(scale.text.contains("°/s beside rad/s"), "{scale:?}");
}

#[test]
fn mirrored_and_swapped_axes_are_told() {
    let mut all = clean();
    // All recordings of one person, upside down.
    for recording in all
        .iter_mut()
        .filter(|recording| recording.subject.as_deref() == Some("p2"))
    {
        change(recording, 2, |_, value| -value);
    }
    let found = only(&all, Check::Axes, Severity::Warning);
    assert_eq!(found.place.recording.as_deref(), Some("p2"));
    assert!(
        found.figure > 100.0 && found.text.contains("az had the opposite sign"),
        "{found:?}"
    );

    let mut all = clean();
    for recording in all
        .iter_mut()
        .filter(|recording| recording.subject.as_deref() == Some("p3"))
    {
        for sample in recording.values.chunks_exact_mut(6) {
            sample.swap(0, 2);
        }
    }
    let found = serious(&all);
    let axes = first_of(&found, Check::Axes);
    assert!(
        axes.text.contains("swapped") && axes.place.recording.as_deref() == Some("p3"),
        "{axes:?}"
    );

    // Worn in any way: nothing can be told.
    let mut all = clean();
    for (number, recording) in all.iter_mut().enumerate() {
        for sample in recording.values.chunks_exact_mut(6) {
            sample[..3].rotate_left(number / 3 % 3);
            if number / 3 % 2 == 0 {
                sample[1] = -sample[1];
            }
        }
    }
    let found = serious(&all);
    assert!(
        found.iter().all(|found| found.check != Check::Axes),
        "{found:#?}"
    );
}
