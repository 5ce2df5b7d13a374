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

fn words(keys: &[String]) -> String {
    match keys {
        [] => "nothing".into(),
        keys => keys.join(" and "),
    }
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
        return vec![format!("it sets {}, not {}", words(&old), words(&new))];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;
    use crate::jobs::Setting;

    fn settings(texts: &[&str]) -> Vec<Setting> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// A job of a sweep: settings of all jobs, and of its own.
    fn job(name: &str, common: &[&str], own: &[&str]) -> Job {
        let all = [settings(common), settings(own)].concat();
        Job {
            entry: Entry {
                name: name.into(),
                group: name.into(),
                settings: settings(own),
            },
            config: with_settings(&RunConfig::for_task(Task::Har2), &all).unwrap(),
        }
    }

    #[test]
    fn a_grid_grows_and_no_other_sweep_joins_it() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let sweep = "hadamrnn sweep --task har2";
        let sized = |size: &str, common: &[&str]| {
            job(size, common, &[&format!("network.hidden_size={size}")])
        };
        Plan::write(out, sweep, &[sized("64", &[]), sized("128", &[])]).unwrap();
        let grown = Plan::write(out, sweep, &[sized("32", &[]), sized("64", &[])]).unwrap();
        assert_eq!(grown.jobs.len(), 3);
        let error = |command: &str, jobs: &[Job]| {
            format!("{:#}", Plan::write(out, command, jobs).unwrap_err())
        };
        let other = error(sweep, &[sized("256", &["training.epochs=3"])]);
        assert!(other.contains("training.epochs = 30, not 3"), "{other}");
        assert!(
            other.contains(sweep) && other.contains("give another --out"),
            "{other}"
        );
        let axes = error(sweep, &[job("b", &[], &["training.batch_size=32"])]);
        assert!(
            axes.contains("it sets network.hidden_size, not training.batch_size"),
            "{axes}"
        );
        let kind = error("hadamrnn reproduce har2", &[job("har2-fast-1", &[], &[])]);
        assert!(kind.contains("holds the jobs of `hadamrnn sweep"), "{kind}");
        assert_eq!(Plan::read(out).unwrap(), grown);
    }

    #[test]
    fn a_reproduction_takes_more_seeds_and_tasks_with_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let reproduce = "hadamrnn reproduce";
        let seeded = |group: &str, seed: u64, common: &[&str]| {
            let mut job = job(&format!("{group}-{seed}"), common, common);
            job.entry.group = group.into();
            job.config.seed = seed;
            job
        };
        Plan::write(out, reproduce, &[seeded("a", 1, &[])]).unwrap();
        Plan::write(out, reproduce, &[seeded("a", 2, &[]), seeded("b", 1, &[])]).unwrap();
        let other = Plan::write(out, reproduce, &[seeded("a", 3, &["training.epochs=3"])]);
        let other = format!("{:#}", other.unwrap_err());
        assert!(
            other.contains("a-1 is of other settings (it sets nothing, not training.epochs"),
            "{other}"
        );
    }
}
