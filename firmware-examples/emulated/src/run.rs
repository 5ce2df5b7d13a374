//! Runs windows and counts; the frame of every firmware that reports.

use core::hint::black_box;

use hadamrnn_device::windows::WindowFileHeader;
use hadamrnn_firmware_support::report::{FORMAT, MAX_OUTPUTS, Report};
use hadamrnn_runtime::digest::StateHash;
use hadamrnn_runtime::room::Array;
use hadamrnn_runtime::{Model, Room, Session, Source};
use semihosting::process;

use crate::config::{BOARD, KERNEL};
use crate::costs::Costs;
use crate::counter::Counter;
use crate::embedded::push;
use crate::failure::Failure;
use crate::report_file::{ReportFile, fail};
use crate::samples::Samples;
use crate::stack;

/// Logits of an answer.
pub type Logits = heapless::Vec<i32, MAX_OUTPUTS>;

/// Runs `job` with an instruction counter, writes its report and ends the emulator: with status 0, with 1 for a failure
/// that the report explains, with 2 if the report could not be written.
pub fn to_the_end(job: impl FnOnce(&mut ReportFile, &Counter) -> Result<(), Failure>) -> ! {
    let Ok(mut file) = ReportFile::create() else {
        defmt::error!("cannot create the report");
        process::exit(2)
    };
    let counter = Counter::start().map_err(Failure::Counter);
    let ended = counter.and_then(|counter| job(&mut file, &counter));
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

/// The first message.
#[must_use]
pub fn hello(model: &Model<'_>, windows: WindowFileHeader) -> Report {
    // Sizes beyond u16 cannot be: the format's limit is far below.
    let size = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    Report::Hello {
        format: FORMAT,
        board: BOARD.try_into().unwrap_or_default(),
        kernel: KERNEL.try_into().unwrap_or_default(),
        hidden: size(model.hidden_size()),
        inputs: size(model.sample_size()),
        outputs: size(model.output_size()),
        steps: windows.steps,
        windows: windows.windows,
    }
}

/// Runs one window: counts each push alone, then hashes the state outside of the counted region.
pub fn window<R: Room, S: Source>(
    index: u16,
    samples: &mut Samples<'_>,
    session: &mut Session<'_, R, S>,
    counter: &Counter,
    cost: &mut Costs,
) -> Result<Report, Failure> {
    let channels = usize::from(samples.header().channels);
    let mut sample = R::Sample::ZERO;
    let sample = sample.as_mut().get_mut(..channels).unwrap_or_default();
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
    answer(index.into(), session, class, hash.finish())
}

/// The message of an answer: the class that was read, the session's logits, and a digest of its states.
pub fn answer<R: Room, S: Source>(
    index: u32,
    session: &Session<'_, R, S>,
    class: usize,
    state_hash: u32,
) -> Result<Report, Failure> {
    let logits = logits(session)?;
    defmt::debug!(
        "window {}: class {}, state hash {:08x}",
        index,
        class,
        state_hash
    );
    let class = u16::try_from(class).unwrap_or(u16::MAX);
    Ok(Report::Window {
        index,
        class,
        logits,
        state_hash,
    })
}

/// The session's logits.
pub fn logits<R: Room, S: Source>(session: &Session<'_, R, S>) -> Result<Logits, Failure> {
    let mut logits = Logits::new();
    for logit in session.logits() {
        let outputs = session.model().output_size();
        logits.push(logit).map_err(|_| Failure::Outputs(outputs))?;
    }
    Ok(logits)
}

/// Deepest stack of a push and a readout, below this function's frame.
#[inline(never)]
pub fn stack_of_a_step<R: Room, S: Source>(session: &mut Session<'_, R, S>, channels: u16) -> u32 {
    let sample = R::Sample::ZERO;
    let sample = sample
        .as_ref()
        .get(..usize::from(channels))
        .unwrap_or_default();
    let (_, depth) = stack::depth(|| black_box(push(session, sample).map(|()| session.class())));
    session.reset();
    depth
}
