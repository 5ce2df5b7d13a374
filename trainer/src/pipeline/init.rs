//! Writing the task file of recordings: what is found in them, what the user answers, and the file.

mod dialogue;
mod text;

use std::path::{Path, PathBuf};

use super::check::{self, QualityOptions};
use super::error::{Error, Fault, Result, Sort};
use crate::data::Holdout;
use crate::data::import::{self, Imported};
use crate::data::quality::{self, Proposal};
use crate::data::recordings::{Cutting, ImportOptions, Loaded};
use crate::files::write_atomically;
use crate::observer::{Observer, Stage, staged};
use crate::task_file::{self, TaskFile};
use crate::visible;

pub use dialogue::{Answers, Defaults, Question};

/// People of a class from which on they can be kept apart: one for each split.
const SPLITS: usize = 3;
/// Commonest class against the rarest from which on weights are proposed.
const UNEVEN: f64 = 2.0;

/// A task file to write.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// Folder, file or archive of recordings.
    pub place: PathBuf,
    /// The file to write; none is `task.toml` in the folder of the recordings.
    pub out: Option<PathBuf>,
    /// Whether a file that is there may be replaced.
    pub overwrite: bool,
    /// How the recordings are read, where they are none of this project's own form.
    pub reading: ImportOptions,
}

impl InitOptions {
    /// The file that is written.
    pub fn task_file(&self) -> PathBuf {
        let folder = match self.place.is_dir() {
            true => Some(self.place.as_path()),
            false => self.place.parent(),
        };
        let default = || folder.unwrap_or(Path::new("")).join(task_file::FILE_NAME);
        self.out.clone().unwrap_or_else(default)
    }
}

/// A task file that was written.
#[derive(Clone, Debug)]
pub struct WrittenTask {
    /// The file.
    pub file: PathBuf,
    /// Folder that the recordings were imported into, where training cannot take them as they are.
    pub imported: Option<PathBuf>,
    /// Number of windows, in training, validation and test.
    pub windows: [usize; 3],
}

/// Choices about a task.
#[derive(Clone, Debug, PartialEq)]
struct Choices {
    name: String,
    channels: Vec<String>,
    steps: usize,
    hop: usize,
    /// Samples a second where no file tells a time.
    rate_hz: Option<f64>,
    /// Whether recordings of a person stay in one split.
    by_person: bool,
    /// Whether all classes are trained on equally often.
    is_balanced: bool,
}

/// Recordings as an import reads them, with what suits them.
struct Survey {
    imported: Imported,
    proposal: Proposal,
    /// Name and number of windows of each class.
    classes: Vec<(String, usize)>,
    people: Vec<String>,
    /// People of the class that has fewest.
    fewest_people: usize,
}

impl Survey {
    fn of(imported: Imported) -> Self {
        let proposal = quality::propose(&imported.recordings);
        let found = quality::Quality::facts(&imported.recordings, proposal.steps, proposal.hop);
        let people = found.classes.iter().map(|class| class.people);
        Self {
            fewest_people: people.min().unwrap_or(0),
            imported,
            proposal,
            classes: (found.classes.into_iter())
                .map(|class| (class.name, class.windows))
                .collect(),
            people: found.people,
        }
    }

    fn channels(&self) -> Vec<String> {
        let first = self.imported.recordings.first();
        let channels = first.map_or(&[][..], |first| &first.channels);
        channels
            .iter()
            .map(|channel| channel.name.clone())
            .collect()
    }

    /// How many times the commonest class has the windows of the rarest.
    fn unevenness(&self) -> f64 {
        let counts = || self.classes.iter().map(|(_, windows)| *windows as f64);
        counts().fold(0.0, f64::max) / counts().fold(f64::INFINITY, f64::min).max(1.0)
    }
}

/// Looks at recordings, lets `answers` choose, and writes a task file that can be trained on. The observer is told what is found.
///
/// # Errors
/// [`Error::Config`]: the file is there already, or an answer is missing or does not fit; [`Error::Data`]: the recordings cannot be
/// read or not be trained on; [`Error::Io`]. The task file is then not written.
pub fn init(
    options: &InitOptions,
    answers: &mut dyn Answers,
    observer: &mut dyn Observer,
) -> Result<WrittenTask> {
    let file = options.task_file();
    if file.symlink_metadata().is_ok() && !options.overwrite {
        let fault = Fault::new(format_args!(
            "{} is there already: --overwrite replaces it, --out names another file",
            file.display()
        ));
        return Err(Error::Config(fault.at(&file)));
    }
    let mut quality = QualityOptions {
        place: options.place.clone(),
        reading: options.reading.clone(),
        ..QualityOptions::default()
    };
    let mut survey = read(&quality, observer)?;
    tell(&survey, observer);
    if let Some(pattern) = dialogue::labels(&survey, answers).sort(Error::Config)? {
        quality.reading.label_from = Some(pattern.to_string());
        survey = read(&quality, observer)?;
        tell(&survey, observer);
    }
    check_classes(&survey, &options.place)?;
    let name = default_name(&options.place);
    // The channels that training takes, which are less than an import finds where some only count.
    let usual = cutting(&survey, &Choices::of(&survey, name));
    let defaults = match check::load(&quality, &survey.imported, &usual, None) {
        Ok(loaded) => loaded.own.cutting.channels,
        Err(_) => survey.channels(),
    };
    let mut choices = Choices::of(&survey, default_name(&options.place));
    choices.channels = defaults;
    dialogue::ask(&survey, &mut choices, answers).sort(Error::Config)?;
    write(options, &quality, &survey, &choices, &file, observer)
}

