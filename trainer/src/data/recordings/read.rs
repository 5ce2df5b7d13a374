//! Reading files into runs: samples in a row that have one label in one recording.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use rayon::prelude::*;

use super::blocks::{self, Block, Blocks, Files};
use super::columns::Wanted;
use super::join::{FileFound, Joined};
use super::parse::{Names, Part, Scratch, parse};
use super::run::{Run, TimeColumn};
use crate::data::belonging::{Idle, Stretch};
use crate::data::words::composed;
use crate::untrusted::Budget;
use crate::visible;

/// Bytes of a block that is parsed at once.
const BLOCK: usize = 256 << 10;
/// Bytes of the blocks that are parsed in parallel, while as many are read.
const BATCH: usize = 2 << 20;
/// Start of the names of recordings that are files.
pub(super) const FILE: &str = "file ";

/// All that files hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Names of the columns that may be channels.
    pub channels: Vec<String>,
    /// Names of the columns that are none by their names.
    pub left_out: Vec<String>,
    /// Name of the column that groups recordings, if any.
    pub group: Option<String>,
    /// For each file, its time column if it has one of stamps.
    pub times: Vec<Option<TimeColumn>>,
    pub runs: Vec<Run>,
    /// For each file, the names of its columns of numbers.
    pub marks: Vec<Vec<String>>,
    /// Names of recordings: those of the column, or of files, with that of the group.
    pub recordings: Vec<String>,
    pub groups: Vec<String>,
    pub labels: Vec<String>,
    /// Names that are spelled in more than one Unicode form, in the composed one, which counts.
    pub respelled: BTreeSet<String>,
    /// Number of rows without a label.
    pub unlabelled: usize,
    /// Values of columns that play no part.
    pub idle: Idle,
    /// Time columns that hold something else than stamps, each as file, column and value.
    pub no_stamps: Vec<[String; 3]>,
}

/// Reads files, all with the same channels in any order.
///
/// # Errors
/// A file cannot be read or is malformed; the message names file and line.
pub(super) fn read(files: &[PathBuf], wanted: Wanted<'_>, budget: &Budget) -> Result<Found> {
    read_in_blocks(files, wanted, budget, BLOCK)
}

/// Reads files in blocks of about `size` bytes; see [`read`].
pub(super) fn read_in_blocks(
    files: &[PathBuf],
    wanted: Wanted<'_>,
    budget: &Budget,
    size: usize,
) -> Result<Found> {
    let mut blocks = Files::new(files, wanted, size);
    let mut reading = Reading {
        files,
        all: Merge::default(),
        current: None,
    };
    let mut batch = blocks.batch(BATCH);
    while !batch.is_empty() {
        // One batch is parsed while the next one is read.
        let (parsed, next) = rayon::join(
            || {
                batch
                    .into_par_iter()
                    .map_init(Scratch::default, |scratch, block| {
                        parsed(block, budget, scratch)
                    })
                    .collect()
            },
            || blocks.batch(BATCH),
        );
        let parsed: Vec<Result<(Block, Part)>> = parsed;
        for block in parsed {
            let (block, part) = block?;
            reading.add(&block, part)?;
            blocks.recycle(block);
        }
        batch = next;
    }
    reading.end_file()?;
    Ok(reading.all.finish())
}

fn parsed(block: Result<Block>, budget: &Budget, scratch: &mut Scratch) -> Result<(Block, Part)> {
    let block = block?;
    let part = parse(&block.bytes, &block.head, budget, scratch);
    Ok((block, part))
}

/// Puts blocks together to files, and these to all.
struct Reading<'a> {
    files: &'a [PathBuf],
    all: Merge,
    /// The file that is being read, by number.
    current: Option<(usize, Joined)>,
}

impl Reading<'_> {
    fn add(&mut self, block: &Block, part: Part) -> Result<()> {
        if let Some(lines) = block.first {
            self.end_file()?;
            let joined = Joined::new(&block.head, lines);
            self.current = Some((block.file, joined));
        }
        let Some((file, joined)) = &mut self.current else {
            return Ok(());
        };
        joined
            .add(part)
            .with_context(|| self.files[*file].display().to_string())
    }

    fn end_file(&mut self) -> Result<()> {
        match self.current.take() {
            Some((file, joined)) => self.all.add(&self.files[file], joined.finish()),
            None => Ok(()),
        }
    }
}

/// Reads texts like files, one after the other.
///
/// # Errors
/// A text is malformed; the message names it and the line.
pub(super) fn read_texts(
    texts: impl Iterator<Item = (PathBuf, String)>,
    wanted: Wanted<'_>,
    budget: &Budget,
) -> Result<Found> {
    let mut all = Merge::default();
    for (file, text) in texts {
        let found = read_text(&text, wanted, budget);
        all.add(&file, found.with_context(|| file.display().to_string())?)?;
    }
    Ok(all.finish())
}

