//! The functions that C calls, called: against the runtime's own session, and with everything that C can get wrong.

use std::ffi::{CStr, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};

use hadamrnn_c::*;
use hadamrnn_runtime::decision::{Decider, Decision};
use hadamrnn_runtime::format::{Part, encode_with_parts, part};
use hadamrnn_runtime::kernel::Fwht;
use hadamrnn_runtime::taught::{Lesson, Shown, Taught, TaughtWords, judge};
use hadamrnn_runtime::{Metric, Model, RoomOf, Session};

const MODELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");

/// Bytes on an eight-byte boundary.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    let chunks = bytes.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    chunks.collect()
}

struct Shipped {
    words: Vec<u64>,
    length: usize,
    /// `[window][step][channel]`.
    windows: Vec<Vec<Vec<i16>>>,
}

impl Shipped {
    fn read(name: &str) -> Self {
        let read = |file| std::fs::read(Path::new(MODELS).join(name).join(file)).expect("a file");
        let (model, windows) = (read("model.hdrn"), read("windows.bin"));
        let field = |at: usize| usize::from(u16::from_le_bytes([windows[at], windows[at + 1]]));
        let (channels, steps) = (field(6), field(8));
        let values: Vec<i16> = (windows[12..].chunks(2))
            .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
            .collect();
        let samples: Vec<Vec<i16>> = values.chunks(channels).map(Vec::from).collect();
        Self {
            words: aligned(&model),
            length: model.len(),
            windows: samples.chunks(steps).map(Vec::from).collect(),
        }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: any bit pattern is bytes; the words are longer.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast(), self.length) }
    }

    fn memory(&self) -> Vec<u64> {
        // SAFETY: so many bytes are readable.
        let size = unsafe { hadamrnn_memory_size(self.words.as_ptr().cast(), self.length) };
        assert!(size > 0);
        vec![0xDEAD_BEEF_DEAD_BEEF; size.div_ceil(8)]
    }

    fn start(&self, memory: &mut [u64]) -> (Error, *mut Net) {
        let mut net = null_mut();
        let (model, size) = (self.words.as_ptr().cast(), size_of_val(memory));
        // SAFETY: all pointers are to what they are said to be.
        let error = unsafe {
            hadamrnn_start(
                &mut net,
                memory.as_mut_ptr().cast(),
                size,
                model,
                self.length,
            )
        };
        (error, net)
    }
}

/// # Safety
/// `net` must be a network.
unsafe fn push(net: *mut Net, sample: &[i16]) -> Error {
    // SAFETY: this function asks for the same.
    unsafe {
        match (hadamrnn_vocabulary(net), sample) {
            (1.., [token]) => hadamrnn_push_token(net, *token as u16),
            _ => hadamrnn_push(net, sample.as_ptr(), sample.len()),
        }
    }
}

#[test]
fn shipped_models_answer_as_the_runtime_does() {
    for name in [
        "har2",
        "har6",
        "dsa19",
        "har2-two-layers",
        "copy",
        "imdb",
        "sst2",
    ] {
        let shipped = Shipped::read(name);
        let model = Model::from_bytes(shipped.bytes()).expect("a model");
        let mut session =
            Session::<RoomOf<Fwht, 256, 64, 256, 256, 256>>::new(&model).expect("room");
        let mut memory = shipped.memory();
        let (error, net) = shipped.start(&mut memory);
        assert_eq!(error, Error::HadamrnnOk, "{name}");
        // SAFETY: a network, and arrays of the lengths that are given.
        unsafe {
            assert_eq!(hadamrnn_sample_size(net), model.sample_size());
            assert_eq!(hadamrnn_hidden_size(net), model.hidden_size());
            assert_eq!(hadamrnn_classes(net), model.class_count());
            assert_eq!(hadamrnn_logit_scale(net), model.header().logit_scale);
            for window in shipped.windows.iter().take(4) {
                session.reset();
                hadamrnn_reset(net);
                for sample in window {
                    session.push_raw(sample).expect("a sample");
                    assert_eq!(push(net, sample), Error::HadamrnnOk, "{name}");
                }
                assert_eq!(hadamrnn_steps(net) as usize, window.len());
                let mut logits = vec![0; hadamrnn_outputs(net)];
                let error = hadamrnn_logits(net, logits.as_mut_ptr(), logits.len());
                assert_eq!(error, Error::HadamrnnOk);
                assert!(logits.iter().copied().eq(session.logits()), "{name}");
                assert_eq!(hadamrnn_class(net) as usize, session.class(), "{name}");
            }
        }
    }
}

