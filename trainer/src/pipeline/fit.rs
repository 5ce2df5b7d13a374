//! Searching for the model that fits a board.

mod chosen;
mod points;
mod target;
mod workers;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::train::claim;
use crate::config::RunConfig;
use crate::cost::Costs;
use crate::data::{Holdout, Split, Task};
use crate::files::write_atomically;
use crate::fit::{
    self, Candidate, Limits, POINTS_NAME, Point, Progress, Rung, Space, rungs, survivors,
};
use crate::jobs::Entry;
use crate::observer::Observer;
use crate::train::Outcome;
use crate::untrusted::{self, Kind};
use crate::usage;
use points::{PointWork, PreparedData};
pub use target::FitTarget;
use target::{Facts, Target};
use workers::Workers;

pub use chosen::{FitResult, Measurement, SeedResult};

/// Name of the file with what a search was started with.
const SETTINGS_NAME: &str = "fit.toml";
/// Name of the folder with the points that jobs of a scheduler have brought.
const PARTS_NAME: &str = "parts";
/// Candidates that are looked through for the nearest one where none fits.
const NEAREST_OF: usize = 2000;
/// From here on seeds are those of the chosen model's runs.
const TEST_SEEDS: u64 = 1000;

/// A search for the model that fits a board.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// Configuration to start from: the recipe's, or the user's.
    pub config: RunConfig,
    /// Board or core that the model is for.
    pub target: FitTarget,
    /// Most that it may cost.
    pub limits: Limits,
    /// Size of the search.
    pub effort: Effort,
    /// Folder of the search; it is made if need be. A search that is there goes on.
    pub folder: PathBuf,
    /// Folder with the data sets; none is as [`locate`](crate::data::locate()) does.
    pub data_dir: Option<PathBuf>,
    /// Whether the chosen model is measured on the emulated core, where that is set up.
    pub measure: bool,
    /// Folder of the firmware sources, for that; none is `firmware-examples` here or above.
    pub firmware_dir: Option<PathBuf>,
    /// Networks that are trained at the same time, one thread each; 0 is one a core.
    pub workers: usize,
    /// Time after which no further candidate is begun; none is no limit. Results then depend on the speed of the machine.
    pub time: Option<Duration>,
    /// Device that trains.
    pub device: DeviceName,
}

/// Size of a search. Equal ones on equal data give equal results, on any number of cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effort {
    /// Seed of the candidates and of their training, below 2^32.
    pub seed: u64,
    /// Candidates of the first rung, 1 or more.
    pub candidates: usize,
    /// Candidates that are trained with several seeds, 1 or more.
    pub finalists: usize,
    /// Seeds of each of these, 1 or more.
    pub seeds: usize,
    /// Fresh seeds of the chosen model, whose test accuracy is told, 1 or more.
    pub test_seeds: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            seed: 1,
            candidates: 60,
            finalists: 4,
            seeds: 3,
            test_seeds: 3,
        }
    }
}

/// How a search ended.
#[derive(Clone, Debug)]
pub enum Fitted {
    /// A model was chosen.
    Chosen(Box<FitResult>),
    /// The observer asked to stop; run again to go on.
    Interrupted,
    /// Points that jobs are to bring first: a rung's.
    Waiting {
        /// Number of the rung, from 1.
        rung: usize,
        /// Jobs, by the names that [`fit_job`] takes.
        jobs: Vec<Entry>,
    },
}

/// What a search was started with, as its folder keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    target: String,
    effort: Effort,
    limits: Limits,
    config: RunConfig,
}

