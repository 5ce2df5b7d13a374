//! How a model is used as it was trained: window, hop, decimation and rate of the samples, names of classes and channels.
//!
//! The model file has none of these but the window of a pooled readout. They lie beside it, in the card and the window file of
//! its folder, and go from there into C and Rust sources, onto boards and to people.

mod quantity;

use hadamrnn_runtime::Model;
use hadamrnn_runtime::format::Readout;
use serde::Serialize;

use crate::card::Card;
use crate::config::{RunConfig, windows};
use crate::counts::units;
use crate::model_folder::{ModelFolder, StoredModel};
use crate::visible;

pub use quantity::{are_out_of_order, quantities};

/// How a model was trained to be used. What is not known is none, or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Usage {
    /// Samples of a window, of those that are used.
    pub window: Option<usize>,
    /// Samples that are used from the start of a window to that of the next. Where windows of training began between used samples, it
    /// is the nearest number if that divides the window, as boards want it, and else a whole window.
    pub hop: Option<usize>,
    /// One of so many samples of the sensor is used, 1 or more.
    pub decimation: Option<usize>,
    /// Samples of the sensor a second, in Hz.
    pub rate_hz: Option<f32>,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// Values of a sample, in their order.
    pub channels: Vec<Channel>,
    /// Sensor whose counts the model reads, with its full scales; none where it was exported for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensor: Option<String>,
}

/// A value of a sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Name of the channel.
    pub name: String,
    /// Size of a count, in the unit.
    pub lsb: f32,
    /// Unit of the channel, such as "g"; none where it is not known.
    pub unit: Option<&'static str>,
}

impl Usage {
    /// The usage of a model, by what lies beside it.
    ///
    /// # Errors
    /// The model is not valid.
    pub fn of(stored: &StoredModel) -> anyhow::Result<Self> {
        let model = stored.file.model()?;
        Ok(match &stored.folder {
            Some(folder) => Self::of_folder(folder, &model),
            None => Self::of_model(&model),
        })
    }

    /// The usage that a model file alone tells: the window of a pooled readout.
    fn of_model(model: &Model<'_>) -> Self {
        let window = match model.readout() {
            Readout::Pooled { steps, .. } => usize::try_from(steps).ok(),
            _ => None,
        };
        Self {
            window,
            ..Self::default()
        }
    }

    /// The usage that a model of this configuration would have, with windows of so many steps over channels of these names and sizes of
    /// counts.
    pub(crate) fn of_config(
        config: &RunConfig,
        steps: usize,
        classes: Vec<String>,
        channels: &[(String, f32)],
    ) -> Self {
        let decimation = config.preparation.decimation.max(1);
        let names: Vec<String> = channels.iter().map(|(name, _)| name.clone()).collect();
        let recorded = config.recordings.as_ref();
        let recorded = recorded.map_or(&[][..], |cutting| &cutting.units);
        let units = units(config.task, &names, recorded);
        let channel = |((name, lsb), unit): (&(String, f32), Option<&'static str>)| Channel {
            name: name.clone(),
            lsb: *lsb,
            unit,
        };
        Self {
            window: Some(steps),
            hop: Some(used_hop(config, steps)),
            decimation: Some(decimation),
            rate_hz: windows::rate_hz(config),
            classes,
            channels: channels.iter().zip(units).map(channel).collect(),
            sensor: config.export.sensor.clone(),
        }
    }

    fn of_folder(folder: &ModelFolder, model: &Model<'_>) -> Self {
        let card = &folder.card;
        let config = &card.config;
        let window = match Self::of_model(model).window {
            Some(pooled) => pooled,
            None => folder.shape.steps.into(),
        };
        let decimation = config.preparation.decimation.max(1);
        Self {
            window: Some(window),
            hop: Some(used_hop(config, window)),
            decimation: Some(decimation),
            rate_hz: windows::rate_hz(config),
            classes: card.classes.clone(),
            channels: match model.tokens() {
                Some(_) => Vec::new(),
                None => channels(card),
            },
            sensor: config.export.sensor.clone(),
        }
    }

    /// Samples a second that the model takes, in Hz: those of the sensor that are used.
    pub fn used_rate_hz(&self) -> Option<f32> {
        Some(self.rate_hz? / self.decimation.unwrap_or(1) as f32)
    }
}

impl Channel {
    /// Counts that stand for 1 of the unit.
    pub fn counts_per_unit(&self) -> f32 {
        f64::from(self.lsb).recip() as f32
    }
}

