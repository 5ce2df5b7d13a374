//! The known data sets: where they come from, what they may be used for, and what they are called on disk.

use anyhow::{Result, bail};

/// A data set as its authors published it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DataSet {
    /// Its name on the command line, and of its folder in a data folder.
    pub name: &'static str,
    /// Its full name.
    pub title: &'static str,
    /// The official download; empty for a generated set.
    pub url: &'static str,
    /// The name of the file that the official download is saved as.
    pub file: &'static str,
    /// The official page about it.
    pub page: &'static str,
    /// Its terms of use.
    pub licence: &'static str,
    /// What its authors ask to be cited.
    pub citation: &'static str,
    /// Names, without ending and in lower case with single blanks, under which folders and archives of it are known.
    pub stems: &'static [&'static str],
    /// SHA-256 over the parsed content of the full set, as [`uci_har::check`](super::uci_har::check) defines it; empty
    /// for a generated set.
    pub content_sha256: &'static str,
}

/// UCI HAR: the sensor data of [`Har2`](super::Task::Har2) and [`Har6`](super::Task::Har6).
pub static UCI_HAR: DataSet = DataSet {
    name: "uci-har",
    title: "Human Activity Recognition Using Smartphones (UCI HAR)",
    url: "https://archive.ics.uci.edu/static/public/240/human+activity+recognition+using+smartphones.zip",
    file: "human+activity+recognition+using+smartphones.zip",
    page: "https://doi.org/10.24432/C54S4K",
    licence: "listed as CC BY 4.0 at the UCI repository; its own README.txt asks for citation and prohibits commercial \
              use",
    citation: "D. Anguita, A. Ghio, L. Oneto, X. Parra, J. L. Reyes-Ortiz: A Public Domain Dataset for Human Activity \
               Recognition Using Smartphones. ESANN 2013",
    stems: &[
        "uci har dataset",
        "uci har",
        "human activity recognition using smartphones",
    ],
    content_sha256: super::uci_har::FULL_SHA256,
};

/// The copying-memory task, which is generated.
pub static COPY: DataSet = DataSet {
    name: "copy",
    title: "Copying-memory task (generated)",
    url: "",
    file: "",
    page: "https://doi.org/10.1162/neco.1997.9.8.1735",
    licence: "none needed",
    citation: "S. Hochreiter, J. Schmidhuber: Long Short-Term Memory. Neural Computation 9(8), 1997; in this form: \
               M. Arjovsky, A. Shah, Y. Bengio: Unitary Evolution Recurrent Neural Networks. ICML 2016",
    stems: &[],
    content_sha256: "",
};

/// Every known data set, by name.
pub fn list() -> [&'static DataSet; 2] {
    [&COPY, &UCI_HAR]
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
            assert!(set.url.ends_with(set.file));
        }
        assert!(
            find("mnist2")
                .unwrap_err()
                .to_string()
                .contains("copy, uci-har")
        );
    }
}
