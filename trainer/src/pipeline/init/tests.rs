//! Task files of recordings, by defaults and by answers.

use std::fmt::Write;
use std::fs;

use super::*;
use crate::observer::Silent;
use crate::recipe::Recipe;
use anyhow::Context;

/// A number without a pattern for each number.
fn scattered(number: u32) -> u32 {
    let mixed = (number ^ (number >> 16)).wrapping_mul(0x7feb_352d);
    let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x846c_a68b);
    mixed ^ (mixed >> 16)
}

/// Twelve recordings of two classes by four people.
fn desk(folder: &Path, header: &str, with_label: bool) {
    for number in 0..12_i32 {
        let label = ["rest", "walk"][number as usize % 2];
        let mut text = format!("{header}\n");
        for i in 0..300_i32 {
            let noise = |axis: i32| {
                let mixed = scattered(((i * 31 + number) * 31 + axis) as u32);
                mixed % 1000 * (1 + number as u32 % 2)
            };
            let _ = write!(text, "{:.2},p{},", f64::from(i) * 0.02, number / 2 % 4);
            if with_label {
                let _ = write!(text, "{label},");
            }
            let _ = writeln!(text, "{},{},{}", noise(0), noise(1), noise(2));
        }
        fs::write(folder.join(format!("{label}-{number}.csv")), text).unwrap();
    }
}

/// Answers by a script.
struct Script {
    answers: Vec<&'static str>,
    asked: Vec<Question>,
    refused: Vec<String>,
}

impl Script {
    fn new(answers: &[&'static str]) -> Self {
        Self {
            answers: answers.iter().rev().copied().collect(),
            asked: Vec::new(),
            refused: Vec::new(),
        }
    }
}

impl Answers for Script {
    fn answer(&mut self, question: &Question) -> anyhow::Result<String> {
        self.asked.push(question.clone());
        self.answers
            .pop()
            .map(String::from)
            .context("the script is at its end")
    }

    fn refuse(&mut self, why: &anyhow::Error) -> anyhow::Result<()> {
        self.refused.push(format!("{why:#}"));
        Ok(())
    }
}

fn options(folder: &Path) -> InitOptions {
    InitOptions {
        place: folder.into(),
        ..InitOptions::default()
    }
}

#[test]
fn defaults_suit_the_recordings() {
    let folder = tempfile::tempdir().unwrap();
    desk(folder.path(), "time,subject,label,ax,ay,az", true);
    let written = init(&options(folder.path()), &mut Defaults, &mut Silent).unwrap();
    assert_eq!(written.file, folder.path().join("task.toml"));
    assert_eq!(written.imported, None);
    assert!(
        written.windows.iter().all(|count| *count > 0),
        "{written:?}"
    );
    let text = fs::read_to_string(&written.file).unwrap();
    for part in [
        "2.56 s at 50.00",
        "12 recordings, 3600 samples",
        "(4: p0, p1, p2, p3)",
        "data = \".\"",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let task = TaskFile::read(&written.file).unwrap();
    let cutting = task.config(Recipe::Fast).unwrap().recordings.unwrap();
    assert_eq!(
        (cutting.steps, cutting.hop, cutting.rate_hz),
        (128, 64, None)
    );
    assert_eq!(
        (cutting.channels, cutting.group),
        (vec!["ax".into(), "ay".into(), "az".into()], None)
    );
    assert_eq!(task.data, folder.path().canonicalize().unwrap());

    // A second time it is there.
    let error = init(&options(folder.path()), &mut Defaults, &mut Silent).unwrap_err();
    assert!(error.to_string().contains("--overwrite"), "{error}");
    let again = InitOptions {
        overwrite: true,
        ..options(folder.path())
    };
    init(&again, &mut Defaults, &mut Silent).unwrap();
}

#[test]
fn few_people_are_not_kept_apart() {
    let folder = tempfile::tempdir().unwrap();
    desk(folder.path(), "time,subject,label,ax,ay,az", true);
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap().path();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(",p2,", ",p0,").replace(",p3,", ",p1,")).unwrap();
    }
    let written = init(&options(folder.path()), &mut Defaults, &mut Silent).unwrap();
    let task = TaskFile::read(&written.file).unwrap();
    let cutting = task.config(Recipe::Fast).unwrap().recordings.unwrap();
    assert_eq!(cutting.group.as_deref(), Some("none"));
}

