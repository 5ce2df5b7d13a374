//! Runs the embedded model without a reset: over the embedded windows, again and again.
//!
//! The file `rounds.bin` in the emulator's working directory says how often, as a little-endian `u32`. The report has a `Window` for each
//! round, whose digest is of all states since the start.
#![no_std]
#![no_main]

use defmt_semihosting as _;
use hadamrnn_device::windows::{WindowFile, decode_sample};
use hadamrnn_emulated::counter::Counter;
use hadamrnn_emulated::embedded::{self, WINDOWS, push};
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::load;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::ReportFile;
use hadamrnn_emulated::run;
use hadamrnn_emulated::samples::number;
use hadamrnn_firmware_support::report::Report;
use hadamrnn_runtime::Room;
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::room::Array;

/// Room of the session.
type Place = hadamrnn_emulated::config::Room;

#[entry]
fn main() -> ! {
    run::to_the_end(endless)
}

fn endless(report: &mut ReportFile, counter: &Counter) -> Result<(), Failure> {
    let (model, _) = load::model(embedded::MODEL, counter)?;
    let mut session = embedded::Net::new(&model).map_err(Failure::Session)?;
    let windows = WindowFile::parse(WINDOWS)?;
    report.send(&run::hello(&model, windows.header()))?;
    let channels = usize::from(windows.header().channels);
    let mut sample = <Place as Room>::Sample::ZERO;
    let sample = sample.as_mut().get_mut(..channels).unwrap_or_default();
    let mut hash = StateHash::new();
    let rounds = number(c"rounds.bin")?;
    for index in 0..rounds {
        for bytes in windows.samples() {
            decode_sample(bytes, sample);
            push(&mut session, sample).map_err(Failure::Push)?;
            hash.update(session.states());
        }
        report.send(&run::answer(
            index,
            &session,
            session.class(),
            hash.finish(),
        )?)?;
    }
    report.send(&Report::Done { windows: rounds })?;
    Ok(())
}
