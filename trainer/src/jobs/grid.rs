//! Settings as paths into the TOML of a configuration, and grids of them.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use toml::{Table, Value};

use super::seeds::{NoSeeds, Seeds};
use crate::config::RunConfig;

/// A path into the configuration and its value, as `training.learning_rate=1e-3`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The path, its parts separated by dots.
    pub key: String,
    /// The value, as TOML; text needs no quotes. An empty one takes the setting away: `network.hidden_readout=` is a network without
    /// that layer.
    pub value: String,
}

/// A path and all its values, as `network.hidden_size=64,128`. Those of `seed` may be ranges, as [`Seeds`] has them.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The path.
    pub key: String,
    /// The values, in order.
    pub values: Vec<String>,
}

/// Text that is no setting, or no axis.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSetting {
    /// It is not of the form `key=value`.
    #[error("\"{0}\" is not of the form key=value, such as training.epochs=10")]
    Form(String),
    /// One of the values is empty.
    #[error("\"{0}\" has an empty value")]
    Empty(String),
    /// The values of `seed` are no list of seeds.
    #[error("seed: {0}")]
    Seeds(#[from] NoSeeds),
}

/// Path of the seed.
const SEED: &str = "seed";

impl FromStr for Setting {
    type Err = NoSetting;

    fn from_str(text: &str) -> Result<Self, NoSetting> {
        let (key, value) = split_assignment(text)?;
        Ok(Self {
            key: key.into(),
            value: value.into(),
        })
    }
}

impl FromStr for Axis {
    type Err = NoSetting;

    fn from_str(text: &str) -> Result<Self, NoSetting> {
        let (key, values) = split_assignment(text)?;
        if key == SEED {
            let seeds = values.parse::<Seeds>()?.into_inner();
            return Ok(Self {
                key: key.into(),
                values: seeds.iter().map(u64::to_string).collect(),
            });
        }
        let values = split_at_commas(values);
        if values.iter().any(String::is_empty) {
            return Err(NoSetting::Empty(text.into()));
        }
        Ok(Self {
            key: key.into(),
            values,
        })
    }
}

fn split_assignment(text: &str) -> Result<(&str, &str), NoSetting> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim(), value.trim())),
        _ => Err(NoSetting::Form(text.into())),
    }
}

/// Splits at the commas that are not inside brackets, braces or quotes.
fn split_at_commas(text: &str) -> Vec<String> {
    let (mut depth, mut quoted) = (0i32, false);
    let mut parts = vec![String::new()];
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            '[' | '{' if !quoted => depth += 1,
            ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts.iter().map(|part| part.trim().to_string()).collect()
}

/// All combinations of the axes' values, the last axis changing fastest.
///
/// # Errors
/// Two axes have one key.
pub fn combinations(axes: &[Axis]) -> Result<Vec<Vec<Setting>>> {
    let mut all = vec![Vec::new()];
    for (i, axis) in axes.iter().enumerate() {
        let twice = axes[..i].iter().any(|other| other.key == axis.key);
        ensure!(!twice, "{} is given twice", axis.key);
        let extend = |settings: &Vec<Setting>| -> Vec<Vec<Setting>> {
            let with = |value: &String| {
                let mut settings = settings.clone();
                settings.push(Setting {
                    key: axis.key.clone(),
                    value: value.clone(),
                });
                settings
            };
            axis.values.iter().map(with).collect()
        };
        all = all.iter().flat_map(extend).collect();
    }
    Ok(all)
}

/// `base` with settings changed, in order. With the size of the hidden state, what depends on it changes, too:
/// [`NetworkConfig::resize`](crate::config::NetworkConfig::resize).
///
/// # Errors
/// A key does not exist (the message names it and those that do), or a value is of the wrong type or out of range.
pub fn with_settings(base: &RunConfig, settings: &[Setting]) -> Result<RunConfig> {
    // The sizes first: a block that is set as well then stays as set, wherever it is given.
    let (sizes, others): (Vec<&Setting>, Vec<&Setting>) = settings
        .iter()
        .partition(|setting| setting.key == "network.hidden_size");
    let mut config = base.clone();
    for setting in sizes {
        let hidden_size = with_setting(&config, setting)?.network.hidden_size;
        config.network.resize(hidden_size);
    }
    // A readout that fades last: its rate follows from the windows.
    let (fades, others): (Vec<&Setting>, Vec<&Setting>) =
        others.into_iter().partition(|setting| setting.fades());
    for setting in others {
        config = with_setting(&config, setting)?;
    }
    for setting in fades {
        let Setting { key, value } = setting;
        config
            .fade()
            .with_context(|| format!("cannot set {key} to {value}"))?;
        if key != READOUT {
            config = with_setting(&config, setting)?;
        }
    }
    config.validate()?;
    Ok(config)
}

