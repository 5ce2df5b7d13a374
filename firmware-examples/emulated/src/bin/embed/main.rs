//! Classifies the embedded windows by the model of a module that `hadamrnn export --rust` has written: no number of the model
//! stands here.
#![no_std]
#![no_main]

use defmt_semihosting as _;
use hadamrnn_emulated::costs::Costs;
use hadamrnn_emulated::counter::Counter;
use hadamrnn_emulated::embedded::WINDOWS;
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::load;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::ReportFile;
use hadamrnn_emulated::run;
use hadamrnn_emulated::samples::Samples;
use hadamrnn_firmware_support::report::Report;

/// The module of README.md's program, which a test compares with what the exporter writes.
#[path = "../../../../../tests/tests/documents/readme/movements.rs"]
mod movements;

use movements::MODEL;

#[entry]
fn main() -> ! {
    run::to_the_end(classify)
}

fn classify(file: &mut ReportFile, counter: &Counter) -> Result<(), Failure> {
    let (model, load) = load::model(MODEL.file(), counter)?;
    let mut session = MODEL.session(&model).map_err(Failure::Session)?;
    let mut samples = Samples::open(WINDOWS, model.sample_size())?;
    let windows = samples.header().windows;
    file.send(&run::hello(&model, samples.header()))?;
    let mut cost = Costs::new(size_of_val(&session), load);
    for index in 0..windows {
        let report = run::window(index, &mut samples, &mut session, counter, &mut cost)?;
        if let Report::Window { class, .. } = &report {
            defmt::info!("{}", MODEL.class_name((*class).into()));
        }
        file.send(&report)?;
    }
    file.send(&cost.report())?;
    file.send(&Report::Done {
        windows: windows.into(),
    })?;
    Ok(())
}
