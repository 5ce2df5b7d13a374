//! Searching for the model that fits a board.

mod attempts;
mod by_jobs;
mod chosen;
mod nearest;
mod place;
mod points;
mod settings;
mod target;
mod workers;
mod written;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::data::RunData;
use super::device::DeviceName;
use super::error::{Error, Fault, Result, Sort};
use super::train::claim;
use crate::clock::Clock;
use crate::config::{RunConfig, windows};
use crate::cost::Costs;
use crate::data::{Holdout, Split};
use crate::fit::{
    self, Candidate, Limits, POINTS_NAME, Point, Rung, Space, most_in_round, rungs, still_in,
    survivors,
};
use crate::jobs::Entry;
use crate::observer::Observer;
use crate::train::Outcome;
use crate::visible;
pub use by_jobs::{fit_by_jobs, fit_job};
use nearest::Nearest;
use place::Place;
use points::{PointWork, PreparedData};
use settings::{Settings, check, check_free, compare, keep};
pub use target::FitTarget;
use target::{Facts, Target};
use workers::Workers;

pub use chosen::{FitResult, Measurement, SeedResult};

/// From here on seeds are those of the chosen model's runs.
const TEST_SEEDS: u64 = 1000;

/// Candidates that the first rung trains in each process, however short the time is.
const LEAST_BEGUN: usize = 4;

/// A search for the model that fits a board.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// Configuration to start from: the recipe's, or the user's.
    pub config: RunConfig,
    /// Board or core that the model is for.
    pub target: FitTarget,
    /// Most that it may cost.
    pub limits: Limits,
    /// Clock of the core, by which messages tell instructions a sample as time; none is without.
    pub clock: Option<Clock>,
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
    /// Time of training after which no further candidate is begun; none is no limit. Rungs share it by their epochs, and each trains one
    /// candidate or more. Results then depend on the speed of the machine. A search that goes on has it anew.
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
    /// Most seeds of each of these, 1 or more: who falls behind gets fewer.
    pub seeds: usize,
    /// Fresh seeds of the chosen model, whose test accuracy is told, 1 or more.
    pub test_seeds: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            seed: 1,
            candidates: 60,
            finalists: 6,
            seeds: 5,
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

/// Searches, or goes on with a search: rungs of candidates, a race of the finalists with several seeds, then the chosen model on the test split.
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

/// A search under way.
struct Search<'a> {
    options: &'a FitOptions,
    settings: Settings,
    target: Target,
    candidates: Vec<Candidate>,
    /// The rungs, and after them the rounds in which the finalists race, with a seed each.
    rungs: Vec<Rung>,
    /// Number of the rung that is the first round of the race: the first one with all epochs.
    race: usize,
    points: Vec<Point>,
    data: HashMap<String, PreparedData>,
    /// The data of the base configuration, undecimated, from which others are made.
    whole: HashMap<String, RunData>,
    /// When training began.
    begun: Option<Instant>,
    _lock: Option<crate::files::Lock>,
}

impl<'a> Search<'a> {
    /// Opens the folder, which no other process works in until the search is over.
    fn open(options: &'a FitOptions, observer: &mut dyn Observer) -> Result<Self> {
        check(options)?;
        check_free(&options.folder)?;
        let lock = claim(&options.folder)?;
        let search = Self::read(options, observer)?;
        // Only where there is something to search for.
        keep(&options.folder, &search.settings)?;
        Ok(Self {
            _lock: Some(lock),
            ..search
        })
    }

