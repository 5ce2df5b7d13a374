//! Reading and writing model folders: a model and what lies beside it, as one.
//!
//! A folder is written under another name and then put in its place, so at any moment the old one is there or the new
//! one. What is read must fit together: the card holds the digests of the other files.

mod replace;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use hadamrnn_device::windows;
use hadamrnn_runtime::Metric;
use hadamrnn_runtime::decision::Decision;
use hadamrnn_runtime::taught::Taught;

use crate::card::{Card, files, sha256, sha256_of_text};
use crate::data::Sequences;
use crate::integer::{self, Answer, KernelName, ModelFile};
use crate::untrusted::{self, Kind};
use crate::verify;

/// Windows of a folder that is written.
const GOLDEN_WINDOWS: usize = 16;

/// The files beside a model.
const COMPANIONS: [&str; 3] = [files::CARD, files::WINDOWS, files::GOLDEN];

/// A model that was read from disk.
#[derive(Clone, Debug)]
pub struct StoredModel {
    /// Where its file is.
    pub path: PathBuf,
    /// Bytes of the model file, which are a valid model.
    pub file: ModelFile,
    /// Its model folder; none where the file lies alone.
    pub folder: Option<ModelFolder>,
}

/// A model folder but for the model: its card, and an answer for each window.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    /// Where it is.
    pub path: PathBuf,
    /// Facts about the model.
    pub card: Card,
    /// The shape of the windows.
    pub shape: windows::WindowFileHeader,
    /// Raw input windows, as a window file.
    pub windows: Vec<u8>,
    /// The right answer to each of them.
    pub golden: Vec<Answer>,
}

impl StoredModel {
    /// Reads a model folder, the model of one, or a model file that lies alone.
    ///
    /// # Errors
    /// The model is not valid, or a file of the folder is missing, damaged, or not of the same export.
    pub fn read(path: &Path) -> Result<Self> {
        let is_folder = path.is_dir();
        let file_path = match is_folder {
            true => path.join(files::MODEL),
            false => path.to_path_buf(),
        };
        ensure!(
            !is_folder || is_there(&file_path),
            "{} holds no {}",
            path.display(),
            files::MODEL
        );
        let file = ModelFile::read(&file_path)?;
        let model = file
            .model()
            .with_context(|| format!("{}", file_path.display()))?;
        // Boards refuse them, too.
        Decision::of(&model).with_context(|| format!("{}", file_path.display()))?;
        Metric::of(&model).with_context(|| format!("{}", file_path.display()))?;
        Taught::of(&model).with_context(|| format!("{}", file_path.display()))?;
        let beside = match file_path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let has_company = is_folder || COMPANIONS.iter().any(|name| is_there(&beside.join(name)));
        let folder = match has_company {
            true => Some(ModelFolder::read(beside, &file_path, &file)?),
            false => None,
        };
        Ok(Self {
            path: file_path,
            file,
            folder,
        })
    }

    /// The card, where there is one.
    pub fn card(&self) -> Option<&Card> {
        self.folder.as_ref().map(|folder| &folder.card)
    }
}

impl ModelFolder {
    /// Raw samples of the window `index`, `[steps][channels]` of its [`shape`](Self::shape); none where there are fewer
    /// windows.
    pub fn window(&self, index: usize) -> Option<Vec<i16>> {
        let length = usize::from(self.shape.steps) * usize::from(self.shape.channels);
        let samples = self.windows.get(windows::HEADER_LEN..)?.as_chunks().0;
        let window = samples.get(index.checked_mul(length)?..)?.get(..length)?;
        (length > 0).then(|| window.iter().map(|&raw| i16::from_le_bytes(raw)).collect())
    }

    fn read(folder: &Path, model_path: &Path, file: &ModelFile) -> Result<Self> {
        let model = file.model()?;
        let read = |name, kind| Companion::read(folder, name, kind, model_path);
        let card_file = read(files::CARD, Kind::SETTINGS)?;
        let card = Card::parse(card_file.text()?).with_context(|| card_file.damaged())?;
        let (name, model_name) = (card_file.path.display(), model_path.display());
        let digest = sha256(file.bytes());
        ensure!(
            card.sha256 == digest,
            "{name} is not the card of {model_name}: it is of a model with the SHA-256 {}, this one has {digest}. Put the \
             card's model back, or export the run again, or move the model to a folder of its own to use it without a card",
            card.sha256
        );
        ensure!(
            card.bytes == file.bytes().len()
                && card.classes.len() == model.class_count()
                && card.channels.len() == model.sample_size()
                && card.input_lsb.len() == model.sample_size(),
            "{name} does not describe {model_name}, of {} bytes, {} classes and {} channels: it tells {} bytes, {} classes, \
             {} channels and {} values of input_lsb",
            file.bytes().len(),
            model.class_count(),
            model.sample_size(),
            card.bytes,
            card.classes.len(),
            card.channels.len(),
            card.input_lsb.len()
        );
        let windows = read(files::WINDOWS, Kind::WINDOWS)?;
        windows.check(&card.windows_sha256, sha256(&windows.bytes))?;
        let shape =
            windows::WindowFile::parse(&windows.bytes).with_context(|| windows.damaged())?;
        let shape = shape.header();
        ensure!(
            usize::from(shape.channels) == model.sample_size(),
            "{} has windows of {} channels, {model_name} takes {}",
            windows.path.display(),
            shape.channels,
            model.sample_size()
        );
        let answers = read(files::GOLDEN, Kind::RECORD)?;
        answers.check(&card.golden_sha256, sha256_of_text(answers.text()?))?;
        let golden: Vec<Answer> =
            serde_json::from_str(answers.text()?).with_context(|| answers.damaged())?;
        ensure!(
            golden.len() == usize::from(shape.windows),
            "{} has {} answers to the {} windows of {}",
            answers.path.display(),
            golden.len(),
            shape.windows,
            windows.path.display()
        );
        Ok(Self {
            path: folder.to_path_buf(),
            card,
            shape,
            windows: windows.bytes,
            golden,
        })
    }
}

