//! Checking recordings before anything is learnt from them.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

use super::config::TaskSetup;
use super::error::{Error, Fault, Result, Sort};
use crate::data::import::{self, Imported, Recording};
use crate::data::quality::{self, Finding, Quality, Severity};
use crate::data::recordings::{self, Cutting, ImportOptions, Loaded};
use crate::data::{Holdout, catalog};
use crate::files::write_atomically;
use crate::observer::{Observer, Stage, staged};
use crate::plot::{self, Shape};
use crate::report::DataReport;

/// Recordings to check.
#[derive(Clone, Debug, Default)]
pub struct QualityOptions {
    /// Folder, file or archive of recordings.
    pub place: PathBuf,
    /// Task that the recordings are for, if there is one: it says how they are cut and split.
    pub task: Option<TaskSetup>,
    /// How the recordings are read, where they are none of this project's own form.
    pub reading: ImportOptions,
    /// Samples of a window; none are those of the task, or what suits the recordings.
    pub steps: Option<usize>,
    /// Samples from one window to the next; none are those of the task, or half a window.
    pub hop: Option<usize>,
}

/// Recordings with what was found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckedRecordings {
    /// Findings and facts.
    #[serde(flatten)]
    pub quality: Quality,
    /// Notes of reading them, by the import and by training.
    pub notes: Vec<String>,
    /// The recordings, in their units.
    #[serde(skip)]
    pub recordings: Vec<Recording>,
    /// Format of each file, with the number of files.
    pub formats: std::collections::BTreeMap<&'static str, usize>,
}

impl CheckedRecordings {
    /// Whether there is no error among the findings.
    pub fn passed(&self) -> bool {
        self.quality.count(Severity::Error) == 0
    }

    /// Draws `classes.svg`, `channels.svg` and `recordings.svg` in a folder, which is made if need be, and gives their paths.
    ///
    /// # Errors
    /// [`Error::Io`]: a picture cannot be drawn or written.
    pub fn write_pictures(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))
            .sort_at(Error::Io, folder)?;
        let summary = &self.quality.summary;
        let pictures = [
            ("classes.svg", plot::class_balance(summary, Shape::Wide)),
            (
                "channels.svg",
                plot::channel_histograms(summary, Shape::Wide),
            ),
            (
                "recordings.svg",
                plot::recording_strips(summary, &self.recordings, Shape::Wide),
            ),
        ];
        let mut paths = Vec::new();
        for (name, picture) in pictures {
            let path = folder.join(name);
            let picture = picture.sort_at(Error::Io, &path)?;
            write_atomically(&path, picture.svg().as_bytes()).sort_at(Error::Io, &path)?;
            paths.push(path);
        }
        Ok(paths)
    }
}

impl CheckedRecordings {
    /// The findings, tables and pictures as one page, which has this title and loads nothing.
    ///
    /// # Errors
    /// [`Error::Io`]: a picture cannot be drawn.
    pub fn html(&self, title: &str) -> Result<String> {
        let page = DataReport {
            title,
            quality: &self.quality,
            notes: &self.notes,
            recordings: &self.recordings,
        };
        page.html().sort(Error::Io)
    }
}

/// Checks recordings. What is wrong with them, even that they cannot be read, is a finding.
///
/// # Errors
/// [`Error::Data`]: there is nothing at the place.
pub fn check_recordings(
    options: &QualityOptions,
    observer: &mut dyn Observer,
) -> Result<CheckedRecordings> {
    let place = &options.place;
    if place.symlink_metadata().is_err() {
        return Err(Error::Data(
            Fault::new(format_args!(
                "{} is not there: name the folder that holds your recordings, a task file, or one of the data sets {}",
                place.display(),
                catalog::list().map(|set| set.name).join(", ")
            ))
            .at(place),
        ));
    }
    let stage = Stage::CheckingData {
        source: place.display().to_string(),
    };
    Ok(staged(observer, &stage, || checked(options)))
}

fn checked(options: &QualityOptions) -> CheckedRecordings {
    let imported = match read(options) {
        Ok(imported) => imported,
        Err(error) => {
            return CheckedRecordings {
                quality: Quality::unreadable(&format!("{error:#}")),
                notes: Vec::new(),
                recordings: Vec::new(),
                formats: Default::default(),
            };
        }
    };
    let cutting = cutting(options, &imported.recordings);
    let holdout = options.task.as_ref().map(|task| &task.config.holdout);
    let loaded = load(options, &imported, &cutting, holdout);
    let mut recordings = imported.recordings;
    let mut notes = imported.notes;
    if let Ok(loaded) = &loaded {
        select(&mut recordings, &loaded.own.cutting.channels);
        notes.extend(loaded.own.notes.iter().cloned());
    }
    let mut quality = quality::check(
        &recordings,
        loaded.as_ref().ok(),
        cutting.steps,
        cutting.hop,
    );
    let weights = options.task.as_ref().map(|task| &task.config.training);
    if let (Some(training), Ok(loaded)) = (weights, &loaded)
        && let Err(error) = training.check_classes(&loaded.data.classes)
    {
        quality.add([Finding::reading(&format!("task.toml: {error:#}"))]);
    }
    // Most of what keeps training from its data is a finding already, in more words.
    if let Some(error) = loaded.err().filter(|_| quality.count(Severity::Error) == 0) {
        quality.add([Finding::reading(&format!("{error:#}"))]);
    }
    CheckedRecordings {
        quality,
        notes,
        recordings,
        formats: imported.formats,
    }
}

