//! Tests of a run's configuration, on sequences small enough to train in a moment.

use super::{Diverged, Outcome, Store, Trainer};
use crate::checkpoint::Checkpoint;
use crate::config::{
    ImageAugmentation, NetworkConfig, Preparation, RunConfig, SignSchedule, Signs,
};
use crate::data::{Dataset, Sequences, Targets, Task};
use crate::nn::{HostWeights, ReadoutKind};
use crate::observer::{EpochRecord, Observer, Silent, Step};
use crate::task_data::TaskData;
use burn::tensor::Device;

/// Keeps what a run tells.
#[derive(Default)]
struct Told {
    epochs: Vec<EpochRecord>,
    saved: Option<Checkpoint>,
}

impl Store for Told {
    fn record(&mut self, record: &EpochRecord) -> anyhow::Result<()> {
        self.epochs.push(*record);
        Ok(())
    }

    fn save(&mut self, checkpoint: &Checkpoint) -> anyhow::Result<()> {
        self.saved = Some(checkpoint.clone());
        Ok(())
    }
}

impl Told {
    /// The weights that the run would end with.
    fn weights(&self) -> HostWeights {
        let saved = self.saved.as_ref().expect("a checkpoint");
        let network = super::chosen_network(saved, &Device::default());
        network.expect("weights").weights()
    }
}

/// `count` windows of ten steps, whose class is the sign of their mean; `drift` makes them different ones.
fn windows(count: usize, drift: f32) -> Sequences {
    let class = |i: usize| u32::from(i.is_multiple_of(3));
    let value = |i: usize, t: usize| {
        let wave = ((i * 10 + t) as f32 * 0.7 + drift).sin();
        wave + if class(i) == 1 { 0.6 } else { -0.6 }
    };
    let values: Vec<f32> = (0..count)
        .flat_map(|i| (0..10).map(move |t| value(i, t)))
        .collect();
    let targets = Targets::Class((0..count).map(class).collect());
    Sequences::new(1, 10, values, targets, vec![]).expect("equal lengths")
}

fn data() -> TaskData {
    TaskData::from(Dataset {
        name: "har2".into(),
        train: windows(60, 0.0),
        valid: windows(30, 1.0),
        test: windows(0, 2.0),
        classes: vec!["low".into(), "high".into()],
        channel_names: vec!["x".into()],
        input_lsb: vec![0.01],
        sample_rate_hz: 0.0,
    })
}

/// A plain configuration of a small network.
fn config() -> RunConfig {
    let mut config = RunConfig::for_task(Task::Har2);
    config.network.hidden_size = 16;
    config.network.log2_block = 4;
    config.network.leak = None;
    config.network.second = None;
    config.network.readout = ReadoutKind::Pooled;
    config.training = crate::config::TrainingConfig {
        epochs: 6,
        batch_size: 20,
        learning_rate: 0.02,
        ..Default::default()
    };
    config
}

/// The error that a run with this step size ends with, if it does, and what it told before.
fn with_step_size(learning_rate: f64) -> (Option<String>, Told) {
    let (data, mut told, mut config) = (data(), Told::default(), config());
    config.training.learning_rate = learning_rate;
    let mut trainer = Trainer::new(config, &data, &Device::default()).expect("a valid run");
    let error = trainer.run(&mut told, &mut Silent).err();
    assert!(error.as_ref().is_none_or(|error| error.is::<Diverged>()));
    (error.map(|error| error.to_string()), told)
}

