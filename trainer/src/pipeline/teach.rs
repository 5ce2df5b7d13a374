//! Teaching a model a class on the host, from recorded windows.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use hadamrnn_device::windows::WindowFile;
use hadamrnn_runtime::Model;
use hadamrnn_runtime::taught::Lesson;

use super::data::RunData;
use super::error::{Error, Fault, Result, Sort};
use super::evaluate::EvaluatedSplit;
use super::model::open_model;
use super::place::{self, is_run};
use super::watch::is_window_file;
use crate::data::import::{self, Options, Recording, Unit};
use crate::data::{Split, counts};
use crate::files::write_atomically;
use crate::model_folder::{self, StoredModel};
use crate::observer::Observer;
use crate::taught;
use crate::untrusted::{self, Kind};
use crate::usage::{Channel, Usage};
use crate::visible;

/// Rates that differ by no more than this, relatively, are the same.
const SAME_RATE: f64 = 0.05;

/// A class to teach a model, from recordings.
#[derive(Clone, Debug)]
pub struct TeachOptions {
    /// Model folder, or a model file.
    pub model: PathBuf,
    /// Name of the class: of one that the model has, or a new one.
    pub label: String,
    /// Where windows of it are.
    pub windows: ShownWindows,
    /// Windows to take, at most; none is all.
    pub most: Option<usize>,
    /// Model folder to write where the model is in one, else model file. It is not there yet.
    pub out: PathBuf,
}

/// Where the windows of a class are.
#[derive(Clone, Debug)]
pub enum ShownWindows {
    /// Recordings or window files, in which they follow each other from the first sample on: those with labels are used where they have
    /// the label of the class.
    Recordings(Vec<PathBuf>),
    /// A split of the data of the model's task, of which windows of the class are taken that do not overlap.
    Data {
        /// The split.
        split: Split,
        /// Name of the group of the user's own recordings, or number of the person of a benchmark, whose windows are taken; none for all.
        group: Option<String>,
        /// Folder with the data sets; none as [`locate`](crate::data::locate()) does.
        data_dir: Option<PathBuf>,
    },
}

/// A model that was taught a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaughtModel {
    /// The class.
    pub class: u16,
    /// Whether the model did not have it before.
    pub is_new: bool,
    /// Windows that it was shown.
    pub windows: usize,
    /// Names of the classes, as far as they are known; numbers where not.
    pub classes: Vec<String>,
    /// Bytes of the model file.
    pub bytes: usize,
}

/// Teaches a model a class, bit for bit as a board does it with the same windows, and writes it.
///
/// # Errors
/// [`Error::Model`]: there is no model, it is damaged, or has no metric or no room for the class; [`Error::Data`]: recordings or data are
/// missing, malformed, or have no window of the class; [`Error::Io`]: the model is there, or cannot be written.
pub fn teach(options: &TeachOptions, observer: &mut dyn Observer) -> Result<TaughtModel> {
    let path = &options.model;
    if is_run(path) {
        let fault = Fault::new(format_args!(
            "{0} is a run folder: make a model of it first, `hadamrnn export {0} --novelty 0.05 --out DIR`",
            path.display()
        ));
        return Err(Error::Model(fault.at(path)));
    }
    if options.out.symlink_metadata().is_ok() {
        let fault = Fault::new(format_args!(
            "{} is there: choose another name",
            options.out.display()
        ));
        return Err(Error::Io(fault.at(&options.out)));
    }
    let stored = open_model(path)?;
    let model = stored.file.model().sort_at(Error::Model, path)?;
    let usage = Usage::of(&stored).sort_at(Error::Model, path)?;
    let mut windows = match &options.windows {
        ShownWindows::Recordings(paths) => {
            let mut windows = Vec::new();
            for path in paths {
                let source = Source {
                    model: &model,
                    usage: &usage,
                    label: &options.label,
                };
                let of_path = source.windows(path, observer);
                let of_path =
                    of_path.with_context(|| format!("cannot take windows of {}", path.display()));
                windows.extend(of_path.sort_at(Error::Data, path)?);
            }
            windows
        }
        ShownWindows::Data {
            split,
            group,
            data_dir,
        } => {
            let data_dir = place::data_of_run(path, data_dir.as_deref(), observer)?;
            let data = data(&stored, &options.label, data_dir.as_deref(), observer)?;
            let windows = of_data(&data, &usage, &options.label, *split, group.as_deref());
            windows.sort(Error::Data)?
        }
    };
    windows.truncate(options.most.unwrap_or(usize::MAX));
    let class = taught::class_of(&model, &usage.classes, &options.label);
    let class = class.sort_at(Error::Model, path)?;
    let before = taught::labels(&model).sort_at(Error::Model, path)?.len();
    let is_new = usize::from(class) == model.class_count() + before;
    if is_new && usage.classes.is_empty() {
        observer.notice(
            "note: the model file lies alone, so the names of its network's classes are not known: this is a new class",
        );
    }
    let label = match is_new {
        true => options.label.as_str(),
        false => "",
    };
    let file = taught::teach(&stored.file, Lesson { class, label }, &windows);
    let file = file.sort_at(Error::Model, path)?;
    write(&stored, &file, &options.out)?;
    let model = file.model().sort(Error::Model)?;
    let number = |class| format!("class {class}");
    let mut classes: Vec<String> = match usage.classes.is_empty() {
        true => (0..model.class_count()).map(number).collect(),
        false => usage.classes,
    };
    classes.extend(taught::labels(&model).sort(Error::Model)?);
    Ok(TaughtModel {
        class,
        is_new,
        windows: windows.len(),
        classes,
        bytes: file.bytes().len(),
    })
}

