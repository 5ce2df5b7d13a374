//! The end of a search: the front, the chosen model, its runs with fresh seeds, and its costs on the emulated core.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::attempts::{Attempt, first_kept, is_candidate};
use super::points::{metrics, shape_of};
use super::target::Facts;
use super::{Fitted, Search};
use crate::checkpoint::Checkpoint;
use crate::config::RunConfig;
use crate::cost::Costs;
use crate::data::Split;
use crate::fit::{self, Excess, Point};
use crate::observer::Observer;
use crate::pipeline::data::RunData;
use crate::pipeline::error::{Error, Fault, Result, Sort};
use crate::pipeline::export;
use crate::pipeline::model::{self, LoadedModel};
use crate::pipeline::train::{Run, claim, run_of, train_in};
use crate::pipeline::verify::{BoardOptions, boards_over_test_windows};
use crate::train::Outcome;

/// Windows that the chosen model is run over on the emulated core.
const MEASURED_WINDOWS: usize = 8;
/// Folder of the chosen model.
const MODEL: &str = "model";
/// Folder of the chosen model's runs.
const RUNS: &str = "runs";

/// Outcome of a search.
#[derive(Clone, Debug, Serialize)]
pub struct FitResult {
    /// Target of the search.
    pub target: String,
    /// Core whose costs count.
    pub core: String,
    /// The models than which no other is as accurate at no more instructions and bytes, by rising instructions. Accuracies are means over
    /// the seeds that the search trained, of the integer models on the validation split; those of finalists that dropped out of the race are
    /// told by their differences from the chosen one.
    pub front: Vec<Point>,
    /// The most accurate of them, which was chosen.
    pub chosen: Point,
    /// Whether the target is a board with firmware of this project, which takes the model by `flash`.
    pub has_firmware: bool,
    /// Folder of its exported model: that of the first seed.
    pub model: PathBuf,
    /// Its runs with fresh seeds.
    pub tests: Vec<SeedResult>,
    /// Mean accuracy of these on the test split, which nothing was chosen by.
    pub test_accuracy: f64,
    /// Its costs as the emulated core measured them; none where that was not asked for, or its tools are not set up.
    pub measured: Option<Measurement>,
    /// Candidates that were tried.
    pub candidates: usize,
    /// Points that were trained.
    pub points: usize,
}

/// A run of the chosen model with a fresh seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// Accuracy of the integer model on the test split.
    pub accuracy: f64,
    /// Costs by the estimate for this very model.
    pub costs: Costs,
    /// Whether it keeps all limits and the firmware takes it.
    pub fits: bool,
}

/// Costs as an emulated core measured them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The emulated board.
    pub board: String,
    /// The costs; those of the readout are of one window.
    pub costs: Costs,
    /// Instructions of a window, with the reading of its answer.
    pub instructions_per_window: u64,
    /// Windows whose states and answers equal the host's, and windows in all.
    pub equal: (usize, usize),
    /// Whether these costs keep all limits.
    pub fits: bool,
}

/// What a candidate that keeps the limits has brought.
struct Kept {
    model: PathBuf,
    tests: Vec<SeedResult>,
    measured: Option<Measurement>,
}

/// A run with a fresh seed: its result, the model, and why it does not fit.
type Tested = (SeedResult, LoadedModel, Option<String>);

