//! Results that others published, for comparison. No figure here was measured with this program.

use crate::data::Task;
use crate::plot::Mark;

/// Where the figures are from, as a picture tells it.
pub(super) const SOURCE: &str = "published: FastGRNN paper (arXiv 1901.02358), table 3";

/// Name, test accuracy in per cent, size in KB.
type PublishedRow = (&'static str, f64, f64);

const HAR2: [PublishedRow; 8] = [
    ("FastGRNN", 95.59, 3.0),
    ("FastGRNN-LSQ", 96.81, 28.0),
    ("FastRNN", 94.50, 29.0),
    ("SpectralRNN", 95.48, 525.0),
    ("LSTM", 93.65, 74.0),
    ("GRU", 93.62, 71.0),
    ("RNN", 91.31, 29.0),
    ("UGRNN", 94.53, 37.0),
];

const DSA19: [PublishedRow; 9] = [
    ("FastGRNN", 83.73, 3.25),
    ("FastGRNN-LSQ", 85.00, 208.0),
    ("FastGRNN-SQ", 85.67, 22.0),
    ("FastRNN", 84.14, 97.0),
    ("SpectralRNN", 80.37, 50.0),
    ("LSTM", 84.84, 526.0),
    ("GRU", 84.84, 270.0),
    ("RNN", 71.68, 20.0),
    ("UGRNN", 84.74, 399.0),
];

const SMNIST: [PublishedRow; 4] = [
    ("FastGRNN", 98.20, 6.0),
    ("SpectralRNN", 97.70, 25.0),
    ("LSTM", 97.80, 265.0),
    ("GRU", 98.70, 123.0),
];

/// The published models of a task.
pub(super) fn marks(task: Task) -> Vec<Mark> {
    let rows: &[PublishedRow] = match task {
        Task::Har2 => &HAR2,
        Task::Dsa19 => &DSA19,
        Task::Smnist => &SMNIST,
        _ => &[],
    };
    let mark = |&(name, accuracy, kilobytes): &PublishedRow| Mark {
        name: name.into(),
        bytes: 1024.0 * kilobytes,
        accuracy,
        spread: None,
        published: true,
    };
    rows.iter().map(mark).collect()
}
