//! Units of recordings, and the sizes of their counts: as a comment at the start of each file tells them, and `recordings.toml` of an
//! import.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;
use serde::Deserialize;

use super::Cutting;
use super::lines::{Fields, lines};
use crate::data::import::{SUMMARY, ToldScale, Unit, scales_told};
use crate::data::{Sequences, Values};
use crate::untrusted::{self, Kind};
use crate::visible;

/// Bytes at the start of a file in which the comment and the header stand.
const HEAD: u64 = 1 << 18;
/// Samples that are scaled at once.
const SAMPLES: usize = 1 << 14;
/// Scales that differ by no more than this, relatively, are the same: they were converted from unit to unit.
const SAME: f64 = 1e-6;

/// Scales that a file tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    /// Name of the file, for messages.
    file: String,
    scales: Vec<ToldScale>,
    /// Names of its columns; none of a summary, which says nothing of channels that it does not name.
    columns: Option<Vec<String>>,
}

/// Units and sizes of the counts of all channels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scales {
    /// Unit of each channel; empty in runs of versions that knew none.
    pub units: Vec<Unit>,
    /// Size of a count of each channel, in its unit.
    pub lsb: Vec<f32>,
    /// Line about the units, if there are any.
    pub note: Option<String>,
}

/// The scales that files tell, and a summary of an import beside them.
///
/// # Errors
/// A file cannot be read, or tells scales in another form.
pub(super) fn of_files(files: &[PathBuf]) -> Result<Vec<Told>> {
    let of_file = |path: &PathBuf| {
        let name = path.display().to_string();
        let file = untrusted::open(path).with_context(|| name.clone())?;
        of_text(&name, &head(file).with_context(|| name.clone())?)
    };
    // All are read before the first error is told, which is that of the first file then.
    let told: Vec<Result<Told>> = files.par_iter().map(of_file).collect();
    let mut all: Vec<Told> = told.into_iter().collect::<Result<_>>()?;
    all.extend(of_summary(files.first().and_then(|file| file.parent()))?);
    Ok(all)
}

/// The lines of a file down to its first row.
fn head(file: File) -> Result<Vec<u8>> {
    let mut reader = BufReader::new(file.take(HEAD));
    let mut bytes = Vec::new();
    let mut header_and_row = 0;
    while header_and_row < 2 {
        let start = bytes.len();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        let is_one = |(_, line): (u64, &[u8])| !(line.is_empty() || line.starts_with(b"#"));
        header_and_row += usize::from(lines(&bytes[start..]).any(is_one));
    }
    Ok(bytes)
}

/// The scales that a text tells in a comment above or just below its header.
///
/// # Errors
/// It tells them in another form, or twice.
pub(super) fn of_text(file: &str, text: &[u8]) -> Result<Told> {
    // What is no text tells nothing.
    let of_text = |(number, line)| (number, std::str::from_utf8(line).unwrap_or("?"));
    let scales = scales_told(lines(text).map(of_text)).with_context(|| file.to_owned())?;
    let is_header = |line: &&[u8]| !(line.is_empty() || line.starts_with(b"#"));
    let mut header = lines(text).map(|(_, line)| line);
    let mut columns = Vec::new();
    let mut fields = Fields::default();
    // A header that cannot be read is an error elsewhere.
    if let Some(header) = header.find(is_header)
        && fields.split(header).is_ok()
    {
        let name = |i| String::from_utf8_lossy(fields.get(header, i)).into_owned();
        columns = (0..fields.len()).map(name).collect();
    }
    Ok(Told {
        file: file.to_owned(),
        scales,
        columns: Some(columns),
    })
}

/// The part of an import's summary that is about scales.
#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    channels: Vec<SummaryChannel>,
}

#[derive(Deserialize)]
struct SummaryChannel {
    channel: String,
    unit: Unit,
    counts_per_unit: f64,
}