/// Counts of channels in words, those of one unit and size together: `acc_x, acc_y: 8192 a g`.
pub fn counts_in_words(channels: &[Channel]) -> String {
    let mut groups: Vec<(String, Vec<&String>)> = Vec::new();
    for channel in channels {
        let counts = channel.counts_per_unit();
        let words = match channel.unit {
            Some("counts") if counts == 1.0 => "as they were recorded".to_owned(),
            Some(unit) => format!("{counts} are 1 {unit}"),
            None => format!("{counts} are 1 of an unknown unit"),
        };
        match groups.iter_mut().find(|(other, _)| *other == words) {
            Some((_, names)) => names.push(&channel.name),
            None => groups.push((words, vec![&channel.name])),
        }
    }
    let groups: Vec<String> = (groups.iter())
        .map(|(words, names)| format!("{}: {words}", visible::names(names)))
        .collect();
    groups.join("; ")
}

/// The hop nearest to `hop` that is a number of used samples, one or more, of one in `decimation`: windows of a board begin at
/// samples that it uses.
pub fn whole_hop(hop: usize, decimation: usize) -> usize {
    let decimation = decimation.max(1);
    let steps = (hop + decimation / 2) / decimation;
    steps.max(1) * decimation
}

/// Rounds the hop of the user's own recordings to [`whole_hop`]. Gives both, where they differ.
pub(crate) fn make_hop_whole(config: &mut RunConfig) -> Option<(usize, usize)> {
    let decimation = config.preparation.decimation;
    let cutting = config.recordings.as_mut()?;
    let before = cutting.hop;
    cutting.hop = whole_hop(before, decimation);
    (cutting.hop != before).then_some((before, cutting.hop))
}

/// Used samples from a window to the next, as [`Usage::hop`] has them; a whole window where those of training do not follow each other in
/// time.
pub(crate) fn used_hop(config: &RunConfig, window: usize) -> usize {
    let decimation = config.preparation.decimation.max(1);
    let Some(hop) = windows::hop(config) else {
        return window;
    };
    let used = whole_hop(hop, decimation) / decimation;
    match hop.is_multiple_of(decimation) || window.is_multiple_of(used) {
        true => used,
        false => window,
    }
}

/// The channels of a card.
pub fn channels(card: &Card) -> Vec<Channel> {
    let units = units(card.config.task, &card.channels, &card.units);
    let channels = card.channels.iter().zip(&card.input_lsb).zip(units);
    channels
        .map(|((name, &lsb), unit)| Channel {
            name: name.clone(),
            lsb,
            unit,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Preparation;
    use crate::data::Task;
    use crate::data::recordings::Cutting;

    fn shipped(name: &str) -> StoredModel {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
        StoredModel::read(&folder.join(name)).expect("a model folder")
    }

    #[test]
    fn a_decimated_model_has_half_the_window_at_the_same_rate() {
        let whole = Usage::of(&shipped("har2")).expect("valid");
        let half = Usage::of(&shipped("har2-hidden")).expect("valid");
        let timing = |usage: &Usage| (usage.window, usage.hop, usage.decimation, usage.rate_hz);
        assert_eq!(timing(&whole), (Some(128), Some(64), Some(1), Some(50.0)));
        assert_eq!(timing(&half), (Some(64), Some(32), Some(2), Some(50.0)));
        assert_eq!(half.used_rate_hz(), Some(25.0));
        let unit = |channel: usize| half.channels[channel].unit;
        assert_eq!(
            [unit(0), unit(3), unit(8)],
            [Some("g"), Some("rad/s"), Some("g")]
        );
    }

    #[test]
    fn text_has_no_rate_and_no_channels() {
        let usage = Usage::of(&shipped("imdb")).expect("valid");
        assert_eq!((usage.rate_hz, usage.channels.len()), (None, 0));
        assert_eq!(usage.hop, usage.window);
    }

    #[test]
    fn a_model_alone_tells_the_window_of_a_pooled_readout() {
        let alone = |name| StoredModel {
            folder: None,
            ..shipped(name)
        };
        let pooled = Usage::of(&alone("har2-hidden")).expect("valid");
        assert_eq!((pooled.window, pooled.decimation), (Some(64), None));
        assert_eq!(Usage::of(&alone("har2")).expect("valid"), Usage::default());
    }

    #[test]
    fn a_hop_between_used_samples_becomes_the_nearest_one_or_a_window() {
        let mut stored = shipped("har2");
        let card = &mut stored.folder.as_mut().expect("a folder").card;
        card.config.task = Task::Recordings;
        card.config.preparation = Preparation {
            decimation: 2,
            ..Preparation::default()
        };
        for (hop, expected) in [(64, 32), (62, 31), (63, 32), (61, 128), (1, 1)] {
            let mut stored = stored.clone();
            let card = &mut stored.folder.as_mut().expect("a folder").card;
            card.config.recordings = Some(Cutting {
                hop,
                ..Cutting::default()
            });
            assert_eq!(Usage::of(&stored).expect("valid").hop, Some(expected));
        }
    }
}