#[test]
fn a_run_that_diverges_is_an_error_and_is_not_saved() {
    for learning_rate in [1e5, 1e9, 1e30] {
        let (error, told) = with_step_size(learning_rate);
        let error = error.expect("divergence");
        for part in ["diverged", "learning_rate", "epoch"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(told.epochs.is_empty() && told.saved.is_none());
    }
}

/// A hundred times the usual step size brings losses of many times the untrained network's.
#[test]
fn rough_training_has_not_diverged() {
    let (error, told) = with_step_size(2.0);
    assert_eq!(error, None);
    let worst = told.epochs.iter().map(|epoch| epoch.train_loss);
    let worst = worst.fold(0.0, f64::max);
    assert!(worst > 5.0 * 2f64.ln(), "{worst}");
}

#[test]
fn a_run_goes_on_with_its_own_data_only() {
    let (own, device) = (data(), Device::default());
    let trainer = Trainer::new(config(), &own, &device).expect("a valid run");
    let checkpoint = trainer.checkpoint().expect("a checkpoint");
    Trainer::resume(&checkpoint, &data(), &device).expect("the same data");
    let changed = |change: fn(&mut Dataset)| {
        let TaskData::Windows(mut windows) = data() else {
            panic!("windows");
        };
        change(&mut windows.data);
        let data = TaskData::Windows(windows);
        let error = Trainer::resume(&checkpoint, &data, &device).err();
        error.expect("other data").to_string()
    };
    let swapped = changed(|data| {
        let Targets::Class(classes) = &mut data.train.targets else {
            panic!("a class each");
        };
        classes.swap(0, 1);
    });
    assert!(swapped.contains("(training split)"), "{swapped}");
    let valid = changed(|data| data.valid = windows(30, 1.5));
    assert!(valid.contains("(validation split)"), "{valid}");
    let names = changed(|data| data.classes.swap(0, 1));
    assert!(names.contains("high, low, not low, high"), "{names}");
    // A run that is older than digests knows what its data look like.
    let old = Checkpoint {
        data: None,
        ..checkpoint.clone()
    };
    Trainer::resume(&old, &data(), &device).expect("data that look alike");
}

fn trained(config: RunConfig) -> Told {
    let (data, mut told) = (data(), Told::default());
    let mut trainer = Trainer::new(config, &data, &Device::default()).expect("a valid run");
    let outcome = trainer.run(&mut told, &mut Silent).expect("a finite loss");
    assert_eq!(outcome, Outcome::Finished);
    told
}

#[test]
fn a_run_learns_and_its_seed_gives_equal_bits_on_any_number_of_threads() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads").install(|| trained(config()))
    };
    let (one, three) = (on(1), on(3));
    // Bytes of records also hold random names of parameters.
    assert_eq!(one.weights(), three.weights());
    assert_eq!(one.epochs, three.epochs);
    let accuracy = one
        .epochs
        .iter()
        .filter_map(|epoch| epoch.valid)
        .map(|valid| valid.accuracy);
    assert!(accuracy.fold(0.0, f64::max) > 0.9);
    assert!(one.epochs[5].train_loss < 0.7 * one.epochs[0].train_loss);
}

/// Keeps the steps, and asks to stop after the second epoch.
#[derive(Default)]
struct Stopping {
    steps: Vec<Step>,
    epochs: usize,
}

impl Observer for Stopping {
    fn step(&mut self, step: &Step) {
        self.steps.push(*step);
    }

    fn epoch(&mut self, _: &EpochRecord) {
        self.epochs += 1;
    }

    fn stop_requested(&self) -> bool {
        self.epochs == 2
    }
}

#[test]
fn an_observer_is_told_of_the_steps_and_can_stop_a_run() {
    let (data, mut told, mut observer) = (data(), Told::default(), Stopping::default());
    let mut trainer = Trainer::new(config(), &data, &Device::default()).expect("a valid run");
    let outcome = trainer.run(&mut told, &mut observer);
    assert_eq!(outcome.expect("a finite loss"), Outcome::Interrupted);
    let saved = told.saved.expect("a checkpoint").position;
    assert_eq!((saved.epoch, saved.batch, told.epochs.len()), (2, 1, 2));
    // Three steps an epoch, of which the last is told, and the one after which it stopped.
    let places: Vec<(u32, u64)> = observer
        .steps
        .iter()
        .map(|step| (step.epoch, step.done))
        .collect();
    assert_eq!(places, [(1, 3), (2, 6), (3, 7)]);
    assert!(
        observer
            .steps
            .iter()
            .all(|step| step.total == 18 && step.epochs == 6)
    );
}

#[test]
fn signs_wait_for_their_epoch_and_stop_at_their_limit() {
    let flips = |schedule: SignSchedule| -> Vec<usize> {
        let mut config = config();
        // Steps so large that signs flip at once.
        config.training.signs = Signs::Trained(0.2);
        config.training.sign_schedule = schedule;
        let epochs = trained(config).epochs;
        epochs.iter().map(|epoch| epoch.sign_flips).collect()
    };
    let free = flips(SignSchedule::default());
    assert!(free[0] > 2, "{free:?}");
    let late = flips(SignSchedule {
        start_epoch: 2,
        ..SignSchedule::default()
    });
    assert_eq!(late[..2], [0, 0]);
    assert!(late[2..].iter().sum::<usize>() > 0);
    // Three steps an epoch: one every three is one an epoch, and no step goes on after the first flip.
    let limited = flips(SignSchedule {
        flips_per_epoch: Some(1),
        ..SignSchedule::default()
    });
    let rare = flips(SignSchedule {
        every: 3,
        ..SignSchedule::default()
    });
    assert!(limited[0] > 0 && rare[0] > 0);
    assert!(
        limited[0] <= free[0] && rare[0] <= free[0],
        "{limited:?} {rare:?} {free:?}"
    );
}

