//! Labels that stand in names of files and folders.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::str::FromStr;

use anyhow::{Result, bail, ensure};

use super::source::stem;
use crate::data::people;
use crate::visible;

/// The most parts of a pattern.
const MOST_PARTS: usize = 12;
/// Names of folders that stand for splits, not for classes.
const SPLITS: [&str; 8] = [
    "train",
    "training",
    "test",
    "testing",
    "valid",
    "validation",
    "val",
    "data",
];

/// Letters and short words that, before a number, name people, beside the words of [`people`].
const PEOPLE: [&str; 5] = ["sub", "s", "p", "u", "id"];

/// Where a label stands in the name of a file, such as `{label}-*.csv` or `{subject}/{label}/*`.
///
/// `*` stands for any text, `{label}` and `{subject}` for the shortest text that fits; none of them goes beyond a `/`. A pattern
/// without `/` is of the file's name, one with `/` of as many last parts of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    Label,
    Subject,
}

impl FromStr for Pattern {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (part, length) = match rest {
                _ if rest.starts_with('*') => (Part::Any, 1),
                _ if rest.starts_with("{label}") => (Part::Label, "{label}".len()),
                _ if rest.starts_with("{subject}") => (Part::Subject, "{subject}".len()),
                _ if rest.starts_with('{') => {
                    bail!("\"{text}\": only {{label}} and {{subject}} stand in braces")
                }
                _ => {
                    let end = rest.find(['*', '{']).unwrap_or(rest.len());
                    (Part::Text(rest[..end].to_owned()), end)
                }
            };
            parts.push(part);
            rest = &rest[length..];
        }
        ensure!(
            parts.contains(&Part::Label),
            "\"{text}\" has no {{label}}, such as '{{label}}-*.csv'"
        );
        ensure!(
            parts.len() <= MOST_PARTS,
            "\"{text}\" has more than {MOST_PARTS} parts"
        );
        let twice = |part| parts.iter().filter(|&other| *other == part).count() > 1;
        ensure!(
            !twice(Part::Label) && !twice(Part::Subject),
            "\"{text}\" names a part twice"
        );
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }
}

/// Label and subject that a pattern finds in a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub label: String,
    pub subject: Option<String>,
}