fn read_text(text: &str, wanted: Wanted<'_>, budget: &Budget) -> Result<FileFound> {
    let mut blocks = Blocks::new(text.as_bytes(), BLOCK);
    let (head, lines, bytes) = blocks::head(&mut blocks, wanted)?;
    let mut joined = Joined::new(&head, lines);
    let mut scratch = Scratch::default();
    let mut next = Some(bytes);
    while let Some(bytes) = next {
        joined.add(parse(&bytes, &head, budget, &mut scratch))?;
        next = blocks.next()?;
    }
    Ok(joined.finish())
}

/// Puts the files together.
#[derive(Default)]
pub(super) struct Merge {
    found: Found,
    recordings: Names,
    groups: Names,
    labels: Names,
    /// The first spelling of names beyond ASCII, by their composed form.
    spellings: HashMap<String, String>,
    first: Option<PathBuf>,
}

impl Merge {
    pub fn add(&mut self, file: &Path, of_file: FileFound) -> Result<()> {
        let found = &mut self.found;
        let columns = of_file.columns;
        let order = match &self.first {
            None => {
                self.first = Some(file.to_owned());
                found.channels.clone_from(&columns.names);
                None
            }
            Some(first) => reordered(&found.channels, &columns.names).with_context(|| {
                format!(
                    "{} has the channels {}, but {} has {}: all recordings must have the same; --channels names those that all \
                     of them have",
                    file.display(),
                    visible::names(&columns.names),
                    first.display(),
                    visible::names(&found.channels)
                )
            })?,
        };
        ensure!(
            found.times.is_empty() || found.group.is_some() == columns.group.is_some(),
            "{} has {} column that groups recordings, unlike the files before: give all the same, or --group none",
            file.display(),
            if columns.group.is_some() { "a" } else { "no" }
        );
        let mut spelled = |names: &[String]| -> Vec<String> {
            let one = |name| one_spelling(name, &mut self.spellings, &mut found.respelled);
            names.iter().map(one).collect()
        };
        let groups = self.groups.numbers(&spelled(&of_file.groups.all));
        let labels = self.labels.numbers(&spelled(&of_file.labels.all));
        let recordings = spelled(&of_file.recordings.all);
        let number = found.times.len();
        for mut run in of_file.runs {
            run.file = number;
            run.group = run.group.map(|group| groups[group]);
            let name = match recordings[run.recording].as_str() {
                "" => format!("{FILE}{}", file.display()),
                name => name.to_owned(),
            };
            // Numbers of recordings may start again with each person.
            run.recording = self.recordings.number(&match run.group {
                Some(group) => format!("{name} of {}", self.groups.all[group]),
                None => name,
            });
            run.label = labels[run.label];
            for ((_, column), value) in columns.idle.iter().zip(std::mem::take(&mut run.idle)) {
                let stretch = value.map(|value| Stretch {
                    recording: run.recording,
                    label: self.labels.all[run.label].clone(),
                    value,
                });
                found.idle.add(column, stretch);
            }
            if let Some(order) = &order {
                permute(&mut run.counts, order);
            }
            found.runs.push(run);
        }
        for name in columns.left_out {
            if !found.left_out.contains(&name) {
                found.left_out.push(name);
            }
        }
        if let Some([column, value]) = of_file.no_stamp {
            let file = file.display().to_string();
            found.no_stamps.push([file, column, value]);
        }
        found.group = found.group.take().or(columns.group.map(|(_, name)| name));
        let marks = columns.marks.into_iter().map(|(_, name)| name);
        found.marks.push(marks.collect());
        found.times.push(of_file.time);
        found.unlabelled += of_file.unlabelled;
        Ok(())
    }

    /// All files.
    pub fn finish(self) -> Found {
        Found {
            recordings: self.recordings.all,
            groups: self.groups.all,
            labels: self.labels.all,
            ..self.found
        }
    }
}

/// The composed form of a name. Names that come in several forms are kept.
fn one_spelling(
    name: &String,
    spellings: &mut HashMap<String, String>,
    respelled: &mut BTreeSet<String>,
) -> String {
    let composed = composed(name).into_owned();
    if !name.is_ascii() {
        let first = spellings
            .entry(composed.clone())
            .or_insert_with(|| name.clone());
        if first != name {
            respelled.insert(composed.clone());
        }
    }
    composed
}

/// Where each of `channels` is among `names`, none where the order is the same; an error where they are others.
fn reordered(channels: &[String], names: &[String]) -> Result<Option<Vec<usize>>> {
    if channels == names {
        return Ok(None);
    }
    let place = |channel: &String| names.iter().position(|name| name == channel);
    let order: Option<Vec<usize>> = channels.iter().map(place).collect();
    match order.filter(|order| order.len() == names.len()) {
        Some(order) => Ok(Some(order)),
        None => bail!("other names"),
    }
}

/// Puts the values of each sample, `[samples][order]`, into another order.
fn permute(counts: &mut [i16], order: &[usize]) {
    let mut sample = vec![0; order.len()];
    for row in counts.chunks_exact_mut(order.len()) {
        for (value, &from) in sample.iter_mut().zip(order) {
            *value = row[from];
        }
        row.copy_from_slice(&sample);
    }
}
