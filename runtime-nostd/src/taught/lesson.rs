//! Teaching: windows of a class are shown, and become or move an entry.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::{Entry, FACTOR, LABEL, MAX_WORDS, Taught};
use crate::limits;
use crate::model::Model;
use crate::novelty::{DIMENSIONS, Metric, Place};

/// The sum of the places of windows of one class, for a model to be taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    sums: Place,
    windows: u16,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            sums: [0; DIMENSIONS],
            windows: 0,
        }
    }
}

impl Shown {
    /// Adds a window's place. Gives whether there is room: more than 32,767 windows are not taken.
    pub fn add(&mut self, place: &Place) -> bool {
        if usize::from(self.windows) >= limits::TAUGHT_WINDOWS.max {
            return false;
        }
        self.windows = self.windows.wrapping_add(1);
        for (sum, z) in self.sums.iter_mut().zip(place) {
            *sum = sum.wrapping_add(*z);
        }
        true
    }

    /// Windows so far.
    pub const fn windows(&self) -> u16 {
        self.windows
    }
}

/// A class to be taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson<'a> {
    /// One of the classes that there are, or the number of them: a new one.
    pub class: u16,
    /// The name of a new class, of 1 to 32 bytes without a zero; of no effect for others.
    pub label: &'a str,
}

/// Why a class is not taught.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum TeachError {
    /// The model has no metric.
    NoMetric,
    /// A class behind the first new one.
    Class {
        /// The class.
        found: u16,
        /// Classes that there are.
        classes: u16,
    },
    /// The name of a new class has no or too many bytes, or a zero.
    Label,
    /// No windows, or more than an entry counts, those before included.
    Windows,
    /// There is no room for one more entry.
    Full,
    /// The part that is there is damaged.
    Damaged,
}

impl fmt::Display for TeachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMetric => f.write_str(
                "the model has no metric, in whose space classes are taught: export its run with --novelty",
            ),
            Self::Class { found, classes } => write!(
                f,
                "there is no class {found}: there are {classes}, and the next new one is class {classes}"
            ),
            Self::Label => write!(
                f,
                "the name of a new class has {} bytes and no zero",
                limits::TAUGHT_LABEL
            ),
            Self::Windows => write!(
                f,
                "a class is taught with {} windows, those before included",
                limits::TAUGHT_WINDOWS
            ),
            Self::Full => write!(
                f,
                "the model has been taught {} times a class, and has no room for more",
                limits::TAUGHT_ENTRIES.max
            ),
            Self::Damaged => f.write_str("what the model was taught before is damaged"),
        }
    }
}

impl core::error::Error for TeachError {}

/// The words of a part [`TAUGHT`](crate::format::part::TAUGHT) that is not yet in a model.
#[derive(Clone, Debug)]
pub struct TaughtWords {
    words: [u32; MAX_WORDS],
    length: usize,
}

impl TaughtWords {
    /// What `model` was taught, and a lesson more: windows of a class that was taught move its last entry, others add one.
    ///
    /// # Errors
    /// Why the class is not taught.
    pub fn with(model: &Model<'_>, lesson: Lesson<'_>, shown: &Shown) -> Result<Self, TeachError> {
        let plan = Plan::of(model, lesson, shown.windows)?;
        let mut part = Self {
            words: [0; MAX_WORDS],
            length: 0,
        };
        let old = plan.taught.as_ref();
        let count = |taught: &Taught<'_>| taught.entries().count();
        let entries = old
            .map_or(0, count)
            .wrapping_add(usize::from(plan.moved.is_none()));
        let labels = plan.classes.wrapping_sub(model.class_count());
        let new = labels.wrapping_add(usize::from(plan.is_new));
        part.put(entries as u32 | (new as u32) << 8);
        let added = Entry {
            class: lesson.class,
            windows: 0,
            factor: FACTOR,
            centre: &[],
        };
        let mut is_in = false;
        for (place, entry) in old.into_iter().flat_map(Taught::entries).enumerate() {
            if plan.moved.is_none() && !is_in && entry.class > lesson.class {
                part.entry(&added, shown, plan.dimensions);
                is_in = true;
            }
            match plan.moved == Some(place) {
                true => part.entry(&entry, shown, plan.dimensions),
                false => part.entry(&entry, &Shown::default(), plan.dimensions),
            }
        }
        if plan.moved.is_none() && !is_in {
            part.entry(&added, shown, plan.dimensions);
        }
        old.into_iter()
            .flat_map(|taught| taught.labels)
            .for_each(|word| part.put(*word));
        if plan.is_new {
            part.label(lesson.label);
        }
        Ok(part)
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        self.words.get(..self.length).unwrap_or_default()
    }

