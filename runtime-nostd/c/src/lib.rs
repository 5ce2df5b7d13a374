//! C interface to the HadamRNN runtime.
//!
//! `build.sh` makes the static library for a target; `hadamrnn.h` is generated from this crate. A network lies in memory
//! that the caller owns; nothing is allocated, and no call can panic (`firmware-examples/test-nopanic.sh`).
#![cfg_attr(target_os = "none", no_std)]

#[cfg(not(any(
    feature = "hidden-64",
    feature = "hidden-128",
    feature = "hidden-256",
    feature = "hidden-512",
    feature = "hidden-1024"
)))]
compile_error!(
    "choose what the library has room for: one or more of the features hidden-64 to hidden-1024"
);

mod decide;
mod error;
mod net;
mod shape;

use core::ffi::{c_char, c_void};
use core::ptr::{self, NonNull};
use core::slice;

pub use decide::{
    Decisions, HADAMRNN_DECISION_WORDS, HADAMRNN_MOST_DECIDED_OUTPUTS, hadamrnn_decide,
};
pub use error::Error;
pub use net::Net;
pub use shape::Shape;

use hadamrnn_runtime::taught::Taught;
use hadamrnn_runtime::{Metric, Model, format};

/// Alignment of the memory of a network, in bytes. An array of uint64_t has it.
pub const HADAMRNN_ALIGNMENT: usize = 8;

/// Inputs of a model, at most: they are on the stack during hadamrnn_push().
pub const HADAMRNN_MOST_INPUTS: usize = 64;

/// Bytes of memory that a model runs in, for hadamrnn_start(); 0 if the bytes are not a model.
///
/// Checks the whole model, as hadamrnn_start() does. The file that `hadamrnn export --c` writes has this number as a
/// constant.
///
/// # Safety
/// `model` must be null or point to `length` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_memory_size(model: *const c_void, length: usize) -> usize {
    // SAFETY: this function asks for the same.
    let model = unsafe { bytes(model, length) };
    match model.map(Model::from_bytes) {
        Some(Ok(model)) => Shape::of(&model).memory_bytes(size_of::<usize>()),
        _ => 0,
    }
}

/// Makes a network of a model, in memory that the caller provides, and sets `*net`. It starts at the zero state.
///
/// The model is checked: a proof that no sample can overflow the arithmetic is part of that. It is not copied, so it can
/// stay in flash, where it must start on a boundary of four bytes. There is nothing to free: to be done with a network,
/// use its memory for something else. The call needs as much stack as the network has memory.
///
/// # Safety
/// `net` must be null or point to a writable pointer, `memory` be null or point to `size` writable bytes, and `model` be
/// null or point to `length` readable bytes. Until the network is used for the last time, nobody else may write to the
/// model, or use the memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_start(
    net: *mut *mut Net,
    memory: *mut c_void,
    size: usize,
    model: *const c_void,
    length: usize,
) -> Error {
    // SAFETY: this function asks for the same, and there is no function to call.
    unsafe { hadamrnn_start_with_crc32(net, memory, size, model, length, None, ptr::null_mut()) }
}

/// Makes a network like hadamrnn_start(), with the checksum of the model computed by `crc32`: a chip's own unit, for a large
/// model. The library's own takes 7 instructions a byte on Cortex-M4, and is used where `crc32` is null.
///
/// `crc32` is called with `context` and the bytes of the model before its last four, and returns their CRC-32 as zlib, Ethernet
/// and PNG have it. That damaged models are refused rests on it.
///
/// # Safety
/// As for hadamrnn_start(). `crc32` must be null or a function that may be called with `context`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_start_with_crc32(
    net: *mut *mut Net,
    memory: *mut c_void,
    size: usize,
    model: *const c_void,
    length: usize,
    crc32: Option<
        unsafe extern "C" fn(context: *mut c_void, bytes: *const u8, length: usize) -> u32,
    >,
    context: *mut c_void,
) -> Error {
    // SAFETY: this function asks for the same, until the network's last use.
    let model = unsafe { bytes(model, length) };
    let (Some(model), Some(net), Some(memory)) = (model, NonNull::new(net), NonNull::new(memory))
    else {
        return Error::HadamrnnErrorNull;
    };
    let memory = memory.cast::<u8>();
    if !memory.as_ptr().addr().is_multiple_of(HADAMRNN_ALIGNMENT) {
        return Error::HadamrnnErrorMemoryAlignment;
    }
    // A slice has at most half of the address space.
    let size = size.min(isize::MAX as usize);
    // SAFETY: the memory is writable and this function's alone. Bytes may have any value.
    let memory = unsafe { slice::from_raw_parts_mut(memory.as_ptr(), size) };
    let checksum = |bytes: &[u8]| match crc32 {
        // SAFETY: it may be called with this context; the bytes are readable.
        Some(crc32) => unsafe { crc32(context, bytes.as_ptr(), bytes.len()) },
        None => format::crc32(bytes),
    };
    // SAFETY: the alignment has been checked, the rest is what this function asks for.
    match unsafe { Net::place(memory, model, checksum) } {
        Ok(placed) => {
            // SAFETY: not null, and writable by what this function asks for.
            unsafe { net.write(placed.as_ptr()) };
            Error::HadamrnnOk
        }
        Err(error) => error,
    }
}

