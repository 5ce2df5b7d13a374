//! What a search was started with, which its folder keeps.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Effort, FitOptions};
use crate::card;
use crate::checkpoint;
use crate::config::RunConfig;
use crate::data::Task;
use crate::data::recordings::content_digest;
use crate::files::write_atomically;
use crate::fit::{Limit, Limits, POINTS_NAME};
use crate::jobs::PLAN_NAME;
use crate::pipeline::error::{Error, Fault, Result, Sort};
use crate::untrusted::{self, Kind};

/// Name of the file with what a search was started with.
const SETTINGS_NAME: &str = "fit.toml";

/// What a search writes, and what makes a folder that of a run, a model or a plan.
const WRITTEN: [&str; 9] = [
    "model",
    "runs",
    POINTS_NAME,
    "fit.json",
    "front.md",
    "front.svg",
    checkpoint::FILE_NAME,
    card::files::MODEL,
    PLAN_NAME,
];

/// What a search was started with, as its folder keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) target: String,
    pub(super) effort: Effort,
    pub(super) limits: Limits,
    /// Digest of the user's own recordings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<String>,
    pub(super) config: RunConfig,
}

impl Settings {
    /// What a search with these options is started with.
    pub(super) fn of(options: &FitOptions) -> Result<Self> {
        let is_own = options.config.task == Task::Recordings;
        let place = options.data_dir.as_deref().filter(|_| is_own);
        let digest = |place: &Path| content_digest(place).sort_at(Error::Data, place);
        Ok(Self {
            target: options.target.to_string(),
            effort: options.effort,
            limits: options.limits,
            data: place.map(digest).transpose()?,
            config: options.config.clone(),
        })
    }
}

/// Checks the numbers of a search.
pub(super) fn check(options: &FitOptions) -> Result<()> {
    options.config.validate().sort(Error::Config)?;
    let effort = options.effort;
    for (name, count) in [
        ("candidates", effort.candidates),
        ("finalists", effort.finalists),
        ("seeds", effort.seeds),
        ("test seeds", effort.test_seeds),
    ] {
        if !(1..=10_000).contains(&count) {
            let fault = Fault::new(format_args!(
                "the number of {name} must be in 1..=10000, not {count}"
            ));
            return Err(Error::Config(fault));
        }
    }
    if effort.seed >= 1 << 32 {
        return Err(Error::Config(Fault::new(
            "the seed of a search must be below 2^32",
        )));
    }
    if matches!(
        options.config.task,
        Task::Copy | Task::Imdb | Task::Sst2 | Task::Qqp
    ) {
        let fault = Fault::new(format_args!(
            "{} is a task of tokens: `fit` is for numbers, such as those of sensors, of which it knows the costs",
            options.config.task
        ));
        return Err(Error::Config(fault));
    }
    Ok(())
}

/// Whether the folder holds no other search.
pub(super) fn compare(folder: &Path, settings: &Settings) -> Result<()> {
    let path = folder.join(SETTINGS_NAME);
    if !path.exists() {
        return Ok(());
    }
    let text = untrusted::text(&path, Kind::SETTINGS).sort_at(Error::Plan, &path)?;
    let there: Settings = toml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{} is malformed: {error}", path.display()))
        .sort_at(Error::Plan, &path)?;
    let mut differences = settings.config.differences(&there.config);
    if there.data.is_some() && there.data != settings.data {
        differences.push("other recordings".into());
    }
    if there.target != settings.target {
        differences.push(format!("{}, not {}", there.target, settings.target));
    }
    differences.extend(other_limits(&there.limits, &settings.limits));
    differences.extend(other_effort(&there.effort, &settings.effort));
    if differences.is_empty() {
        return Ok(());
    }
    let fault = Fault::new(format_args!(
        "{} holds a search that was started otherwise ({}): give the same options to go on with it, or another --out",
        folder.display(),
        differences.join("; ")
    ));
    Err(Error::Config(fault.at(folder)))
}

/// The limits that differ, those of `there` first.
fn other_limits(there: &Limits, given: &Limits) -> Vec<String> {
    let words = |most: Option<u64>, limit: Limit| match most {
        Some(most) => format!("{most} {limit}"),
        None => format!("any number of {limit}"),
    };
    let pairs = there.all().into_iter().zip(given.all());
    pairs
        .filter(|(there, given)| there != given)
        .map(|((limit, there), (_, given))| {
            format!("{}, not {}", words(there, limit), words(given, limit))
        })
        .collect()
}

/// The numbers of a search that differ, those of `there` first.
fn other_effort(there: &Effort, given: &Effort) -> Vec<String> {
    let numbers = |effort: &Effort| {
        [
            ("seed", effort.seed),
            ("candidates", effort.candidates as u64),
            ("finalists", effort.finalists as u64),
            ("seeds", effort.seeds as u64),
            ("test seeds", effort.test_seeds as u64),
        ]
    };
    let pairs = numbers(there).into_iter().zip(numbers(given));
    pairs
        .filter(|(there, given)| there != given)
        .map(|((name, there), (_, given))| format!("{name} = {there}, not {given}"))
        .collect()
}

/// Refuses a folder that holds something else than a search, which a search would write over.
pub(super) fn check_free(folder: &Path) -> Result<()> {
    let holds = |name: &&&str| folder.join(name).symlink_metadata().is_ok();
    if holds(&&SETTINGS_NAME) {
        return Ok(());
    }
    let Some(name) = WRITTEN.iter().find(holds) else {
        return Ok(());
    };
    let fault = Fault::new(format_args!(
        "{} already holds {name}, which is of no search: choose another --out",
        folder.display()
    ));
    Err(Error::Config(fault.at(folder)))
}

/// Writes what the search was started with.
pub(super) fn keep(folder: &Path, settings: &Settings) -> Result<()> {
    let path = folder.join(SETTINGS_NAME);
    if path.exists() {
        return Ok(());
    }
    let text = toml::to_string(settings).map_err(anyhow::Error::from);
    let written = text.and_then(|text| write_atomically(&path, text.as_bytes()));
    written.sort_at(Error::Io, &path)
}
