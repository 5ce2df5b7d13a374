//! What the folds of a cross-validation have brought, together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use crate::data::recordings::{Fold, StoredSplit};
use crate::jobs::{self, Plan, Record};
use crate::metrics::Confusion;
use crate::pipeline::error::{Error, Result, Sort};

/// Results of the folds of one recipe, all of them or those that are done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossValidation {
    /// Group of the jobs: task and recipe.
    pub group: String,
    /// Number of folds that are planned, with each seed.
    pub planned: usize,
    /// Folds that are done, in order.
    pub folds: Vec<FoldResult>,
    /// Mean accuracy of the folds, `0..=1`.
    pub mean: f64,
    /// Standard deviation of the accuracies of the folds; 0 for one.
    pub deviation: f64,
    /// Answers of all folds; each window is in the test split of one, with each seed.
    pub confusion: Confusion,
}

/// Result of a fold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoldResult {
    /// The fold.
    pub fold: Fold,
    /// Seed of its weights.
    pub seed: u64,
    /// Number of test windows.
    pub windows: u64,
    /// Accuracy of the integer model on the test split, `0..=1`.
    pub accuracy: f64,
    /// Mean recall of the classes, `0..=1`.
    pub balanced_accuracy: f64,
    /// Names of the groups or recordings that were tested on.
    pub tested: Vec<String>,
}

/// A fold's result and what it was drawn of.
struct Job {
    result: FoldResult,
    confusion: Confusion,
    split: StoredSplit,
}

/// Gathers the cross-validations among the jobs of `plan` in `out`, one a group.
///
/// # Errors
/// [`Error::Plan`]: a file cannot be read, or folds were drawn of different recordings.
pub fn cross_validations(out: &Path, plan: &Plan) -> Result<Vec<CrossValidation>> {
    let mut groups: BTreeMap<&str, (usize, Vec<Job>)> = BTreeMap::new();
    for entry in &plan.jobs {
        let read = read(&out.join(&entry.name)).with_context(|| entry.name.clone());
        if let Some(job) = read.sort_at(Error::Plan, out)? {
            let (planned, done) = groups.entry(&entry.group).or_default();
            *planned += 1;
            done.extend(job);
        }
    }
    let all = groups
        .into_iter()
        .map(|(group, (planned, jobs))| together(group, planned, jobs));
    let all: anyhow::Result<Vec<Option<CrossValidation>>> = all.collect();
    Ok(all
        .sort_at(Error::Plan, out)?
        .into_iter()
        .flatten()
        .collect())
}

/// The job in a folder, if it is that of a fold, and what it has brought so far.
fn read(folder: &Path) -> anyhow::Result<Option<Option<Job>>> {
    let config = jobs::read_config(folder)?;
    let Some((cutting, fold)) = (config.recordings.as_ref()).and_then(|own| Some((own, own.fold?)))
    else {
        return Ok(None);
    };
    let record = Record::read(folder)?;
    let confusion = record
        .as_ref()
        .and_then(Record::done)
        .and_then(|done| done.confusion.clone());
    let (Some(confusion), Some(split)) = (confusion, &cutting.split) else {
        return Ok(Some(None));
    };
    let result = FoldResult {
        fold,
        seed: config.seed,
        windows: (0..confusion.classes.len())
            .map(|class| confusion.windows(class))
            .sum(),
        accuracy: confusion.accuracy(),
        balanced_accuracy: confusion.balanced_accuracy(),
        tested: confusion
            .units
            .iter()
            .map(|unit| unit.name.clone())
            .collect(),
    };
    Ok(Some(Some(Job {
        result,
        confusion,
        split: split.clone(),
    })))
}

fn together(
    group: &str,
    planned: usize,
    mut jobs: Vec<Job>,
) -> anyhow::Result<Option<CrossValidation>> {
    check_same(&jobs).with_context(|| format!("the folds of {group}"))?;
    jobs.sort_by_key(|job| (job.result.seed, job.result.fold.number));
    let Some(first) = jobs.first() else {
        return Ok(None);
    };
    let mut confusion = first.confusion.clone();
    for job in &jobs[1..] {
        ensure!(
            confusion.add(&job.confusion),
            "the folds of {group} have different classes"
        );
    }
    let accuracies = || jobs.iter().map(|job| job.result.accuracy);
    let mean = accuracies().sum::<f64>() / jobs.len() as f64;
    let squares: f64 = accuracies().map(|accuracy| (accuracy - mean).powi(2)).sum();
    Ok(Some(CrossValidation {
        group: group.to_owned(),
        planned,
        mean,
        deviation: (squares / jobs.len().saturating_sub(1).max(1) as f64).sqrt(),
        confusion,
        folds: jobs.into_iter().map(|job| job.result).collect(),
    }))
}

/// Checks that folds were drawn of the same recordings, and none was tested on twice.
fn check_same(jobs: &[Job]) -> anyhow::Result<()> {
    let remedy = "recordings were added or removed between them. Give another --out, or the recordings of before";
    let Some(first) = jobs.first() else {
        return Ok(());
    };
    let all = |split: &StoredSplit| -> BTreeSet<String> {
        let lists = [&split.train, &split.valid, &split.test];
        lists
            .into_iter()
            .flatten()
            .map(ToString::to_string)
            .collect()
    };
    let expected = all(&first.split);
    let mut tested: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    for Job { result, split, .. } in jobs {
        if all(split) != expected {
            bail!(
                "fold {} was drawn of other recordings than fold {}: {remedy}",
                result.fold,
                first.result.fold
            );
        }
        let tested = tested.entry(result.seed).or_default();
        let mut test = split
            .test
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<String>>();
        ensure!(
            tested.is_disjoint(&test),
            "fold {} was tested on recordings of another one: {remedy}",
            result.fold
        );
        tested.append(&mut test);
    }
    Ok(())
}
