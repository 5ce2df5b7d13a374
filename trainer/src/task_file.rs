//! Task files: what is learnt of the user's own recordings, in one file that is named where a benchmark is.
//!
//! ```toml
//! name = "gestures"
//! data = "recordings"            # folder or file, relative to this one
//! class_weights = "balanced"     # or a factor a class: { circle = 2.0 }
//!
//! [recordings]                   # as in config.toml of a run
//! steps = 128
//! hop = 64
//! ```
//!
//! The parts of a configuration, `[recordings]`, `[preparation]`, `[network]`, `[training]` and `[export]`, change the recipe's, just
//! as a partial configuration does. `hadamrnn init` writes such a file.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use toml::{Table, Value};

use crate::config::RunConfig;
use crate::config::unknown::explained;
use crate::data::Task;
use crate::data::recordings::TASK_FILE;
use crate::recipe::{Recipe, file};
use crate::untrusted;
use crate::visible;

/// Name of the task file in a folder of recordings.
pub const FILE_NAME: &str = TASK_FILE;
/// Keys by which a task file is told from a configuration, which has none of them.
const OWN_KEYS: [&str; 3] = ["name", "data", "class_weights"];
/// Most characters of a name.
const LONGEST_NAME: usize = 64;

/// A task on the user's own recordings, as a file describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskFile {
    /// Name, one to 64 letters, digits and `-_.`: that of folders of runs.
    pub name: String,
    /// Folder or file of the recordings, absolute.
    pub data: PathBuf,
    /// Settings that differ from the recipe's, as in a configuration.
    settings: Table,
}

/// The keys of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    name: String,
    data: PathBuf,
    class_weights: Option<ClassWeights>,
    seed: Option<Value>,
    holdout: Option<Value>,
    recordings: Option<Table>,
    preparation: Option<Table>,
    network: Option<Table>,
    training: Option<Table>,
    export: Option<Table>,
}

/// How often the windows of a class are trained on.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(
    untagged,
    expecting = "\"balanced\", or a table with a factor for each class"
)]
enum ClassWeights {
    /// A word: `balanced` is all classes equally often.
    Word(String),
    /// A factor for each class.
    Factors(BTreeMap<String, f64>),
}

impl TaskFile {
    /// Reads a task file.
    ///
    /// # Errors
    /// It cannot be read or is not TOML, a key is missing or unknown (the message names it and the one that it is like), or a
    /// value is out of its range.
    pub fn read(path: &Path) -> Result<Self> {
        let text = untrusted::named_settings(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text, path)
    }

    /// Reads the text of a task file at `path`, from whose folder on `data` is.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), but for reading the file.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        Self::of_text(text, path).with_context(|| path.display().to_string())
    }

    fn of_text(text: &str, path: &Path) -> Result<Self> {
        let known = || Table::try_from(RunConfig::for_task(Task::Recordings)).unwrap_or_default();
        let keys: Keys = toml::from_str(text).map_err(|error| explained(error, &known()))?;
        let Keys { name, data, .. } = &keys;
        check_name(name)?;
        ensure!(
            data.components().next().is_some(),
            "data must name the folder or file of the recordings; \".\" is the folder of this file"
        );
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let folder = std::path::absolute(folder).context("no current folder")?;
        // Without links and steps up, where it is there.
        let folder = folder.canonicalize().unwrap_or(folder);
        let data = folder.join(data);
        let data = data.canonicalize().unwrap_or(data);
        let task = Self {
            name: name.clone(),
            data,
            settings: settings(keys)?,
        };
        // What is wrong with the settings is told when the file is read.
        task.config(Recipe::default())?;
        Ok(task)
    }

    /// The configuration of a run on this task: that of the recipe, with the file's settings in place of its own.
    ///
    /// # Errors
    /// A setting does not exist, or is out of its range.
    pub fn config(&self, recipe: Recipe) -> Result<RunConfig> {
        file::changed(recipe.config(Task::Recordings), &self.settings)
    }
}

/// Whether a file of settings is a task file rather than a configuration or a model's card.
pub(crate) fn is_task_file(text: &str) -> bool {
    let table: Result<Table, _> = toml::from_str(text);
    let has_own = |table: &Table| OWN_KEYS.iter().any(|key| table.contains_key(*key));
    table.is_ok_and(|table| has_own(&table) && !file::is_card(&table))
}

/// Checks a name of a task.
///
/// # Errors
/// It is no plain name of a folder.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let mut components = Path::new(name).components();
    ensure!(
        name.chars().all(is_plain)
            && (1..=LONGEST_NAME).contains(&name.chars().count())
            && !name.starts_with(['.', '-'])
            && matches!(components.next(), Some(Component::Normal(_))),
        "name must be 1 to {LONGEST_NAME} letters, digits and -_. with a letter or digit first, as it names folders; it is \"{}\"",
        visible::name(name)
    );
    Ok(())
}

/// The settings of a configuration that the keys stand for.
fn settings(keys: Keys) -> Result<Table> {
    let mut settings = Table::new();
    let mut training = keys.training.unwrap_or_default();
    weigh(&mut training, keys.class_weights)?;
    let tables = [
        ("recordings", keys.recordings),
        ("preparation", keys.preparation),
        ("network", keys.network),
        ("training", Some(training)),
        ("export", keys.export),
    ];
    let values = [("seed", keys.seed), ("holdout", keys.holdout)];
    let tables = tables.map(|(key, table)| (key, table.map(Value::Table)));
    for (key, value) in values.into_iter().chain(tables) {
        if let Some(value) = value {
            settings.insert(key.into(), value);
        }
    }
    Ok(settings)
}