fn of_summary(folder: Option<&Path>) -> Result<Option<Told>> {
    let Some(path) = folder.map(|folder| folder.join(SUMMARY)) else {
        return Ok(None);
    };
    if path.symlink_metadata().is_err() {
        return Ok(None);
    }
    let file = path.display().to_string();
    let read =
        || -> Result<Summary> { Ok(toml::from_str(&untrusted::text(&path, Kind::RECORD)?)?) };
    let summary = read().with_context(|| {
        format!("{file}, which tells the scales of an import, cannot be read: import anew, or move it away if it is none")
    })?;
    let scale = |channel: SummaryChannel| ToldScale {
        channel: channel.channel,
        unit: channel.unit,
        counts_per_unit: channel.counts_per_unit,
    };
    let scales: Vec<ToldScale> = summary.channels.into_iter().map(scale).collect();
    let wrong =
        |scale: &&ToldScale| !(scale.counts_per_unit.is_finite() && scale.counts_per_unit > 0.0);
    if let Some(scale) = scales.iter().find(wrong) {
        bail!(
            "{file}: counts_per_unit of channel {} must be a number above 0, not {}",
            visible::name(&scale.channel),
            scale.counts_per_unit
        );
    }
    Ok(Some(Told {
        file,
        scales,
        columns: None,
    }))
}

impl Scales {
    /// Windows of counts in their units.
    pub fn values(&self, mut windows: Sequences) -> Sequences {
        let is_plain = self.lsb.iter().all(|&lsb| lsb == 1.0);
        if let (Values::Numbers(values), false) = (&mut windows.values, is_plain) {
            let channels = self.lsb.len();
            (values.samples_mut().par_chunks_mut(SAMPLES * channels)).for_each(|samples| {
                for sample in samples.chunks_exact_mut(channels) {
                    for (value, lsb) in sample.iter_mut().zip(&self.lsb) {
                        *value *= lsb;
                    }
                }
            });
        }
        windows
    }
}

impl Told {
    /// Counts of a channel that are 1 of `unit`; none where it is of another quantity.
    pub fn counts_per(&self, channel: &str, unit: Unit) -> Option<f64> {
        self.of(channel)?.per(unit)
    }

    /// The scale of a channel; none where a summary does not name it.
    fn of(&self, channel: &str) -> Option<ToldScale> {
        let told = self.scales.iter().find(|scale| scale.channel == channel);
        match (told, &self.columns) {
            (None, None) => None,
            (Some(scale), _) if !scale.is_counts() => Some(scale.clone()),
            _ => Some(ToldScale::counts(channel)),
        }
    }

    /// Checks that no channel was renamed in the header alone, and so lost its scale.
    fn check_names(&self, channels: &[String]) -> Result<()> {
        let Some(columns) = &self.columns else {
            return Ok(());
        };
        let untold = (channels.iter())
            .find(|channel| self.scales.iter().all(|scale| scale.channel != **channel));
        let gone = self
            .scales
            .iter()
            .find(|scale| !columns.contains(&scale.channel));
        if let (Some(untold), Some(gone)) = (untold, gone) {
            bail!(
                "{} tells the scale of \"{}\", which is no column, and none of \"{}\": rename it there as in the header, or \
                 take it out there",
                self.file,
                visible::name(&gone.channel),
                visible::name(untold)
            );
        }
        Ok(())
    }

    /// A scale of this file in words.
    fn said(&self, scale: &ToldScale) -> String {
        match scale.is_counts() {
            true => format!("{} tells no unit of them", self.file),
            false => format!("{} by {}", scale.words(), self.file),
        }
    }
}

fn is_same(a: f64, b: f64) -> bool {
    (a - b).abs() <= SAME * b
}