#[test]
fn two_networks_do_not_disturb_each_other() {
    let shipped = Shipped::read("har2");
    let (mut first, mut second) = (shipped.memory(), shipped.memory());
    let (a, b) = (shipped.start(&mut first).1, shipped.start(&mut second).1);
    let class = |net, samples: &[Vec<i16>]| {
        // SAFETY: a network.
        samples.iter().for_each(|sample| unsafe {
            assert_eq!(push(net, sample), Error::HadamrnnOk);
        });
        let mut logit = 0;
        // SAFETY: a network of one output.
        let error = unsafe { hadamrnn_logits(net, &mut logit, 1) };
        assert_eq!(error, Error::HadamrnnOk);
        logit
    };
    let window = &shipped.windows[0];
    class(a, &window[..64]);
    class(b, &window[..1]);
    let interrupted = class(a, &window[64..]);
    // SAFETY: a network.
    unsafe { hadamrnn_reset(b) };
    assert_eq!(interrupted, class(b, window));
}

#[test]
fn memory_is_refused_where_it_is_too_small_misaligned_or_null() {
    let shipped = Shipped::read("har2");
    let mut memory = shipped.memory();
    let size = 8 * memory.len();
    let mut net = null_mut();
    let model = shipped.words.as_ptr().cast();
    // SAFETY: pointers are null, or to at least what they are said to be.
    let mut start = |memory: *mut u8, size, model, length| unsafe {
        hadamrnn_start(&mut net, memory.cast(), size, model, length)
    };
    let (memory, length) = (memory.as_mut_ptr().cast::<u8>(), shipped.length);
    assert_eq!(
        start(memory, size - 8, model, length),
        Error::HadamrnnErrorMemorySize
    );
    assert_eq!(
        start(memory, 0, model, length),
        Error::HadamrnnErrorMemorySize
    );
    let odd = memory.wrapping_add(4);
    assert_eq!(
        start(odd, size - 4, model, length),
        Error::HadamrnnErrorMemoryAlignment
    );
    assert_eq!(
        start(null_mut(), size, model, length),
        Error::HadamrnnErrorNull
    );
    assert_eq!(
        start(memory, size, null(), length),
        Error::HadamrnnErrorNull
    );
    assert!(net.is_null(), "a network is only made without an error");
}

#[test]
fn models_are_refused_for_what_is_wrong_with_them() {
    let shipped = Shipped::read("har2");
    let refused = |change: &dyn Fn(&mut [u64]), skip: usize, length: usize| {
        let mut words = shipped.words.clone();
        change(&mut words);
        let mut memory = shipped.memory();
        let (mut net, size) = (null_mut(), 8 * memory.len());
        let model = words.as_ptr().cast::<u8>().wrapping_add(skip).cast();
        // SAFETY: pointers to what they are said to be.
        unsafe { hadamrnn_start(&mut net, memory.as_mut_ptr().cast(), size, model, length) }
    };
    let length = shipped.length;
    assert_eq!(refused(&|_| (), 0, length), Error::HadamrnnOk);
    assert_eq!(
        refused(&|_| (), 2, length - 2),
        Error::HadamrnnErrorModelAlignment
    );
    assert_eq!(
        refused(&|_| (), 0, length - 4),
        Error::HadamrnnErrorModelLength
    );
    assert_eq!(
        refused(&|words| words[0] ^= 1, 0, length),
        Error::HadamrnnErrorNotAModel
    );
    assert_eq!(
        refused(&|words| words[0] ^= 1 << 46, 0, length),
        Error::HadamrnnErrorVersion
    );
    assert_eq!(
        refused(&|words| words[20] ^= 1, 0, length),
        Error::HadamrnnErrorChecksum
    );
    let large = Shipped::read("pmnist");
    let mut memory = large.memory();
    assert_eq!(large.start(&mut memory).0, Error::HadamrnnErrorCapacity);
}

