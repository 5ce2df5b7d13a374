//! Rates: measured, stated, or made.

use super::*;

#[test]
fn rates_are_measured_stated_or_made() {
    let value = |i: i32| if i < 90 { i } else { 0 };
    let rows: String = (0..100)
        .map(|i| format!("{},{},x\n", i * 10, value(i)))
        .collect();
    let folder = folder(&[
        ("a.csv", &format!("time_ms,a,label\n{rows}")),
        (
            "b.csv",
            "time_ms,a,label\n0,1,x\n10,2,x\n3000,3,x\n3010,4,x\n3020,5,x\n3030,6,x\n",
        ),
    ]);
    let with = |options: Options| import(folder.path(), &options);
    let imported = with(Options::default()).unwrap();
    assert_eq!(imported.recordings[1].gaps, [2]);
    let error = format!(
        "{:#}",
        with(Options {
            rate_hz: Some(50.0),
            ..Options::default()
        })
        .unwrap_err()
    );
    assert!(
        error.contains("it has 100.0000 samples a second by its time, not 50"),
        "{error}"
    );
    let resampled = |resample_by| {
        let imported = with(Options {
            resample_hz: Some(50.0),
            resample_by,
            ..Options::default()
        })
        .unwrap();
        assert_eq!(imported.recordings[0].samples(), 50);
        let told = |note: &&String| note.contains("resampled");
        let note = imported.notes.iter().find(told).unwrap().clone();
        (imported.recordings[0].values[..3].to_vec(), note)
    };
    let (values, note) = resampled(Some(Resampling::Linear));
    assert_eq!(values, [0.0, 2.0, 4.0]);
    assert!(
        note.contains("linear from 100 to 50") && note.contains("25 Hz is folded"),
        "{note}"
    );
    let (_, note) = resampled(None);
    assert!(
        note.contains("band-limited from 100 to 50") && note.contains("25.0000 Hz is left out"),
        "{note}"
    );
    let timeless = self::folder(&[("a.csv", "a,label\n1,x\n2,x\n")]);
    let with = |options: Options| import(timeless.path(), &options);
    assert!(
        with(Options {
            resample_hz: Some(50.0),
            ..Options::default()
        })
        .is_err()
    );
    let stated = with(Options {
        rate_hz: Some(50.0),
        ..Options::default()
    })
    .unwrap();
    assert_eq!(stated.recordings[0].time, TimeBase::Rate(50.0));
}
