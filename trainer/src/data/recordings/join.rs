//! Putting the blocks of a file together: lines get their numbers, and a run that goes on over blocks becomes one.

use anyhow::Result;

use super::columns::Columns;
use super::parse::{Head, Names, Part};
use super::run::{Run, TimeColumn};
use crate::data::Spots;

/// Content of one file; numbers of names are its own.
#[derive(Debug)]
pub(super) struct FileFound {
    pub columns: Columns,
    pub runs: Vec<Run>,
    pub recordings: Names,
    pub groups: Names,
    pub labels: Names,
    pub unlabelled: usize,
    pub time: Option<TimeColumn>,
    /// The time column that holds no stamps, and what it holds.
    pub no_stamp: Option<[String; 2]>,
}

/// The blocks of a file so far.
pub(super) struct Joined {
    found: FileFound,
    /// Number of lines so far.
    lines: u64,
    /// Counts, stamps and sources of the last run, block by block, and whether a gap comes after it.
    last: Vec<(Vec<i16>, Vec<f64>, Vec<u64>)>,
    /// Marks of the last run.
    marks: Vec<i64>,
    is_ended: bool,
}

impl Joined {
    /// A file with a header, `lines` lines with it.
    pub fn new(head: &Head, lines: u64) -> Self {
        let Head { columns, times, .. } = head;
        let time = times.chosen.as_ref().map(|chosen| times.column(chosen));
        Self {
            found: FileFound {
                columns: columns.clone(),
                runs: Vec::new(),
                recordings: Names::default(),
                groups: Names::default(),
                labels: Names::default(),
                unlabelled: 0,
                time,
                no_stamp: times.no_stamp.clone(),
            },
            lines,
            last: Vec::new(),
            marks: Vec::new(),
            is_ended: true,
        }
    }

    /// Adds the next block.
    ///
    /// # Errors
    /// The block has one; the message names the line.
    pub fn add(&mut self, part: Part) -> Result<()> {
        if let Some((line, error)) = part.error {
            return Err(error.context(format!("line {}", self.lines + line + 1)));
        }
        let found = &mut self.found;
        let recordings = found.recordings.numbers(&part.recordings.all);
        let groups = found.groups.numbers(&part.groups.all);
        let labels = found.labels.numbers(&part.labels.all);
        found.unlabelled += part.unlabelled;
        self.is_ended |= part.begins_with_gap;
        let is_empty = part.pieces.is_empty();
        for piece in part.pieces {
            let run = Run {
                file: 0,
                line: self.lines + piece.line + 1,
                spots: Spots::default(),
                recording: recordings[piece.recording],
                group: piece.group.map(|group| groups[group]),
                label: labels[piece.label],
                counts: Vec::new(),
                times: Vec::new(),
                sources: Vec::new(),
                marks: Vec::new(),
                samples: 0,
                idle: piece.idle,
            };
            self.begin(run);
            self.last.push((piece.counts, piece.times, piece.sources));
            self.marks.extend(piece.marks);
            if let Some(run) = self.found.runs.last_mut() {
                run.spots.append(run.samples, &piece.spots, self.lines + 1);
                run.samples += piece.samples;
            }
        }
        self.lines += part.lines;
        if !is_empty {
            self.is_ended = part.ends_with_gap;
        }
        Ok(())
    }

    /// Begins a run, unless it goes on with the last one.
    fn begin(&mut self, run: Run) {
        let of = |run: &Run| (run.recording, run.group, run.label);
        let goes_on = self
            .found
            .runs
            .last()
            .is_some_and(|last| of(last) == of(&run));
        // Within a block, a run that is like the one before it comes after a gap.
        if goes_on && !self.is_ended {
            self.is_ended = true;
            return;
        }
        self.end();
        self.found.runs.push(run);
        self.is_ended = true;
    }

    /// Puts the blocks of the last run together.
    fn end(&mut self) {
        let Some(run) = self.found.runs.last_mut() else {
            return;
        };
        run.marks = std::mem::take(&mut self.marks);
        let mut blocks = std::mem::take(&mut self.last);
        if let [(counts, times, sources)] = &mut blocks[..] {
            (run.counts, run.times) = (std::mem::take(counts), std::mem::take(times));
            run.sources = std::mem::take(sources);
            return;
        }
        run.counts
            .reserve_exact(blocks.iter().map(|(counts, _, _)| counts.len()).sum());
        run.times
            .reserve_exact(blocks.iter().map(|(_, times, _)| times.len()).sum());
        for (counts, times, sources) in blocks {
            run.sources.extend(sources);
            run.counts.extend(counts);
            run.times.extend(times);
        }
    }

    /// The whole file.
    pub fn finish(mut self) -> FileFound {
        self.end();
        self.found
    }
}
