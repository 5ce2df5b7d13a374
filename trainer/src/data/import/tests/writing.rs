//! Files that are written.

use super::*;

#[test]
fn files_are_written_as_they_are_read_again() {
    let text = "time_ms,label,Subject,ax (g),T\n0,#1 up; fast,anna,0.5,20.5\n20,#1 up; fast,anna,-0.25,21\n\n40,,anna,1,20\n60,down,anna,1,20\n80,down,anna,1,20\n";
    let folder = folder(&[("in/a b.csv", text), ("in/A-b.csv", text)]);
    let imported = import(&folder.path().join("in"), &Options::default()).unwrap();
    let out = folder.path().join("out");
    std::fs::create_dir(&out).unwrap();
    let summary = write(&imported, &out).unwrap();
    let files: Vec<&str> = summary
        .recordings
        .iter()
        .map(|written| written.file.as_str())
        .collect();
    assert_eq!(files, ["A-b.csv", "a-b-2.csv"]);
    let written = std::fs::read_to_string(out.join("A-b.csv")).unwrap();
    let mut lines = written.lines();
    assert!(
        lines.next().unwrap().contains("ax: 8192 counts are 1 g"),
        "{written}"
    );
    let rest: Vec<&str> = lines.collect();
    assert_eq!(
        rest,
        [
            "time,label,subject,ax",
            "0.000000,\"#1 up; fast\",anna,4096",
            "0.020000,\"#1 up; fast\",anna,-2048",
            "",
            "0.040000,,anna,8192",
            "0.060000,down,anna,8192",
            "0.080000,down,anna,8192",
        ]
    );
    let summary: toml::Table =
        toml::from_str(&std::fs::read_to_string(out.join("recordings.toml")).unwrap()).unwrap();
    assert_eq!(summary["labels"]["down"].as_integer(), Some(4));
    // What was written is read as what it was.
    let again = import(
        &out,
        &Options {
            unit: None,
            ..Options::default()
        },
    )
    .unwrap();
    assert_eq!(again.recordings[0].subject.as_deref(), Some("anna"));
    assert_eq!(again.recordings[0].values, [0.5, -0.25, 1.0, 1.0, 1.0]);
    assert_eq!(again.recordings[0].channels[0].unit, Unit::G);
    assert_eq!(again.recordings[0].gaps, [2]);
}

#[test]
fn nothing_is_left_where_nothing_can_be_written() {
    let folder = folder(&[("a.csv", "label,a\nx,1\n"), ("file", "")]);
    let imported = import(&folder.path().join("a.csv"), &Options::default()).unwrap();
    assert!(write(&imported, &folder.path().join("file/out")).is_err());
    assert!(write(&imported, folder.path()).is_err());
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 2);
    assert!(!Path::new("file/out").exists());
}