fn read(options: &QualityOptions, observer: &mut dyn Observer) -> Result<Survey> {
    let place = &options.place;
    if place.symlink_metadata().is_err() {
        let fault = Fault::new(format_args!(
            "{} is not there: name the folder that holds your recordings",
            place.display()
        ));
        return Err(Error::Data(fault.at(place)));
    }
    let stage = Stage::CheckingData {
        source: place.display().to_string(),
    };
    let imported = staged(observer, &stage, || check::read(options));
    Ok(Survey::of(imported.sort_at(Error::Data, place)?))
}

/// Tells what was found.
fn tell(survey: &Survey, observer: &mut dyn Observer) {
    for line in text::found(survey) {
        observer.notice(&line);
    }
}

fn check_classes(survey: &Survey, place: &Path) -> Result<()> {
    if survey.classes.len() > 1 {
        return Ok(());
    }
    let found = match survey.classes.first() {
        None => "no labels are found".into(),
        Some((only, _)) => format!("all samples are of one class, \"{}\"", visible::name(only)),
    };
    let fault = Fault::new(format_args!(
        "{}: {found}, and a model tells two classes apart: put recordings of each class into a folder of its name, add a column \
         label, or say with --label-from where the label stands in names of files. Nothing is written",
        place.display()
    ));
    Err(Error::Data(fault.at(place)))
}

/// A name for a task of recordings at `place`.
fn default_name(place: &Path) -> String {
    let whole = place.canonicalize();
    let stem = whole.as_deref().unwrap_or(place).file_stem();
    let plain: String = stem
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    let plain = plain.trim_start_matches(['.', '-', '_']);
    match plain.is_empty() {
        true => "task".into(),
        false => plain.to_owned(),
    }
}

impl Choices {
    fn of(survey: &Survey, name: String) -> Self {
        Self {
            name,
            channels: Vec::new(),
            steps: survey.proposal.steps,
            hop: survey.proposal.hop,
            rate_hz: match survey.proposal.rate_hz {
                None => Some(50.0),
                Some(_) => None,
            },
            by_person: survey.fewest_people >= SPLITS || survey.people.len() == 1,
            is_balanced: survey.unevenness() > UNEVEN,
        }
    }
}

fn cutting(survey: &Survey, choices: &Choices) -> Cutting {
    Cutting {
        steps: choices.steps,
        hop: choices.hop,
        channels: choices.channels.clone(),
        rate_hz: choices.rate_hz.map(|rate| rate as f32),
        group: (!choices.by_person && !survey.people.is_empty()).then(|| "none".into()),
        ..Cutting::default()
    }
}

/// Makes sure that the task can be trained on, imports its recordings if need be, and writes it.
fn write(
    options: &InitOptions,
    quality: &QualityOptions,
    survey: &Survey,
    choices: &Choices,
    file: &Path,
    observer: &mut dyn Observer,
) -> Result<WrittenTask> {
    let place = &options.place;
    let cutting = cutting(survey, choices);
    cutting.validate().sort(Error::Config)?;
    let asked = Cutting {
        import: (!check::can_stand(&quality.reading)).then(|| quality.reading.clone()),
        ..cutting.clone()
    };
    let stands = check::as_they_stand(place, &asked, &Holdout::default()).is_ok();
    let loaded = check::load(quality, &survey.imported, &cutting, None);
    let loaded: Loaded = loaded.sort_at(Error::Data, place)?;
    let imported = (!stands).then(|| folder_of_import(place));
    let data = relative(imported.as_deref().unwrap_or(place), file);
    let import = asked.import.filter(|_| stands);
    let written = text::task(survey, choices, &data, options, import.as_ref());
    // What is written is what is read.
    TaskFile::parse(&written, file).sort_at(Error::Config, file)?;
    if let Some(folder) = &imported {
        import_into(folder, survey, observer)?;
    }
    write_atomically(file, written.as_bytes()).sort_at(Error::Io, file)?;
    let splits = [&loaded.data.train, &loaded.data.valid, &loaded.data.test];
    Ok(WrittenTask {
        file: file.into(),
        imported,
        windows: splits.map(|split| split.len()),
    })
}

/// Imports recordings, of which training does not take the files, into a folder that must not be there.
fn import_into(folder: &Path, survey: &Survey, observer: &mut dyn Observer) -> Result<()> {
    if folder.symlink_metadata().is_ok() {
        let fault = Fault::new(format_args!(
            "{0} is there already, perhaps of an earlier import: remove it, or make a task of it with `hadamrnn init {0}`",
            folder.display()
        ));
        return Err(Error::Config(fault.at(folder)));
    }
    import::write(&survey.imported, folder).sort_at(Error::Io, folder)?;
    observer.notice(&format!(
        "note: training does not take these files as they are, so they are imported into {}",
        folder.display()
    ));
    Ok(())
}

/// The folder beside `place` that its recordings are imported into.
fn folder_of_import(place: &Path) -> PathBuf {
    let whole = place.canonicalize().unwrap_or_else(|_| place.into());
    let stem = whole
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    whole.with_file_name(format!("{}-imported", stem.unwrap_or_default()))
}

/// The path of `place` from the folder of `file`, where it lies below; else the absolute one.
fn relative(place: &Path, file: &Path) -> PathBuf {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (place, folder) = (whole(place), whole(folder));
    if let Ok(below) = place.strip_prefix(&folder) {
        return match below.as_os_str().is_empty() {
            true => ".".into(),
            false => below.into(),
        };
    }
    // Beside the folder, as imported recordings are.
    match (folder.parent(), place.parent(), place.file_name()) {
        (Some(above), Some(parent), Some(name)) if above == parent => Path::new("..").join(name),
        _ => place,
    }
}

#[cfg(test)]
mod tests;
