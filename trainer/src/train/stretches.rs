//! Stretches of streams, which a network with a fading pool is trained on as it runs: several answers to each, where its window
//! has been of one class.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::augment::{between, normal};
use crate::config::{RunConfig, Stretch};
use crate::data::{Sequences, Stream, Targets};

/// The slowest that time runs; the fastest is as much faster.
const SLOWEST: f32 = 0.25;

/// Answers within a window.
const ANSWERS_OF_WINDOW: usize = 2;

/// The streams of the training split, from which stretches are cut.
pub(super) struct Stretches<'a> {
    windows: &'a Sequences,
    /// Class of each window, and that of a related task; 0 without one.
    classes: Vec<[u32; 2]>,
    /// Stream and end of each window.
    ends: Vec<(&'a Stream, usize)>,
    /// Samples from a window to the next.
    hop: usize,
    decimation: usize,
    tempo: f32,
    stretch: Stretch,
}

/// A batch of stretches of one length, decimated.
pub(super) struct Batch {
    /// The stretches; their targets are those of their last steps.
    pub sequences: Sequences,
    /// Steps after which there are answers, of each stretch.
    pub answers: Vec<usize>,
    /// Answers that count, as `stretch * answers.len() + answer`, rising; at least one.
    pub counted: Vec<i32>,
    /// Class of each of these, and that of a related task.
    pub classes: Vec<[u32; 2]>,
}

/// Samples of a stretch before decimation: numbers of the stream's samples.
struct Place<'a> {
    stream: &'a Stream,
    samples: Vec<usize>,
}

impl<'a> Stretches<'a> {
    /// Stretches of these windows before decimation, which know their streams. `auxiliary` are the classes of a related task, if
    /// there is one, `hop` the samples from a window to the next.
    pub fn new(
        config: &RunConfig,
        stretch: Stretch,
        windows: &'a Sequences,
        auxiliary: &[u32],
        hop: usize,
    ) -> Self {
        let mut ends: Vec<(&Stream, usize)> = Vec::new();
        if let Some(first) = windows.streams.first() {
            ends.resize(windows.len(), (first, 1));
        }
        for stream in &windows.streams {
            for end in &stream.ends {
                ends[end.window] = (stream, end.samples);
            }
        }
        let related = auxiliary.iter().copied().chain(std::iter::repeat(0));
        let classes = windows.targets.values().iter().copied().zip(related);
        Self {
            classes: classes.map(|(class, related)| [class, related]).collect(),
            windows,
            ends,
            hop: hop.max(1),
            decimation: config.preparation.decimation.max(1),
            tempo: config.training.augmentation.tempo,
            stretch,
        }
    }

    /// A stretch for each of the `chosen` windows, with which or soon before whose end it ends; the same `(seed, step)` gives the same.
    pub fn batch(&self, chosen: &[usize], seed: u64, step: u64) -> Batch {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x7374_7265_7463_6865);
        random.set_stream(step);
        let window = self.windows.steps.div_ceil(self.decimation);
        let steps = window * self.stretch.windows;
        let answers = answers(window, steps);
        let (mut values, mut counted, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        let mut last = Vec::new();
        for (stretch, &chosen) in chosen.iter().enumerate() {
            let of_steps = self.cut(chosen, steps, &mut random, &mut values);
            let ages = ages(&of_steps);
            for (answer, &step) in answers.iter().enumerate() {
                if ages[step] >= window {
                    counted.push((stretch * answers.len() + answer) as i32);
                    classes.push(of_steps[step]);
                }
            }
            last.push(of_steps[steps - 1]);
        }
        if counted.is_empty() {
            // No class lasts for a window: the last answers are all there is.
            let last_of = |stretch: usize| (stretch * answers.len() + answers.len() - 1) as i32;
            counted = (0..chosen.len()).map(last_of).collect();
            classes.clone_from(&last);
        }
        let targets = Targets::Class(last.iter().map(|&[class, _]| class).collect());
        let sequences = Sequences::new(self.windows.channels, steps, values, targets, Vec::new());
        Batch {
            sequences: sequences.expect("whole stretches"),
            answers,
            counted,
            classes,
        }
    }

    /// Appends the values of `steps` steps that end with or soon after a window, and gives the classes of the steps.
    fn cut(
        &self,
        window: usize,
        steps: usize,
        random: &mut ChaCha8Rng,
        values: &mut Vec<f32>,
    ) -> Vec<[u32; 2]> {
        let tempo = (normal(random) * self.tempo).exp();
        let stride = tempo.clamp(SLOWEST, SLOWEST.recip()) * self.decimation as f32;
        let length = (stride * (steps - 1) as f32).ceil() as usize + 1;
        let place = self.place(window, length, random);
        let channels = self.windows.channels;
        let samples: Vec<&[f32]> = (place.samples.iter())
            .map(|&sample| &place.stream.samples[sample * channels..(sample + 1) * channels])
            .collect();
        let mut sample = vec![0.0; channels];
        let classes = (0..steps).map(|step| {
            let time = (length - 1) as f32 - stride * (steps - 1 - step) as f32;
            between(&samples, time.max(0.0), &mut sample);
            values.extend(&sample);
            let of_window = place.stream.windows[place.samples[time.max(0.0) as usize]];
            self.classes[of_window as usize]
        });
        classes.collect()
    }

