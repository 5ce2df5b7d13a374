//! Decisions over the answers of a stream.

use core::ptr::NonNull;

use hadamrnn_runtime::Metric;
use hadamrnn_runtime::decision::{Decider, Decision};

use crate::error::Error;
use crate::net::Net;

/// Logits of a model that decides, at most.
pub const HADAMRNN_MOST_DECIDED_OUTPUTS: usize = 32;

/// Words of a hadamrnn_decisions.
pub const HADAMRNN_DECISION_WORDS: usize = 24;

/// What a stream's answers have decided so far. Zero it before the first answer: `hadamrnn_decisions decisions = {0};`. It is changed by
/// hadamrnn_decide() alone. Its content is private to the library.
#[repr(C)]
pub struct Decisions {
    /// Private: whether there was an answer, and what the answers have decided.
    words: [u64; HADAMRNN_DECISION_WORDS],
}

type Room = Decider<HADAMRNN_MOST_DECIDED_OUTPUTS>;

const _: () = {
    assert!(size_of::<Room>() <= (HADAMRNN_DECISION_WORDS - 1) * size_of::<u64>());
    assert!(align_of::<Room>() <= align_of::<u64>());
};

/// Takes the current state as the next answer of a stream, and writes what is decided after it by the model's decision: a class, or
/// -1 for none of them. Sets `*starts`, where it is not null, to 1 if an event starts with this answer, else to 0. What is none of the
/// classes by the model's metric speaks for none, and a class that was taught for itself.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now. `decisions` must be null, or point to decisions
/// that were zero or came from this function, with a model of the same decision, and that nobody else uses now; `decided` and `starts` must
/// be null or point to writable values that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_decide(
    net: *const Net,
    decisions: *mut Decisions,
    decided: *mut i32,
    starts: *mut i32,
) -> Error {
    // SAFETY: this function asks for the same.
    let net = unsafe { net.as_ref() };
    let (Some(net), Some(mut decisions), Some(decided)) =
        (net, NonNull::new(decisions), NonNull::new(decided))
    else {
        return Error::HadamrnnErrorNull;
    };
    let model = net.model();
    let decision = match Decision::of(model) {
        Ok(Some(decision)) => decision,
        Ok(None) => return Error::HadamrnnErrorNoDecision,
        Err(_) => return Error::HadamrnnErrorModelInvalid,
    };
    let mut logits = [0; HADAMRNN_MOST_DECIDED_OUTPUTS];
    let Some(logits) = logits.get_mut(..model.output_size()) else {
        return Error::HadamrnnErrorCapacity;
    };
    // SAFETY: nobody else writes to the network now.
    unsafe { net.session().as_ref() }.logits(logits);
    let (known, taught) = match Metric::of(model) {
        Ok(None) => (true, None),
        // SAFETY: as above.
        Ok(Some(metric)) => match unsafe { net.judged() } {
            Ok(judged) => {
                let taught = judged.by_entry.then_some(judged.class);
                (judged.score <= metric.threshold(), taught)
            }
            Err(error) => return error,
        },
        Err(error) => return error.into(),
    };
    // SAFETY: not null, and this function's alone. Zero words are decisions without an answer.
    let [answered, room @ ..] = unsafe { &mut decisions.as_mut().words };
    let room: *mut Room = room.as_mut_ptr().cast();
    if *answered == 0 {
        // SAFETY: the words have the size and the alignment, as is asserted above.
        unsafe { room.write(Room::new()) };
        *answered = 1;
    }
    // SAFETY: written above, now or at the first answer, and changed by nobody else since.
    let found = unsafe { &mut *room }.push_taught(&decision, logits.iter().copied(), known, taught);
    let class = found
        .class
        .map_or(-1, |class| i32::try_from(class).unwrap_or(-1));
    // SAFETY: not null, and writable by what this function asks for.
    unsafe { decided.write(class) };
    if let Some(starts) = NonNull::new(starts) {
        // SAFETY: as above.
        unsafe { starts.write(found.starts.into()) };
    }
    Error::HadamrnnOk
}