/// Units and sizes of the counts of `channels`: as all files tell them, in the units of a run that has any.
///
/// # Errors
/// Files tell different scales, or other quantities than the run's.
pub(super) fn agree(told: &[Told], channels: &[String], cutting: &Cutting) -> Result<Scales> {
    let is_of_before = cutting.units.is_empty() && cutting.split.is_some();
    if is_of_before {
        return Ok(plain(told, channels.len()));
    }
    for file in told {
        file.check_names(channels)?;
    }
    let mut scales = Scales {
        units: Vec::with_capacity(channels.len()),
        lsb: Vec::with_capacity(channels.len()),
        note: None,
    };
    let mut shown: Vec<(String, Vec<&String>)> = Vec::new();
    for (i, channel) in channels.iter().enumerate() {
        let scale = of_channel(told, channel)?;
        let unit = cutting.units.get(i).copied().unwrap_or(scale.unit);
        let Some(counts) = scale.per(unit) else {
            bail!(
                "the run reads channel {} in {unit}, but {} here: give recordings that tell the same quantity. The first line of a file \
                 tells the scale of its counts: `# NAME; {}: 8192 counts are 1 g`",
                visible::name(channel),
                in_words(&scale),
                visible::name(channel)
            );
        };
        scales.units.push(unit);
        scales.lsb.push(counts.recip() as f32);
        if !scale.is_counts() {
            // Seven digits do for people.
            let counts = counts as f32;
            let words = match unit {
                Unit::Unknown => format!("{counts} counts are 1 of a unit that is not told"),
                unit => format!("{counts} counts are 1 {unit}"),
            };
            match shown.iter_mut().find(|(other, _)| *other == words) {
                Some((_, names)) => names.push(channel),
                None => shown.push((words, vec![channel])),
            }
        }
    }
    let shown: Vec<String> = (shown.iter())
        .map(|(words, names)| format!("{} ({words})", visible::names(names)))
        .collect();
    scales.note = (!shown.is_empty()).then(|| {
        format!(
            "note: in physical units, as the files tell: {}",
            shown.join("; ")
        )
    });
    Ok(scales)
}

fn in_words(scale: &ToldScale) -> String {
    match scale.is_counts() {
        true => "these tell no unit of it".into(),
        false => format!("{} of it", scale.words()),
    }
}

/// The scale of a channel, on which all files agree, in the first of their units.
fn of_channel(told: &[Told], channel: &str) -> Result<ToldScale> {
    let mut all = told
        .iter()
        .filter_map(|file| Some((file, file.of(channel)?)));
    let Some((first_file, first)) = all.next() else {
        return Ok(ToldScale::counts(channel));
    };
    let mut chosen = first.clone();
    for (file, scale) in all {
        let counts = scale.per(first.unit);
        let remedy = match (first.is_counts(), scale.is_counts()) {
            (true, _) => same_counts(&file.file, &first_file.file),
            (_, true) => same_counts(&first_file.file, &file.file),
            _ => "`hadamrnn data import FOLDER --out NEW` brings both to one scale".into(),
        };
        ensure!(
            counts.is_some_and(|counts| is_same(counts, first.counts_per_unit)),
            "channel {}: {}, but {}. Counts of different scales cannot be trained on together: {remedy}",
            visible::name(channel),
            first_file.said(&first),
            file.said(&scale)
        );
        if scale.unit < chosen.unit {
            chosen = scale;
        }
    }
    Ok(chosen)
}

/// What to do where one file tells its scale and another does not.
fn same_counts(with: &str, without: &str) -> String {
    format!(
        "if those of {without} are of the same sensor, copy the first line of {with} to its top; else record or import them anew"
    )
}

