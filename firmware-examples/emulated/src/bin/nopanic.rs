//! Inference alone: the size reference, and the proof that the runtime cannot panic.
//!
//! The panic handler calls a function that exists nowhere. If any panic can be reached from here,
//! the linker needs that function and fails; `test-nopanic.sh` shows both outcomes.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

#[cfg(hadamrnn_parts)]
use hadamrnn_device::MAX_OUTPUTS;
use hadamrnn_emulated::config::INPUTS;
use hadamrnn_emulated::embedded::{self, push};
use hadamrnn_emulated::platform::{entry, wait};
#[cfg(hadamrnn_parts)]
use hadamrnn_runtime::decision::{Decided, Decider, Decision};
#[cfg(hadamrnn_parts)]
use hadamrnn_runtime::{Metric, Room, Session, Source};

#[entry]
fn main() -> ! {
    black_box(infer());
    loop {
        wait();
    }
}

/// Loads the model, or has it, pushes one sample and reads the answer. The boxes keep the compiler from using that it knows
/// the sample, and the model where it is loaded.
#[inline(never)]
fn infer() -> Option<usize> {
    #[cfg(feature = "known")]
    let mut session = embedded::KNOWN.start();
    #[cfg(not(feature = "known"))]
    let model = hadamrnn_runtime::Model::from_bytes(black_box(embedded::MODEL)).ok()?;
    #[cfg(not(feature = "known"))]
    let mut session = embedded::Net::new(&model).ok()?;
    let sample = black_box([0; INPUTS]);
    let size = session.model().sample_size();
    push(&mut session, sample.get(..size)?).ok()?;
    for logit in session.logits() {
        black_box(logit);
    }
    #[cfg(hadamrnn_parts)]
    black_box(judge(&session)?);
    #[cfg(feature = "plant-panic")]
    black_box(sample[black_box(INPUTS)]);
    Some(session.class())
}

/// How far the input is from all that the model was trained on, and what is decided after it, of a model that has these parts.
#[cfg(hadamrnn_parts)]
#[inline(never)]
fn judge<R: Room, S: Source>(session: &Session<'_, R, S>) -> Option<(u32, Decided)> {
    let model = session.model();
    let metric = Metric::of(model).ok()?;
    let novelty = (metric.as_ref()).map_or(0, |metric| session.novelty(metric));
    let known = metric.is_none_or(|metric| novelty <= metric.threshold());
    let decision = Decision::of(model).ok()??;
    let mut decider = Decider::<MAX_OUTPUTS>::new();
    let decided = decider.push(&decision, session.logits(), known);
    Some((novelty, decided))
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_is_reachable()
}

#[allow(unsafe_code, reason = "never linked, so never called")]
mod undefined {
    // SAFETY: the function is defined nowhere: no program that calls it exists.
    unsafe extern "C" {
        pub safe fn a_panic_is_reachable() -> !;
    }
}
use undefined::a_panic_is_reachable;
