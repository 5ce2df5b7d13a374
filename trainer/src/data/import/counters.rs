//! Columns that are no signals by their values, whatever their names.

use std::collections::BTreeMap;

use super::context::Reading;
use super::recording::Recording;
use crate::data::judge::{Judge, NoChannel};
use crate::visible;

/// Leaves columns out that count or rise steadily as a time does, under a name that does not say so, unless the user names the
/// channels or none would be left.
pub(super) fn leave_out(all: &mut [(String, Recording)], reading: &Reading<'_>) {
    if !reading.options.channels.is_empty() {
        return;
    }
    let names = |recording: &Recording| -> Vec<String> {
        let names = recording.channels.iter();
        names.map(|channel| channel.name.clone()).collect()
    };
    let mut judges: BTreeMap<Vec<String>, Judge> = BTreeMap::new();
    for (_, recording) in &*all {
        let count = recording.channels.len();
        let judge = judges.entry(names(recording));
        let judge = judge.or_insert_with(|| Judge::new(count));
        for run in recording.runs() {
            judge.add(&recording.values[run.start * count..run.end * count]);
        }
    }
    for (channels, judge) in judges {
        let verdict = judge.verdict();
        let is_signal =
            |i: &usize| !matches!(verdict[*i], Some(NoChannel::Counts | NoChannel::Rises));
        let kept: Vec<usize> = (0..channels.len()).filter(is_signal).collect();
        if kept.is_empty() {
            continue;
        }
        for reason in [NoChannel::Counts, NoChannel::Rises] {
            let found = (0..channels.len()).filter(|&i| verdict[i] == Some(reason));
            let found = visible::names(found.map(|i| &channels[i]));
            if !found.is_empty() {
                reading.note(format!(
                    "left out as channels, as each {}: {found}; --channels names the channels",
                    reason.text()
                ));
            }
        }
        let of_these = |(_, recording): &&mut (String, Recording)| names(recording) == channels;
        all.iter_mut()
            .filter(of_these)
            .for_each(|(_, recording)| recording.select(&kept));
    }
}
