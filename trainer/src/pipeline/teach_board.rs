//! Teaching a board over its serial link, reading its model, and taking its newest model back.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use hadamrnn_device::slots::ModelId;
use hadamrnn_runtime::taught::Lesson;

use super::error::{Error, Fault, Result, Sort};
use super::model::open_model;
use super::teach;
use crate::files::write_atomically;
use crate::integer::ModelFile;
use crate::link::{self, Address, BoardLesson, BoardStatus, Client, Patience};
use crate::observer::{Observer, Stage, Transfer};
use crate::taught;

/// Port of a board.
#[derive(Clone, Debug)]
pub struct PortOptions {
    /// The port.
    pub port: Address,
    /// Speed of a serial port, in baud.
    pub baud: u32,
}

impl PortOptions {
    fn client(&self) -> Result<Client> {
        let wire = self.port.open(self.baud).sort(Error::Board)?;
        Ok(Client::new(wire, Patience::default()))
    }
}

/// A class to teach a board.
#[derive(Clone, Debug)]
pub struct TeachBoardOptions {
    /// The board.
    pub port: PortOptions,
    /// Name of the class: of one that the board was taught, or that `model` names, or a new one.
    pub label: String,
    /// Folder that the model of the board is from, for the names of its classes; none where only taught and new classes are meant.
    pub model: Option<PathBuf>,
    /// Windows to take.
    pub windows: u16,
}

/// A board that was taught a class.
#[derive(Clone, Debug)]
pub struct BoardTaught {
    /// The class.
    pub class: u16,
    /// Whether the board did not have it before.
    pub is_new: bool,
    /// The model that it runs now.
    pub model: ModelId,
    /// Its state.
    pub status: BoardStatus,
}

/// Teaches a board a class with the next windows of its stream, waits until it has restarted with the new model, and tells the observer of
/// each window.
///
/// # Errors
/// [`Error::Board`]: the board cannot be reached or does not take the lesson, or the observer asks to stop; its model is then as it was.
/// [`Error::Model`]: the folder is not that of the board's model.
pub fn teach_board(
    options: &TeachBoardOptions,
    observer: &mut dyn Observer,
) -> Result<BoardTaught> {
    let mut client = options.port.client()?;
    let file = pulled(&mut client, observer)?;
    let model = file.model().sort(Error::Model)?;
    let trained = trained_names(options, &file)?;
    let class = taught::class_of(&model, &trained, &options.label).sort(Error::Model)?;
    let labels = taught::labels(&model).sort(Error::Model)?;
    let is_new = usize::from(class) == model.class_count() + labels.len();
    if is_new && options.model.is_none() {
        observer.notice(
            "note: this is a new class, if none of the network's has its name: give the folder of the board's model, which knows them, before --port",
        );
    }
    let status = client.status().sort(Error::Board)?;
    let firmware = client.hello().sort(Error::Board)?;
    let rate = firmware.descriptor().sort(Error::Board)?.rate;
    let samples = u32::from(status.timing.window.max(status.timing.hop))
        * u32::from(status.timing.decimation.max(1));
    let given = BoardLesson {
        crc: ModelId::of(file.bytes()).crc,
        lesson: Lesson {
            class,
            label: match is_new {
                true => &options.label,
                false => "",
            },
        },
        windows: options.windows,
        window_time: Duration::from_secs_f64(f64::from(samples) / f64::from(rate.max(1))),
    };
    let wanted = options.windows;
    // Told and asked by turns.
    let cell = RefCell::new(observer);
    let taught = link::teach(
        &mut client,
        &given,
        |index, windows| {
            let mut observer = cell.borrow_mut();
            match windows {
                0 => observer.notice(&format!(
                    "the board takes {wanted} windows from the next whole one on"
                )),
                windows => {
                    observer.notice(&format!("window {windows} of {wanted}: answer {index}"));
                }
            }
        },
        || cell.borrow().stop_requested(),
    );
    Ok(BoardTaught {
        class,
        is_new,
        model: taught.sort(Error::Board)?,
        status: client.status().sort(Error::Board)?,
    })
}

/// Names of the network's classes, as far as they are known.
fn trained_names(options: &TeachBoardOptions, of_board: &ModelFile) -> Result<Vec<String>> {
    let Some(path) = &options.model else {
        return Ok(Vec::new());
    };
    let stored = open_model(path)?;
    let Some(folder) = &stored.folder else {
        let fault = Fault::new(format_args!(
            "{} has no card beside it, which would name its classes",
            path.display()
        ));
        return Err(Error::Model(fault.at(path)));
    };
    let own = stored.file.model().sort_at(Error::Model, path)?;
    let board = of_board.model().sort(Error::Model)?;
    // The board may have been taught since.
    if own.header().name != board.header().name || own.sections().all() != board.sections().all() {
        let fault = Fault::new(format_args!(
            "{} is not the network that the board runs: give the folder of that one",
            path.display()
        ));
        return Err(Error::Model(fault.at(path)));
    }
    Ok(folder.card.classes.clone())
}

/// A model to read from a board.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// The board.
    pub port: PortOptions,
    /// Model file to write, or with `model` a folder. It is not there yet.
    pub out: PathBuf,
    /// Folder of the model that the board's was made of: its card is written beside the new model.
    pub model: Option<PathBuf>,
}

/// Reads the model that a board runs and writes it.
///
/// # Errors
/// [`Error::Board`]: the board cannot be reached, or is older than this request; [`Error::Model`]: the folder is that of another network;
/// [`Error::Io`]: the file is there, or cannot be written.
pub fn pull(options: &PullOptions, observer: &mut dyn Observer) -> Result<ModelFile> {
    let out = &options.out;
    if out.symlink_metadata().is_ok() {
        let fault = Fault::new(format_args!(
            "{} is there: choose another name",
            out.display()
        ));
        return Err(Error::Io(fault.at(out)));
    }
    let mut client = options.port.client()?;
    let file = pulled(&mut client, observer)?;
    match &options.model {
        Some(path) => teach::write(&open_model(path)?, &file, out)?,
        None => write_atomically(out, file.bytes()).sort_at(Error::Io, out)?,
    }
    Ok(file)
}

fn pulled(client: &mut Client, observer: &mut dyn Observer) -> Result<ModelFile> {
    let what = "reading the board's model";
    observer.stage_begun(&Stage::Transferring { what: what.into() });
    let file = link::pull(client, |done, total| {
        let (done, total) = (done.into(), Some(total.into()));
        observer.transfer(&Transfer { what, done, total });
    });
    observer.stage_ended();
    file.sort(Error::Board)
}

/// Takes the newest model of a board back, which goes on with the one before.
///
/// # Errors
/// [`Error::Board`]: the board cannot be reached, or has nothing to go back to.
pub fn undo(options: &PortOptions) -> Result<BoardStatus> {
    link::undo(&mut options.client()?).sort(Error::Board)
}
