//! Classifies a stream of samples, and talks to a host: takes models into slots, tells classes and samples.
//!
//! It is the firmware of a real board but for its devices: the serial port is an emulated UART, flash is memory that the
//! emulator keeps in a file, and samples come from `windows.bin` in the emulator's working directory, else from the
//! embedded windows, from the first one on when a host begins to listen, over and over.
//!
//! Arguments, through semihosting: `rate=50`, samples a second, 0 for as many as the link takes; `delay=1000`, turns of a
//! loop for each word that is written or erased, as real flash takes its time.
#![no_std]
#![no_main]

mod flash;
mod pace;
mod source;
mod uart;

use cortex_m::Peripherals;
use cortex_m::peripheral::SCB;
use cortex_m_rt::entry;
use defmt::Display2Format;
use defmt_semihosting as _;
use hadamrnn_device::link::{Action, Server};
use hadamrnn_device::slots::{Boot, Fault, Region, Running, Slots, Timing};
use hadamrnn_device::stream::WindowStream;
use hadamrnn_emulated::embedded::MODEL;
use hadamrnn_runtime::Model;
use semihosting::process;

use crate::flash::Flash;
use crate::pace::{Pace, Settings};
use crate::source::Recorded;
use crate::uart::Uart;

/// Constants of the board's `stream` firmware, which the build script writes.
mod config {
    include!(concat!(env!("OUT_DIR"), "/stream.rs"));
}
use config::{FIRMWARE, Room, SESSIONS, SLOT_SIZE, WINDOW};

type Net<'m> = WindowStream<'m, Room, SESSIONS>;

fn accept(model: &Model<'_>, timing: Timing) -> Result<(), Fault> {
    Net::check(model, timing, WINDOW, FIRMWARE.sensor())
}

#[entry]
fn main() -> ! {
    let error = match run() {
        Err(error) => error,
        Ok(never) => match never {},
    };
    defmt::error!("{}", error);
    process::exit(1)
}

fn run() -> Result<core::convert::Infallible, &'static str> {
    let settings = Settings::read();
    let peripherals = Peripherals::take().ok_or("the peripherals are taken")?;
    let mut uart = Uart::start(peripherals.NVIC);
    let mut pace = Pace::start(peripherals.SYST, settings.rate)?;
    let region = Region {
        offset: 0,
        slot_size: SLOT_SIZE,
    };
    let flash = Flash::new(settings.delay);
    let mut slots =
        Slots::new(flash, region, accept).map_err(|_| "the slots do not fit their memory")?;
    let boot = slots.boot();
    log(&boot);
    let bytes = match boot.running {
        Running::BuiltIn => MODEL,
        Running::Slot { index, header } => flash::in_use(slots.model_range(index, &header)),
    };
    let model = Model::from_bytes(bytes).map_err(|_| "the built-in model is damaged")?;
    let windows = Net::of_sensor(&model, boot.running.timing(), WINDOW, FIRMWARE.sensor());
    let mut windows = windows.map_err(|_| "this firmware cannot run its built-in model")?;
    let timing = windows.timing();
    let mut server = Server::new(slots, FIRMWARE, boot.running, bytes, &model, timing);
    let mut source = Recorded::default();
    loop {
        match server.serve(&mut uart) {
            Some(Action::Reset) => SCB::sys_reset(),
            Some(Action::Undo) => {
                // The model may be erased now: nothing reads it before the restart.
                let _ = server.undo();
                SCB::sys_reset()
            }
            None => {}
        }
        let is_due = pace.is_due();
        if !server.is_watched() || !is_due {
            // The timer or the port wakes.
            uart.wait(server.is_watched() && pace.is_free());
            continue;
        }
        let sample = source.next()?;
        server.tell_sample(&sample, &mut uart);
        let answer = windows.push(&sample).map_err(|_| "a sample is refused")?;
        if let Some(answer) = answer {
            defmt::debug!("window {}: class {}", answer.index, answer.class);
            if server.tell_class(&answer, &mut uart).is_some() {
                // A class was taught: the new model boots.
                SCB::sys_reset();
            }
        }
    }
}

fn log(boot: &Boot) {
    for (index, slot) in boot.slots.iter().enumerate() {
        match slot {
            Ok(header) => defmt::info!("slot {}: model {}", index, header.sequence),
            Err(fault) => defmt::info!("slot {}: {}", index, Display2Format(fault)),
        }
    }
    match boot.running {
        Running::BuiltIn => defmt::info!("running the built-in model"),
        Running::Slot { index, .. } => defmt::info!("running slot {}", index),
    }
}
