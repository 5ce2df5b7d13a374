//! The place of a run's data, which the run keeps: commands on it find them without being told again.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::error::{Error, Fault, Result, Sort};
use crate::card::files;
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

/// The folder of the run at `path`, or of the run in whose folder the model folder or model file at `path` lies; none of others.
fn run_of(path: &Path) -> Option<PathBuf> {
    if is_run(path) {
        return Some(path.to_owned());
    }
    let path = path.canonicalize().ok()?;
    let model = if path.is_dir() {
        &*path
    } else {
        path.parent()?
    };
    let above = model.parent()?;
    (model.join(files::MODEL).is_file() && is_run(above)).then(|| above.to_owned())
}

/// A hint at the model of a folder that is no model itself, such as that of a search; empty where it has none.
pub(super) fn hint_at_model(path: &Path) -> String {
    let model = path.join("model");
    match model.join(files::MODEL).is_file() {
        true => format!("; its model is in {}", model.display()),
        false => String::new(),
    }
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

/// The place of the data of the run at `path`, or of the run in whose folder the model at `path` lies: `given` if there is one,
/// else the kept one, which the observer is told of. None of what is no run's, and where none is kept.
///
/// # Errors
/// [`Error::Data`]: the kept place is not there; [`Error::Checkpoint`]: the file that says it is damaged.
pub(super) fn data_of_run(
    path: &Path,
    given: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<Option<PathBuf>> {
    if given.is_some() {
        return Ok(given.map(Path::to_owned));
    }
    let kept = run_of(path).filter(|run| run.join(NAME).symlink_metadata().is_ok());
    let Some(run) = kept else {
        return Ok(None);
    };
    let file = run.join(NAME);
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
    fn a_model_in_the_folder_of_its_run_has_the_data_of_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let model = run.join("my model");
        let file = model.join(files::MODEL);
        let data = folder.path().join("data");
        for folder in [&model, &data] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let found = |path: &Path| data_of_run(path, None, &mut Silent).unwrap();
        keep(&run, Some(&data)).unwrap();
        std::fs::write(&file, "").unwrap();
        // A folder without a checkpoint is no run's.
        assert_eq!(found(&model), None);
        assert_eq!(hint_at_model(&run), "");
        std::fs::write(run.join(checkpoint::FILE_NAME), "").unwrap();
        for path in [
            &model,
            &file,
            &model.join("."),
            &run.join("my model/../my model"),
        ] {
            assert_eq!(found(path).as_ref(), Some(&data), "{}", path.display());
        }
        let other = Path::new("other");
        let given = data_of_run(&model, Some(other), &mut Silent).unwrap();
        assert_eq!(given, Some(other.into()));
        // Neither is another folder in it, nor the model of another place.
        std::fs::create_dir(run.join("other")).unwrap();
        assert_eq!(found(&run.join("other")), None);
        let outside = folder.path().join("model");
        std::fs::rename(&model, &outside).unwrap();
        assert_eq!(found(&outside), None);
        assert!(hint_at_model(folder.path()).ends_with("/model"));
    }

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
