//! The place of a run's data, which the run keeps: commands on it find them without being told again.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::error::{Error, Fault, Result, Sort};
use crate::checkpoint;
use crate::files::write_atomically;
use crate::observer::Observer;
use crate::untrusted::{self, Kind};

/// Name of the file in a run folder that says where its data are. There is none where they were found without being named.
const NAME: &str = "data.toml";

/// Whether the folder at `path` is that of a run, with a checkpoint.
pub fn is_run(path: &Path) -> bool {
    path.join(checkpoint::FILE_NAME).is_file()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// Folder, file or archive of the data, absolute.
    data: String,
}

/// Keeps `data_dir` in the folder of a run. A path that is no Unicode cannot be kept, and is named each time.
///
/// # Errors
/// [`Error::Io`].
pub(super) fn keep(run: &Path, data_dir: Option<&Path>) -> Result<()> {
    let file = run.join(NAME);
    let absolute = data_dir.and_then(|place| std::path::absolute(place).ok());
    let Some(data) = absolute.and_then(|place| place.into_os_string().into_string().ok()) else {
        let removed = match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        return removed
            .with_context(|| format!("cannot remove {}", file.display()))
            .sort_at(Error::Io, &file);
    };
    let text = toml::to_string(&Place { data }).sort_at(Error::Io, &file)?;
    write_atomically(&file, text.as_bytes()).sort_at(Error::Io, &file)
}

/// The place of the data of the run in the folder `run`: `given` if there is one, else the kept one, which the observer is told
/// of. None of what is no run, and where none is kept.
///
/// # Errors
/// [`Error::Data`]: the kept place is not there; [`Error::Checkpoint`]: the file that says it is damaged.
pub(super) fn data_of_run(
    run: &Path,
    given: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Option<PathBuf>> {
    let file = run.join(NAME);
    if given.is_some() || !is_run(run) || file.symlink_metadata().is_err() {
        return Ok(given.map(Path::to_owned));
    }
    let data = PathBuf::from(read(&file)?.data);
    if !data.exists() {
        let fault = Fault::new(format_args!(
            "{} is of a run on the data in {}, which is not there: name where they are now with --data-dir",
            run.display(),
            data.display()
        ));
        return Err(Error::Data(fault.at(&data)));
    }
    observer.notice(&format!(
        "note: the data are those in {}, as in training; --data-dir names others",
        data.display()
    ));
    Ok(Some(data))
}

fn read(file: &Path) -> Result<Place> {
    let text = untrusted::text(file, Kind::SETTINGS).map_err(anyhow::Error::from);
    text.and_then(|text| Ok(toml::from_str(&text)?))
        .with_context(|| {
            format!(
                "{}: it should say data = \"FOLDER\": remove it, and name the data with --data-dir",
                file.display()
            )
        })
        .sort_at(Error::Checkpoint, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Silent;

    #[test]
    fn the_kept_place_goes_behind_a_given_one_and_is_told_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let data = folder.path().join("a \"b\"\nc");
        std::fs::create_dir(&run).unwrap();
        std::fs::write(run.join(checkpoint::FILE_NAME), "").unwrap();
        let found = |given| data_of_run(&run, given, &mut Silent);
        assert_eq!(found(None).unwrap(), None);
        keep(&run, Some(&data)).unwrap();
        let error = found(None).unwrap_err();
        assert!(matches!(error, Error::Data(_)));
        assert!(error.to_string().contains("--data-dir"), "{error}");
        std::fs::create_dir(&data).unwrap();
        assert_eq!(found(None).unwrap(), Some(data));
        let other = Path::new("other");
        assert_eq!(found(Some(other)).unwrap(), Some(other.into()));
        for damaged in ["", "data = 3", "data = \"x\"\nmore = 1", "\u{0}"] {
            std::fs::write(run.join(NAME), damaged).unwrap();
            let error = found(None).unwrap_err();
            assert!(
                error.with_causes().contains("data.toml: it should say"),
                "{}",
                error.with_causes()
            );
        }
        keep(&run, None).unwrap();
        keep(&run, None).unwrap();
        assert_eq!(found(None).unwrap(), None);
    }
}