/// Key of the readout, and what makes it fade, which is no kind of its own.
const READOUT: &str = "network.readout";
const FADING: &str = "fading";

impl Setting {
    /// Whether the setting is of a readout that fades, and needs one to be there.
    fn fades(&self) -> bool {
        let is_readout = self.key == READOUT && parse(&self.value).as_str() == Some(FADING);
        is_readout || (self.key.starts_with("network.fading.") && !self.value.is_empty())
    }
}

fn with_setting(config: &RunConfig, setting: &Setting) -> Result<RunConfig> {
    let Setting { key, value } = setting;
    let mut table: Table = toml::from_str(&config.to_toml())?;
    match &**value {
        "" => remove(&mut table, key)
            .with_context(|| format!("there is no setting {key} to take away"))?,
        value => insert(&mut table, key, parse(value))?,
    }
    toml::from_str(&toml::to_string(&table)?)
        .map_err(|error: toml::de::Error| anyhow::anyhow!("{}", error.message()))
        .with_context(|| match &**value {
            "" => format!("cannot take {key} away"),
            value => format!("cannot set {key} to {value}"),
        })
}

/// TOML if it is, else text: `cosine` needs no quotes.
fn parse(value: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {value}"));
    let parsed = parsed.ok().filter(|table| table.len() == 1);
    parsed
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.into()))
}

fn insert(table: &mut Table, path: &str, value: Value) -> Result<()> {
    let (head, rest) = match path.split_once('.') {
        Some((head, rest)) => (head, Some(rest)),
        None => (path, None),
    };
    let Some(rest) = rest else {
        table.insert(head.into(), value);
        return Ok(());
    };
    let inner = table
        .entry(head)
        .or_insert_with(|| Value::Table(Table::new()));
    match inner {
        Value::Table(inner) => insert(inner, rest, value),
        // An enumeration's text gives way to its table.
        inner => {
            let mut table = Table::new();
            insert(&mut table, rest, value)?;
            *inner = Value::Table(table);
            Ok(())
        }
    }
}

