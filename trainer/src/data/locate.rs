//! Finding a task's data: in the folder that the user names, else the shipped sample where there is one.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::archive::{self, ENDINGS};
use super::catalog::{self, Part};
use super::{DataSet, Task, recordings};

/// The environment variable that names the data folder where no option does.
pub const DATA_DIR_VARIABLE: &str = "HADAMRNN_DATA";

/// Where data come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// For each part of the data set, in the order of [`DataSet::parts`]: a folder in the published layout, its parent,
    /// an archive, or a file. Or one file that holds all parts, [`DataSet::instead`].
    Files(Vec<PathBuf>),
    /// The user's own recordings.
    Own {
        /// Folder, file or archive that the user named.
        place: PathBuf,
        /// Files with the ending `.csv` in it, or the file itself.
        files: Vec<PathBuf>,
    },
    /// The sample that ships inside the program.
    Sample,
    /// Nowhere: the data are generated.
    Generated,
}

impl Source {
    /// A data set that is one folder, archive or file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::Files(vec![path.into()])
    }

    /// Notice for the user about results from this source, if there is one.
    pub fn notice(&self) -> Option<String> {
        (*self == Self::Sample).then(|| {
            format!(
                "no data folder is named, so the small sample that ships with the program is used: its results do \
                 not compare with published ones. For the full set, name its folder with --data-dir or \
                 {DATA_DIR_VARIABLE}; `hadamrnn data fetch uci-har` downloads it."
            )
        })
    }

    /// The paths; an error where the data are none of the user's files.
    pub(super) fn paths(&self) -> Result<&[PathBuf]> {
        match self {
            Self::Files(paths) | Self::Own { files: paths, .. } => Ok(paths),
            other => bail!("this data set is read from files, not from {other}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(paths) => {
                let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
                f.write_str(&paths.join(", "))
            }
            Self::Own { place, .. } => write!(f, "{}", place.display()),
            Self::Sample => f.write_str("the shipped sample"),
            Self::Generated => f.write_str("nowhere (generated)"),
        }
    }
}

/// The folder with the data sets: `data_dir`, else the one that [`DATA_DIR_VARIABLE`] names, if any.
pub fn named_folder(data_dir: Option<PathBuf>) -> Option<PathBuf> {
    data_dir.or_else(|| env::var_os(DATA_DIR_VARIABLE).map(PathBuf::from))
}

/// Finds the data of `task`: in `data_dir`, else in the folder that [`DATA_DIR_VARIABLE`] names, else the shipped
/// sample of UCI HAR for its tasks (see [`Source::notice`]).
///
/// A data folder may be the data set's own folder, an archive of it, or hold either of them at its top or one folder
/// down, under any of the usual names.
///
/// # Errors
/// A data folder is named but the data set is not in it, or none is named and no sample ships; the message lists what
/// was looked for and how to get it.
pub fn locate(task: Task, data_dir: Option<&Path>) -> Result<Source> {
    locate_with(task, data_dir, env::var_os(DATA_DIR_VARIABLE))
}

fn locate_with(task: Task, data_dir: Option<&Path>, variable: Option<OsString>) -> Result<Source> {
    let set = task.data_set();
    if task == Task::Recordings {
        let place = data_dir.context(
            "task recordings needs your recordings: name their folder, or a .csv file, with --data-dir",
        )?;
        return recordings::locate(place);
    }
    if set.is_generated() {
        return Ok(Source::Generated);
    }
    if let Some(dir) = data_dir {
        return find(set, dir).context("--data-dir");
    }
    match variable.filter(|value| !value.is_empty()) {
        Some(dir) => find(set, Path::new(&dir)).context(DATA_DIR_VARIABLE),
        None if set.name == catalog::UCI_HAR.name => Ok(Source::Sample),
        None => bail!(
            "task {task} needs {}: name the folder that holds it with --data-dir or {DATA_DIR_VARIABLE}; `hadamrnn \
             data fetch {}` downloads it",
            set.title,
            set.name
        ),
    }
}

