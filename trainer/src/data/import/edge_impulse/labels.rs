//! Labels of an export: its files `info.labels`.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::data::import::recording::{Interval, Recording};
use crate::data::import::source::Entry;
use crate::visible;

/// Name of the files of labels.
const LABELS: &str = "info.labels";

#[derive(Deserialize)]
struct Info {
    files: Vec<Labelled>,
}

#[derive(Deserialize)]
struct Labelled {
    path: String,
    #[serde(default)]
    label: Label,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(untagged)]
enum Label {
    Text(String),
    Tagged {
        #[serde(default)]
        label: Option<String>,
        #[serde(default)]
        labels: Option<Vec<Part>>,
    },
    #[default]
    None,
}

/// Samples with a label, the last included.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Part {
    start_index: usize,
    end_index: usize,
    label: String,
}

/// The labels of an export's files, by their paths.
#[derive(Debug, Default)]
pub(in crate::data::import) struct Labels(HashMap<String, Label>);

impl Labels {
    /// Whether an entry holds labels and no recording.
    pub fn is(entry: &Entry) -> bool {
        entry.file() == LABELS
    }

    /// Reads all `info.labels` among the entries.
    ///
    /// # Errors
    /// One is malformed, or two give a file different labels.
    pub fn of(entries: &[Entry]) -> Result<Self> {
        let names: HashSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut labels = Self::default();
        for entry in entries.iter().filter(|entry| Self::is(entry)) {
            let shown = || visible::name(&entry.name);
            let bytes = entry.read().with_context(shown)?;
            let info: Info = serde_json::from_slice(&bytes).with_context(shown)?;
            let folder = entry.folder();
            let above = folder
                .trim_end_matches('/')
                .rfind('/')
                .map_or("", |at| &folder[..=at]);
            for Labelled { path, label } in info.files {
                let found = [folder, above]
                    .into_iter()
                    .map(|at| format!("{at}{path}"))
                    .find(|path| names.contains(path.as_str()));
                let Some(name) = found else { continue };
                if let Some(before) = labels.0.insert(name.clone(), label.clone()) {
                    ensure!(
                        before == label,
                        "{}: {} has another label in another {LABELS}",
                        shown(),
                        visible::name(&name)
                    );
                }
            }
        }
        Ok(labels)
    }

    /// Gives a recording the label of the file `name`, if there is one.
    ///
    /// # Errors
    /// A part lies beyond the end.
    pub fn give(&self, name: &str, recording: &mut Recording) -> Result<()> {
        match self.0.get(name) {
            None => {}
            Some(
                Label::Text(label)
                | Label::Tagged {
                    label: Some(label), ..
                },
            ) => recording.label_all(label),
            Some(Label::Tagged {
                labels: Some(parts),
                ..
            }) => {
                recording.labels = parts
                    .iter()
                    .map(|part| part.interval(recording.samples()))
                    .collect::<Result<_>>()?;
                recording.labels.sort_by_key(|interval| interval.start);
            }
            Some(Label::Tagged { .. } | Label::None) => recording.labels.clear(),
        }
        Ok(())
    }
}

impl Part {
    fn interval(&self, samples: usize) -> Result<Interval> {
        ensure!(
            self.start_index <= self.end_index && self.end_index < samples,
            "{LABELS} labels the samples {} to {}, but there are {samples}",
            self.start_index,
            self.end_index
        );
        Ok(Interval {
            start: self.start_index,
            end: self.end_index + 1,
            label: self.label.clone(),
        })
    }
}
