//! Output about the user's own recordings: notes, the table of classes and splits, and which classes were answered.

use std::path::Path;

use anyhow::Result;
use burn::tensor::Device;
use hadamrnn::checkpoint::Checkpoint;
use hadamrnn::data::Split;
use hadamrnn::evaluate;
use hadamrnn::files::write_atomically;
use hadamrnn::metrics::Confusion;
use hadamrnn::task_data::TaskData;
use hadamrnn::train;

use crate::output;

/// Name of the file with the whole matrix, where it is too large to be shown.
const CONFUSION_NAME: &str = "confusion.csv";

/// Tells what was left out, measured, or looks odd.
pub fn notes(data: &TaskData) {
    for note in data.own().map_or(&[][..], |own| &own.notes) {
        output::note(note);
    }
}

/// Prints the table of classes and splits, and how they were split; nothing of other data.
pub fn table(data: &TaskData) -> Result<()> {
    let Some(own) = data.own() else {
        return Ok(());
    };
    output::table(&own.overview.table())?;
    for line in own.overview.lines() {
        output::line(&line)?;
    }
    output::line("")?;
    if let Some(warning) = own.overview.warning() {
        output::note(&warning);
    }
    Ok(())
}

/// Prints which classes were answered, beside an accuracy on `on`. What is too large for a screen goes into a file in `folder`.
pub fn confusion(confusion: &Confusion, on: &str, folder: Option<&Path>) -> Result<()> {
    output::line(&format!("\n{on}:"))?;
    output::table(&confusion.table())?;
    output::line(&confusion.summary())?;
    if let Some(warning) = confusion.warning() {
        output::note(&warning);
    }
    if let Some(folder) = folder.filter(|_| confusion.is_cut()) {
        let path = folder.join(CONFUSION_NAME);
        write_atomically(&path, &confusion.to_csv()?)?;
        output::line(&format!("what was answered for what: {}", path.display()))?;
    }
    Ok(())
}

/// The classes that the chosen weights of a run answer on the validation split; none of other data or without that split.
pub fn validation(
    checkpoint: &Checkpoint,
    data: &TaskData,
    device: &Device,
) -> Result<Option<Confusion>> {
    let valid = data.split(Split::Valid);
    if data.own().is_none() || valid.is_empty() {
        return Ok(None);
    }
    let network = train::chosen_network(checkpoint, device)?;
    let standardisation = &checkpoint.task.standardisation;
    let found = evaluate::float_evaluation(&network, &valid, standardisation, device);
    Ok(data.confusion(&valid, &found.answers))
}