#[test]
fn a_wrong_call_says_what_is_wrong_and_changes_nothing() {
    let shipped = Shipped::read("har2");
    let mut memory = shipped.memory();
    let net = shipped.start(&mut memory).1;
    let sample = &shipped.windows[0][0];
    let mut logits = [0; 2];
    // SAFETY: a network or null, and arrays of at least the lengths given.
    unsafe {
        assert_eq!(push(net, &sample[1..]), Error::HadamrnnErrorLength);
        assert_eq!(hadamrnn_push(net, null(), 9), Error::HadamrnnErrorNull);
        assert_eq!(
            hadamrnn_push(null_mut(), sample.as_ptr(), 9),
            Error::HadamrnnErrorNull
        );
        assert_eq!(hadamrnn_push_token(net, 0), Error::HadamrnnErrorInputKind);
        assert_eq!(
            hadamrnn_logits(net, logits.as_mut_ptr(), 2),
            Error::HadamrnnErrorLength
        );
        assert_eq!(hadamrnn_steps(net), 0);
        assert_eq!(hadamrnn_class(null()), -1);
        assert_eq!(hadamrnn_sample_size(null()), 0);
        hadamrnn_reset(null_mut());
        let token = Shipped::read("imdb");
        let mut memory = token.memory();
        let net = token.start(&mut memory).1;
        assert_eq!(
            hadamrnn_push_token(net, u16::MAX),
            Error::HadamrnnErrorToken
        );
        assert_eq!(
            hadamrnn_push(net, sample.as_ptr(), 1),
            Error::HadamrnnErrorInputKind
        );
    }
}

#[test]
fn names_are_cut_to_the_room_there_is() {
    let shipped = Shipped::read("har2");
    let mut memory = shipped.memory();
    let net = shipped.start(&mut memory).1;
    let mut text = [1; 8];
    for (size, expected) in [(8, c"har2"), (5, c"har2"), (3, c"ha"), (1, c"")] {
        // SAFETY: a network, and room for `size` bytes, which end with a zero afterwards.
        let name = unsafe {
            assert_eq!(hadamrnn_name(net, text.as_mut_ptr(), size), 4);
            CStr::from_ptr(text.as_ptr())
        };
        assert_eq!(name, expected);
    }
    // SAFETY: no room.
    assert_eq!(unsafe { hadamrnn_name(net, null_mut(), 0) }, 4);
    // SAFETY: texts end with a zero byte.
    let text = |error| unsafe { CStr::from_ptr(hadamrnn_error_text(error)) };
    assert_eq!(
        text(8),
        c"the model is corrupted: its checksum does not match"
    );
    assert_eq!(text(99), c"not an error of this version of hadamrnn");
}

/// Counts its calls in the context. The first one gives what the library's own function does, later ones another number.
///
/// # Safety
/// `context` must point to a count, and `bytes` to `length` bytes.
unsafe extern "C" fn counted_crc32(context: *mut c_void, bytes: *const u8, length: usize) -> u32 {
    // SAFETY: this function asks for the same.
    let (calls, bytes) = unsafe {
        (
            &mut *context.cast::<u32>(),
            std::slice::from_raw_parts(bytes, length),
        )
    };
    *calls += 1;
    hadamrnn_runtime::format::crc32(bytes) ^ (*calls - 1)
}

#[test]
fn a_function_of_the_caller_computes_the_checksum() {
    let shipped = Shipped::read("har2");
    let mut memory = shipped.memory();
    let mut calls = 0u32;
    for expected in [Error::HadamrnnOk, Error::HadamrnnErrorChecksum] {
        let mut net = null_mut();
        // SAFETY: all pointers are to what they are said to be.
        let error = unsafe {
            hadamrnn_start_with_crc32(
                &mut net,
                memory.as_mut_ptr().cast(),
                size_of_val(&memory[..]),
                shipped.words.as_ptr().cast(),
                shipped.length,
                Some(counted_crc32),
                (&raw mut calls).cast(),
            )
        };
        assert_eq!(error, expected);
        assert_eq!(net.is_null(), error != Error::HadamrnnOk);
    }
    assert_eq!(calls, 2);
}