impl Pattern {
    /// Finds label and subject in `path`; none where the pattern does not fit.
    pub(super) fn find(&self, path: &str) -> Option<Named> {
        let depth = self.text.matches('/').count();
        let start = path
            .rmatch_indices('/')
            .nth(depth)
            .map_or(0, |(at, _)| at + 1);
        let mut named = Named::default();
        let mut failed = HashSet::new();
        fits(&self.parts, &path[start..], &mut named, &mut failed).then_some(named)
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// `failed` holds the numbers of parts and characters that are left where nothing fits, so that none is tried twice.
fn fits(
    parts: &[Part],
    text: &str,
    named: &mut Named,
    failed: &mut HashSet<(usize, usize)>,
) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let place = (parts.len(), text.len());
    if failed.contains(&place) {
        return false;
    }
    let most = text.find('/').unwrap_or(text.len());
    let (least, most) = match part {
        Part::Text(own) if text.starts_with(own.as_str()) => (own.len(), own.len()),
        Part::Text(_) => (1, 0),
        Part::Any => (0, most),
        Part::Label | Part::Subject => (1, most),
    };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    for end in ends.filter(|end| (least..=most).contains(end)) {
        if fits(rest, &text[end..], named, failed) {
            match part {
                Part::Label => named.label = text[..end].trim().to_owned(),
                Part::Subject => named.subject = Some(text[..end].trim().to_owned()),
                Part::Text(_) | Part::Any => {}
            }
            return true;
        }
    }
    failed.insert(place);
    false
}

/// The labels that the folders of these paths give: those of a folder per class. None where all are in one folder.
///
/// # Errors
/// Folders lie in each other so that it is not clear which of them stand for classes, or look like people.
///
/// `people` are the persons that the files name inside, one a path, if all do: where files are named by them, folders are classes.
pub(super) fn of_folders(paths: &[&str], people: Option<&[&str]>) -> Result<Option<Vec<String>>> {
    let folders: Vec<Vec<&str>> = paths.iter().map(|path| folders(path)).collect();
    let depths: BTreeSet<usize> = folders.iter().map(Vec::len).collect();
    if depths == BTreeSet::from([1]) {
        let labels: Vec<String> = folders.iter().map(|parts| parts[0].to_owned()).collect();
        let different: BTreeSet<&String> = labels.iter().collect();
        if different.len() < 2 {
            return Ok(None);
        }
        if !are_named_by_people(paths, people) {
            let are_people = different.iter().all(|folder| is_person(folder))
                || people.is_some_and(|people| are_people(&labels, people));
            check_are_classes(&different, &labels, paths, are_people)?;
        }
        return Ok(Some(labels));
    }
    if depths.iter().all(|&depth| depth == 0) {
        return Ok(None);
    }
    bail!(
        "no file holds labels, and folders lie in each other or beside files, so it is not clear which stand for classes: say \
         so by --label-from, such as '{{label}}/*' or '{{label}}/{{subject}}/*'"
    )
}

/// Whether each file has the name of the person in it, of whom there are several, and no folder has it.
fn are_named_by_people(paths: &[&str], people: Option<&[&str]>) -> bool {
    let Some(people) = people else {
        return false;
    };
    let different: BTreeSet<&&str> = people.iter().collect();
    let is_named = |(path, person): (&&str, &&str)| {
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        let person = person.to_lowercase();
        !person.is_empty()
            && stem(file).to_lowercase().contains(&person)
            && !folders.to_lowercase().contains(&person)
    };
    different.len() > 1 && paths.iter().zip(people).all(is_named)
}

/// Whether each folder has the name of the person in its files.
fn are_people(folders: &[String], people: &[&str]) -> bool {
    let has_name = |(folder, person): (&String, &&str)| {
        !person.is_empty() && folder.to_lowercase().contains(&person.to_lowercase())
    };
    folders.iter().zip(people).all(has_name)
}

/// Refuses folders that may stand for people, with classes in the names of files.
fn check_are_classes(
    folders: &BTreeSet<&String>,
    of_paths: &[String],
    paths: &[&str],
    are_people: bool,
) -> Result<()> {
    let mut places: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (folder, path) in of_paths.iter().zip(paths) {
        let file = path.rsplit_once('/').map_or(*path, |(_, file)| file);
        let word = without_number(stem(file)).to_lowercase();
        if !word.is_empty() {
            places.entry(word).or_default().insert(folder);
        }
    }
    places.retain(|_, folders| folders.len() > 1);
    let repeated = visible::names(places.keys().take(6));
    ensure!(
        !are_people && places.len() < 2,
        "no file holds labels, and it is not clear whether the folders ({}) or the names of files ({}) stand for classes: \
         --label-from '{{label}}/*' says the folders, --label-from '{{subject}}/{{label}}.*' that folders are people and files classes",
        visible::names(folders.iter().take(6)),
        if repeated.is_empty() {
            "which differ"
        } else {
            &repeated
        }
    );
    Ok(())
}

/// The pattern that is likely to fit files that are named by labels.
pub(super) fn likely_pattern(paths: &[&str]) -> &'static str {
    let stems = || {
        paths
            .iter()
            .map(|path| stem(path.rsplit('/').next().unwrap_or(path)))
    };
    match () {
        () if stems().all(|stem| without_number(stem) == stem) => "{label}.csv",
        () if stems().all(|stem| stem.contains('_') && !stem.contains('-')) => "{label}_*.csv",
        () => "{label}-*.csv",
    }
}

/// Whether a folder is named like a person: a word such as `subject` or `P`, and a number.
fn is_person(folder: &str) -> bool {
    let word = without_number(folder).to_lowercase();
    word.len() < folder.len() && (PEOPLE.contains(&word.as_str()) || people::is_person(&word))
}

/// A name without the numbers at its end, and what is between.
fn without_number(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || "-_ .()#".contains(c))
}

