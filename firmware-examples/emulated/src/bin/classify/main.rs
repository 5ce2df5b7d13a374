//! Runs the embedded model over the test windows, and reports answers and costs to the host.
#![no_std]
#![no_main]

mod costs;
mod faults;

use core::hint::black_box;

use cortex_m_rt::entry;
use defmt_semihosting as _;
use hadamrnn_emulated::config::{BOARD, INPUTS, KERNEL};
use hadamrnn_emulated::counter::{Counter, Inexact};
use hadamrnn_emulated::embedded::{MODEL, Net, WINDOWS, push};
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::report_file::{ReportFile, fail};
use hadamrnn_emulated::samples::Samples;
use hadamrnn_emulated::stack;
use hadamrnn_firmware_common::report::{FORMAT, Report};
use hadamrnn_firmware_common::windows::Header;
use hadamrnn_runtime::Model;
use hadamrnn_runtime::digest::StateHash;
use semihosting::process;

use costs::Costs;

#[entry]
fn main() -> ! {
    let Ok(mut file) = ReportFile::create() else {
        defmt::error!("cannot create the report");
        process::exit(2)
    };
    let ended = run(&mut file);
    if file.flush().is_err() {
        defmt::error!("cannot write the report");
        process::exit(2)
    }
    match ended {
        Ok(()) => process::exit(0),
        Err(failure) => {
            defmt::error!("{}", failure);
            fail(&failure.report())
        }
    }
}

fn run(file: &mut ReportFile) -> Result<(), Failure> {
    let systick = cortex_m::Peripherals::take().map(|peripherals| peripherals.SYST);
    // `take` gives `None` the second time only.
    let systick = systick.ok_or(Failure::Counter(Inexact {
        expected: 0,
        found: 0,
    }))?;
    let counter = Counter::start(systick)?;

    let model = Model::from_bytes(MODEL)?;
    let mut session = Net::new(&model).map_err(Failure::Session)?;
    let mut samples = Samples::open(WINDOWS, model.input_size())?;
    let Header {
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
    send(file, &hello(&model, samples.header()))?;

    let mut cost = Costs::new(size_of::<Net<'_>>());
    cost.stack(stack_of_a_step(&mut session, channels));
    for index in 0..windows {
        let report = window(index, &mut samples, &mut session, &counter, &mut cost)?;
        send(file, &report)?;
    }
    send(file, &cost.report())?;
    send(
        file,
        &Report::Done {
            windows: windows.into(),
        },
    )
}

fn hello(model: &Model<'_>, windows: Header) -> Report {
    // Sizes beyond u16 cannot be: the format's limit is far below.
    let size = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    Report::Hello {
        format: FORMAT,
        board: BOARD.try_into().unwrap_or_default(),
        kernel: KERNEL.try_into().unwrap_or_default(),
        hidden: size(model.hidden_size()),
        inputs: size(model.input_size()),
        outputs: size(model.output_size()),
        steps: windows.steps,
        windows: windows.windows,
    }
}

/// Runs one window: counts each push alone, then hashes the state outside of the counted region.
fn window(
    index: u16,
    samples: &mut Samples<'_>,
    session: &mut Net<'_>,
    counter: &Counter,
    cost: &mut Costs,
) -> Result<Report, Failure> {
    let channels = usize::from(samples.header().channels);
    let mut sample = [0; INPUTS];
    let sample = sample.get_mut(..channels).unwrap_or_default();
    let mut hash = StateHash::new();
    let mut total = 0;
    session.reset();
    for _ in 0..samples.header().steps {
        samples.next(sample)?;
        let mut pushed = Ok(());
        let count = counter.count(&mut || pushed = push(session, sample));
        pushed.map_err(Failure::Push)?;
        total += u64::from(count);
        cost.step(count);
        hash.update(session.states());
    }
    let mut class = 0;
    let readout = counter.count(&mut || class = session.class());
    cost.window(total, readout);

    let mut logits = heapless::Vec::new();
    for logit in session.logits() {
        let outputs = session.model().output_size();
        logits.push(logit).map_err(|_| Failure::Outputs(outputs))?;
    }
    let state_hash = hash.finish();
    defmt::debug!(
        "window {}: class {}, state hash {:08x}",
        index,
        class,
        state_hash
    );
    let class = u16::try_from(class).unwrap_or(u16::MAX);
    Ok(Report::Window {
        index: index.into(),
        class,
        logits,
        state_hash,
    })
}

/// Deepest stack of a push and a readout, below this function's frame.
#[inline(never)]
fn stack_of_a_step(session: &mut Net<'_>, channels: u16) -> u32 {
    let sample = [0; INPUTS];
    let sample = sample.get(..usize::from(channels)).unwrap_or_default();
    let (_, depth) = stack::depth(|| black_box(push(session, sample).map(|()| session.class())));
    session.reset();
    depth
}

fn send(file: &mut ReportFile, report: &Report) -> Result<(), Failure> {
    file.send(report).map_err(|_| Failure::ReportFile)
}