/// Writes a model beside the card of the one that it was made of, if there is one, else alone.
pub(super) fn write(
    stored: &StoredModel,
    file: &crate::integer::ModelFile,
    out: &Path,
) -> Result<()> {
    match &stored.folder {
        Some(folder) => model_folder::write_beside(folder, file, out).map(drop),
        None => write_atomically(out, file.bytes()),
    }
    .sort_at(Error::Io, out)
}

/// The data of a model's task, with the class `label` in them where it was left out of training.
fn data(
    stored: &StoredModel,
    label: &str,
    data_dir: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<RunData> {
    let Some(folder) = &stored.folder else {
        let fault = Fault::new(format_args!(
            "{} lies alone: which data are its task's is in the card of a model folder",
            stored.path.display()
        ));
        return Err(Error::Model(fault.at(&stored.path)));
    };
    let mut config = folder.card.config.clone();
    config.without_classes.retain(|name| name != label);
    let mut data = RunData::load(&config, data_dir, observer)?;
    let classes = data.task.classes();
    let ordered = data.task.ordered_as(&classes, &folder.card.channels);
    ordered.sort_at(Error::Data, &folder.path)?;
    if data.task.own().is_some() {
        data.input_lsb.clone_from(&folder.card.input_lsb);
    }
    Ok(data)
}

/// Windows of a class that do not overlap, as raw samples.
fn of_data(
    data: &RunData,
    usage: &Usage,
    label: &str,
    split: Split,
    group: Option<&str>,
) -> anyhow::Result<Vec<Vec<i16>>> {
    let names = data.task.classes();
    let class = names.iter().position(|name| name == label);
    let class = class.with_context(|| {
        format!(
            "the data have no class {}: theirs are {}",
            visible::name(label),
            visible::names(&names)
        )
    })?;
    let sequences = data.task.split(split);
    let classes = sequences.targets.values();
    let stride = match (usage.window, usage.hop) {
        (Some(window), Some(hop)) => window.div_ceil(hop.max(1)).max(1),
        _ => 1,
    };
    let place = EvaluatedSplit::from(split).place();
    let is_of = |i: usize, group: &str| match data.task.own() {
        Some(own) => (own.origins.get(place, i)).is_some_and(|origin| origin.group == Some(group)),
        None => (sequences.groups.get(i)).is_some_and(|number| number.to_string() == group),
    };
    let mut next = 0;
    let mut windows = Vec::new();
    for (i, own) in classes.iter().enumerate() {
        let is_group = group.is_none_or(|group| is_of(i, group));
        if *own as usize == class && is_group && i >= next {
            windows.push(sequences.raw(i, &data.input_lsb));
            next = i + stride;
        }
    }
    ensure!(
        !windows.is_empty(),
        "the split {split} has no window of {}{}",
        visible::name(label),
        group.map_or(String::new(), |group| format!(
            " by {}: --group or --split of another",
            visible::name(group)
        ))
    );
    Ok(windows)
}

/// A model that recordings are read for.
struct Source<'a> {
    model: &'a Model<'a>,
    usage: &'a Usage,
    label: &'a str,
}

