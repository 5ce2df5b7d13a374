//! Watching a board: starting an emulated one, and the names that its answers go by.

mod stream;

pub(super) use stream::is_window_file;

use std::path::{Path, PathBuf};

use hadamrnn_device::slots::ModelId;

use super::error::{Error, Fault, Result, Sort};
use super::firmware::{FirmwareOptions, build_stream};
use super::model::open_model;
use crate::board::{Emulator, FlashFile, Launch};
use crate::card::files;
use crate::counts;
use crate::link::{BoardStatus, Client, Wire};
use crate::model_folder::StoredModel;
use crate::monitor::Unit;
use crate::observer::Observer;
use crate::taught;
use crate::usage;
use crate::visible;

/// Unit of channels whose unit is not known.
const COUNTS: &str = "counts";

/// An emulated board to start, which streams recorded samples.
#[derive(Clone, Debug, Default)]
pub struct EmulatorOptions {
    /// Name of the board.
    pub board: String,
    /// Samples a second, 0 for as many as can be; none is the board's.
    pub rate: Option<u32>,
    /// Window file or recording to stream, over and over; none is some windows of UCI HAR.
    pub stream: Option<PathBuf>,
    /// Names of the channels that the board's model reads, where it is known: a recording may lack others. Empty: it may not.
    pub channels: Vec<String>,
    /// Where firmware and the board's flash are.
    pub sources: FirmwareOptions,
}

/// Builds firmware for an emulated board and starts it; gives its end of the link, too. It runs until it is dropped.
///
/// # Errors
/// [`Error::Board`]: the board is unknown, or its firmware cannot be built or started; [`Error::Data`]: the file to
/// stream is malformed, or has samples of another kind.
pub fn start_emulator(
    options: &EmulatorOptions,
    observer: &mut dyn Observer,
) -> Result<(Emulator, Box<dyn Wire>)> {
    let folder = options.sources.folder()?;
    let board = folder.emulated_board_with_slots(&options.board);
    let board = board.sort(Error::Board)?;
    let firmware = build_stream(&folder, &board, observer)?;
    let windows = match &options.stream {
        Some(path) => {
            let read = usage::quantities(options.channels.iter().map(String::as_str));
            Some(stream::read(path, &board, read, observer).sort_at(Error::Data, path)?)
        }
        None => None,
    };
    let launch = Launch {
        board: &board,
        firmware: &firmware,
        windows: windows.as_deref(),
        rate: options.rate,
        flash_delay: 0,
    };
    let path = options.sources.flash_path(&board)?;
    let flash = FlashFile::open(&path, &board).sort_at(Error::Board, &path)?;
    launch.start(flash).sort(Error::Board)
}

/// Names of a model's classes and channels, from the card of its folder.
#[derive(Clone, Debug)]
pub struct Names {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Names of the channels.
    pub channels: Vec<String>,
    /// Units of the channels' counts, one a channel; none where it is not known.
    pub units: Vec<Option<Unit>>,
    /// Size of an integer logit in the float network's logits.
    pub logit_scale: f64,
    /// A channel whose counts are of another size than the firmware's, if there is one.
    other_counts: Option<String>,
    /// The model that they are of.
    model: ModelId,
    /// Its name.
    name: String,
}

impl Names {
    /// Reads them from the card of the model folder at `path`, or beside the model file there.
    ///
    /// # Errors
    /// [`Error::Model`]: it is damaged, or has no card.
    pub fn read(path: &Path) -> Result<Self> {
        let StoredModel { file, folder, .. } = open_model(path)?;
        let Some(folder) = folder else {
            let fault = Fault::new(format_args!(
                "{} has no {} beside it, which would name its classes and channels",
                path.display(),
                files::CARD
            ));
            return Err(Error::Model(fault.at(path)));
        };
        let model = file.model().sort_at(Error::Model, path)?;
        let channels = usage::channels(&folder.card);
        let other = channels
            .iter()
            .find(|channel| counts::differ_from_firmware(channel.lsb, channel.unit));
        let unit = |channel: &usage::Channel| {
            let name = channel.unit.filter(|name| *name != COUNTS)?;
            Some(Unit {
                name: name.into(),
                lsb: f64::from(channel.lsb),
            })
        };
        Ok(Self {
            units: channels.iter().map(unit).collect(),
            logit_scale: f64::from(model.header().logit_scale),
            other_counts: other.map(|channel| channel.name.clone()),
            model: ModelId::of(file.bytes()),
            name: model.name().into(),
            classes: (folder.card.classes.into_iter())
                .chain(taught::labels(&model).sort_at(Error::Model, path)?)
                .collect(),
            channels: folder.card.channels,
        })
    }

    /// Warns of a model whose counts are not those in which an emulated board streams the recordings at `stream`. A window file
    /// is of no counts that are known.
    pub fn compare_counts(&self, stream: &Path, observer: &mut dyn Observer) {
        let other = self.other_counts.as_ref();
        if let Some(channel) = other.filter(|_| !stream::is_window_file(stream)) {
            observer.notice(&format!(
                "warning: recordings are streamed in the firmware's counts, 1/8192 g and 70 m°/s, and the model reads others of {}: its \
                 answers will be wrong. Export it with --counts firmware",
                visible::name(channel)
            ));
        }
    }

    /// The names, if a board runs the model that they are of; else none, and the observer gets a warning: names of another
    /// model would be wrong. Where old firmware cannot tell, names and numbers of classes have to do, and the observer gets a
    /// notice.
    ///
    /// # Errors
    /// [`Error::Board`]: the board does not answer.
    pub fn of_board(
        self,
        client: &mut Client,
        status: &BoardStatus,
        observer: &mut dyn Observer,
    ) -> Result<Option<Self>> {
        let found = client.model(status.running).sort(Error::Board)?;
        let is_alike =
            status.name == self.name && usize::from(status.classes) == self.classes.len();
        if !is_alike || found.is_some_and(|found| found != self.model) {
            observer.notice(&format!(
                "warning: the board runs {}, but --model names {}: classes are shown by number. Send that model to the board \
                 (`hadamrnn send`), or give the folder of the one that it runs",
                described(&status.name, status.classes.into(), found),
                described(&self.name, self.classes.len(), Some(self.model))
            ));
            return Ok(None);
        }
        if found.is_none() {
            observer.notice(
                "note: this firmware cannot tell which model is built into it; the names are those of --model, which has the \
                 same name and as many classes",
            );
        }
        Ok(Some(self))
    }
}

fn described(name: &str, classes: usize, id: Option<ModelId>) -> String {
    let id = id.map_or("unknown".into(), |id| format!("{:08x}", id.crc));
    format!(
        "\"{}\" ({classes} classes, CRC-32C {id})",
        visible::name(name)
    )
}
