//! Flips bits in the embedded model, in what was read of it and in the session, and reports what becomes of the answers.
//!
//! The file `upsets.bin` in the emulator's working directory lists the upsets (`report::Upset`). The report has `Guards` after
//! its `Hello`, then an `Upset` for each of the list, each written before the next begins: so that the host knows which one was
//! the last if the core faults or hangs.
#![no_std]
#![no_main]

mod flip;

use core::hint::black_box;

use defmt_semihosting as _;
use flip::flip_in;
use hadamrnn_device::windows::{WindowFile, decode_sample};
use hadamrnn_emulated::counter::Counter;
use hadamrnn_emulated::embedded::{self, Net, WINDOWS, push};
use hadamrnn_emulated::failure::Failure;
use hadamrnn_emulated::platform::entry;
use hadamrnn_emulated::report_file::ReportFile;
use hadamrnn_emulated::run;
use hadamrnn_firmware_support::report::{Disturbed, GuardCosts, Outcome, Report, Target, Upset};
use hadamrnn_runtime::guard::Scrub;
use hadamrnn_runtime::room::Array;
use hadamrnn_runtime::{Model, ModelError, Room};
use semihosting::fs::File;
use semihosting::io::Read;

/// Length of the model. It is copied to RAM, which stands for flash here: the emulator's cannot be written.
const MODEL_BYTES: usize = embedded::MODEL.len();
/// Windows that are used of the embedded ones.
const WINDOWS_USED: usize = 4;

/// The bytes of a model, on the boundary that the runtime asks for.
#[repr(C, align(4))]
struct ModelBytes([u8; MODEL_BYTES]);

/// The answer of an undisturbed window.
#[derive(Clone, Default)]
struct Answer {
    class: usize,
    logits: run::Logits,
}

/// What a run of a window found.
struct Ran {
    answer: Answer,
    /// Largest rise of the sum of the squares of the states.
    rise: i64,
    /// Whether the session's checksum showed the upset.
    found: bool,
}

#[entry]
fn main() -> ! {
    run::to_the_end(upsets)
}

fn upsets(report: &mut ReportFile, counter: &Counter) -> Result<(), Failure> {
    let mut place = ModelBytes([0; MODEL_BYTES]);
    place.0.copy_from_slice(embedded::MODEL);
    let file = &raw mut place;
    let bytes: &[u8] = &place.0;
    let windows = WindowFile::parse(WINDOWS)?;
    let model = Model::from_bytes(bytes)?;
    report.send(&run::hello(&model, windows.header()))?;
    report.send(&Report::Guards(guards(bytes, &model, counter)?))?;
    report.flush()?;

    let used = WINDOWS_USED.min(windows.header().windows.into());
    let (mut answers, mut rise): ([Answer; WINDOWS_USED], i64) = Default::default();
    for (window, answer) in answers.iter_mut().enumerate().take(used) {
        let ran = run_window(&windows, window, &model, None)?;
        *answer = ran.answer;
        rise = rise.max(ran.rise);
    }
    let mut list = File::open(c"upsets.bin").map_err(|_| Failure::TooFewSamples)?;
    let mut index = 0;
    while let Some(upset) = next(&mut list)? {
        let window = index as usize % used.max(1);
        let mut disturbed = || match upset.target {
            Target::FileAtRest => {
                flip_in(file, upset.word, upset.mask);
                let ran = Model::from_bytes(black_box(bytes)).ok();
                let ran = ran.map(|model| run_window(&windows, window, &model, None));
                flip_in(file, upset.word, upset.mask);
                Ok((ran.transpose()?, false))
            }
            Target::FileInUse => {
                flip_in(file, upset.word, upset.mask);
                let ran = run_window(&windows, window, &model, None);
                let found = Scrub::new(black_box(bytes)).next(bytes.len()).is_err();
                flip_in(file, upset.word, upset.mask);
                Ok((Some(ran?), found))
            }
            Target::Model => {
                let mut model = Model::from_bytes(bytes)?;
                flip_in(&raw mut model, upset.word, upset.mask);
                let found = !model.is_still(bytes);
                Ok((Some(run_window(&windows, window, &model, None)?), found))
            }
            Target::Session => {
                let ran = run_window(&windows, window, &model, Some(&upset))?;
                let found = ran.found;
                Ok((Some(ran), found))
            }
        };
        let (outcome, found, norm) = match disturbed() {
            Ok((None, _)) => (Outcome::Refused, true, false),
            Ok((Some(ran), found)) => {
                let expected = answers.get(window).cloned().unwrap_or_default();
                let outcome = match ran.answer {
                    answer if answer.logits == expected.logits => Outcome::Same,
                    answer if answer.class == expected.class => Outcome::Degraded,
                    _ => Outcome::Wrong,
                };
                (outcome, found, ran.rise > rise)
            }
            // The runtime itself has noticed, and refused to go on.
            Err(Failure::Push(_) | Failure::Session(_) | Failure::Outputs(_)) => {
                (Outcome::Refused, true, false)
            }
            Err(failure) => return Err(failure),
        };
        let answer = Disturbed {
            outcome,
            found,
            norm,
        };
        report.send(&Report::Upset { index, answer })?;
        report.flush()?;
        index += 1;
    }
    report.send(&Report::Done { windows: index })?;
    Ok(())
}

