//! Columns that play no part, but may tell what recordings belong to: a person, a device, a day.

use std::collections::{BTreeMap, BTreeSet};

use crate::visible;

/// Stretches of a column that are kept.
const MOST: usize = 10_000;

/// Samples in a row in which a column has one value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    /// Number of the recording or file.
    pub recording: usize,
    /// The label at its start.
    pub label: String,
    /// The value of the column.
    pub value: String,
}

/// The values of columns that play no part; none for a column that changes within stretches.
#[derive(Clone, Debug, Default)]
pub(super) struct Idle(BTreeMap<String, Option<BTreeSet<Stretch>>>);

impl Idle {
    /// Keeps a stretch of a column; none where the column changes within it.
    pub fn add(&mut self, column: &str, stretch: Option<Stretch>) {
        let all = self.0.entry(column.to_owned());
        let all = all.or_insert_with(|| Some(BTreeSet::new()));
        match (all.as_mut(), stretch) {
            (Some(stretches), Some(stretch)) if stretches.len() < MOST => {
                stretches.insert(stretch);
            }
            (_, None) => *all = None,
            _ => {}
        }
    }

    /// Names of the columns that may group recordings.
    fn names(&self) -> Vec<&String> {
        let may = |stretches: &Option<BTreeSet<Stretch>>| stretches.as_ref().is_some_and(may_group);
        (self.0.iter())
            .filter(|(_, stretches)| may(stretches))
            .map(|(name, _)| name)
            .collect()
    }

    /// A line about the columns that may group recordings, if there are any.
    pub fn hint(&self) -> Option<String> {
        let names = self.names();
        let first = names.first()?;
        Some(format!(
            "{} {} one value throughout each recording, which comes back in others: if it tells people apart, --group {} keeps \
             each of them in one split",
            visible::names(&names),
            if names.len() == 1 { "has" } else { "have each" },
            visible::name(first)
        ))
    }
}

/// Whether a value comes back in another recording, another value is there, and the values are no other form of the labels.
fn may_group(stretches: &BTreeSet<Stretch>) -> bool {
    let mut recordings: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    let mut labels: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut values: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Stretch {
        recording,
        label,
        value,
    } in stretches
    {
        recordings.entry(value).or_default().insert(*recording);
        labels.entry(value).or_default().insert(label);
        values.entry(label).or_default().insert(value);
    }
    let is_one = |set: &BTreeSet<&str>| set.len() == 1;
    let are_labels = labels.values().all(is_one) && values.values().all(is_one);
    let is_file = stretches
        .first()
        .zip(stretches.last())
        .is_some_and(|(a, b)| a.recording == b.recording);
    let comes_back = match is_file {
        true => labels.values().any(|labels| labels.len() > 1),
        false => recordings.values().any(|all| all.len() > 1),
    };
    recordings.len() > 1 && comes_back && !are_labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(stretches: &[(usize, &str, &str)]) -> Option<String> {
        let mut idle = Idle::default();
        for &(recording, label, value) in stretches {
            let (label, value) = (label.to_owned(), value.to_owned());
            idle.add(
                "code",
                Some(Stretch {
                    recording,
                    label,
                    value,
                }),
            );
        }
        idle.hint()
    }

    #[test]
    fn what_comes_back_in_other_recordings_may_group_them() {
        let people = [
            (0, "a", "k1"),
            (1, "a", "k2"),
            (2, "b", "k1"),
            (3, "b", "k2"),
        ];
        assert!(hint(&people).unwrap().contains("--group code"));
        let one_file = [(0, "a", "k1"), (0, "a", "k2"), (0, "b", "k1")];
        assert!(hint(&one_file).is_some());
        for none in [
            // Numbers of recordings, one value alone, and numbers of the labels.
            &[(0, "a", "1"), (1, "a", "2"), (2, "b", "3")][..],
            &[(0, "a", "1"), (1, "b", "1")],
            &[(0, "a", "1"), (1, "a", "1"), (2, "b", "2"), (3, "b", "2")],
            &[],
        ] {
            assert_eq!(hint(none), None, "{none:?}");
        }
        let mut idle = Idle::default();
        idle.add("code", None);
        assert_eq!(idle.hint(), None);
    }
}