impl Search<'_> {
    /// Chooses, trains with fresh seeds, measures, exports and writes results. A choice that breaks a limit then gives way to the next best.
    pub(super) fn finish(&mut self, observer: &mut dyn Observer) -> Result<Fitted> {
        let (mut finals, in_all) = self.means();
        if finals.is_empty() {
            return Err(Error::Config(Fault::new(format_args!(
                "none of the candidates could be trained for all epochs; of {} shorter trainings points.jsonl in {} tells what failed or broke a \
                 limit. Where --time ended them, give the same command again to go on",
                self.points.len(),
                self.options.folder.display()
            ))));
        }
        if finals.iter().all(|point| !is_candidate(point)) {
            return Err(Error::Config(Fault::new(format_args!(
                "none of the {} finalists keeps the limits once it is exported: points.jsonl in {} has their costs; give the search more \
                 candidates",
                finals.len(),
                self.options.folder.display()
            ))));
        }
        let attempt = |chosen: &Point, first: bool, observer: &mut dyn Observer| {
            self.attempt(chosen, first, observer)
        };
        let Some((chosen, kept)) = first_kept(&mut finals, in_all, attempt, observer)? else {
            return Ok(Fitted::Interrupted);
        };
        let result = self.result(chosen, &finals, kept);
        self.write(&result, &finals)?;
        Ok(Fitted::Chosen(Box::new(result)))
    }

    /// Trains a candidate with fresh seeds, measures one of the models and, if it keeps the limits, exports it. The `first` candidate's runs
    /// lie in the folder of runs, those of others in folders of their own there.
    fn attempt(
        &mut self,
        chosen: &Point,
        first: bool,
        observer: &mut dyn Observer,
    ) -> Result<Attempt<Kept>> {
        let config = self.final_config(chosen);
        let data = RunData::load(&config, self.options.data_dir.as_deref(), observer)?;
        let mut folder = self.options.folder.join(RUNS);
        if !first {
            folder.push(format!("candidate-{}", chosen.candidate));
        }
        let Some(mut tests) = self.runs(&folder, &config, &data, observer)? else {
            return Ok(Attempt::Interrupted);
        };
        tests.sort_by_key(|(result, ..)| result.seed);
        let Some((_, loaded, _)) = tests.iter().find(|(result, ..)| result.fits) else {
            let reasons = tests.into_iter().map(|(_, _, reason)| reason);
            let reason = reasons.flatten().next().unwrap_or_default();
            return Ok(Attempt::Rejected(format!("with fresh seeds {reason}")));
        };
        let measured = self.measure(chosen, loaded, &data, observer)?;
        if let Some((measured, excesses)) = &measured
            && let Some(excess) = excesses.first()
        {
            let words = excess.in_words(self.options.clock);
            return Ok(Attempt::Rejected(format!(
                "{words}, as measured on {}",
                measured.board
            )));
        }
        let device = self.options.device.open()?;
        let named = self.options.data_dir.is_some();
        let model = self.options.folder.join(MODEL);
        export::write(&model, loaded, &data, named, &device, observer)?;
        Ok(Attempt::Kept(Kept {
            model,
            tests: tests.iter().map(|(result, ..)| *result).collect(),
            measured: measured.map(|(measured, _)| measured),
        }))
    }

    fn result(&self, chosen: Point, finals: &[Point], kept: Kept) -> FitResult {
        let sum: f64 = kept.tests.iter().map(|result| result.accuracy).sum();
        FitResult {
            target: self.options.target.to_string(),
            core: self.target.core.core.clone(),
            front: front_with(finals, &chosen),
            chosen,
            has_firmware: self.target.has_firmware(),
            model: kept.model,
            test_accuracy: sum / kept.tests.len() as f64,
            tests: kept.tests,
            measured: kept.measured,
            candidates: self.candidates.len(),
            points: self.points.len(),
        }
    }

    /// The candidates that were trained for all epochs, each with its mean over the rounds of the race, those that were in all of them
    /// first; one of which some seed breaks a limit or failed does not fit. Gives the number of those first ones, too.
    ///
    /// Rounds differ more than candidates do. So what dropped out of the race has the mean of the first one, less the mean difference
    /// in the rounds that both were in.
    fn means(&self) -> (Vec<Point>, usize) {
        let mut all: BTreeMap<usize, Vec<&Point>> = BTreeMap::new();
        for point in self.points.iter().filter(|point| point.rung >= self.race) {
            all.entry(point.candidate).or_default().push(point);
        }
        let most = all.values().map(Vec::len).max().unwrap_or(0);
        let (whole, dropped): (Vec<_>, Vec<_>) =
            all.into_values().partition(|rounds| rounds.len() == most);
        let mut means: Vec<Point> = whole.iter().filter_map(|rounds| mean_of(rounds)).collect();
        let in_all = means.len();
        let first = fit::best(&means).cloned();
        let Some((first, rounds)) = first.and_then(|first| {
            let is_first = |rounds: &&Vec<&Point>| rounds[0].candidate == first.candidate;
            let rounds = whole.iter().find(is_first)?;
            Some((first, rounds))
        }) else {
            return (means, in_all);
        };
        means.extend(dropped.iter().filter_map(|other| {
            let point = mean_of(other)?;
            let shared: Vec<&Point> = (rounds.iter().copied())
                .filter(|round| other.iter().any(|it| it.rung == round.rung))
                .collect();
            let by_difference = first.accuracy? + point.accuracy? - mean_of(&shared)?.accuracy?;
            Some(Point {
                accuracy: Some(by_difference.clamp(0.0, 1.0)),
                ..point
            })
        }));
        (means, in_all)
    }

    /// The configuration of the chosen model's runs: on the data that the recipe trains on.
    fn final_config(&self, chosen: &Point) -> RunConfig {
        let base = &self.options.config;
        let mut config = self.candidates[chosen.candidate].config.clone();
        config.holdout = base.holdout.clone();
        (config.training.keep, config.training.patience) =
            (base.training.keep, base.training.patience);
        config
    }

    /// Trains the chosen model with fresh seeds, in run folders that can go on; none where it was asked to stop.
    fn runs(
        &mut self,
        folder: &Path,
        config: &RunConfig,
        data: &RunData,
        observer: &mut dyn Observer,
    ) -> Result<Option<Vec<Tested>>> {
        let workers = self.workers(self.rungs.len() + 1, 0);
        let config = data.task.completed(config.clone());
        let device = self.options.device.open()?;
        let facts = Facts::of(data);
        let test = data.task.split(Split::Test);
        let seeds: Vec<u64> = (0..self.options.effort.test_seeds)
            .map(|i| self.test_seed(i))
            .collect();
        let job = |seed: &u64, observer: &mut dyn Observer| {
            let folder = folder.join(format!("seed-{seed}"));
            let _lock = claim(&folder)?;
            let config = RunConfig {
                seed: *seed,
                ..config.clone()
            };
            let run = Run {
                folder: &folder,
                resumed: run_of(&folder, &config),
                config: config.clone(),
                overwrite: true,
                data_dir: self.options.data_dir.as_deref(),
            };
            if train_in(run, &data.task, &device, observer)? == Outcome::Interrupted {
                return Ok(None);
            }
            let checkpoint = Checkpoint::load(&folder).sort_at(Error::Checkpoint, &folder)?;
            let loaded = model::export_run(checkpoint, config, data, &device)?;
            let accuracy = metrics(&loaded.file, &test, &data.input_lsb)?.accuracy;
            let (costs, reason) = self.check(&loaded, data, &facts)?;
            let result = SeedResult {
                seed: *seed,
                accuracy,
                costs,
                fits: reason.is_none(),
            };
            Ok(Some((result, loaded, reason)))
        };
        let mut found = Vec::new();
        let outcome = workers.run(&seeds, observer, job, |result, observer| {
            found.push(result);
            observer.fit(&self.progress_of_tests(found.len(), seeds.len()));
            Ok(())
        })?;
        Ok((outcome == Outcome::Finished).then_some(found))
    }

    fn progress_of_tests(&self, done: usize, total: usize) -> fit::Progress {
        fit::Progress {
            rung: self.rungs.len() + 1,
            rungs: self.rungs.len() + 1,
            done,
            total,
            best: None,
            remaining_seconds: None,
        }
    }

    /// Costs of an exported model, and why it does not fit: a limit or the firmware. None where it does.
    fn check(
        &self,
        loaded: &LoadedModel,
        data: &RunData,
        facts: &Facts,
    ) -> Result<(Costs, Option<String>)> {
        let shape = shape_of(&loaded.file)?;
        let (_, costs) = self.target.costs(&shape)?;
        let config = &loaded.config;
        let (steps, decimation) = (data.task.steps(), config.preparation.decimation.max(1));
        let excesses = (self.target).excesses(&self.options.limits, &costs, steps, decimation);
        let reason = match excesses.first() {
            Some(excess) => Some(format!(
                "{}, with the margin of the estimates",
                excess.in_words(self.options.clock)
            )),
            None if !self.target.covers(&shape) => Some("its costs are not known".into()),
            None => (self.target).refusal(&loaded.file, facts.usage(config, steps)),
        };
        Ok((costs, reason))
    }

    /// Measures the chosen model on the emulated core, where that is set up, and tells the limits that it breaks there.
    fn measure(
        &self,
        chosen: &Point,
        loaded: &LoadedModel,
        data: &RunData,
        observer: &mut dyn Observer,
    ) -> Result<Option<(Measurement, Vec<Excess>)>> {
        if !self.options.measure {
            return Ok(None);
        }
        let boards = BoardOptions {
            names: vec![self.target.core.name.clone()],
            firmware_dir: self.options.firmware_dir.clone(),
        };
        let verdicts =
            boards_over_test_windows(&boards, &loaded.file, data, MEASURED_WINDOWS, observer);
        let verdict = match verdicts {
            Ok(mut verdicts) if !verdicts.is_empty() => verdicts.remove(0),
            Ok(_) => return Ok(None),
            Err(error) => {
                observer.notice(&format!(
                    "note: the chosen model was not measured on the emulated core, so its costs are estimates: {}",
                    error.with_causes()
                ));
                return Ok(None);
            }
        };
        if !verdict.passed() {
            return Err(Error::Board(Fault::new(format_args!(
                "{} differs from the host: {} of {} windows are equal",
                verdict.board, verdict.equal, verdict.windows
            ))));
        }
        let model_bytes = loaded.file.bytes().len() as u64;
        let costs = Costs {
            instructions_per_step: verdict.cost.instructions_per_step.into(),
            readout_instructions: verdict.cost.readout_instructions.into(),
            session_bytes: verdict.cost.session_bytes.into(),
            stack_bytes: verdict.cost.stack_bytes.into(),
            code_bytes: verdict.inference_firmware.flash.saturating_sub(model_bytes),
            model_bytes,
        };
        let limits = self.target.limits(&self.options.limits);
        let excesses = limits.excesses(&costs, chosen.steps, chosen.decimation);
        let measured = Measurement {
            board: verdict.board.clone(),
            instructions_per_window: costs.window(chosen.steps),
            costs,
            equal: (verdict.equal, verdict.windows),
            fits: excesses.is_empty(),
        };
        Ok(Some((measured, excesses)))
    }
}

/// The front, on which the chosen model is, also where the estimate of one that dropped out of the race is as good.
fn front_with(finals: &[Point], chosen: &Point) -> Vec<Point> {
    let mut front = fit::front(finals);
    if !front.contains(chosen) {
        let at = front.partition_point(|point| {
            point.instructions_per_window < chosen.instructions_per_window
        });
        front.insert(at, chosen.clone());
    }
    front
}

/// The mean of a candidate's points, with the costs of the costliest; none of no points.
fn mean_of(points: &[&Point]) -> Option<Point> {
    let costliest = points
        .iter()
        .max_by_key(|point| point.instructions_per_window)?;
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    let accuracies: Option<Vec<f64>> = points.iter().map(|point| point.accuracy).collect();
    let losses: Option<Vec<f64>> = points.iter().map(|point| point.loss).collect();
    Some(Point {
        accuracy: accuracies.map(mean),
        loss: losses.map(mean),
        fits: points.iter().all(|point| point.fits),
        ..(*costliest).clone()
    })
}