/// Searches, or goes on with a search: rungs of candidates, several seeds for the finalists, then the chosen model on the test split.
///
/// # Errors
/// [`Error::Config`]: a number is out of its range, nothing keeps the limits (the message has the nearest model), or the folder holds a
/// search that was started otherwise; [`Error::Board`]: the board is unknown; [`Error::Data`]; [`Error::Busy`]; [`Error::Device`];
/// [`Error::Io`].
pub fn fit(options: &FitOptions, observer: &mut dyn Observer) -> Result<Fitted> {
    let mut search = Search::open(options, observer)?;
    for number in 1..=search.rungs.len() {
        let work = search.work_of(number);
        if search.run(number, &work, observer)? == Outcome::Interrupted {
            return Ok(Fitted::Interrupted);
        }
    }
    search.finish(observer)
}

/// The same by jobs: takes the points that jobs have brought, and tells which are to be done next. Without any left it chooses.
///
/// # Errors
/// The same as those of [`fit()`].
pub fn fit_by_jobs(options: &FitOptions, observer: &mut dyn Observer) -> Result<Fitted> {
    let mut search = Search::open(options, observer)?;
    search.gather()?;
    for number in 1..=search.rungs.len() {
        let left = search.left(&search.work_of(number));
        if !left.is_empty() {
            let jobs = left.iter().map(PointWork::entry).collect();
            return Ok(Fitted::Waiting { rung: number, jobs });
        }
    }
    search.finish(observer)
}

/// The candidates of a search, with what they are expected to cost: what it would train in its first rung.
///
/// # Errors
/// The same as those of [`fit()`].
pub fn fit_candidates(
    options: &FitOptions,
    observer: &mut dyn Observer,
) -> Result<Vec<(Candidate, Costs)>> {
    let mut search = Search::read(options, observer)?;
    let mut config = options.config.clone();
    config.preparation.decimation = 1;
    let facts = Facts::of(search.whole_data(&config, observer)?);
    let costs = |candidate: &Candidate| {
        let judged = search.target.judge(candidate, &facts, &options.limits);
        judged.map(|judged| (candidate.clone(), judged.costs))
    };
    let all: std::result::Result<Vec<_>, _> = search.candidates.iter().map(costs).collect();
    all.map_err(anyhow::Error::from).sort(Error::Config)
}

/// Does one of the jobs that [`fit_by_jobs`] names, and keeps its point in the folder of the search.
///
/// # Errors
/// The same as those of [`fit()`], and [`Error::Plan`]: the search has no such job.
pub fn fit_job(options: &FitOptions, name: &str, observer: &mut dyn Observer) -> Result<Outcome> {
    let mut search = Search::read(options, observer)?;
    search.gather()?;
    let all = (1..=search.rungs.len()).flat_map(|number| search.work_of(number));
    let work = all.into_iter().find(|work| work.entry().name == name);
    let work = work.ok_or_else(|| {
        let folder = options.folder.display();
        Error::Plan(Fault::new(format_args!(
            "the search in {folder} has no job {name}"
        )))
    })?;
    let path = options.folder.join(PARTS_NAME).join(format!("{name}.json"));
    let mut points = Vec::new();
    let outcome = search.train(&[work], observer, |point, _| {
        points.push(point);
        Ok(())
    })?;
    if let Some(point) = points.first() {
        let text = serde_json::to_string(point)
            .map_err(anyhow::Error::from)
            .sort(Error::Io)?;
        std::fs::create_dir_all(options.folder.join(PARTS_NAME))
            .map_err(anyhow::Error::from)
            .and_then(|()| write_atomically(&path, text.as_bytes()))
            .sort_at(Error::Io, &path)?;
    }
    Ok(outcome)
}

/// A search under way.
struct Search<'a> {
    options: &'a FitOptions,
    target: Target,
    candidates: Vec<Candidate>,
    /// The rungs, and as the last one that of several seeds.
    rungs: Vec<Rung>,
    points: Vec<Point>,
    data: HashMap<String, PreparedData>,
    /// The data of the base configuration, undecimated, from which others are made.
    whole: HashMap<String, RunData>,
    begun: Instant,
    _lock: Option<crate::files::Lock>,
}

