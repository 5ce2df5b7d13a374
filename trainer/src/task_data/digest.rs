//! Whether data are those of before, by their content.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TaskData;
use crate::data::{Sequences, Targets, Values};

/// Digests of what a run reads: the values, or tokens, and the targets of each split, in order. Equal ones give equal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigest {
    train: [u8; 32],
    valid: [u8; 32],
    test: [u8; 32],
}

impl DataDigest {
    /// Names of the splits that differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let splits = [
            ("training split", self.train, other.train),
            ("validation split", self.valid, other.valid),
            ("test split", self.test, other.test),
        ];
        let different = splits.into_iter().filter(|(_, a, b)| a != b);
        different.map(|(name, ..)| name).collect()
    }
}

impl TaskData {
    /// Digests of the data; none where they are generated, from the configuration alone.
    pub fn digest(&self) -> Option<DataDigest> {
        let Self::Windows(windows) = self else {
            return None;
        };
        let data = &windows.data;
        Some(DataDigest {
            train: of(&data.train, &windows.auxiliary),
            valid: of(&data.valid, &[]),
            test: of(&data.test, &[]),
        })
    }
}

fn of(sequences: &Sequences, auxiliary: &[u32]) -> [u8; 32] {
    let mut sha256 = Sha256::new();
    let vocabulary = match sequences.values {
        Values::Numbers(_) => 0,
        Values::Tokens { vocabulary, .. } => vocabulary,
    };
    let per_step = usize::from(matches!(sequences.targets, Targets::PerStep(_)));
    for size in [
        sequences.channels,
        sequences.steps,
        sequences.len(),
        vocabulary,
        per_step,
    ] {
        sha256.update((size as u64).to_le_bytes());
    }
    for window in sequences.windows() {
        update(&mut sha256, window, f32::to_le_bytes);
    }
    update(&mut sha256, sequences.values.tokens(), |id| {
        id.to_le_bytes()
    });
    update(&mut sha256, sequences.targets.values(), |class| {
        class.to_le_bytes()
    });
    update(&mut sha256, auxiliary, |class| class.to_le_bytes());
    sha256.finalize().into()
}

/// Adds numbers, many at a time.
fn update<T: Copy, const N: usize>(sha256: &mut Sha256, numbers: &[T], bytes: fn(T) -> [u8; N]) {
    for block in numbers.chunks(4096) {
        let block: Vec<u8> = block.iter().flat_map(|&number| bytes(number)).collect();
        sha256.update(block);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;

    fn windows(values: impl Into<Values>, classes: Vec<u32>) -> Sequences {
        Sequences::new(1, 2, values, Targets::Class(classes), vec![]).unwrap()
    }

    fn digest(train: Sequences) -> DataDigest {
        let nothing = || windows(Vec::<f32>::new(), vec![]);
        let data = TaskData::from(Dataset {
            name: "har2".into(),
            train,
            valid: nothing(),
            test: nothing(),
            classes: vec!["a".into(), "b".into()],
            channel_names: vec!["x".into()],
            input_lsb: vec![1.0],
            sample_rate_hz: 0.0,
        });
        data.digest().unwrap()
    }

    #[test]
    fn values_labels_and_order_count() {
        let base = digest(windows(vec![1.0, 2.0, 3.0, 4.0], vec![0, 1]));
        assert_eq!(base, digest(windows(vec![1.0, 2.0, 3.0, 4.0], vec![0, 1])));
        for other in [
            windows(vec![1.0, 2.0, 3.0, 4.0], vec![1, 0]),
            windows(vec![3.0, 4.0, 1.0, 2.0], vec![1, 0]),
            windows(vec![1.0, 2.0, 3.0, 4.5], vec![0, 1]),
            windows(vec![1.0, 2.0], vec![0]),
        ] {
            let different = base.differences(&digest(other));
            assert_eq!(different, ["training split"]);
        }
        assert!(base.differences(&base).is_empty());
    }

    #[test]
    fn tokens_count() {
        let tokens = |ids, vocabulary| {
            let values = Values::Tokens { ids, vocabulary };
            digest(windows(values, vec![0, 1]))
        };
        let base = tokens(vec![1, 2, 3, 0], 9);
        assert_ne!(base, tokens(vec![1, 2, 3, 4], 9));
        assert_ne!(base, tokens(vec![1, 2, 3, 0], 10));
        assert_eq!(base, tokens(vec![1, 2, 3, 0], 9));
    }
}