impl Source<'_> {
    /// The windows of recordings or of a window file, one after the other, as raw samples.
    fn windows(&self, path: &Path, observer: &mut dyn Observer) -> anyhow::Result<Vec<Vec<i16>>> {
        let segments = match is_window_file(path) {
            true => {
                let bytes = untrusted::read(path, Kind::WINDOWS)?;
                let header = WindowFile::parse(&bytes)?.header();
                ensure!(
                    usize::from(header.channels) == self.model.sample_size(),
                    "samples of {} values, the model takes {}",
                    header.channels,
                    self.model.sample_size()
                );
                let (values, _) = bytes[hadamrnn_device::windows::HEADER_LEN..].as_chunks::<2>();
                let values: Vec<i16> = values.iter().map(|two| i16::from_le_bytes(*two)).collect();
                let steps = usize::from(header.steps);
                let window = self.usage.window.unwrap_or(steps);
                ensure!(
                    steps == window,
                    "windows of {steps} samples, and those of the model have {window}, of the samples that are used"
                );
                // They are windows as the model takes them, each on its own.
                let size = (steps * self.model.sample_size()).max(1);
                return Ok(values.chunks_exact(size).map(<[i16]>::to_vec).collect());
            }
            false => self.recorded(path, observer)?,
        };
        let steps = match self.usage.window.unwrap_or(0) {
            0 => bail!("how long a window is is not known: give the model's folder, with its card"),
            steps => steps,
        };
        let every = self.usage.decimation.unwrap_or(1).max(1);
        let size = self.model.sample_size();
        let windows: Vec<Vec<i16>> = (segments.iter())
            .flat_map(|samples| {
                let used: Vec<i16> = samples
                    .chunks(size)
                    .step_by(every)
                    .flatten()
                    .copied()
                    .collect();
                let windows = used.chunks_exact(steps * size).map(<[i16]>::to_vec);
                windows.collect::<Vec<_>>()
            })
            .collect();
        ensure!(
            !windows.is_empty(),
            "no whole window of {} samples{} of {}",
            steps,
            match every {
                1 => String::new(),
                every => format!(", of which one in {every} is used,"),
            },
            visible::name(self.label)
        );
        Ok(windows)
    }

    /// Samples without a gap of the class, or of whole recordings where they have no labels, in the model's counts.
    fn recorded(&self, path: &Path, observer: &mut dyn Observer) -> anyhow::Result<Vec<Vec<i16>>> {
        ensure!(
            !self.usage.channels.is_empty(),
            "which channels the model takes is not known: give the model's folder, with its card"
        );
        let imported = import::import(path, &Options::default())?;
        let mut segments = Vec::new();
        for recording in &imported.recordings {
            self.compare_rate(recording, observer);
            let samples = self.counts(recording)?;
            let of_class =
                (recording.labels.iter()).filter(|interval| interval.label == self.label);
            let spans: Vec<_> = match recording.labels.is_empty() {
                true => vec![(0, recording.samples())],
                false => of_class
                    .map(|interval| (interval.start, interval.end))
                    .collect(),
            };
            let width = self.usage.channels.len();
            for (start, end) in spans {
                let inner = recording
                    .gaps
                    .iter()
                    .filter(|gap| (start + 1..end).contains(gap));
                let mut ends: Vec<usize> = inner.copied().collect();
                ends.push(end);
                let mut from = start;
                for to in ends {
                    segments.push(samples[from * width..to * width].to_vec());
                    from = to;
                }
            }
        }
        ensure!(
            !segments.is_empty(),
            "no sample has the label {}: a recording without labels is taken whole",
            visible::name(self.label)
        );
        Ok(segments)
    }

    fn compare_rate(&self, recording: &Recording, observer: &mut dyn Observer) {
        let rates = import::rate_of(recording).zip(self.usage.rate_hz.map(f64::from));
        if let Some((own, trained)) = rates
            && (own / trained - 1.0).abs() > SAME_RATE
        {
            observer.notice(&format!(
                "warning: {} has {own:.4} samples a second, and the model was trained on {trained}: it is taught another speed",
                visible::name(&recording.name)
            ));
        }
    }

    /// The samples as the counts that the model reads, `[samples][channels]`.
    fn counts(&self, recording: &Recording) -> anyhow::Result<Vec<i16>> {
        let wanted = &self.usage.channels;
        let place = |channel: &Channel| -> anyhow::Result<(usize, f64)> {
            let named = |own: &import::Channel| own.name == channel.name;
            let place = recording.channels.iter().position(named).with_context(|| {
                let own: Vec<String> = (recording.channels.iter())
                    .map(|own| own.name.clone())
                    .collect();
                format!(
                    "there is no channel {}, which the model takes: there are {}",
                    visible::name(&channel.name),
                    visible::names(&own)
                )
            })?;
            Ok((place, factor(recording.channels[place].unit, channel)?))
        };
        let places: Vec<(usize, f64)> = wanted.iter().map(place).collect::<anyhow::Result<_>>()?;
        let values: Vec<f32> = (0..recording.samples())
            .flat_map(|number| {
                let sample = recording.sample(number);
                places.iter().map(|&(place, factor)| match factor == 1.0 {
                    true => sample[place],
                    false => (f64::from(sample[place]) * factor) as f32,
                })
            })
            .collect();
        let lsb: Vec<f32> = wanted.iter().map(|channel| channel.lsb).collect();
        Ok(counts(&values, &lsb))
    }
}

/// What a value of a recording is multiplied by to be in the unit of a model's channel.
fn factor(own: Unit, channel: &Channel) -> anyhow::Result<f64> {
    let wanted = channel.unit.and_then(Unit::named);
    let is_plain = |unit| matches!(unit, Unit::Counts | Unit::Unknown);
    match wanted.filter(|unit| !is_plain(*unit)) {
        None if is_plain(own) => Ok(1.0),
        Some(wanted) if own.factor_to(wanted).is_some() => Ok(own.factor_to(wanted).unwrap_or(1.0)),
        wanted => bail!(
            "channel {} is in {own}, and the model takes {}: record with `hadamrnn monitor --record`, which tells units, or write the \
             unit into the header, such as {}(g)",
            visible::name(&channel.name),
            wanted.map_or("counts".into(), |unit| unit.to_string()),
            visible::name(&channel.name)
        ),
    }
}
