//! Runs the embedded model as a program does that has to run for years: a watchdog restarts the board when no answer comes, a checksum
//! guards the session between samples, the model's file and what was read from it are compared with their checksum bit by bit.
//!
//! The file `hang.bin` in the emulator's working directory has the number of the answer, a little-endian `u32`, at which the
//! program hangs after its first start. `boots.bin` gets a byte at each start. The report has a `Window` for each window.
#![no_std]
#![no_main]

mod watchdog;

use defmt_semihosting as _;
use hadamrnn_device::windows::{WindowFile, decode_sample};
use hadamrnn_emulated::embedded::{self, Net, WINDOWS, push};
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::{ReportFile, append};
use hadamrnn_emulated::run;
use hadamrnn_emulated::samples::number;
use hadamrnn_firmware_support::report::Report;
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::guard::Scrub;
use hadamrnn_runtime::room::Array;
use hadamrnn_runtime::{Model, ModelError, Room};
use semihosting::io::Write;

/// Ticks of the watchdog's clock in which an answer must come.
const PATIENCE: u32 = 25_000_000;
/// Bytes of the model's file that are looked at after each sample.
const SCRUBBED: usize = 64;

#[entry]
fn main() -> ! {
    run::to_the_end(|report, _| guarded(report))
}

fn guarded(report: &mut ReportFile) -> Result<(), Failure> {
    let is_first = boots()? == 1;
    let hangs_at = number(c"hang.bin")?;

    watchdog::start(PATIENCE);
    let model = Model::from_bytes(embedded::MODEL)?;
    let mut scrub = Scrub::new(embedded::MODEL);
    let mut session = Net::new(&model).map_err(Failure::Session)?;
    let mut checksum = session.checksum();
    let windows = WindowFile::parse(WINDOWS)?;
    report.send(&run::hello(&model, windows.header()))?;
    let mut sample = <hadamrnn_emulated::config::Room as Room>::Sample::ZERO;
    let sample = sample
        .as_mut()
        .get_mut(..usize::from(windows.header().channels))
        .unwrap_or_default();
    let (mut answers, mut hash) = (0, StateHash::new());
    for bytes in windows.samples() {
        if session.checksum() != checksum {
            // A product starts its window anew; here nothing may flip.
            return Err(ModelError::Checksum.into());
        }
        decode_sample(bytes, sample);
        push(&mut session, sample).map_err(Failure::Push)?;
        checksum = session.checksum();
        hash.update(session.states());
        if scrub.next(SCRUBBED)? && !model.is_still(embedded::MODEL) {
            return Err(ModelError::Checksum.into());
        }
        if session.steps() == u32::from(windows.header().steps) {
            while is_first && answers == hangs_at {
                core::hint::spin_loop();
            }
            report.send(&run::answer(
                answers,
                &session,
                session.class(),
                hash.finish(),
            )?)?;
            watchdog::feed(PATIENCE);
            session.reset();
            (checksum, hash) = (session.checksum(), StateHash::new());
            answers += 1;
        }
    }
    report.send(&Report::Done { windows: answers })?;
    Ok(())
}

/// Counts one start more, and gives their number.
fn boots() -> Result<u64, Failure> {
    let (mut file, before) = append(c"boots.bin")?;
    file.write_all(&[1])?;
    Ok(before + 1)
}
