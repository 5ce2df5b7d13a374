//! Training and evaluating one candidate.

use std::time::Instant;

use burn::tensor::Device;

use super::target::{Facts, Target};
use super::{Search, TEST_SEEDS, whole_key};
use crate::checkpoint::Checkpoint;
use crate::config::RunConfig;
use crate::cost::Shape;
use crate::data::{Holdout, Sequences, Task};
use crate::evaluate;
use crate::fit::{Candidate, Limits, Point};
use crate::integer::ModelFile;
use crate::jobs::Entry;
use crate::metrics::Metrics;
use crate::observer::{EpochRecord, Observer};
use crate::pipeline::data::RunData;
use crate::pipeline::error::{Error, Result, Sort};
use crate::pipeline::model;
use crate::train::{Diverged, Outcome, Store, Trainer};

/// A candidate to train with a seed for some epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PointWork {
    pub(super) rung: usize,
    pub(super) candidate: usize,
    pub(super) seed: u64,
    pub(super) epochs: u32,
}

impl PointWork {
    /// Whether a point is the result of this.
    pub(super) fn is(&self, point: &Point) -> bool {
        point.is_of(self.rung, self.candidate, self.seed)
    }

    /// The job of a scheduler that does this.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            name: format!(
                "rung-{}-candidate-{}-seed-{}",
                self.rung, self.candidate, self.seed
            ),
            group: format!("rung-{}", self.rung),
            settings: Vec::new(),
        }
    }
}

/// Data as candidates are trained on them: without the validation split, which is beside them, and without a test split.
pub(super) struct PreparedData {
    pub(super) run: RunData,
    pub(super) valid: Sequences,
}

/// Keeps nothing: points are short, and done anew where they are interrupted.
struct Nowhere;

impl Store for Nowhere {
    fn record(&mut self, _: &EpochRecord) -> anyhow::Result<()> {
        Ok(())
    }

    fn save(&mut self, _: &Checkpoint) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Share of the windows that is held out where subjects are drawn, in per cent.
const HELD_OUT: u8 = 20;

/// What candidates of equal data have in common.
fn data_key(config: &RunConfig) -> String {
    format!(
        "{:?} {:?} {:?}",
        config.recordings, config.holdout, config.preparation
    )
}

impl Search<'_> {
    /// Trains and evaluates, several at a time, and hands over each point when it is there.
    pub(super) fn train(
        &mut self,
        work: &[PointWork],
        observer: &mut dyn Observer,
        found: impl FnMut(Point, &mut dyn Observer) -> Result<()>,
    ) -> Result<Outcome> {
        let configs: Vec<RunConfig> = work.iter().map(|work| self.config_of(work)).collect();
        let needed: Vec<String> = configs.iter().map(data_key).collect();
        self.data.retain(|key, _| needed.contains(key));
        self.whole
            .retain(|key, _| configs.iter().any(|config| *key == whole_key(config)));
        for config in &configs {
            if observer.stop_requested() {
                return Ok(Outcome::Interrupted);
            }
            self.prepare(config, observer)?;
        }
        let device = self.options.device.open()?;
        let workers = self.workers(work.first().map_or(1, |work| work.rung), work.len());
        let job = |work: &PointWork, observer: &mut dyn Observer| {
            let config = self.config_of(work);
            let data = &self.data[&data_key(&config)];
            let run = PointRun {
                work: *work,
                candidate: &self.candidates[work.candidate],
                config,
                target: &self.target,
                limits: &self.options.limits,
                device: &device,
            };
            run.point(data, observer)
        };
        workers.run(work, observer, job, found)
    }

    /// The configuration of a piece of work. The first rung holds out the validation split as documented. Where that is of a few people,
    /// the others hold out other ones, so that nothing is chosen for the habits of some: the same ones for all candidates of a rung
    /// and seed.
    fn config_of(&self, work: &PointWork) -> RunConfig {
        let mut config = self.candidates[work.candidate].config.clone();
        let draw = work.rung as u64 - 1 + work.seed - self.options.effort.seed;
        let is_of_people = matches!(config.task, Task::Har2 | Task::Har6 | Task::Dsa19);
        if draw > 0 && is_of_people && config.holdout == Holdout::Standard {
            config.holdout = Holdout::Random {
                percent: HELD_OUT,
                seed: self.options.effort.seed + draw,
            };
        }
        config.seed = work.seed;
        config.training.epochs = work.epochs;
        config.training.warmup = config.training.warmup.min(f64::from(work.epochs) / 4.0);
        config
    }