/// Advances by one sample: `count` raw sensor counts, one a channel, in the order and the units of the model's card.
///
/// `count` must be hadamrnn_sample_size(). After an error the state is what it was.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else uses now, and `sample` be null or point to `count`
/// readable values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_push(net: *mut Net, sample: *const i16, count: usize) -> Error {
    // SAFETY: this function asks for the same.
    let net = unsafe { net.as_ref() };
    let (Some(net), false) = (net, sample.is_null()) else {
        return Error::HadamrnnErrorNull;
    };
    if count != net.model().sample_size() {
        return Error::HadamrnnErrorLength;
    }
    // SAFETY: `count` values are readable, and no model has so many channels that they would be too long for a slice.
    let sample = unsafe { slice::from_raw_parts(sample, count) };
    #[cfg(feature = "plant-panic")]
    core::hint::black_box(sample[core::hint::black_box(count)]);
    // SAFETY: nobody else uses the network now.
    status(unsafe { net.session().as_mut() }.push(sample))
}

/// Advances a model of tokens by one token. After an error the state is what it was.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_push_token(net: *mut Net, token: u16) -> Error {
    // SAFETY: this function asks for the same.
    match unsafe { net.as_ref() } {
        // SAFETY: nobody else uses the network now.
        Some(net) => status(unsafe { net.session().as_mut() }.push_token(token)),
        None => Error::HadamrnnErrorNull,
    }
}

/// The network's class of the current state, from 0 on: the first largest logit, or with a single logit whether it is positive. -1
/// if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_class(net: *const Net) -> i32 {
    // SAFETY: this function asks for the same. A model has at most 1,024 outputs.
    unsafe { net.as_ref() }.map_or(-1, |net| unsafe { net.session().as_ref() }.class() as i32)
}

/// The class of the current state, from 0 on, where what the model was taught (`hadamrnn teach`) may overrule its network: a
/// new class has a number from hadamrnn_classes() on. hadamrnn_class() for a model that was taught nothing. -1 if `net` is
/// null, or the library or the model has no room for it: hadamrnn_novelty() says why.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_taught_class(net: *const Net) -> i32 {
    // SAFETY: this function asks for the same.
    let Some(net) = (unsafe { net.as_ref() }) else {
        return -1;
    };
    match Taught::of(net.model()) {
        // SAFETY: nobody else writes to the network now.
        Ok(None) => unsafe { net.session().as_ref() }.class() as i32,
        // SAFETY: as above.
        Ok(Some(_)) => unsafe { net.judged() }.map_or(-1, |judged| judged.class as i32),
        Err(_) => -1,
    }
}

/// Classes that hadamrnn_taught_class() tells apart; 0 if `net` is null, or what the model was taught is damaged.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_taught_classes(net: *const Net) -> usize {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0, |model| match Taught::of(model) {
        Ok(None) => model.class_count(),
        Ok(Some(taught)) => taught.class_count(),
        Err(_) => 0,
    })
}

/// Writes how far the current state is from all that the model was trained on and taught. Above
/// hadamrnn_novelty_threshold() it is none of the classes.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now, and `score` be null or point to a
/// writable value that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_novelty(net: *const Net, score: *mut u32) -> Error {
    // SAFETY: this function asks for the same.
    let net = unsafe { net.as_ref() };
    let (Some(net), Some(score)) = (net, NonNull::new(score)) else {
        return Error::HadamrnnErrorNull;
    };
    // SAFETY: nobody else writes to the network now.
    match unsafe { net.judged() } {
        Ok(judged) => {
            // SAFETY: not null, and writable by what this function asks for.
            unsafe { score.write(judged.score) };
            Error::HadamrnnOk
        }
        Err(error) => error,
    }
}

/// The largest score of hadamrnn_novelty() that is one of the classes; the largest number of all if `net` is null or the
/// model has no metric.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_novelty_threshold(net: *const Net) -> u32 {
    // SAFETY: this function asks for the same.
    match unsafe { model(net) }.map(Metric::of) {
        Some(Ok(Some(metric))) => metric.threshold(),
        _ => u32::MAX,
    }
}

/// Writes the logits of the current state: `count` of them, which must be hadamrnn_outputs().
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now, and `logits` be null or point to
/// `count` writable values that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_logits(net: *const Net, logits: *mut i32, count: usize) -> Error {
    // SAFETY: this function asks for the same.
    let net = unsafe { net.as_ref() };
    let (Some(net), false) = (net, logits.is_null()) else {
        return Error::HadamrnnErrorNull;
    };
    if count != net.model().output_size() {
        return Error::HadamrnnErrorLength;
    }
    // SAFETY: `count` values are writable, and no model has too many outputs for a slice.
    let logits = unsafe { slice::from_raw_parts_mut(logits, count) };
    // SAFETY: nobody else writes to the network now.
    unsafe { net.session().as_ref() }.logits(logits);
    Error::HadamrnnOk
}