/// Finds `set` in the data folder `dir`.
pub(super) fn find(set: &DataSet, dir: &Path) -> Result<Source> {
    if dir.is_file() {
        return single(set, dir);
    }
    if !dir.is_dir() {
        bail!(
            "{} is not there: name the folder that holds the data, or one of the archives itself",
            dir.display()
        );
    }
    let folder = Folder::list(dir)?;
    if let Some(path) = set.instead.and_then(|part| folder.find(part)) {
        return Ok(Source::file(path));
    }
    let found = set.parts.iter().map(|part| match folder.find(part) {
        Some(path) => Ok(path),
        None => bail!(
            "no {} ({}) in {}: looked there and one folder down for {}. `hadamrnn data fetch {}` downloads it; or {}",
            set.name,
            part.what,
            dir.display(),
            looked_for(part),
            set.name,
            by_hand(part, dir)
        ),
    });
    Ok(Source::Files(found.collect::<Result<_>>()?))
}

/// A file that the user named in place of a folder.
fn single(set: &DataSet, file: &Path) -> Result<Source> {
    let whole = set.instead.is_some_and(|part| part.is_named(file));
    if whole || set.parts.len() == 1 {
        return Ok(Source::file(file));
    }
    let parts: Vec<&str> = set.parts.iter().map(|part| part.what).collect();
    bail!(
        "{} is one file, but {} is made of {}: name the folder that holds them",
        file.display(),
        set.name,
        parts.join(", ")
    )
}

/// A data folder with what it holds.
struct Folder<'a> {
    dir: &'a Path,
    top: Vec<PathBuf>,
    below: Vec<PathBuf>,
}

impl<'a> Folder<'a> {
    fn list(dir: &'a Path) -> Result<Self> {
        let top = archive::entries(dir)?;
        // A folder that may not be listed cannot be one of the user's data sets.
        let below = top
            .iter()
            .filter(|path| path.is_dir())
            .flat_map(|path| archive::entries(path).unwrap_or_default());
        let below = below.collect();
        Ok(Self { dir, top, below })
    }

    /// Unpacked before packed, top before below, then by name.
    fn find(&self, part: &Part) -> Option<PathBuf> {
        if part.layout.iter().any(|file| self.dir.join(file).exists()) {
            return Some(self.dir.to_owned());
        }
        let all = || self.top.iter().chain(&self.below);
        let folder = all().find(|path| path.is_dir() && part.is_layout(path));
        let found = folder.or_else(|| all().find(|path| path.is_file() && part.is_named(path)));
        found.cloned()
    }
}

fn looked_for(part: &Part) -> String {
    let mut ways = Vec::new();
    if let [first, ..] = part.layout {
        ways.push(format!(
            "a folder in the published layout (with {first} in it)"
        ));
    }
    if !part.stems.is_empty() {
        let stems: Vec<String> = part.stems.iter().map(|s| format!("\"{s}\"")).collect();
        ways.push(format!(
            "archives named {} (in capitals or not, with blanks, _, - or + between the words) ending in {}",
            stems.join(", "),
            ENDINGS.join(" ")
        ));
    }
    if !part.names.is_empty() {
        ways.push(format!("files named {}", part.names.join(", ")));
    }
    ways.join(" and for ")
}