#[test]
fn answers_are_taken_and_wrong_ones_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    desk(folder.path(), "time,subject,label,ax,ay,az", true);
    let out = folder.path().join("other.toml");
    let options = InitOptions {
        out: Some(out.clone()),
        ..options(folder.path())
    };
    let mut script = Script::new(&[
        "", "ax,up", "az, ax", "many", "40", "", "r", "yes", "../x", "desk",
    ]);
    init(&options, &mut script, &mut Silent).unwrap();
    assert_eq!(script.refused.len(), 3, "{:?}", script.refused);
    assert!(script.refused[0].contains("\"up\"") && script.refused[1].contains("whole number"));
    assert!(script.asked[1].text.contains("ax, ay, az") && script.asked[1].default == "ax,ay,az");
    let task = TaskFile::read(&out).unwrap();
    let config = task.config(Recipe::Fast).unwrap();
    let cutting = config.recordings.unwrap();
    assert_eq!(
        (cutting.steps, cutting.hop, task.name.as_str()),
        (40, 20, "desk")
    );
    assert_eq!(
        (cutting.channels, cutting.group),
        (vec!["az".into(), "ax".into()], Some("none".into()))
    );
    assert_eq!(config.training.sampling, crate::config::Sampling::Balanced);
    let error = init(
        &InitOptions {
            overwrite: true,
            ..options
        },
        &mut Script::new(&[""]),
        &mut Silent,
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("script is at its end"),
        "{error}"
    );
}

#[test]
fn recordings_of_other_tools_are_taken_as_they_are() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("phone");
    fs::create_dir(&folder).unwrap();
    desk(&folder, "time,subject,ax (mg),ay (mg),az (mg)", false);
    let error = init(&options(&folder), &mut Defaults, &mut Silent).unwrap_err();
    assert!(
        matches!(error, Error::Data(_)) && error.to_string().contains("--label-from"),
        "{error}"
    );
    assert!(!folder.join("task.toml").exists());
    // The pattern is asked for where no label is found.
    let mut script = Script::new(&["{label}-*.csv", "", "", "", "", "", ""]);
    let written = init(&options(&folder), &mut script, &mut Silent).unwrap();
    assert_eq!(written.imported, None);
    let text = fs::read_to_string(&written.file).unwrap();
    assert!(
        text.contains("ax, ay, az in g") && text.contains("data = \".\""),
        "{text}"
    );
    let config = TaskFile::read(&written.file)
        .unwrap()
        .config(Recipe::Fast)
        .unwrap();
    let import = config.recordings.unwrap().import.unwrap();
    assert_eq!(import.label_from.as_deref(), Some("{label}-*.csv"));
    // The check of the task reads them so, too.
    let setup =
        crate::pipeline::ConfigOptions::of(crate::pipeline::TaskArgument::File(written.file));
    let quality = QualityOptions {
        place: folder.clone(),
        task: Some(setup.read(&mut Silent).unwrap()),
        ..QualityOptions::default()
    };
    let found = crate::pipeline::check_recordings(&quality, &mut Silent).unwrap();
    assert_eq!(found.quality.summary.classes.len(), 2);
    assert!(found.quality.summary.classes[0].splits.is_some());
}

#[test]
fn own_recordings_with_other_labels_are_imported_beside() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("phone");
    fs::create_dir(&folder).unwrap();
    desk(&folder, "time,subject,label,ax,ay,az", true);
    let answers = ["{label}-*.csv", "", "", "", "", "", ""];
    let written = init(&options(&folder), &mut Script::new(&answers), &mut Silent).unwrap();
    let beside = above.path().canonicalize().unwrap().join("phone-imported");
    assert_eq!(written.imported, Some(beside));
    let task = TaskFile::read(&written.file).unwrap();
    assert!(task.data.is_dir());
    let again = InitOptions {
        overwrite: true,
        ..options(&folder)
    };
    let error = init(&again, &mut Script::new(&answers), &mut Silent).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("phone-imported is there already"),
        "{message}"
    );
}

#[test]
fn what_cannot_be_trained_on_is_said_and_nothing_written() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let message = |place: &Path| {
        init(&options(place), &mut Defaults, &mut Silent)
            .unwrap_err()
            .with_causes()
    };
    assert!(message(&place.join("nowhere")).contains("is not there"));
    assert!(message(place).contains(place.to_str().unwrap()));
    fs::write(
        place.join("a.csv"),
        format!("label,x\n{}", "walk,1\nwalk,2\nwalk,5\n".repeat(99)),
    )
    .unwrap();
    assert!(message(place).contains("\"walk\""), "{}", message(place));
    fs::write(place.join("b.csv"), "label,x\nrest,1\nrest,9\n").unwrap();
    assert!(message(place).contains("rest"), "{}", message(place));
    assert!(!place.join("task.toml").exists());
}

#[test]
fn names_of_others_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a \"b\"\u{1b}[2J");
    fs::create_dir(&place).unwrap();
    desk(&place, "time,subject,label,\"a\"\"x\",ay\u{1b}[2J,az", true);
    let written = init(&options(&place), &mut Defaults, &mut Silent);
    // Such a channel may be refused, but what is written can be read.
    if let Ok(written) = written {
        TaskFile::read(&written.file).unwrap();
    }
}