/// The next upset of the list; none at its end.
fn next(list: &mut File) -> Result<Option<Upset>, Failure> {
    let mut bytes = [0; Upset::BYTES];
    match list.read(&mut bytes)? {
        0 => Ok(None),
        Upset::BYTES => Upset::from_bytes(&bytes)
            .map(Some)
            .ok_or(Failure::TooFewSamples),
        _ => Err(Failure::TooFewSamples),
    }
}

/// Sum of the squares of the states: the recurrence alone would keep it.
fn norm(session: &Net<'_>) -> i64 {
    session
        .states()
        .map(|state| i64::from(i32::from(state) * i32::from(state)))
        .sum()
}

/// Runs a window, with bits of the session flipped before one of its samples.
#[inline(never)]
fn run_window(
    windows: &WindowFile<'_>,
    window: usize,
    model: &Model<'_>,
    upset: Option<&Upset>,
) -> Result<Ran, Failure> {
    let mut session = Net::new(model).map_err(Failure::Session)?;
    let header = windows.header();
    let steps = usize::from(header.steps);
    let at = upset.map(|upset| upset.step as usize % steps.max(1));
    let mut sample = <hadamrnn_emulated::config::Room as Room>::Sample::ZERO;
    let sample = sample
        .as_mut()
        .get_mut(..usize::from(header.channels))
        .unwrap_or_default();
    let (mut found, mut rise, mut before) = (false, 0, 0);
    for (step, bytes) in windows
        .samples()
        .skip(window * steps)
        .take(steps)
        .enumerate()
    {
        if let Some(upset) = upset.filter(|_| at == Some(step)) {
            let checksum = black_box(session.checksum());
            flip_in(&raw mut session, upset.word, upset.mask);
            found = session.checksum() != checksum;
        }
        decode_sample(bytes, sample);
        push(&mut session, sample).map_err(Failure::Push)?;
        let after = norm(&session);
        rise = rise.max(after - before);
        before = after;
    }
    Ok(Ran {
        answer: Answer {
            class: session.class(),
            logits: run::logits(&session)?,
        },
        rise,
        found,
    })
}

/// What the checks cost.
fn guards(bytes: &[u8], model: &Model<'_>, counter: &Counter) -> Result<GuardCosts, Failure> {
    let mut session = Net::new(model).map_err(Failure::Session)?;
    let sample = <hadamrnn_emulated::config::Room as Room>::Sample::ZERO;
    let sample = sample
        .as_ref()
        .get(..WindowFile::parse(WINDOWS)?.header().channels.into());
    let sample = sample.unwrap_or_default();
    let mut is_still = false;
    let mut scrubbed = Err(ModelError::Checksum);
    let costs = GuardCosts {
        scrub: counter.count(&mut || scrubbed = Scrub::new(bytes).next(bytes.len())),
        model: counter.count(&mut || is_still = model.is_still(bytes)),
        checksum: counter.count(&mut || {
            black_box(session.checksum());
        }),
        saturated: counter.count(&mut || {
            black_box(session.saturated());
        }),
        norm: counter.count(&mut || {
            black_box(norm(&session));
        }),
        sample: {
            let mut pushed = Ok(());
            let count = counter.count(&mut || pushed = push(&mut session, sample));
            pushed.map_err(Failure::Push)?;
            count
        },
        bytes: [bytes.len(), size_of_val(model), size_of_val(&session)].map(|bytes| bytes as u32),
    };
    // What is whole is found whole.
    if scrubbed != Ok(true) || !is_still {
        return Err(ModelError::Checksum.into());
    }
    Ok(costs)
}