    /// Where `length` samples lie that end at the end of a window, or by less than a hop before it. A stream goes on at its
    /// start. Some stretches are joined from two places of it, of which the second is a window at least.
    fn place(&self, window: usize, length: usize, random: &mut ChaCha8Rng) -> Place<'a> {
        let (stream, end) = self.ends[window];
        let count = stream.len();
        let back = random.random_range(0..self.hop.min(self.windows.steps));
        let end = (end + count - back % count) % count;
        let before = |end: usize, samples: usize| (end + count - samples % count) % count;
        let whole = self.windows.steps.min(length - 1).max(1);
        let joined = random.random::<f32>() < self.stretch.joints;
        let (second, other) = (
            random.random_range(whole..=length),
            random.random_range(0..count),
        );
        let second = if joined { second } else { length };
        let first = (1..=length - second)
            .rev()
            .map(|samples| before(other, samples));
        let second = (1..=second).rev().map(|samples| before(end, samples));
        Place {
            stream,
            samples: first.chain(second).collect(),
        }
    }
}

/// The steps of a stretch after which there are answers: from the end of the first window on, some in each.
fn answers(window: usize, steps: usize) -> Vec<usize> {
    let apart = window.div_ceil(ANSWERS_OF_WINDOW).max(1);
    let mut answers: Vec<usize> = (window..=steps)
        .rev()
        .step_by(apart)
        .map(|end| end - 1)
        .collect();
    answers.reverse();
    answers
}

/// For how many steps the class of each has lasted, itself included.
fn ages(classes: &[[u32; 2]]) -> Vec<usize> {
    let mut age = 0;
    let mut before = None;
    let age_of = |class| {
        age = if before == Some(class) { age + 1 } else { 1 };
        before = Some(class);
        age
    };
    classes.iter().map(age_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Task, streams};

    /// Two people with eight windows of 4 samples each, 2 from one to the next; a sample's value is its number in the stream plus
    /// a hundred times the person. The class changes after the fourth.
    fn windows() -> Sequences {
        let (mut values, mut classes, mut people) = (Vec::new(), Vec::new(), Vec::new());
        for person in 1..3 {
            for window in 0..8 {
                values.extend((0..4).map(|t| (100 * person + 2 * window + t) as f32));
                classes.push(u32::from(window >= 4));
                people.push(person as u32);
            }
        }
        let mut made = Sequences::new(1, 4, values, Targets::Class(classes), people).unwrap();
        made.streams = streams(&made, 2);
        made
    }

    const THREE: Stretch = Stretch {
        windows: 3,
        joints: 0.0,
    };

    fn config(decimation: usize) -> RunConfig {
        let mut config = RunConfig::for_task(Task::Har6);
        config.preparation.decimation = decimation;
        config
    }

    #[test]
    fn stretches_follow_the_stream_and_answers_have_the_class_of_their_window() {
        let windows = windows();
        assert_eq!(windows.streams.len(), 2);
        assert_eq!(windows.streams[0].len(), 18);
        for joints in [0.0, 1.0] {
            let stretch = Stretch { joints, ..THREE };
            let stretches = Stretches::new(&config(1), stretch, &windows, &[], 2);
            let chosen: Vec<usize> = (0..16).collect();
            let mut seams = 0;
            for step in 0..50 {
                let batch = stretches.batch(&chosen, 7, step);
                assert_eq!(batch.answers, [3, 5, 7, 9, 11]);
                assert_eq!(batch.sequences.steps, 12);
                assert_eq!(batch.counted.len(), batch.classes.len());
                for (&counted, [class, _]) in batch.counted.iter().zip(&batch.classes) {
                    let [stretch, answer] = [counted as usize / 5, counted as usize % 5];
                    let end = batch.answers[answer] + 1;
                    let values = &batch.sequences.window(stretch)[end - 4..end];
                    let person = (values[0] / 100.0).floor();
                    for value in values {
                        assert_eq!((value / 100.0).floor(), person);
                        // Windows of the first class have samples 0 to 9.
                        assert_eq!(u32::from(value % 100.0 >= 10.0), *class, "{values:?}");
                    }
                }
                for stretch in batch.sequences.windows() {
                    let follows = |pair: &&[f32]| pair[1] == pair[0] + 1.0;
                    let wraps = |pair: &&[f32]| pair[1] % 100.0 == 0.0 && pair[0] % 100.0 == 17.0;
                    let pairs = stretch.windows(2);
                    let odd = pairs.filter(|pair| !follows(pair) && !wraps(pair)).count();
                    assert!(odd <= usize::from(joints > 0.0), "{stretch:?}");
                    seams += odd;
                }
            }
            assert_eq!(seams > 0, joints > 0.0);
            let again = stretches.batch(&chosen, 7, 3);
            assert_eq!(again.sequences, stretches.batch(&chosen, 7, 3).sequences);
        }
    }

    #[test]
    fn a_class_that_lasts_for_less_than_a_window_leaves_the_last_answers() {
        let values: Vec<f32> = (0..32).map(|v| v as f32).collect();
        let classes = Targets::Class((0..8).map(|window| window % 2).collect());
        let mut windows = Sequences::new(1, 4, values, classes, vec![]).unwrap();
        windows.streams = streams(&windows, 4);
        let mut config = config(1);
        config.training.augmentation.tempo = 3.0;
        let stretches = Stretches::new(&config, THREE, &windows, &[], 4);
        for step in 0..20 {
            let batch = stretches.batch(&[1], 1, step);
            assert!(!batch.counted.is_empty());
            assert!(batch.counted.iter().all(|&counted| counted < 5));
        }
    }

    #[test]
    fn decimated_stretches_take_every_so_many_samples() {
        let windows = windows();
        let stretches = Stretches::new(&config(2), THREE, &windows, &[], 2);
        let batch = stretches.batch(&[7], 3, 0);
        let values = batch.sequences.window(0);
        assert_eq!(values.len(), 6);
        for pair in values.windows(2) {
            assert!(pair[1] == pair[0] + 2.0 || pair[1] < 102.0, "{values:?}");
        }
    }
}
