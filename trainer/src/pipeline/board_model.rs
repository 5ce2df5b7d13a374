//! A model for a board, and how it is run there.

use std::path::Path;

use anyhow::Context;
use hadamrnn_device::slots::Timing;

use super::error::{Error, Fault, Result, Sort};
use super::model::{is_run, open_model};
use crate::integer::ModelFile;
use crate::model_folder::StoredModel;

/// How a model is run on a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimingOptions {
    /// Samples in a window, of those that are used; none is that of the model folder, else the firmware's.
    pub window: Option<u16>,
    /// One of so many samples of the sensor is used; none is the decimation of the model folder, else 1.
    pub decimation: Option<u16>,
    /// Samples from one answer to the next; none is a window.
    pub hop: Option<u16>,
}

/// A model for a board.
pub(super) struct BoardModel {
    /// Its bytes.
    pub(super) file: ModelFile,
    /// How it is run.
    pub(super) timing: Timing,
}

impl BoardModel {
    /// Reads a model folder or a model file.
    ///
    /// # Errors
    /// [`Error::Model`]: it is a run folder, or no valid model.
    pub(super) fn read(path: &Path, options: TimingOptions) -> Result<Self> {
        if is_run(path) {
            let fault = Fault::new(format_args!(
                "{0} is a run folder: make a model of it first, `hadamrnn export {0} --out DIR`",
                path.display()
            ));
            return Err(Error::Model(fault.at(path)));
        }
        let StoredModel { file, folder, .. } = open_model(path)?;
        let trained = folder.as_ref().map(|folder| folder.shape.steps);
        let decimation = folder.map(|folder| folder.card.config.preparation.decimation);
        let decimation = decimation
            .map(u16::try_from)
            .transpose()
            .context("the decimation in the card is beyond 65,535")
            .sort_at(Error::Model, path)?;
        let timing = Timing {
            window: options.window.or(trained).unwrap_or(0),
            hop: options.hop.unwrap_or(0),
            decimation: options.decimation.or(decimation).unwrap_or(1),
        };
        Ok(Self { file, timing })
    }
}