    /// Decimates and standardises data, once for all candidates that share them.
    fn prepare(&mut self, config: &RunConfig, observer: &mut dyn Observer) -> Result<()> {
        let key = data_key(config);
        if self.data.contains_key(&key) {
            return Ok(());
        }
        let whole = self.whole_data(config, observer)?;
        let mut run = RunData {
            task: whole.task.prepared(config).sort(Error::Config)?,
            input_lsb: whole.input_lsb.clone(),
            source: whole.source.clone(),
        };
        let valid = run.task.take_validation();
        self.data.insert(key, PreparedData { run, valid });
        Ok(())
    }

    /// The seed of a run of the chosen model: none that the search has used.
    pub(super) fn test_seed(&self, number: usize) -> u64 {
        self.options.effort.seed + TEST_SEEDS + number as u64
    }
}

/// One candidate to train.
struct PointRun<'a> {
    work: PointWork,
    candidate: &'a Candidate,
    config: RunConfig,
    target: &'a Target,
    limits: &'a Limits,
    device: &'a Device,
}

impl PointRun<'_> {
    /// Its point; none where it was asked to stop.
    fn point(&self, data: &PreparedData, observer: &mut dyn Observer) -> Result<Option<Point>> {
        let begun = Instant::now();
        let config = data.run.task.completed(self.config.clone());
        let mut trainer =
            Trainer::new(config.clone(), &data.run.task, self.device).sort(Error::Config)?;
        match trainer.run(&mut Nowhere, observer) {
            Ok(Outcome::Finished) => {}
            Ok(Outcome::Interrupted) => return Ok(None),
            Err(error) if error.is::<Diverged>() => {
                let costs = self.expected(data)?;
                return Ok(Some(self.failed(format!("{error:#}"), costs, begun)));
            }
            Err(error) => return Err(Error::Io(error.into())),
        }
        let checkpoint = trainer.checkpoint().sort(Error::Io)?;
        let file = match model::export_run(checkpoint, config, &data.run, self.device) {
            Ok(loaded) => loaded.file,
            Err(error) => {
                let costs = self.expected(data)?;
                return Ok(Some(self.failed(error.with_causes(), costs, begun)));
            }
        };
        let metrics = metrics(&file, &data.valid, &data.run.input_lsb)?;
        let point = self.with_costs(&shape_of(&file)?, begun)?;
        let usage = Facts::of(&data.run).usage(&self.config, self.candidate.steps);
        Ok(Some(Point {
            accuracy: Some(metrics.accuracy),
            loss: Some(metrics.loss),
            failure: None,
            fits: point.fits && self.target.refusal(&file, usage).is_none(),
            ..point
        }))
    }

    fn expected(&self, data: &PreparedData) -> Result<Shape> {
        let (channels, outputs) = (data.run.task.channels(), data.run.task.outputs());
        let candidate = self.candidate;
        let shape = Shape::of_config(&candidate.config, candidate.steps, channels, outputs);
        shape.map_err(anyhow::Error::from).sort(Error::Config)
    }

    fn failed(&self, failure: String, shape: Shape, begun: Instant) -> Point {
        let point = self.with_costs(&shape, begun);
        let point = point.unwrap_or_else(|_| unreachable!("candidates have costs"));
        Point {
            failure: Some(failure),
            fits: false,
            ..point
        }
    }

    /// A point without an accuracy.
    fn with_costs(&self, shape: &Shape, begun: Instant) -> Result<Point> {
        let (kernel, costs) = self.target.costs(shape)?;
        let (steps, config) = (self.candidate.steps, &self.candidate.config);
        let decimation = config.preparation.decimation.max(1);
        let excesses = (self.target).excesses(self.limits, &costs, steps, decimation);
        Ok(Point {
            rung: self.work.rung,
            candidate: self.work.candidate,
            seed: self.work.seed,
            epochs: self.work.epochs,
            name: self.candidate.name.clone(),
            accuracy: None,
            loss: None,
            failure: None,
            costs,
            steps,
            decimation,
            instructions_per_window: costs.window(steps),
            kernel,
            assembly: shape.is_fast(kernel),
            fits: self.target.covers(shape) && excesses.is_empty(),
            seconds: begun.elapsed().as_secs_f64(),
        })
    }
}

/// Metrics of an integer model.
pub(super) fn metrics(
    file: &ModelFile,
    sequences: &Sequences,
    input_lsb: &[f32],
) -> Result<Metrics> {
    let model = file.model().sort(Error::Model)?;
    let kernel = crate::integer::KernelName::best_for(&model);
    evaluate::integer_metrics(&model, kernel, sequences, input_lsb).sort(Error::Model)
}

/// Shape of an exported model.
pub(super) fn shape_of(file: &ModelFile) -> Result<Shape> {
    let shape = Shape::of(&file.model().sort(Error::Model)?);
    shape.map_err(anyhow::Error::from).sort(Error::Model)
}