#[test]
fn patience_ends_a_run_that_no_longer_improves() {
    let mut config = config();
    config.training.epochs = 50;
    config.training.patience = Some(2);
    // So small a step that the first epoch stays the best.
    config.training.learning_rate = 1e-12;
    let told = trained(config);
    assert_eq!(told.epochs.len(), 3);
    assert!(told.epochs[0].best);
}

#[test]
fn the_running_mean_is_what_is_kept() {
    let mut config = config();
    let plain = trained(config.clone()).weights();
    config.training.averaging = 0.9;
    let averaged = trained(config.clone());
    assert!(
        !averaged
            .saved
            .as_ref()
            .expect("a checkpoint")
            .average
            .is_empty()
    );
    assert_eq!(averaged.weights().signs, plain.signs);
    assert_ne!(averaged.weights().readout, plain.readout);
    // A mean over hardly more than one step is the weights themselves.
    config.training.averaging = 1e-9;
    let latest = trained(config).weights();
    let pairs = latest.readout.iter().zip(&plain.readout);
    assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 1e-5);
}

#[test]
fn frozen_groups_stay_as_they_are() {
    let mut config = config();
    config.training.rates.input = 0.0;
    let after = trained(config.clone()).weights();
    let (data, device) = (data(), Device::default());
    let trainer = Trainer::new(config, &data, &device).expect("a valid run");
    let start = Told {
        saved: Some(trainer.checkpoint().expect("a checkpoint")),
        ..Told::default()
    };
    assert_eq!(start.weights().input, after.input);
    assert_ne!(start.weights().readout, after.readout);
}

/// Thirty images of two digits: bright at the top or at the bottom.
fn images() -> TaskData {
    let part = |count: usize| {
        let class = |i: usize| u32::from(i.is_multiple_of(3));
        let pixel = |i: usize, j: usize| f32::from(u8::from((j < 392) == (class(i) == 1)));
        let values = (0..count).flat_map(|i| (0..784).map(move |j| pixel(i, j)));
        let targets = Targets::Class((0..count).map(class).collect());
        Sequences::new(1, 784, values.collect::<Vec<f32>>(), targets, vec![]).expect("images")
    };
    TaskData::from(Dataset {
        name: "smnist".into(),
        train: part(30),
        valid: part(6),
        test: part(0),
        classes: vec!["low".into(), "high".into()],
        channel_names: vec!["pixel".into()],
        input_lsb: vec![1.0 / 255.0],
        sample_rate_hz: 0.0,
    })
}

#[test]
fn moved_images_are_the_same_ones_after_a_stop() {
    let (data, device) = (images(), Device::default());
    let mut config = RunConfig::for_task(Task::Smnist);
    config.network = NetworkConfig::of_size(16);
    config.training.epochs = 4;
    config.training.batch_size = 10;
    let ends = |config: &RunConfig, observer: &mut dyn Observer| {
        let mut told = Told::default();
        let mut trainer = Trainer::new(config.clone(), &data, &device).expect("a valid run");
        trainer.run(&mut told, observer).expect("a finite loss");
        told
    };
    config.training.augmentation.image = ImageAugmentation::default();
    let still = ends(&config, &mut Silent).weights();
    config.training.augmentation.image.shift = 2.0;
    config.training.augmentation.image.bend = 0.5;
    let whole = ends(&config, &mut Silent).weights();
    assert_ne!(whole, still);
    let mut told = ends(&config, &mut Stopping::default());
    let stopped = told.saved.take().expect("a checkpoint");
    assert_eq!((stopped.position.epoch, stopped.position.batch), (2, 1));
    let mut trainer = Trainer::resume(&stopped, &data, &device).expect("the same data");
    trainer.run(&mut told, &mut Silent).expect("a finite loss");
    assert_eq!(told.weights(), whole);
}

#[test]
fn images_of_another_size_are_not_moved() {
    let mut config = config();
    config.task = Task::Pmnist;
    config.preparation = Preparation::default();
    config.training.augmentation.image.turn = 5.0;
    let error = Trainer::new(config, &data(), &Device::default()).err();
    let error = error.expect("ten steps are no image").to_string();
    assert!(
        error.contains("784 pixels") && error.contains("10 steps"),
        "{error}"
    );
}