/// Puts the weights of the classes among the settings of training.
fn weigh(training: &mut Table, weights: Option<ClassWeights>) -> Result<()> {
    let (key, value) = match weights {
        None => return Ok(()),
        Some(ClassWeights::Word(word)) if word == "balanced" => ("sampling", Value::from(word)),
        Some(ClassWeights::Word(word)) => bail!(
            "class_weights is \"{}\": give \"balanced\", or a table with a factor for each class such as {{ walk = 2.0 }}",
            visible::name(&word)
        ),
        Some(ClassWeights::Factors(factors)) => {
            let factors = factors
                .into_iter()
                .map(|(class, factor)| (class, Value::from(factor)));
            ("class_weights", Value::Table(factors.collect()))
        }
    };
    if let Some(before) = training.insert(key.into(), value.clone()) {
        ensure!(
            before == value,
            "class_weights and [training] {key} say two things: leave one of them out"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sampling;

    fn task(text: &str) -> Result<TaskFile> {
        TaskFile::parse(text, Path::new("/desk/task.toml"))
    }

    const LEAST: &str = "name = \"a\"\ndata = \"recordings\"\n";

    #[test]
    fn a_file_changes_the_recipe() {
        let found = task(LEAST).unwrap();
        assert_eq!(found.name, "a");
        assert_eq!(found.data, Path::new("/desk/recordings"));
        for recipe in [Recipe::Fast, Recipe::Paper] {
            assert_eq!(
                found.config(recipe).unwrap(),
                recipe.config(Task::Recordings)
            );
        }
        let found = task(&format!(
            "{LEAST}seed = 7\nclass_weights = \"balanced\"\n[recordings]\nsteps = 50\nhop = 25\nchannels = [\"x\"]\n[network]\nhidden_size = 32\n\
             [training.augmentation]\nrotation = 15.0\n"
        ));
        let config = found.unwrap().config(Recipe::Fast).unwrap();
        let mut expected = Recipe::Fast.config(Task::Recordings);
        expected.seed = 7;
        expected.network.resize(32);
        expected.training.sampling = Sampling::Balanced;
        expected.training.augmentation.rotation = 15.0;
        let cutting = expected.recordings.as_mut().unwrap();
        (cutting.steps, cutting.hop, cutting.channels) = (50, 25, vec!["x".into()]);
        assert_eq!(config, expected);
    }

    #[test]
    fn classes_have_weights_by_name() {
        let text = format!("{LEAST}[class_weights]\nwalk = 2\n\"stairs up\" = 0.5\n");
        let config = task(&text).unwrap().config(Recipe::Fast).unwrap();
        let weights = [("stairs up".to_owned(), 0.5), ("walk".to_owned(), 2.0)];
        assert_eq!(config.training.class_weights, BTreeMap::from(weights));
        assert_eq!(config.training.sampling, Sampling::Shuffled);
        assert_eq!(RunConfig::from_toml(&config.to_toml()).unwrap(), config);
    }

    #[test]
    fn data_are_relative_to_the_file() {
        let data = |data: &str| {
            task(&format!("name = \"a\"\ndata = '{data}'\n"))
                .unwrap()
                .data
        };
        assert_eq!(data("."), Path::new("/desk"));
        assert_eq!(data("/elsewhere/x.csv"), Path::new("/elsewhere/x.csv"));
    }

    #[test]
    fn task_files_are_told_from_configurations() {
        assert!(is_task_file(LEAST));
        let card = "commands = []\nsha256 = \"00\"\ndata = \"your own\"\n[config]\nseed = 1";
        assert!(!is_task_file(card));
        assert!(!is_task_file("[recordings]\nsteps = 64"));
        assert!(!is_task_file(
            &RunConfig::for_task(Task::Recordings).to_toml()
        ));
    }

    #[test]
    fn mistakes_are_named_with_what_was_meant() {
        for (text, parts) in [
            ("data = \".\"", &["/desk/task.toml", "name"][..]),
            ("name = \"a\"", &["missing field `data`"]),
            ("name = \"a/b\"\ndata = \".\"", &["name", "a/b"]),
            ("name = \"..\"\ndata = \".\"", &["name", ".."]),
            ("name = \"a\"\ndata = \"\"", &["data", "folder"]),
            (
                &format!("{LEAST}steps = 64"),
                &["did you mean recordings.steps?"],
            ),
            (
                &format!("{LEAST}[recording]\nsteps = 64"),
                &["did you mean recordings?"],
            ),
            (
                &format!("{LEAST}[recordings]\nstep = 64"),
                &["did you mean steps?"],
            ),
            (
                &format!("{LEAST}[recordings]\nsteps = 0"),
                &["[recordings]", "steps"],
            ),
            (
                &format!("{LEAST}[network]\nhiden_size = 64"),
                &["did you mean hidden_size?"],
            ),
            (
                &format!("{LEAST}class_weights = \"even\""),
                &["class_weights", "even", "balanced"],
            ),
            (
                &format!("{LEAST}class_weights = 3"),
                &["class_weights", "balanced"],
            ),
            (
                &format!("{LEAST}class_weights = {{ a = 0.0 }}"),
                &["class_weights", "positive"],
            ),
            (
                &format!(
                    "{LEAST}class_weights = \"balanced\"\n[training]\nsampling = \"shuffled\""
                ),
                &["class_weights and [training] sampling"],
            ),
            (&format!("{LEAST}task = \"har2\""), &["task"]),
            ("name = [", &["line 1"]),
        ] {
            let message = format!("{:#}", task(text).unwrap_err());
            for part in parts {
                assert!(message.contains(part), "{text}: {message}");
            }
        }
    }
}
