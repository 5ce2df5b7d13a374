//! Lists the settings in which two configurations differ.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::RunConfig;

impl RunConfig {
    /// Settings that differ in `other`, each as `training.epochs = 6, not 60`: those of `other` first.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let [ours, theirs] = [self, other].map(|config| {
            let table: Table = toml::from_str(&config.to_toml()).unwrap_or_default();
            settings(&table)
        });
        let shown = |value: Option<&Value>| value.map_or("absent".into(), Value::to_string);
        let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        keys.into_iter()
            .map(|key| (key, ours.get(key), theirs.get(key)))
            .filter(|(_, ours, theirs)| ours != theirs)
            .map(|(key, ours, theirs)| format!("{key} = {}, not {}", shown(theirs), shown(ours)))
            .collect()
    }
}

/// All settings of a table and of those in it, by their paths.
pub(super) fn settings(table: &Table) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => all.extend(
                settings(inner)
                    .into_iter()
                    .map(|(path, value)| (format!("{key}.{path}"), value)),
            ),
            value => {
                all.insert(key.clone(), value.clone());
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Signs;
    use crate::data::Task;

    #[test]
    fn settings_are_named_with_both_values() {
        let base = RunConfig::for_task(Task::Har2);
        assert!(base.differences(&base).is_empty());
        let mut other = base.clone();
        other.training.epochs = 6;
        other.training.signs = Signs::Trained(1e-4);
        other.network.leak = None;
        let expected = [
            "network.leak = absent, not 3",
            "training.epochs = 6, not 30",
            "training.signs = absent, not \"frozen\"",
            "training.signs.trained = 0.0001, not absent",
        ];
        assert_eq!(base.differences(&other), expected);
    }
}