/// How to get `part` into the data folder `dir` without the program.
pub(super) fn by_hand(part: &Part, dir: &Path) -> String {
    format!(
        "get {} with a browser and save it as {}",
        part.url,
        dir.join(part.saved_as).display()
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn touch(root: &Path, name: &str) -> PathBuf {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path
    }

    #[test]
    fn archives_and_folders_by_their_usual_names() {
        for name in [
            "uci-har/UCI_HAR_Dataset.tar.xz",
            "UCI HAR Dataset.zip",
            "human+activity+recognition+using+smartphones.zip",
            "downloads/human+activity+recognition+using+smartphones.zip",
            "UCI-HAR.tar",
            "x/uci_har.TGZ",
        ] {
            let dir = tempfile::tempdir().unwrap();
            touch(dir.path(), "mnist/train-images.gz");
            touch(dir.path(), "UCI HAR Dataset.txt");
            let path = touch(dir.path(), name);
            assert_eq!(
                find(Task::Har2.data_set(), dir.path()).unwrap(),
                Source::file(path.clone())
            );
            assert_eq!(
                find(Task::Har2.data_set(), &path).unwrap(),
                Source::file(path)
            );
        }
        for name in ["UCI HAR Dataset", "uci-har/UCI HAR Dataset", "anything"] {
            let dir = tempfile::tempdir().unwrap();
            touch(dir.path(), "UCI HAR Dataset.zip");
            touch(dir.path(), &format!("{name}/train/y_train.txt"));
            let folder = dir.path().join(name);
            assert_eq!(
                find(Task::Har6.data_set(), dir.path()).unwrap(),
                Source::file(folder.clone())
            );
            assert_eq!(
                find(Task::Har6.data_set(), &folder).unwrap(),
                Source::file(folder)
            );
        }
    }

    #[test]
    fn precedence_and_the_sample() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (in_a, in_b) = (
            touch(a.path(), "uci-har.zip"),
            touch(b.path(), "uci-har.zip"),
        );
        let variable = || Some(b.path().into());
        assert_eq!(
            locate_with(Task::Har2, Some(a.path()), variable()).unwrap(),
            Source::file(in_a)
        );
        assert_eq!(
            locate_with(Task::Har2, None, variable()).unwrap(),
            Source::file(in_b)
        );
        for none in [None, Some(OsString::new())] {
            let sample = locate_with(Task::Har2, None, none).unwrap();
            assert!(sample.notice().unwrap().contains("--data-dir"));
        }
        assert_eq!(
            locate_with(Task::Copy, None, None).unwrap(),
            Source::Generated
        );
        // No other set ships a sample, and none stands in for another.
        for task in Task::ALL
            .into_iter()
            .filter(|task| !task.data_set().is_generated())
        {
            match locate_with(task, None, None) {
                Ok(source) => {
                    assert_eq!((task.data_set().name, source), ("uci-har", Source::Sample))
                }
                Err(error) => assert!(error.to_string().contains(&format!(
                    "`hadamrnn data fetch {}` downloads it",
                    task.data_set().name
                ))),
            }
        }
    }

    #[test]
    fn sets_of_several_parts() {
        let dir = tempfile::tempdir().unwrap();
        let reviews = touch(dir.path(), "imdb/aclImdb.tar.xz");
        let error = format!("{:#}", find(&catalog::IMDB, dir.path()).unwrap_err());
        for part in [
            "no imdb (word index) in",
            "files named imdb_word_index.json",
            "data fetch imdb",
        ] {
            assert!(error.contains(part), "{error}");
        }
        let error = find(&catalog::IMDB, &reviews).unwrap_err().to_string();
        assert!(error.contains("is made of reviews, word index"), "{error}");
        let index = touch(dir.path(), "imdb/imdb_word_index.json.gz");
        assert_eq!(
            find(&catalog::IMDB, dir.path()).unwrap(),
            Source::Files(vec![reviews, index])
        );
        let whole = touch(dir.path(), "keras/imdb.npz");
        for place in [dir.path(), &whole] {
            assert_eq!(find(&catalog::IMDB, place).unwrap(), Source::file(&whole));
        }
    }

    #[test]
    fn a_named_folder_without_the_data_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), "uci-har/readme.txt");
        let error = locate_with(Task::Har2, Some(dir.path()), None).unwrap_err();
        let message = format!("{error:#}");
        for part in [
            "--data-dir: no uci-har (inertial signals) in ",
            "\"uci har dataset\"",
            ".tar.xz",
            "https://archive.ics.uci.edu/",
        ] {
            assert!(message.contains(part), "{message}");
        }
        let error = locate_with(Task::Har2, None, Some("/nonexistent/data".into())).unwrap_err();
        assert!(format!("{error:#}").starts_with("HADAMRNN_DATA: /nonexistent/data is not there"));
    }
}