/// Plain counts, as versions read them that knew no units.
fn plain(told: &[Told], channels: usize) -> Scales {
    let note = "note: the run is of a version that read counts without units, and goes on so; train anew for a model in physical units";
    let has_units = told
        .iter()
        .any(|file| file.scales.iter().any(|scale| !scale.is_counts()));
    Scales {
        units: Vec::new(),
        lsb: vec![1.0; channels],
        note: has_units.then(|| note.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(file: &str, text: &str) -> Told {
        of_text(file, text.as_bytes()).unwrap()
    }

    fn agreed(files: &[Told], cutting: &Cutting) -> Result<Scales> {
        agree(files, &["ax".into(), "gx".into()], cutting)
    }

    const BOARD: &str = "# recorded from pico; ax: 8192 counts are 1 g, gx: 14.285714285714286 counts are 1 °/s\nlabel,ax,gx\n";
    const PHONE: &str = "# imported from p; ax: 835.3515216715392 counts are 1 m/s², gx: 818.5111 counts are 1 rad/s\nlabel,ax,gx\n";

    #[test]
    fn a_board_and_a_phone_of_the_same_counts_go_together() {
        for files in [[BOARD, PHONE], [PHONE, BOARD]] {
            let files = files.map(|text| told("a.csv", text));
            let scales = agreed(&files, &Cutting::default()).unwrap();
            assert_eq!(scales.units, [Unit::G, Unit::RadianPerSecond]);
            assert_eq!(scales.lsb[0], 1.0 / 8192.0);
            let note = scales.note.unwrap();
            assert!(note.contains("ax (8192 counts are 1 g)"), "{note}");
        }
    }

    #[test]
    fn different_scales_are_errors_that_name_both_files() {
        let half = BOARD.replace("8192", "4096");
        let none = "label,ax,gx\n1,2,3\n";
        for (other, part) in [
            (half.as_str(), "4096 counts are 1 g by b.csv"),
            (none, "b.csv tells no unit"),
            ("", "b.csv tells no unit"),
        ] {
            let files = [told("a.csv", BOARD), told("b.csv", other)];
            let error = agreed(&files, &Cutting::default()).unwrap_err().to_string();
            for part in [
                "channel ax",
                "8192 counts are 1 g by a.csv",
                part,
                "cannot be trained on together",
            ] {
                assert!(error.contains(part), "{error}");
            }
        }
        let renamed = BOARD.replace("label,ax", "label,acc");
        let error = agree(
            &[told("a.csv", &renamed)],
            &["acc".into(), "gx".into()],
            &Cutting::default(),
        );
        let error = error.unwrap_err().to_string();
        assert!(error.contains("\"ax\", which is no column"), "{error}");
    }

    #[test]
    fn units_of_a_run_are_kept_or_refused() {
        let run = |units: &[Unit]| Cutting {
            units: units.to_vec(),
            ..Cutting::default()
        };
        let files = [told("a.csv", PHONE)];
        let scales = agreed(&files, &run(&[Unit::G, Unit::DegreePerSecond])).unwrap();
        assert!((scales.lsb[0] * 8192.0 - 1.0).abs() < 1e-6);
        assert!((scales.lsb[1] - 0.07).abs() < 1e-6);
        let counts = [told("a.csv", "label,ax,gx\n")];
        for (files, units, part) in [
            (
                &counts,
                [Unit::G, Unit::DegreePerSecond],
                "in g, but these tell no unit",
            ),
            (
                &files,
                [Unit::Counts, Unit::Counts],
                "in counts, but 835.35",
            ),
            (&files, [Unit::G, Unit::MicroTesla], "channel gx in µT"),
        ] {
            let error = agreed(files, &run(&units)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_summary_is_compared_with_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        std::fs::write(&file, BOARD).unwrap();
        let summary = folder.path().join(SUMMARY);
        let channel = |unit: &str, counts: &str| {
            format!(
                "[[channels]]\nchannel = \"ax\"\nunit = \"{unit}\"\ncounts_per_unit = {counts}\nmin = 0.0\n"
            )
        };
        for (text, expected) in [
            (channel("g", "8192.0"), Ok(())),
            ("notes = []\n".into(), Ok(())),
            (channel("g", "4096.0"), Err("4096 counts are 1 g by")),
            (channel("g", "-1.0"), Err("above 0")),
            (channel("furlong", "1.0"), Err("no unit")),
            ("channels = 3".into(), Err("cannot be read")),
        ] {
            std::fs::write(&summary, &text).unwrap();
            let found = of_files(std::slice::from_ref(&file))
                .and_then(|told| agreed(&told, &Cutting::default()));
            match (found, expected) {
                (Ok(scales), Ok(())) => assert_eq!(scales.units[0], Unit::G),
                (Err(error), Err(part)) => {
                    let error = format!("{error:#}");
                    assert!(error.contains(part) && error.contains(SUMMARY), "{error}");
                }
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
