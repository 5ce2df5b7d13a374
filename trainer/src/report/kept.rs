//! The report's groups as rows of results that are kept.

use std::fmt;

use super::{Group, Report};
use crate::config::RunConfig;
use crate::recipe::Recipe;
use crate::results::{Results, SeedResult, SeededRow, Spread};

/// Why a group's results are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotKept {
    /// So many of its jobs are done, of so many: those that are not might be the worse ones.
    Unfinished(usize, usize),
    /// They are of the sample that ships with the program, whose accuracies are not the data set's.
    Sample,
    /// Its jobs are folds of a cross-validation.
    Folds,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished(done, all) => write!(
                f,
                "{done} of {all} jobs are done, and the others might be the worse ones: the same command goes on"
            ),
            Self::Sample => f.write_str(
                "it was measured on the shipped sample, whose accuracies are not the data set's: give --data-dir",
            ),
            Self::Folds => f.write_str("its jobs are folds of a cross-validation"),
        }
    }
}

impl Report {
    /// The groups with their names, and the row of each, or why there is none. `command` is the one that measures them again.
    pub fn kept<'a>(&'a self, command: &str) -> Vec<(&'a str, Result<SeededRow, NotKept>)> {
        let groups = self.groups().into_iter();
        let row = |group: Group<'a>| {
            let of_group = (self.jobs.iter()).filter(|job| job.entry.group == group.name);
            let (done, all) = (group.done.len(), of_group.count());
            let reason = match () {
                () if done < all => Some(NotKept::Unfinished(done, all)),
                () if group.on_sample() => Some(NotKept::Sample),
                () if group.is_of_folds() => Some(NotKept::Folds),
                () => None,
            };
            (
                group.name,
                reason.map_or_else(|| Ok(group.row(command)), Err),
            )
        };
        groups.map(row).collect()
    }

    /// What is done so far as rows, diverged runs and all: `summary.json`.
    pub(super) fn summary_rows(&self) -> Results {
        let groups = self.groups();
        let groups = groups.iter().filter(|group| !group.is_of_folds());
        Results::unchecked(groups.map(|group| group.row(&self.command)))
    }
}

impl Group<'_> {
    fn row(&self, command: &str) -> SeededRow {
        let (recipe, settings) = nearest(self.config);
        let records = self.jobs.iter().filter_map(|job| job.record.as_ref());
        let dates = records.clone().map(|record| record.date.as_str());
        let mut machines: Vec<&str> = records.map(|record| record.machine.as_str()).collect();
        machines.sort_unstable();
        machines.dedup();
        let result = |job: &&super::JobReport| {
            let (config, done) = job.result()?;
            Some(SeedResult {
                seed: config.seed,
                integer: done.results.integer_test,
                float: done.results.float_test,
                train_seconds: done.train_seconds,
                bytes: done.bytes,
            })
        };
        let mut results: Vec<SeedResult> = self.jobs.iter().filter_map(result).collect();
        results.sort_by_key(|result| result.seed);
        let row = SeededRow {
            id: self.name.into(),
            task: self.config.task,
            recipe: recipe.name().into(),
            settings,
            seeds: Vec::new(),
            tested: 0,
            integer_accuracy: Vec::new(),
            integer_loss: Vec::new(),
            float_accuracy: Vec::new(),
            train_seconds: Vec::new(),
            accuracy: Spread::of(&[]),
            bytes: 0,
            window: self.window(),
            data: (self.done.first()).map_or(String::new(), |done| done.data.clone()),
            machine: machines.join("; "),
            // The day; a record has the time, too.
            date: (dates.max().and_then(|date| date.split(' ').next()))
                .unwrap_or_default()
                .into(),
            command: command.into(),
        };
        row.with_results(&results)
    }
}

/// The recipe from which a configuration differs in the fewest settings, and these.
fn nearest(config: &RunConfig) -> (Recipe, Vec<String>) {
    let differences = |recipe: Recipe| {
        let base = RunConfig {
            seed: config.seed,
            ..recipe.config(config.task)
        };
        (recipe, base.differences(config))
    };
    let (fast, paper) = (differences(Recipe::Fast), differences(Recipe::Paper));
    match paper.1.len() < fast.1.len() {
        true => paper,
        false => fast,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;
    use crate::report::tests::report;

    #[test]
    fn whole_groups_are_kept_and_others_say_why_not() {
        let mut report = report();
        let kept = report.kept("a command");
        let reasons: Vec<_> = kept
            .iter()
            .map(|(name, row)| (*name, row.clone().err()))
            .collect();
        let expected = [
            ("har2 fast", Some(NotKept::Unfinished(2, 3))),
            ("copy fast", Some(NotKept::Unfinished(1, 2))),
        ];
        assert_eq!(reasons, expected);
        report.jobs.truncate(2);
        let row = report.kept("a command")[0].1.clone().unwrap();
        assert_eq!((row.recipe.as_str(), row.settings.len()), ("fast", 0));
        assert_eq!(
            (row.seeds_text(), row.percent().text(2)),
            ("1..2".into(), "96.00 ± 1.41".into())
        );
        assert_eq!(
            (row.date.as_str(), row.command.as_str()),
            ("2026-11-25", "a command")
        );
        let window = row.window.unwrap();
        assert_eq!((window.instructions, window.is_counted), (302_268, false));
        assert_eq!(report.summary_rows().seeds().len(), 1);
        let Some(crate::jobs::Outcome::Done(done)) = report.jobs[0]
            .record
            .as_mut()
            .map(|record| &mut record.outcome)
        else {
            panic!("it is done")
        };
        done.sample = true;
        assert_eq!(report.kept("")[0].1, Err(NotKept::Sample));
    }

    #[test]
    fn a_configuration_is_told_by_what_differs_from_the_nearest_recipe() {
        let mut config = Recipe::Paper.config(Task::Har2);
        config.seed = 101;
        assert_eq!(nearest(&config), (Recipe::Paper, vec![]));
        let mut config = RunConfig::for_task(Task::Pmnist);
        config.training.epochs = 15;
        let (recipe, settings) = nearest(&config);
        assert_eq!((recipe, settings.len()), (Recipe::Fast, 1));
        assert!(
            settings[0].starts_with("training.epochs = 15, not"),
            "{settings:?}"
        );
    }
}
