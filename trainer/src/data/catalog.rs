//! The known data sets: where they come from, what they may be used for, and what they are called on disk.

use std::path::Path;

use anyhow::{Result, bail};

use super::archive::ENDINGS;

pub(super) mod published;
mod sets;

pub use sets::{COPY, DSA, IMDB, MNIST, QQP, RECORDINGS, SST2, UCI_HAR};

/// A data set as its authors published it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DataSet {
    /// Name of the data set on the command line.
    pub name: &'static str,
    /// Full name of the data set.
    pub title: &'static str,
    /// The official page about it.
    pub page: &'static str,
    /// Terms of use.
    pub licence: &'static str,
    /// Publication that its authors ask to be cited.
    pub citation: &'static str,
    /// Downloads that it consists of; empty for a generated set.
    pub parts: &'static [Part],
    /// A single file that holds the same in another form; it is taken where it is found.
    pub instead: Option<&'static Part>,
}

/// A file or archive that a data set is made of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Part {
    /// Short description of its content.
    pub what: &'static str,
    /// The official download; empty where there is none.
    pub url: &'static str,
    /// Where the official download is saved, under the data folder.
    pub saved_as: &'static str,
    /// How its content is told to be the published one.
    pub check: Check,
    /// File names under which it is known, in lower case.
    pub names: &'static [&'static str],
    /// Names, without ending and in lower case with single blanks, under which archives of it are known.
    pub stems: &'static [&'static str],
    /// Files or folders, any of which tells a folder in the published layout.
    pub layout: &'static [&'static str],
    /// Whether such a folder must be named like one of `stems`, because other sets have the same layout.
    pub named: bool,
}

/// How a part's content is told to be the published one. Archives get packed anew, so what they hold is compared.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Check {
    /// SHA-256 of the file, after decompression if it is a gz or xz.
    File(&'static str),
    /// SHA-256 of files inside a folder or archive, by their paths in it.
    Inside(&'static [(&'static str, &'static str)]),
    /// SHA-256 over the parsed content.
    Content {
        /// The published one's.
        sha256: &'static str,
        /// The set whose reader digests it.
        set: ContentOf,
    },
    /// No digest of the published tables of QQP is known: they must be well formed.
    FormOfQqp,
}

/// Sets whose parsed content is digested.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ContentOf {
    /// The Large Movie Review Dataset.
    Imdb,
    /// UCI HAR.
    UciHar,
    /// Daily and Sports Activities.
    Dsa,
}

/// The parsed content of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// SHA-256, in hexadecimal.
    pub sha256: String,
    /// Short description of the content that was found.
    pub what: String,
}

impl DataSet {
    /// Whether it is generated instead of read from files.
    pub fn is_generated(&self) -> bool {
        self.parts.is_empty()
    }

    /// Advice for a file that is not as published.
    pub(super) fn remedy(&self) -> String {
        format!(
            "the file is not as published: get the data set again (`hadamrnn data fetch {}`)",
            self.name
        )
    }
}

impl Part {
    /// Whether `folder` itself looks like the published layout.
    pub(super) fn is_layout(&self, folder: &Path) -> bool {
        let named = || words(folder).is_some_and(|name| self.stems.contains(&name.as_str()));
        self.layout.iter().any(|file| folder.join(file).exists()) && (!self.named || named())
    }

    /// Whether a file's name is one of those under which the part is known, whatever stands between the words.
    pub(super) fn is_named(&self, path: &Path) -> bool {
        let Some(name) = path.file_name() else {
            return false;
        };
        let name = name.to_string_lossy().to_lowercase();
        let words = words(path).unwrap_or_default();
        self.names.contains(&name.as_str())
            || ENDINGS
                .iter()
                .filter_map(|ending| words.strip_suffix(ending))
                .any(|stem| self.stems.contains(&stem))
    }
}

/// The last name of a path in lower case, with blanks between the words.
fn words(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    Some(name.replace(['_', '-', '+'], " "))
}

/// Every known data set.
pub fn list() -> [&'static DataSet; 7] {
    [&COPY, &MNIST, &IMDB, &SST2, &QQP, &UCI_HAR, &DSA]
}

/// The data set called `name`.
///
/// # Errors
/// There is none; the message lists those that are.
pub fn find(name: &str) -> Result<&'static DataSet> {
    let Some(set) = list().into_iter().find(|set| set.name == name) else {
        bail!(
            "no data set is named \"{name}\"; there are {}",
            list().map(|set| set.name).join(", ")
        );
    };
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        for set in list() {
            assert_eq!(find(set.name).unwrap().title, set.title);
        }
        let message = find("mnist2").unwrap_err().to_string();
        assert!(message.contains("copy, mnist, imdb, sst2, qqp, uci-har, dsa"));
    }

    #[test]
    fn downloads_are_found_where_they_are_saved() {
        for part in list().into_iter().flat_map(|set| set.parts) {
            assert!(part.url.starts_with("https://"), "{}", part.url);
            assert!(part.is_named(Path::new(part.saved_as)), "{}", part.saved_as);
            assert_eq!(Path::new(part.saved_as).components().count(), 2);
        }
    }

    #[test]
    fn layouts_that_are_alike_are_told_by_name() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["SST-2", "QQP", "other"] {
            std::fs::create_dir(dir.path().join(name)).unwrap();
            std::fs::write(dir.path().join(name).join("train.tsv"), "").unwrap();
        }
        let is = |set: &DataSet, name| set.parts[0].is_layout(&dir.path().join(name));
        assert!(is(&SST2, "SST-2") && !is(&SST2, "QQP") && !is(&SST2, "other"));
        assert!(is(&QQP, "QQP") && !is(&QQP, "SST-2"));
    }
}
