//! Telling by their values which columns are no signals.

use std::ops::Range;

use rayon::prelude::*;

/// Number of steps from row to row from which on a column is judged by its values.
const ENOUGH_STEPS: u64 = 20;
/// Rises of a column that counts.
const ENOUGH_RISES: u64 = 3;
/// Rises for each time that a counter starts again from its lowest value.
const RISES_PER_WRAP: u64 = 8;

/// Rises of a time, in a hundred rows: a few stamps are out of order, or as before.
const MOST_ROWS: u64 = 95;
/// Steps that are kept, of which most must be alike.
const KEPT_STEPS: usize = 4096;
/// Rows that are looked at column by column, while they are in the processor's cache.
const ROWS: usize = 1024;
/// Steps that are alike, as multiples of the median, and their share in a hundred.
const ALIKE: Range<f64> = 0.25..4.0;
const MOST_ALIKE: usize = 90;
/// Stamps of the years 2001 to 2096, in seconds since 1970.
const SINCE_1970: Range<f64> = 1e9..4e9;

/// A reason why a column is no channel by its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::data) enum NoChannel {
    /// It counts in every row of samples.
    Counts,
    /// It rises in nearly every row by steps that are alike.
    Rises,
    /// It has one value in each row of samples, and others in others.
    TellsApart,
}

impl NoChannel {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::Counts, Self::Rises, Self::TellsApart];

    /// The reason for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Counts => "only counts up or down",
            Self::Rises => {
                "rises in nearly every row by a steady step, as a time or a counter does"
            }
            Self::TellsApart => "does not change within a recording or an interval of one label",
        }
    }
}

/// How a column goes, over all rows of samples.
#[derive(Clone, Debug)]
struct Course {
    /// The value of the very first row.
    first: Option<f64>,
    is_one_value: bool,
    is_constant_in_each: bool,
    counts_up: bool,
    counts_down: bool,
    rises: u64,
    falls: u64,
    /// The least and the largest value.
    range: [f64; 2],
    /// The first steps from row to row.
    steps: Vec<f64>,
}

/// A column in one row of samples.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    first: f64,
    last: f64,
    least: f64,
    most: f64,
    rises: u64,
    falls: u64,
    smallest_rise: f64,
    smallest_fall: f64,
}

impl Stretch {
    fn new(value: f64) -> Self {
        Self {
            first: value,
            last: value,
            least: f64::INFINITY.min(value),
            most: f64::NEG_INFINITY.max(value),
            rises: 0,
            falls: 0,
            smallest_rise: f64::INFINITY,
            smallest_fall: f64::INFINITY,
        }
    }

    /// Adds values, without a branch that depends on them: noise would mislead the processor at every other one.
    fn extend(&mut self, values: impl Iterator<Item = f64>) {
        let mut of = *self;
        for value in values {
            let step = value - of.last;
            of.rises += u64::from(step > 0.0);
            of.falls += u64::from(step < 0.0);
            of.smallest_rise = lesser(
                if step > 0.0 { step } else { f64::INFINITY },
                of.smallest_rise,
            );
            of.smallest_fall = lesser(
                if step < 0.0 { -step } else { f64::INFINITY },
                of.smallest_fall,
            );
            of.least = lesser(value, of.least);
            of.most = if value > of.most { value } else { of.most };
            of.last = value;
        }
        *self = of;
    }
}

/// The lesser of two numbers, the second one where the first is none: a single instruction, unlike [`f64::min`].
fn lesser(value: f64, than: f64) -> f64 {
    if value < than { value } else { than }
}

/// One row of samples, judged.
struct Judged {
    stretches: Vec<Stretch>,
    steps: u64,
    /// The first steps, `[steps][columns]`.
    kept: Vec<f64>,
}

impl Judged {
    /// Judges `values`, `[rows][columns]`, and keeps the first `kept` steps.
    fn of<T: Copy + Into<f64>>(values: &[T], columns: usize, kept: usize) -> Self {
        let columns = columns.max(1);
        let (first, rest) = values.split_at_checked(columns).unwrap_or_default();
        let mut stretches: Vec<Stretch> = first
            .iter()
            .map(|&value| Stretch::new(value.into()))
            .collect();
        let steps = rest.len() / columns;
        let rest = &rest[..steps * columns];
        for block in rest.chunks(ROWS * columns) {
            for (column, stretch) in stretches.iter_mut().enumerate() {
                stretch.extend(
                    block[column..]
                        .iter()
                        .step_by(columns)
                        .map(|&value| value.into()),
                );
            }
        }
        let before = values.iter().zip(rest).take(kept * columns);
        Self {
            stretches,
            steps: steps as u64,
            kept: before
                .map(|(&before, &value)| value.into() - before.into())
                .collect(),
        }
    }
}

