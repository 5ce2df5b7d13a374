//! The files of an input: a file, a folder with its sub-folders, an archive, or archives in a folder.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::data::archive::{self, Input, Select};
use crate::untrusted::{self, Budget, Kind};

/// Name of the task file in a folder of recordings.
pub const TASK_FILE: &str = "task.toml";

/// How deep folders may lie in each other.
const MAX_FOLDERS: u32 = 8;
/// Bytes of memory that an entry is charged beside its name.
const ENTRY_COST: usize = 160;
/// The first bytes of a zip.
const ZIP: &[u8] = b"PK\x03\x04";

/// A file of an input.
#[derive(Debug)]
pub(super) struct Entry {
    /// Path below the input, with `/`; the name of the file where that is the input.
    pub name: String,
    content: Content,
}

#[derive(Debug)]
enum Content {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Entry {
    #[cfg(test)]
    pub fn of_bytes(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            content: Content::Bytes(bytes.to_vec()),
        }
    }

    /// The content; one compressed by gzip or xz is decompressed.
    pub fn read(&self) -> Result<Cow<'_, [u8]>> {
        match &self.content {
            Content::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
            Content::File(path) => {
                let bytes = archive::read_plain(path, Kind::DATA, &Budget::of_data_set())?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// The folder, with `/` at its end, or nothing.
    pub fn folder(&self) -> &str {
        let end = self.name.rfind('/').map_or(0, |at| at + 1);
        &self.name[..end]
    }

    /// The file's name without its folder.
    pub fn file(&self) -> &str {
        &self.name[self.folder().len()..]
    }

    /// The file's name without folder and ending.
    pub fn stem(&self) -> &str {
        stem(self.file())
    }
}

/// A file's name without its last ending.
pub(super) fn stem(file: &str) -> &str {
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

/// Whether a name is that of a file that never holds data: hidden ones, and the twins that macOS makes.
fn is_hidden(name: &str) -> bool {
    name.split('/')
        .any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// Lists what `input` holds, by name.
///
/// # Errors
/// It is not there, cannot be listed, or holds something else than files and folders.
pub(super) fn entries(input: &Path, budget: &Budget) -> Result<Vec<Entry>> {
    let shown = || input.display().to_string();
    if !input.exists() {
        bail!("{} is not there", shown());
    }
    let mut found = Vec::new();
    if input.is_dir() {
        walk(input, "", MAX_FOLDERS, budget, &mut found)?;
        let mut all = Vec::with_capacity(found.len());
        for (name, path) in found {
            file(name, path, true, budget, &mut all)?;
        }
        return Ok(all);
    }
    let name = input
        .file_name()
        .map_or_else(shown, |name| name.to_string_lossy().into_owned());
    let mut all = Vec::new();
    file(name, input.to_owned(), false, budget, &mut all)?;
    Ok(all)
}

fn walk(
    folder: &Path,
    above: &str,
    depth: u32,
    budget: &Budget,
    found: &mut Vec<(String, PathBuf)>,
) -> Result<()> {
    for path in archive::entries(folder)? {
        let last = path.file_name().unwrap_or_default().to_string_lossy();
        if is_hidden(&last) {
            continue;
        }
        let name = format!("{above}{last}");
        if path.is_dir() {
            if depth == 0 {
                bail!(
                    "{}: folders lie more than {MAX_FOLDERS} deep in each other",
                    path.display()
                );
            }
            walk(&path, &format!("{name}/"), depth - 1, budget, found)?;
        } else {
            budget.take(ENTRY_COST + name.len())?;
            found.push((name, path));
        }
    }
    Ok(())
}

/// Adds a file, or what an archive holds.
fn file(
    name: String,
    path: PathBuf,
    in_folder: bool,
    budget: &Budget,
    all: &mut Vec<Entry>,
) -> Result<()> {
    let context = || path.display().to_string();
    let mut head = Vec::new();
    untrusted::open(&path)
        .with_context(context)?
        .take(512)
        .read_to_end(&mut head)
        .with_context(context)?;
    let lower = name.to_ascii_lowercase();
    let is_tar = head.get(257..262) == Some(b"ustar")
        || [".tar.gz", ".tgz", ".tar.xz", ".txz"]
            .iter()
            .any(|end| lower.ends_with(end));
    let is_archive = is_tar || (head.starts_with(ZIP) && !is_document(&path, &lower));
    if !is_archive {
        all.push(Entry {
            name,
            content: Content::File(path),
        });
        return Ok(());
    }
    // In a folder the archive is a folder of its own.
    let above = match in_folder {
        true => format!("{}/", stem(&name)),
        false => String::new(),
    };
    let mut inside = unpack(&path, &above, budget).with_context(context)?;
    inside.sort_by(|a, b| a.name.cmp(&b.name));
    all.extend(inside);
    Ok(())
}

/// Whether a zip is one file to its format: arrays, or a spreadsheet.
fn is_document(path: &Path, lower: &str) -> bool {
    if [".npz", ".xlsx", ".ods", ".docx"]
        .iter()
        .any(|end| lower.ends_with(end))
    {
        return true;
    }
    let Ok(archive) =
        untrusted::open(path).map(|file| archive::open_zip(std::io::BufReader::new(file)))
    else {
        return false;
    };
    let Ok(archive) = archive else { return false };
    let mut names = archive.file_names_raw().peekable();
    names.peek().is_some() && names.all(|name| name.ends_with(b".npy"))
}

fn unpack(path: &Path, above: &str, budget: &Budget) -> Result<Vec<Entry>> {
    let names = std::sync::Mutex::new(Vec::new());
    let number = |name: &str| {
        let name = name.trim_start_matches("./");
        if name.ends_with('/') || is_hidden(name) || name.to_ascii_lowercase().ends_with(".zip") {
            return None;
        }
        let mut names = names.lock().ok()?;
        names.push(name.to_owned());
        Some(names.len() - 1)
    };
    let mut contents = Vec::new();
    archive::visit(
        Input::Path(path),
        Select::Paths(&number),
        budget,
        &mut |number, bytes| {
            contents.push((number, bytes));
            Ok(())
        },
    )?;
    let names = names.into_inner().unwrap_or_default();
    let mut seen = HashSet::new();
    let mut all = Vec::with_capacity(contents.len());
    for (number, bytes) in contents {
        let name: &String = &names[number];
        budget.take(ENTRY_COST + name.len())?;
        if !seen.insert(name.clone()) {
            bail!("{name} is there twice");
        }
        all.push(Entry {
            name: format!("{above}{name}"),
            content: Content::Bytes(bytes),
        });
    }
    Ok(all)
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use super::*;

    pub(in crate::data::import) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default())
                .unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn names(path: &Path) -> Vec<String> {
        let all = entries(path, &Budget::of_data_set()).unwrap();
        all.into_iter().map(|entry| entry.name).collect()
    }

    #[test]
    fn folders_are_walked_and_hidden_files_are_no_data() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("walk/day2")).unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        for file in [
            "a.csv",
            "._a.csv",
            ".DS_Store",
            ".git/x.csv",
            "walk/b.csv",
            "walk/._b.csv",
            "walk/day2/c.csv",
        ] {
            std::fs::write(root.join(file), "x").unwrap();
        }
        let inside = zip(&[
            ("Gyroscope.csv", b"g"),
            ("__MACOSX/._Gyroscope.csv", b"?"),
            ("meta/time.csv", b"t"),
        ]);
        std::fs::write(root.join("run-1.zip"), &inside).unwrap();
        assert_eq!(
            names(root),
            [
                "a.csv",
                "run-1/Gyroscope.csv",
                "run-1/meta/time.csv",
                "walk/b.csv",
                "walk/day2/c.csv"
            ]
        );
        assert_eq!(
            names(&root.join("run-1.zip")),
            ["Gyroscope.csv", "meta/time.csv"]
        );
        let all = entries(root, &Budget::of_data_set()).unwrap();
        assert_eq!(
            (all[1].folder(), all[1].file(), all[1].stem()),
            ("run-1/", "Gyroscope.csv", "Gyroscope")
        );
        assert_eq!(&*all[1].read().unwrap(), b"g");
        assert!(entries(&root.join("none"), &Budget::of_data_set()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        crate::untrusted::tests::make_pipe(&folder.path().join("pipe.csv"));
        let error = format!(
            "{:#}",
            entries(folder.path(), &Budget::of_data_set()).unwrap_err()
        );
        assert!(error.contains("it is a pipe"), "{error}");
    }
}