/// A file beside a model.
struct Companion {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Companion {
    fn read(folder: &Path, name: &str, kind: Kind, model: &Path) -> Result<Self> {
        let path = folder.join(name);
        ensure!(
            is_there(&path),
            "{} is missing: the folder is not whole. Export the model again; to use the model alone, name the file {} itself, \
             with none of the others beside it",
            path.display(),
            model.display()
        );
        let bytes = untrusted::read(&path, kind)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path, bytes })
    }

    fn text(&self) -> Result<&str> {
        str::from_utf8(&self.bytes).with_context(|| self.damaged())
    }

    fn damaged(&self) -> String {
        format!(
            "{} is damaged: restore it, or export the model again",
            self.path.display()
        )
    }

    /// Compares a digest with the card's, if that has one: cards of earlier versions have none.
    fn check(&self, of_card: &Option<String>, found: String) -> Result<()> {
        ensure!(
            of_card.as_ref().is_none_or(|expected| *expected == found),
            "{}: its SHA-256 is {found}, {} has another",
            self.damaged(),
            files::CARD
        );
        Ok(())
    }
}

/// Whether there is something of this name, be it a link to nothing.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Writes a model folder with another model file in place of its own, whose network is the same: windows, answers and all else that
/// the card tells stay.
///
/// # Errors
/// The answers are not those of `file`, or the folder cannot be written; it is then as it was.
pub fn replace_model(folder: &ModelFolder, file: &ModelFile) -> Result<Card> {
    write_beside(folder, file, &folder.path)
}

/// The same in a folder of another name.
///
/// # Errors
/// Those of [`replace_model`].
pub fn write_beside(folder: &ModelFolder, file: &ModelFile, out: &Path) -> Result<Card> {
    let model = file.model()?;
    for (index, expected) in folder.golden.iter().enumerate() {
        let window = folder.window(index).context("a window for each answer")?;
        let found = KernelName::Fwht.answer(&model, &window)?;
        ensure!(found == *expected, "the network is another one");
    }
    let card = Card {
        bytes: file.bytes().len(),
        sha256: sha256(file.bytes()),
        ..folder.card.clone()
    };
    write_files(out, file, card, &folder.windows, &folder.golden)
}

/// Writes a model folder, in place of an earlier one of this name, and returns the card with the digests of the files
/// beside it.
///
/// A folder that holds anything else keeps it, and is written file by file; so is the current folder, and one that cannot be
/// renamed, such as a mounted volume. A write that is cut short there is found out on reading.
///
/// # Errors
/// The folder cannot be written; an earlier one is then as it was, but for those that are written file by file.
pub fn write(folder: &Path, file: &ModelFile, card: Card, test: &Sequences) -> Result<Card> {
    let model = file.model()?;
    let stride = (test.len() / GOLDEN_WINDOWS).max(1);
    let chosen: Vec<usize> = (0..test.len())
        .step_by(stride)
        .take(GOLDEN_WINDOWS)
        .collect();
    let windows = test.select(&chosen);
    let answers: Vec<Answer> =
        integer::answers(&model, KernelName::Fwht, &windows, &card.input_lsb)?;
    let windows = verify::window_file(&model, &windows, &card.input_lsb, windows.len())?;
    write_files(folder, file, card, &windows, &answers)
}

fn write_files(
    folder: &Path,
    file: &ModelFile,
    card: Card,
    windows: &[u8],
    answers: &[Answer],
) -> Result<Card> {
    let golden =
        serde_json::to_string_pretty(answers).context("cannot encode golden vectors")? + "\n";
    let card = Card {
        windows_sha256: Some(sha256(windows)),
        golden_sha256: Some(sha256_of_text(&golden)),
        ..card
    };
    let text = card.to_text()?;
    // The card last: until it is there, a folder that is written file by file does not fit together.
    let contents = [
        (files::MODEL, file.bytes()),
        (files::WINDOWS, windows),
        (files::GOLDEN, golden.as_bytes()),
        (files::CARD, text.as_bytes()),
    ];
    replace::write(folder, &contents)?;
    Ok(card)
}

#[cfg(test)]
mod tests;