/// `shipped` with a metric at the places of its first windows, a class that was taught at that of its last one, and a decision.
fn taught(shipped: &Shipped, decision: &[u32]) -> Shipped {
    let model = Model::from_bytes(shipped.bytes()).expect("a model");
    let header = *model.header();
    let units = model.top().hidden_size();
    let mut words = vec![1 | 2 << 8 | 6 << 16, 300, 1 << 22, 0];
    words[3] = (0..6).fold(0, |word, i| word | 9 << (5 * i));
    // Codes of six bits in bytes.
    let code = |i: u32| ((i.wrapping_mul(0x9E37_79B9) >> 20) as i8) >> 2;
    let codes = (0..units as u32 / 2 * 3).map(|i| [0, 1, 2, 3].map(|j| code(4 * i + j) as u8));
    words.extend(codes.map(u32::from_le_bytes));
    let projection = words.clone();
    words.extend([0; 8]);
    let metric = Metric::new(&words, units).expect("a metric");
    let place = |window: &[Vec<i16>]| {
        let mut session = Session::<RoomOf<Fwht, 128, 9>>::new(&model).expect("room");
        window
            .iter()
            .for_each(|sample| session.push(sample).expect("a sample"));
        session.place(&metric)
    };
    let places: Vec<_> = shipped.windows.iter().map(|window| place(window)).collect();
    let centres = places[..2].iter().flat_map(|place| {
        let half = |i: usize| place[i] as u32 & 0xFFFF;
        [
            250,
            half(0) | half(1) << 16,
            half(2) | half(3) << 16,
            half(4) | half(5) << 16,
        ]
    });
    let words: Vec<u32> = projection.into_iter().chain(centres).collect();
    let with = |parts: &[Part<'_>]| {
        let mut header = header;
        header.addition.bounds = model.bounds();
        let weights = model.sections().all().concat();
        let mut bytes = vec![0; 8192];
        let length = encode_with_parts(&header, &weights, parts, &mut bytes).expect("room");
        bytes.truncate(length);
        bytes
    };
    let metric = Part {
        id: part::METRIC,
        critical: false,
        words: &words,
    };
    let untaught = aligned(&with(&[metric]));
    // SAFETY: any bit pattern is bytes; the words are as long or longer.
    let bytes =
        unsafe { std::slice::from_raw_parts(untaught.as_ptr().cast(), with(&[metric]).len()) };
    let mut shown = Shown::default();
    assert!(shown.add(places.last().expect("a window")));
    let lesson = Lesson {
        class: 2,
        label: "jump",
    };
    let lesson = TaughtWords::with(&Model::from_bytes(bytes).expect("valid"), lesson, &shown);
    let lesson = lesson.expect("fits");
    let decision = Part {
        id: part::DECISION,
        critical: false,
        words: decision,
    };
    let file = with(&[
        decision,
        metric,
        Part {
            id: part::TAUGHT,
            critical: true,
            words: lesson.words(),
        },
    ]);
    Shipped {
        words: aligned(&file),
        length: file.len(),
        windows: shipped.windows.clone(),
    }
}

/// Smoothing over two answers; two of them for the first class, one for the second, which holds off another.
const DECISION: [u32; 5] = [1, 0, 2, 3, 1 | 1 << 16];