impl<'a> Search<'a> {
    /// Opens the folder, which no other process works in until the search is over.
    fn open(options: &'a FitOptions, observer: &mut dyn Observer) -> Result<Self> {
        check(options)?;
        let lock = claim(&options.folder)?;
        Ok(Self {
            _lock: Some(lock),
            ..Self::read(options, observer)?
        })
    }

    /// Reads what is in the folder, and the data; writes what the search was started with, where it is new.
    fn read(options: &'a FitOptions, observer: &mut dyn Observer) -> Result<Self> {
        check(options)?;
        let target = Target::find(&options.target, options.firmware_dir.as_deref())?;
        let settings = Settings {
            target: options.target.to_string(),
            effort: options.effort,
            limits: options.limits,
            config: options.config.clone(),
        };
        compare(&options.folder, &settings)?;
        let mut search = Self {
            options,
            target,
            candidates: Vec::new(),
            rungs: Vec::new(),
            points: fit::read_points(&options.folder)
                .sort_at(Error::Io, &options.folder.join(POINTS_NAME))?,
            data: HashMap::new(),
            whole: HashMap::new(),
            begun: Instant::now(),
            _lock: None,
        };
        search.plan(observer)?;
        keep(&options.folder, &settings)?;
        Ok(search)
    }

    /// Draws the candidates, of which the costs are known before any is trained, and plans the rungs.
    fn plan(&mut self, observer: &mut dyn Observer) -> Result<()> {
        let options = self.options;
        let effort = options.effort;
        let mut config = options.config.clone();
        config.preparation.decimation = 1;
        let data = self.whole_data(&config, observer)?;
        let space = Space {
            samples: data.task.steps(),
            channels: data.task.channels(),
            rate_hz: usage::rate_hz(&options.config),
            base: options.config.clone(),
        };
        let facts = Facts::of(data);
        let judge = |candidate: &Candidate| self.target.judge(candidate, &facts, &options.limits);
        let found = space.candidates(effort.candidates, effort.seed, |candidate| {
            judge(candidate).is_ok_and(|judged| judged.fits())
        });
        if found.is_empty() {
            return Err(target::nothing_fits(
                &self.target,
                space
                    .any(NEAREST_OF, effort.seed)
                    .iter()
                    .map(|candidate| (candidate, judge(candidate))),
            ));
        }
        let epochs = options.config.training.epochs;
        let mut rungs = rungs(found.len(), effort.finalists, epochs);
        rungs.push(Rung {
            candidates: effort.finalists.min(found.len()),
            epochs,
        });
        (self.candidates, self.rungs) = (found, rungs);
        Ok(())
    }

    /// The undecimated data of a configuration, read once for each way of cutting.
    fn whole_data(&mut self, config: &RunConfig, observer: &mut dyn Observer) -> Result<&RunData> {
        let key = whole_key(config);
        if !self.whole.contains_key(&key) {
            let mut whole = config.clone();
            whole.preparation.decimation = 1;
            whole.holdout = searched(&whole.holdout);
            let data = RunData::load(&whole, self.options.data_dir.as_deref(), observer)?;
            if data.task.split(Split::Valid).is_empty() {
                return Err(Error::Data(Fault::new(
                    "there is no validation split, by which candidates are told apart: set `holdout`, or record more people or \
                     recordings",
                )));
            }
            self.whole.insert(key.clone(), data);
        }
        Ok(&self.whole[&key])
    }

    /// What is to be trained in a rung, from 1, by the points of the rungs before it; nothing where these are not done.
    fn work_of(&self, number: usize) -> Vec<PointWork> {
        let effort = self.options.effort;
        let is_last = number == self.rungs.len();
        let rung = self.rungs[number - 1];
        let chosen = match number {
            1 => (0..self.candidates.len()).collect(),
            _ => survivors(&self.points_of(number - 1), rung.candidates),
        };
        let seeds = if is_last {
            1..effort.seeds as u64
        } else {
            0..1
        };
        let work = |candidate: usize| {
            let seeds = seeds.clone();
            seeds.map(move |seed| PointWork {
                rung: number,
                candidate,
                seed: effort.seed + seed,
                epochs: rung.epochs,
            })
        };
        chosen.into_iter().flat_map(work).collect()
    }

