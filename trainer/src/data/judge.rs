//! Telling by their values which columns are no signals.

use std::ops::Range;

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
            last: value,
            least: value,
            most: value,
            rises: 0,
            falls: 0,
            smallest_rise: f64::INFINITY,
            smallest_fall: f64::INFINITY,
        }
    }

    /// Adds a value; returns the step to it.
    fn add(&mut self, value: f64) -> f64 {
        let step = value - self.last;
        if step > 0.0 {
            self.rises += 1;
            self.smallest_rise = self.smallest_rise.min(step);
        } else if step < 0.0 {
            self.falls += 1;
            self.smallest_fall = self.smallest_fall.min(-step);
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.last = value;
        step
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
        let mut rows = values.chunks_exact(self.courses.len().max(1));
        let Some(first) = rows.next() else { return };
        let begin = |&value: &T| Stretch::new(value.into());
        let mut stretches: Vec<Stretch> = first.iter().map(begin).collect();
        for row in rows {
            self.steps += 1;
            for ((stretch, course), &value) in stretches.iter_mut().zip(&mut self.courses).zip(row)
            {
                let step = stretch.add(value.into());
                if course.steps.len() < KEPT_STEPS {
                    course.steps.push(step);
                }
            }
        }
        for (course, (stretch, &first)) in self.courses.iter_mut().zip(stretches.iter().zip(first))
        {
            course.add(first.into(), stretch);
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
    fn add(&mut self, first: f64, stretch: &Stretch) {
        let known = *self.first.get_or_insert(first);
        let is_constant = stretch.least == stretch.most;
        self.is_one_value &= is_constant && first == known;
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
mod tests {
    use super::*;

    /// Noise without a period that a test could fall into.
    fn noise(i: i64) -> i16 {
        ((i * 7919 + (i * i) % 1009 * 31) % 2001 - 1000) as i16
    }

    #[test]
    fn counters_and_marks_are_told_from_signals() {
        let mut judge = Judge::new(8);
        for recording in 0..4_i64 {
            let rows = (0..300_i64).flat_map(|i| {
                [
                    (i + 1000 * recording) as i16,
                    (i % 256) as i16,
                    (-3 * i) as i16,
                    (10 + recording) as i16,
                    noise(i + 977 * recording),
                    7,
                    ((i as f64 / 40.0).sin() * 900.0) as i16,
                    (i / 100) as i16,
                ]
            });
            judge.add(&rows.collect::<Vec<_>>());
        }
        let counts = Some(NoChannel::Counts);
        assert_eq!(
            judge.verdict(),
            [
                counts,
                counts,
                counts,
                Some(NoChannel::TellsApart),
                None,
                // A channel that never moved is one: it gets no weight, and is named.
                None,
                None,
                counts,
            ]
        );
    }

    #[test]
    fn times_with_some_stamps_out_of_order_are_no_signals() {
        let mut judge = Judge::new(5);
        for recording in 0..3_i64 {
            let mut jittered = 0.0;
            let rows = (0..400_i64).flat_map(|i| {
                jittered += 20.0 + f64::from(noise(i)) / 100.0;
                let late = if i % 50 == 49 { 70.0 } else { 0.0 };
                let swing = ((i as f64) / 9.0).sin();
                [
                    jittered - late,
                    // A sawtooth that wraps, with a stamp as before now and then.
                    (i * 10 % 1000 - if i % 40 == 39 { 30 } else { 0 }) as f64,
                    // A drift with noise, which falls in a third of the rows.
                    i as f64 + f64::from(noise(i)) / 500.0,
                    // A swing.
                    swing * 100.0,
                    // Nanoseconds since 1970, as far as 32 bits hold them.
                    f64::from((1.7e18 + 6e13 * recording as f64) as f32),
                ]
            });
            judge.add(&rows.collect::<Vec<f64>>());
        }
        let rises = Some(NoChannel::Rises);
        let years = Some(NoChannel::Counts);
        assert_eq!(judge.verdict(), [rises, rises, None, None, years]);
    }
}
