//! Configuration files of the user's: whole ones, and ones that only say what differs from a recipe.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use super::Recipe;
use crate::config::RunConfig;
use crate::config::unknown::explained;
use crate::data::Task;
use crate::untrusted;

/// A configuration that was read from a file.
#[derive(Clone, Debug, PartialEq)]
pub struct FromFile {
    /// The configuration.
    pub config: RunConfig,
    /// The recipe that says what the file does not; none if the file is whole, as `hadamrnn train --print-config` writes it.
    pub recipe: Option<Recipe>,
}

/// Reads a configuration, or that of a model's card. A file that has every setting that must be there is taken as it stands, so what is absent from
/// it is absent. Any other changes the configuration of `recipe` (by default [`Recipe::Fast`]) for its task, or for `task`
/// if it names none. A number of hidden units in it resizes the recipe's network as
/// [`NetworkConfig::resize`](super::NetworkConfig::resize) does.
///
/// # Errors
/// The file cannot be read or is not TOML, has a setting that does not exist (the message names it and the one that it is
/// like), a value is out of its range, no task is named or another one than `task`, or a recipe is named for a whole file.
pub fn read(path: &Path, task: Option<Task>, recipe: Option<Recipe>) -> Result<FromFile> {
    let text = untrusted::named_settings(path)
        .with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, task, recipe).with_context(|| path.display().to_string())
}

fn parse(text: &str, task: Option<Task>, recipe: Option<Recipe>) -> Result<FromFile> {
    let file: Table = toml::from_str(text)?;
    if let Some(config) = of_card(&file) {
        return parse(&toml::to_string(config)?, task, recipe);
    }
    let own_task: Option<Task> = match file.get("task") {
        Some(task) => Some(task.clone().try_into().context("task")?),
        None => None,
    };
    let task = match (own_task, task) {
        (Some(own), Some(task)) if own != task => bail!("it is for task {own}, not {task}"),
        (own, task) => own
            .or(task)
            .context("it names no task: give one, in the file or on the command line")?,
    };
    if let Ok(config) = toml::from_str::<RunConfig>(text) {
        ensure!(
            recipe.is_none(),
            "it is a whole configuration, to which a recipe adds nothing: leave --recipe out, or take settings out of it"
        );
        config.validate()?;
        return Ok(FromFile {
            config,
            recipe: None,
        });
    }
    let recipe = recipe.unwrap_or_default();
    Ok(FromFile {
        config: changed(recipe.config(task), &file)?,
        recipe: Some(recipe),
    })
}

/// Whether a file of settings is the card of a model.
pub(crate) fn is_card(file: &Table) -> bool {
    file.contains_key("sha256") && file.contains_key("commands")
}

/// The configuration in a model's card; none where the file is no card.
fn of_card(file: &Table) -> Option<&Table> {
    file.get("config").filter(|_| is_card(file))?.as_table()
}

/// `base` with the settings of `file` in place of its own.
///
/// # Errors
/// A setting does not exist, or a value is out of its range.
pub(crate) fn changed(mut base: RunConfig, file: &Table) -> Result<RunConfig> {
    let network = file.get("network").and_then(Value::as_table);
    let hidden_size = network.and_then(|network| network.get("hidden_size"));
    if let Some(size) = hidden_size.and_then(Value::as_integer) {
        base.network.resize(size.try_into().unwrap_or(0));
    }
    let known = Table::try_from(&base).context("the recipe's configuration")?;
    let mut table = known.clone();
    lay_over(&mut table, file);
    let config: RunConfig = (table.try_into()).map_err(|error| explained(error, &known))?;
    config.validate()?;
    Ok(config)
}

