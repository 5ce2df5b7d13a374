//! Samples in a row, as files hold them.

use crate::data::Spots;

/// Samples in a row that have one label in one recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Run {
    /// Number of the file, in the order they were given.
    pub file: usize,
    /// Line of the first sample.
    pub line: u64,
    /// Where its samples stand in the file; of an import in memory, in the original one.
    pub spots: Spots,
    /// Number of the recording, among [`Found::recordings`].
    pub recording: usize,
    /// Number of the group, among [`Found::groups`].
    pub group: Option<usize>,
    /// Number of the label, among [`Found::labels`].
    pub label: usize,
    /// Raw counts, `[samples][channels]`.
    pub counts: Vec<i16>,
    /// Time stamps, `[samples]`; empty where there are none.
    pub times: Vec<f64>,
    /// Digests of what samples were before they were resampled, `[samples]`, 0 for none; empty where the file has no such column.
    pub sources: Vec<u64>,
    /// Values of the columns of numbers, `[samples][marks]`: whole numbers, or digests of texts.
    pub marks: Vec<i64>,
    /// Number of samples.
    pub samples: usize,
    /// Values of the columns that may tell what it belongs to; none of one that changes in its second row.
    pub idle: Vec<Option<String>>,
}

/// The time column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TimeColumn {
    /// Name, of a date and a time of day in two columns both.
    pub name: String,
    /// Whether its stamps are dates or times of day.
    pub is_date: bool,
    /// Names of other columns of stamps, which are coarser or later in the row.
    pub others: Vec<String>,
}