/// Removes what is at a path; none where there is nothing.
fn remove(table: &mut Table, path: &str) -> Option<()> {
    match path.split_once('.') {
        Some((head, rest)) => remove(table.get_mut(head)?.as_table_mut()?, rest),
        None => table.remove(path).map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Schedule, Signs};
    use crate::data::Task;

    fn set(assignments: &[&str]) -> Result<RunConfig> {
        let settings: Result<Vec<Setting>, NoSetting> =
            assignments.iter().map(|text| text.parse()).collect();
        with_settings(&RunConfig::for_task(Task::Har2), &settings?)
    }

    #[test]
    fn values_of_every_kind_are_set() {
        let config = set(&[
            "network.hidden_size=64",
            "training.learning_rate=3e-3",
            "training.schedule=constant",
            "training.signs={trained = 1e-4}",
            "training.augmentation.noise=1",
            "seed=9",
        ])
        .unwrap();
        assert_eq!(
            (config.network.hidden_size, config.network.log2_block),
            (64, 6)
        );
        assert_eq!(config.training.learning_rate, 3e-3);
        assert_eq!(config.training.schedule, Schedule::Constant);
        assert_eq!(config.training.signs, Signs::Trained(1e-4));
        assert_eq!(config.training.augmentation.noise, 1.0);
        assert_eq!(config.seed, 9);
        assert_eq!(
            set(&["training.schedule.exponential=0.98"])
                .unwrap()
                .training
                .schedule,
            Schedule::Exponential(0.98)
        );
    }

    #[test]
    fn a_readout_that_fades_is_set_by_its_name_or_by_a_part_of_it() {
        let by_name = set(&["network.readout=fading", "preparation.decimation=2"]).unwrap();
        let usual = crate::config::windows::fading(&by_name);
        assert!(usual.is_some() && by_name.network.fading == usual);
        assert!(by_name.training.stretch.is_some());
        let by_part = set(&["network.fading.shift=2", "training.stretch.windows=4"]).unwrap();
        let fading = by_part.network.fading.unwrap();
        assert_eq!(
            (fading.shift, by_part.training.stretch.unwrap().windows),
            (2, 4)
        );
        let copy = RunConfig::for_task(Task::Copy);
        let error = with_settings(&copy, &["network.fading.shift=2".parse().unwrap()]);
        let error = format!("{:#}", error.unwrap_err());
        assert!(
            error.contains("network.fading.shift")
                && error.contains("streams of sensors, not copy"),
            "{error}"
        );
    }

    #[test]
    fn blocks_stay_where_they_are_chosen() {
        let blocks = set(&["network.log2_block=3"]).unwrap();
        let settings = ["network.hidden_size=64".parse().unwrap()];
        assert_eq!(
            with_settings(&blocks, &settings)
                .unwrap()
                .network
                .log2_block,
            3
        );
        let config = set(&["network.hidden_size=64", "network.log2_block=2"]).unwrap();
        assert_eq!(config.network.log2_block, 2);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, parts) in [
            (
                "network.hiden_size=64",
                vec!["network.hiden_size", "unknown field", "hidden_size"],
            ),
            ("networks.hidden_size=64", vec!["unknown field", "networks"]),
            ("training.epochs=many", vec!["training.epochs", "many"]),
            (
                "training.schedule=square",
                vec!["training.schedule", "square", "cosine"],
            ),
            ("network.hidden_size=100", vec!["hidden_size"]),
            ("epochs", vec!["key=value"]),
            ("=3", vec!["key=value"]),
        ] {
            let message = format!("{:#}", set(&[text]).unwrap_err());
            for part in parts {
                assert!(message.contains(part), "{text}: {message}");
            }
        }
        assert!("training.epochs=1,,2".parse::<Axis>().is_err());
    }

    #[test]
    fn seeds_may_be_ranges() {
        let axis: Axis = "seed=1,101..103".parse().unwrap();
        assert_eq!(axis.values, ["1", "101", "102", "103"]);
        let error = "seed=3..1".parse::<Axis>().unwrap_err().to_string();
        assert!(error.contains("seed: the range 3..1"), "{error}");
        // Of other settings it is text.
        let axis: Axis = "holdout=1..3".parse().unwrap();
        assert_eq!(axis.values, ["1..3"]);
    }

    #[test]
    fn a_setting_without_a_value_takes_the_setting_away() {
        let base = RunConfig::for_task(Task::Har2);
        assert!(base.network.hidden_readout.is_some());
        let config = set(&["network.hidden_readout="]).unwrap();
        assert_eq!(config.network.hidden_readout, None);
        assert_eq!(set(&["network.leak="]).unwrap().network.leak, None);
        for (text, part) in [
            ("network.hidden_readout.hidden_size=", "hidden_size"),
            (
                "network.leek=",
                "there is no setting network.leek to take away",
            ),
            ("training.keep.best=", "training.keep.best"),
        ] {
            let error = format!("{:#}", set(&[text]).unwrap_err());
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn axes_are_combined() {
        let axes: Vec<Axis> = ["a=1,2", "b=frozen,{trained = 1e-4, x = [1, 2]},\"p,q\""]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        assert_eq!(
            axes[1].values,
            ["frozen", "{trained = 1e-4, x = [1, 2]}", "\"p,q\""]
        );
        let all = combinations(&axes).unwrap();
        assert_eq!(all.len(), 6);
        assert_eq!(all[1][0].value, "1");
        assert_eq!(all[5][1].value, "\"p,q\"");
        assert_eq!(combinations(&[]).unwrap(), [vec![]]);
        assert!(combinations(&[axes[0].clone(), axes[0].clone()]).is_err());
    }
}