    fn put(&mut self, word: u32) {
        // There is room for the most entries and labels.
        if let Some(to) = self.words.get_mut(self.length) {
            *to = word;
            self.length = self.length.wrapping_add(1);
        }
    }

    /// Writes an entry to which windows are added.
    fn entry(&mut self, entry: &Entry<'_>, shown: &Shown, dimensions: usize) {
        // At most so many as an entry counts: the plan has compared.
        let windows = entry.windows.saturating_add(shown.windows);
        self.put(u32::from(entry.class) | u32::from(windows) << 16);
        self.put(entry.factor.into());
        let centre = entry.centre();
        let mut means = (centre.iter().zip(&shown.sums))
            .map(|(old, sum)| mean(*old, entry.windows, *sum, windows) as u32 & 0xFFFF)
            .take(dimensions);
        while let Some(low) = means.next() {
            let high = means.next().unwrap_or(0);
            self.put(low | high << 16);
        }
    }

    fn label(&mut self, label: &str) {
        let mut words = [0u32; LABEL];
        for (word, bytes) in words.iter_mut().zip(label.as_bytes().chunks(4)) {
            let four = [0, 1, 2, 3].map(|i: usize| bytes.get(i).copied().unwrap_or(0));
            *word = u32::from_le_bytes(four);
        }
        words.iter().for_each(|word| self.put(*word));
    }
}

/// The mean of `before` places whose mean is `old`, and of others whose sum is `sum`: of `all` together, at least 1.
fn mean(old: i32, before: u16, sum: i32, all: u16) -> i32 {
    let total = old.wrapping_mul(before.into()).wrapping_add(sum);
    let half = i32::from(all / 2);
    (total.wrapping_add(half))
        .checked_div_euclid(all.into())
        .unwrap_or(0)
}

/// Where a lesson goes.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    taught: Option<Taught<'a>>,
    dimensions: usize,
    /// Classes that there are.
    classes: usize,
    is_new: bool,
    /// The entry that is moved; none where one is added.
    moved: Option<usize>,
}

impl<'a> Plan<'a> {
    /// Where a lesson of so many windows goes in `model`.
    ///
    /// # Errors
    /// The model has no metric, or no room for it; there is no such class, or the name of a new one is out of range; or there are too
    /// few or too many windows.
    pub fn of(model: &Model<'a>, lesson: Lesson<'_>, windows: u16) -> Result<Self, TeachError> {
        let metric = Metric::of(model).map_err(|_| TeachError::Damaged)?;
        let metric = metric.ok_or(TeachError::NoMetric)?;
        let taught = Taught::of(model).map_err(|_| TeachError::Damaged)?;
        let classes = taught.map_or(model.class_count(), |taught| taught.class_count());
        let class = usize::from(lesson.class);
        if class > classes {
            return Err(TeachError::Class {
                found: lesson.class,
                classes: classes as u16,
            });
        }
        let is_new = class == classes;
        let label = lesson.label;
        if is_new && (!limits::TAUGHT_LABEL.holds(label.len()) || label.contains('\0')) {
            return Err(TeachError::Label);
        }
        let (mut count, mut moved, mut all) = (0usize, None, windows);
        for entry in taught.iter().flat_map(Taught::entries) {
            if entry.class == lesson.class {
                moved = Some(count);
                all = entry.windows.saturating_add(windows);
            }
            count = count.wrapping_add(1);
        }
        if windows == 0 || !limits::TAUGHT_WINDOWS.holds(all.into()) {
            return Err(TeachError::Windows);
        }
        if moved.is_none() && count >= limits::TAUGHT_ENTRIES.max {
            return Err(TeachError::Full);
        }
        Ok(Self {
            taught,
            dimensions: metric.dimensions(),
            classes,
            is_new,
            moved,
        })
    }
}
