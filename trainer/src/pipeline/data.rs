//! The data of a run or a model.

use std::borrow::Cow;
use std::path::Path;

use super::error::{Error, Result, Sort};
use crate::config::RunConfig;
use crate::counts::{self, ChannelsOfData, Reading};
use crate::data::import::Unit;
use crate::data::{self, Sequences, Source, Split};
use crate::observer::{Observer, Stage, staged};
use crate::task_data::TaskData;
use crate::visible;

/// Data of a run, read and split.
pub struct RunData {
    /// All splits.
    pub task: TaskData,
    /// Physical units per raw count that the model reads, one a channel.
    pub input_lsb: Vec<f32>,
    /// Place that they are from.
    pub source: Source,
}

impl RunData {
    /// Finds and reads the data of `config`: in `data_dir`, else as [`locate`](crate::data::locate()) does. The observer gets
    /// a notice where they are the shipped sample.
    ///
    /// # Errors
    /// [`Error::Data`]: they are missing or malformed, or the configuration does not fit them.
    pub fn load(
        config: &RunConfig,
        data_dir: Option<&Path>,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let source = data::locate(config.task, data_dir).sort(Error::Data)?;
        if let Some(notice) = source.notice() {
            observer.notice(&format!("note: {notice}"));
        }
        let stage = Stage::Reading {
            source: source.to_string(),
        };
        let task = staged(observer, &stage, || match &source {
            Source::Generated => TaskData::load(config, None),
            source => TaskData::load(config, Some(source)),
        });
        let task = task.sort(Error::Data)?;
        for note in task.own().map_or(&[][..], |own| &own.notes) {
            observer.notice(note);
        }
        let channels = task.channel_names();
        let units = task.own().map_or(&[][..], |own| &own.cutting.units);
        let reading = counts::reading(
            &config.export,
            ChannelsOfData {
                task: config.task,
                names: &channels,
                units,
                lsb: &task.input_lsb(),
            },
        );
        let reading = reading.sort(Error::Config)?;
        let data = Self {
            input_lsb: reading.lsb.clone(),
            task,
            source,
        };
        if !config.export.reads_training_counts() {
            data.tell_saturated(&channels, &reading, observer);
        }
        Ok(data)
    }

    /// Units of the channels of the user's own recordings; none of other data, and where they are not known.
    pub(super) fn units(&self) -> &[Unit] {
        self.task.own().map_or(&[], |own| &own.cutting.units)
    }

    /// Tells which channels the counts of the model cannot hold.
    fn tell_saturated(&self, channels: &[String], reading: &Reading, observer: &mut dyn Observer) {
        let shares = |split| counts::saturated(&self.task.split(split), reading);
        let of_splits = shares(Split::Train).into_iter().zip(shares(Split::Test));
        for (channel, (train, test)) in channels.iter().zip(of_splits) {
            if train > 0.0 || test > 0.0 {
                observer.notice(&format!(
                    "warning: {:.2} % of the training samples of {} and {:.2} % of the test samples are beyond the sensor's range, and \
                     saturate on a board",
                    100.0 * train,
                    visible::name(channel),
                    100.0 * test
                ));
            }
        }
    }

    /// Tells the observer how the user's own recordings spread over classes and splits, and what speaks against the split.
    pub(super) fn tell(&self, observer: &mut dyn Observer) {
        if let Some(own) = self.task.own() {
            observer.recordings(&own.overview);
            if let Some(warning) = own.overview.warning() {
                observer.notice(&warning);
            }
        }
    }

    /// Sequences of a split: all, or at most `limit` of them, spread evenly.
    pub fn sequences(&self, split: Split, limit: Option<usize>) -> Cow<'_, Sequences> {
        let all = self.task.split(split);
        match limit {
            Some(limit) if limit < all.len() => {
                let chosen: Vec<usize> = (0..limit).map(|i| i * all.len() / limit).collect();
                Cow::Owned(all.select(&chosen))
            }
            _ => all,
        }
    }

    /// Words for what results were measured on, for cards and tables.
    pub(super) fn describe(&self, config: &RunConfig) -> String {
        let title = config.task.data_set().title;
        match self.source {
            Source::Sample => "the sample that ships with hadamrnn".into(),
            Source::Generated => "generated".into(),
            Source::Own { .. } => title.into(),
            Source::Files(_) if config.recordings.is_some() => title.into(),
            Source::Files(_) => format!("the full set: {title}"),
        }
    }
}