fn lay_over(table: &mut Table, file: &Table) {
    for (key, value) in file {
        match (table.get_mut(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Schedule, Signs};

    fn har2(text: &str) -> Result<RunConfig> {
        Ok(parse(text, Some(Task::Har2), None)?.config)
    }

    #[test]
    fn a_card_has_the_configuration_of_its_model() {
        let config = Recipe::Paper.config(Task::Har2);
        let card = format!(
            "sha256 = \"00\"\ncommands = []\n{}",
            toml::to_string(&Table::from_iter([(
                "config".to_owned(),
                Value::try_from(&config).unwrap()
            )]))
            .unwrap()
        );
        let found = parse(&card, None, None).unwrap();
        assert_eq!((found.config, found.recipe), (config, None));
        assert!(parse(&card, Some(Task::Dsa19), None).is_err());
        assert!(parse("[config]\nseed = 1", Some(Task::Har2), None).is_err());
    }

    #[test]
    fn a_part_changes_the_recipe_and_a_whole_file_is_taken_as_it_stands() {
        let fast = Recipe::Fast.config(Task::Har2);
        assert_eq!(har2("").unwrap(), fast);
        let part =
            "seed = 7\n[training]\nepochs = 3\n[training.rates]\nbias = 0.5\n[network]\nleak = 5\n";
        let mut expected = fast.clone();
        expected.seed = 7;
        expected.training.epochs = 3;
        expected.training.rates.bias = 0.5;
        expected.network.leak = Some(5);
        assert_eq!(har2(part).unwrap(), expected);
        // Without the hidden readout layer that the recipe has.
        let mut whole = fast;
        whole.network.hidden_readout = None;
        let found = parse(&whole.to_toml(), None, None).unwrap();
        assert_eq!((found.config, found.recipe), (whole.clone(), None));
        let error = parse(&whole.to_toml(), None, Some(Recipe::Paper)).unwrap_err();
        assert!(error.to_string().contains("--recipe"), "{error}");
    }

    #[test]
    fn the_recipe_is_that_of_the_task_in_the_file_or_beside_it() {
        let paper = Some(Recipe::Paper);
        let found = parse(
            "task = \"sst2\"\n[training]\nschedule = \"cosine\"\nsigns = \"frozen\"\n",
            None,
            paper,
        );
        let FromFile { config, recipe } = found.unwrap();
        assert_eq!((config.task, recipe), (Task::Sst2, paper));
        assert_eq!(
            (config.training.schedule, config.training.signs),
            (Schedule::Cosine, Signs::Frozen)
        );
        assert_eq!(config.network, Recipe::Paper.config(Task::Sst2).network);
        let message = |text, task| parse(text, task, None).unwrap_err().to_string();
        assert!(message("seed = 1", None).contains("names no task"));
        assert!(message("task = \"har6\"", Some(Task::Har2)).contains("for task har6, not har2"));
        let recordings = parse("[recordings]\nsteps = 64\n", Some(Task::Recordings), None).unwrap();
        let cutting = recordings.config.recordings.unwrap();
        assert_eq!((cutting.steps, cutting.hop), (64, 64));
    }

    #[test]
    fn the_configurations_of_shipped_models_are_whole() {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        let mut cards = 0;
        for folder in std::fs::read_dir(models).unwrap() {
            let path = folder.unwrap().path().join("card.toml");
            let Ok(text) = std::fs::read_to_string(path) else {
                continue;
            };
            let card: Table = toml::from_str(&text).unwrap();
            let config = toml::to_string(&card["config"]).unwrap();
            assert_eq!(parse(&config, None, None).unwrap().recipe, None, "{config}");
            cards += 1;
        }
        assert!(cards > 10, "{cards}");
    }

    #[test]
    fn a_number_of_units_resizes_the_recipe() {
        let network = har2("[network]\nhidden_size = 32\n").unwrap().network;
        let readout = network.hidden_readout.unwrap().hidden_size;
        assert_eq!(
            (network.hidden_size, network.log2_block, readout),
            (32, 5, 32)
        );
        let network = har2("[network]\nhidden_size = 64\nlog2_block = 2\n")
            .unwrap()
            .network;
        assert_eq!((network.hidden_size, network.log2_block), (64, 2));
    }

    #[test]
    fn mistakes_are_named_with_what_was_meant() {
        for (text, parts) in [
            (
                "[network]\nhiden_size = 64",
                &["hiden_size", "did you mean hidden_size?", "network"][..],
            ),
            (
                "hidden_size = 64",
                &["hidden_size", "did you mean network.hidden_size?"],
            ),
            (
                "[trainig]\nepochs = 3",
                &["trainig", "did you mean training?"],
            ),
            ("[training]\nepoch = 3", &["epoch", "did you mean epochs?"]),
            ("[training.rates]\nquux = 3", &["quux", "expected one of"]),
            ("[training]\nepochs = \"many\"", &["epochs", "many"]),
            (
                "[network]\nhidden_size = 100",
                &["[network]", "hidden_size", "power of two"],
            ),
            ("[network]\nhidden_size = -1", &["hidden_size"]),
            (
                "[network.second]\nhidden_size = 64",
                &["second", "log2_block"],
            ),
            ("task = \"har3\"", &["task", "har3"]),
            ("[training\nepochs = 3", &["line 1"]),
        ] {
            let message = format!("{:#}", har2(text).unwrap_err());
            for part in parts {
                assert!(message.contains(part), "{text}: {message}");
            }
        }
    }
}
