//! Findings about rates and gaps.

use super::*;

#[test]
fn rates_and_gaps_are_told() {
    let mut all = clean();
    all[5].time = TimeBase::Stamps((0..SAMPLES).map(|i| i as f64 / 100.0).collect());
    let found = only(&all, Check::Rate, Severity::Error);
    assert_eq!(found.place.recording.as_deref(), Some("p1-run"));
    assert!((found.figure - 100.0).abs() < 1e-6, "{found:?}");

    let mut all = clean();
    all[5].time = TimeBase::Stamps(
        (0..SAMPLES)
            .map(|i| (i as f64 + 0.45 * noise(i as u64)) / RATE)
            .collect(),
    );
    let found = only(&all, Check::Rate, Severity::Warning);
    assert!((20.0..60.0).contains(&found.figure), "{found:?}");

    let mut all = clean();
    for recording in &mut all {
        recording.time = TimeBase::Unknown;
    }
    assert_eq!(serious(&all), []);
    let notes = checked(&all).findings;
    assert!(
        notes
            .iter()
            .any(|found| found.check == Check::Rate && found.figure == 18.0),
        "{notes:#?}"
    );

    let mut all = clean();
    all[1].gaps = (1..30).map(|i| 20 * i).collect();
    let notes = checked(&all).findings;
    let gaps = notes
        .iter()
        .find(|found| found.check == Check::Gaps)
        .unwrap();
    assert_eq!((gaps.severity, gaps.figure), (Severity::Note, 29.0));
    assert_eq!(gaps.place.recording.as_deref(), Some("p0-walk"));
}
