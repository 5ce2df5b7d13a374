//! The context of a reader: its options and budget, and the notes that it leaves beside recordings.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::Options;
use crate::data::belonging::{Idle, Stretch};
use crate::untrusted::Budget;
use crate::visible;

/// The most notes that are kept.
const MOST_NOTES: usize = 2000;
/// The most columns of text that are named.
const MOST_TEXTS: usize = 6;

/// A malformed line, the first of several.
#[derive(Debug, Default)]
pub(super) struct BadLines {
    first: Option<String>,
    count: usize,
}

impl BadLines {
    pub fn add(&mut self, line: u64, error: &anyhow::Error) {
        self.count += 1;
        self.first
            .get_or_insert_with(|| format!("line {line}: {error:#}"));
    }
}

impl BadLines {
    /// Whether there is one.
    pub fn any(&self) -> bool {
        self.count > 0
    }
}

/// The state of an import.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub options: &'a Options,
    /// For what is parsed of all files.
    pub budget: &'a Budget,
    skipped: Cell<usize>,
    notes: RefCell<Vec<String>>,
    /// Names of columns of text that play no part, of files without a label.
    texts: RefCell<BTreeSet<String>>,
    /// Number of files with columns that play no part, and the values of these.
    idle: RefCell<(usize, Idle)>,
}

impl<'a> Reading<'a> {
    pub fn new(options: &'a Options, budget: &'a Budget) -> Self {
        Self {
            options,
            budget,
            skipped: Cell::new(0),
            notes: RefCell::new(Vec::new()),
            texts: RefCell::default(),
            idle: RefCell::default(),
        }
    }

    /// Keeps the name of a column of text that plays no part, in a file without a label.
    pub fn text_column(&self, name: &str) {
        let mut texts = self.texts.borrow_mut();
        if texts.len() < MOST_TEXTS {
            texts.insert(name.to_owned());
        }
    }

    /// Names of the columns of text, for people; empty where there are none.
    pub fn text_columns(&self) -> String {
        visible::names(&*self.texts.borrow())
    }

    /// Keeps the stretches of a file's columns that play no part; a column of more than `most` changes too often to name a person.
    /// Where the file has no labels, its folder stands for them.
    pub fn idle(&self, file: &str, stretches: Vec<(String, Stretch)>, most: usize) {
        let (files, idle) = &mut *self.idle.borrow_mut();
        *files += 1;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (column, _) in &stretches {
            *counts.entry(column.clone()).or_default() += 1;
        }
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (column, mut stretch) in stretches {
            stretch.recording = *files;
            if stretch.label.is_empty() {
                folder.clone_into(&mut stretch.label);
            }
            let is_few = counts.get(&column).is_some_and(|&count| count <= most);
            idle.add(&column, is_few.then_some(stretch));
        }
    }

    /// Notes which of the columns that play no part may tell what recordings belong to.
    pub fn note_idle(&self) {
        let hint = self.idle.borrow().1.hint();
        // Ahead of remarks on single files.
        self.notes.borrow_mut().splice(0..0, hint);
    }

    /// Keeps a note for the summary.
    pub fn note(&self, note: String) {
        let mut notes = self.notes.borrow_mut();
        if notes.len() < MOST_NOTES && !notes.contains(&note) {
            notes.push(note);
        }
    }

    /// Lets malformed lines pass, if the user allows as many.
    ///
    /// # Errors
    /// They are too many; the message is the first's.
    pub fn accept(&self, file: &str, bad: &BadLines) -> Result<()> {
        let Some(first) = &bad.first else {
            return Ok(());
        };
        let skipped = self.skipped.get() + bad.count;
        if skipped > self.options.skip_bad_lines {
            bail!(
                "{first}; {} malformed {} in this file. Mend them, or leave them out with --skip-bad-lines {skipped}",
                bad.count,
                if bad.count == 1 { "line" } else { "lines" }
            );
        }
        self.skipped.set(skipped);
        self.note(format!(
            "{}: {} malformed lines left out; {first}",
            visible::name(file),
            bad.count
        ));
        Ok(())
    }

    /// Number of malformed lines that were left out.
    pub fn skipped(&self) -> usize {
        self.skipped.get()
    }

    /// The notes, those that say the same of several files as one.
    pub fn into_notes(self) -> Vec<String> {
        let mut grouped: Vec<(Option<String>, String, usize)> = Vec::new();
        for note in self.notes.into_inner() {
            let (file, text) = match note.split_once(": ") {
                Some((file, text)) => (Some(file.to_owned()), text.to_owned()),
                None => (None, note),
            };
            match grouped.iter_mut().find(|(_, other, _)| *other == text) {
                Some((_, _, more)) => *more += 1,
                None => grouped.push((file, text, 0)),
            }
        }
        let shown = |(file, text, more)| match (file, more) {
            (None, _) => text,
            (Some(file), 0) => format!("{file}: {text}"),
            (Some(file), more) => format!("{file} and {more} more: {text}"),
        };
        grouped.into_iter().map(shown).collect()
    }
}