/// Reads recordings of any format.
pub(super) fn read(options: &QualityOptions) -> anyhow::Result<Imported> {
    let mut reading = settings(options);
    let task = options.task.as_ref();
    if let Some(cutting) = task.and_then(|task| task.config.recordings.as_ref())
        && reading.channels.is_empty()
    {
        reading.channels.clone_from(&cutting.channels);
    }
    import::import(&options.place, &reading.options()?)
}

/// How recordings of other tools are read: as the user says, else as the task does.
fn settings(options: &QualityOptions) -> ImportOptions {
    let task = options.task.as_ref();
    let of_task = task.and_then(|task| task.config.recordings.as_ref()?.import.clone());
    match can_stand(&options.reading) {
        true => ImportOptions {
            channels: options.reading.channels.clone(),
            ..of_task.unwrap_or_default()
        },
        false => options.reading.clone(),
    }
}

/// How the recordings are cut: as the task says, else as suits them.
fn cutting(options: &QualityOptions, recordings: &[Recording]) -> Cutting {
    let of_task = options
        .task
        .as_ref()
        .and_then(|task| task.config.recordings.clone());
    let mut cutting = of_task.unwrap_or_else(|| {
        let proposal = quality::propose(recordings);
        Cutting {
            steps: proposal.steps,
            hop: proposal.hop,
            channels: options.reading.channels.clone(),
            ..Cutting::default()
        }
    });
    cutting.steps = options.steps.unwrap_or(cutting.steps).max(1);
    cutting.hop = match (options.hop, options.steps) {
        (Some(hop), _) => hop.max(1),
        (None, Some(steps)) => (steps / 2).max(1),
        (None, None) => cutting.hop,
    };
    cutting
}

/// Reads recordings as training does: as they stand, or as an import writes them.
pub(super) fn load(
    options: &QualityOptions,
    imported: &Imported,
    cutting: &Cutting,
    holdout: Option<&Holdout>,
) -> anyhow::Result<Loaded> {
    let standard = Holdout::default();
    let holdout = holdout.unwrap_or(&standard);
    let mut asked = cutting.clone();
    if !can_stand(&options.reading) {
        asked.import = Some(options.reading.clone());
    }
    let as_they_stand = as_they_stand(&options.place, &asked, holdout);
    // A task is trained on as it says, or not at all.
    if as_they_stand.is_ok() || options.task.is_some() {
        return as_they_stand;
    }
    let cutting = &Cutting {
        import: None,
        ..cutting.clone()
    };
    let folder = tempfile::tempdir().context("no folder for temporary files")?;
    let out = folder.path().join("recordings");
    let loaded =
        import::write(imported, &out).and_then(|_| self::as_they_stand(&out, cutting, holdout));
    // The folder is gone when the message is read.
    loaded.map_err(|error| {
        let (temporary, place) = (
            out.display().to_string(),
            options.place.display().to_string(),
        );
        anyhow::Error::msg(format!("{error:#}").replace(&temporary, &place))
    })
}

/// Whether nothing is asked of an import, so that files may be as training reads them.
pub(super) fn can_stand(reading: &ImportOptions) -> bool {
    let plain = ImportOptions {
        channels: reading.channels.clone(),
        ..ImportOptions::default()
    };
    *reading == plain
}

/// Reads recordings as training does without an import.
pub(super) fn as_they_stand(
    place: &Path,
    cutting: &Cutting,
    holdout: &Holdout,
) -> anyhow::Result<Loaded> {
    recordings::load_whole(&recordings::locate(place)?, cutting, holdout)
}