    /// Points of a rung.
    fn points_of(&self, rung: usize) -> Vec<Point> {
        let of_rung = self.points.iter().filter(|point| point.rung == rung);
        of_rung.cloned().collect()
    }

    /// The part of some work that is not done.
    fn left(&self, work: &[PointWork]) -> Vec<PointWork> {
        let is_done = |work: &&PointWork| !self.points.iter().any(|point| work.is(point));
        work.iter().filter(is_done).copied().collect()
    }

    /// Does what is left of a rung's work, and keeps each point as it is found.
    fn run(
        &mut self,
        number: usize,
        work: &[PointWork],
        observer: &mut dyn Observer,
    ) -> Result<Outcome> {
        let left = self.left(work);
        if left.is_empty() {
            return Ok(Outcome::Finished);
        }
        let folder = &self.options.folder;
        let mut place = Place {
            number,
            rungs: self.rungs.len() + 1,
            total: work.len(),
            done: work.len() - left.len(),
            points: self.points.clone(),
            started: Instant::now(),
            spent: 0,
            remaining: self.remaining_epochs(number),
        };
        observer.fit(&place.progress());
        let outcome = self.train(&left, observer, |point, observer| {
            fit::append(folder, std::slice::from_ref(&point)).sort_at(Error::Io, folder)?;
            place.add(point);
            observer.fit(&place.progress());
            Ok(())
        });
        self.points = place.points;
        // Threads end in any order.
        self.points
            .sort_by_key(|point| (point.rung, point.candidate, point.seed));
        outcome
    }

    /// Threads for a rung, from 1, and when they begin nothing more: rungs share the time by their epochs.
    fn workers(&self, number: usize) -> Workers {
        let effort = self.options.effort;
        let epochs = |at: usize| {
            let rung = self.rungs.get(at);
            let seeds = match at + 1 == self.rungs.len() {
                true => effort.seeds - 1,
                false => 1,
            };
            rung.map_or(0, |rung| {
                (rung.candidates * seeds) as u64 * u64::from(rung.epochs)
            })
        };
        let tests = effort.test_seeds as u64 * u64::from(self.options.config.training.epochs);
        let all: u64 = (0..self.rungs.len()).map(epochs).sum::<u64>() + tests;
        let until: u64 = (0..number).map(epochs).sum();
        let share = until as f64 / all.max(1) as f64;
        Workers {
            threads: self.options.workers,
            // The chosen model's runs are done whatever the time.
            deadline: (self.options.time)
                .filter(|_| number <= self.rungs.len())
                .map(|time| self.begun + time.mul_f64(share)),
        }
    }

    /// Epochs of all rungs from this one on, that are not done.
    fn remaining_epochs(&self, number: usize) -> u64 {
        let effort = self.options.effort;
        let of = |at: usize| {
            let rung = self.rungs[at];
            let seeds = if at + 1 == self.rungs.len() {
                effort.seeds - 1
            } else {
                1
            };
            (rung.candidates * seeds) as u64 * u64::from(rung.epochs)
        };
        let here = self.left(&self.work_of(number)).len() as u64;
        let here = here * u64::from(self.rungs[number - 1].epochs);
        here + (number..self.rungs.len()).map(of).sum::<u64>()
    }

