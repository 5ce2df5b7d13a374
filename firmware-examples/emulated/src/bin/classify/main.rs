//! Runs the embedded model over the test windows, and reports answers and costs to the host.
#![no_std]
#![no_main]

use defmt_semihosting as _;
use hadamrnn_device::windows::WindowFileHeader;
use hadamrnn_emulated::config::{BOARD, KERNEL};
use hadamrnn_emulated::costs::Costs;
use hadamrnn_emulated::counter::Counter;
use hadamrnn_emulated::embedded::{self, WINDOWS};
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::judge::Judge;
#[cfg(not(feature = "known"))]
use hadamrnn_emulated::load;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::ReportFile;
use hadamrnn_emulated::run::{self, stack_of_a_step};
use hadamrnn_emulated::samples::Samples;
use hadamrnn_firmware_support::report::Report;
#[cfg(feature = "known")]
use hadamrnn_runtime::EmbeddedModel as _;

#[entry]
fn main() -> ! {
    run::to_the_end(classify)
}

fn classify(file: &mut ReportFile, counter: &Counter) -> Result<(), Failure> {
    #[cfg(feature = "known")]
    let (mut session, model, load) = (embedded::KNOWN.start(), embedded::KnownModel::MODEL, 0);
    #[cfg(not(feature = "known"))]
    let (model, load) = load::model(embedded::MODEL, counter)?;
    #[cfg(not(feature = "known"))]
    let model = &model;
    #[cfg(not(feature = "known"))]
    let mut session = embedded::Net::new(model).map_err(Failure::Session)?;
    let mut samples = Samples::open(WINDOWS, model.sample_size())?;
    let WindowFileHeader {
        channels,
        steps,
        windows,
    } = samples.header();
    let hidden = model.hidden_size();
    defmt::info!(
        "{} {}: {} hidden, {} windows of {} steps",
        BOARD,
        KERNEL,
        hidden,
        windows,
        steps
    );
    file.send(&run::hello(model, samples.header()))?;

    let mut cost = Costs::new(size_of_val(&session), load);
    let mut judge = Judge::of(model)?;
    cost.stack(stack_of_a_step(&mut session, channels));
    for index in 0..windows {
        let report = run::window(index, &mut samples, &mut session, counter, &mut cost)?;
        file.send(&report)?;
        if let Some(report) = judge.report(&session) {
            file.send(&report)?;
        }
    }
    file.send(&cost.report())?;
    file.send(&Report::Done {
        windows: windows.into(),
    })?;
    Ok(())
}