#[test]
fn what_is_decided_is_what_the_runtime_decides() {
    let plain = Shipped::read("har2");
    let taught = taught(&plain, &DECISION);
    let model = Model::from_bytes(taught.bytes()).expect("a model");
    let metric = Metric::of(&model).expect("valid").expect("a metric");
    let rule = Taught::of(&model).expect("valid").expect("taught");
    let decision = Decision::of(&model).expect("valid").expect("a decision");
    let mut session = Session::<RoomOf<Fwht, 128, 9>>::new(&model).expect("room");
    let mut decider = Decider::<2>::new();
    let mut memory = taught.memory();
    let (error, net) = taught.start(&mut memory);
    assert_eq!(error, Error::HadamrnnOk);
    // SAFETY: numbers may be zero.
    let mut decisions: Decisions = unsafe { std::mem::zeroed() };
    let (mut found, mut started) = ([0; 4], 0);
    for window in taught.windows.iter().cycle().take(3 * taught.windows.len()) {
        session.reset();
        // SAFETY: a network.
        unsafe { hadamrnn_reset(net) };
        for sample in window {
            session.push(sample).expect("a sample");
            // SAFETY: a network.
            assert_eq!(unsafe { push(net, sample) }, Error::HadamrnnOk);
        }
        let judged = judge(
            &metric,
            Some(&rule),
            &session.place(&metric),
            session.class(),
        );
        let taught = judged.by_entry.then_some(judged.class);
        let known = judged.score <= metric.threshold();
        let expected = decider.push_taught(&decision, session.logits(), known, taught);
        let (mut class, mut starts) = (7, 7);
        // SAFETY: a network, decisions that were zero at first, and room for two numbers.
        let error = unsafe { hadamrnn_decide(net, &mut decisions, &mut class, &mut starts) };
        assert_eq!(error, Error::HadamrnnOk);
        assert_eq!(class, expected.class.map_or(-1, |class| class as i32));
        assert_eq!(starts, i32::from(expected.starts));
        found[(class + 1) as usize] += 1;
        started += starts;
    }
    assert!(
        started > 1 && found.iter().filter(|count| **count > 0).count() > 1,
        "{found:?}"
    );
    let mut memory = plain.memory();
    let without = plain.start(&mut memory).1;
    let mut class = 0;
    // SAFETY: networks, or null; decisions of this model or null; room for a number, or null.
    unsafe {
        let none = null_mut();
        let error = hadamrnn_decide(without, &mut decisions, &mut class, none);
        assert_eq!(error, Error::HadamrnnErrorNoDecision);
        for error in [
            hadamrnn_decide(null(), &mut decisions, &mut class, none),
            hadamrnn_decide(net, null_mut(), &mut class, none),
            hadamrnn_decide(net, &mut decisions, none, none),
        ] {
            assert_eq!(error, Error::HadamrnnErrorNull);
        }
        assert_eq!(
            hadamrnn_decide(net, &mut decisions, &mut class, none),
            Error::HadamrnnOk
        );
    }
}

#[test]
fn what_is_none_of_the_classes_and_what_was_taught_is_told_as_the_runtime_does() {
    let plain = Shipped::read("har2");
    let taught = taught(&plain, &DECISION);
    let model = Model::from_bytes(taught.bytes()).expect("a model");
    let metric = Metric::of(&model).expect("valid").expect("a metric");
    let rule = Taught::of(&model).expect("valid").expect("taught");
    let mut session = Session::<RoomOf<Fwht, 128, 9>>::new(&model).expect("room");
    let mut memory = taught.memory();
    let (error, net) = taught.start(&mut memory);
    assert_eq!(error, Error::HadamrnnOk);
    let mut found = [0; 3];
    // SAFETY: a network, or null; and room for a number.
    unsafe {
        assert_eq!(
            (hadamrnn_classes(net), hadamrnn_taught_classes(net)),
            (2, 3)
        );
        assert_eq!(hadamrnn_novelty_threshold(net), metric.threshold());
        for window in &taught.windows {
            session.reset();
            hadamrnn_reset(net);
            for sample in window {
                session.push(sample).expect("a sample");
                assert_eq!(push(net, sample), Error::HadamrnnOk);
            }
            let judged = judge(
                &metric,
                Some(&rule),
                &session.place(&metric),
                session.class(),
            );
            let mut score = 0;
            assert_eq!(hadamrnn_novelty(net, &mut score), Error::HadamrnnOk);
            assert_eq!(score, judged.score);
            assert_eq!(hadamrnn_taught_class(net) as usize, judged.class);
            assert_eq!(hadamrnn_class(net) as usize, session.class());
            found[judged.class] += 1;
        }
        assert_eq!(hadamrnn_novelty(net, null_mut()), Error::HadamrnnErrorNull);
        assert_eq!(hadamrnn_novelty(null(), &mut 0), Error::HadamrnnErrorNull);
        assert_eq!(
            (
                hadamrnn_taught_class(null()),
                hadamrnn_taught_classes(null())
            ),
            (-1, 0)
        );
        assert_eq!(hadamrnn_novelty_threshold(null()), u32::MAX);
        let mut memory = plain.memory();
        let net = plain.start(&mut memory).1;
        assert_eq!(hadamrnn_novelty(net, &mut 0), Error::HadamrnnErrorNoMetric);
        assert_eq!(hadamrnn_taught_class(net), hadamrnn_class(net));
        assert_eq!(hadamrnn_taught_classes(net), 2);
        assert_eq!(hadamrnn_novelty_threshold(net), u32::MAX);
    }
    assert!(found[2] > 0 && found[0] + found[1] > 0, "{found:?}");
}
