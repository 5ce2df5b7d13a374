//! Finding a task's data: the folder that the user names, else the shipped sample.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::archive::{self, ENDINGS};
use super::{DataSet, Task, uci_har};

/// The environment variable that names the data folder where no option does.
pub const DATA_DIR_VARIABLE: &str = "HADAMRNN_DATA";

/// Where data come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder in the published layout, its parent, or an archive of it.
    Path(PathBuf),
    /// The sample that ships inside the program.
    Sample,
    /// Nowhere: the data are generated.
    Generated,
}

impl Source {
    /// What a user must know about results from this source.
    pub fn notice(&self) -> Option<String> {
        (*self == Self::Sample).then(|| {
            format!(
                "no data folder is named, so the small sample that ships with the program is used: its results do \
                 not compare with published ones. For the full set, name its folder with --data-dir or \
                 {DATA_DIR_VARIABLE}; `hadamrnn data fetch uci-har` downloads it."
            )
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Sample => f.write_str("the shipped sample"),
            Self::Generated => f.write_str("nowhere (generated)"),
        }
    }
}

/// Finds the data of `task`: in `data_dir`, else in the folder that [`DATA_DIR_VARIABLE`] names, else the shipped
/// sample (see [`Source::notice`]).
///
/// A data folder may be the data set's own folder, an archive of it, or hold either of them at its top or one folder
/// down, under any of the usual names.
///
/// # Errors
/// A data folder is named but the data set is not in it; the message lists what was looked for.
pub fn locate(task: Task, data_dir: Option<&Path>) -> Result<Source> {
    locate_with(task, data_dir, env::var_os(DATA_DIR_VARIABLE))
}

fn locate_with(task: Task, data_dir: Option<&Path>, variable: Option<OsString>) -> Result<Source> {
    if task == Task::Copy {
        return Ok(Source::Generated);
    }
    if let Some(dir) = data_dir {
        return find(task.data_set(), dir).context("--data-dir");
    }
    match variable.filter(|value| !value.is_empty()) {
        Some(dir) => find(task.data_set(), Path::new(&dir)).context(DATA_DIR_VARIABLE),
        None => Ok(Source::Sample),
    }
}

/// Finds `set` in the data folder `dir`.
pub(super) fn find(set: &DataSet, dir: &Path) -> Result<Source> {
    if dir.is_file() {
        return Ok(Source::Path(dir.to_owned()));
    }
    if !dir.is_dir() {
        bail!(
            "{} is not there: name the folder that holds the data, or one of the archives itself",
            dir.display()
        );
    }
    if uci_har::is_layout(dir) {
        return Ok(Source::Path(dir.to_owned()));
    }
    let top = archive::entries(dir)?;
    // A folder that may not be listed cannot be one of the user's data sets.
    let below = top
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| archive::entries(path).unwrap_or_default());
    let below: Vec<PathBuf> = below.collect();
    let is_folder = |path: &&PathBuf| path.is_dir() && uci_har::is_layout(path);
    let is_archive = |path: &&PathBuf| path.is_file() && is_named(set, path);
    // Unpacked before packed, top before below, then by name.
    let found = [&top, &below].into_iter().flatten().find(is_folder);
    let found = found.or_else(|| [&top, &below].into_iter().flatten().find(is_archive));
    match found {
        Some(path) => Ok(Source::Path(path.clone())),
        None => bail!(
            "no {} in {}: looked there and one folder down for {}. `hadamrnn data fetch {}` downloads it; or {}",
            set.name,
            dir.display(),
            looked_for(set),
            set.name,
            by_hand(set, dir)
        ),
    }
}

/// Whether the file's name is a stem of `set` with an archive's ending, whatever stands between the words.
fn is_named(set: &DataSet, path: &Path) -> bool {
    let Some(name) = path.file_name() else {
        return false;
    };
    let name: String = name
        .to_string_lossy()
        .to_lowercase()
        .replace(['_', '-', '+'], " ");
    ENDINGS
        .iter()
        .filter_map(|ending| name.strip_suffix(ending))
        .any(|stem| set.stems.contains(&stem))
}

fn looked_for(set: &DataSet) -> String {
    let stems: Vec<String> = set.stems.iter().map(|stem| format!("\"{stem}\"")).collect();
    format!(
        "a folder in the published layout (with train/y_train.txt in it) and for archives named {} (in capitals or \
         not, with blanks, _, - or + between the words) ending in {}",
        stems.join(", "),
        ENDINGS.join(" ")
    )
}

/// How to get `set` into the data folder `dir` without the program.
pub(super) fn by_hand(set: &DataSet, dir: &Path) -> String {
    format!(
        "get {} with a browser and save it as {}",
        set.url,
        dir.join(set.name).join(set.file).display()
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
                Source::Path(path.clone())
            );
            assert_eq!(
                find(Task::Har2.data_set(), &path).unwrap(),
                Source::Path(path)
            );
        }
        for name in ["UCI HAR Dataset", "uci-har/UCI HAR Dataset", "anything"] {
            let dir = tempfile::tempdir().unwrap();
            touch(dir.path(), "UCI HAR Dataset.zip");
            touch(dir.path(), &format!("{name}/train/y_train.txt"));
            let folder = dir.path().join(name);
            assert_eq!(
                find(Task::Har6.data_set(), dir.path()).unwrap(),
                Source::Path(folder.clone())
            );
            assert_eq!(
                find(Task::Har6.data_set(), &folder).unwrap(),
                Source::Path(folder)
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
            Source::Path(in_a)
        );
        assert_eq!(
            locate_with(Task::Har2, None, variable()).unwrap(),
            Source::Path(in_b)
        );
        for none in [None, Some(OsString::new())] {
            let sample = locate_with(Task::Har2, None, none).unwrap();
            assert!(sample.notice().unwrap().contains("--data-dir"));
        }
        assert_eq!(
            locate_with(Task::Copy, None, None).unwrap(),
            Source::Generated
        );
    }

    #[test]
    fn a_named_folder_without_the_data_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        touch(dir.path(), "uci-har/readme.txt");
        let error = locate_with(Task::Har2, Some(dir.path()), None).unwrap_err();
        let message = format!("{error:#}");
        for part in [
            "--data-dir: no uci-har in ",
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
