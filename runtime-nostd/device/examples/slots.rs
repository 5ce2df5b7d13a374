//! A better model reaches a board without new firmware: it is written into a slot of flash, and runs from the next start
//! on. A power cut while it is written leaves the model that ran before. Here flash is memory, so this runs on a
//! workstation: `cargo run --example slots --features std`.

use std::error::Error;

use hadamrnn_device::slots::{
    Fault, MappedFlash, MemoryFlash, NewModel, PIECE, Region, Running, SlotError, Slots, Timing,
};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_runtime::kernel::FwhtPacked;
use hadamrnn_runtime::{Model, RoomOf};

/// Flash that is written in words of 4 bytes and erased in sectors of 1 KiB. On a board it is the driver of its HAL.
type Flash = MemoryFlash<4, 1024>;
/// Two windows may overlap; each session has room for 128 hidden units and 9 inputs.
type Stream<'m> = WindowStream<'m, RoomOf<FwhtPacked, 128, 9>, 2>;

/// Where the two slots are, one after the other.
const REGION: Region = Region {
    offset: 0,
    slot_size: 4096,
};
/// Samples in a window where the slot does not say, and values of a sample of the sensor.
const WINDOW: u16 = 128;
const CHANNELS: u16 = 9;

/// The model that is to run.
const MODEL: &[u8] = include_bytes!("har2.hdrn");
/// An answer every 64 samples, over the last 128.
const TIMING: Timing = Timing {
    window: 128,
    hop: 64,
    decimation: 1,
    ..Timing::OPEN
};

/// Whether this firmware can run a model: asked before a model is booted and before it is written.
fn accept(model: &Model<'_>, timing: Timing) -> Result<(), Fault> {
    Stream::check(model, timing, WINDOW, CHANNELS)
}

/// The slots of this firmware.
type Board = Slots<Flash, fn(&Model<'_>, Timing) -> Result<(), Fault>>;

/// Starts the board: chooses the newest model that is whole and can be run here.
fn start(flash: Flash) -> Result<(Board, Running), Box<dyn Error>> {
    let mut slots = Board::new(flash, REGION, accept)?;
    let running = slots.boot().running;
    Ok((slots, running))
}

/// Writes pieces of the model until `stop` says that the power is cut; gives the flash as it is then.
fn write(
    flash: Flash,
    timing: Timing,
    stop: impl Fn(u32) -> bool,
) -> Result<Flash, Box<dyn Error>> {
    let (mut slots, _) = start(flash)?;
    let new = NewModel::of(MODEL, timing);
    slots.begin(new)?;
    let mut offset = 0;
    for piece in MODEL.chunks(PIECE) {
        if stop(offset) {
            return Ok(slots.release());
        }
        offset = slots.write(new.crc, offset, piece)?;
    }
    slots.commit(new.crc)?;
    Ok(slots.release())
}

/// Answers over so many samples of a board that lies still, by the model in a slot.
fn answers(flash: Flash, samples: usize) -> Result<Vec<usize>, Box<dyn Error>> {
    let (slots, running) = start(flash)?;
    let Running::Slot { index, header } = running else {
        return Err(SlotError::NoTransfer.into());
    };
    let (from, length) = slots.model_range(index, &header);
    // Read in place: a model is never copied.
    let model = Model::from_bytes(slots.flash().bytes(from, length))?;
    let mut stream = Stream::new(&model, header.timing, WINDOW)?;
    let mut classes = Vec::new();
    for _ in 0..samples {
        if let Some(answer) = stream.push(&[0, 0, 0, 0, 0, 0, 8192, 0, 0])? {
            classes.push(answer.class);
        }
    }
    Ok(classes)
}

fn main() -> Result<(), Box<dyn Error>> {
    let flash = Flash::erased(2 * REGION.slot_size as usize);
    println!("erased flash:   {:?}", start(flash.clone())?.1);
    let cut = write(flash, TIMING, |offset| offset >= 512)?;
    println!("a power cut:    {:?}", start(cut.clone())?.1);
    let written = write(cut, TIMING, |_| false)?;
    println!("written anew:   {:?}", start(written.clone())?.1);
    println!("classes:        {:?}", answers(written, 320)?);
    Ok(())
}

#[test]
fn a_power_cut_leaves_what_ran_and_a_whole_model_runs() {
    let flash = Flash::erased(2 * REGION.slot_size as usize);
    let cut = write(flash, TIMING, |offset| offset >= 512).unwrap();
    assert_eq!(start(cut.clone()).unwrap().1, Running::BuiltIn);
    let written = write(cut, TIMING, |_| false).unwrap();
    assert_eq!(start(written.clone()).unwrap().1.slot(), Some(0));
    // What comes next goes into the other slot, and a cut leaves this one.
    let other = Timing { hop: 128, ..TIMING };
    let cut_again = write(written.clone(), other, |offset| offset >= 512).unwrap();
    assert_eq!(start(cut_again).unwrap().1.slot(), Some(0));
    assert_eq!(answers(written, 320).unwrap(), [0; 4]);
}
