//! Whether jobs may join those of a plan that is there: more seeds, or more values of the same settings.

use std::path::Path;

use anyhow::{Result, bail};

use super::{Entry, Job, Plan, as_planned, read_config, with_settings};
use crate::config::RunConfig;

/// Command whose jobs may differ in the values of their settings.
const SWEEP: &str = "sweep";

/// Checks that `jobs`, planned by `command`, go on with what `plan` in `out` has.
///
/// # Errors
/// They are of another sweep, or of one command while the plan is of another; the message names what differs.
pub(super) fn check(out: &Path, plan: &Plan, command: &str, jobs: &[Job]) -> Result<()> {
    let (Some(first), false) = (jobs.first(), plan.jobs.is_empty()) else {
        return Ok(());
    };
    let remedy = "give another --out, or the same settings as before";
    let place = out.display();
    let (old, new) = (kind(&plan.command), kind(command));
    if old != new {
        bail!("{place} holds the jobs of `{}`: {remedy}", plan.command);
    }
    for entry in &plan.jobs {
        let others: &[Job] = match new {
            Some(SWEEP) => std::slice::from_ref(first),
            _ => jobs,
        };
        for job in others
            .iter()
            .filter(|job| new == Some(SWEEP) || job.entry.group == entry.group)
        {
            // What cannot be read is told when it is its turn.
            let Ok(config) = read_config(&out.join(&entry.name)) else {
                continue;
            };
            let differences = differences(entry, config, job, new == Some(SWEEP));
            if !differences.is_empty() {
                bail!(
                    "{place} holds the jobs of `{}`, and {} is of other settings ({}), so they do not go together: {remedy}",
                    plan.command,
                    out.join(&entry.name).display(),
                    differences.join("; ")
                );
            }
        }
    }
    Ok(())
}

/// The word of a command after that of the program.
fn kind(command: &str) -> Option<&str> {
    command.split_whitespace().nth(1)
}

/// In what a job that is there differs from one that it should go together with.
fn differences(entry: &Entry, config: RunConfig, job: &Job, is_sweep: bool) -> Vec<String> {
    let keys = |entry: &Entry| -> Vec<String> {
        let mut keys: Vec<String> = entry
            .settings
            .iter()
            .map(|setting| setting.key.clone())
            .collect();
        keys.sort_unstable();
        keys
    };
    let (old, new) = (keys(entry), keys(&job.entry));
    if old != new {
        return vec![format!(
            "it sets {}, not {}",
            old.join(" and "),
            new.join(" and ")
        )];
    }
    let mut config = as_planned(config, &job.config);
    config.seed = job.config.seed;
    if let (Some(own), Some(other)) = (&mut config.recordings, &job.config.recordings) {
        let of = |fold: crate::data::recordings::Fold| fold.of;
        if own.fold.map(of) == other.fold.map(of) {
            own.fold = other.fold;
        }
    }
    if is_sweep {
        // Their settings may have other values.
        config = with_settings(&config, &job.entry.settings).unwrap_or(config);
    }
    job.config.differences(&config)
}