/// Judges columns by their values, row of samples after row of samples.
pub(in crate::data) struct Judge {
    courses: Vec<Course>,
    steps: u64,
}

impl Judge {
    pub fn new(columns: usize) -> Self {
        let course = Course {
            first: None,
            is_one_value: true,
            is_constant_in_each: true,
            counts_up: true,
            counts_down: true,
            rises: 0,
            falls: 0,
            range: [f64::INFINITY, f64::NEG_INFINITY],
            steps: Vec::new(),
        };
        Self {
            courses: vec![course; columns],
            steps: 0,
        }
    }

    /// Takes the values `[rows][columns]` of samples in a row.
    pub fn add<T: Copy + Into<f64>>(&mut self, values: &[T]) {
        let judged = Judged::of(values, self.courses.len(), self.lacking());
        self.take(&judged);
    }

    /// Takes the values of several rows of samples, each as [`Self::add`] does.
    pub fn add_all<T: Copy + Into<f64> + Sync>(&mut self, runs: &[&[T]]) {
        let columns = self.courses.len();
        let mut lacking = self.lacking();
        let kept: Vec<usize> = (runs.iter())
            .map(|values| {
                let kept = lacking;
                lacking = lacking.saturating_sub((values.len() / columns.max(1)).saturating_sub(1));
                kept
            })
            .collect();
        let judged: Vec<Judged> = (runs.par_iter().zip(kept))
            .map(|(values, kept)| Judged::of(values, columns, kept))
            .collect();
        judged.iter().for_each(|judged| self.take(judged));
    }

    /// Number of steps that may still be kept.
    fn lacking(&self) -> usize {
        let kept = self.courses.first().map_or(0, |course| course.steps.len());
        KEPT_STEPS - kept
    }

    fn take(&mut self, judged: &Judged) {
        self.steps += judged.steps;
        for step in judged.kept.chunks_exact(self.courses.len().max(1)) {
            for (course, &step) in self.courses.iter_mut().zip(step) {
                course.steps.push(step);
            }
        }
        for (course, stretch) in self.courses.iter_mut().zip(&judged.stretches) {
            course.add(stretch);
        }
    }

    /// For each column, why it is no channel, if so.
    pub fn verdict(&self) -> Vec<Option<NoChannel>> {
        let verdict = |course: &Course| match () {
            () if self.steps < ENOUGH_STEPS => None,
            () if course.counts() || course.is_of_our_years() => Some(NoChannel::Counts),
            () if course.rises_steadily(self.steps) => Some(NoChannel::Rises),
            () if course.is_constant_in_each && !course.is_one_value => Some(NoChannel::TellsApart),
            () => None,
        };
        self.courses.iter().map(verdict).collect()
    }
}

impl Course {
    fn add(&mut self, stretch: &Stretch) {
        let known = *self.first.get_or_insert(stretch.first);
        let is_constant = stretch.least == stretch.most;
        self.is_one_value &= is_constant && stretch.first == known;
        self.is_constant_in_each &= is_constant;
        self.rises += stretch.rises;
        self.falls += stretch.falls;
        self.range = [
            self.range[0].min(stretch.least),
            self.range[1].max(stretch.most),
        ];
        let range = stretch.most - stretch.least;
        // A counter that starts again steps over half its range or more.
        let only_wraps = |count: u64, smallest: f64| count == 0 || 2.0 * smallest >= range;
        self.counts_up &= only_wraps(stretch.falls, stretch.smallest_fall);
        self.counts_down &= only_wraps(stretch.rises, stretch.smallest_rise);
    }

    /// Whether the values never fall, and stand for times of our years in s, ms, µs or ns. Such large ones may have lost the digits
    /// that rise.
    fn is_of_our_years(&self) -> bool {
        let are_of = |unit: f64| {
            self.range
                .iter()
                .all(|end| SINCE_1970.contains(&(end * unit)))
        };
        self.falls == 0 && [1.0, 1e-3, 1e-6, 1e-9].into_iter().any(are_of)
    }

    /// Whether it rises in nearly all of the rows, by steps that are alike but for some.
    fn rises_steadily(&self, rows: u64) -> bool {
        if self.rises * 100 < rows * MOST_ROWS {
            return false;
        }
        let mut steps = self.steps.clone();
        steps.sort_unstable_by(f64::total_cmp);
        let median = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
        let alike = steps
            .iter()
            .filter(|step| ALIKE.contains(&(*step / median)))
            .count();
        median > 0.0 && alike * 100 >= steps.len() * MOST_ALIKE
    }

    fn counts(&self) -> bool {
        let enough = |steps: u64, wraps: u64| {
            steps >= ENOUGH_RISES && wraps.saturating_mul(RISES_PER_WRAP) <= steps
        };
        (self.counts_up && enough(self.rises, self.falls))
            || (self.counts_down && enough(self.falls, self.rises))
    }
}

#[cfg(test)]
mod tests;
