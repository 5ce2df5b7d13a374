//! Telling by their values which columns are no signals.

/// Number of steps from row to row from which on a column is judged by its values.
const ENOUGH_STEPS: u64 = 20;
/// Rises of a column that counts.
const ENOUGH_RISES: u64 = 3;
/// Rises for each time that a counter starts again from its lowest value.
const RISES_PER_WRAP: u64 = 8;

/// A reason why a column is no channel by its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoChannel {
    /// It counts in every row of samples.
    Counts,
    /// It has one value in each row of samples, and others in others.
    TellsApart,
}

impl NoChannel {
    /// The reason for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Counts => "only counts up or down",
            Self::TellsApart => "does not change within a recording or an interval of one label",
        }
    }
}

/// How a column goes, over all rows of samples.
#[derive(Clone, Copy, Debug)]
struct Course {
    /// The value of the very first row.
    first: Option<i16>,
    is_one_value: bool,
    is_constant_in_each: bool,
    counts_up: bool,
    counts_down: bool,
    rises: u64,
    falls: u64,
}

/// A column in one row of samples.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    last: i16,
    least: i16,
    most: i16,
    rises: u64,
    falls: u64,
    smallest_rise: i32,
    smallest_fall: i32,
}

impl Stretch {
    fn new(value: i16) -> Self {
        Self {
            last: value,
            least: value,
            most: value,
            rises: 0,
            falls: 0,
            smallest_rise: i32::MAX,
            smallest_fall: i32::MAX,
        }
    }

    fn add(&mut self, value: i16) {
        let step = i32::from(value) - i32::from(self.last);
        if step > 0 {
            self.rises += 1;
            self.smallest_rise = self.smallest_rise.min(step);
        } else if step < 0 {
            self.falls += 1;
            self.smallest_fall = self.smallest_fall.min(-step);
        }
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.last = value;
    }
}

/// Judges columns by their values, row of samples after row of samples.
pub(super) struct Judge {
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
        };
        Self {
            courses: vec![course; columns],
            steps: 0,
        }
    }

    /// Takes the values `[rows][columns]` of samples in a row.
    pub fn add(&mut self, values: &[i16]) {
        let mut rows = values.chunks_exact(self.courses.len().max(1));
        let Some(first) = rows.next() else { return };
        let mut stretches: Vec<Stretch> = first.iter().map(|&value| Stretch::new(value)).collect();
        for row in rows {
            self.steps += 1;
            for (stretch, &value) in stretches.iter_mut().zip(row) {
                stretch.add(value);
            }
        }
        for (course, (stretch, &first)) in self.courses.iter_mut().zip(stretches.iter().zip(first))
        {
            course.add(first, stretch);
        }
    }

    /// For each column, why it is no channel, if so.
    pub fn verdict(&self) -> Vec<Option<NoChannel>> {
        let verdict = |course: &Course| match () {
            () if self.steps < ENOUGH_STEPS => None,
            () if course.counts() => Some(NoChannel::Counts),
            () if course.is_constant_in_each && !course.is_one_value => Some(NoChannel::TellsApart),
            () => None,
        };
        self.courses.iter().map(verdict).collect()
    }
}

impl Course {
    fn add(&mut self, first: i16, stretch: &Stretch) {
        let known = *self.first.get_or_insert(first);
        let is_constant = stretch.least == stretch.most;
        self.is_one_value &= is_constant && first == known;
        self.is_constant_in_each &= is_constant;
        self.rises += stretch.rises;
        self.falls += stretch.falls;
        let range = i32::from(stretch.most) - i32::from(stretch.least);
        // A counter that starts again steps over half its range or more.
        let only_wraps =
            |count: u64, smallest: i32| count == 0 || 2 * i64::from(smallest) >= i64::from(range);
        self.counts_up &= only_wraps(stretch.falls, stretch.smallest_fall);
        self.counts_down &= only_wraps(stretch.rises, stretch.smallest_rise);
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
}
