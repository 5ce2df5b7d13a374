//! Windows over samples of a sensor, as a configuration cuts them in time.

use anyhow::{Context, Result};

use super::RunConfig;
use crate::data::{Task, dsa, uci_har};
use crate::nn::{Fading, ReadoutKind, fading_of_window};

/// Whether the sequences of a task are windows over samples of a sensor.
pub fn is_sensor(task: Task) -> bool {
    matches!(
        task,
        Task::Har2 | Task::Har6 | Task::Dsa19 | Task::Recordings
    )
}

/// Samples of a window of training, before decimation; none where they are not of a sensor.
fn window(config: &RunConfig) -> Option<usize> {
    match config.task {
        Task::Har2 | Task::Har6 => Some(uci_har::STEPS),
        Task::Dsa19 => Some(dsa::STEPS),
        Task::Recordings => config.recordings.as_ref().map(|cutting| cutting.steps),
        _ => None,
    }
}

/// The fading pool that stands for the windows of a configuration; none where they are not of a sensor.
pub fn fading(config: &RunConfig) -> Option<Fading> {
    let steps = window(config)?.div_ceil(config.preparation.decimation.max(1));
    Some(fading_of_window(steps))
}

impl RunConfig {
    /// Makes the readout a mean that fades, at a rate that stands for the windows, trained on stretches of streams. One that fades
    /// already keeps its rate and its stretches.
    ///
    /// # Errors
    /// Sequences are not windows over samples of a sensor.
    pub fn fade(&mut self) -> Result<()> {
        let usual = fading(self).with_context(|| {
            format!(
                "a readout that fades is for streams of sensors, not {}",
                self.task
            )
        })?;
        self.network.readout = ReadoutKind::Pooled;
        self.network.fading.get_or_insert(usual);
        self.training.stretch.get_or_insert_default();
        Ok(())
    }
}

/// Samples of the sensor from a window of training to the next; none where windows do not follow each other in time.
pub fn hop(config: &RunConfig) -> Option<usize> {
    match config.task {
        Task::Har2 | Task::Har6 => Some(uci_har::STEPS / 2),
        Task::Recordings => config.recordings.as_ref().map(|cutting| cutting.hop),
        _ => None,
    }
}

/// Samples of the sensor a second; none where a step is not a time.
pub fn rate_hz(config: &RunConfig) -> Option<f32> {
    match config.task {
        Task::Har2 | Task::Har6 => Some(uci_har::SAMPLE_RATE_HZ),
        Task::Dsa19 => Some(dsa::SAMPLE_RATE_HZ),
        Task::Recordings => config
            .recordings
            .as_ref()
            .and_then(|cutting| cutting.rate_hz),
        _ => None,
    }
}