/// The folders of a path that may stand for classes.
fn folders(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    parts.retain(|part| !SPLITS.iter().any(|split| part.eq_ignore_ascii_case(split)));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, path: &str) -> Option<(String, Option<String>)> {
        let named = pattern.parse::<Pattern>().unwrap().find(path)?;
        Some((named.label, named.subject))
    }

    #[test]
    fn labels_stand_in_names() {
        let label = |label: &str| Some((label.to_owned(), None));
        assert_eq!(find("{label}-*.csv", "walk-1.csv"), label("walk"));
        assert_eq!(
            find("{label}-*.csv", "deep/down/walk-1-2.csv"),
            label("walk")
        );
        assert_eq!(find("{label}.*.csv", "up-down.3r7u.csv"), label("up-down"));
        assert_eq!(find("*_{label}_*", "output_wing_hyw.txt"), label("wing"));
        assert_eq!(find("{label}/*", "data/walk/1.csv"), label("walk"));
        assert_eq!(find("{label}-*.csv", "walk_1.csv"), None);
        assert_eq!(find("{label}-*", "-1"), None);
        let both = Some(("walk".to_owned(), Some("anna".to_owned())));
        assert_eq!(find("{subject}/{label}/*", "x/anna/walk/1.csv"), both);
        assert_eq!(find("{label}é{subject}.csv", "walkéanna.csv"), both);
        for bad in ["", "*.csv", "{label}{label}", "{who}-{label}", "{label"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_pattern_is_proposed_by_the_names() {
        for (paths, expected) in [
            (["flex.csv", "punch.csv"], "{label}.csv"),
            (["a/walk_1.csv", "a/rest_1.csv"], "{label}_*.csv"),
            (["walk-1.csv", "rest-1.csv"], "{label}-*.csv"),
        ] {
            let found = likely_pattern(&paths);
            assert_eq!(found, expected);
            let pattern: Pattern = found.parse().unwrap();
            assert!(paths.iter().all(|path| pattern.find(path).is_some()));
        }
    }

    #[test]
    fn a_pattern_of_many_parts_ends() {
        let pattern = "*a*a*a*a*{label}b".parse::<Pattern>().unwrap();
        assert_eq!(pattern.find(&"a".repeat(250)), None);
    }

    #[test]
    fn a_folder_per_class_is_one_level_of_folders() {
        let of = |paths: &[&str]| of_folders(paths, None).unwrap();
        assert_eq!(of(&["walk/1.csv", "rest/1.csv"]).unwrap(), ["walk", "rest"]);
        assert_eq!(
            of(&["train/walk/1.csv", "test/rest/1.csv"]).unwrap(),
            ["walk", "rest"]
        );
        // Counted files, and one name in common, say nothing of classes.
        assert_eq!(
            of(&["walk/rec1.csv", "walk/rec2.csv", "rest/rec1.csv"]).unwrap(),
            ["walk", "walk", "rest"]
        );
        assert_eq!(of(&["a.csv", "b.csv"]), None);
        assert_eq!(of(&["day1/a.csv", "day1/b.csv"]), None);
        for unclear in [
            &["anna/walk/1.csv", "bert/rest/1.csv"][..],
            &["a.csv", "day2/a.csv"],
            &["subject1/1.csv", "subject2/1.csv"],
            &["P01/1.csv", "P02/1.csv"],
            &[
                "anna/walk.csv",
                "anna/run.csv",
                "bert/walk-1.csv",
                "bert/run_2.csv",
            ],
        ] {
            let error = of_folders(unclear, None).unwrap_err().to_string();
            assert!(error.contains("--label-from"), "{error}");
        }
    }

    #[test]
    fn files_named_by_the_people_in_them_leave_folders_for_classes() {
        let paths = [
            "walk/Anna.csv",
            "walk/ben.csv",
            "rest/anna.csv",
            "rest/ben.csv",
        ];
        assert!(of_folders(&paths, None).is_err());
        let found = of_folders(&paths, Some(&["anna", "ben", "anna", "ben"]));
        assert_eq!(found.unwrap().unwrap(), ["walk", "walk", "rest", "rest"]);
        // One person's days, or people as folders, say nothing.
        for (paths, people) in [
            (
                [
                    "day1/walk.csv",
                    "day1/run.csv",
                    "day2/walk.csv",
                    "day2/run.csv",
                ],
                ["anna"; 4],
            ),
            (paths, ["x", "y", "x", "y"]),
            (
                [
                    "anna/walk-anna.csv",
                    "anna/run-anna.csv",
                    "ben/walk-ben.csv",
                    "ben/run-ben.csv",
                ],
                ["anna", "anna", "ben", "ben"],
            ),
        ] {
            assert!(of_folders(&paths, Some(&people)).is_err(), "{paths:?}");
        }
    }
}
