//! One table of a user's recordings: how windows spread over classes and splits.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::data::{Dataset, Sequences};
use crate::visible;

/// Test windows below which a class's share of right answers says little.
const FEW: usize = 20;
/// Classes that a warning tells of.
const MOST_TOLD: usize = 12;

/// Recordings and windows of each class and split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overview {
    /// One a class, in the order of the classes.
    pub classes: Vec<ClassRow>,
    /// How the windows were split.
    pub how: String,
    /// Names of the groups or recordings whose windows are in one split each.
    pub units: Units,
}

/// Names of groups or recordings by split.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Units {
    /// Names in the training split.
    pub train: Vec<String>,
    /// Names in the validation split.
    pub valid: Vec<String>,
    /// Names in the test split.
    pub test: Vec<String>,
    /// Names in no split: recordings made after the split.
    pub new: Vec<String>,
}

/// Recordings and windows of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassRow {
    /// The class.
    pub name: String,
    /// Number of recordings that have windows of it.
    pub recordings: usize,
    /// Number of its windows in the training split.
    pub train: usize,
    /// Number of its windows in the validation split.
    pub valid: usize,
    /// Number of its windows in the test split.
    pub test: usize,
    /// Number of its windows in none of them: recorded since.
    pub new: usize,
}

impl Overview {
    pub(super) fn of(data: &Dataset, new: &Sequences, how: String) -> Self {
        let count = data.classes.len();
        let splits = [&data.train, &data.valid, &data.test, new];
        let counts = splits.map(|split| split.class_counts(count));
        let mut recordings = vec![BTreeSet::new(); count];
        for split in splits {
            for (&class, &recording) in split.targets.values().iter().zip(&split.groups) {
                if let Some(recordings) = recordings.get_mut(class as usize) {
                    recordings.insert(recording);
                }
            }
        }
        let row = |class: usize| ClassRow {
            name: data.classes[class].clone(),
            recordings: recordings[class].len(),
            train: counts[0][class],
            valid: counts[1][class],
            test: counts[2][class],
            new: counts[3][class],
        };
        Self {
            classes: (0..count).map(row).collect(),
            how,
            units: Units::default(),
        }
    }

    /// Rows of cells, with a head and a sum.
    pub fn table(&self) -> Vec<Vec<String>> {
        let has_new = self.classes.iter().any(|row| row.new > 0);
        let cells = |name: &str, recordings: String, windows: [usize; 4]| {
            let [train, valid, test, new] = windows;
            let all: usize = windows.iter().sum();
            let mut cells = vec![name.to_owned(), recordings];
            cells.extend([all, train, valid, test].map(|count| count.to_string()));
            cells.extend(has_new.then(|| new.to_string()));
            cells
        };
        let mut head = vec!["class", "recordings", "windows", "train", "valid", "test"];
        head.extend(has_new.then_some("new"));
        let mut rows = vec![head.into_iter().map(String::from).collect()];
        let mut sum = [0; 4];
        for row in &self.classes {
            let windows = [row.train, row.valid, row.test, row.new];
            for (sum, windows) in sum.iter_mut().zip(windows) {
                *sum += windows;
            }
            rows.push(cells(
                &visible::name(&row.name),
                row.recordings.to_string(),
                windows,
            ));
        }
        rows.push(cells("all", String::new(), sum));
        rows
    }

    /// Lines about how the windows were split and what is in which split.
    pub fn lines(&self) -> Vec<String> {
        let Units {
            train,
            valid,
            test,
            new,
        } = &self.units;
        let named = [
            ("train", train),
            ("valid", valid),
            ("test", test),
            ("new", new),
        ];
        let units = named
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(split, names)| {
                let more = if names.len() > MOST_TOLD { ", …" } else { "" };
                let some = &names[..names.len().min(MOST_TOLD)];
                format!("{split}: {}{more}", visible::names(some))
            });
        std::iter::once(self.how.clone()).chain(units).collect()
    }

    /// A warning about classes with so few test windows that the result for them says little.
    pub fn warning(&self) -> Option<String> {
        let few: Vec<String> = (self.classes.iter())
            .filter(|row| (1..FEW).contains(&row.test))
            .map(|row| format!("{} {}", visible::name(&row.name), row.test))
            .collect();
        let more = if few.len() > MOST_TOLD { ", …" } else { "" };
        (!few.is_empty()).then(|| {
            format!(
                "warning: the test split has so few windows of some classes that one more right or wrong shows: {}{more}",
                few[..few.len().min(MOST_TOLD)].join(", ")
            )
        })
    }
}
