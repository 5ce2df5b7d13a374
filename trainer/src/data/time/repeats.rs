//! Rows that were logged twice: of the stamp and the values of the row before.

/// Of rows that share a stamp with the one before, so many in a hundred repeat it where rows were logged twice.
const ALL: usize = 99;

/// Rows of a file, compared with those before them.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::data) struct Repeats {
    /// Rows of the stamp of the row before.
    same: usize,
    /// Those that have its values, too.
    repeated: usize,
    /// Rows of another stamp.
    later: usize,
    /// Those that have other values, too.
    changed: usize,
}

impl Repeats {
    /// Counts a row that is `step` after the one before.
    pub fn add(&mut self, step: f64, has_its_values: bool) {
        if step == 0.0 {
            self.same += 1;
            self.repeated += usize::from(has_its_values);
        } else {
            self.later += 1;
            self.changed += usize::from(!has_its_values);
        }
    }

    /// Adds what was counted of other rows of the file.
    pub fn add_all(&mut self, other: &Self) {
        self.same += other.same;
        self.repeated += other.repeated;
        self.later += other.later;
        self.changed += other.changed;
    }

    /// Number of rows that were logged twice. Where samples share a coarse stamp, or do not change from stamp to stamp either, there
    /// are none.
    pub fn count(&self) -> usize {
        let are_logged_twice =
            self.repeated * 100 >= self.same * ALL && 2 * self.changed >= self.later.max(1);
        if are_logged_twice { self.repeated } else { 0 }
    }
}