    /// Takes the points that jobs have brought.
    fn gather(&mut self) -> Result<()> {
        let parts = self.options.folder.join(PARTS_NAME);
        let Ok(entries) = std::fs::read_dir(&parts) else {
            return Ok(());
        };
        let mut found = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let text = untrusted::text(&path, Kind::RECORD).sort_at(Error::Plan, &path)?;
            let point: Point = serde_json::from_str(&text)
                .map_err(|error| anyhow::anyhow!("{} is damaged: {error}", path.display()))
                .sort_at(Error::Plan, &path)?;
            let is_known = self
                .points
                .iter()
                .any(|known| known.is_of(point.rung, point.candidate, point.seed));
            if !is_known {
                found.push(point);
            }
        }
        found.sort_by_key(|point| (point.rung, point.candidate, point.seed));
        if self._lock.is_some() {
            fit::append(&self.options.folder, &found).sort_at(Error::Io, &parts)?;
        }
        self.points.extend(found);
        Ok(())
    }
}

/// What undecimated data depend on.
fn whole_key(config: &RunConfig) -> String {
    format!("{:?} {:?}", config.recordings, searched(&config.holdout))
}

/// The holdout of a search: there must be one.
fn searched(holdout: &Holdout) -> Holdout {
    match holdout {
        Holdout::None => Holdout::Standard,
        holdout => holdout.clone(),
    }
}

/// Place of a rung under way.
struct Place {
    number: usize,
    rungs: usize,
    total: usize,
    done: usize,
    points: Vec<Point>,
    started: Instant,
    /// Epochs that were trained since it started.
    spent: u64,
    /// Epochs that were left of all rungs when it started.
    remaining: u64,
}

impl Place {
    fn add(&mut self, point: Point) {
        self.done += 1;
        self.spent += u64::from(point.epochs);
        self.points.push(point);
    }

    fn progress(&self) -> Progress {
        let each = self.started.elapsed().as_secs_f64() / self.spent.max(1) as f64;
        let left = self.remaining.saturating_sub(self.spent) as f64;
        // Rungs hold out different people.
        let here = self.points.iter().filter(|point| point.rung == self.number);
        let here: Vec<Point> = here.cloned().collect();
        let best = fit::best(&here);
        Progress {
            rung: self.number,
            rungs: self.rungs,
            done: self.done,
            total: self.total,
            best: best.and_then(|point| Some((point.accuracy?, point.name.clone()))),
            remaining_seconds: (self.spent > 0).then_some(each * left),
        }
    }
}

/// Checks the numbers of a search.
fn check(options: &FitOptions) -> Result<()> {
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
fn compare(folder: &Path, settings: &Settings) -> Result<()> {
    let path = folder.join(SETTINGS_NAME);
    if !path.exists() {
        return Ok(());
    }
    let text = untrusted::text(&path, Kind::SETTINGS).sort_at(Error::Plan, &path)?;
    let there: Settings = toml::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{} is malformed: {error}", path.display()))
        .sort_at(Error::Plan, &path)?;
    if there == *settings {
        return Ok(());
    }
    let mut differences = settings.config.differences(&there.config);
    if there.target != settings.target {
        differences.push(format!("{}, not {}", settings.target, there.target));
    }
    if there.limits != settings.limits {
        differences.push(format!(
            "limits {:?}, not {:?}",
            settings.limits, there.limits
        ));
    }
    if there.effort != settings.effort {
        differences.push(format!("{:?}, not {:?}", settings.effort, there.effort));
    }
    let fault = Fault::new(format_args!(
        "{} holds a search that was started otherwise ({}): give the same options to go on with it, or another --out",
        folder.display(),
        differences.join("; ")
    ));
    Err(Error::Config(fault.at(folder)))
}

/// Writes what the search was started with.
fn keep(folder: &Path, settings: &Settings) -> Result<()> {
    let path = folder.join(SETTINGS_NAME);
    if path.exists() {
        return Ok(());
    }
    let text = toml::to_string(settings).map_err(anyhow::Error::from);
    let written = text.and_then(|text| write_atomically(&path, text.as_bytes()));
    written.sort_at(Error::Io, &path)
}
