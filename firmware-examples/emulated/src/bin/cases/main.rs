//! Runs models that the host supplies, each over a window of its own, and reports answers and costs of each.
//!
//! The file `cases.bin` in the emulator's working directory holds any number of cases, back to back: the length of a model
//! as a little-endian `u32`, the model, and a window file (`hadamrnn_device::windows`). For each case the report
//! has a `Hello`, a `Window` for each of its windows, and a `Cost`; `Done` counts the cases.
#![no_std]
#![no_main]

use defmt_semihosting as _;
use hadamrnn_emulated::costs::Costs;
use hadamrnn_emulated::counter::Counter;
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::load;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::ReportFile;
use hadamrnn_emulated::run::{self, stack_of_a_step};
use hadamrnn_emulated::samples::{Samples, read_exact};
use hadamrnn_firmware_support::report::Report;
use hadamrnn_runtime::format::Readout;
use hadamrnn_runtime::{Model, ModelError, Room, RoomOf, Session};
use semihosting::fs::File;
use semihosting::io::Read;

/// Longest model, in bytes: the smallest board has 16 KiB of RAM.
const MODEL_BYTES: usize = 6 << 10;
/// The kernel of this firmware.
type Kernel = <hadamrnn_emulated::config::Room as Room>::Kernel;
/// Most inputs of a model that has few.
const FEW: usize = 12;
/// Most inputs of a model.
const MANY: usize = 48;

/// The bytes of a model, on the boundary that the runtime asks for.
#[repr(C, align(4))]
struct ModelBytes([u8; MODEL_BYTES]);

#[entry]
fn main() -> ! {
    run::to_the_end(cases)
}

fn cases(report: &mut ReportFile, counter: &Counter) -> Result<(), Failure> {
    let mut file = File::open(c"cases.bin").map_err(|_| Failure::TooFewSamples)?;
    let mut place = ModelBytes([0; MODEL_BYTES]);
    let mut count = 0;
    while let Some(length) = next_length(&mut file)? {
        let bytes = place.0.get_mut(..length).ok_or(ModelError::Truncated)?;
        read_exact(&mut file, bytes)?;
        let (model, load) = load::model(bytes, counter)?;
        let samples = Samples::read(file, model.sample_size())?;
        report.send(&run::hello(&model, samples.header()))?;
        let second = model.second().map(|second| second.layer().hidden_size());
        let read = model.hidden_readout().map_or(0, |layer| layer.units());
        let is_small = model.input_size() <= FEW && model.hidden_size().max(read) <= 128;
        let samples = match (model.hidden_size(), second) {
            (_, None) if reads_more_than_the_state(&model) && is_small => {
                case::<128, 0, 128, FEW>(report, counter, &model, load, samples)?
            }
            (_, None) if reads_more_than_the_state(&model) => {
                case::<256, 0, 256, MANY>(report, counter, &model, load, samples)?
            }
            (_, None) if model.input_size() > FEW => {
                case::<512, 0, 0, MANY>(report, counter, &model, load, samples)?
            }
            (..=64, None) => case::<64, 0, 0, FEW>(report, counter, &model, load, samples)?,
            (..=128, None) => case::<128, 0, 0, FEW>(report, counter, &model, load, samples)?,
            (..=256, None) => case::<256, 0, 0, FEW>(report, counter, &model, load, samples)?,
            (_, None) => case::<512, 0, 0, FEW>(report, counter, &model, load, samples)?,
            (_, Some(_)) => case::<256, 256, 0, FEW>(report, counter, &model, load, samples)?,
        };
        file = samples.into_file().ok_or(Failure::TooFewSamples)?;
        count += 1;
    }
    report.send(&Report::Done { windows: count })?;
    Ok(())
}

/// Whether the readout is pooled or has a hidden layer.
fn reads_more_than_the_state(model: &Model<'_>) -> bool {
    matches!(model.readout(), Readout::Pooled { .. }) || model.hidden_readout().is_some()
}

/// The length of the next model; none at the end of the file.
fn next_length(file: &mut File) -> Result<Option<usize>, Failure> {
    let mut length = [0; 4];
    match file.read(&mut length) {
        Ok(0) => Ok(None),
        Ok(4) => Ok(Some(u32::from_le_bytes(length) as usize)),
        _ => Err(Failure::TooFewSamples),
    }
}

/// Runs a model of up to `N` units, `SECOND` in a second layer, `READ` in a pool and in a hidden readout layer, and `INPUTS`
/// inputs, over its windows. Not inlined: its stack is then its own.
#[inline(never)]
fn case<'a, const N: usize, const SECOND: usize, const READ: usize, const INPUTS: usize>(
    report: &mut ReportFile,
    counter: &Counter,
    model: &Model<'_>,
    load: u32,
    mut samples: Samples<'a>,
) -> Result<Samples<'a>, Failure> {
    let mut session = Session::<RoomOf<Kernel, N, INPUTS, READ, SECOND, READ>>::new(model)
        .map_err(Failure::Session)?;
    let header = samples.header();
    let mut cost = Costs::new(size_of_val(&session), load);
    cost.stack(stack_of_a_step(&mut session, header.channels));
    for index in 0..header.windows {
        let answer = run::window(index, &mut samples, &mut session, counter, &mut cost)?;
        report.send(&answer)?;
    }
    report.send(&cost.report())?;
    Ok(samples)
}