    /// Reads what is in the folder, and the data, and plans.
    fn read(options: &'a FitOptions, observer: &mut dyn Observer) -> Result<Self> {
        check(options)?;
        let target = Target::find(&options.target, options.firmware_dir.as_deref())?;
        let settings = Settings::of(options)?;
        compare(&options.folder, &settings)?;
        let read = fit::read_points(&options.folder)
            .sort_at(Error::Io, &options.folder.join(POINTS_NAME))?;
        if let Some(line) = read.cut_line {
            observer.notice(&format!(
                "note: line {line} of {} is cut off, as the process that wrote it was killed: its candidate is trained anew",
                options.folder.join(POINTS_NAME).display()
            ));
        }
        let mut search = Self {
            options,
            settings,
            target,
            candidates: Vec::new(),
            rungs: Vec::new(),
            race: 0,
            points: read.points,
            data: HashMap::new(),
            whole: HashMap::new(),
            begun: None,
            _lock: None,
        };
        search.plan(observer)?;
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
            rate_hz: windows::rate_hz(&options.config).or(data.task.rate_hz()),
            base: options.config.clone(),
        };
        let facts = Facts::of(data);
        let judge = |candidate: &Candidate| self.target.judge(candidate, &facts, &options.limits);
        let mut nearest = Nearest::default();
        let found = space.candidates(effort.candidates, effort.seed, |candidate| {
            nearest.fits(candidate, judge(candidate))
        });
        if found.is_empty() {
            return Err(nearest.error(&self.target, options.clock));
        }
        self.check_names(&found)?;
        let epochs = options.config.training.epochs;
        let mut rungs = rungs(found.len(), effort.finalists, epochs);
        self.race = rungs.len();
        let finalists = effort.finalists.min(found.len());
        rungs.extend((2..=effort.seeds).map(|round| Rung {
            candidates: most_in_round(finalists, round - 1),
            epochs,
        }));
        (self.candidates, self.rungs) = (found, rungs);
        Ok(())
    }

    /// Whether the points are those of these candidates: another version of this program may draw others.
    fn check_names(&self, candidates: &[Candidate]) -> Result<()> {
        let is_of = |point: &&Point| {
            let candidate = candidates.get(point.candidate);
            candidate.is_none_or(|candidate| candidate.name != point.name)
        };
        let Some(point) = self.points.iter().find(is_of) else {
            return Ok(());
        };
        let folder = &self.options.folder;
        let fault = Fault::new(format_args!(
            "{} holds a search of another version of this program: candidate {} of its {POINTS_NAME} is {}, which this version does not try. \
             Search anew in another --out",
            folder.display(),
            point.candidate,
            visible::name(&point.name)
        ));
        Err(Error::Plan(fault.at(folder)))
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
        let rung = self.rungs[number - 1];
        let chosen = match number {
            1 => (0..self.candidates.len()).collect(),
            _ if number <= self.race => survivors(&self.points_of(number - 1), rung.candidates),
            _ => self.racing(number, rung.candidates),
        };
        let round = number.saturating_sub(self.race) as u64;
        let work = |candidate: usize| PointWork {
            rung: number,
            candidate,
            seed: self.options.effort.seed + round,
            epochs: rung.epochs,
        };
        chosen.into_iter().map(work).collect()
    }

    /// The finalists that are in a round of the race, by the rounds before it; none where there is nothing to decide.
    fn racing(&self, number: usize, most: usize) -> Vec<usize> {
        let before = (self.points.iter())
            .filter(|point| (self.race..number).contains(&point.rung))
            .cloned();
        let chosen = still_in(&before.collect::<Vec<_>>(), most);
        match chosen.len() {
            1 => Vec::new(),
            _ => chosen,
        }
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
        if place.done < place.total && matches!(outcome, Ok(Outcome::Finished)) {
            observer.notice(&format!(
                "note: --time ended rung {number} after {} of {} candidates: the same command goes on with it",
                place.done, place.total
            ));
        }
        self.points = place.points;
        // Threads end in any order.
        self.points
            .sort_by_key(|point| (point.rung, point.candidate, point.seed));
        outcome
    }

    /// Threads for some pieces of work of a rung, from 1, and when they begin nothing more: rungs share what is left of the time by their
    /// epochs. The time begins with the first of them.
    fn workers(&mut self, number: usize, pieces: usize) -> Workers {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let epochs = self.options.config.training.epochs;
        let all = |pieces: usize, epochs: u32| pieces as u64 * u64::from(epochs);
        let here = (self.rungs.get(number - 1)).map(|rung| all(pieces, rung.epochs));
        let later = (self.rungs.iter().skip(number)).map(|rung| all(rung.candidates, rung.epochs));
        let tests = all(self.options.effort.test_seeds, epochs);
        let deadline = here.zip(self.options.time).map(|(here, time)| {
            let left = time.saturating_sub(begun.elapsed());
            let share = here as f64 / (here + later.sum::<u64>() + tests).max(1) as f64;
            Instant::now() + left.mul_f64(share)
        });
        Workers {
            threads: self.options.workers,
            // The chosen model's runs are done whatever the time.
            deadline,
            // Of the race one round is enough.
            least: match number {
                1 => LEAST_BEGUN,
                _ => usize::from(number <= self.race),
            },
        }
    }

    /// Epochs of all rungs from this one on, that are not done.
    fn remaining_epochs(&self, number: usize) -> u64 {
        let of = |at: usize| {
            let rung = self.rungs[at];
            rung.candidates as u64 * u64::from(rung.epochs)
        };
        let here = self.left(&self.work_of(number)).len() as u64;
        let here = here * u64::from(self.rungs[number - 1].epochs);
        here + (number..self.rungs.len()).map(of).sum::<u64>()
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