/// Back to the zero state, for a new sequence. Does nothing if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_reset(net: *mut Net) {
    // SAFETY: this function asks for the same.
    if let Some(net) = unsafe { net.as_ref() } {
        // SAFETY: nobody else uses the network now.
        unsafe { net.session().as_mut() }.reset();
    }
}

/// Samples or tokens since the start or the last hadamrnn_reset(); 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start() that nobody else writes to now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_steps(net: *const Net) -> u32 {
    // SAFETY: this function asks for the same.
    unsafe { net.as_ref() }.map_or(0, |net| unsafe { net.session().as_ref() }.steps())
}

/// Values of a sample, which are its channels; 1 for a model of tokens, 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_sample_size(net: *const Net) -> usize {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0, Model::sample_size)
}

/// Tokens that a model takes; 0 for a model of numbers or if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_vocabulary(net: *const Net) -> u32 {
    // SAFETY: this function asks for the same.
    let tokens = unsafe { model(net) }.and_then(Model::tokens);
    tokens.map_or(0, |tokens| tokens.vocabulary)
}

/// Hidden units of the first layer; 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_hidden_size(net: *const Net) -> usize {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0, Model::hidden_size)
}

/// Logits; 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_outputs(net: *const Net) -> usize {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0, Model::output_size)
}

/// Classes that hadamrnn_class() tells apart; 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_classes(net: *const Net) -> usize {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0, Model::class_count)
}

/// Factor from an integer logit to the logit of the network as it was trained; 0 if `net` is null.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_logit_scale(net: *const Net) -> f32 {
    // SAFETY: this function asks for the same.
    unsafe { model(net) }.map_or(0.0, |model| model.header().logit_scale)
}

/// Writes what the model was trained for: as much of it as `size` bytes hold, with a zero byte at the end. Returns the
/// bytes of the whole name, without the zero; 0 if `net` is null. `text` may be null if `size` is 0.
///
/// # Safety
/// `net` must be null or a network of hadamrnn_start(), and `text` be null or point to `size` writable bytes that nobody
/// else uses now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hadamrnn_name(net: *const Net, text: *mut c_char, size: usize) -> usize {
    // SAFETY: this function asks for the same.
    let name = unsafe { model(net) }.map_or("", Model::name);
    if let (false, Some(room)) = (text.is_null(), size.checked_sub(1)) {
        let length = (0..=room.min(name.len()))
            .rev()
            .find(|&end| name.is_char_boundary(end))
            .unwrap_or(0);
        // SAFETY: `length + 1 <= size` bytes are written; the name is as long as `length`, and elsewhere.
        unsafe {
            text.copy_from_nonoverlapping(name.as_ptr().cast(), length);
            text.add(length).write(0);
        }
    }
    name.len()
}

/// Text of an error: what it means and what to do about it. It ends with a zero byte and is never freed.
#[unsafe(no_mangle)]
pub extern "C" fn hadamrnn_error_text(error: i32) -> *const c_char {
    let unknown = c"not an error of this version of hadamrnn";
    Error::of_number(error)
        .map_or(unknown, Error::text)
        .as_ptr()
}

fn status(result: Result<(), hadamrnn_runtime::SessionError>) -> Error {
    match result {
        Ok(()) => Error::HadamrnnOk,
        Err(error) => error.into(),
    }
}

/// The model of a network.
///
/// # Safety
/// `net` must be null or a network of [`hadamrnn_start`] that lives for `'a`.
unsafe fn model<'a>(net: *const Net) -> Option<&'a Model<'static>> {
    // SAFETY: this function asks for the same; a network's model is never written to.
    unsafe { net.as_ref() }.map(Net::model)
}

/// Bytes from C; none if the pointer is null, or if there are more than a slice can have.
///
/// # Safety
/// `start` must be null or point to `length` readable bytes, to which nobody writes for `'a`.
unsafe fn bytes<'a>(start: *const c_void, length: usize) -> Option<&'a [u8]> {
    if start.is_null() || length > isize::MAX as usize {
        return None;
    }
    // SAFETY: not null, and the rest is what this function asks for; bytes need no alignment.
    Some(unsafe { slice::from_raw_parts(start.cast(), length) })
}

/// Stops the program. No function of the library reaches it: with the feature, linking a program proves that.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(feature = "prove-no-panic")]
    {
        unsafe extern "C" {
            fn hadamrnn_a_panic_is_reachable() -> !;
        }
        // SAFETY: the function is defined nowhere: no program that calls it exists.
        unsafe { hadamrnn_a_panic_is_reachable() }
    }
    #[cfg(not(feature = "prove-no-panic"))]
    loop {
        core::hint::spin_loop();
    }
}