/// Keeps the channels of these names, in their order, if all are there.
fn select(recordings: &mut [Recording], names: &[String]) {
    for recording in recordings {
        let place = |name: &String| {
            recording
                .channels
                .iter()
                .position(|channel| channel.name == *name)
        };
        let places: Option<Vec<usize>> = names.iter().map(place).collect();
        let Some(places) = places.filter(|places| !places.is_empty()) else {
            return;
        };
        let width = recording.channels.len();
        recording.values = (recording.values.chunks_exact(width))
            .flat_map(|sample| places.iter().map(|&channel| sample[channel]))
            .collect();
        recording.channels = places
            .iter()
            .map(|&channel| recording.channels[channel].clone())
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::quality::Check;
    use crate::observer::Silent;
    use std::fmt::Write;

    /// Twelve files of two classes, with a clock, a counter and three axes.
    fn write_desk(folder: &Path, header: &str, gravity: i32) {
        for number in 0..12_i32 {
            let label = ["rest", "walk"][number as usize % 2];
            let mut text = format!("{header}\n");
            for i in 0..400_i32 {
                let turn = |axis: i32| {
                    let angle = f64::from(i) * (0.05 + 0.2 * f64::from(number % 2))
                        + f64::from(number * axis);
                    let strength = f64::from(gravity) * (0.02 + 0.4 * f64::from(number % 2));
                    (strength * angle.sin()) as i32 + (i * 7919 + number * 104_729 + axis * 31) % 61
                };
                let _ = writeln!(
                    text,
                    "{:.2},{label},{i},{},{},{}",
                    f64::from(i) * 0.02,
                    turn(0),
                    turn(1),
                    gravity + turn(2)
                );
            }
            std::fs::write(folder.join(format!("{label}{number}.csv")), text).unwrap();
        }
    }

    fn check(options: &QualityOptions) -> CheckedRecordings {
        check_recordings(options, &mut Silent).unwrap()
    }

    #[test]
    fn recordings_are_checked_as_training_takes_them() {
        let folder = tempfile::tempdir().unwrap();
        write_desk(folder.path(), "time,label,n,ax,ay,az", 8192);
        let options = QualityOptions {
            place: folder.path().into(),
            ..QualityOptions::default()
        };
        let found = check(&options);
        assert!(found.passed(), "{:#?}", found.quality.findings);
        let summary = &found.quality.summary;
        // The counter is no channel of training.
        let names: Vec<&str> = summary
            .channels
            .iter()
            .map(|channel| channel.name.as_str())
            .collect();
        assert_eq!(names, ["ax", "ay", "az"]);
        assert_eq!((summary.steps, summary.hop), (128, 64));
        let splits = summary.classes[0].splits.unwrap();
        assert!(splits.iter().all(|count| *count > 0), "{splits:?}");
        assert!(
            found
                .notes
                .iter()
                .any(|note| note.contains("n; --channels")),
            "{:#?}",
            found.notes
        );
        let wide = check(&QualityOptions {
            steps: Some(32),
            ..options
        });
        assert_eq!(
            (wide.quality.summary.steps, wide.quality.summary.hop),
            (32, 16)
        );
        let page = wide.html("Data of <desk>").unwrap();
        for part in [
            "Data of &lt;desk&gt;",
            "walk",
            "id=\"findings\"",
            "id=\"channels\"",
        ] {
            assert!(page.contains(part), "{part}");
        }
        // Three pictures, each in two shapes.
        assert_eq!(page.matches("<svg ").count(), 6);
        assert!(
            !page.contains("<script")
                && !page
                    .replace("http://www.w3.org/2000/svg", "")
                    .contains("http")
        );
        let pictures = folder.path().join("pictures");
        assert_eq!(wide.write_pictures(&pictures).unwrap().len(), 3);
        for name in ["classes", "channels", "recordings"] {
            let svg = std::fs::read_to_string(pictures.join(format!("{name}.svg"))).unwrap();
            assert!(svg.contains("walk") && svg.ends_with("</svg>\n"), "{name}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        let folder = tempfile::tempdir().unwrap();
        write_desk(folder.path(), "time,label,n,ax,ay,az", 8192);
        std::fs::write(
            folder.path().join("walk99.csv"),
            "label,ax,ay,az\nwalk,1,2\n",
        )
        .unwrap();
        let options = QualityOptions {
            place: folder.path().into(),
            ..QualityOptions::default()
        };
        let found = check(&options);
        assert!(!found.passed());
        let first = &found.quality.findings[0];
        assert_eq!(first.check, Check::Reading);
        assert!(
            first.text.contains("walk99.csv") && first.text.contains("line 2"),
            "{first:?}"
        );
        let nowhere = QualityOptions {
            place: folder.path().join("nowhere"),
            ..QualityOptions::default()
        };
        let error = check_recordings(&nowhere, &mut Silent).unwrap_err();
        assert!(matches!(error, Error::Data(_)), "{error:?}");
    }

    #[test]
    fn recordings_of_other_tools_are_split_like_own_ones() {
        let folder = tempfile::tempdir().unwrap();
        write_desk(
            folder.path(),
            "time,activity,index,ax (mg),ay (mg),az (mg)",
            1000,
        );
        let found = check(&QualityOptions {
            place: folder.path().into(),
            ..QualityOptions::default()
        });
        assert!(found.passed(), "{:#?}", found.quality.findings);
        assert_eq!(found.quality.summary.channels[2].unit, "g");
        assert!(found.quality.summary.classes[1].splits.is_some());
    }
}
